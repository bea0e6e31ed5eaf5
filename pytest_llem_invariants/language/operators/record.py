"""The form of a record: all that anybody knows of an operator."""

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
    """The language has no words for this clause."""


class Negated(Enum):
    """Of which values the negation holds, among those that the operator does not hold for."""

    ALL = "all"
    """Of all of them, whether they are given or not."""
    GIVEN = "given"
    """Of those that are given."""
    JUDGED = "judged"
    """Of those that the operator can judge: where it cannot, the library trips over the comparison itself."""


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
    """One operator. What has no default here must be said of every operator."""

    name: str
    test: Test
    """Whether a value satisfies it; what it cannot judge does not."""
    examples: tuple[Example, ...]
    """From these its tests are made."""

    accepts: Callable[[Any], bool]
    """Which right-hand sides can be evaluated."""
    wants: str
    """The same in words."""
    refusal: Callable[[Any], str | None] = _no_reason
    """What else is to be said of a right-hand side that is not accepted."""
    aliases: tuple[str, ...] = ()

    negation: str | None
    """The operator that holds, with the same right-hand side, where this one does not."""
    negated: Negated
    opposite: Callable[[Any], tuple[str, Any]] | None = None
    """The operator and right-hand side that hold where this one does not, where it is another right-hand side."""
    mirror: str | None = None
    """The operator that says the same with both sides swapped."""
    takes: frozenset[str] | None
    """The kinds of value that it can judge; None for all of them."""
    judges_kind: bool = False
    """Whether a value's kind or mere presence decides."""
    may_hold_unset: bool = False
    """Whether a field that is not given may satisfy it."""
    tells_none: Callable[[Any], bool] = _never
    """With which right-hand sides a None that is given satisfies it, and a field that is left out does not."""
    lists: bool = False
    """Whether the right-hand side may be a list in any order."""
    is_modifier: bool = False
    """Whether it asks nothing by itself."""

    word: str
    """In the name of a rule."""
    phrase: str
    """In a sentence: what the subject is, with {} for the right-hand side."""
    flags: Mapping[bool, str] = field(default_factory=dict)
    """The same for a right-hand side that is true or false."""
    words: Callable[[Any], str] | None = None
    """How the right-hand side is said, where not as a value."""
    fix: str
    """What to do about a {field} that satisfies it, with its {rhs}."""

    schema: Callable[[Any, bool], Schema]
    """The values that satisfy it as a JSON Schema, given the right-hand side in JSON and whether bools count."""
    lengths: Callable[[int], tuple[int, int | None]] | None = None
    """The least and the greatest length that satisfy it, where it is asked of a length."""

    near: Callable[[Any, Iterable[str]], Iterator[Any]]
    """Values that satisfy it or lie just beside, given the right-hand side and the classes that may be built."""
    constants: Callable[[Any], Iterable[Any]] = itself
    """The values in a right-hand side with which others are compared."""
