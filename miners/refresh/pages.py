"""Lines of pages that quote a replay: they follow the run, so that nobody edits them."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_llem_invariants.corpus.files import load_validated
from pytest_llem_invariants.text.atomic import write_atomically

_VALIDATED = "invariants.validated.yaml"


def follow(root: Path, engine: str) -> list[str]:
    """Bring the quoted last line of a replay up to date; returns the pages that changed."""
    said = line(root, engine)
    quoted = re.compile(rf"^{re.escape(engine)} \S+: \d+ rules confirmed, .*$", re.MULTILINE)
    changed = []
    for page in sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")]):
        text = page.read_text(encoding="utf-8")
        after = quoted.sub(lambda _: said, text)
        if after != text:
            write_atomically(page, after)
            changed.append(page.relative_to(root).as_posix())
    return changed


def line(root: Path, engine: str) -> str:
    """What the end of a replay says of all rules."""
    found = load_validated(root / "corpora" / engine / _VALIDATED)
    skipped = sum(case.skipped_reason is not None for case in found.cases)
    confirmed = sum(case.confirmed for case in found.cases)
    contradicted = len(found.cases) - confirmed - skipped
    return (
        f"{engine} {found.engine_version}: {confirmed} rules confirmed, {contradicted} contradicted, "
        f"{skipped} skipped, 0 not run ({found.certification} certification)"
    )
