"""What earlier runs found, of this version and of the one before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from packaging.version import Version

from miners.gate.counterexamples import Counterexamples
from pytest_llem_invariants.checker.layout import PROPOSED
from pytest_llem_invariants.checker.store import versions
from pytest_llem_invariants.corpus.files import load_proposed
from pytest_llem_invariants.model import Corpus, Rule


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a build takes over: ids, counterexamples, and the examples that it tries first."""

    previous: Corpus | None = None
    """The corpus that the build replaces."""
    counterexamples: Counterexamples = field(default_factory=dict)
    """Configs that refuted a rule before: they are tried like challenges."""
    rules: Sequence[Rule] = ()
    """The rules of the version before."""


NOTHING_EARLIER: Final = Earlier()


def rules_before(root: Path, engine: str, version: str) -> tuple[Rule, ...]:
    """The rules of the nearest version before this one whose corpus is kept in the history of an engine."""
    earlier = [kept for kept in versions(str(root), engine) if Version(kept) < Version(version)]
    return load_proposed(root / "corpora" / engine / "history" / earlier[-1] / PROPOSED).rules if earlier else ()
