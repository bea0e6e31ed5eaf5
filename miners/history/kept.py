"""What is known of the versions before one: their corpora, kept beside its own."""

from __future__ import annotations

from pathlib import Path

from packaging.version import InvalidVersion, Version

from pytest_llem_invariants.corpus import load_proposed
from pytest_llem_invariants.model import Rule

_PROPOSED = "invariants.proposed.yaml"


def rules_before(folder: Path, version: str) -> tuple[Rule, ...]:
    """The rules of the nearest version before this one whose corpus is kept in the history of an engine's folder."""
    kept = {
        found: path for path in (folder / "history").glob(f"*/{_PROPOSED}") if (found := _version(path)) is not None
    }
    earlier = [found for found in kept if found < Version(version)]
    return load_proposed(kept[max(earlier)]).rules if earlier else ()


def _version(path: Path) -> Version | None:
    try:
        return Version(path.parent.name)
    except InvalidVersion:
        return None
