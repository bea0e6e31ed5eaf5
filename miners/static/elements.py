"""Elements of collections: one by one if they are known, else as the condition that an element exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, final

from miners.logic.formulas import FALSE, TRUE, And, Atom, Formula, Opaque, Or, all_of, any_of, atom, can_be_nan, is_nan
from miners.static.known import Known
from miners.static.limits import MOST_UNROLLED
from miners.static.parts import Evaluates
from miners.static.state import State
from miners.static.trace import Trace
from miners.symbolic.neighbours import Neighbour, Pairs, with_neighbours
from miners.symbolic.terms import (
    Choice,
    Const,
    Field,
    Items,
    Selected,
    Table,
    Term,
    Unknown,
    elements_of,
    in_any_order,
    subject_of,
)
from miners.symbolic.texts import Pieces
from pytest_llem_invariants.language.expressions import ExpressionError, opens_elements, parse
from pytest_llem_invariants.language.operators import MIRROR
from pytest_llem_invariants.language.predicates import reference_of
from pytest_llem_invariants.model import Clause

_PAIR: Final = 2


@final
@dataclass(frozen=True, slots=True, eq=False)
class Elements:
    """Comprehensions and loops over collections."""

    known: Known
    trace: Trace
    values: Evaluates

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, state: State) -> Term:
        """The elements that a comprehension keeps, one by one or as the condition that one exists."""
        if len(node.generators) != 1:
            return self.trace.unknown(node, "nested comprehension")
        node = with_neighbours(node)
        generator = node.generators[0]
        collection = in_any_order(self.values.term(generator.iter, state))
        inner = state.entered(dict(state.env))
        known = elements_of(collection, MOST_UNROLLED)
        if known is not None:
            return self._known_comprehension(node, generator, known, inner)
        return self.over_elements(
            collection,
            generator.target,
            inner,
            generator.iter,
            lambda s: all_of(self.values.condition(c, s) for c in generator.ifs),
        )

    def _known_comprehension(
        self,
        node: ast.ListComp | ast.SetComp | ast.GeneratorExp,
        generator: ast.comprehension,
        known: Any,
        inner: State,
    ) -> Term:
        items: list[tuple[Formula, Term]] = []
        for element in known:
            self.bind(generator.target, element, inner)
            keeps = all_of(self.values.condition(test, inner) for test in generator.ifs)
            if keeps != FALSE:
                items.append((keeps, self.values.term(node.elt, inner)))
        if all(keeps == TRUE for keeps, _ in items):
            return Items(tuple(term for _, term in items))
        table = Table()
        table.entries.extend((Const(index), keeps, term) for index, (keeps, term) in enumerate(items))
        return table

    def over_elements(
        self, collection: Term, target: ast.expr, inner: State, node: ast.expr, question: Any
    ) -> Selected | Unknown:
        """The condition that some element of a field satisfies a question."""
        if isinstance(collection, Choice):
            answers = [
                (guard, self.over_elements(value, target, inner, node, question)) for guard, value in collection.cases
            ]
            exists = [
                all_of(
                    (
                        guard,
                        answer.exists
                        if isinstance(answer, Selected)
                        else Opaque(answer.text, answer.place, shape=answer.shape),
                    )
                )
                for guard, answer in answers
            ]
            return Selected(any_of(exists))
        if isinstance(collection, Selected):
            return self.trace.unknown(node, "elements of a selection")
        known = elements_of(collection, MOST_UNROLLED)
        if known is not None:
            found = []
            for element in known:
                self.bind(target, element, inner)
                found.append(question(inner))
            return Selected(any_of(found))
        if isinstance(collection, Pieces) and isinstance(target, ast.Name):
            piece = self._stand_in(target.id, inner)
            said = collection.some(question(inner), piece)
            return self.trace.unknown(node, "question about pieces") if said is None else Selected(said)
        opened = self.open_element(collection, target, inner)
        if opened is None:
            if isinstance(collection, Unknown):
                return Unknown(collection.text, collection.place, collection.shape)
            return self.trace.unknown(node, f"elements of {type(collection).__name__.lower()}")
        formula = question(inner)
        if formula == TRUE:
            return Selected(_not_empty(opened))
        return Selected(any_of((close_elements(formula, opened), _of_letters(formula, opened))))

    def open_element(self, collection: Term, target: ast.expr, state: State) -> dict[str, str] | None:
        """Bind a loop's target to a stand-in for an element; returns each stand-in with the subject it represents."""
        if isinstance(collection, Pairs) and isinstance(target, ast.Tuple) and len(target.elts) == _PAIR:
            step = self.trace.new_stand_in()
            for element, later in zip(target.elts, (False, True), strict=True):
                self.bind(element, Neighbour(step, later), state)
            return {step: f"each(steps({collection.subject}))"}
        subject = subject_of(collection)
        if subject is not None:
            if not isinstance(target, ast.Name):
                return None
            name = self._stand_in(target.id, state)
            fact = self.known.fact(collection.path) if isinstance(collection, Field) else None
            if fact is not None and fact.element_types == ("str",):
                self.trace.text_elements.add(name)
            return {name: f"each({subject})"}
        if isinstance(collection, Items) and len(collection.items) == 2 and isinstance(target, ast.Tuple):
            # the pairs of `.items()`, `enumerate` and `zip`, marked by their kind
            opened: dict[str, str] = {}
            for element, part in zip(target.elts, collection.items, strict=False):
                inner = subject_of(part)
                if isinstance(element, ast.Name) and inner is not None:
                    opened[self._stand_in(element.id, state)] = f"each({inner})"
                else:
                    self.bind(element, self.trace.unknown(target, "loop variable"), state)
            return opened
        return None

    def _stand_in(self, name: str, state: State) -> str:
        found = self.trace.new_stand_in()
        state.env[name] = Field(found)
        return found

    def bind(self, target: ast.expr, value: Term, state: State) -> None:
        """Assign a value to a local, or to several by unpacking."""
        match target:
            case ast.Name(id=name):
                state.env[name] = value
            case ast.Tuple(elts=elts) | ast.List(elts=elts):
                parts = elements_of(value, MOST_UNROLLED) if not isinstance(value, Table) else None
                if parts is None and isinstance(value, Const) and isinstance(value.value, (tuple, list)):
                    parts = [Const(part) for part in value.value]
                if parts is not None and len(parts) == len(elts):
                    for element, part in zip(elts, parts, strict=True):
                        self.bind(element, part, state)
                else:
                    part = value if isinstance(value, Unknown) else self.trace.unknown(target, "unpacking")
                    for element in elts:
                        self.bind(element, part, state)
            case ast.Starred(value=inner):
                self.bind(inner, self.trace.unknown(target, "unpacking"), state)
            case _:
                pass


