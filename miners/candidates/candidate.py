"""A candidate: a rule as a producer guesses it, without proven examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from miners.logic.formulas import Opaque
from pytest_llem_invariants.model import AddedBy, Clause, ExpectedOutcome, Kwargs, MinerSource, Severity


@final
@dataclass(frozen=True, slots=True)
class OpaqueGuard:
    """A guard in front of an effect that no predicate can express."""

    text: str
    place: str | None = None
    """None where the text names the place."""
    negated: bool = False
    """Whether the effect occurs where the condition is false."""
    shape: str = ""
    """What kind of condition it is: see `miners.symbolic.opacity`."""

    @classmethod
    def of(cls, condition: Opaque) -> OpaqueGuard:
        return cls(condition.text, condition.place, condition.negated, condition.shape)

    @property
    def wording(self) -> str:
        text = f"not ({self.text})" if self.negated else self.text
        return text if self.place is None else f"{text} [{self.place}]"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A producer's guess about one path to one effect."""

    native_type: str
    severity: Severity
    fields: Mapping[str, tuple[Clause, ...]]
    expected: ExpectedOutcome
    template: str | None
    source: MinerSource
    added_by: AddedBy
    defaults: Mapping[str, Any] = field(default_factory=dict)
    opaque: tuple[OpaqueGuard, ...] = ()
    """Guards that no predicate can express: without them the rule claims too much, unless the gate proves otherwise."""
    hints: tuple[Kwargs, ...] = ()
    """Keyword arguments that probably trigger it."""
    world: Mapping[str, Any] = field(default_factory=dict)
    """The facts beside which the first of them do, as far as they are not the default ones."""
    clear: tuple[Kwargs, ...] = ()
    """Similar keyword arguments that probably do not trigger it."""
    notes: str | None = None
    references: tuple[str, ...] = ()
    restated: bool = False
    """Whether it comes from a rule that was proven on another class, which this one builds."""

    @property
    def shapes(self) -> tuple[str, ...]:
        """The kind of each opaque guard."""
        return tuple(guard.shape for guard in self.opaque)
