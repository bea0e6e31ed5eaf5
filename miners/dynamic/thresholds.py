"""The exact place where the library's answer changes between two numbers."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

from pytest_llem_invariants.language.expressions import is_number
from pytest_llem_invariants.model import Clause

Rejects = Callable[[Any], bool | None]
"""Whether the library rejects a value by the guard in question; None where something else is in the way."""


def bisect(rejected: Any, accepted: Any, rejects: Rejects) -> Clause | None:
    """The clause that holds on the rejected side of the boundary between two numbers, exact in value and openness.

    Integers are bisected as integers, and on as floats where the field takes floats; floats down to neighbours.
    None where the ends cannot be ordered.
    """
    if not (is_number(rejected) and is_number(accepted)) or math.isnan(rejected) or math.isnan(accepted):
        return None
    below = rejected < accepted
    if isinstance(rejected, int) and isinstance(accepted, int):
        rejected, accepted = _bisect_integers(rejected, accepted, rejects)
        if abs(rejected) >= 2**53 or rejects((rejected + accepted) / 2) is None:
            return _roundest(rejected, accepted, below=below)
    inner, outer = _bisect_floats(float(rejected), float(accepted), rejects)
    return _roundest(inner, outer, below=below)


def edge(rejected: float, accepted: float, rejects: Rejects) -> Clause:
    """The same of a fact: between numbers of as many decimals as those two have, for a world has no others.

    What cannot be told is not claimed.
    """
    scale = 10 ** max(_decimals(rejected), _decimals(accepted))
    low, high = round(rejected * scale), round(accepted * scale)
    told = True
    while abs(low - high) > 1 and told:
        middle = (low + high) // 2
        answer = rejects(_scaled(middle, scale))
        if answer is None:
            told = False
        elif answer:
            low = middle
        else:
            high = middle
    below = rejected < accepted
    if not told:
        return Clause("<=" if below else ">=", _scaled(low, scale))
    return _roundest(_scaled(low, scale), _scaled(high, scale), below=below)


def _decimals(number: float) -> int:
    return 0 if isinstance(number, int) else len(repr(number).partition(".")[2].rstrip("0"))


def _scaled(number: int, scale: int) -> Any:
    return number if scale == 1 else number / scale


def _bisect_integers(rejected: int, accepted: int, rejects: Rejects) -> tuple[int, int]:
    while abs(rejected - accepted) > 1:
        middle = (rejected + accepted) // 2
        if rejects(middle):
            rejected = middle
        else:
            accepted = middle
    return rejected, accepted


def _bisect_floats(rejected: float, accepted: float, rejects: Rejects) -> tuple[float, float]:
    low, high = _rank(rejected), _rank(accepted)
    while abs(low - high) > 1:
        middle = (low + high) // 2
        if rejects(_unrank(middle)):
            low = middle
        else:
            high = middle
    return _unrank(low), _unrank(high)


def _rank(value: float) -> int:
    """Neighbouring floats have neighbouring ranks; both zeros have rank 0."""
    bits: int = struct.unpack("<q", struct.pack("<d", value))[0]
    return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)


def _unrank(rank: int) -> float:
    bits = rank if rank >= 0 else (-rank) | (1 << 63)
    value: float = struct.unpack("<d", struct.pack("<Q", bits))[0]
    return value


def _roundest(rejected: float, accepted: float, *, below: bool) -> Clause:
    """Of `x <= rejected` and `x < accepted`, which say the same here, the one with the rounder number."""
    closed = Clause("<=" if below else ">=", tidy(rejected))
    open_ = Clause("<" if below else ">", tidy(accepted))
    return min((open_, closed), key=lambda clause: (len(repr(clause.rhs).lstrip("-")), clause.op not in ("<", ">")))


def tidy(number: Any) -> Any:
    """An integral float of moderate size as the integer one would write."""
    if isinstance(number, float) and number.is_integer() and abs(number) < 2**53:
        return int(number)
    return number
