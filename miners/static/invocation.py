"""Walk into functions of the library."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import final

from miners.code.definitions import ClassSource, FunctionSource
from miners.logic.formulas import TRUE
from miners.static.known import Known
from miners.static.limits import DEEPEST
from miners.static.parts import Evaluates, WalksBlocks
from miners.static.state import Frame, Leaving, State, merge
from miners.static.trace import Trace
from miners.symbolic.cases import choose
from miners.symbolic.opacity import RUN_TIME
from miners.symbolic.terms import (
    NONE,
    CallableTerm,
    ClassTerm,
    Const,
    Field,
    Given,
    Items,
    Table,
    Term,
    Unknown,
    depends_on_config,
    of_machine,
)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Invocation:
    """Computes the result of a function, and the changes that it makes."""

    known: Known
    trace: Trace
    values: Evaluates
    blocks: WalksBlocks

    def invoke(self, target: CallableTerm, args: list[Term], keywords: dict[str, Term], state: State) -> Term:
        """Walk into a function: its result and its changes."""
        function = target.function
        dotted = f"{function.module}.{function.qualname}"
        told, asked = self.known.context.told_at(f"{dotted}()"), self.known.context.is_of_run_time(dotted)
        frames = self.trace.frames
        if len(frames) >= DEEPEST or any(frame.function.node is function.node for frame in frames):
            return Unknown(f"{function.name}(…)", self._site_of(function), RUN_TIME if asked else "call too deep")
        module = self.known.reader.module(function.module)
        if module is None or _is_generator(function.node):
            return Unknown(f"{function.name}(…)", self._site_of(function), "call of an unknown function")
        bound = [] if target.bound is None else [target.bound]
        env = self._arguments(function.node, [*bound, *args], keywords, state)
        if target.owner is not None and bound:
            env["__class__"] = ClassTerm(self._defining_class(target, function))
            env["__self__"] = bound[0]
        found = self._walk(function, module.path, env, state)
        if told is not None:
            return told
        if asked:
            return Unknown(f"{function.name}(…)", self._site_of(function), RUN_TIME)
        given = (*bound, *args, *keywords.values())
        return found if any(depends_on_config(one) for one in given) else of_machine(found)

    def _site_of(self, function: FunctionSource) -> str:
        module = self.known.reader.module(function.module)
        return f"{module.path if module else function.module}:{function.node.lineno}"

    def _defining_class(self, target: CallableTerm, function: FunctionSource) -> ClassSource:
        assert target.owner is not None
        wanted = function.qualname.rpartition(".")[0]
        line = self.known.reader.mro(target.owner)
        return next((one for one in line if one.qualname == wanted and one.module == function.module), target.owner)

    def _walk(self, function: FunctionSource, path: str, env: dict[str, Term], state: State) -> Term:
        frame = Frame(function, path, function.qualname, function.module)
        entry = state.entered(env)
        with self.trace.inside(frame):
            flow = self.blocks.block(function.node.body, State(dict(env), dict(state.fields), state.path))
        ends = [(one.state, one.value or NONE) for one in flow.exits if one.how is Leaving.RETURN]
        if flow.live is not None:
            ends.append((flow.live, NONE))
        if not ends:
            return Unknown(f"{function.name}(…)", self._site_of(function), "never returns")
        merged = merge(entry, [end for end, _ in ends], complete=True, initial=self.known.initial)
        assert merged is not None
        state.fields = merged.fields
        if len(ends) == 1:
            return ends[0][1]
        return choose(
            ((end.since(entry), value) for end, value in ends), f"{function.name}(…)", self._site_of(function)
        )

    def _arguments(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, args: list[Term], keywords: dict[str, Term], state: State
    ) -> dict[str, Term]:
        env: dict[str, Term] = {}
        positional = [*node.args.posonlyargs, *node.args.args]
        defaults = dict(zip([one.arg for one in positional][::-1], node.args.defaults[::-1], strict=False))
        defaults.update({a.arg: d for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d})
        for parameter, value in zip(positional, args, strict=False):
            env[parameter.arg] = value
        if node.args.vararg is not None:
            env[node.args.vararg.arg] = Items(tuple(args[len(positional) :]), tuple)
        names = [one.arg for one in (*positional, *node.args.kwonlyargs)]
        given = keywords.get("**")
        for name in names:
            if name in keywords:
                env[name] = keywords[name]
            elif name not in env:
                env[name] = self._default(name, defaults.get(name), given, state)
        if node.args.kwarg is not None:
            env[node.args.kwarg.arg] = (
                given
                if given is not None
                else Table([(Const(name), TRUE, value) for name, value in keywords.items() if name not in names])
            )
        return env

    def _default(self, name: str, default: ast.expr | None, given: Term | None, state: State) -> Term:
        if isinstance(given, Given):
            return Field(given.prefix + name)
        if default is None:
            return Unknown(name, self.trace.frame.path if self.trace.frames else "", "argument from elsewhere")
        return Const(default.value) if isinstance(default, ast.Constant) else self._constant_default(default, state)

    def _constant_default(self, default: ast.expr, state: State) -> Term:
        return (
            self.values.term(default, State({}, state.fields, state.path))
            if self.trace.frames
            else Unknown(ast.unparse(default), "", "default made at run time")
        )


def _is_generator(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return isinstance(node, ast.AsyncFunctionDef) or any(
        isinstance(one, (ast.Yield, ast.YieldFrom)) for one in ast.walk(node)
    )
