"""The result of mining an engine, and its ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from miners.candidates.outcomes import Lost, Proven
from miners.gate.oracle import Tally
from miners.ledger.entries import Ledger
from miners.ledger.making import make_ledger
from miners.static.context import context_reads
from miners.static.findings import StaticResult
from pytest_llem_invariants.model import AddedBy, Corpus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytest_llem_invariants.ssot import Ssot


@dataclass(frozen=True, slots=True)
class Mined:
    """The result of mining an engine."""

    corpus: Corpus
    lost: tuple[Lost, ...]
    proven: tuple[Proven, ...]
    staged: Mapping[AddedBy, int]
    read: StaticResult
    """Every statement in the code of the surface that may have an effect, for the ledger."""
    heirs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The id of each handwritten rule that mined rules replace → their ids."""
    tally: Tally = field(default_factory=Tally)
    """How often the library accepted, rejected or did not answer."""


def ledger_of(mined: Mined, ssot: Ssot) -> Ledger:
    """The ledger of one build: the library confirmed all of its rules."""
    return make_ledger(
        mined.read,
        mined.corpus.rules,
        mined.lost,
        engine=mined.corpus.engine,
        engine_version=mined.corpus.engine_version,
        context=context_reads(ssot),
    )
