"""What to do about a rule, derived from its predicate: every clause that is undone frees the config."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, NamedTuple

from pytest_llem_invariants.checker.advice import joined
from pytest_llem_invariants.language.expressions import parse, read_path
from pytest_llem_invariants.language.operators import BOOL_IS_NUMBER, OPERATORS
from pytest_llem_invariants.language.predicates import plain_value, reference_of
from pytest_llem_invariants.language.wording import is_read_as_number, say_rhs, say_subject, say_value
from pytest_llem_invariants.model import EMPTY, Clause, Kwargs, Match


class Way(NamedTuple):
    """One way out of a rule."""

    text: str
    """What to change."""
    fields: tuple[str, ...]
    """What is changed by it."""
    is_spoken_of: bool
    """Whether the library's message speaks of these."""
    bound: str | None = None
    """The fact that the product of the fields may reach, if that is the advice."""
    leaves_out: bool = False
    """Whether the advice is to write nothing of it."""
    target: tuple[Any, ...] | None = None
    """What to write instead, as data, of a way that changes one field; None where the rule does not tell:
    ("values", …) is one of these, ("fact", name, more) what is known of that and so much more, ("multiple", number)
    and ("divisor", name) the nearest one, ("keys", …) a mapping with no other keys."""


def suggestion(
    match: Match, path: Callable[[str], str] = str, context: Collection[str] = (), message: str | None = None
) -> str:
    """What to change in any config that the rule claims, alternatives joined by "or"."""
    return joined(way.text for way in ways(match, path, context, message))


def ways(
    match: Match,
    path: Callable[[str], str] = str,
    context: Collection[str] = (),
    message: str | None = None,
    accepted: Kwargs = EMPTY,
) -> list[Way]:
    """The ways out of a rule. Nobody changes platform for the sake of a flag.

    What the config does not give is no cause: it is to be given only where the `message` speaks of it, or nothing else
    helps. A library that says nothing leaves the choice. Of a config that is `accepted` a text is shown where only a
    pattern says what it has to be.
    """
    fixes: dict[str, Way] = {}
    others: dict[str, Way] = {}

    def note(kind: dict[str, Way], text: str | None, of: str, clause: Clause, fact: str = "") -> None:
        if text:
            fields = tuple(path(name) for name in parse(of).fields if name not in context)
            bound = _bound(fact, clause, of) if fact else None
            target = _target(of, clause, fact) if len(fields) == 1 else None
            out = not fact and _leaves_out(clause)
            kind.setdefault(text, Way(text, fields, message is not None and _names(message, of), bound, out, target))

    for subject, clauses in match.fields.items():
        if all(name in context for name in parse(subject).fields):
            for clause in clauses:
                of = reference_of(clause.rhs) or subject
                note(fixes, _turned(subject, clause, path, context), of, clause, subject)
            if len(match.fields) > 1 or fixes:
                continue
        kinds = [clause for clause in clauses if clause.op in ("type_is", "type_is_not")]
        if f"number({subject})" in match.fields and kinds == list(clauses):
            continue
        for clause in clauses:
            # Where a value is singled out by its type and a bound, the bound is the advice.
            if clause.op == BOOL_IS_NUMBER or (clause in kinds and len(clauses) > len(kinds)):
                continue
            mixed = [name for name in parse(subject).fields if name not in context]
            if len(mixed) < len(parse(subject).fields):
                note(fixes, _turned_within(subject, clause, mixed, path), subject, clause, subject)
                continue
            speaks = message is None or clause.op not in _HELD_UNSET or _names(message, subject)
            of_number = _of_number(subject, clause, accepted)
            text = _fix(subject, of_number, path) + _like(subject, clause, accepted)
            note(fixes if speaks else others, text, subject, of_number)
    return list((fixes or others).values())


def _target(of: str, clause: Clause, fact: str) -> tuple[Any, ...] | None:
    """What to write of the one field of a way; where a `fact` is compared with it, in its terms."""
    if fact:
        return _of_fact(of, clause, fact)
    rhs = plain_value(clause.rhs)
    if reference_of(clause.rhs) is not None:
        return None
    if clause.op == "not_in" and of.startswith("each(keys(") and parse(of[5:-1]).fields == (of[10:-2],):
        return "keys", *(one for one in _distinct(rhs) if isinstance(one, str))
    if not parse(of).is_field:
        return None
    if clause.op == "not_divisible_by":
        return ("multiple", rhs) if type(rhs) is int and rhs > 0 else None
    values = _values(clause.op, rhs)
    return ("values", *values) if values and all(map(_is_scalar, values)) else None


def _of_fact(of: str, clause: Clause, fact: str) -> tuple[Any, ...] | None:
    if parse(fact).is_field:
        if clause.op == "not_divisible_by":
            return "divisor", fact
        return ("fact", fact, _NEXT_TO_FACT[clause.op]) if clause.op in _NEXT_TO_FACT else None
    whole, _, part = fact.partition(" % ")
    return ("divisor", whole) if (clause, part) == (Clause("!=", 0), of) and parse(whole).is_field else None


_NEXT_TO_FACT: Final = {"<": 0, ">": 0, "<=": -1, ">=": 1, "!=": 0}
"""What makes a field fit where a fact is so compared with it: how much more than the fact."""
_MOST_VALUES: Final = 3


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (bool, int, str)) or (isinstance(value, float) and math.isfinite(value))


