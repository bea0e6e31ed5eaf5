"""Walks the statements of what decides about a configuration, and meets effects on the way."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any, Final

from miners.code.definitions import ClassSource, FunctionSource, absolute_import
from miners.logic.formulas import FALSE, TRUE, Formula, Opaque, all_of, any_of, negate
from miners.static.effects import Effect, EffectKind, Site, announcement
from miners.static.evaluate import MOST_UNROLLED
from miners.static.exceptions import Exceptions, catches
from miners.static.state import Exit, Flow, Frame, Leaving, State, merge
from miners.symbolic.cases import alike, choose
from miners.symbolic.opacity import RUN_TIME
from miners.symbolic.templates import template_of
from miners.symbolic.terms import (
    NONE,
    CallableTerm,
    Choice,
    ClassTerm,
    Const,
    Field,
    Given,
    Instance,
    Items,
    Table,
    Term,
    Text,
    Unknown,
    depends_on_config,
    elements_of,
    of_machine,
)
from miners.symbolic.truth import truth

DEEPEST: Final = 5
_MOST_EFFECTS: Final = 4000


class Explorer(Exceptions):
    """One class's walk."""

    visited: set[tuple[str, int]]

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.visited = set()
        self._blocks = 0
        self._block = 0

    # --- functions --------------------------------------------------------------------------------------------------

    def invoke(self, target: CallableTerm, args: list[Term], keywords: dict[str, Term], state: State) -> Term:
        """Walk into a function: what it returns, and what it changed."""
        function = target.function
        asked = self.context.is_of_run_time(f"{function.module}.{function.qualname}")
        if len(self.frames) >= DEEPEST or any(frame.function.node is function.node for frame in self.frames):
            return Unknown(f"{function.name}(…)", self._site_of(function), RUN_TIME if asked else "call too deep")
        module = self.reader.module(function.module)
        if module is None or _is_generator(function.node):
            return Unknown(f"{function.name}(…)", self._site_of(function), "call of an unknown function")
        bound = [] if target.bound is None else [target.bound]
        env = self._arguments(function.node, [*bound, *args], keywords, state)
        if target.owner is not None and bound:
            env["__class__"] = ClassTerm(self._defining_class(target, function))
            env["__self__"] = bound[0]
        found = self._walk(function, module.path, env, state)
        if asked:
            return Unknown(f"{function.name}(…)", self._site_of(function), RUN_TIME)
        given = (*bound, *args, *keywords.values())
        return found if any(depends_on_config(one) for one in given) else of_machine(found)

    def _site_of(self, function: FunctionSource) -> str:
        module = self.reader.module(function.module)
        return f"{module.path if module else function.module}:{function.node.lineno}"

    def _defining_class(self, target: CallableTerm, function: FunctionSource) -> ClassSource:
        assert target.owner is not None
        wanted = function.qualname.rpartition(".")[0]
        line = self.reader.mro(target.owner)
        return next((one for one in line if one.qualname == wanted and one.module == function.module), target.owner)

    def _walk(self, function: FunctionSource, path: str, env: dict[str, Term], state: State) -> Term:
        frame = Frame(function, path, function.qualname, function.module)
        self.frames.append(frame)
        failures, self.failures = self.failures, []
        entry = state.entered(env)
        try:
            flow = self.block(function.node.body, State(dict(env), dict(state.fields), state.path))
        finally:
            self.frames.pop()
            self.failures = failures
        ends = [(one.state, one.value or NONE) for one in flow.exits if one.how is Leaving.RETURN]
        if flow.live is not None:
            ends.append((flow.live, NONE))
        if not ends:
            return Unknown(f"{function.name}(…)", self._site_of(function), "never returns")
        merged = merge(entry, [end for end, _ in ends], complete=True, initial=self.initial)
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
            return Unknown(name, self.frames[-1].path if self.frames else "", "argument from elsewhere")
        return Const(default.value) if isinstance(default, ast.Constant) else self._constant_default(default, state)

    def _constant_default(self, default: ast.expr, state: State) -> Term:
        return (
            self.term(default, State({}, state.fields, state.path))
            if self.frames
            else Unknown(ast.unparse(default), "", "default made at run time")
        )

    # --- statements -------------------------------------------------------------------------------------------------

    def block(self, statements: Sequence[ast.stmt], state: State) -> Flow:
        """Statement after statement, until none of the ways goes on."""
        self._blocks += 1
        outer, self._block = self._block, self._blocks
        exits: list[Exit] = []
        live: State | None = state
        for statement in statements:
            if live is None or len(self.effects) > _MOST_EFFECTS:
                break
            flow = self.statement(statement, live)
            exits.extend(flow.exits)
            live = flow.live
        self._block = outer
        return Flow(live, exits)

    def statement(self, node: ast.stmt, state: State) -> Flow:
        self.visited.add((self.frame.path, node.lineno))
        match node:
            case ast.If():
                return self._if(node.test, node.body, node.orelse, state)
            case ast.Return(value=value):
                found = self.term(value, state) if value is not None else NONE
                return Flow(None, [Exit(Leaving.RETURN, state, found)])
            case ast.Raise():
                return self._raise(node, state)
            case ast.Assert():
                return self._assert(node, state)
            case ast.Assign(targets=targets, value=value):
                term = self.term(value, state)
                for target in targets:
                    self._assign(target, term, node, state)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, self.term(value, state), node, state)
            case ast.AugAssign(target=target, op=op, value=value):
                load = ast.copy_location(ast.parse(ast.unparse(target), mode="eval").body, target)
                combined = ast.copy_location(ast.BinOp(load, op, value), node)
                ast.fix_missing_locations(combined)
                self._assign(target, self.term(combined, state), node, state)
            case ast.Expr(value=value):
                self._expression(value, node, state)
            case ast.For():
                return self._for(node, state)
            case ast.While():
                return self._while(node, state)
            case ast.Try():
                return self._try(node, state)
            case ast.With(items=items, body=body):
                for item in items:
                    self.term(item.context_expr, state)
                    if item.optional_vars is not None:
                        self.bind(item.optional_vars, self.unknown(item.context_expr, "context manager"), state)
                return self.block(body, state)
            case ast.Match():
                return self._match(node, state)
            case ast.Break():
                return Flow(None, [Exit(Leaving.BREAK, state)])
            case ast.Continue():
                return Flow(None, [Exit(Leaving.CONTINUE, state)])
            case ast.ImportFrom():
                self._import_from(node, state)
            case ast.Import(names=names):
                for alias in names:
                    if alias.asname is None:
                        state.env.pop(alias.name.partition(".")[0], None)
            case ast.FunctionDef():
                local = FunctionSource(self.frame.module, f"{self.frame.method}.{node.name}", node)
                state.env[node.name] = CallableTerm(local)
            case ast.Delete(targets=targets):
                for target in targets:
                    if isinstance(target, ast.Name):
                        state.env.pop(target.id, None)
            case _:
                pass
        return Flow(state)

    def _import_from(self, node: ast.ImportFrom, state: State) -> None:
        from miners.code.definitions import ModuleName

        source = self.reader.module(self.frame.module)
        if source is None:
            return
        origin = absolute_import(node, source)
        for alias in node.names:
            name = alias.asname or alias.name
            if self.context.read(name, "") is not None:
                continue
            found = self.reader.member(ModuleName(origin), alias.name)
            if found is None:
                state.env[name] = Unknown(alias.name, self.place(node), "import at run time")
            else:
                state.env[name] = self.bound(found)

    def _if(self, test: ast.expr, body: Sequence[ast.stmt], orelse: Sequence[ast.stmt], state: State) -> Flow:
        condition = self.condition(test, state)
        if condition == TRUE:
            return self.block(body, state)
        if condition == FALSE:
            return self.block(orelse, state)
        return self._branches(
            [(condition, body), (negate(condition), orelse)],
            state,
        )

    def _branches(self, branches: Sequence[tuple[Formula, Sequence[ast.stmt]]], state: State) -> Flow:
        flows = [self.block(body, state.fork(guard)) for guard, body in branches]
        exits = [one for flow in flows for one in flow.exits]
        live = merge(state, [f.live for f in flows if f.live is not None], complete=not exits, initial=self.initial)
        return Flow(live, exits)

    def _match(self, node: ast.Match, state: State) -> Flow:
        subject = self.term(node.subject, state)
        open_: Formula = TRUE
        branches: list[tuple[Formula, Sequence[ast.stmt]]] = []
        for case in node.cases:
            fits = self._pattern(case.pattern, subject, state)
            if case.guard is not None:
                fits = all_of((fits, self.condition(case.guard, state)))
            branches.append((all_of((open_, fits)), case.body))
            open_ = all_of((open_, negate(fits)))
        branches.append((open_, []))
        return self._branches([branch for branch in branches if branch[0] != FALSE], state)

    def _pattern(self, pattern: ast.pattern, subject: Term, state: State) -> Formula:
        from miners.symbolic.comparisons import compare
        from miners.symbolic.kinds import instance_of

        place = f"{self.frame.path}:{getattr(pattern, 'lineno', 0)}"
        match pattern:
            case ast.MatchValue(value=value):
                return compare("==", subject, self.term(value, state), ast.unparse(value), place)
            case ast.MatchSingleton(value=value):
                return compare("==", subject, Const(value), repr(value), place)
            case ast.MatchOr(patterns=patterns):
                return any_of(self._pattern(one, subject, state) for one in patterns)
            case ast.MatchAs(pattern=None, name=name):
                if name is not None:
                    state.env[name] = subject
                return TRUE
            case ast.MatchClass(cls=cls, patterns=[], kwd_patterns=[]):
                return instance_of(subject, self.term(cls, state), ast.unparse(cls), place)
            case _:
                return Opaque(ast.unparse(pattern), place, shape="match pattern")

    # --- effects ----------------------------------------------------------------------------------------------------

    def effect(self, kind: EffectKind, node: ast.AST, guard: Formula, **details: Any) -> None:
        line = getattr(node, "lineno", 0)
        site = Site(self.frame.path, line, self.frame.method)
        self.effects.append(Effect(kind, site, guard, block=self._block, **details))

    def may_raise(self, node: ast.AST, guard: Formula, exception: str, template: str) -> None:
        caught = any(catches(handlers, exception) for handlers in self._caught)
        self.effect(EffectKind.RAISE, node, guard, template=template, handled=caught, exception=exception)

    def _raise(self, node: ast.Raise, state: State) -> Flow:
        if node.exc is None:
            self.effect(EffectKind.RAISE, node, state.guard, handled=True)
            return Flow(None)
        name, message = _exception(node.exc)
        if isinstance(node.exc, ast.Name) and node.exc.id in state.env:
            self.effect(EffectKind.RAISE, node, state.guard, exception=name)
            return Flow(None)
        caught = any(catches(handlers, name) for handlers in self._caught)
        for guard, template in self._messages(message, state):
            where = all_of((state.guard, guard))
            self.effect(EffectKind.RAISE, node, where, template=template, handled=caught, exception=name)
        return Flow(None, [Exit(Leaving.CAUGHT, state)] if caught else [])

    def _messages(self, message: ast.expr | None, state: State) -> Iterator[tuple[Formula, str | None]]:
        if message is None:
            yield TRUE, None
            return
        term = self.term(message, state)
        for guard, value in term.cases if isinstance(term, Choice) else ((TRUE, term),):
            yield guard, _template(value)

    def _assert(self, node: ast.Assert, state: State) -> Flow:
        holds = self.condition(node.test, state)
        if holds != TRUE:
            caught = any(catches(handlers, "AssertionError") for handlers in self._caught)
            with self.under(state, negate(holds)):
                for guard, template in self._messages(node.msg, state):
                    self.effect(
                        EffectKind.ASSERT,
                        node,
                        all_of((state.guard, guard)),
                        template=template,
                        handled=caught,
                        exception="AssertionError",
                    )
        return Flow(None if holds == FALSE else state)

    def _expression(self, value: ast.expr, node: ast.stmt, state: State) -> None:
        if isinstance(value, ast.Call):
            kind = announcement(value)
            if kind is not None:
                for guard, template in self._announced(value, kind, state):
                    self.effect(kind, node, all_of((state.guard, guard)), template=template)
                return
        self.term(value, state)

    def _announced(self, call: ast.Call, kind: EffectKind, state: State) -> Iterator[tuple[Formula, str | None]]:
        message = (
            call.args[0] if call.args else next((k.value for k in call.keywords if k.arg in ("msg", "message")), None)
        )
        operands = call.args[1:] if kind.detector.fills_in else []
        if message is None:
            yield TRUE, None
            return
        term = self.term(message, state)
        for guard, value in term.cases if isinstance(term, Choice) else ((TRUE, term),):
            text = _template(value)
            if text is not None and operands:
                text = self.interpolated(value, operands, state)
            yield guard, text

    def _assign(self, target: ast.expr, term: Term, node: ast.stmt, state: State) -> None:
        match target:
            case ast.Attribute(value=owner, attr=name):
                instance = self.term(owner, state)
                if isinstance(instance, Field):
                    instance = self.instance_at(instance.path) or instance
                if isinstance(instance, Instance):
                    self._assign_field(instance.prefix + name, term, node, state)
            case ast.Subscript(value=owner, slice=index):
                self._assign_item(self.term(owner, state), index, term, node, state)
            case ast.Tuple(elts=elts) if any(isinstance(element, ast.Attribute) for element in elts):
                parts = elements_of(term, MOST_UNROLLED)
                for position, element in enumerate(elts):
                    known = parts is not None and len(parts) == len(elts)
                    rest = term if isinstance(term, Unknown) else self.unknown(target, "unpacking")
                    part = parts[position] if known and parts else rest
                    self._assign(element, self._handed_back(element, part, node, state), node, state)
            case _:
                self.bind(target, term, state)

    def _handed_back(self, target: ast.expr, term: Term, node: ast.stmt, state: State) -> Term:
        """What a function of run time gives for a value that it is handed: that one, unless it knows better."""
        call = node.value if isinstance(node, ast.Assign) else None
        if not (isinstance(term, Unknown) and term.shape == RUN_TIME and isinstance(call, ast.Call)):
            return term
        text = ast.unparse(target)
        handed = [one for one in (*call.args, *(k.value for k in call.keywords)) if ast.unparse(one) == text]
        if not handed:
            return term
        same = Opaque(f"{ast.unparse(call.func)}(…) leaves {text}", self.place(node), shape=RUN_TIME)
        return choose(((same, self.term(handed[0], state)), (negate(same), term)))

    def _assign_field(self, path: str, term: Term, node: ast.stmt, state: State) -> None:
        before = state.fields.get(path) or self.initial(path)
        fact = self.fact(path)
        if fact is not None and fact.init and before is not None and not alike(before, term):
            self.effect(EffectKind.SELF_ASSIGN, node, state.guard, target=path, value=term)
        state.fields[path] = term

    def _assign_item(self, owner: Term, index: ast.expr, term: Term, node: ast.stmt, state: State) -> None:
        if isinstance(index, ast.Slice):
            return
        key = self.term(index, state)
        if isinstance(owner, Table):
            text = _template(term)
            if isinstance(key, Const) and isinstance(key.value, str) and text is not None and self.fact(key.value):
                self.effect(EffectKind.MINOR_ISSUE, node, state.guard, template=text, target=key.value)
            owner.entries.append((key, state.guard, term))
        elif isinstance(owner, Given) and isinstance(key, Const) and isinstance(key.value, str):
            self._assign_field(owner.prefix + key.value, term, node, state)


def _template(term: Term) -> str | None:
    match term:
        case Text(template=template):
            return template
        case Const(value=str()):
            return template_of(term, "")
        case _:
            return None


def _exception(node: ast.expr) -> tuple[str, ast.expr | None]:
    """The name of what is raised, and its message."""
    if not isinstance(node, ast.Call):
        return ast.unparse(node).rpartition(".")[2], None
    name = ast.unparse(node.func).rpartition(".")[2]
    message = next((k.value for k in node.keywords if k.arg in ("message", "msg")), None)
    return name, node.args[0] if node.args else message


def _is_generator(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return isinstance(node, ast.AsyncFunctionDef) or any(
        isinstance(one, (ast.Yield, ast.YieldFrom)) for one in ast.walk(node)
    )


__all__ = ["Explorer", "truth"]
