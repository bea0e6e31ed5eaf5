"""Compile a match to a function: the reference meaning of a predicate. It never raises, whatever the value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import reduce
from typing import Any

from pytest_llem_invariants.language.expressions import MISSING, Expression, ExpressionError, Scope, parse, read_path
from pytest_llem_invariants.language.kinds import is_unset
from pytest_llem_invariants.language.operators import ALIASES, BOOL_IS_NUMBER, OPERATORS
from pytest_llem_invariants.model import Clause, Match

Kwargs = Mapping[str, Any]
ClauseTest = Callable[[Any, Scope], bool]


class PredicateError(ValueError):
    """A predicate that cannot be evaluated."""


def names_none(clause: Clause) -> bool:
    """Whether a clause holds for a given None, and not for a missing field."""
    return reference_of(clause.rhs) is None and OPERATORS[clause.op].tells_none(plain_value(clause.rhs))


def canonical_operator(name: str) -> str:
    """The canonical name of an operator; PredicateError lists the operators if it is unknown."""
    op = ALIASES.get(name, name)
    if op not in OPERATORS:
        known = ", ".join(sorted({*OPERATORS, *ALIASES}))
        raise PredicateError(f"unknown operator {name!r}; known are {known}")
    return op


def reference_of(rhs: Any) -> str | None:
    """The expression of an `@` right-hand side; None for a plain value. `@@x` is the plain string `@x`."""
    if isinstance(rhs, str) and rhs.startswith("@") and not rhs.startswith("@@"):
        return rhs[1:]
    return None


def plain_value(rhs: Any) -> Any:
    """A right-hand side without its escape."""
    return rhs[1:] if isinstance(rhs, str) and rhs.startswith("@@") else rhs


def validate_clause(clause: Clause) -> None:
    """Raise PredicateError if the clause cannot be evaluated."""
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
        why = op.refusal(rhs)
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
"""Maps a field as the rule names it to its path from the root of the config."""


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
    """Most subjects are a field of the config: this lookup takes half as long as through `scope`."""
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
