"""Comparisons of symbolic values: a table of cases, tried from its first to its last."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final, final

from miners.logic.formulas import FALSE, TRUE, Formula, Truth, all_of, any_of, atom, negate
from miners.symbolic.cases import over_cases, over_entries
from miners.symbolic.constants import as_constant, as_operand, is_sayable, plain
from miners.symbolic.kinds import instance_of
from miners.symbolic.neighbours import Neighbour
from miners.symbolic.opacity import EXTREME
from miners.symbolic.terms import (
    Bool,
    Built,
    CallableTerm,
    Choice,
    ClassTerm,
    Computed,
    Const,
    Count,
    Entry,
    Field,
    Found,
    Given,
    Instance,
    Items,
    ModuleTerm,
    Selected,
    Table,
    Term,
    Text,
    TypeOf,
    Unknown,
    opaque,
    subject_of,
)
from miners.symbolic.texts import FirstLetter, FirstPiece, PieceCount, Pieces, TextLength
from miners.symbolic.truth import truth
from pytest_llem_invariants.language.expressions import opens_elements
from pytest_llem_invariants.language.operators import MIRROR

_MOST_COUNTED: Final = 8
_PYTHON: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NEVER_NONE: Final = (
    *(Items, Text, Instance, Built, Table, Given, CallableTerm, ClassTerm, ModuleTerm, Pieces, PieceCount, Found),
)


@final
@dataclass(frozen=True, slots=True)
class Comparison:
    """`left op right`, with its text and place in the code; `is` and `is not` arrive as `==` and `!=`."""

    op: str
    left: Term
    right: Term
    text: str
    place: str

    @property
    def swapped(self) -> Comparison:
        return replace(self, op=MIRROR[self.op], left=self.right, right=self.left)

    def opaque(self, term: Term, shape: str = "") -> Formula:
        return opaque(term, self.text, self.place, shape)


@final
@dataclass(frozen=True, slots=True)
class ComparisonCase:
    """One kind of comparison, and why it has its position in the table.

    `decide` returns the formula, or the comparison to continue with, or None if it is another case.
    """

    decide: Callable[[Comparison], Formula | Comparison | None]
    reason: str


def compare(op: str, left: Term, right: Term, text: str, place: str) -> Formula:
    """Apply the first case of the table that decides the comparison."""
    asked = Comparison(op, left, right, text, place)
    for case in CASES:
        found = case.decide(asked)
        if isinstance(found, Comparison):
            asked = found
        elif found is not None:
            return found
    raise AssertionError("the last case decides whatever is left")


# --- cases that rewrite or split the comparison -----------------------------------------------------------------------


def _several(asked: Comparison) -> Formula | None:
    op, left, right, text, place = asked.op, asked.left, asked.right, asked.text, asked.place
    if isinstance(left, Choice):
        return over_cases(left, lambda value: compare(op, value, right, text, place))
    if isinstance(right, Choice):
        return over_cases(right, lambda value: compare(op, left, value, text, place))
    return None


def _table_on_the_left(asked: Comparison) -> Comparison | None:
    return asked.swapped if isinstance(asked.right, Entry) else None


def _table_of_constants(asked: Comparison) -> Formula | None:
    op, right, text, place = asked.op, asked.right, asked.text, asked.place
    if isinstance(asked.left, Entry) and isinstance(as_constant(right), Const):
        return over_entries(asked.left, lambda value: compare(op, value, right, text, place))
    return None


def _not_equal(asked: Comparison) -> Formula | None:
    if asked.op != "!=":
        return None
    return negate(compare("==", asked.left, asked.right, asked.text, asked.place))


def _neighbours(asked: Comparison) -> Formula | None:
    left, right = asked.left, asked.right
    if not (isinstance(left, Neighbour) and isinstance(right, Neighbour) and left.step == right.step):
        return None
    return TRUE if left == right else atom(left.step, asked.op if left.later else MIRROR[asked.op], 0)


def _folded(asked: Comparison) -> Comparison | None:
    left, right = as_constant(asked.left), as_constant(asked.right)
    return None if left is asked.left and right is asked.right else replace(asked, left=left, right=right)


def _two_constants(asked: Comparison) -> Formula | None:
    if not (isinstance(asked.left, Const) and isinstance(asked.right, Const)):
        return None
    try:
        return Truth(bool(_PYTHON[asked.op](asked.left.value, asked.right.value)))
    except Exception:  # values that cannot be compared raise on both sides
        return FALSE


def _constant_on_the_right(asked: Comparison) -> Comparison | None:
    only_right = isinstance(asked.right, (Field, Computed)) and subject_of(asked.left) is None
    return asked.swapped if isinstance(asked.left, Const) or only_right else None


# --- cases that look at the left side ---------------------------------------------------------------------------------


def _truth_with_constant(asked: Comparison) -> Formula | None:
    left, right = asked.left, asked.right
    if not (isinstance(left, (Bool, Selected)) and asked.op == "==" and isinstance(right, Const)):
        return None
    if isinstance(right.value, bool):
        holds = truth(left, asked.text, asked.place)
        return holds if right.value else negate(holds)
    return FALSE if isinstance(left, Bool) or right.value is None else asked.opaque(left)


def _extreme_with_none(asked: Comparison) -> Formula | None:
    return FALSE if _is_none(asked.right) and _is_extreme(asked.left) else None


def _two_truths(asked: Comparison) -> Formula | None:
    if not (isinstance(asked.left, Bool) and isinstance(asked.right, Bool) and asked.op == "=="):
        return None
    both = (asked.left.formula, asked.right.formula)
    return any_of((all_of(both), all_of(negate(one) for one in both)))


def _field_with_truth(asked: Comparison) -> Formula | None:
    left, right = asked.left, asked.right
    if not (isinstance(left, Field) and isinstance(right, Bool) and asked.op == "=="):
        return None
    yes = all_of((atom(left.path, "==", True), right.formula))
    return any_of((yes, all_of((atom(left.path, "==", False), negate(right.formula)))))


def _length_of_text(asked: Comparison) -> Formula | None:
    left, right = asked.left, asked.right
    if isinstance(left, (PieceCount, TextLength)) and isinstance(right, Const) and isinstance(right.value, int):
        return left.compared(asked.op, right.value)
    return None


def _start_of_text(asked: Comparison) -> Formula | None:
    left, right = asked.left, asked.right
    if isinstance(left, (FirstPiece, FirstLetter)) and isinstance(right, Const) and asked.op == "==":
        return left.equals(right.value)
    return None


def _count(asked: Comparison) -> Formula | None:
    """A small count: "at least k of n" as a disjunction of k-tuples."""
    count, limit = asked.left, asked.right.value if isinstance(asked.right, Const) else None
    if not (isinstance(count, Count) and isinstance(asked.right, Const)):
        return None
    if not isinstance(limit, int) or len(count.of) > _MOST_COUNTED:
        return asked.opaque(count, "count of many conditions")

    def at_least(k: int) -> Formula:
        return any_of(all_of(chosen) for chosen in combinations(count.of, max(k, 0)))

    match asked.op:
        case ">":
            return at_least(limit + 1)
        case ">=":
            return at_least(limit)
        case "<":
            return negate(at_least(limit))
        case "<=":
            return negate(at_least(limit + 1))
        case _:
            return all_of((at_least(limit), negate(at_least(limit + 1))))


def _type(asked: Comparison) -> Formula | None:
    if isinstance(asked.left, TypeOf) and asked.op == "==":
        return instance_of(asked.left.of, asked.right, asked.text, asked.place)
    return None


def _never_none(asked: Comparison) -> Formula | None:
    return FALSE if isinstance(asked.left, _NEVER_NONE) and _is_none(asked.right) else None


def _item_by_item(asked: Comparison) -> Formula | None:
    left, right = asked.left, asked.right
    if not (isinstance(left, Items) and isinstance(right, Items) and asked.op == "=="):
        return None
    if len(left.items) != len(right.items):
        return None
    pairs = zip(left.items, right.items, strict=True)
    return all_of(compare("==", one, other, asked.text, asked.place) for one, other in pairs)


# --- cases that produce a clause --------------------------------------------------------------------------------------


def _no_subject(asked: Comparison) -> Formula | None:
    return asked.opaque(asked.left) if subject_of(asked.left) is None else None


def _subject_with_constant(asked: Comparison) -> Formula | None:
    right = asked.right
    if not isinstance(right, Const):
        return None
    in_order = asked.op == "==" or isinstance(plain(right.value), (int, float, str))
    if not is_sayable(right.value) or not in_order:
        return asked.opaque(right, "constant that no file can hold")
    return atom(subject_of(asked.left) or "", asked.op, as_operand(right.value))


def _two_subjects(asked: Comparison) -> Formula:
    subject, other, op = subject_of(asked.left) or "", subject_of(asked.right), asked.op
    if other is None:
        return asked.opaque(asked.right)
    if opens_elements(other):
        if opens_elements(subject):
            return asked.opaque(asked.right, "two elements compared")
        subject, other, op = other, subject, MIRROR[op]
    return atom(subject, op, f"@{other}")


CASES: Final[tuple[ComparisonCase, ...]] = (
    ComparisonCase(_several, "first: every later case looks at one value on each side"),
    ComparisonCase(_table_on_the_left, "before the case of the table, which looks for it on the left only"),
    ComparisonCase(_table_of_constants, "before `!=`: the keys that differ are listed as such, and not as a negation"),
    ComparisonCase(_not_equal, "before all that follows: from here on there are `==` and the four orders only"),
    ComparisonCase(
        _neighbours, "before the subjects: a neighbour has none, but a clause can name the step between the two"
    ),
    ComparisonCase(_folded, "before the constants: a list, a text or a truth value that is wholly known is one"),
    ComparisonCase(_two_constants, "before the sides are swapped: neither of two constants belongs on the left"),
    ComparisonCase(_constant_on_the_right, "before the cases of the left side: they expect the constant on the right"),
    # From here to the items, each case needs another pair of sides: their order does not matter.
    ComparisonCase(_truth_with_constant, "before the subjects: a truth value has none"),
    ComparisonCase(_extreme_with_none, "before the subjects: `min(a, b)` is one, and would be said to be absent"),
    ComparisonCase(_two_truths, "before the subjects: a truth value has none"),
    ComparisonCase(_field_with_truth, "before the subjects: a truth value has none; the field is on the left by now"),
    ComparisonCase(_length_of_text, "before the subjects: a count of pieces or letters has none, a pattern says it"),
    ComparisonCase(_start_of_text, "before the subjects: the first piece or letter has none, a pattern says it"),
    ComparisonCase(_count, "before the subjects: a count of conditions has none"),
    ComparisonCase(_type, "before the subjects: a type has none"),
    ComparisonCase(_never_none, "before the subjects: what the code makes has none"),
    ComparisonCase(_item_by_item, "before the subjects: a list that is only partly known has none"),
    ComparisonCase(_no_subject, "before the clauses, which need a subject, and after all that can be said without one"),
    ComparisonCase(_subject_with_constant, "before two subjects: a constant is none"),
    ComparisonCase(_two_subjects, "last: it decides whatever is left"),
)


def _is_extreme(term: Term) -> bool:
    """Whether it is the least or the greatest of several values: None cannot be ordered."""
    if isinstance(term, Computed):
        return term.text.startswith(("min(", "max("))
    return isinstance(term, Unknown) and term.shape == EXTREME


def _is_none(term: Term) -> bool:
    return isinstance(term, Const) and term.value is None
