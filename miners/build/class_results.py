"""The result of one class or of a part of it, and how the results of parts are joined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from miners.candidates.candidate import Candidate
from miners.candidates.outcomes import Lost, Proven
from miners.gate.oracle import Tally, added
from miners.static import SiteFinding
from pytest_llem_invariants.model import AddedBy

_NOTHING_ASKED: Final = Tally()


@dataclass(frozen=True, slots=True)
class ClassResult:
    """The result of one class, or of a part of it."""

    proven: tuple[Proven, ...]
    lost: tuple[Lost, ...]
    staged: Mapping[AddedBy, int]
    findings: tuple[SiteFinding, ...]
    blind: tuple[Candidate, ...] = ()
    """What the dynamic miner found again without knowing that another producer had found it."""
    tally: Tally = _NOTHING_ASKED


def joined(results: Sequence[ClassResult]) -> ClassResult:
    """Join the results of the parts of a class."""
    return ClassResult(
        tuple(entry for result in results for entry in result.proven),
        tuple(lost for result in results for lost in result.lost),
        total(result.staged for result in results),
        tuple(finding for result in results for finding in result.findings),
        tuple(candidate for result in results for candidate in result.blind),
        added(result.tally for result in results),
    )


def total(counts: Iterable[Mapping[AddedBy, int]]) -> dict[AddedBy, int]:
    """How many candidates each producer has in all."""
    found: dict[AddedBy, int] = {}
    for one in counts:
        for producer, count in one.items():
            found[producer] = found.get(producer, 0) + count
    return found


def counted(candidates: Iterable[Candidate]) -> dict[AddedBy, int]:
    """How many of the candidates each producer made."""
    return total({candidate.added_by: 1} for candidate in candidates)
