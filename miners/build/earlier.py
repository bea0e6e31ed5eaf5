"""What is known of the versions before one: their corpora, kept beside its own."""

from __future__ import annotations

from pathlib import Path

from packaging.version import Version

from pytest_llem_invariants.checker.layout import SOURCES
from pytest_llem_invariants.checker.store import versions
from pytest_llem_invariants.corpus.files import load_proposed
from pytest_llem_invariants.model import Rule


def rules_before(root: Path, engine: str, version: str) -> tuple[Rule, ...]:
    """The rules of the nearest version before this one whose corpus is kept in the history of an engine."""
    earlier = [kept for kept in versions(str(root), engine) if Version(kept) < Version(version)]
    return load_proposed(root / "corpora" / engine / "history" / earlier[-1] / SOURCES[0]).rules if earlier else ()
