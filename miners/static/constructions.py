"""Objects that the code creates."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any, Final, final

from miners.code.definitions import ClassSource
from miners.logic.formulas import TRUE, Opaque, any_of, atom, negate
from miners.static.known import Known
from miners.static.parts import Evaluates
from miners.static.state import State
from miners.static.trace import Trace
from miners.symbolic.constants import plain
from miners.symbolic.opacity import MACHINE, PATH, RUN_TIME
from miners.symbolic.terms import NONE, Built, Choice, Const, Term, Unknown, subject_of

_SYSTEM: Final = frozenset({"os", "posix", "posixpath", "genericpath", "shutil", "glob", "socket", "importlib", "sys"})
"""Modules whose functions describe the machine, whatever their arguments."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class Constructions:
    """The result of calling a class."""

    known: Known
    trace: Trace
    values: Evaluates

    def of_type(self, node: ast.Call, kind: type, state: State) -> Term:
        if issubclass(kind, Enum) and len(node.args) == 1:
            argument = self.values.term(node.args[0], state)
            if isinstance(argument, Const):
                return self._member(node, kind, argument.value)
            subject = subject_of(argument)
            if subject is not None:
                members = plain([member.value for member in kind])
                known = any_of((atom(subject, "in", members), atom(subject, "type_is", kind.__name__)))
                self.trace.fails(negate(known))
                return argument
        if issubclass(kind, PurePath):
            return self.trace.unknown(node, PATH)
        if is_of_the_system(kind):
            return self.trace.unknown(node, MACHINE)
        return self.trace.unknown(node, "constructed object")

    def _member(self, node: ast.Call, kind: type[Enum], value: Any) -> Term:
        try:
            return Const(kind(value))
        except ValueError:
            return self.trace.unknown(node, "no member of that value")

    def of_class(self, node: ast.Call, cls: ClassSource, state: State) -> Term:
        if not any(facts.target == f"{cls.module}:{cls.qualname}" for facts in self.known.surface.values()):
            return Unknown(f"{cls.name}(…)", self.trace.place(node), "constructed object")
        given = tuple((k.arg, self.values.term(k.value, state)) for k in node.keywords if k.arg is not None)
        spread = [self.values.term(k.value, state) for k in node.keywords if k.arg is None]
        whole = not node.args and not spread
        self._need_its_parts(node, cls, dict(given), state)
        return Built(
            cls, given, self.trace.place(node), whole, spread[0] if len(spread) == 1 and not node.args else None
        )

    def _need_its_parts(self, node: ast.Call, cls: ClassSource, given: Mapping[str, Term], state: State) -> None:
        """Add the condition that the construction succeeds, if it requires an argument such as a model of its own."""
        inner = next(one for one in self.known.surface.values() if one.target == f"{cls.module}:{cls.qualname}")
        if not self.known.context.is_of_run_time(f"{cls.module}.{cls.qualname}"):
            return
        for name in inner.base_kwargs:
            term = given.get(name, NONE)
            cases = term.cases if isinstance(term, Choice) else ((TRUE, term),)
            here = any_of(guard for guard, value in cases if self.known.is_given_to_all(value))
            needed = Opaque(f"{cls.name}({name}=…) is made", self.trace.place(node), shape=RUN_TIME)
            state.path = (*state.path, any_of((here, needed)))


def is_of_the_system(function: Any) -> bool:
    """Whether the result of a function or a class depends on the machine."""
    return str(getattr(function, "__module__", "")).partition(".")[0] in _SYSTEM
