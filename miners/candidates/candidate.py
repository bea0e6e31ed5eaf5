"""A rule as a producer guesses it: no examples yet, no proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_llem_invariants.model import AddedBy, Clause, ExpectedOutcome, Kwargs, MinerSource, Severity


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a producer believes of one path to one effect."""

    native_type: str
    severity: Severity
    fields: Mapping[str, tuple[Clause, ...]]
    expected: ExpectedOutcome
    template: str | None
    source: MinerSource
    added_by: AddedBy
    defaults: Mapping[str, Any] = field(default_factory=dict)
    opaque: tuple[str, ...] = ()
    """Guards of the path that the predicate language cannot say: the rule claims too much unless proven otherwise."""
    shapes: tuple[str, ...] = ()
    """What kind of thing each of those guards is."""
    hints: tuple[Kwargs, ...] = ()
    """Keyword arguments that are thought to trigger it."""
    clear: tuple[Kwargs, ...] = ()
    """Keyword arguments near them that are thought not to."""
    notes: str | None = None
    references: tuple[str, ...] = ()
    restated: bool = False
    """Whether it was proven on another class, which this one builds."""
