"""Formulas over the predicates of the corpus format, their exact negation, and their disjunctive normal form.

An atom has the meaning of its operator in `OPERATORS`, so a conjunction can become a rule unchanged. Negation is
Python's, assuming that the comparison was possible: `not x < 3` is `x >= 3` or x is nan, never "x is a string", because
then the library raises in the comparison itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar, Final, Self, TypeVar, final
from weakref import WeakValueDictionary

from pytest_llem_invariants.language.expressions import opens_elements
from pytest_llem_invariants.language.operators import OPERATORS, Negated
from pytest_llem_invariants.language.operators.order import ORDER
from pytest_llem_invariants.language.predicates import names_none, reference_of
from pytest_llem_invariants.model import Clause


class _Unique:
    """There is one object for equal values, so comparing and hashing cost no call.

    A walk meets the same conditions at every step, and few of them are new. An object stays as long as something refers
    to it.
    """

    __slots__ = ("__weakref__",)
    __match_args__: ClassVar[tuple[str, ...]]

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        """Unpickling finds the existing object."""
        return type(self), tuple(getattr(self, name) for name in self.__match_args__)


_known: Final[WeakValueDictionary[tuple[Any, ...], _Unique]] = WeakValueDictionary()
_U = TypeVar("_U", bound=_Unique)


def _the_one(cls: type[_U], key: tuple[Any, ...], **fields: Any) -> _U:
    found = _known.get((cls, key))
    if isinstance(found, cls):
        return found
    made = object.__new__(cls)
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    _known[cls, key] = made
    return made


@final
@dataclass(frozen=True, slots=True, init=False, eq=False)
class Truth(_Unique):
    """A formula that is always true, or never."""

    value: bool

    def __new__(cls, value: bool) -> Truth:
        return _the_one(cls, (value,), value=value)


@final
@dataclass(frozen=True, slots=True, init=False, eq=False)
class Atom(_Unique):
    """One clause on one subject."""

    subject: str
    clause: Clause

    def __new__(cls, subject: str, clause: Clause) -> Atom:
        key = (subject, clause.op, type(clause.rhs), repr(clause.rhs))
        return _the_one(cls, key, subject=subject, clause=clause)


@final
@dataclass(frozen=True, slots=True, init=False, eq=False)
class Opaque(_Unique):
    """A condition that no predicate can express."""

    text: str
    place: str
    negated: bool
    shape: str
    """The kind of condition, so that the ledger can count which kinds are most worth teaching."""
    dual: Formula | None
    """Its negation, if a predicate can express that: not `all(…)`, but "some element does not"."""
    subject: str = field(init=False, repr=False)
    """The subject of a literal; for an opaque one, its text."""

    def __new__(
        cls, text: str, place: str, negated: bool = False, shape: str = "", dual: Formula | None = None
    ) -> Opaque:
        key = (text, place, negated, shape, dual)
        return _the_one(cls, key, text=text, place=place, negated=negated, shape=shape, dual=dual, subject=text)


@final
@dataclass(frozen=True, slots=True, init=False, eq=False)
class And(_Unique):
    """All parts hold."""

    parts: tuple[Formula, ...]

    def __new__(cls, parts: tuple[Formula, ...]) -> And:
        return _the_one(cls, parts, parts=parts)


@final
@dataclass(frozen=True, slots=True, init=False, eq=False)
class Or(_Unique):
    """Some part holds."""

    parts: tuple[Formula, ...]

    def __new__(cls, parts: tuple[Formula, ...]) -> Or:
        return _the_one(cls, parts, parts=parts)


Formula = Truth | Atom | Opaque | And | Or
Literal = Atom | Opaque
Conjunction = tuple[Literal, ...]
TRUE: Final = Truth(True)
FALSE: Final = Truth(False)


def atom(subject: str, op: str, rhs: Any = True) -> Formula:
    """One clause; `None` on the right-hand side becomes absence."""
    if rhs is None and op in ("==", "!="):
        return Atom(subject, Clause("absent" if op == "==" else "present", True))
    if op in ("present", "absent") and rhs is False:
        return Atom(subject, Clause(OPERATORS[op].negation or op, True))
    if op in ("in", "not_in"):
        members = [member for member in rhs if member is not None]
        with_none = len(members) < len(rhs)
        if op == "not_in":
            return Atom(subject, Clause(op, members)) if members else Atom(subject, Clause("present", True))
        found = (
            FALSE
            if not members
            else Atom(subject, Clause("==", members[0]) if len(members) == 1 else Clause(op, members))
        )
        return any_of((found, Atom(subject, Clause("absent", True)))) if with_none else found
    if op in ("matches", "not_matches") and not OPERATORS[op].accepts(rhs):
        return Opaque(f"{subject} {op} {rhs!r}", "", shape="pattern without linear time")
    return Atom(subject, Clause(op, rhs))


def is_nan(subject: str) -> Formula:
    """Only nan differs from itself. An element has no name to compare with, but 0 divided by any other number is 0."""
    if opens_elements(subject):
        return Atom(f"0 / {subject}", Clause("!=", 0))
    return Atom(subject, Clause("!=", f"@{subject}"))


def all_of(parts: Iterable[Formula]) -> Formula:
    """A conjunction: flat, without repetition and constants."""
    return _joined(_until(FALSE, parts), FALSE)


def any_of(parts: Iterable[Formula]) -> Formula:
    """A disjunction: flat, without repetition and constants."""
    return _joined(_until(TRUE, parts), TRUE)


def _until(last: Truth, parts: Iterable[Formula]) -> tuple[Formula, ...]:
    """The parts up to the first that decides."""
    if isinstance(parts, tuple):
        return parts
    found: list[Formula] = []
    for part in parts:
        found.append(part)
        if part is last:
            break
    return tuple(found)


@lru_cache(maxsize=65536)
def _joined(parts: tuple[Formula, ...], zero: Truth) -> Formula:
    kind = Or if zero.value else And
    flat: dict[Formula, None] = {}
    for part in parts:
        if part is zero:
            return zero
        if isinstance(part, kind):
            flat.update(dict.fromkeys(part.parts))
        elif not isinstance(part, Truth):
            flat[part] = None
    if any(_opposite(part) in flat for part in flat if isinstance(part, (Atom, Opaque))):
        return zero
    if len(flat) == 1:
        return next(iter(flat))
    return kind(tuple(flat)) if flat else Truth(not zero.value)


@lru_cache(maxsize=65536)
def _opposite(part: Literal) -> Formula | None:
    """The exact complement of a literal, if it is a single literal."""
    if isinstance(part, Opaque):
        return negate(part)
    operator = OPERATORS[part.clause.op]
    if operator.negation is None or operator.negated is not Negated.ALL or opens_elements(part.subject):
        return None
    return Atom(part.subject, Clause(operator.negation, part.clause.rhs))


@lru_cache(maxsize=65536)
def negate(formula: Formula) -> Formula:
    """The formula that holds exactly where this one does not, with negations inside the clauses."""
    match formula:
        case Truth(value=value):
            return Truth(not value)
        case Opaque(dual=dual) if dual is not None:
            return dual
        case Opaque(text=text, place=place, negated=negated, shape=shape):
            return Opaque(text, place, not negated, shape)
        case And(parts=parts):
            return any_of(negate(part) for part in parts)
        case Or(parts=parts):
            return all_of(negate(part) for part in parts)
        case Atom(subject=subject, clause=clause):
            return _negated_clause(subject, clause)


def _negated_clause(subject: str, clause: Clause) -> Formula:
    op, rhs = clause.op, clause.rhs
    if opens_elements(subject):
        none = none_of(Atom(subject, clause), f"no {subject} {op} {rhs!r}")
        return any_of((none, *_of_one_element(subject, clause)))
    match op:
        case "==" if rhs is None:
            return Atom(subject, Clause("present", True))
        case "!=" if rhs == f"@{subject}":
            return Atom(subject, Clause("==", rhs))
        case "in":
            negated = atom(subject, "not_in", list(rhs))
            return negated if any(member is None for member in rhs) else any_of((negated, _absent(subject)))
        case "not_in":
            return atom(subject, "in", [*(member for member in rhs if member is not None), None])
        case "present" | "absent":
            return atom(subject, op, not rhs)
        case "type_is" if names_none(clause):
            given = any_of((Atom(subject, Clause("present", True)), Atom(subject, Clause("type_is", "none"))))
            left_out = Opaque(f"{subject} is left out", "", shape="left out", dual=given)
            return any_of((Atom(subject, Clause("type_is_not", rhs)), left_out))
        case _:
            return _negated_by_record(subject, clause)


def _of_one_element(subject: str, clause: Clause) -> Iterator[Formula]:
    """That no element equals another field, where there is one element: a predicate can express that."""
    whole = subject.removeprefix("each(").partition(")")[0]
    if clause.op == "==" and reference_of(clause.rhs) is not None and "(" not in whole and subject != whole:
        yield all_of((atom(f"len({whole})", "==", 1), Atom(subject, Clause("!=", clause.rhs))))


def _negated_by_record(subject: str, clause: Clause) -> Formula:
    """The negation that the operator's record names, and the other values that violate the clause."""
    operator, rhs = OPERATORS[clause.op], clause.rhs
    if operator.opposite is not None and operator.accepts(rhs):
        op, other = operator.opposite(rhs)
        return Atom(subject, Clause(op, other)) if OPERATORS[op].accepts(other) else FALSE
    if operator.negation is None:
        return Opaque(f"{subject} {clause.op} {rhs!r}", "", negated=True, shape=f"negation of {clause.op}")
    negated = Atom(subject, Clause(operator.negation, rhs))
    if operator.negated is Negated.GIVEN:
        return any_of((negated, _absent(subject)))
    reference = reference_of(rhs)
    if clause.op not in ORDER or (isinstance(rhs, str) and reference is None):
        return negated
    operands = (subject,) if reference is None else (subject, reference)
    return any_of((negated, *(is_nan(operand) for operand in operands if can_be_nan(operand))))


def _absent(subject: str) -> Formula:
    return Atom(subject, Clause("absent", True))


def none_of(exists: Formula, text: str, place: str = "") -> Formula:
    """That no element satisfies a condition: no predicate can express it, but one can express its negation."""
    return negate(exists) if isinstance(exists, Truth) else Opaque(text, place, shape="every element", dual=exists)


_NEVER_NAN: Final = ("len(", "keys(", "values(", "lower(", "upper(", "strip(", "each(keys(", "each(steps(")


def can_be_nan(subject: str) -> bool:
    """Counts, texts and directions are never nan; other computed values may be."""
    return not subject.startswith(_NEVER_NAN)


def reshaped(formula: Formula, shape: str) -> Formula:
    """The same formula, with the given shape for every opaque part."""
    match formula:
        case Opaque(dual=dual):
            opposite = None if dual is None else reshaped(dual, shape)
            return Opaque(formula.text, formula.place, formula.negated, shape, opposite)
        case And(parts=parts):
            return all_of(reshaped(part, shape) for part in parts)
        case Or(parts=parts):
            return any_of(reshaped(part, shape) for part in parts)
        case _:
            return formula
