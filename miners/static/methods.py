"""Methods of strings, mappings, lists and sets on symbolic values."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, final

from miners.logic.formulas import TRUE, any_of, atom, negate, none_of
from miners.static.known import Known
from miners.static.limits import MOST_UNROLLED
from miners.static.parts import Evaluates
from miners.static.state import State
from miners.static.subscripts import Subscripts
from miners.static.trace import Trace
from miners.symbolic.cases import choose
from miners.symbolic.comparisons import compare
from miners.symbolic.constants import plain
from miners.symbolic.patterns import match_or_none, pattern_of
from miners.symbolic.templates import template_of
from miners.symbolic.terms import (
    NONE,
    Bool,
    Computed,
    Const,
    Count,
    Field,
    Given,
    Items,
    Table,
    Term,
    Text,
    Worklist,
    elements_of,
    subject_of,
)
from miners.symbolic.texts import FirstPiece, Pieces
from pytest_llem_invariants.language.expressions import MISSING


@final
@dataclass(frozen=True, slots=True, eq=False)
class Methods:
    """The result of a method of a value; None if it is unknown."""

    known: Known
    trace: Trace
    values: Evaluates
    subscripts: Subscripts

    def _get(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        if not node.args:
            return None
        key = self.values.term(node.args[0], state)
        default = self.values.term(node.args[1], state) if len(node.args) > 1 else NONE
        if isinstance(owner, Given) and isinstance(key, Const) and isinstance(key.value, str):
            return self._given(owner, key.value, default)
        if isinstance(owner, Table):
            found = [(guard, value) for known, guard, value in owner.entries if known == key]
            return (
                choose([*found, (none_of(any_of(g for g, _ in found), "no such key"), default)]) if found else default
            )
        if isinstance(owner, Field):
            item = self.subscripts.item(owner, key, node)
            if isinstance(item, Field):
                absent = atom(item.path, "absent")
                return item if default == NONE else choose(((negate(absent), item), (absent, default)))
        if isinstance(owner, Const) and isinstance(owner.value, dict):
            if isinstance(key, Const):
                found_value = owner.value.get(key.value, MISSING)
                return default if found_value is MISSING else Const(found_value)
            subject = subject_of(key)
            if subject is not None and len(owner.value) <= 8:
                known = [(atom(subject, "==", plain(name)), Const(value)) for name, value in owner.value.items()]
                rest = negate(any_of(guard for guard, _ in known))
                fallback = key if len(node.args) > 1 and ast.dump(node.args[0]) == ast.dump(node.args[1]) else default
                return choose([*known, (rest, fallback)])
        return None

    def _given(self, owner: Given, key: str, default: Term) -> Term:
        """A keyword argument read from the mapping of all of them. Its default is in the facts, or comes later."""
        path = owner.prefix + key
        fact = self.known.fact(path)
        if default == NONE or (fact is not None and fact.default is not MISSING and not owner.is_bare):
            return Field(path)
        absent = atom(path, "absent")
        return choose(((negate(absent), Field(path)), (absent, default)))

    def _extend(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        if not isinstance(owner, Worklist) or len(node.args) != 1:
            return None
        owner.further.append((state.guard, self.values.term(node.args[0], state)))
        return NONE

    def _popleft(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        return owner.current if isinstance(owner, Worklist) else None

    def _pop(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        if isinstance(owner, Worklist):
            return owner.current
        return self._get(node, owner, state) if isinstance(owner, (Given, Table)) else None

    def _setdefault(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        return self._get(node, owner, state)

    def _keys(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        return self._view(owner, "keys")

    def _values(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        if isinstance(owner, Table):
            return Items(tuple(value for _, _, value in owner.entries))
        return self._view(owner, "values")

    def _items(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        if isinstance(owner, Table):
            return Items(tuple(Items((key, value), tuple) for key, _, value in owner.entries))
        if isinstance(owner, Const) and isinstance(owner.value, dict):
            return Const(list(owner.value.items()))
        keys, values = self._view(owner, "keys"), self._view(owner, "values")
        return Items((keys, values), tuple) if keys is not None and values is not None else None

    def _view(self, owner: Term, which: str) -> Term | None:
        if isinstance(owner, Given):
            return owner
        if isinstance(owner, Table):
            return Items(tuple(key for key, _, _ in owner.entries))
        subject = subject_of(owner)
        return None if subject is None else Computed(f"{which}({subject})")

    def _startswith(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        return self._affix(node, owner, state, lambda text: f"^{re.escape(text)}")

    def _endswith(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        return self._affix(node, owner, state, lambda text: f"{re.escape(text)}$")

    def _affix(self, node: ast.Call, owner: Term, state: State, pattern: Callable[[str], str]) -> Term | None:
        subject = subject_of(owner)
        affix = self.values.term(node.args[0], state) if len(node.args) == 1 else NONE
        texts = elements_of(affix, MOST_UNROLLED) or [affix]
        if subject is None or not all(isinstance(text, Const) and isinstance(text.value, str) for text in texts):
            return None
        return Bool(any_of(atom(subject, "matches", pattern(t.value)) for t in texts if isinstance(t, Const)))

    def _split(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        subject = subject_of(owner)
        args = [self.values.term(argument, state) for argument in node.args]
        if subject is None or node.keywords or not 1 <= len(args) <= 2 or "each(" in subject:
            return None
        separator, most = args[0], args[1] if len(args) == 2 else NONE
        known = isinstance(separator, Const) and isinstance(separator.value, str) and separator.value
        if not known or not isinstance(separator, Const) or not isinstance(most, Const):
            return None
        return Pieces(subject, separator.value, most.value if isinstance(most.value, int) and most.value >= 0 else None)

    def _lower(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        if isinstance(owner, FirstPiece):
            return owner.lowered
        subject = subject_of(owner)
        return None if subject is None else Computed(f"lower({subject})")

    def _strip(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        subject = subject_of(owner)
        return None if subject is None or node.args else Computed(f"strip({subject})")

    def _upper(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        subject = subject_of(owner)
        return None if subject is None else Computed(f"upper({subject})")

    def _format(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        if not (isinstance(owner, Text) or (isinstance(owner, Const) and isinstance(owner.value, str))):
            return None
        template = owner.template if isinstance(owner, Text) else str(owner.value)
        named = {k.arg: (self.values.term(k.value, state), ast.unparse(k.value)) for k in node.keywords if k.arg}
        placed = [(self.values.term(argument, state), ast.unparse(argument)) for argument in node.args]
        counter = iter(placed)

        def fill(match: re.Match[str]) -> str:
            name = match.group(1)
            found = named.get(name) if not name.isdigit() else placed[int(name)] if int(name) < len(placed) else None
            found = next(counter, None) if name == "" else found
            return match.group() if found is None else template_of(*found)

        return Text(re.sub(r"(?<!\{)\{([^{}!:.\[]*)[^{}]*\}(?!\})", fill, template))

    def _join(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        return Text("{}") if isinstance(owner, (Const, Text)) else None

    def _of_pattern(self, node: ast.Call, owner: Term, state: State, how: str) -> Term | None:
        subject = subject_of(self.values.term(node.args[0], state)) if len(node.args) == 1 else None
        text = None if isinstance(owner, Const) and isinstance(owner.value, str) else pattern_of(owner)
        return None if subject is None or text is None else match_or_none(subject, text, how)

    def _match(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        return self._of_pattern(node, owner, state, "match")

    def _fullmatch(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        return self._of_pattern(node, owner, state, "fullmatch")

    def _search(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        return self._of_pattern(node, owner, state, "search")

    def _append(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        if not isinstance(node.func, ast.Attribute) or not isinstance(node.func.value, ast.Name) or not node.args:
            return None
        value = self.values.term(node.args[0], state)
        if isinstance(owner, Items):
            table = Table([(Const(index), TRUE, item) for index, item in enumerate(owner.items)])
            state.env[node.func.value.id] = owner = table
        if isinstance(owner, Table):
            owner.entries.append((Const(len(owner.entries)), state.guard, value))
            return NONE
        return None

    def _issubset(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        inner, outer = subject_of(owner), self.values.term(node.args[0], state) if node.args else NONE
        values = elements_of(outer, MOST_UNROLLED)
        if inner is None or values is None or not all(isinstance(value, Const) for value in values):
            return None
        outside = atom(f"each({inner})", "not_in", [plain(v.value) for v in values if isinstance(v, Const)])
        return Bool(none_of(outside, ast.unparse(node), self.trace.place(node)))

    def _count(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        if isinstance(owner, Items) and node.args:
            wanted = self.values.term(node.args[0], state)
            text = ast.unparse(node)
            return Count(tuple(compare("==", item, wanted, text, self.trace.place(node)) for item in owner.items))
        return None

    def find(self, name: str) -> Callable[[ast.Call, Term, State], Term | None] | None:
        found = _METHODS.get(name)
        return None if found is None else partial(found, self)


_METHODS: Final[dict[str, Callable[[Methods, ast.Call, Term, State], Term | None]]] = {
    "get": Methods._get,
    "extend": Methods._extend,
    "popleft": Methods._popleft,
    "pop": Methods._pop,
    "setdefault": Methods._setdefault,
    "keys": Methods._keys,
    "values": Methods._values,
    "items": Methods._items,
    "startswith": Methods._startswith,
    "endswith": Methods._endswith,
    "split": Methods._split,
    "lower": Methods._lower,
    "strip": Methods._strip,
    "upper": Methods._upper,
    "format": Methods._format,
    "join": Methods._join,
    "match": Methods._match,
    "fullmatch": Methods._fullmatch,
    "search": Methods._search,
    "append": Methods._append,
    "issubset": Methods._issubset,
    "count": Methods._count,
    "add": Methods._append,
}
