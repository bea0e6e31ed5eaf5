"""What a type rejects, for each kind of value.

The behaviour of a validator depends first of all on the kind of the value, so a type is a table: for each kind, the
formulas under which a value of that kind is rejected. Everything here errs on the side of accepting: a formula may
claim less than the library rejects, never more. Formulas are joined, never negated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from miners.logic.formulas import FALSE, TRUE, Formula, all_of, atom

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
        pairs = (_both(left, right) for left in found for right in column)
        found = tuple(dict.fromkeys(pair for pair in pairs if pair.when != FALSE))
    return found


def _both(left: Rejection, right: Rejection) -> Rejection:
    return Rejection(all_of((left.when, right.when)), left.message, (*left.opaque, *right.opaque))


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
