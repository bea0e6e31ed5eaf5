"""What is known of a class before its code is read."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, final

from miners.code.definitions import ClassSource, Value
from miners.code.readers import SourceReader
from miners.static.context import ContextReads
from miners.surface.facts import ClassFacts, FieldFact
from miners.surface.fields import class_of, field_at
from miners.symbolic.terms import Const, Field, Instance, Term
from pytest_llem_invariants.language.expressions import MISSING
from pytest_llem_invariants.language.values import resolve_class

_MAKING: Final = frozenset({"__init__", "__post_init__", "model_post_init"})
_VALIDATING: Final = frozenset({"field_validator", "model_validator", "validator", "root_validator"})


@final
@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Facts of the class and of the classes in its fields, their source, and the declarations of the SSOT."""

    facts: ClassFacts
    surface: Mapping[str, ClassFacts]
    reader: SourceReader
    context: ContextReads
    _assigned: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict, init=False)

    def fact(self, path: str) -> FieldFact | None:
        """The fact of a field; of a nested one by its dotted path."""
        facts: ClassFacts | None = self.facts
        *parents, last = path.split(".")
        for name in parents:
            fact = None if facts is None else facts.fields.get(name)
            facts = None if fact is None else class_of(fact, self.surface)
        return None if facts is None else facts.fields.get(last)

    def initial(self, path: str) -> Term | None:
        """The value of the field before any code of the class has run."""
        fact = self.fact(path)
        if fact is None:
            return None
        if fact.init:
            return Field(path)
        return Const(fact.default) if fact.default is not MISSING else None

    def instance_at(self, path: str) -> Instance | None:
        """The object of a known class that a field holds; None if it may hold one of several."""
        fact = self.fact(path)
        several = fact is not None and sum(resolve_class(name, self.surface) is not None for name in fact.types) > 1
        inner = None if fact is None or several else class_of(fact, self.surface)
        source = None if inner is None else self.reader.class_at(inner.target)
        return None if source is None else Instance(f"{path}.", source)

    def facts_of(self, cls: ClassSource) -> ClassFacts | None:
        """The facts of a class of the surface."""
        target = f"{cls.module}:{cls.qualname}"
        return next((facts for facts in self.surface.values() if facts.target == target), None)

    def is_given_to_all(self, term: Term) -> bool:
        """Whether the SSOT passes this value to every object of the class that has the field."""
        if not isinstance(term, Field):
            return False
        parent, _, name = term.path.rpartition(".")
        fact = self.fact(parent) if parent else None
        facts = (None if fact is None else class_of(fact, self.surface)) if parent else self.facts
        return facts is not None and name in facts.base_kwargs

    def is_true_if_given(self, path: str) -> bool:
        """Whether a field only ever holds an object of one class, or nothing."""
        fact, instance = self.fact(path), self.instance_at(path)
        if fact is None or instance is None or len({*fact.types} - {"none"}) != 1:
            return False
        parent = path.rpartition(".")[0]
        owner = class_of(field_at(parent, self.facts, self.surface), self.surface) if parent else self.facts
        says = (self.reader.attribute(instance.cls, name) for name in ("__bool__", "__len__"))
        return owner is not None and owner.kind.coerces and not any(says)

    def enum_of(self, path: str, fact: FieldFact) -> type[Enum] | None:
        """The enumeration of a field's values, by its name in the module of the class that has the field."""
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

    def sets_itself(self, cls: ClassSource) -> frozenset[str]:
        """The attributes that a class assigns during construction: in its constructor, its validators and their
        callees.
        """
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
