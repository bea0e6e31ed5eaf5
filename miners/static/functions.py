"""Functions of modules by what they mean."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any, Final

from miners.code.definitions import literal_members
from miners.logic.formulas import FALSE, TRUE, Formula, all_of, atom
from miners.static.elements import Elements
from miners.static.state import State
from miners.symbolic.cases import map_cases, over_cases
from miners.symbolic.neighbours import PAIRED, Pairs
from miners.symbolic.patterns import WRAPS, match_or_none, pattern_of
from miners.symbolic.terms import Bool, Built, Computed, Const, Field, Instance, Table, Term, Unknown, subject_of
from miners.symbolic.truth import truth


def _finite(calls: Elements, node: ast.Call, state: State) -> Term:
    def question(term: Term) -> Formula:
        subject = subject_of(term)
        if subject is None:
            return _of_test(term, math.isfinite, calls, node)
        return all_of((atom(subject, ">", -math.inf), atom(subject, "<", math.inf)))

    return Bool(over_cases(calls.term(node.args[0], state), question))


def _infinite(calls: Elements, node: ast.Call, state: State) -> Term:
    subject = subject_of(calls.term(node.args[0], state))
    return calls.unknown(node, "isinf") if subject is None else Bool(atom(subject, "in", [math.inf, -math.inf]))


def _nan(calls: Elements, node: ast.Call, state: State) -> Term:
    subject = subject_of(calls.term(node.args[0], state))
    return calls.unknown(node, "isnan") if subject is None else Bool(atom(subject, "!=", f"@{subject}"))


def _of_test(term: Term, test: Callable[[Any], bool], calls: Elements, node: ast.Call) -> Formula:
    if isinstance(term, Const) and isinstance(term.value, (int, float)):
        return TRUE if test(term.value) else FALSE
    return truth(calls.unknown(node, "test of an unknown value"), ast.unparse(node), calls.place(node))


def _matched(how: str) -> Callable[[Elements, ast.Call, State], Term]:
    def call(calls: Elements, node: ast.Call, state: State) -> Term:
        pattern, *rest = (calls.term(argument, state) for argument in node.args)
        subject, text = subject_of(rest[0]) if rest else None, pattern_of(pattern)
        if subject is None or text is None:
            return calls.unknown(node, "regular expression")
        return match_or_none(subject, text, how)

    return call


def _deduplicated(calls: Elements, node: ast.Call, state: State) -> Term:
    term = calls.term(node.args[0], state)
    subject = subject_of(term)
    return term if subject is None else Computed(f"distinct({subject})")


def _literal_arguments(calls: Elements, node: ast.Call, state: State) -> Term:
    term = calls.term(node.args[0], state)
    members = literal_members(term.value) if isinstance(term, Const) else None
    return calls.unknown(node, "get_args") if members is None else Const(members)


def neighbours(calls: Elements, node: ast.Call, state: State) -> Term:
    def paired(term: Term) -> Term:
        subject = subject_of(term)
        return calls.unknown(node, "neighbours") if subject is None else Pairs(subject)

    return map_cases(calls.term(node.args[0], state), paired)


def _as_mapping(calls: Elements, node: ast.Call, state: State) -> Term:
    """The fields of an object by their names, each as the object holds it."""

    def fields(term: Term) -> Term:
        owner = calls.instance_at(term.path) if isinstance(term, Field) else term
        cls = owner.cls if isinstance(owner, (Instance, Built)) else None
        facts = None if cls is None else calls.facts_of(cls)
        if facts is None:
            return term if isinstance(term, Unknown) else calls.unknown(node, "fields of an unknown object")
        return Table([(Const(name), TRUE, calls.attribute(term, name, node, state)) for name in facts.fields])

    return map_cases(calls.term(node.args[0], state), fields)


def _cast(calls: Elements, node: ast.Call, state: State) -> Term:
    return calls.term(node.args[1], state)


def _copied(calls: Elements, node: ast.Call, state: State) -> Term:
    """A copy holds what it is a copy of."""

    def copied(term: Term) -> Term:
        instance = calls.instance_at(term.path) if isinstance(term, Field) else term
        return Built(instance.cls, (), calls.place(node), of=term) if isinstance(instance, Instance) else term

    return map_cases(calls.term(node.args[0], state), copied)


MODULE_FUNCTIONS: Final[dict[str, Callable[[Elements, ast.Call, State], Term]]] = {
    "math.isfinite": _finite,
    "math.isinf": _infinite,
    "math.isnan": _nan,
    **{f"re.{how}": _matched(how) for how in WRAPS},
    "dict.fromkeys": _deduplicated,
    "typing.get_args": _literal_arguments,
    "typing.cast": _cast,
    "itertools.pairwise": neighbours,
    "dataclasses.asdict": _as_mapping,
    "copy.copy": _copied,
    "copy.deepcopy": _copied,
}


TYPING_FUNCTIONS: Final[dict[str, Callable[[Elements, ast.Call, State], Term]]] = {
    "get_args": _literal_arguments,
    "cast": _cast,
    "asdict": _as_mapping,
    PAIRED: neighbours,
}
