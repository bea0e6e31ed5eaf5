"""Combine several clauses on one subject: fewer clauses, whether any value satisfies them, what they imply."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from enum import Enum
from typing import Any, Final

from pytest_llem_invariants.language.expressions import opens_elements
from pytest_llem_invariants.language.kinds import BUILTIN_KINDS, same, type_names
from pytest_llem_invariants.language.operators import OPERATORS
from pytest_llem_invariants.language.operators.order import ORDER
from pytest_llem_invariants.language.operators.record import NUMBERS
from pytest_llem_invariants.language.predicates import reference_of
from pytest_llem_invariants.model import Clause


def is_same(one: Clause, other: Clause) -> bool:
    """Whether two clauses are equal, including the types of their right-hand sides."""
    return (one.op, type(one.rhs), repr(one.rhs)) == (other.op, type(other.rhs), repr(other.rhs))


def simplified(subject: str, clauses: tuple[Clause, ...]) -> tuple[Clause, ...] | None:
    if opens_elements(subject):
        return clauses
    if any(clause.op in ORDER for clause in clauses):
        itself = Clause("==", f"@{subject}")
        clauses = tuple(clause for clause in clauses if not is_same(clause, itself))  # nan is in no order
    if _contradictory(clauses, subject):
        return None
    values = _finite(clauses)
    if values is not None:
        kept = [value for value in values if all(_holds(clause, value) is not False for clause in clauses)]
        if not kept:
            return None
        rest = tuple(c for c in clauses if c.op not in ("==", "in") or not is_plain(c.rhs))
        undecided = tuple(c for c in rest if any(_holds(c, value) is None for value in kept))
        narrowed = _equal_to(kept)
        return (narrowed, *undecided)
    excluded = [
        v for c in clauses if is_plain(c.rhs) for v in ([c.rhs] if c.op == "!=" else c.rhs if c.op == "not_in" else [])
    ]
    if excluded:
        others = tuple(c for c in clauses if c.op not in ("!=", "not_in") or not is_plain(c.rhs))
        needed = [v for v in _distinct(excluded) if all(_holds(c, v) is not False for c in others)]
        merged = (Clause("!=", needed[0]),) if len(needed) == 1 else (Clause("not_in", needed),) if needed else ()
        clauses = (*others, *(merged or (Clause("present", True),)))
    kept_clauses: list[Clause] = list(clauses)
    for clause in clauses:
        without = [other for other in kept_clauses if other is not clause]
        if without and len(without) < len(kept_clauses) and imply(tuple(without), clause):
            kept_clauses = without
    return tuple(kept_clauses)


def _distinct(values: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if not any(same(value, known) and type(value) is type(known) for known in found):
            found.append(value)
    return found


def is_plain(rhs: Any) -> bool:
    return reference_of(rhs) is None


def _finite(clauses: tuple[Clause, ...]) -> list[Any] | None:
    """The values that the clauses allow for their subject, if they list them."""
    for clause in clauses:
        if clause.op == "==" and is_plain(clause.rhs):
            return [clause.rhs]
    for clause in clauses:
        if clause.op == "in":
            return list(clause.rhs)
    return None


def _equal_to(values: list[Any]) -> Clause:
    return Clause("==", values[0]) if len(values) == 1 else Clause("in", values)


def _holds(clause: Clause, value: Any) -> bool | None:
    """Whether a known value, of any numeric type, satisfies the clause; None if the type or another field decides."""
    if not is_plain(clause.rhs):
        return None
    takes = OPERATORS[clause.op].takes
    if isinstance(value, bool) and takes is not None and not NUMBERS.isdisjoint(takes):
        return None  # bools may count as numbers here
    plain = value.value if isinstance(value, Enum) else value
    verdicts = {OPERATORS[clause.op].test(equal, clause.rhs) for equal in (plain, *_twin(plain))}
    return verdicts.pop() if len(verdicts) == 1 else None


def _twin(value: Any) -> tuple[Any, ...]:
    """The equal number of the other type: `!= 1` excludes 1.0 too, but `type_is: float` is true of 1.0 only."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return ()
    try:
        other = float(value) if isinstance(value, int) else int(value)
    except (OverflowError, ValueError):  # infinite, nan, or too large for a float
        return ()
    return (other,) if other == value else ()


