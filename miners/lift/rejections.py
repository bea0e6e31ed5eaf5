"""What a type rejects, for each kind of value.

The behaviour of a validator depends first of all on the kind of the value, so a type is a table: for each kind, the
formulas under which a value of that kind is rejected. Everything here errs on the side of accepting: a formula may
claim less than the library rejects, never more. Formulas are joined, never negated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from miners.logic.formulas import FALSE, TRUE, And, Atom, Formula, all_of, atom
from pytest_llem_invariants.language.expressions import opens_elements

KINDS: Final[Mapping[str, type]] = {
    "none": type(None),
    "bool": bool,
    "int": int,
    "float": float,
    "str": str,
    "bytes": bytes,
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "dict": dict,
}
"""The kinds of values. A value of no kind (a live object) is never claimed to be rejected."""

SEQUENCES: Final = ("list", "tuple", "set", "frozenset")
NUMBERS: Final = ("int", "float")
_MOST_OF_A_UNION: Final = 24
"""The most conditions under which all members of a union reject a kind of value."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A condition under which a value is rejected, and the library's message."""

    when: Formula
    message: str
    opaque: tuple[str, ...] = ()
    """Handwritten validators that run before, and may accept the value after all."""


Rejections = Mapping[str, tuple[Rejection, ...]]
"""By kind. A kind without an entry is accepted."""
NOTHING: Final[Rejections] = {}


def always(message: str, *, but: Iterable[str] = ()) -> Rejections:
    """Reject every kind except those."""
    accepted = frozenset(but)
    return {kind: (Rejection(TRUE, message),) for kind in KINDS if kind not in accepted}


def on(kinds: Iterable[str], when: Formula, message: str) -> Rejections:
    return {} if when == FALSE else {kind: (Rejection(when, message),) for kind in kinds}


def any_rejects(*tables: Rejections) -> Rejections:
    """One check after the other: the first that rejects gives the message."""
    joined: dict[str, tuple[Rejection, ...]] = {}
    for table in tables:
        for kind, found in table.items():
            known = joined.get(kind, ())
            if not any(one.when == TRUE and not one.opaque for one in known):
                joined[kind] = (*known, *(one for one in found if one not in known))
    return joined


def all_reject(tables: Sequence[Rejections]) -> Rejections:
    """A union rejects what every member rejects."""
    joined: dict[str, tuple[Rejection, ...]] = {}
    for kind in KINDS:
        columns = [table.get(kind, ()) for table in tables]
        if columns and all(columns):
            joined[kind] = _product(columns)
    return joined


def _product(columns: Sequence[tuple[Rejection, ...]]) -> tuple[Rejection, ...]:
    found = columns[0]
    for column in columns[1:]:
        pairs = (_both(left, right) for left in found for right in column if _are_of_one_element(left, right))
        found = _fewest([pair for pair in pairs if pair.when != FALSE])
    return found


def _fewest(found: Sequence[Rejection]) -> tuple[Rejection, ...]:
    """Those that ask the least: none that another one implies, and no more than a union is worth."""
    kept: list[tuple[frozenset[Formula], Rejection]] = []
    for one in sorted(dict.fromkeys(found), key=lambda one: len(_parts(one.when))):
        parts = frozenset(_parts(one.when))
        if len(kept) < _MOST_OF_A_UNION and not any(other <= parts for other, _ in kept):
            kept.append((parts, one))
    return tuple(one for _, one in kept)


def _parts(formula: Formula) -> tuple[Formula, ...]:
    return formula.parts if isinstance(formula, And) else () if formula == TRUE else (formula,)


def _are_of_one_element(left: Rejection, right: Rejection) -> bool:
    """Whether they are not about different values of elements: one may hold for one element, the other for another."""
    of_left, of_right = _elements_in(left.when), _elements_in(right.when)
    return not of_left or not of_right or len(of_left | of_right) < 2


def _elements_in(formula: Formula) -> set[str]:
    return {part.subject for part in _parts(formula) if isinstance(part, Atom) and opens_elements(part.subject)}


def _both(left: Rejection, right: Rejection) -> Rejection:
    when = _united(all_of((left.when, right.when)))
    return Rejection(when, left.message, tuple(dict.fromkeys((*left.opaque, *right.opaque))))


