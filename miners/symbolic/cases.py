"""Values with several cases: how to join cases, and how to ask a question of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from miners.logic.formulas import FALSE, TRUE, And, Formula, Or, Truth, all_of, any_of, atom
from miners.symbolic.opacity import MACHINE, RUN_TIME, shapes_in
from miners.symbolic.terms import Choice, Const, Entry, Term, Unknown

MOST_CASES: Final = 10


def choose(cases: Iterable[tuple[Formula, Term]], text: str = "", place: str = "") -> Term:
    """One of several values: impossible cases are dropped, equal ones joined."""
    flat: list[tuple[Formula, Term]] = []
    for guard, term in cases:
        inner = term.cases if isinstance(term, Choice) else ((TRUE, term),)
        for condition, value in inner:
            both = all_of((guard, condition))
            if both == FALSE:
                continue
            known = next((index for index, (_, other) in enumerate(flat) if alike(other, value)), None)
            if known is None:
                flat.append((both, value))
            else:
                flat[known] = (any_of((flat[known][0], both)), value)
    if len(flat) == 1:
        return flat[0][1]
    if not flat:
        return Unknown(text or "one of many values", place, "too many cases")
    return Choice(tuple(flat if len(flat) <= MOST_CASES else _plainest(flat, text, place)))


def _plainest(cases: list[tuple[Formula, Term]], text: str, place: str) -> list[tuple[Formula, Term]]:
    """Of too many cases, keep those with the shortest conditions; the others are unknown."""
    known = [case for case in cases if not isinstance(case[1], Unknown)]
    kept = sorted(known, key=lambda case: _length(case[0]))[: MOST_CASES - 1]
    left = [(guard, value) for guard, value in cases if not any(value is other for _, other in kept)]
    asked = shapes_in(any_of(guard for guard, _ in left)).union(
        value.shape for _, value in left if isinstance(value, Unknown)
    )
    shape = next((shape for shape in (RUN_TIME, MACHINE) if shape in asked), "too many cases")
    rest = Unknown(text or "one of many values", place, shape)
    return [*kept, (any_of(guard for guard, _ in left), rest)]


@lru_cache(maxsize=65536)
def _length(formula: Formula) -> int:
    return 1 + sum(map(_length, formula.parts)) if isinstance(formula, (And, Or)) else 1


def alike(left: Term, right: Term) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, Const) and isinstance(right, Const):
        try:
            return type(left.value) is type(right.value) and bool(left.value == right.value)
        except Exception:  # a foreign object's __eq__ may raise anything
            return left.value is right.value
    return left == right


def over_cases(term: Term, question: Callable[[Term], Formula]) -> Formula:
    """Ask a question of every case."""
    if isinstance(term, Choice):
        return any_of(all_of((guard, question(value))) for guard, value in term.cases)
    return question(term)


def over_entries(entry: Entry, question: Callable[[Term], Formula]) -> Formula:
    """Ask a question of every entry of a table; returns the keys for which the answer is yes."""
    answers = [(key, question(Const(value))) for key, value in entry.table]
    if all(isinstance(answer, Truth) for _, answer in answers):
        holding = [key for key, answer in answers if answer == TRUE]
        return atom(entry.key, "in", holding) if holding else FALSE
    return any_of(all_of((atom(entry.key, "==", key), answer)) for key, answer in answers)


def map_cases(term: Term, change: Callable[[Term], Term]) -> Term:
    if isinstance(term, Choice):
        return choose((guard, change(value)) for guard, value in term.cases)
    return change(term)