_NEEDS_VALUE: Final = frozenset(one.name for one in OPERATORS.values() if not one.may_hold_unset) | {"present"}
"""The operators that need a value. In a formula `present` needs one too: without a value, `absent` holds."""


def _contradictory(clauses: tuple[Clause, ...], subject: str) -> bool:
    ops = {clause.op for clause in clauses}
    if "absent" in ops and (
        ops & _NEEDS_VALUE
        or any((c.op == "==" and c.rhs is not None) or (c.op == "in" and None not in c.rhs) for c in clauses)
    ):
        return True
    if {"truthy", "falsy"} <= ops:
        return True
    if any(c.op == "!=" and c.rhs == f"@{subject}" for c in clauses) and ops & {*ORDER, "matches", "divisible_by"}:
        return True
    if _empty_range(clauses) or _empty_length(clauses):
        return True
    if _disjoint_types(clauses) or _matches_what_it_does_not(clauses):
        return True
    references: dict[str, set[str]] = {}
    for clause in clauses:
        if not is_plain(clause.rhs):
            references.setdefault(clause.rhs, set()).add(clause.op)
    clashes = (("<", ">="), ("<=", ">"), ("<", ">"), ("==", "!="), ("==", "<"), ("==", ">"))
    return any(set(clash) <= found for found in references.values() for clash in clashes)


def _matches_what_it_does_not(clauses: tuple[Clause, ...]) -> bool:
    """Whether a pattern that must match is among those that must not."""
    matched = {clause.rhs for clause in clauses if clause.op == "matches"}
    return bool(matched) and any(
        pattern in matched for clause in clauses if clause.op == "not_matches" for pattern in _alternatives(clause.rhs)
    )


def _alternatives(pattern: str) -> tuple[str, ...]:
    """The patterns that `united` joined into one."""
    parts = _UNITED.fullmatch(pattern)
    if parts is None or not all(map(_is_balanced, parts.groups())):
        return (pattern,)
    return (*_alternatives(parts[1]), *_alternatives(parts[2]))


def _is_balanced(pattern: str) -> bool:
    """Whether every parenthesis is closed inside the pattern; parentheses in text count as well."""
    depth = 0
    for letter in pattern:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            return False
    return depth == 0


_UNITED: Final = re.compile(r"\(\?:(.*)\)\|\(\?:(.*)\)", re.DOTALL)


Bound = tuple[Any, bool]


def _range(clauses: tuple[Clause, ...]) -> tuple[Bound | None, Bound | None]:
    """The tightest lower and upper bound, each as (bound, open)."""
    lower: Bound | None = None
    upper: Bound | None = None
    for clause in clauses:
        if clause.op not in ORDER or not _is_number(clause.rhs):
            continue
        bound: Bound = (clause.rhs, clause.op in ("<", ">"))
        if clause.op in (">", ">="):
            lower = bound if lower is None or (bound[0], bound[1]) > (lower[0], lower[1]) else lower
        else:
            upper = bound if upper is None or (bound[0], not bound[1]) < (upper[0], not upper[1]) else upper
    return lower, upper


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)


def _empty_range(clauses: tuple[Clause, ...]) -> bool:
    lower, upper = _range(clauses)
    if lower is None or upper is None:
        return False
    return bool(lower[0] > upper[0]) or (lower[0] == upper[0] and (lower[1] or upper[1]))


def _empty_length(clauses: tuple[Clause, ...]) -> bool:
    shortest = max((c.rhs for c in clauses if c.op == "min_len" and is_plain(c.rhs)), default=0)
    longest = min((c.rhs for c in clauses if c.op == "max_len" and is_plain(c.rhs)), default=math.inf)
    return bool(shortest > longest)


def _type_set(rhs: Any) -> frozenset[str]:
    return frozenset((rhs,) if isinstance(rhs, str) else rhs)


