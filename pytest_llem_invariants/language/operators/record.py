"""The parts of a record: all facts about one operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, final

Test = Callable[[Any, Any], bool]
Schema = dict[str, Any]
NUMBERS: Final = frozenset({"int", "float"})
SIZED: Final = frozenset({"str", "bytes", "list", "tuple", "dict", "set", "frozenset"})


class UnsayableError(Exception):
    """JSON Schema cannot express this clause."""


class Negated(Enum):
    """The values that satisfy the negation, among those that do not satisfy the operator."""

    ALL = "all"
    """All of them, including a missing value."""
    GIVEN = "given"
    """All that are given."""
    JUDGED = "judged"
    """Those that the operator can compare; for others, the comparison itself raises in the library."""


@final
@dataclass(frozen=True, slots=True)
class Example:
    """A right-hand side, values that satisfy the operator with it, and values that do not."""

    rhs: Any
    yes: tuple[Any, ...]
    no: tuple[Any, ...]


def itself(rhs: Any) -> Iterable[Any]:
    return (rhs,)


def nothing(rhs: Any) -> Iterable[Any]:
    return ()


def _never(rhs: Any) -> bool:
    return False


def _no_reason(rhs: Any) -> str | None:
    return None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One operator. A part without a default is required."""

    name: str
    test: Test
    """Whether a value satisfies it; a value that it cannot compare does not."""
    examples: tuple[Example, ...]
    """Its tests are generated from these."""

    accepts: Callable[[Any], bool]
    """Whether it can be evaluated with this right-hand side."""
    wants: str
    """The accepted right-hand sides in words, for an error message."""
    refusal: Callable[[Any], str | None] = _no_reason
    """A further sentence about a rejected right-hand side."""
    aliases: tuple[str, ...] = ()

    negation: str | None
    """The operator that holds for the other values, with the same right-hand side."""
    negated: Negated
    opposite: Callable[[Any], tuple[str, Any]] | None = None
    """The operator and right-hand side that hold for the other values, if the right-hand side changes."""
    mirror: str | None = None
    """The operator with the same meaning when both sides are swapped."""
    takes: frozenset[str] | None
    """The kinds of value that it can compare; None for all."""
    judges_kind: bool = False
    """Whether it depends only on the kind of a value, or on whether there is one."""
    may_hold_unset: bool = False
    """Whether a missing field may satisfy it."""
    tells_none: Callable[[Any], bool] = _never
    """Whether, with this right-hand side, a given None satisfies it and a missing field does not."""
    lists: bool = False
    """Whether the right-hand side may be a list, whose order does not matter."""
    is_modifier: bool = False
    """Whether it tests nothing by itself."""

    word: str
    """Its word in the name of a rule."""
    phrase: str
    """Its words in a sentence after the subject, with {} for the right-hand side."""
    flags: Mapping[bool, str] = field(default_factory=dict)
    """The words for a right-hand side that is true or false."""
    words: Callable[[Any], str] | None = None
    """How a sentence states the right-hand side, if not as a value."""
    fix: str
    """The fix for a {field} that satisfies it, with its {rhs}."""

    schema: Callable[[Any, bool], Schema]
    """A JSON Schema for the values that satisfy it, given the right-hand side in JSON and whether bools count."""
    lengths: Callable[[int], tuple[int, int | None]] | None = None
    """The least and the greatest length that satisfy it, for a subject `len(…)`."""

    near: Callable[[Any, Iterable[str]], Iterator[Any]]
    """Values that satisfy it or nearly do, given the right-hand side and the classes that may be built."""
    constants: Callable[[Any], Iterable[Any]] = itself
    """The values in a right-hand side with which a subject is compared."""
