"""What the library said of the values of one field, everything else equal, and how a predicate of it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, final

from miners.dynamic.thresholds import Rejects
from pytest_llem_invariants.language.kinds import same
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import EMPTY, Clause, Match, TypedValue

Fields = Mapping[str, tuple[Clause, ...]]
FIELD: Final = "x"
"""Stands for the field until its shape is known; no function of the expression language has the letter."""
ENOUGH: Final = 2
"""One value says nothing of a whole type, and one word may be accepted beside those that a message names."""


@final
@dataclass(frozen=True, slots=True)
class Domain:
    """What is known beforehand of the values that a field may hold."""

    named: tuple[Any, ...] = ()
    """Values that the library's message names, or the whole domain: an allowlist of them may be claimed."""
    members: tuple[str, ...] = ()
    """The names of all members of the enum that the field is declared to hold."""
    is_whole: bool = False
    """Whether every value that it may hold was asked about."""
    open_text: bool = False
    """Whether text may be anything: that a certain one is rejected says nothing."""


_UNKNOWN: Final = Domain()


@final
@dataclass(frozen=True, slots=True)
class FieldAnswers:
    """What the library said of a field's values, everything else equal."""

    rejected: tuple[Any, ...]
    accepted: tuple[Any, ...]
    rejects: Rejects
    """Asks about one more value."""
    domain: Domain = _UNKNOWN
    neutral: tuple[Any, ...] = ()
    """Values that another guard rejects: they say nothing of this one, and nothing of a whole type."""
    rejects_foreign: Rejects | None = None
    """Asks about a value of a type that no corpus holds; None where such a value may be meant."""


def triggers_of(piece: Fields) -> Callable[[Any], bool]:
    """Whether a value of the field is claimed."""
    compiled = compile_match(Match("", piece))
    return lambda value: compiled({FIELD: value}, EMPTY)


@dataclass(slots=True)
class Kind:
    """The values of one type."""

    rejected: list[Any] = field(default_factory=list)
    accepted: list[Any] = field(default_factory=list)

    @property
    def mixed(self) -> bool:
        return bool(self.rejected and self.accepted)


def kind_of(value: Any) -> str:
    if isinstance(value, TypedValue):
        return value.type
    return "none" if value is None else type(value).__name__


def by_kind(evidence: FieldAnswers) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for value in evidence.rejected:
        kinds.setdefault(kind_of(value), Kind()).rejected.append(value)
    for value in evidence.accepted:
        kinds.setdefault(kind_of(value), Kind()).accepted.append(value)
    return kinds


def joined(kinds: Mapping[str, Kind], names: Iterable[str]) -> Kind:
    joined = Kind()
    for name in names:
        kind = kinds.get(name, Kind())
        joined.rejected.extend(kind.rejected)
        joined.accepted.extend(kind.accepted)
    return joined


def alone(*clauses: Clause) -> Fields:
    return {FIELD: clauses}


def all_named(accepted: Iterable[Any], named: Sequence[Any]) -> bool:
    return bool(named) and all(any(same(value, member) for member in named) for value in accepted)
