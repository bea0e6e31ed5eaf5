"""Builtin functions on symbolic values."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, final

from miners.logic.formulas import TRUE, Formula, all_of, any_of, atom, negate, none_of
from miners.static.attributes import Attributes
from miners.static.elements import Elements
from miners.static.functions import ModuleFunctions
from miners.static.known import Known
from miners.static.limits import MOST_UNROLLED
from miners.static.nested_models import is_model
from miners.static.parts import Evaluates, Meaning
from miners.static.state import State
from miners.static.trace import Trace
from miners.symbolic.cases import choose, map_cases
from miners.symbolic.kinds import instance_of, type_names_of
from miners.symbolic.neighbours import is_paired, with_neighbours
from miners.symbolic.opacity import CLASS_GIVEN, EXTREME
from miners.symbolic.templates import template_of
from miners.symbolic.terms import (
    NONE,
    Bool,
    Choice,
    ClassTerm,
    Computed,
    Const,
    Count,
    Entry,
    Field,
    Instance,
    Items,
    ModuleTerm,
    Selected,
    Super,
    Table,
    Term,
    Text,
    TypeOf,
    Unknown,
    elements_of,
    in_any_order,
    operand_of,
    subject_of,
)
from miners.symbolic.texts import FirstPiece, PieceCount, Pieces, TextLength
from miners.symbolic.truth import truth
from pytest_llem_invariants.engines.words import names_in


@final
@dataclass(frozen=True, slots=True, eq=False)
class Builtins:
    """The results of builtin functions."""

    known: Known
    trace: Trace
    values: Evaluates
    attributes: Attributes
    elements: Elements
    module_functions: ModuleFunctions

    def _len(self, node: ast.Call, state: State) -> Term:
        return map_cases(self.values.term(node.args[0], state), lambda term: self._length(in_any_order(term), node))

    def _length(self, term: Term, node: ast.Call) -> Term:
        match term:
            case Items(items=items):
                return Const(len(items))
            case Table(entries=entries):
                return Count(tuple(guard for _, guard, _ in entries))
            case Const(value=value) if hasattr(value, "__len__"):
                return Const(len(value))
            case Selected(exists=exists):
                return Count((exists,))
            case Pieces():
                return PieceCount(term)
            case FirstPiece():
                return term.length
            case Field(path=path) if path in self.trace.text_elements:
                return TextLength(path)
            case Field() | Computed() if not (subject_of(term) or "").startswith("each("):
                return Computed(f"len({subject_of(term)})")
            case _:
                return term if isinstance(term, Unknown) else self.trace.unknown(node, "length")

    def _isinstance(self, node: ast.Call, state: State) -> Term:
        subject, kind = (self.values.term(argument, state) for argument in node.args)
        return Bool(self._instance(subject, kind, node))

    def _instance(self, subject: Term, kind: Term, node: ast.Call) -> Formula:
        model = is_model(self.known, subject, type_names_of(kind) or ())
        if model is not None:
            return model
        return instance_of(subject, kind, ast.unparse(node), self.trace.place(node))

    def _issubclass(self, node: ast.Call, state: State) -> Term:
        """No file can hold a class; if the config gives one, no predicate can describe it."""
        term = self.values.term(node.args[0], state)
        if isinstance(term, Unknown):
            return Unknown(self.trace.unknown(node, "").text, term.place, term.shape)
        given = [value for _, value in term.cases] if isinstance(term, Choice) else [term]
        is_given = any(subject_of(value) is not None for value in given)
        return self.trace.unknown(node, CLASS_GIVEN if is_given else "issubclass")

    def _callable(self, node: ast.Call, state: State) -> Term:
        subject = subject_of(self.values.term(node.args[0], state))
        return self.trace.unknown(node, "callable") if subject is None else Bool(atom(subject, "type_is", "callable"))

    def _bool(self, node: ast.Call, state: State) -> Term:
        return Bool(self.values.condition(node.args[0], state)) if node.args else Const(False)

    def _converted(self, node: ast.Call, state: State, kind: type) -> Term:
        if len(node.args) != 1:
            return self.trace.unknown(node, "conversion")
        term = self.values.term(node.args[0], state)
        if isinstance(term, Const):
            try:
                return Const(kind(term.value))
            except Exception:
                return self.trace.unknown(node, "conversion")
        if isinstance(term, Bool):
            return Count((term.formula,))
        fact = self.known.fact(term.path) if isinstance(term, Field) else None
        numeric = isinstance(term, Computed) or (
            fact is not None and set(fact.types) <= {"int", "float", "none"} and fact.types
        )
        if numeric and (kind is float or fact is None or "float" not in fact.types):
            return term
        return term if isinstance(term, Unknown) else self.trace.unknown(node, "conversion")

    def _int(self, node: ast.Call, state: State) -> Term:
        return self._converted(node, state, int)

    def _float(self, node: ast.Call, state: State) -> Term:
        return self._converted(node, state, float)

    def _str(self, node: ast.Call, state: State) -> Term:
        if not node.args:
            return Const("")
        term = self.values.term(node.args[0], state)
        fact = self.known.fact(term.path) if isinstance(term, Field) else None
        if fact is not None and fact.types in (("str",), ("str", "none")):
            return term
        return Text(template_of(term, ast.unparse(node.args[0])))

    def _collected(self, node: ast.Call, state: State) -> Term:
        """`list(x)`, `tuple(x)`: the same elements in their order."""
        if not node.args:
            return Items(())
        if isinstance(node.args[0], ast.GeneratorExp):
            return self.elements.comprehension(node.args[0], state)
        term = self.values.term(node.args[0], state)
        known = elements_of(term, MOST_UNROLLED)
        return Items(tuple(known)) if known is not None and not isinstance(term, Table) else term

    def _reordered(self, node: ast.Call, state: State) -> Term:
        """`sorted(x)`, `reversed(x)`: the same elements in another order, which is known for constants only."""
        return map_cases(self._collected(node, state), lambda term: self._in_new_order(node, in_any_order(term)))

    def _in_new_order(self, node: ast.Call, term: Term) -> Term:
        known = elements_of(term, MOST_UNROLLED) if not isinstance(term, Table) else None
        if known is not None and ast.unparse(node.func) == "reversed":
            return Items(tuple(reversed(known)))
        constants = [item.value for item in known or () if isinstance(item, Const)]
        if known is not None and not node.keywords and len(constants) == len(known):
            with suppress(TypeError):  # a collection without an order
                return Items(tuple(Const(value) for value in sorted(constants)))
        if isinstance(term, Unknown):
            return term
        unknown = self.trace.unknown(node, "another order")
        return unknown if known is not None else replace(unknown, reordered=term)

    def _set(self, node: ast.Call, state: State) -> Term:
        term = in_any_order(self._collected(node, state))
        subject = subject_of(term)
        return Computed(f"distinct({subject})") if subject is not None and "(" not in subject else term

    def _dict(self, node: ast.Call, state: State) -> Term:
        if not node.args:
            table = Table()
            for keyword in node.keywords:
                if keyword.arg is None:
                    return self.trace.unknown(node, "dict display with an unknown part")
                table.entries.append((Const(keyword.arg), TRUE, self.values.term(keyword.value, state)))
            return table
        return self.values.term(node.args[0], state)

    def _range(self, node: ast.Call, state: State) -> Term:
        bounds = [self.values.term(argument, state) for argument in node.args]
        if all(isinstance(bound, Const) and isinstance(bound.value, int) for bound in bounds):
            return Const(range(*(bound.value for bound in bounds if isinstance(bound, Const))))
        return self.trace.unknown(node, "range")

    def _enumerate(self, node: ast.Call, state: State) -> Term:
        term = self.values.term(node.args[0], state)
        known = elements_of(term, MOST_UNROLLED)
        if known is not None:
            return Items(tuple(Items((Const(i), item), tuple) for i, item in enumerate(known)))
        return (
            Items((self.trace.unknown(node, "index"), term), tuple)
            if subject_of(term) is not None
            else self.trace.unknown(node, "enumerate")
        )

    def _zip(self, node: ast.Call, state: State) -> Term:
        if len(node.args) == 2 and is_paired(*node.args):
            return self.module_functions.neighbours(node, state)
        terms = [self.values.term(argument, state) for argument in node.args]
        if len(terms) == 2 and all(subject_of(term) is not None for term in terms):
            return Items(tuple(terms), tuple)
        known = [elements_of(term, MOST_UNROLLED) for term in terms]
        if all(one is not None for one in known):
            rows = zip(*(one for one in known if one is not None), strict=False)
            return Items(tuple(Items(tuple(row), tuple) for row in rows))
        return self.trace.unknown(node, "zip")

    def _any(self, node: ast.Call, state: State) -> Term:
        return self._quantified(node, state, exists=True)

    def _all(self, node: ast.Call, state: State) -> Term:
        return self._quantified(node, state, exists=False)

    def _quantified(self, node: ast.Call, state: State, *, exists: bool) -> Term:
        (argument,) = node.args
        sign = (lambda formula: formula) if exists else negate
        if isinstance(argument, (ast.GeneratorExp, ast.ListComp, ast.SetComp)):
            if len(argument.generators) != 1:
                return self.trace.unknown(node, "nested comprehension")
            argument = with_neighbours(argument)
            generator = argument.generators[0]
            inner = state.entered(dict(state.env))

            def question(within: State) -> Formula:
                kept = all_of(self.values.condition(test, within) for test in generator.ifs)
                return all_of((kept, sign(self.values.condition(argument.elt, within))))

            collection = self.values.term(generator.iter, state)
            found: Term = self.elements.over_elements(collection, generator.target, inner, generator.iter, question)
        else:
            term = self.values.term(argument, state)
            known = elements_of(term, MOST_UNROLLED)
            if isinstance(term, Table):
                known = [value for _, _, value in term.entries]
            text, place = ast.unparse(node), self.trace.place(node)
            if known is not None:
                found = Selected(any_of(sign(truth(item, text, place)) for item in known))
            elif subject_of(term) is not None:
                found = Selected(
                    sign(atom(f"each({subject_of(term)})", "truthy"))
                    if exists
                    else atom(f"each({subject_of(term)})", "falsy")
                )
            else:
                found = self.trace.unknown(node, "any or all of an unknown collection")
        if not isinstance(found, Selected):
            return found
        return Bool(found.exists if exists else self._for_all(found.exists, node))

    def _for_all(self, counterexample: Formula, node: ast.Call) -> Formula:
        if "each(" not in repr(counterexample):
            return negate(counterexample)
        return none_of(counterexample, ast.unparse(node), self.trace.place(node))

    def _sum(self, node: ast.Call, state: State) -> Term:
        (argument, *_) = node.args
        term = in_any_order(self.values.term(argument, state))
        text, place = ast.unparse(node), self.trace.place(node)
        if isinstance(argument, ast.GeneratorExp) and isinstance(term, Table):
            return Count(tuple(guard for _, guard, _ in term.entries))
        known = elements_of(term, MOST_UNROLLED)
        if known is None:
            subject = subject_of(term)
            return Computed(f"sum({subject})") if subject is not None else self.trace.unknown(node, "sum")
        if all(isinstance(item, Bool) or self._is_flag(item) for item in known):
            return Count(tuple(truth(item, text, place) for item in known))
        operands = [operand_of(item) for item in known]
        if operands and None not in operands:
            return Computed(" + ".join(operand for operand in operands if operand is not None))
        return self.trace.unknown(node, "sum")

    def _is_flag(self, term: Term) -> bool:
        fact = self.known.fact(term.path) if isinstance(term, Field) else None
        return fact is not None and set(fact.types) <= {"bool", "none"} and "bool" in fact.types

    def _extreme(self, node: ast.Call, state: State, name: str) -> Term:
        terms = [self.values.term(argument, state) for argument in node.args if not isinstance(argument, ast.Starred)]
        if len(terms) == 1:
            terms = [in_any_order(terms[0])]
            terms = list(elements_of(terms[0], MOST_UNROLLED) or terms)
        return self._extreme_of(node, terms, name)

    def _extreme_of(self, node: ast.Call, terms: Sequence[Term], name: str) -> Term:
        for index, several in enumerate(terms):
            if isinstance(several, Choice) and not node.keywords:
                return choose(
                    (guard, self._extreme_of(node, (*terms[:index], one, *terms[index + 1 :]), name))
                    for guard, one in several.cases
                )
        operands = [operand_of(term) for term in terms]
        if node.keywords or not operands or None in operands:
            known = next((term for term in terms if isinstance(term, Unknown)), None)
            return known or self.trace.unknown(node, name if len(terms) == 1 else EXTREME)
        if all(isinstance(term, Const) for term in terms) and len(terms) > 1:
            values = [term.value for term in terms if isinstance(term, Const)]
            return Const(max(values) if name == "max" else min(values))
        return Computed(f"{name}({', '.join(operand for operand in operands if operand is not None)})")

    def _max(self, node: ast.Call, state: State) -> Term:
        return self._extreme(node, state, "max")

    def _min(self, node: ast.Call, state: State) -> Term:
        return self._extreme(node, state, "min")

    def _abs(self, node: ast.Call, state: State) -> Term:
        subject = subject_of(self.values.term(node.args[0], state))
        return self.trace.unknown(node, "abs") if subject is None else Computed(f"abs({subject})")

    def _type(self, node: ast.Call, state: State) -> Term:
        return (
            TypeOf(self.values.term(node.args[0], state)) if len(node.args) == 1 else self.trace.unknown(node, "type")
        )

    def _getattr(self, node: ast.Call, state: State) -> Term:
        owner, name = self.values.term(node.args[0], state), self.values.term(node.args[1], state)
        if isinstance(owner, Unknown):
            return Unknown(self.trace.unknown(node, "").text, owner.place, owner.shape)
        if not isinstance(name, Const) or not isinstance(name.value, str):
            named = self._named_in(owner.name.name, name, node, state) if isinstance(owner, ModuleTerm) else None
            return named or self.trace.unknown(node, "getattr of an unknown name")
        default = self.values.term(node.args[2], state) if len(node.args) > 2 else None
        found = map_cases(owner, lambda one: self.attributes.attribute(one, name.value, node, state))
        if default is not None and isinstance(found, Unknown) and isinstance(owner, Instance):
            return default
        return found

    def _named_in(self, module: str, name: Term, node: ast.Call, state: State) -> Entry | None:
        """The constant of a module that a text names (`getattr(torch, dtype)`); a text without one raises."""
        subject, home = subject_of(name), sys.modules.get(module)
        names = () if subject is None or home is None or len(node.args) > 2 else names_in(home)
        if subject is None or home is None or not names:
            return None
        guard = all_of((state.guard, atom(subject, "not_in", list(names))))
        template = f"module '{module}' has no attribute '{{{subject}}}'"
        self.trace.may_raise(node, guard, "AttributeError", template)
        return Entry(subject, tuple((one, vars(home)[one]) for one in names))

    def _hasattr(self, node: ast.Call, state: State) -> Term:
        owner, name = self.values.term(node.args[0], state), self.values.term(node.args[1], state)
        if isinstance(owner, Unknown):
            return Unknown(self.trace.unknown(node, "").text, owner.place, owner.shape)
        if not isinstance(owner, Instance) or not isinstance(name, Const):
            return self.trace.unknown(node, "hasattr")
        path = f"{owner.prefix}{name.value}"
        if (
            path in state.fields
            or self.known.fact(path)
            or self.known.reader.attribute(owner.cls, str(name.value)) is not None
        ):
            return Const(True)
        if self.known.facts.accepts_extra and not owner.prefix:
            return Bool(atom(path, "present"))
        return Const(False)

    def _super(self, node: ast.Call, state: State) -> Term:
        owner = state.env.get("__class__")
        instance = state.env.get("__self__")
        if isinstance(owner, ClassTerm) and instance is not None:
            return Super(instance, owner.cls)
        return self.trace.unknown(node, "super")

    def _vars(self, node: ast.Call, state: State) -> Term:
        return self.trace.unknown(node, "vars")

    def _setattr(self, node: ast.Call, state: State) -> Term:
        owner, name = self.values.term(node.args[0], state), self.values.term(node.args[1], state)
        if isinstance(owner, Instance) and isinstance(name, Const):
            state.fields[f"{owner.prefix}{name.value}"] = self.values.term(node.args[2], state)
        return NONE

    def find(self, name: str) -> Meaning | None:
        """The result of the builtin with that name; None if it is not implemented here."""
        found = _BUILTINS.get(name)
        return None if found is None else partial(found, self)


_BUILTINS: Final[dict[str, Callable[[Builtins, ast.Call, State], Term]]] = {
    "len": Builtins._len,
    "isinstance": Builtins._isinstance,
    "issubclass": Builtins._issubclass,
    "callable": Builtins._callable,
    "bool": Builtins._bool,
    "int": Builtins._int,
    "float": Builtins._float,
    "str": Builtins._str,
    "set": Builtins._set,
    "dict": Builtins._dict,
    "range": Builtins._range,
    "enumerate": Builtins._enumerate,
    "zip": Builtins._zip,
    "any": Builtins._any,
    "all": Builtins._all,
    "sum": Builtins._sum,
    "max": Builtins._max,
    "min": Builtins._min,
    "abs": Builtins._abs,
    "type": Builtins._type,
    "getattr": Builtins._getattr,
    "hasattr": Builtins._hasattr,
    "super": Builtins._super,
    "vars": Builtins._vars,
    "setattr": Builtins._setattr,
    "repr": Builtins._str,
    "list": Builtins._collected,
    "tuple": Builtins._collected,
    "iter": Builtins._collected,
    "sorted": Builtins._reordered,
    "reversed": Builtins._reordered,
    "frozenset": Builtins._set,
}
