"""The operators of the corpus format, and a match compiled to a function.

These functions are the reference meaning of a predicate. None of them raises, whatever the value: a value of
a kind that an operator cannot judge does not satisfy it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from typing import Any, Final

from pytest_llem_invariants.language.expressions import (
    MISSING,
    Expression,
    ExpressionError,
    Scope,
    is_number,
    parse,
    read_path,
)
from pytest_llem_invariants.language.patterns import NonLinearError, compiled, is_found
from pytest_llem_invariants.model import Clause, Match, TypedValue

Kwargs = Mapping[str, Any]
Test = Callable[[Any, Any], bool]
ClauseTest = Callable[[Any, Scope], bool]
BOOL_IS_NUMBER: Final = "bool_is_number"
_PLAIN: Final = frozenset({type(None), bool, int, float, str})


class PredicateError(ValueError):
    """A predicate that cannot be evaluated."""


def is_unset(value: Any) -> bool:
    return value is None or value is MISSING


def same(left: Any, right: Any) -> bool:
    """Equality as the format has it: Python's, but `True` is not 1, and a tuple equals the list YAML makes of it."""
    one, other = type(left), type(right)
    if one in _PLAIN and other in _PLAIN:
        return bool(left == right) if one is other or bool not in (one, other) else False
    try:
        return _same(left, right)
    except Exception:  # a foreign object may raise anything, a list that holds itself has no end
        return False


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, Enum) is not isinstance(right, Enum):
        return _same(left.value if isinstance(left, Enum) else left, right.value if isinstance(right, Enum) else right)
    if isinstance(left, TypedValue) or isinstance(right, TypedValue):
        if not (isinstance(left, TypedValue) and isinstance(right, TypedValue)):
            return False
        return left.type == right.type and _same(left.kwargs, right.kwargs)
    if isinstance(left, bool) or isinstance(right, bool):
        return isinstance(left, bool) and isinstance(right, bool) and left == right
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(_same(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    return bool(left == right)


def _set_or_spelled_out(value: Any, rhs: Any) -> bool:
    return rhs is None if is_unset(value) else same(value, rhs)


def _differs(value: Any, rhs: Any) -> bool:
    return not is_unset(value) and not same(value, rhs)


def _is_in(value: Any, rhs: Any) -> bool:
    return isinstance(rhs, Collection) and any(_set_or_spelled_out(value, member) for member in rhs)


def _is_not_in(value: Any, rhs: Any) -> bool:
    return isinstance(rhs, Collection) and not is_unset(value) and not any(same(value, member) for member in rhs)


def _ordered(compare: Callable[[Any, Any], bool]) -> Test:
    def test(value: Any, rhs: Any) -> bool:
        if (is_number(value) and is_number(rhs)) or (isinstance(value, str) and isinstance(rhs, str)):
            return compare(value, rhs)
        return False

    return test


def _divides(value: Any, rhs: Any) -> bool | None:
    """Whether rhs divides value; None where the question makes no sense."""
    if not is_number(value) or not is_number(rhs) or rhs == 0:
        return None
    try:
        return bool(value % rhs == 0)
    except (ArithmeticError, ValueError):
        return None


def _length(value: Any) -> int | None:
    return len(value) if isinstance(value, Collection) else None


_KINDS: Final[dict[type, str]] = {
    type(None): "none",
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    bytes: "bytes",
    list: "list",
    tuple: "tuple",
    dict: "dict",
    set: "set",
    frozenset: "frozenset",
}


_KIND_NAMES: Final[dict[type, frozenset[str]]] = {kind: frozenset({name}) for kind, name in _KINDS.items()}


def type_names(value: Any) -> frozenset[str]:
    """The names under which `type_is` knows a value. A bool is not an int here; a subclass answers to its bases."""
    if isinstance(value, TypedValue):
        return frozenset({value.type, value.type.rpartition(".")[2]})
    exact = _KIND_NAMES.get(type(value))
    if exact is not None:
        return exact
    names = {_KINDS.get(base, base.__name__) for base in type(value).__mro__ if base is not object}
    if isinstance(value, type):
        names.add("type")
    if callable(value):
        names.add("callable")
    return frozenset(names)


def _at_least_long(value: Any, count: Any) -> bool:
    size = _length(value)
    return size is not None and size >= count


def _at_most_long(value: Any, count: Any) -> bool:
    size = _length(value)
    return size is not None and size <= count


def _as_names(rhs: Any) -> Collection[str]:
    return (rhs,) if isinstance(rhs, str) else rhs


def names_none(clause: Clause) -> bool:
    """Whether a clause holds for a None that is given, and not for a field that is left out."""
    return clause.op == "type_is" and "none" in _as_names(clause.rhs)


def _type_is(value: Any, rhs: Any) -> bool:
    """A given None is of type none: no other operator tells it from a field that is not given."""
    return value is not MISSING and not type_names(value).isdisjoint(_as_names(rhs))


def _type_is_not(value: Any, rhs: Any) -> bool:
    return not is_unset(value) and type_names(value).isdisjoint(_as_names(rhs))


def _truth(value: Any) -> bool | None:
    if isinstance(value, TypedValue):
        return True
    try:
        return bool(value)
    except Exception:  # an array's truth is ambiguous, a foreign object's may raise
        return None


@dataclass(frozen=True, slots=True)
class Operator:
    """`test` says whether a value satisfies the operator; `accepts` says which right-hand sides can be evaluated."""

    name: str
    test: Test
    accepts: Callable[[Any], bool]
    wants: str
    negation: str | None = None


def _anything(rhs: Any) -> bool:
    return True


def _orderable(rhs: Any) -> bool:
    return is_number(rhs) or isinstance(rhs, str)


def _divisor(rhs: Any) -> bool:
    return is_number(rhs) and rhs != 0


def _members(rhs: Any) -> bool:
    return isinstance(rhs, (list, tuple))


def _flag(rhs: Any) -> bool:
    return isinstance(rhs, bool)


def _true(rhs: Any) -> bool:
    return rhs is True


def _count(rhs: Any) -> bool:
    return isinstance(rhs, int) and not isinstance(rhs, bool) and rhs >= 0


def _kinds(rhs: Any) -> bool:
    names = _as_names(rhs) if isinstance(rhs, (str, list, tuple)) else ()
    return bool(names) and all(isinstance(name, str) and name for name in names)


_PATTERN: Final = "a regular expression that takes linear time"


def _pattern(rhs: Any) -> bool:
    return isinstance(rhs, str) and _why_no_pattern(rhs) is None


def _why_no_pattern(rhs: str) -> str | None:
    try:
        compiled(rhs)
    except NonLinearError as error:
        return str(error)
    return None


def _matches(value: Any, pattern: Any) -> bool:
    return isinstance(value, str) and is_found(pattern, value) is True


def _not_matches(value: Any, pattern: Any) -> bool:
    return isinstance(value, str) and is_found(pattern, value) is False


OPERATORS: Final[Mapping[str, Operator]] = {
    op.name: op
    for op in (
        Operator("==", _set_or_spelled_out, _anything, "any value", "!="),
        Operator("!=", _differs, _anything, "any value", "=="),
        Operator("<", _ordered(lambda a, b: a < b), _orderable, "a number or a string", ">="),
        Operator("<=", _ordered(lambda a, b: a <= b), _orderable, "a number or a string", ">"),
        Operator(">", _ordered(lambda a, b: a > b), _orderable, "a number or a string", "<="),
        Operator(">=", _ordered(lambda a, b: a >= b), _orderable, "a number or a string", "<"),
        Operator("in", _is_in, _members, "a list", "not_in"),
        Operator("not_in", _is_not_in, _members, "a list", "in"),
        Operator("present", lambda v, want: is_unset(v) is not want, _flag, "true or false", "absent"),
        Operator("absent", lambda v, want: is_unset(v) is want, _flag, "true or false", "present"),
        Operator("type_is", _type_is, _kinds, "a type name or a list of them", "type_is_not"),
        Operator("type_is_not", _type_is_not, _kinds, "a type name or a list of them", "type_is"),
        Operator(
            "divisible_by", lambda v, d: _divides(v, d) is True, _divisor, "a number other than 0", "not_divisible_by"
        ),
        Operator(
            "not_divisible_by", lambda v, d: _divides(v, d) is False, _divisor, "a number other than 0", "divisible_by"
        ),
        Operator("min_len", _at_least_long, _count, "a count", None),
        Operator("max_len", _at_most_long, _count, "a count", None),
        Operator("truthy", lambda v, _: not is_unset(v) and _truth(v) is True, _true, "true", "falsy"),
        Operator("falsy", lambda v, _: is_unset(v) or _truth(v) is False, _true, "true", "truthy"),
        Operator("matches", _matches, _pattern, _PATTERN, "not_matches"),
        Operator("not_matches", _not_matches, _pattern, _PATTERN, "matches"),
        Operator(BOOL_IS_NUMBER, lambda v, _: True, _true, "true", None),
    )
}

ALIASES: Final[Mapping[str, str]] = {
    "equals": "==",
    "eq": "==",
    "not_equal": "!=",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "multiple_of": "divisible_by",
}


def canonical_operator(name: str) -> str:
    """The canonical spelling of an operator; PredicateError names the vocabulary where it is unknown."""
    op = ALIASES.get(name, name)
    if op not in OPERATORS:
        known = ", ".join(sorted({*OPERATORS, *ALIASES}))
        raise PredicateError(f"unknown operator {name!r}; known are {known}")
    return op


def reference_of(rhs: Any) -> str | None:
    """The expression behind an `@` right-hand side; None for a plain value. `@@x` is the plain string `@x`."""
    if isinstance(rhs, str) and rhs.startswith("@") and not rhs.startswith("@@"):
        return rhs[1:]
    return None


def plain_value(rhs: Any) -> Any:
    """A right-hand side without its escape."""
    return rhs[1:] if isinstance(rhs, str) and rhs.startswith("@@") else rhs


def validate_clause(clause: Clause) -> None:
    """Raise PredicateError where the clause cannot be evaluated."""
    op = OPERATORS.get(clause.op)
    if op is None:
        raise PredicateError(f"unknown operator {clause.op!r}")
    reference = reference_of(clause.rhs)
    if reference is not None:
        try:
            expression = parse(reference)
        except ExpressionError as error:
            raise PredicateError(f"the reference {clause.rhs!r} is not a field: {error}") from error
        if expression.has_each:
            raise PredicateError("each(…) opens a subject, not a right-hand side")
        return
    rhs = plain_value(clause.rhs)
    if not op.accepts(rhs):
        why = _why_no_pattern(rhs) if op.accepts is _pattern and isinstance(rhs, str) else None
        raise PredicateError(
            f"operator {clause.op!r} wants {op.wants}, not {clause.rhs!r}" + (f": {why}" if why else "")
        )


def referenced_fields(match: Match) -> tuple[str, ...]:
    """Every field that a match reads, subjects first, in order of appearance."""
    names: dict[str, None] = {}
    for subject in match.fields:
        names.update(dict.fromkeys(parse(subject).fields))
    for clauses in match.fields.values():
        for clause in clauses:
            reference = reference_of(clause.rhs)
            if reference is not None:
                names.update(dict.fromkeys(parse(reference).fields))
    return tuple(names)


CompiledMatch = Callable[[Kwargs, Kwargs], bool]
Resolve = Callable[[str], str]
"""From a field as the rule writes it to its path from the root of the config."""


def compile_match(match: Match, *, context_fields: Collection[str] = (), resolve: Resolve = str) -> CompiledMatch:
    """A function of (config, context) that says whether the match triggers. It never raises."""
    defaults = dict(match.defaults)
    paths = {name: resolve(name) for name in referenced_fields(match)}
    from_context = frozenset(name for name in paths if name in context_fields)
    plain = frozenset(
        name for name, path in paths.items() if path == name and name.isidentifier() and name not in from_context
    )
    tests = [(parse(subject), _conjunction(clauses)) for subject, clauses in match.fields.items()]
    of_fields = [
        (expression.text, test, defaults.get(expression.text, MISSING))
        for expression, test in tests
        if expression.is_field and expression.text in plain
    ]
    """Most subjects are a field of the config: to look it up here takes half as long as through `scope`."""
    of_others = [
        (expression, test) for expression, test in tests if not expression.is_field or expression.text not in plain
    ]

    def triggers(config: Kwargs, context: Kwargs) -> bool:
        def scope(name: str) -> Any:
            if name in plain:
                value = config.get(name, MISSING)
            elif name in from_context:
                value = context.get(name, MISSING)
            else:
                value = read_path(config, paths[name])
            return defaults.get(name, MISSING) if value is MISSING else value

        try:
            for name, test, default in of_fields:
                value = config.get(name, MISSING)
                if not test(default if value is MISSING else value, scope):
                    return False
            for expression, test in of_others:
                if expression.is_field:
                    if not test(scope(expression.text), scope):
                        return False
                elif not _some_element(expression, test, scope):
                    return False
            return True
        except Exception:  # a foreign object's methods may raise anything, a nested value may be endless
            return False

    return triggers


def _some_element(expression: Expression, test: ClauseTest, scope: Scope) -> bool:
    if not expression.has_each:
        return test(expression.evaluate(scope), scope)
    return any(test(value, scope) for value in expression.elements(scope))


def _conjunction(clauses: tuple[Clause, ...]) -> ClauseTest:
    tests = [_clause_test(clause) for clause in clauses if clause.op != BOOL_IS_NUMBER]
    counts_bools = any(clause.op == BOOL_IS_NUMBER for clause in clauses)
    every = reduce(_both, tests) if tests else _always
    if not counts_bools:
        return every
    return lambda value, scope: every(int(value) if isinstance(value, bool) else value, scope)


def _both(first: ClauseTest, second: ClauseTest) -> ClauseTest:
    return lambda value, scope: first(value, scope) and second(value, scope)


def _always(value: Any, scope: Scope) -> bool:
    return True


def _clause_test(clause: Clause) -> ClauseTest:
    test = OPERATORS[clause.op].test
    reference = reference_of(clause.rhs)
    if reference is None:
        rhs = plain_value(clause.rhs)
        return lambda value, scope: test(value, rhs)
    expression = parse(reference)

    def against_field(value: Any, scope: Scope) -> bool:
        other = expression.evaluate(scope)
        return not is_unset(other) and test(value, other)

    return against_field


_OPERATORS: Final[Mapping[str, str]] = {
    "==": "is",
    "!=": "not",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
    "in": "in",
    "not_in": "not_in",
    "present": "present",
    "absent": "absent",
    "type_is": "type",
    "type_is_not": "not_type",
    "divisible_by": "divisible_by",
    "not_divisible_by": "not_divisible_by",
    "min_len": "min_len",
    "max_len": "max_len",
    "truthy": "truthy",
    "falsy": "falsy",
    "matches": "matches",
    "not_matches": "not_matches",
}


_PHRASES: Final[Mapping[str, str]] = {
    "==": "is {}",
    "!=": "is not {}",
    "<": "is below {}",
    "<=": "is at most {}",
    ">": "is above {}",
    ">=": "is at least {}",
    "in": "is one of {}",
    "not_in": "is none of {}",
    "type_is": "is of type {}",
    "type_is_not": "is not of type {}",
    "divisible_by": "is divisible by {}",
    "not_divisible_by": "is not divisible by {}",
    "min_len": "has {} or more elements",
    "max_len": "has at most {} elements",
    "matches": "matches {}",
    "not_matches": "does not match {}",
}
