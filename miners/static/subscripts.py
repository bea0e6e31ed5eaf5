"""Literal collections, and lookups by key or index."""

from __future__ import annotations

import ast
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, final

from miners.code.definitions import dotted_name
from miners.logic.formulas import TRUE, all_of, atom, negate
from miners.static.effects import Site
from miners.static.known import Known
from miners.static.limits import MOST_UNROLLED
from miners.static.parts import Evaluates
from miners.static.state import State
from miners.static.trace import Trace
from miners.surface.facts import FieldFact
from miners.surface.types import InstanceType, alternatives
from miners.symbolic.cases import choose, map_cases
from miners.symbolic.comparisons import compare
from miners.symbolic.templates import hole_text
from miners.symbolic.terms import (
    Computed,
    Const,
    Entry,
    Field,
    Given,
    Items,
    Table,
    Term,
    Unknown,
    elements_of,
    is_stand_in,
    subject_of,
)
from miners.symbolic.texts import FirstLetter, FirstPiece, Pieces

_SEQUENCES: Final = frozenset({"list", "tuple", "str", "sequence", "none"})


def _may_be_unbuilt(fact: FieldFact) -> bool:
    """Whether a mapping may be there that is to become an object: a validator before the fields sees that."""
    return any(isinstance(one, InstanceType) for one in alternatives(fact.type))


@final
@dataclass(frozen=True, slots=True, eq=False)
class Subscripts:
    """The contents of collections."""

    known: Known
    trace: Trace
    values: Evaluates

    def display(self, node: ast.expr, elts: list[ast.expr], state: State) -> Term:
        items: list[Term] = []
        for element in elts:
            if isinstance(element, ast.Starred):
                inner = elements_of(self.values.term(element.value, state), MOST_UNROLLED)
                if inner is None:
                    return self.trace.unknown(node, "display with a starred unknown")
                items.extend(inner)
            else:
                items.append(self.values.term(element, state))
        kinds: dict[type, type] = {ast.List: list, ast.Tuple: tuple, ast.Set: set}
        return Items(tuple(items), kinds[type(node)])

    def mapping(self, keys: list[ast.expr | None], values: list[ast.expr], state: State) -> Term:
        table = Table()
        for key, value in zip(keys, values, strict=True):
            if key is None:
                return Unknown("{**…}", self.trace.place(value), "dict display with an unknown part")
            table.entries.append((self.values.term(key, state), TRUE, self.values.term(value, state)))
        return table

    def subscript(self, node: ast.Subscript, state: State) -> Term:
        owner = self.values.term(node.value, state)
        if isinstance(node.slice, ast.Slice):
            return self.trace.unknown(node, "slice")
        key = self.values.term(node.slice, state)
        if dotted_name(node.value) == "os.environ" and isinstance(key, Const):
            return self.known.context.environment(str(key.value), self.trace.place(node))
        self._may_be_no_member(owner, key, node, state)
        return map_cases(owner, lambda one: map_cases(key, lambda k: self.item(one, k, node)))

    def _may_be_no_member(self, owner: Term, key: Term, node: ast.Subscript, state: State) -> None:
        """An enumeration that is asked for a name raises where it has none of that name."""
        kind, subject = owner.value if isinstance(owner, Const) else None, subject_of(key)
        if subject is not None and isinstance(kind, type) and issubclass(kind, Enum):
            exception, site = _raised_by(kind)
            guard = all_of((state.guard, atom(subject, "not_in", list(kind.__members__))))
            self.trace.may_raise(node, guard, exception, None, site)

    def item(self, owner: Term, key: Term, node: ast.expr) -> Term:
        """`owner[key]`."""
        if isinstance(owner, Unknown):
            return Unknown(hole_text(ast.unparse(node)), owner.place, owner.shape)
        if isinstance(owner, Given) and isinstance(key, Const) and isinstance(key.value, str):
            return Field(owner.prefix + key.value)
        if isinstance(owner, Table) and isinstance(key, Const):
            found = [(guard, value) for known, guard, value in owner.entries if known == key]
            return choose(found) if found else self.trace.unknown(node, "missing key")
        if (
            isinstance(owner, Table)
            and (subject_of(key) is not None or isinstance(key, Entry))
            and len(owner.entries) <= MOST_UNROLLED // 4
        ):
            text, place = ast.unparse(node), self.trace.place(node)
            return choose(
                (all_of((guard, compare("==", key, known, text, place))), value)
                for known, guard, value in owner.entries
            )
        if isinstance(owner, Pieces) and key == Const(0):
            return FirstPiece(owner)
        if isinstance(owner, Field) and owner.path in self.trace.text_elements and key == Const(0):
            return FirstLetter(owner.path)
        if (
            isinstance(owner, Items)
            and isinstance(key, Const)
            and isinstance(key.value, int)
            and -len(owner.items) <= key.value < len(owner.items)
        ):
            return owner.items[key.value]
        if isinstance(owner, Const):
            return self._of_known(owner.value, key, node)
        if (
            isinstance(owner, Field)
            and isinstance(key, Const)
            and isinstance(key.value, str)
            and key.value.isidentifier()
        ):
            fact = self.known.fact(owner.path)
            if fact is None or not fact.types or "dict" in fact.types or _may_be_unbuilt(fact):
                return Field(f"{owner.path}.{key.value}")
        if isinstance(key, Const) and self._is_sequence(owner):
            end = {0: "first", -1: "last"}.get(key.value) if type(key.value) is int else None
            if end is not None:
                return Computed(f"{end}({subject_of(owner)})")
        return self.trace.unknown(node, "subscript")

    def _is_sequence(self, owner: Term) -> bool:
        """Whether only a list or a text can be there, so that its first or last element can be read."""
        fact = self.known.fact(owner.path) if isinstance(owner, Field) else None
        if fact is None or not fact.types:
            return isinstance(owner, Field) and is_stand_in(owner.path)
        return set(fact.types) <= _SEQUENCES

    def _of_known(self, value: Any, key: Term, node: ast.expr) -> Term:
        if isinstance(key, Const):
            try:
                return Const(value[key.value])
            except Exception:
                return self.trace.unknown(node, "missing key")
        subject = subject_of(key)
        if subject is None:
            return self.trace.unknown(node, "subscript")
        names: Any = value.__members__ if isinstance(value, type) and issubclass(value, Enum) else value
        if not isinstance(names, Mapping) or not all(isinstance(name, (str, int)) for name in names):
            return self.trace.unknown(node, "subscript")
        self.trace.fails(negate(atom(subject, "in", list(names))))
        if len(names) > MOST_UNROLLED // 4:
            return Entry(subject, tuple(names.items()))
        return choose((atom(subject, "==", name), Const(item)) for name, item in names.items())


def _raised_by(kind: type[Enum]) -> tuple[str, Site | None]:
    """What an enumeration raises for a name that it lacks, and where, if code of its own package does."""
    try:
        kind["".join(kind.__members__) + "_"]
    except Exception as error:
        frames = traceback.walk_tb(error.__traceback__)
        own = [(frame, line) for frame, line in frames if _is_of(frame.f_globals.get("__name__"), kind.__module__)]
        if not own:
            return type(error).__name__, None
        frame, line = own[-1]
        inside = f"{kind.__module__.partition('.')[0]}/"
        path = inside + frame.f_code.co_filename.rpartition(f"/{inside}")[2]
        return type(error).__name__, Site(path, line, frame.f_code.co_qualname)
    return "KeyError", None


def _is_of(module: object, other: str) -> bool:
    """Whether both modules are of one package."""
    return isinstance(module, str) and module.partition(".")[0] == other.partition(".")[0]