def _values(op: str, rhs: Any) -> list[Any]:
    """Values that a clause does not hold of, those first that are nearest to what it says."""
    if op in ("<", ">", "!="):
        return [rhs]
    if op in ("<=", ">=") and isinstance(rhs, (int, float)):
        return [rhs + 1 if op == "<=" else rhs - 1]
    if op in ("truthy", "falsy") or (op == "==" and isinstance(rhs, bool)):
        return [op == "falsy" or (op == "==" and not rhs)]
    if op == "not_in":
        return [one for one in _distinct(rhs) if one is not None][:_MOST_VALUES]
    return [True] if op == "in" and False in _distinct(rhs) else []


def _turned(subject: str, clause: Clause, path: Callable[[str], str], context: Collection[str]) -> str | None:
    """What to change where a fact is compared with fields of the config: the fields, as the fact is what it is."""
    reference = reference_of(clause.rhs)
    if reference is None or all(name in context for name in parse(reference).fields):
        return None
    other = parse(reference)
    field = path(reference) if other.is_field else reference
    if clause.op == "not_divisible_by":
        return f"set {field} to a divisor of {subject}"
    mirrored = OPERATORS[clause.op].mirror
    return f"change {field}" if mirrored is None else OPERATORS[mirrored].fix.format(field=field, rhs=subject)


def _bound(subject: str, clause: Clause, product: str) -> str | None:
    """The fact that a product of fields may reach, of one that must not be less than it."""
    factors = product.split(" * ")
    is_product = len(factors) > 1 and set(factors) == set(parse(product).fields)
    return subject if clause.op == "<" and is_product and parse(subject).is_field else None


def _leaves_out(clause: Clause) -> bool:
    return clause.op in ("present", "absent") and (clause.op == "present") is plain_value(clause.rhs)


def _turned_within(subject: str, clause: Clause, fields: Sequence[str], path: Callable[[str], str]) -> str:
    """What to change where a fact and fields of the config are computed together: the fields."""
    whole, _, part = subject.partition(" % ")
    if clause == Clause("!=", 0) and [part] == list(fields) and whole:
        return f"set {path(part)} to a divisor of {whole}"
    return f"change {' or '.join(map(path, fields))}"


_HELD_UNSET: Final = frozenset({"absent", "falsy"})
_SWITCHED: Final = re.compile(r"\A(?:enable|disable|use) ")


def _names(message: str, subject: str) -> bool:
    """Whether a message speaks of a field, in its name or in the words that the name is made of."""
    fields = (_in_words(field.rpartition(".")[2]) for field in parse(subject).fields)
    return any(_SWITCHED.sub("", field) in _in_words(message) for field in fields)


def _in_words(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).lower().strip()


def _fix(subject: str, clause: Clause, path: Callable[[str], str]) -> str:
    expression = parse(subject)
    field = path(subject) if expression.is_field else subject
    if is_read_as_number(subject):
        field = path(*expression.fields)
    elif expression.has_each:
        field = say_subject(subject, "every")
    reference = reference_of(clause.rhs)
    if reference is not None:
        if reference == subject:
            return f"set {field} to a number"
        return OPERATORS[clause.op].fix.format(field=field, rhs=reference)
    rhs = plain_value(clause.rhs)
    if clause.op in ("present", "absent"):
        return f"leave {field} out" if _leaves_out(clause) else f"set {field}"
    if clause.op in ("in", "not_in"):
        return _choice(field, clause.op, rhs)
    if clause.op == "==" and isinstance(rhs, bool):
        return f"turn {field} {'off' if rhs else 'on'}"
    if clause.op == "==" and rhs is None:
        return f"give {field} a value, or leave it out"
    if clause.op == "type_is":
        return _other_kind(field, [rhs] if isinstance(rhs, str) else rhs)
    return OPERATORS[clause.op].fix.format(field=field, rhs=say_rhs(clause.op, rhs))


def _of_number(subject: str, clause: Clause, accepted: Kwargs) -> Clause:
    """What is false of a field in which the library takes a number is 0: nobody turns a number on."""
    if clause.op != "falsy" or not parse(subject).is_field:
        return clause
    return Clause("==", 0) if type(read_path(accepted, subject)) in (int, float) else clause


def _like(subject: str, clause: Clause, accepted: Kwargs) -> str:
    """A text that the library took, behind advice that cannot say what to write."""
    value = read_path(accepted, subject) if clause.op in _BY_PATTERN and parse(subject).is_field else None
    return f", such as to {value!r}" if isinstance(value, str) and value.isprintable() and value else ""


_BY_PATTERN: Final = frozenset({"matches", "not_matches"})
_NUMBERS: Final = frozenset({"bool", "int", "float"})
_KINDS: Final = ("bool", "int", "float", "str", "list", "dict")


def _other_kind(field: str, refused: Sequence[str]) -> str:
    left = [kind for kind in _KINDS if kind not in refused]
    if set(left) in (_NUMBERS, _NUMBERS - {"bool"}):
        return f"give {field} as a number"
    if left and len(left) <= 2:
        return f"give {field} as {' or '.join(left)}"
    return f"give {field} as something other than {' or '.join(refused)}"


def _choice(field: str, op: str, members: Any) -> str:
    distinct = _distinct(members)
    if op == "not_in":
        known = [member for member in distinct if member is not None]
        return f"{'set' if len(known) == 1 else 'choose'} {field} {'to' if len(known) == 1 else 'from'} " + ", ".join(
            map(say_value, known)
        )
    if all(member is None or member is False for member in distinct):
        return f"turn {field} on" if False in distinct else f"set {field}"
    return f"set {field} to something other than {' or '.join(map(say_value, distinct))}"


def _distinct(members: Sequence[Any]) -> list[Any]:
    """The members without repetition, where 1 is True as it is for Python; hashed, as there may be many."""
    found: dict[Any, Any] = {}
    for member in members:
        try:
            found.setdefault(member, member)
        except TypeError:
            found.setdefault((_distinct, repr(member)), member)
    return list(found.values())
