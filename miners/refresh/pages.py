"""The pages that are made of the corpora, and the lines of others that quote a replay: nobody edits them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from miners.process.commands import committed
from miners.schema.digests import all_pages, stale_pages
from pytest_llem_invariants.checker.certifying import file_certification
from pytest_llem_invariants.checker.layout import VALIDATED
from pytest_llem_invariants.corpus.files import load_validated
from pytest_llem_invariants.text.atomic import write_atomically


def follow(root: Path, engine: str) -> list[str]:
    """Bring all pages up to date; returns those that changed."""
    changed = []
    for name, text in all_pages(engine, root).items():
        if committed(root / name) != text:
            write_atomically(root / name, text)
            changed.append(name.as_posix())
    for name in stale_pages(engine, root):
        (root / name).unlink()
        changed.append(name.as_posix())
    return [*changed, *_quoted(root, engine)]


def _quoted(root: Path, engine: str) -> Iterator[str]:
    """The pages that quote the end of a replay."""
    said = line(root, engine)
    quoted = re.compile(rf"^{re.escape(engine)} \S+: \d+ rules confirmed, .*$", re.MULTILINE)
    for page in sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")]):
        text = page.read_text(encoding="utf-8")
        after = quoted.sub(lambda _: said, text)
        if after != text:
            write_atomically(page, after)
            yield page.relative_to(root).as_posix()


def line(root: Path, engine: str) -> str:
    """What the end of a replay says of all rules."""
    found = load_validated(root / "corpora" / engine / VALIDATED)
    skipped = sum(case.skipped_reason is not None for case in found.cases)
    confirmed = sum(case.confirmed for case in found.cases)
    contradicted = len(found.cases) - confirmed - skipped
    return (
        f"{engine} {found.engine_version}: {confirmed} rules confirmed, {contradicted} contradicted, "
        f"{skipped} skipped, 0 not run (certification {file_certification(found)})"
    )
