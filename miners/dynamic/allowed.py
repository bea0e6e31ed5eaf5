"""Which types a field may have, told of the library's answers: what is allowed, not what happened to be tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

from pytest_llem_invariants.language.kinds import type_names
from pytest_llem_invariants.language.values import SAMPLES

Rejects = Callable[[Any], bool | None]
_BUILTIN: Final = frozenset(SAMPLES) | {"bytes", "tuple", "set", "frozenset"}


class _Nobody:
    """A class that no library knows."""

    def __repr__(self) -> str:
        return "an object of a class that no library knows"


class _Number(_Nobody):
    """Such a class whose objects are numbers for whoever asks, as those of an array library are."""

    def __float__(self) -> float:
        return 1.0

    def __index__(self) -> int:
        return 1


def foreign_values() -> tuple[Any, ...]:
    """Values of types that no corpus file holds, made anew: a library may keep or change what it is given.

    Of numbers also a whole one and zero: what takes a truth value takes these alone.
    """
    plain = ((1,), ("x",), {1}, frozenset({1}), b"x", b"1")
    numbers = (Fraction(1, 2), Fraction(1), Decimal("0.5"), Decimal(1), Decimal(0), _Number())
    return (*plain, *numbers, range(2), MappingProxyType({"x": 1}), len, int, _Nobody())


def is_plain(types: Iterable[str]) -> bool:
    """Whether a field is declared with builtin types alone; of others no probe here has an object."""
    names = frozenset(types)
    return bool(names) and names <= _BUILTIN


def allowed_types(
    accepted: Iterable[str], rejected: Iterable[str], neutral: Iterable[str], rejects: Rejects | None
) -> tuple[str, ...]:
    """The types of which a value was accepted, where the same check rejects whatever is of another; empty where not.

    `rejects` asks about a value that no corpus holds; without it nothing can be said of types that were not tried.
    """
    allowed, refused = set(accepted) - {"none"}, set(rejected)
    tried = allowed | refused | {"none"}
    if rejects is None or not allowed or not tried >= set(SAMPLES) or not set(neutral) <= tried:
        return ()
    for value in foreign_values():
        names = type_names(value)
        if rejects(value) is not True:
            if not names <= _BUILTIN:
                return ()  # one of no known type passes: it is not the type that is looked at
            allowed |= names
    return tuple(sorted(allowed))
