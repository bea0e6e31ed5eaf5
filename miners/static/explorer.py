"""Walks the statements of what decides about a configuration, and meets effects on the way."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from miners.logic import FALSE, TRUE, Formula, Opaque, all_of, any_of, negate, none_of
from miners.static.calls import Calls
from miners.static.evaluate import MOST_UNROLLED
from miners.static.neighbours import with_neighbours
from miners.static.operations import truth
from miners.static.reader import ClassSource, FunctionSource, absolute_import
from miners.static.state import Effect, EffectKind, Exit, Flow, Frame, Leaving, Site, State, merge
from miners.static.terms import (
    MACHINE,
    NONE,
    OUTSIDE,
    RUN_TIME,
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
    Worklist,
    alike,
    choose,
    depends_on_config,
    elements_of,
    of_machine,
    template_of,
)

DEEPEST: Final = 5
_MOST_EFFECTS: Final = 4000
_LOG_METHODS: Final[dict[str, EffectKind]] = {
    "warning": EffectKind.LOG,
    "warn": EffectKind.LOG,
    "warning_once": EffectKind.LOG_ONCE,
    "warning_advice": EffectKind.LOG,
}


class Explorer(Calls):
    """One class's walk."""

    _caught: tuple[tuple[str, ...], ...] = ()
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
        from miners.static.reader import ModuleName

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
        from miners.static.operations import compare, instance_of

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

    def _raise(self, node: ast.Raise, state: State) -> Flow:
        if node.exc is None:
            self.effect(EffectKind.RAISE, node, state.guard, handled=True)
            return Flow(None)
        name, message = _exception(node.exc)
        if isinstance(node.exc, ast.Name) and node.exc.id in state.env:
            self.effect(EffectKind.RAISE, node, state.guard, exception=name)
            return Flow(None)
        caught = any(_catches(handlers, name) for handlers in self._caught)
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
            caught = any(_catches(handlers, "AssertionError") for handlers in self._caught)
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
        operands = call.args[1:] if kind is not EffectKind.WARN else []
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

    # --- loops ------------------------------------------------------------------------------------------------------

    def _for(self, node: ast.For, state: State) -> Flow:
        node = with_neighbours(node)
        collection = self.term(node.iter, state)
        known = elements_of(collection, MOST_UNROLLED)
        if isinstance(collection, Items) and collection.kind is tuple and _is_view(node.iter):
            known = None
        if known is not None:
            return self._unrolled(node, known, state)
        if isinstance(collection, Choice):
            return self._for_cases(node, collection, state)
        return self._for_each(node, collection, state)

    def _for_cases(self, node: ast.For, collection: Choice, state: State) -> Flow:
        flows: list[Flow] = []
        for guard, value in collection.cases:
            inner = state.fork(guard)
            known = elements_of(value, MOST_UNROLLED)
            flows.append(
                self._unrolled(node, known, inner) if known is not None else self._for_each(node, value, inner)
            )
        exits = [one for flow in flows for one in flow.exits]
        live = merge(state, [f.live for f in flows if f.live is not None], complete=not exits, initial=self.initial)
        return Flow(live, exits)

    def _unrolled(self, node: ast.For, elements: Sequence[Term], state: State) -> Flow:
        exits: list[Exit] = []
        broken: list[State] = []
        live: State | None = state
        for element in elements:
            if live is None:
                break
            entry = State(dict(live.env), dict(live.fields), live.path)
            self.bind(node.target, element, live)
            flow = self.block(node.body, live)
            going = [one.state for one in flow.exits if one.how is Leaving.CONTINUE]
            if flow.live is not None:
                going.append(flow.live)
            broken.extend(one.state for one in flow.exits if one.how is Leaving.BREAK)
            leaving = [one for one in flow.exits if one.how in (Leaving.RETURN, Leaving.CAUGHT)]
            exits.extend(leaving)
            left = leaving or any(one.how is Leaving.BREAK for one in flow.exits)
            live = merge(entry, going, complete=not left, initial=self.initial)
        if live is not None and node.orelse:
            flow = self.block(node.orelse, live)
            exits.extend(flow.exits)
            live = flow.live
        if broken:
            live = merge(
                state, [*broken, *([live] if live is not None else [])], complete=not exits, initial=self.initial
            )
        return Flow(live, exits)

    def _for_each(self, node: ast.For, collection: Term, state: State) -> Flow:
        """One round for an element that stands for all of them."""
        inner = State(dict(state.env), dict(state.fields), state.path)
        opened = self.open_element(collection, node.target, inner)
        if opened is None:
            shape = (
                collection.shape
                if isinstance(collection, Unknown)
                else f"loop over {type(collection).__name__.lower()}"
            )
            self.bind_unknown(node.target, node.iter, shape, inner)
            opened = {}
            inner = inner.fork(
                Opaque(f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}", self.place(node), shape=shape)
            )
        flow = self._round(node.body, inner, opened)
        ends = [one.state for one in flow.exits if one.how in (Leaving.CONTINUE, Leaving.BREAK)]
        ends.extend([flow.live] if flow.live is not None else [])
        after = self._after_loop(state, ends, opened, node)
        exits: list[Exit] = []
        for one in flow.exits:
            if one.how in (Leaving.RETURN, Leaving.CAUGHT):
                met = self.close_element(one.state.since(state), opened)
                exits.append(Exit(one.how, State(one.state.env, one.state.fields, (*state.path, met)), one.value))
                after.path = (*after.path, none_of(met, "no round of the loop returns", self.place(node)))
        return Flow(after, exits)

    def _round(self, body: Sequence[ast.stmt], inner: State, opened: Mapping[str, str]) -> Flow:
        """One round of a loop; what it does is told of the elements."""
        first = len(self.effects)
        flow = self.block(body, inner)
        for index in range(first, len(self.effects)):
            effect = self.effects[index]
            self.effects[index] = replace(effect, guard=self.close_element(effect.guard, opened))
        return flow

    def bind_unknown(self, target: ast.expr, iterated: ast.expr, shape: str, state: State) -> None:
        for name in (one.id for one in ast.walk(target) if isinstance(one, ast.Name)):
            state.env[name] = Unknown(name, self.place(iterated), shape)

    def _after_loop(self, state: State, ends: Sequence[State], opened: Mapping[str, str], node: ast.For) -> State:
        """A local or field that a round may have set: the value where some element led there, else the old one."""
        after = State(dict(state.env), dict(state.fields), state.path)
        for kind in ("env", "fields"):
            before: dict[str, Term] = getattr(state, kind)
            result: dict[str, Term] = getattr(after, kind)
            for end in ends:
                for name, term in getattr(end, kind).items():
                    old = before.get(name) or (self.initial(name) if kind == "fields" else None)
                    if old is term or (old is not None and alike(old, term)):
                        continue
                    if isinstance(term, Table):
                        result[name] = self._closed_table(term, opened)
                    elif old is not None:
                        result[name] = self._set_in_round(end.since(state), term, old, opened, node)
                    else:
                        result[name] = Unknown(name, self.place(node), "set in a loop")
        for table in {id(t): t for t in (*state.env.values(),) if isinstance(t, Table)}.values():
            self._close_entries(table, opened)
        return after

    def _closed_table(self, table: Table, opened: Mapping[str, str]) -> Table:
        self._close_entries(table, opened)
        return table

    def _close_entries(self, table: Table, opened: Mapping[str, str]) -> None:
        table.entries[:] = [(key, self.close_element(guard, opened), value) for key, guard, value in table.entries]

    def _set_in_round(self, reached: Formula, term: Term, old: Term, opened: Mapping[str, str], node: ast.For) -> Term:
        cases = term.cases if isinstance(term, Choice) else ((TRUE, term),)
        found: list[tuple[Formula, Term]] = []
        for guard, value in cases:
            if alike(value, old):
                continue
            if not isinstance(value, (Const, Text)):
                return Unknown("value set in a loop", self.place(node), "set in a loop")
            found.append((self.close_element(all_of((reached, guard)), opened), value))
        if not found:
            return old
        rest = none_of(any_of(guard for guard, _ in found), "no element sets it", self.place(node))
        return choose([*found, (rest, old)])

    def _while(self, node: ast.While, state: State) -> Flow:
        waiting = state.env.get(node.test.id) if isinstance(node.test, ast.Name) else None
        exits = self._worked_off(node, waiting, state) if isinstance(waiting, Items) else self._any_round(node, state)
        after = State(dict(state.env), dict(state.fields), state.path)
        for name in _assigned(node.body):
            after.env[name] = Unknown(name, self.place(node), "set in a while loop")
        return Flow(after, [one for one in exits if one.how in (Leaving.RETURN, Leaving.CAUGHT)])

    def _any_round(self, node: ast.While, state: State) -> list[Exit]:
        """One round of which nothing is known, neither that it comes nor what it finds."""
        inner = State(dict(state.env), dict(state.fields), state.path)
        for name in _assigned(node.body):
            inner.env[name] = Unknown(name, self.place(node), "set in a while loop")
        inner = inner.fork(Opaque(f"while {ast.unparse(node.test)}", self.place(node), shape="while loop"))
        return self.block(node.body, inner).exits

    def _worked_off(self, node: ast.While, waiting: Items, state: State) -> list[Exit]:
        """A round for each thing that waits in a list, and one for what each of these adds to it."""
        name = ast.unparse(node.test)
        exits: list[Exit] = []
        further: list[tuple[Formula, Term]] = []
        for item in waiting.items:
            work = Worklist(item)
            exits.extend(self.block(node.body, state.entered({**state.env, name: work})).exits)
            further.extend(work.further)
        for guard, collection in further:
            inner = State({**state.env, name: NONE}, dict(state.fields), (guard,))
            opened = self.open_element(collection, ast.Name(name, ast.Store()), inner)
            if opened is not None:
                inner.env[name] = Worklist(inner.env[name])
                exits.extend(self._round(node.body, inner, opened).exits)
        return exits

    # --- exceptions -------------------------------------------------------------------------------------------------

    def _try(self, node: ast.Try, state: State) -> Flow:
        names = tuple(name for handler in node.handlers for name in _handled(handler))
        outer, self._caught = self._caught, (names,) if names else self._caught
        failures, self.failures = self.failures, []
        entry = State(dict(state.env), dict(state.fields), state.path)
        flow = self.block(node.body, state)
        self._caught = outer
        failing, self.failures = self.failures, failures
        thrown = [one.state for one in flow.exits if one.how is Leaving.CAUGHT]
        exits = [one for one in flow.exits if one.how is not Leaving.CAUGHT]
        ends: list[State] = []
        missed: list[Formula] = []
        for handler in node.handlers:
            entered = self._handler_entry(handler, node, entry, failing, thrown)
            handled = self.block(handler.body, entered)
            exits.extend(handled.exits)
            ends.extend([handled.live] if handled.live is not None else [])
            if handled.exits:
                missed.append(negate(entered.since(entry)))
        if flow.live is not None:
            through = flow.live.fork(all_of(missed)) if missed else flow.live
            tail = self.block(node.orelse, through) if node.orelse else Flow(through)
            exits.extend(tail.exits)
            ends.extend([tail.live] if tail.live is not None else [])
        live = merge(entry, ends, complete=not exits and len(ends) > 1, initial=self.initial)
        return self._finally(node.finalbody, live, exits) if node.finalbody else Flow(live, exits)

    def _finally(self, body: Sequence[ast.stmt], live: State | None, exits: Sequence[Exit]) -> Flow:
        """What runs however the statement is left."""
        after = Flow(None) if live is None else self.block(body, live)
        left = list(after.exits)
        for one in exits:
            final = self.block(body, one.state)
            left.extend(final.exits)
            if final.live is not None:
                left.append(Exit(one.how, final.live, one.value))
        return Flow(after.live, left)

    def _handler_entry(
        self, handler: ast.ExceptHandler, node: ast.Try, entry: State, failing: list[Formula], thrown: list[State]
    ) -> State:
        """How the handler is reached: by what is known to fail in the body, or else somehow."""
        ways = [*failing, *(one.since(entry) for one in thrown)]
        text = ast.unparse(node.body[0]).partition("\n")[0]
        shape = self._shape_of_failure(node.body[0], entry)
        condition = any_of(ways) if ways else Opaque(f"`{text}` raises", self.place(node), shape=shape)
        state = entry.fork(condition)
        if handler.name:
            state.env[handler.name] = Unknown(handler.name, self.place(handler), "caught exception")
        return state

    def _shape_of_failure(self, first: ast.stmt, entry: State) -> str:
        """What decides whether the statement raises: where no field takes part in it, the machine."""
        if isinstance(first, (ast.Import, ast.ImportFrom)):
            return "import that may fail"
        names = [one.id for one in ast.walk(first) if isinstance(one, ast.Name)]
        read = [entry.env[name] for name in names if name in entry.env]
        outside = next((one.shape for one in read if isinstance(one, Unknown) and one.shape in OUTSIDE), None)
        if outside is not None:
            return outside
        return "exception in try" if any(map(depends_on_config, read)) else MACHINE


