"""Functions of modules on symbolic values."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, final

from miners.code.definitions import literal_members
from miners.logic.formulas import FALSE, TRUE, Formula, all_of, atom
from miners.static.attributes import Attributes
from miners.static.known import Known
from miners.static.parts import Evaluates, Meaning
from miners.static.state import State
from miners.static.trace import Trace
from miners.symbolic.cases import map_cases, over_cases
from miners.symbolic.neighbours import PAIRED, Pairs
from miners.symbolic.patterns import match_or_none, pattern_of
from miners.symbolic.terms import Bool, Built, Computed, Const, Field, Instance, Table, Term, Unknown, subject_of
from miners.symbolic.truth import truth


@final
@dataclass(frozen=True, slots=True, eq=False)
class ModuleFunctions:
    """The results of functions of a module."""

    known: Known
    trace: Trace
    values: Evaluates
    attributes: Attributes

    def find(self, name: str) -> Meaning | None:
        """The result of the function with that name, dotted or imported; None if it is not implemented here."""
        found = _BY_DOTTED_NAME.get(name) if "." in name else _BY_NAME.get(name)
        return None if found is None else partial(found, self)

    def _finite(self, node: ast.Call, state: State) -> Term:
        def question(term: Term) -> Formula:
            subject = subject_of(term)
            if subject is None:
                return self._of_test(term, math.isfinite, node)
            return all_of((atom(subject, ">", -math.inf), atom(subject, "<", math.inf)))

        return Bool(over_cases(self.values.term(node.args[0], state), question))

    def _infinite(self, node: ast.Call, state: State) -> Term:
        subject = subject_of(self.values.term(node.args[0], state))
        return (
            self.trace.unknown(node, "isinf") if subject is None else Bool(atom(subject, "in", [math.inf, -math.inf]))
        )

    def _nan(self, node: ast.Call, state: State) -> Term:
        subject = subject_of(self.values.term(node.args[0], state))
        return self.trace.unknown(node, "isnan") if subject is None else Bool(atom(subject, "!=", f"@{subject}"))

    def _of_test(self, term: Term, test: Callable[[Any], bool], node: ast.Call) -> Formula:
        if isinstance(term, Const) and isinstance(term.value, (int, float)):
            return TRUE if test(term.value) else FALSE
        unknown = self.trace.unknown(node, "test of an unknown value")
        return truth(unknown, ast.unparse(node), self.trace.place(node))

    def _matched(self, node: ast.Call, state: State, *, how: str) -> Term:
        pattern, *rest = (self.values.term(argument, state) for argument in node.args)
        subject, text = subject_of(rest[0]) if rest else None, pattern_of(pattern)
        if subject is None or text is None:
            return self.trace.unknown(node, "regular expression")
        return match_or_none(subject, text, how)

    def _deduplicated(self, node: ast.Call, state: State) -> Term:
        term = self.values.term(node.args[0], state)
        subject = subject_of(term)
        return term if subject is None else Computed(f"distinct({subject})")

    def _literal_arguments(self, node: ast.Call, state: State) -> Term:
        term = self.values.term(node.args[0], state)
        members = literal_members(term.value) if isinstance(term, Const) else None
        return self.trace.unknown(node, "get_args") if members is None else Const(members)

    def neighbours(self, node: ast.Call, state: State) -> Term:
        def paired(term: Term) -> Term:
            subject = subject_of(term)
            return self.trace.unknown(node, "neighbours") if subject is None else Pairs(subject)

        return map_cases(self.values.term(node.args[0], state), paired)

    def _as_mapping(self, node: ast.Call, state: State) -> Term:
        """The fields of an object by name, each with the object's value."""

        def fields(term: Term) -> Term:
            owner = self.known.instance_at(term.path) if isinstance(term, Field) else term
            cls = owner.cls if isinstance(owner, (Instance, Built)) else None
            facts = None if cls is None else self.known.facts_of(cls)
            if facts is None:
                return term if isinstance(term, Unknown) else self.trace.unknown(node, "fields of an unknown object")
            return Table(
                [(Const(name), TRUE, self.attributes.attribute(term, name, node, state)) for name in facts.fields]
            )

        return map_cases(self.values.term(node.args[0], state), fields)

    def _cast(self, node: ast.Call, state: State) -> Term:
        return self.values.term(node.args[1], state)

    def _copied(self, node: ast.Call, state: State) -> Term:
        """A copy has the values of its original."""

        def copied(term: Term) -> Term:
            instance = self.known.instance_at(term.path) if isinstance(term, Field) else term
            return Built(instance.cls, (), self.trace.place(node), of=term) if isinstance(instance, Instance) else term

        return map_cases(self.values.term(node.args[0], state), copied)


_BY_DOTTED_NAME: Final[dict[str, Callable[[ModuleFunctions, ast.Call, State], Term]]] = {
    "math.isfinite": ModuleFunctions._finite,
    "math.isinf": ModuleFunctions._infinite,
    "math.isnan": ModuleFunctions._nan,
    "re.match": partial(ModuleFunctions._matched, how="match"),
    "re.fullmatch": partial(ModuleFunctions._matched, how="fullmatch"),
    "re.search": partial(ModuleFunctions._matched, how="search"),
    "dict.fromkeys": ModuleFunctions._deduplicated,
    "typing.get_args": ModuleFunctions._literal_arguments,
    "typing.cast": ModuleFunctions._cast,
    "itertools.pairwise": ModuleFunctions.neighbours,
    "dataclasses.asdict": ModuleFunctions._as_mapping,
    "copy.copy": ModuleFunctions._copied,
    "copy.deepcopy": ModuleFunctions._copied,
}
_BY_NAME: Final[dict[str, Callable[[ModuleFunctions, ast.Call, State], Term]]] = {
    "get_args": ModuleFunctions._literal_arguments,
    "cast": ModuleFunctions._cast,
    "asdict": ModuleFunctions._as_mapping,
    PAIRED: ModuleFunctions.neighbours,
}