def _united(formula: Formula) -> Formula:
    """Choices of one field that all exclude a value: one choice of all their values."""
    choices: dict[str, list[Atom]] = {}
    for part in _parts(formula):
        if isinstance(part, Atom) and part.clause.op == "not_in":
            choices.setdefault(part.subject, []).append(part)
    if all(len(atoms) < 2 for atoms in choices.values()):
        return formula
    rest = [part for part in _parts(formula) if not (isinstance(part, Atom) and part in choices.get(part.subject, ()))]
    joined = (
        atom(subject, "not_in", list(dict.fromkeys(value for one in atoms for value in one.clause.rhs)))
        for subject, atoms in choices.items()
    )
    return all_of((*rest, *joined))


def rejects_every(table: Rejections, kind: str) -> bool:
    """Whether it rejects every value of a kind."""
    return any(one.when == TRUE for one in table.get(kind, ()))


def takes_only(table: Rejections, kind: str) -> bool:
    """Whether it rejects every value of any other kind."""
    return all(rejects_every(table, other) for other in KINDS if other != kind)


def without_absent(table: Rejections) -> Rejections:
    """Without the rejections that ask for what is not there: where an element may be of another kind, it has no parts
    either.
    """
    return {kind: tuple(one for one in found if not _asks_for_absent(one.when)) for kind, found in table.items()}


def _asks_for_absent(formula: Formula) -> bool:
    return any(isinstance(part, Atom) and part.clause.op in ("absent", "falsy") for part in _parts(formula))


def nullable(table: Rejections) -> Rejections:
    return {kind: found for kind, found in table.items() if kind != "none"}


def guarded(table: Rejections, by: str) -> Rejections:
    """The same, behind a handwritten validator whose code was not read."""
    return {kind: tuple(replace(one, opaque=(*one.opaque, by)) for one in found) for kind, found in table.items()}


def worded(table: Rejections, message: str) -> Rejections:
    return {kind: tuple(replace(one, message=message) for one in found) for kind, found in table.items()}


@dataclass(frozen=True, slots=True)
class FlatRejection:
    """One rejection for all its kinds. `none` is separate: only a default distinguishes it from "not given"."""

    when: Formula
    message: str
    opaque: tuple[str, ...]
    on_none: bool = False


def flatten(table: Rejections, subject: str) -> tuple[FlatRejection, ...]:
    """The table as conditions on the value alone, as few as possible."""
    groups: dict[Rejection, list[str]] = {}
    for kind, found in table.items():
        for one in found:
            groups.setdefault(one, []).append(kind)
    told: list[FlatRejection] = []
    for one, kinds in _with_closed_choices(groups, subject):
        if "none" in kinds and one.when == TRUE:
            told.append(FlatRejection(TRUE, one.message, one.opaque, on_none=True))
        others = [kind for kind in kinds if kind != "none"]
        if others:
            told.append(FlatRejection(_of_kinds(one.when, others, subject), one.message, one.opaque))
    return tuple(told)


def _with_closed_choices(groups: Mapping[Rejection, list[str]], subject: str) -> list[tuple[Rejection, list[str]]]:
    """If a choice of strings rejects every other kind with the same message, the choice alone is enough."""
    found: list[tuple[Rejection, list[str]]] = []
    absorbed: set[Rejection] = set()
    others = [kind for kind in KINDS if kind not in ("none", "str")]
    for one, kinds in groups.items():
        flat = replace(one, when=TRUE)
        if kinds == ["str"] and _is_choice(one.when, subject) and set(others) <= set(groups.get(flat, ())):
            found.append((one, [*others, "str"]))
            absorbed.add(flat)
        else:
            found.append((one, kinds))
    return [
        (one, kinds if one not in absorbed else [kind for kind in kinds if kind == "none"])
        for one, kinds in found
        if one not in absorbed or "none" in kinds
    ]


def _is_choice(when: Formula, subject: str) -> bool:
    clause = getattr(when, "clause", None)
    return clause is not None and clause.op == "not_in" and getattr(when, "subject", "") == subject


def _of_kinds(when: Formula, kinds: Sequence[str], subject: str) -> Formula:
    if len(kinds) == len(KINDS) - 1:
        return when if when != TRUE else atom(subject, "present", True)
    if _implied(when, kinds, subject):
        return when
    return all_of((atom(subject, "type_is", kinds[0] if len(kinds) == 1 else list(kinds)), when))


def _implied(when: Formula, kinds: Sequence[str], subject: str) -> bool:
    """Whether the operator can only hold for values of these kinds, so that they need not be named."""
    clause = getattr(when, "clause", None)
    if clause is None or getattr(when, "subject", "") not in (subject, f"lower({subject})"):
        return False
    if clause.op in ("<", "<=", ">", ">="):
        return tuple(kinds) == NUMBERS
    return clause.op in ("matches", "not_matches") and tuple(kinds) == ("str",)