def _of_letters(formula: Formula, opened: Mapping[str, str]) -> Formula:
    """The same of a text, whose elements are its letters: whether it has one of some."""
    if not isinstance(formula, Atom) or formula.subject not in opened or formula.clause.op not in ("in", "=="):
        return FALSE
    collection = opened[formula.subject][5:-1]
    letters = formula.clause.rhs if formula.clause.op == "in" else [formula.clause.rhs]
    if "(" in collection or not all(isinstance(one, str) and len(one) == 1 for one in letters):
        return FALSE
    return atom(collection, "matches", f"[{''.join(map(_escaped, letters))}]")


def _escaped(letter: str) -> str:
    return re.escape(letter) if letter.isprintable() else f"\\x{ord(letter):02x}"


def close_elements(formula: Formula, opened: Mapping[str, str]) -> Formula:
    """Replace stand-ins for elements; an element inside a larger expression makes the clause opaque."""
    return _closed(formula, tuple(opened.items()))


@lru_cache(maxsize=65536)
def _closed(formula: Formula, opened: tuple[tuple[str, str], ...]) -> Formula:
    """Branches of a condition share most of their parts: each part is rewritten once."""
    match formula:
        case And(parts=parts):
            return all_of(_closed(part, opened) for part in parts)
        case Or(parts=parts):
            return any_of(_closed(part, opened) for part in parts)
        case Atom():
            return _closed_atom(formula, opened)
        case Opaque(dual=dual) if dual is not None:
            return Opaque(formula.text, formula.place, formula.negated, formula.shape, _closed(dual, opened))
        case _:
            return formula


def _closed_atom(found: Atom, opened: Sequence[tuple[str, str]]) -> Formula:
    reference = reference_of(found.clause.rhs)
    subject, op = found.subject, found.clause.op
    for name, element in opened:
        word = re.compile(rf"\b{name}\b")
        if reference is not None and word.search(reference):
            if subject == reference:
                closed = word.sub(element, subject)
                return is_nan(closed) if op == "!=" and can_be_nan(closed) else FALSE
            if op not in MIRROR or word.search(subject) or opens_elements(subject):
                return _inside(found, element, name)
            subject, reference, op = reference, subject, MIRROR[op]
        if word.search(subject):
            subject = word.sub(element, subject)
            if not _is_expression(subject):
                return _inside(found, element, name)
    rhs = found.clause.rhs if reference is None else f"@{reference}"
    return Atom(subject, Clause(op, rhs))


def _is_expression(text: str) -> bool:
    try:
        parse(text)
    except ExpressionError:
        return False
    return True


def _inside(found: Atom, element: str, name: str) -> Opaque:
    text = f"{found.subject} {found.clause.op} {found.clause.rhs!r}".replace(name, element)
    return Opaque(text, "", shape="expression over an element")


def _not_empty(opened: Mapping[str, str]) -> Formula:
    first = next(iter(opened.values()))
    return atom(f"len({first[5:-1]})", ">", 0)
