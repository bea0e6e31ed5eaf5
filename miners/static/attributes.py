"""What a name or an attribute stands for: fields, methods, constants, objects that the code made."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from miners.code.definitions import ClassSource, FunctionSource, ModuleName, Value
from miners.code.readers import SourceReader
from miners.logic.formulas import Formula, atom
from miners.static.context import ContextReads
from miners.static.effects import Effect
from miners.static.found_out import is_found_out
from miners.static.state import Frame, State
from miners.surface.facts import ClassFacts, FieldFact
from miners.surface.fields import class_of
from miners.symbolic.cases import choose
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
    TypeOf,
    Unknown,
)
from pytest_llem_invariants.language.expressions import MISSING
from pytest_llem_invariants.language.values import resolve_class

_MOST_MEMBERS: Final = 8
"""A method of an enumeration is read member by member: of so many at most."""
_MAKING: Final = frozenset({"__init__", "__post_init__", "model_post_init"})
_VALIDATING: Final = frozenset({"field_validator", "model_validator", "validator", "root_validator"})
_KNOWN_BUILTINS: Final[dict[str, Any]] = {
    kind.__name__: kind
    for kind in (bool, int, float, str, bytes, list, tuple, dict, set, frozenset, type, object, range, complex)
}


class Attributes:
    """What names need: a reader, facts for fields, and a way to call."""

    def __init__(
        self,
        facts: ClassFacts,
        surface: Mapping[str, ClassFacts],
        reader: SourceReader,
        context: ContextReads,
    ) -> None:
        self.facts = facts
        self.surface = surface
        self.reader = reader
        self.context = context
        self.effects: list[Effect] = []
        self.frames: list[Frame] = []
        self.failures: list[Formula] = []
        """Conditions under which an expression on the way raises by itself (an unknown enum name)."""
        self.asked: set[str] = set()
        """Fields of which the code asks whether they were given at all."""
        self._elements = 0
        self.text_elements: set[str] = set()
        """The stand-ins for elements that are declared to be texts."""
        self._assigned: dict[tuple[str, str], frozenset[str]] = {}

    def call(self, node: ast.Call, state: State) -> Term:
        raise NotImplementedError

    def invoke(self, target: CallableTerm, args: list[Term], keywords: dict[str, Term], state: State) -> Term:
        raise NotImplementedError

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    def place(self, node: ast.AST) -> str:
        return f"{self.frame.path}:{getattr(node, 'lineno', 0)}"

    def unknown(self, node: ast.expr, shape: str) -> Unknown:
        return Unknown(hole_text(ast.unparse(node)), self.place(node), shape)

    def name(self, name: str, node: ast.expr, state: State) -> Term:
        if name in state.env:
            return state.env[name]
        chained = self.context.read(name, self.place(node))
        if chained is not None:
            return chained
        bound = self.reader.lookup(self.frame.module, name)
        if is_found_out(self.reader, self.frame.module, name, bound):
            return self.unknown(node, MACHINE)
        if bound is not None:
            return self.bound(bound)
        if name in _KNOWN_BUILTINS:
            return Const(_KNOWN_BUILTINS[name])
        if hasattr(builtins, name):
            return Const(getattr(builtins, name))
        return self.unknown(node, "unresolved name")

    def bound(self, found: FunctionSource | ClassSource | ModuleName | Value) -> Term:
        match found:
            case FunctionSource():
                return CallableTerm(found)
            case ClassSource():
                kind = self.reader.enum_of(found)
                return ClassTerm(found) if kind is None else Const(kind)
            case ModuleName():
                return ModuleTerm(found)
            case Value(value=value):
                return Const(value)

    def attribute(self, term: Term, name: str, node: ast.expr, state: State) -> Term:
        match term:
            case Instance(prefix=prefix, cls=cls):
                return self.member(term, prefix, cls, name, node, state)
            case Field(path=path):
                return self._of_field(term, path, name, node, state)
            case ModuleTerm(name=module):
                found = self.reader.member(module, name)
                if is_found_out(self.reader, module.name, name, found):
                    return self.unknown(node, MACHINE)
                return self.unknown(node, "unresolved name") if found is None else self.bound(found)
            case ClassTerm(cls=cls):
                found = self.reader.attribute(cls, name)
                if found is None:
                    return Const(cls.name) if name == "__name__" else self.unknown(node, "class attribute")
                term_ = self.bound(found)
                if isinstance(found, FunctionSource):
                    return CallableTerm(found, term if "classmethod" in found.decorators else None, cls)
                return term_
            case Super(instance=Instance(prefix=prefix, cls=cls) as instance, after=after):
                return self._inherited(instance, cls, after, name, node)
            case TypeOf(of=inner):
                if name in ("__name__", "__qualname__"):
                    return self.unknown(node, "type name")
                return self.attribute(inner, name, node, state)
            case Built(of=original):
                if original is not None:
                    return self.attribute(original, name, node, state)
                return self._of_built(term, name, node)
            case Const(value=value):
                return self._of_constant(value, name, node, state)
            case Info(field=field):
                known: dict[str, Term] = {"data": Given(""), "field_name": Const(field), "context": NONE}
                return known.get(name) or self.unknown(node, "validation info")
            case Unknown():
                return Unknown(hole_text(ast.unparse(node)), term.place, term.shape)
            case _:
                return self.unknown(node, f"attribute of {type(term).__name__.lower()}")

    def _of_built(self, built: Built, name: str, node: ast.expr) -> Term:
        """What an object holds that the code made: what it was given, unless the class sets that itself."""
        dotted = f"{built.cls.module}.{built.cls.qualname}"
        if any(map(self.context.is_of_run_time, (f"{dotted}.{name}", dotted))):
            return self.unknown(node, RUN_TIME)
        if name not in self._sets_itself(built.cls):
            for given, value in built.given:
                if given == name:
                    return value
            facts = self.facts_of(built.cls)
            fact = None if facts is None else facts.fields.get(name)
            if built.whole and fact is not None and fact.default is not MISSING:
                return Const(fact.default)
            if isinstance(built.spread, Field) and fact is not None:
                return Field(f"{built.spread.path}.{name}")
        return Unknown(hole_text(ast.unparse(node)), built.place, "constructed object")

    def facts_of(self, cls: ClassSource) -> ClassFacts | None:
        """What is known of a class of the surface."""
        target = f"{cls.module}:{cls.qualname}"
        return next((facts for facts in self.surface.values() if facts.target == target), None)

    def _sets_itself(self, cls: ClassSource) -> frozenset[str]:
        """The attributes that a class assigns while it is made: in its constructor, its validators, what they call."""
        key = (cls.module, cls.qualname)
        if key not in self._assigned:
            methods = {method.name: method for _, method in self.reader.methods(cls)}
            open_ = [name for name, method in methods.items() if name in _MAKING or method.decorators & _VALIDATING]
            met: dict[str, None] = {}
            while open_:
                name = open_.pop()
                if name in methods and name not in met:
                    met[name] = None
                    open_.extend(one.attr for one in ast.walk(methods[name].node) if isinstance(one, ast.Attribute))
            self._assigned[key] = frozenset(
                one.attr
                for name in met
                for one in ast.walk(methods[name].node)
                if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store)
            )
        return self._assigned[key]

    def _of_constant(self, value: Any, name: str, node: ast.expr, state: State) -> Term:
        if isinstance(value, type) and issubclass(value, Enum):
            if name in value.__members__:
                return Const(value[name])
            if name == "__members__":
                return Const(list(value.__members__))
        if isinstance(value, Enum) and name in ("value", "name"):
            return Const(getattr(value, name))
        if isinstance(value, Enum):
            source = self.reader.class_at(f"{type(value).__module__}:{type(value).__qualname__}")
            found = None if source is None else self.reader.attribute(source, name)
            if isinstance(found, FunctionSource):
                method = CallableTerm(found, Const(value), source)
                is_property = bool(found.decorators & {"property", "cached_property"})
                return self.invoke(method, [], {}, state) if is_property else method
        if isinstance(value, type) and name == "__name__":
            return Const(value.__name__)
        if hasattr(type(value), "__dataclass_fields__") and name in vars(value):
            return Const(vars(value)[name])
        return self.unknown(node, "attribute of a live object")

    def member(self, instance: Term, prefix: str, cls: ClassSource, name: str, node: ast.expr, state: State) -> Term:
        """`self.name`."""
        path = prefix + name
        if self.context.is_of_run_time(f"{cls.module}.{cls.qualname}.{name}"):
            return self.unknown(node, RUN_TIME)
        if path in state.fields:
            return state.fields[path]
        found = self.reader.attribute(cls, name)
        if isinstance(found, FunctionSource):
            if found.decorators & {"property", "cached_property"}:
                return self.invoke(CallableTerm(found, instance, cls), [], {}, state)
            return CallableTerm(found, None if "staticmethod" in found.decorators else instance, cls)
        given = self.initial(path)
        if given is not None:
            return given
        if found is not None:
            return self.bound(found)
        if name == "__class__":
            return TypeOf(instance)
        built_at_run_time = self.context.is_of_run_time(f"{cls.module}.{cls.qualname}")
        return self.unknown(node, RUN_TIME if built_at_run_time else "attribute set elsewhere")

    def _inherited(self, instance: Instance, cls: ClassSource, after: ClassSource, name: str, node: ast.expr) -> Term:
        line = self.reader.mro(cls)
        index = next(
            (i for i, one in enumerate(line) if one.qualname == after.qualname and one.module == after.module), 0
        )
        for owner in line[index + 1 :]:
            found = self.reader.attribute(ClassSource(owner.module, owner.qualname, owner.node), name)
            if isinstance(found, FunctionSource):
                return CallableTerm(found, instance, owner)
        return self.unknown(node, "inherited from elsewhere")

    def initial(self, path: str) -> Term | None:
        """What the field holds before any code of the class has run."""
        fact = self.fact(path)
        if fact is None:
            return None
        if fact.init:
            return Field(path)
        return Const(fact.default) if fact.default is not MISSING else None

    def fact(self, path: str) -> FieldFact | None:
        facts: ClassFacts | None = self.facts
        *parents, last = path.split(".")
        for name in parents:
            fact = None if facts is None else facts.fields.get(name)
            facts = None if fact is None else class_of(fact, self.surface)
        return None if facts is None else facts.fields.get(last)

    def instance_at(self, path: str) -> Instance | None:
        """The object of a known class that a field holds; None where it may hold one of several."""
        fact = self.fact(path)
        several = fact is not None and sum(resolve_class(name, self.surface) is not None for name in fact.types) > 1
        inner = None if fact is None or several else class_of(fact, self.surface)
        source = None if inner is None else self.reader.class_at(inner.target)
        return None if source is None else Instance(f"{path}.", source)

    def _of_field(self, term: Field, path: str, name: str, node: ast.expr, state: State) -> Term:
        fact = self.fact(path)
        instance = self.instance_at(path) if fact is None or not fact.literals else None
        if instance is not None:
            return self.member(instance, instance.prefix, instance.cls, name, node, state)
        if fact is not None and fact.literals is not None and name == "value":
            return term
        kind = None if fact is None or not fact.literals else self._enum_of(path, fact)
        if kind is not None and len(kind) <= _MOST_MEMBERS:
            return choose(
                (atom(path, "==", plain(member)), self.attribute(Const(member), name, node, state)) for member in kind
            )
        if fact is not None and name in OF_FILES and not {*fact.types}.isdisjoint({"Path", "PurePath"}):
            return self.unknown(node, MACHINE)
        return self.unknown(node, CLASS_GIVEN if _is_of_class(fact, name) else "attribute of a field's value")

    def _enum_of(self, path: str, fact: FieldFact) -> type[Enum] | None:
        """The enumeration whose members a field holds, by its name in the module of the class that has the field."""
        parent = path.rpartition(".")[0]
        owner = self.instance_at(parent) if parent else None
        target = owner.cls.module if owner is not None else self.facts.target.partition(":")[0]
        for name in fact.types:
            found = self.reader.lookup(target, name)
            if isinstance(found, ClassSource):
                return self.reader.enum_of(found)
            if isinstance(found, Value) and isinstance(found.value, type) and issubclass(found.value, Enum):
                return found.value
        return None


def _is_of_class(fact: FieldFact | None, name: str) -> bool:
    """Whether nothing that the field takes has an attribute of that name, but for a class that is given as it is."""
    others = [kind for kind in ((*fact.types,) if fact is not None else ()) if kind not in ("type", "none")]
    return (
        fact is not None
        and "type" in fact.types
        and all(kind in _KNOWN_BUILTINS and not hasattr(_KNOWN_BUILTINS[kind], name) for kind in others)
    )