def _disjoint_types(clauses: tuple[Clause, ...]) -> bool:
    allowed: frozenset[str] | None = None
    for clause in clauses:
        if clause.op == "type_is":
            names = _type_set(clause.rhs)
            allowed = names if allowed is None else _common(allowed, names)
    if allowed is None:
        return False
    for clause in clauses:
        if clause.op == "type_is_not":
            allowed = allowed - _type_set(clause.rhs)
    if any(clause.op in ORDER and _is_number(clause.rhs) for clause in clauses) and allowed <= BUILTIN_KINDS:
        allowed = allowed & {"int", "float", "bool"}
    return not allowed


def _common(left: frozenset[str], right: frozenset[str]) -> frozenset[str]:
    """Types that may overlap: any class that we do not know may be a subclass of any other."""
    if left <= BUILTIN_KINDS and right <= BUILTIN_KINDS:
        return left & right
    return left | right


def imply(clauses: tuple[Clause, ...], clause: Clause) -> bool:
    if not clauses:
        return False
    if any(is_same(known, clause) for known in clauses):
        return True
    values = _finite(clauses)
    if values is not None:
        return all(_holds(clause, value) is True for value in values)
    ops = {known.op for known in clauses}
    match clause.op:
        case "present":
            return bool(ops & _NEEDS_VALUE)
        case "falsy":
            return "absent" in ops
        case "truthy":
            lower, upper = _range(clauses)
            return (lower is not None and (lower[0] > 0 or (lower[0] == 0 and lower[1]))) or (
                upper is not None and (upper[0] < 0 or (upper[0] == 0 and upper[1]))
            )
        case "<" | "<=" | ">" | ">=" if _is_number(clause.rhs):
            lower, upper = _range(clauses)
            if clause.op in (">", ">="):
                return lower is not None and (
                    lower[0] > clause.rhs or (lower[0] == clause.rhs and (lower[1] or clause.op == ">="))
                )
            return upper is not None and (
                upper[0] < clause.rhs or (upper[0] == clause.rhs and (upper[1] or clause.op == "<="))
            )
        case "!=" | "not_in" if is_plain(clause.rhs):
            excluded = [clause.rhs] if clause.op == "!=" else list(clause.rhs)
            return all(any(_excludes(known, value) for known in clauses) for value in excluded)
        case "in" if is_plain(clause.rhs):
            return False
        case "type_is":
            return any(known.op == "type_is" and _type_set(known.rhs) <= _type_set(clause.rhs) for known in clauses)
        case "type_is_not":
            names = _type_set(clause.rhs)
            return any(
                (known.op == "type_is_not" and names <= _type_set(known.rhs))
                or (
                    known.op == "type_is"
                    and _type_set(known.rhs) | names <= BUILTIN_KINDS
                    and not _type_set(known.rhs) & names
                )
                for known in clauses
            )
        case "min_len":
            return any(known.op == "min_len" and known.rhs >= clause.rhs for known in clauses)
        case "max_len":
            return any(known.op == "max_len" and known.rhs <= clause.rhs for known in clauses)
        case _:
            return False


def _excludes(known: Clause, value: Any) -> bool:
    """Whether the clause excludes the value."""
    if known.op in ("absent", "falsy", "min_len", "max_len"):
        return False
    if known.op in ("type_is", "type_is_not") and not type_names(value) <= BUILTIN_KINDS:
        return False
    return _holds(known, value) is False


def united(one: Clause, other: Clause) -> Clause | None:
    """Join two clauses with the same operator into one."""
    if not (is_plain(one.rhs) and is_plain(other.rhs)):
        return None
    match one.op:
        case "type_is_not":
            return Clause(one.op, sorted(_type_set(one.rhs) | _type_set(other.rhs)))
        case "not_in":
            return Clause(one.op, _distinct([*one.rhs, *other.rhs]))
        case "matches" | "not_matches":
            both = r"\A(?=[\s\S]*(?:{}))(?=[\s\S]*(?:{}))" if one.op == "matches" else "(?:{})|(?:{})"
            pattern = both.format(one.rhs, other.rhs)
            return Clause(one.op, pattern) if OPERATORS[one.op].accepts(pattern) else None
        case _:
            return None


def as_members(clause: Clause) -> Clause | None:
    """A comparison with one value as one with a list, so that its operator can be used again."""
    as_list = {"!=": "not_in", "==": "in"}.get(clause.op)
    return Clause(as_list, [clause.rhs]) if as_list is not None and is_plain(clause.rhs) else None
