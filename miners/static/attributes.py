"""What a name or an attribute stands for: fields, methods, constants, objects that the code made."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, final

from miners.code.definitions import ClassSource, FunctionSource, ModuleName, Value, dotted_name
from miners.logic.formulas import atom
from miners.static.found_out import is_found_out
from miners.static.known import Known
from miners.static.nested_models import part_of_model
from miners.static.parts import Evaluates, Invokes
from miners.static.state import State
from miners.static.trace import Trace
from miners.surface.facts import FieldFact
from miners.symbolic.cases import choose, map_cases
from miners.symbolic.constants import plain
from miners.symbolic.opacity import CLASS_GIVEN, MACHINE, OF_FILES, RUN_TIME
from miners.symbolic.templates import hole_text
from miners.symbolic.terms import (
    NONE,
    Built,
    CallableTerm,
    ClassTerm,
    Const,
    Field,
    Given,
    Info,
    Instance,
    ModuleTerm,
    Super,
    Term,
    Told,
    TypeOf,
    Unknown,
)
from pytest_llem_invariants.language.expressions import MISSING

_MOST_MEMBERS: Final = 8
"""A method of an enumeration is read member by member: of so many at most."""


_KNOWN_BUILTINS: Final[dict[str, Any]] = {
    kind.__name__: kind
    for kind in (bool, int, float, str, bytes, list, tuple, dict, set, frozenset, type, object, range, complex)
}


@final
@dataclass(frozen=True, slots=True, eq=False)
class Attributes:
    """What names and attributes stand for."""

    known: Known
    trace: Trace
    values: Evaluates
    functions: Invokes

    def name(self, name: str, node: ast.expr, state: State) -> Term:
        if name in state.env:
            return state.env[name]
        chained = self.known.context.read(name, self.trace.place(node))
        if chained is not None:
            return chained
        bound = self.known.reader.lookup(self.trace.frame.module, name)
        if is_found_out(self.known.reader, self.trace.frame.module, name, bound):
            return self.trace.unknown(node, MACHINE)
        if bound is not None:
            return self.bound(bound)
        if name in _KNOWN_BUILTINS:
            return Const(_KNOWN_BUILTINS[name])
        if hasattr(builtins, name):
            return Const(getattr(builtins, name))
        return self.trace.unknown(node, "unresolved name")

    def bound(self, found: FunctionSource | ClassSource | ModuleName | Value) -> Term:
        match found:
            case FunctionSource():
                return CallableTerm(found)
            case ClassSource():
                kind = self.known.reader.enum_of(found)
                return ClassTerm(found) if kind is None else Const(kind)
            case ModuleName():
                return ModuleTerm(found)
            case Value(value=value):
                return Const(value)

    def read(self, node: ast.Attribute, state: State) -> Term:
        chain = dotted_name(node)
        if chain and chain.partition(".")[0] not in state.env:
            found = self.known.context.read(chain, self.trace.place(node))
            if found is not None:
                return found
        return map_cases(self.values.term(node.value, state), lambda term: self.attribute(term, node.attr, node, state))

    def attribute(self, term: Term, name: str, node: ast.expr, state: State) -> Term:
        match term:
            case Instance(prefix=prefix, cls=cls):
                return self.member(term, prefix, cls, name, node, state)
            case Field(path=path):
                return self._of_field(term, path, name, node, state)
            case ModuleTerm(name=module):
                found = self.known.reader.member(module, name)
                if is_found_out(self.known.reader, module.name, name, found):
                    return self.trace.unknown(node, MACHINE)
                return self.trace.unknown(node, "unresolved name") if found is None else self.bound(found)
            case ClassTerm(cls=cls):
                if self.known.context.is_of_run_time(f"{cls.module}.{cls.qualname}.{name}"):
                    return self.trace.unknown(node, RUN_TIME)
                found = self.known.reader.attribute(cls, name)
                if found is None:
                    return Const(cls.name) if name == "__name__" else self.trace.unknown(node, "class attribute")
                term_ = self.bound(found)
                if isinstance(found, FunctionSource):
                    return CallableTerm(found, term if "classmethod" in found.decorators else None, cls)
                return term_
            case Super(instance=Instance(prefix=prefix, cls=cls) as instance, after=after):
                return self._inherited(instance, cls, after, name, node)
            case TypeOf(of=inner):
                if name in ("__name__", "__qualname__"):
                    return self.trace.unknown(node, "type name")
                return self.attribute(inner, name, node, state)
            case Built(of=original):
                if original is not None:
                    return self.attribute(original, name, node, state)
                return self._of_built(term, name, node)
            case Const(value=value):
                return self._of_constant(value, name, node, state)
            case Info(field=field):
                known: dict[str, Term] = {"data": Given(""), "field_name": Const(field), "context": NONE}
                return known.get(name) or self.trace.unknown(node, "validation info")
            case Told(name=of):
                return self.known.context.told_at(f"{of}.{name}") or self.trace.unknown(node, RUN_TIME)
            case Unknown():
                return Unknown(hole_text(ast.unparse(node)), term.place, term.shape)
            case _:
                return self.trace.unknown(node, f"attribute of {type(term).__name__.lower()}")

    def _of_built(self, built: Built, name: str, node: ast.expr) -> Term:
        """What an object holds that the code made: what it was given, unless the class sets that itself."""
        dotted = f"{built.cls.module}.{built.cls.qualname}"
        told = self.known.context.told_at(f"{dotted}.{name}")
        if told is not None:
            return told
        if any(map(self.known.context.is_of_run_time, (f"{dotted}.{name}", dotted))):
            return self.trace.unknown(node, RUN_TIME)
        if name not in self.known.sets_itself(built.cls):
            for given, value in built.given:
                if given == name:
                    return value
            facts = self.known.facts_of(built.cls)
            fact = None if facts is None else facts.fields.get(name)
            if built.whole and fact is not None and fact.default is not MISSING:
                return Const(fact.default)
            if isinstance(built.spread, Field) and fact is not None:
                return Field(f"{built.spread.path}.{name}")
        return Unknown(hole_text(ast.unparse(node)), built.place, "constructed object")

    def _of_constant(self, value: Any, name: str, node: ast.expr, state: State) -> Term:
        if isinstance(value, type) and issubclass(value, Enum):
            if name in value.__members__:
                return Const(value[name])
            if name == "__members__":
                return Const(list(value.__members__))
        if isinstance(value, Enum) and name in ("value", "name"):
            return Const(getattr(value, name))
        if isinstance(value, Enum):
            source = self.known.reader.class_at(f"{type(value).__module__}:{type(value).__qualname__}")
            found = None if source is None else self.known.reader.attribute(source, name)
            if isinstance(found, FunctionSource):
                method = CallableTerm(found, Const(value), source)
                is_property = bool(found.decorators & {"property", "cached_property"})
                return self.functions.invoke(method, [], {}, state) if is_property else method
        if isinstance(value, type) and name == "__name__":
            return Const(value.__name__)
        if hasattr(type(value), "__dataclass_fields__") and name in vars(value):
            return Const(vars(value)[name])
        return self.trace.unknown(node, "attribute of a live object")

    def member(self, instance: Term, prefix: str, cls: ClassSource, name: str, node: ast.expr, state: State) -> Term:
        """`self.name`."""
        path = prefix + name
        dotted = f"{cls.module}.{cls.qualname}.{name}"
        told = self.known.context.told_at(dotted)
        if told is not None:
            return told
        if self.known.context.is_of_run_time(dotted):
            return self.trace.unknown(node, RUN_TIME)
        if path in state.fields:
            return state.fields[path]
        found = self.known.reader.attribute(cls, name)
        if isinstance(found, FunctionSource):
            if found.decorators & {"property", "cached_property"}:
                return self.functions.invoke(CallableTerm(found, instance, cls), [], {}, state)
            return CallableTerm(found, None if "staticmethod" in found.decorators else instance, cls)
        given = self.known.initial(path)
        if given is not None:
            return given
        if found is not None:
            return self.bound(found)
        if name == "__class__":
            return TypeOf(instance)
        built_at_run_time = self.known.context.is_of_run_time(f"{cls.module}.{cls.qualname}")
        return self.trace.unknown(node, RUN_TIME if built_at_run_time else "attribute set elsewhere")

    def _inherited(self, instance: Instance, cls: ClassSource, after: ClassSource, name: str, node: ast.expr) -> Term:
        line = self.known.reader.mro(cls)
        index = next(
            (i for i, one in enumerate(line) if one.qualname == after.qualname and one.module == after.module), 0
        )
        for owner in line[index + 1 :]:
            found = self.known.reader.attribute(ClassSource(owner.module, owner.qualname, owner.node), name)
            if isinstance(found, FunctionSource):
                return CallableTerm(found, instance, owner)
        return self.trace.unknown(node, "inherited from elsewhere")

    def _of_field(self, term: Field, path: str, name: str, node: ast.expr, state: State) -> Term:
        fact = self.known.fact(path)
        instance = self.known.instance_at(path) if fact is None or not fact.literals else None
        if instance is not None:
            return self.member(instance, instance.prefix, instance.cls, name, node, state)
        if fact is not None and fact.literals is not None and name == "value":
            return term
        kind = None if fact is None or not fact.literals else self.known.enum_of(path, fact)
        if kind is not None and len(kind) <= _MOST_MEMBERS:
            return choose(
                (atom(path, "==", plain(member)), self.attribute(Const(member), name, node, state)) for member in kind
            )
        if fact is not None and name in OF_FILES and not {*fact.types}.isdisjoint({"Path", "PurePath"}):
            return self.trace.unknown(node, MACHINE)
        part = part_of_model(self.known, path, name)
        if part is not None:
            return part
        return self.trace.unknown(node, CLASS_GIVEN if _is_of_class(fact, name) else "attribute of a field's value")


def _is_of_class(fact: FieldFact | None, name: str) -> bool:
    """Whether nothing that the field takes has an attribute of that name, but for a class that is given as it is."""
    others = [kind for kind in ((*fact.types,) if fact is not None else ()) if kind not in ("type", "none")]
    return (
        fact is not None
        and "type" in fact.types
        and all(kind in _KNOWN_BUILTINS and not hasattr(_KNOWN_BUILTINS[kind], name) for kind in others)
    )
