"""The cases of a condition: all of them, or the plainest ones and a stand-in for the others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from miners.logic.formulas import And, Atom, Conjunction, Formula, Literal, Opaque, Or, Truth, all_of, any_of
from miners.logic.normal_form import DEFAULT_LIMIT, simplify, without_implied

_PLAINEST: Final = 6
"""If there are too many cases, only so many are listed: each one is sufficient for the condition."""
_MOST_STEPS: Final = 2_000
"""The most steps to decide whether there is any case."""
_MANY: Final = "a condition of many cases"
MANY_CASES: Final = "many cases"
"""The shape of cases that are left out because there are too many."""


@lru_cache(maxsize=16384)
def to_dnf_in_part(formula: Formula, limit: int = DEFAULT_LIMIT) -> tuple[Conjunction, ...]:
    """Like `to_dnf`, but of too many cases only the plainest are listed; a stand-in has what the others share."""
    match formula:
        case Or(parts=parts):
            found = dict.fromkeys(case for part in parts for case in to_dnf_in_part(part, limit))
            cases = without_implied(tuple(found)) if len(found) <= 4 * limit else tuple(found)
            return cases if len(cases) <= limit else (*_plainest(cases), _unsaid(formula))
        case And(parts=parts):
            products: tuple[Conjunction, ...] = ((),)
            for alternatives in sorted((to_dnf_in_part(part, limit) for part in parts), key=len):
                products = _multiplied(products, alternatives, limit)
            return products
        case Truth(value=value):
            return ((),) if value else ()
        case _:
            return ((formula,),)


def has_case(formula: Formula) -> bool:
    """Whether a condition has any case, within a limited number of steps; it does not list them."""
    steps = iter(range(_MOST_STEPS))

    def goes_on(said: Conjunction, left: tuple[Formula, ...]) -> bool:
        if not left or next(steps, None) is None:
            return True
        first, rest = left[0], left[1:]
        match first:
            case Truth(value=value):
                return value and goes_on(said, rest)
            case And(parts=parts):
                return goes_on(said, (*parts, *rest))
            case Or(parts=parts):
                return any(goes_on(said, (part, *rest)) for part in parts)
            case _:
                joined = simplify((*said, first))
                return joined is not None and goes_on(joined, rest)

    parts = formula.parts if isinstance(formula, And) else (formula,)
    return goes_on((), tuple(sorted(parts, key=_alternatives)))  # literals without alternatives first


def _alternatives(formula: Formula) -> int:
    return len(formula.parts) if isinstance(formula, Or) else 0


def _multiplied(left: Sequence[Conjunction], right: Sequence[Conjunction], limit: int) -> tuple[Conjunction, ...]:
    products = _joined(left, right)
    if limit < len(products) <= 4 * limit:
        products = without_implied(products)
    if len(products) <= limit:
        return products
    rest = _joined(left, [_unsaid(any_of(map(all_of, right)))])
    if len(rest) > limit - _PLAINEST:
        rest = (_unsaid(any_of(map(all_of, products))),)
    return (*_plainest(products), *rest)


def is_in_part(cases: Sequence[Conjunction]) -> bool:
    """Whether cases were left out because there are too many."""
    return any(isinstance(literal, Opaque) and literal.text == _MANY for case in cases for literal in case)


def _joined(left: Sequence[Conjunction], right: Sequence[Conjunction]) -> tuple[Conjunction, ...]:
    both = (simplify((*one, *other)) for one in left for other in right)
    return tuple(dict.fromkeys(one for one in both if one is not None))


def _plainest(cases: Sequence[Conjunction]) -> tuple[Conjunction, ...]:
    """The shortest cases without an opaque literal."""
    said = [case for case in cases if all(isinstance(literal, Atom) for literal in case)]
    return without_implied(sorted(said, key=len)[: 2 * _PLAINEST])[:_PLAINEST]


def _unsaid(formula: Formula) -> Conjunction:
    """The stand-in for too many cases: the literals that all share, and one that says "and more"."""
    literals, shapes = _on_every_way(formula)
    shared = sorted(literals, key=repr)
    told = {literal.shape for literal in shared if isinstance(literal, Opaque)}
    more = sorted(shapes - told) or [MANY_CASES]
    place = _place_of(formula)
    return (*shared, *(Opaque(_MANY, place, shape=shape) for shape in more))


@lru_cache(maxsize=65536)
def _on_every_way(formula: Formula) -> tuple[frozenset[Literal], frozenset[str]]:
    """The literals that every case contains, and the shapes that occur in every case."""
    match formula:
        case Opaque(shape=shape):
            return frozenset({formula}), frozenset({shape})
        case Atom():
            return frozenset({formula}), frozenset()
        case And(parts=parts) | Or(parts=parts) if parts:
            ways = [_on_every_way(part) for part in parts]
            join = frozenset.union if isinstance(formula, And) else frozenset.intersection
            return join(*(literals for literals, _ in ways)), join(*(shapes for _, shapes in ways))
        case _:
            return frozenset(), frozenset()


@lru_cache(maxsize=65536)
def _place_of(formula: Formula) -> str:
    """The place of an opaque literal in it, if there is one."""
    if isinstance(formula, Opaque):
        return formula.place
    parts = formula.parts if isinstance(formula, (And, Or)) else ()
    return next((place for place in map(_place_of, parts) if place), "")
