"""What earlier runs found, of this version and of the one before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from packaging.version import Version

from miners.gate.counterexamples import COUNTEREXAMPLES, Counterexamples, load_counterexamples
from pytest_llem_invariants.checker.layout import PROPOSED
from pytest_llem_invariants.checker.store import versions
from pytest_llem_invariants.corpus.files import load_proposed
from pytest_llem_invariants.model import AddedBy, Corpus, Rule
from pytest_llem_invariants.ssot import Ssot, data_root, installed_version


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a build takes over: ids, counterexamples, and the examples that it tries first."""

    previous: Corpus | None = None
    """The corpus that the build replaces."""
    counterexamples: Counterexamples = field(default_factory=dict)
    """Configs that refuted a rule before: they are tried like challenges."""
    rules: Sequence[Rule] = ()
    """The rules of the version before."""

    def read_by_jobs(self, *, whole: bool) -> tuple[object, ...]:
        """What the jobs of a build read of it: the rest only tells how its rules are named.

        Where not the whole engine is mined, the rules of the other classes stay, and are tried in front of them.
        """
        before = () if self.previous is None else self.previous.rules
        kept = [rule for rule in before if not whole or rule.added_by is AddedBy.MANUAL_SEED]
        return kept, self.counterexamples, self.rules


NOTHING_EARLIER: Final = Earlier()


def earlier_of(ssot: Ssot, path: Path) -> Earlier:
    """The corpus as it is, the configs that contradicted its rules, and the rules of the version before."""
    return Earlier(
        load_proposed(path) if path.exists() else None,
        load_counterexamples(path.with_name(COUNTEREXAMPLES)),
        rules_before(data_root(), ssot.engine, installed_version(ssot)),
    )


def rules_before(root: Path, engine: str, version: str) -> tuple[Rule, ...]:
    """The rules of the nearest version before this one whose corpus is kept in the history of an engine."""
    earlier = [kept for kept in versions(str(root), engine) if Version(kept) < Version(version)]
    return load_proposed(root / "corpora" / engine / "history" / earlier[-1] / PROPOSED).rules if earlier else ()
