"""A whole run that an engine's corpus had, kept to be reused: read strictly, and of no use after any damage."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, final

from pytest_llem_invariants.text.atomic import write_atomically

FORMAT: Final = 1
_LARGEST: Final = 64 * 1024 * 1024


@final
@dataclass(frozen=True, slots=True)
class Earlier:
    """What a run said, and all that it depends on."""

    engine: str
    version: str
    corpus: str
    """The digest of the corpus's text."""
    validated: str
    """The digest of the validated file that it left, or found to be right."""
    soundness: bool
    rules: int
    at: str
    certification: str
    surroundings: Mapping[str, str]
    files: Mapping[str, str]
    """Each file that the library read, and its fingerprint."""


def place_of(folder: Path, corpus: Path, validated: Path) -> Path:
    """Where the run of a corpus is kept."""
    name = hashlib.sha256(f"{corpus}\0{validated}".encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return folder / f"{name}.json"


def keep(path: Path, run: Earlier) -> None:
    """Write it at once: a reader sees the old one or the new one."""
    body = json.dumps({"format": FORMAT, **asdict(run)}, sort_keys=True)
    write_atomically(path, f"{hashlib.sha256(body.encode()).hexdigest()}\n{body}\n")


def read(path: Path) -> Earlier | None:
    """The run that is kept; None where there is none, or where it is not as it was written by this user."""
    try:
        told = path.lstat()
        if told.st_uid != os.getuid() or not path.is_file() or path.is_symlink() or told.st_size > _LARGEST:
            return None
        digest, _, body = path.read_text(encoding="utf-8").partition("\n")
        body = body.removesuffix("\n")
        if hashlib.sha256(body.encode()).hexdigest() != digest:
            return None
        data: dict[str, Any] = json.loads(body)
        return Earlier(**data) if data.pop("format") == FORMAT else None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