def announcement(call: ast.Call) -> EffectKind | None:
    """Whether a call warns or logs a warning, and through which channel."""
    if not isinstance(call.func, ast.Attribute):
        return EffectKind.WARN if isinstance(call.func, ast.Name) and call.func.id == "warn" else None
    owner = ast.unparse(call.func.value).lower()
    if owner == "warnings" and call.func.attr in ("warn", "warn_explicit"):
        return EffectKind.WARN
    return _LOG_METHODS.get(call.func.attr) if "log" in owner else None


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


def _handled(handler: ast.ExceptHandler) -> tuple[str, ...]:
    match handler.type:
        case None:
            return ("BaseException",)
        case ast.Tuple(elts=elts):
            return tuple(ast.unparse(element).rpartition(".")[2] for element in elts)
        case kind:
            return (ast.unparse(kind).rpartition(".")[2],)


def _catches(names: Sequence[str], raised: str) -> bool:
    if raised in names or "BaseException" in names or "Exception" in names:
        return True
    kind = getattr(builtins, raised, None)
    if not isinstance(kind, type):
        return "ValueError" in names and raised.endswith("ValidationError")
    return any(base.__name__ in names for base in kind.__mro__)


def _is_generator(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return isinstance(node, ast.AsyncFunctionDef) or any(
        isinstance(one, (ast.Yield, ast.YieldFrom)) for one in ast.walk(node)
    )


def _assigned(body: Sequence[ast.stmt]) -> list[str]:
    names = {
        one.id: None
        for statement in body
        for one in ast.walk(statement)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    }
    return list(names)


def _is_view(node: ast.expr) -> bool:
    """Whether pairs come out of what is iterated, of which two may be known by their subjects only."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("items", "enumerate", "zip")


__all__ = ["Explorer", "truth"]
