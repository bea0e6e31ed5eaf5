"""Where the digests of a corpus's runs are kept: a few, the newest last."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from pytest_llem_invariants.runs.digest import RunDigest
from pytest_llem_invariants.text.atomic import write_atomically

FOLDER: Final = "_staging/runs"
_NAME: Final = re.compile(r"(?P<engine>.+)-(?P<number>\d{6})\.json")


def digests_of(out: Path, engine: str) -> list[Path]:
    """The digests of an engine's runs below a folder of results, the oldest first."""
    found = ((_NAME.fullmatch(path.name), path) for path in (out / FOLDER).glob(f"{engine}-*.json"))
    return [
        path
        for name, path in sorted((name["number"], path) for name, path in found if name and name["engine"] == engine)
    ]


def digests_in(out: Path) -> list[Path]:
    """All digests below a folder of results, or in a folder of digests; the oldest first."""
    folder = out / FOLDER if (out / FOLDER).is_dir() else out
    found = sorted(folder.glob("*.json"), key=lambda path: path.name)
    return [path for path in found if _NAME.fullmatch(path.name)]


def keep(digest: RunDigest, out: Path, kept: int) -> Path | None:
    """Write a digest after the others and delete the oldest; None where none are kept."""
    if kept < 1:
        return None
    before = digests_of(out, digest.engine)
    last = _NAME.fullmatch(before[-1].name) if before else None
    number = 1 + (int(last["number"]) if last else 0)
    path = out / FOLDER / f"{digest.engine}-{number:06d}.json"
    write_atomically(path, digest.to_text())
    for old in before[: len(before) + 1 - kept]:
        old.unlink(missing_ok=True)
    return path
