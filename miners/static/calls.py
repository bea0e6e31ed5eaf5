"""Calls: what has a meaning by it, functions of the library by walking into them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any, Final

from miners.code.definitions import ClassSource, literal_members
from miners.logic.formulas import TRUE, Opaque, any_of, atom, negate
from miners.static.builtin_functions import Builtins
from miners.static.evaluate import MOST_UNROLLED
from miners.static.functions import MODULE_FUNCTIONS, TYPING_FUNCTIONS
from miners.static.methods import Methods
from miners.static.state import State
from miners.surface.fields import class_of
from miners.symbolic.cases import choose
from miners.symbolic.constants import plain
from miners.symbolic.opacity import MACHINE, OF_FILES, PATH, RUN_TIME
from miners.symbolic.terms import (
    NONE,
    Bool,
    Built,
    CallableTerm,
    Choice,
    ClassTerm,
    Const,
    Field,
    Given,
    Handler,
    Instance,
    Super,
    Term,
    Unknown,
    depends_on_config,
    elements_of,
    subject_of,
)
from miners.symbolic.texts import TESTS

_SYSTEM: Final = frozenset({"os", "posix", "posixpath", "genericpath", "shutil", "glob", "socket", "importlib", "sys"})
"""Modules whose functions answer for the machine, whatever they are asked."""


def _is_of_the_system(function: Any) -> bool:
    return str(getattr(function, "__module__", "")).partition(".")[0] in _SYSTEM


class Calls(Methods, Builtins):
    """What a call gives."""

    def call(self, node: ast.Call, state: State) -> Term:
        chained = self._context_call(node, state)
        if chained is not None:
            return chained
        if isinstance(node.func, ast.Name) and node.func.id in TYPING_FUNCTIONS:
            return TYPING_FUNCTIONS[node.func.id](self, node, state)
        if isinstance(node.func, ast.Name) and node.func.id not in state.env:
            builtin = getattr(self, f"_builtin_{node.func.id}", None)
            if builtin is not None and self.reader.lookup(self.frame.module, node.func.id) is None:
                found: Term = builtin(node, state)
                return found
        if isinstance(node.func, ast.Attribute):
            if _dotted(node.func) in MODULE_FUNCTIONS:
                return MODULE_FUNCTIONS[_dotted(node.func)](self, node, state)
            owner = self.term(node.func.value, state)
            return self._method(node, node.func, owner, state)
        return self._called(node, self.term(node.func, state), state)

    def _context_call(self, node: ast.Call, state: State) -> Term | None:
        chain = _dotted(node.func)
        if chain in ("os.environ.get", "os.environ.setdefault", "os.getenv") and node.args:
            name = self.term(node.args[0], state)
            return self.context.environment(str(name.value), self.place(node)) if isinstance(name, Const) else None
        root = chain.partition(".")[0]
        if not chain or root in state.env or "." not in chain:
            return None
        return self.context.read(chain, self.place(node))

    # --- functions of the library -----------------------------------------------------------------------------------

    def _called(self, node: ast.Call, target: Term, state: State) -> Term:
        if isinstance(target, Choice):
            return choose((guard, self._called(node, one, state)) for guard, one in target.cases)
        if isinstance(target, CallableTerm):
            args: list[Term] = []
            for argument in node.args:
                if isinstance(argument, ast.Starred):
                    inner = elements_of(self.term(argument.value, state), MOST_UNROLLED)
                    if inner is None:
                        return self.unknown(node, "call with unknown arguments")
                    args.extend(inner)
                else:
                    args.append(self.term(argument, state))
            keywords: dict[str, Term] = {}
            for keyword in node.keywords:
                value = self.term(keyword.value, state)
                if keyword.arg is not None:
                    keywords[keyword.arg] = value
                elif isinstance(value, Given):
                    keywords["**"] = value
            return self.invoke(target, args, keywords, state)
        if isinstance(target, Handler) and node.args:
            return self.term(node.args[0], state)
        given = self._evaluated_arguments(node, state)
        if isinstance(target, Const) and isinstance(target.value, type):
            return self._constructed(node, target.value, state)
        if isinstance(target, ClassTerm):
            return self._built(node, target.cls, state)
        if isinstance(target, Const) and literal_members(target.value) is not None:
            return self.unknown(node, "call of a type")
        of_config = any(depends_on_config(argument) for argument in given)
        if isinstance(target, Unknown) and not (of_config and target.shape == MACHINE):
            return Unknown(self.unknown(node, "").text, self.place(node), target.shape)
        if any(isinstance(argument, Unknown) and argument.shape == RUN_TIME for argument in given):
            return self.unknown(node, RUN_TIME)
        asks_machine = isinstance(target, Const) and (not of_config or _is_of_the_system(target.value))
        return self.unknown(node, MACHINE if asks_machine else "call of an unknown function")

    def _evaluated_arguments(self, node: ast.Call, state: State) -> list[Term]:
        """Also for what happens on the way: a helper among the arguments may raise."""
        arguments = [argument for argument in node.args if not isinstance(argument, ast.Starred)]
        return [self.term(argument, state) for argument in (*arguments, *(k.value for k in node.keywords))]

    def _constructed(self, node: ast.Call, kind: type, state: State) -> Term:
        if issubclass(kind, Enum) and len(node.args) == 1:
            argument = self.term(node.args[0], state)
            if isinstance(argument, Const):
                return self._member(node, kind, argument.value)
            subject = subject_of(argument)
            if subject is not None:
                members = plain([member.value for member in kind])
                known = any_of((atom(subject, "in", members), atom(subject, "type_is", kind.__name__)))
                self.failures.append(negate(known))
                return argument
        if issubclass(kind, PurePath):
            return self.unknown(node, PATH)
        if _is_of_the_system(kind):
            return self.unknown(node, MACHINE)
        return self.unknown(node, "constructed object")

    def _member(self, node: ast.Call, kind: type[Enum], value: Any) -> Term:
        try:
            return Const(kind(value))
        except ValueError:
            return self.unknown(node, "no member of that value")

    def _built(self, node: ast.Call, cls: ClassSource, state: State) -> Term:
        if not any(facts.target == f"{cls.module}:{cls.qualname}" for facts in self.surface.values()):
            return Unknown(f"{cls.name}(…)", self.place(node), "constructed object")
        given = tuple((k.arg, self.term(k.value, state)) for k in node.keywords if k.arg is not None)
        spread = [self.term(k.value, state) for k in node.keywords if k.arg is None]
        whole = not node.args and not spread
        self._need_its_parts(node, cls, dict(given), state)
        return Built(cls, given, self.place(node), whole, spread[0] if len(spread) == 1 and not node.args else None)

    def _need_its_parts(self, node: ast.Call, cls: ClassSource, given: Mapping[str, Term], state: State) -> None:
        """What cannot be built without something of this machine, a model say, needs one for what it is given."""
        inner = next(one for one in self.surface.values() if one.target == f"{cls.module}:{cls.qualname}")
        if not self.context.is_of_run_time(f"{cls.module}.{cls.qualname}"):
            return
        for name in inner.base_kwargs:
            term = given.get(name, NONE)
            cases = term.cases if isinstance(term, Choice) else ((TRUE, term),)
            here = any_of(guard for guard, value in cases if self._is_given_here(value))
            needed = Opaque(f"{cls.name}({name}=…) is made", self.place(node), shape=RUN_TIME)
            state.path = (*state.path, any_of((here, needed)))

    def _is_given_here(self, term: Term) -> bool:
        """Whether the value is one that the SSOT gives every object of the class that has the field."""
        if not isinstance(term, Field):
            return False
        parent, _, name = term.path.rpartition(".")
        fact = self.fact(parent) if parent else None
        facts = (None if fact is None else class_of(fact, self.surface)) if parent else self.facts
        return facts is not None and name in facts.base_kwargs

    # --- methods ----------------------------------------------------------------------------------------------------

    def _method(self, node: ast.Call, func: ast.Attribute, owner: Term, state: State) -> Term:
        if isinstance(owner, Choice):
            return choose((guard, self._method(node, func, one, state)) for guard, one in owner.cases)
        name = func.attr
        if isinstance(owner, Unknown) and owner.shape == PATH and name in OF_FILES:
            return self.unknown(node, MACHINE)
        handler = getattr(self, f"_method_{name}", None)
        if handler is not None and not isinstance(owner, (Instance, Super, ClassTerm)):
            found: Term | None = handler(node, owner, state)
            if found is not None:
                return found
        if name in TESTS and subject_of(owner) is not None:
            return Bool(atom(subject_of(owner) or "", "matches", f"^{TESTS[name]}$"))
        if isinstance(owner, Const) and isinstance(owner.value, (str, tuple, list, dict)):
            return self._known_method(node, owner.value, name, state)
        return self._called(node, self.attribute(owner, name, func, state), state)

    def _known_method(self, node: ast.Call, value: Any, name: str, state: State) -> Term:
        args = [self.term(argument, state) for argument in node.args]
        if any(isinstance(argument, Unknown) and argument.shape == RUN_TIME for argument in args):
            return self.unknown(node, RUN_TIME)
        if node.keywords or not all(isinstance(argument, Const) for argument in args):
            return self.unknown(node, "method of a constant")
        try:
            return Const(getattr(value, name)(*(argument.value for argument in args if isinstance(argument, Const))))
        except Exception:  # the call may do anything with what it is given
            return self.unknown(node, "method of a constant")


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
