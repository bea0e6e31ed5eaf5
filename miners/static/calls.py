"""Calls: what has a meaning by it, functions of the library by walking into them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any, final

from miners.code.definitions import dotted_name, literal_members
from miners.logic.formulas import atom
from miners.static.attributes import Attributes
from miners.static.builtin_functions import Builtins
from miners.static.constructions import Constructions, is_of_the_system
from miners.static.functions import ModuleFunctions
from miners.static.known import Known
from miners.static.limits import MOST_UNROLLED
from miners.static.methods import Methods
from miners.static.parts import Evaluates, Invokes
from miners.static.state import State
from miners.static.trace import Trace
from miners.symbolic.cases import choose
from miners.symbolic.opacity import MACHINE, OF_FILES, PATH, RUN_TIME
from miners.symbolic.terms import (
    Bool,
    CallableTerm,
    Choice,
    ClassTerm,
    Const,
    Given,
    Handler,
    Instance,
    Super,
    Term,
    Told,
    Unknown,
    depends_on_config,
    elements_of,
    subject_of,
)
from miners.symbolic.texts import TESTS


@final
@dataclass(frozen=True, slots=True, eq=False)
class Meanings:
    """What has a meaning by its name."""

    builtins: Builtins
    functions: ModuleFunctions
    methods: Methods


@final
@dataclass(frozen=True, slots=True, eq=False)
class Calls:
    """What a call gives."""

    known: Known
    trace: Trace
    values: Evaluates
    functions: Invokes
    attributes: Attributes
    constructions: Constructions
    meanings: Meanings

    def call(self, node: ast.Call, state: State) -> Term:
        chained = self._context_call(node, state)
        if chained is not None:
            return chained
        function = self.meanings.functions.find(dotted_name(node.func))
        if function is not None:
            return function(node, state)
        if isinstance(node.func, ast.Name) and node.func.id not in state.env:
            builtin = self.meanings.builtins.find(node.func.id)
            if builtin is not None and self.known.reader.lookup(self.trace.frame.module, node.func.id) is None:
                return builtin(node, state)
        if isinstance(node.func, ast.Attribute):
            owner = self.values.term(node.func.value, state)
            return self._method(node, node.func, owner, state)
        return self._called(node, self.values.term(node.func, state), state)

    def _context_call(self, node: ast.Call, state: State) -> Term | None:
        chain = dotted_name(node.func)
        if chain in ("os.environ.get", "os.environ.setdefault", "os.getenv") and node.args:
            name = self.values.term(node.args[0], state)
            return (
                self.known.context.environment(str(name.value), self.trace.place(node))
                if isinstance(name, Const)
                else None
            )
        root = chain.partition(".")[0]
        if not chain or root in state.env or "." not in chain:
            return None
        return self.known.context.read(chain, self.trace.place(node))

    def _called(self, node: ast.Call, target: Term, state: State) -> Term:
        if isinstance(target, Choice):
            return choose((guard, self._called(node, one, state)) for guard, one in target.cases)
        if isinstance(target, CallableTerm):
            return self._walked_into(node, target, state)
        if isinstance(target, Handler) and node.args:
            return self.values.term(node.args[0], state)
        given = self._evaluated_arguments(node, state)
        if isinstance(target, Const) and isinstance(target.value, type):
            return self.constructions.of_type(node, target.value, state)
        if isinstance(target, ClassTerm):
            return self.constructions.of_class(node, target.cls, state)
        if isinstance(target, Const) and literal_members(target.value) is not None:
            return self.trace.unknown(node, "call of a type")
        of_config = any(depends_on_config(argument) for argument in given)
        if isinstance(target, Unknown) and not (of_config and target.shape == MACHINE):
            return Unknown(self.trace.unknown(node, "").text, self.trace.place(node), target.shape)
        if any(isinstance(argument, Unknown) and argument.shape == RUN_TIME for argument in given):
            return self.trace.unknown(node, RUN_TIME)
        asks_machine = isinstance(target, Const) and (not of_config or is_of_the_system(target.value))
        return self.trace.unknown(node, MACHINE if asks_machine else "call of an unknown function")

    def _walked_into(self, node: ast.Call, target: CallableTerm, state: State) -> Term:
        args: list[Term] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                inner = elements_of(self.values.term(argument.value, state), MOST_UNROLLED)
                if inner is None:
                    return self.trace.unknown(node, "call with unknown arguments")
                args.extend(inner)
            else:
                args.append(self.values.term(argument, state))
        keywords: dict[str, Term] = {}
        for keyword in node.keywords:
            value = self.values.term(keyword.value, state)
            if keyword.arg is not None:
                keywords[keyword.arg] = value
            elif isinstance(value, Given):
                keywords["**"] = value
        return self.functions.invoke(target, args, keywords, state)

    def _evaluated_arguments(self, node: ast.Call, state: State) -> list[Term]:
        """Also for what happens on the way: a helper among the arguments may raise."""
        arguments = [argument for argument in node.args if not isinstance(argument, ast.Starred)]
        return [self.values.term(argument, state) for argument in (*arguments, *(k.value for k in node.keywords))]

    def _method(self, node: ast.Call, func: ast.Attribute, owner: Term, state: State) -> Term:
        if isinstance(owner, Choice):
            return choose((guard, self._method(node, func, one, state)) for guard, one in owner.cases)
        name = func.attr
        if isinstance(owner, Unknown) and owner.shape == PATH and name in OF_FILES:
            return self.trace.unknown(node, MACHINE)
        told = self.known.context.told_at(f"{owner.name}.{name}()") if isinstance(owner, Told) else None
        if told is not None:
            self._evaluated_arguments(node, state)
            return told
        handler = self.meanings.methods.find(name)
        if handler is not None and not isinstance(owner, (Instance, Super, ClassTerm)):
            found = handler(node, owner, state)
            if found is not None:
                return found
        if name in TESTS and subject_of(owner) is not None:
            return Bool(atom(subject_of(owner) or "", "matches", f"^{TESTS[name]}$"))
        if isinstance(owner, Const) and isinstance(owner.value, (str, tuple, list, dict)):
            return self._known_method(node, owner.value, name, state)
        return self._called(node, self.attributes.attribute(owner, name, func, state), state)

    def _known_method(self, node: ast.Call, value: Any, name: str, state: State) -> Term:
        args = [self.values.term(argument, state) for argument in node.args]
        if any(isinstance(argument, Unknown) and argument.shape == RUN_TIME for argument in args):
            return self.trace.unknown(node, RUN_TIME)
        if node.keywords or not all(isinstance(argument, Const) for argument in args):
            return self.trace.unknown(node, "method of a constant")
        try:
            return Const(getattr(value, name)(*(argument.value for argument in args if isinstance(argument, Const))))
        except Exception:  # the call may do anything with what it is given
            return self.trace.unknown(node, "method of a constant")
