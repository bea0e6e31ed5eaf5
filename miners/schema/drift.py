"""How a user's own pydantic models of an engine's config differ from the engine."""

from __future__ import annotations

import difflib
import importlib
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

from miners.discovery.shapes import type_of
from miners.schema.accepts import is_within
from miners.schema.diff import Parameters, parameters_of
from miners.surface.imported import class_facts
from miners.surface.types import ANY, NONE, UNTYPED, Either, Group, InstanceType, Plain, TypeExpr, alternatives, parts
from pytest_llem_invariants.errors import MinerError


@final
@dataclass(frozen=True, slots=True)
class Disagreement:
    """A field whose type accepts values that the engine's type does not."""

    field: str
    model: str
    engine: str


@final
@dataclass(frozen=True, slots=True)
class Drift:
    """One model and the native type that it represents."""

    model: str
    native_type: str
    unknown: Mapping[str, str | None]
    """Fields that the engine lacks → the name that may be meant."""
    disagreeing: tuple[Disagreement, ...]
    unexposed: tuple[str, ...]
    """Fields of the engine that the model lacks."""

    @property
    def drifted(self) -> bool:
        """Whether the model accepts something that the engine does not."""
        return bool(self.unknown or self.disagreeing)

    def as_data(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "native_type": self.native_type,
            "unknown": dict(self.unknown),
            "disagreeing": [{"field": one.field, "model": one.model, "engine": one.engine} for one in self.disagreeing],
            "unexposed": list(self.unexposed),
        }


@final
@dataclass(frozen=True, slots=True)
class Target:
    """A model on the command line: `module:Class`, with `=native.Type` to say what it represents."""

    module: str
    name: str
    native_type: str | None = None

    @classmethod
    def parse(cls, text: str) -> Target:
        path, _, native_type = text.partition("=")
        module, colon, name = path.partition(":")
        if not (module and colon and name):
            raise MinerError(f"{text!r} is not a model — write module:Class, or module:Class=native.Type")
        return cls(module, name, native_type or None)

    def load(self) -> type:
        try:
            found = getattr(importlib.import_module(self.module), self.name)
        except (ImportError, AttributeError) as error:
            raise MinerError(f"the model {self.module}:{self.name} cannot be imported: {error}") from error
        if not isinstance(found, type) or not hasattr(found, "__pydantic_fields__"):
            raise MinerError(f"{self.module}:{self.name} is not a pydantic model")
        return found


@final
@dataclass(slots=True)
class _Walk:
    schema: Mapping[str, Parameters]
    seen: dict[type, str] = field(default_factory=dict)


def drift_of(schema: Mapping[str, Any], model: type, native_type: str | None = None) -> Iterator[Drift]:
    """The drift of a model and of every model nested in it."""
    parameters = parameters_of(schema)
    if native_type is not None and native_type not in parameters:
        close = difflib.get_close_matches(native_type, parameters, n=1)
        fix = f"did you mean {close[0]!r}?" if close else "the schema's native_types names them all"
        raise MinerError(f"{schema['engine']} has no native type {native_type!r} — {fix}")
    yield from _drift(_Walk(parameters), model, native_type)


def _drift(walk: _Walk, model: type, native_type: str | None) -> Iterator[Drift]:
    own = {fact.keyword: fact for fact in class_facts(model, model.__name__).fields.values() if fact.settable}
    stands_for = native_type or _nearest(own, walk.schema)
    if stands_for is None:
        raise MinerError(
            f"{model.__name__} shares no field with any native type — name the type that it mirrors: module:Class=name"
        )
    walk.seen[model] = stands_for
    engine = {parameter["alias"] or name: parameter for name, parameter in walk.schema[stands_for].items()}
    disagreeing = []
    for name, fact in own.items():
        if name in engine and not _agrees(fact.type, type_of(engine[name]["shape"])):
            disagreeing.append(Disagreement(name, fact.annotation, engine[name]["type"]))
    yield Drift(
        f"{model.__module__}:{model.__qualname__}",
        stands_for,
        {name: _close(name, engine) for name in own if name not in engine},
        tuple(disagreeing),
        tuple(sorted(engine.keys() - own.keys())),
    )
    for name, nested in _nested_models(model):
        if nested not in walk.seen:
            yield from _drift(walk, nested, _nested_type(walk.schema, engine.get(name)))


def _nearest(own: Mapping[str, Any], schema: Mapping[str, Parameters]) -> str | None:
    """The native type that shares most fields with a model; of two, the one with fewer other fields."""
    best = max(schema, key=lambda name: (len(own.keys() & schema[name].keys()), -len(schema[name]), name), default=None)
    return best if best is not None and own.keys() & schema[best].keys() else None


def _agrees(mine: TypeExpr, engines: TypeExpr) -> bool:
    """Whether the engine's type accepts all that a model's does.

    None means "not given" in most models; a nested model or a mapping is accepted for the engine's nested class.
    """
    if UNTYPED in (mine, engines):
        return True
    mapping = Group("dict")
    nested = any(isinstance(one, InstanceType) for one in alternatives(engines))
    takes_mapping = nested or is_within(Group("dict", (Plain("str"), ANY)), engines)
    return all(
        takes_mapping
        if isinstance(one, InstanceType)
        else (nested and is_within(one, mapping)) or is_within(one, engines)
        for one in (mine.members if isinstance(mine, Either) else (mine,))
        if one != NONE
    )


def _close(name: str, known: Mapping[str, Any]) -> str | None:
    found = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.7)
    return found[0] if found else None


def _nested_models(model: type) -> Iterator[tuple[str, type]]:
    for name, info in model.__pydantic_fields__.items():  # type: ignore[attr-defined]
        todo = [info.annotation]
        while todo:
            one = todo.pop()
            todo += typing.get_args(one)
            if isinstance(one, type) and hasattr(one, "__pydantic_fields__"):
                yield name, one


def _nested_type(schema: Mapping[str, Parameters], parameter: Mapping[str, Any] | None) -> str | None:
    """The native type of a field of the engine, by the name of its class."""
    if parameter is None:
        return None
    for part in parts(type_of(parameter["shape"])):
        if isinstance(part, InstanceType):
            return next((name for name in sorted(schema) if name.rpartition(".")[2] == part.name), None)
    return None


def drift_text(drifts: Sequence[Drift]) -> str:
    """The drift as text for a terminal."""
    lines: list[str] = []
    for drift in drifts:
        lines.append(f"{drift.model} mirrors {drift.native_type}")
        for name, close in drift.unknown.items():
            lines.append(f"  {name}: the engine has no such field" + (f"; did you mean {close}?" if close else ""))
        lines += [
            f"  {one.field}: {one.model} allows values that the engine's {one.engine} does not"
            for one in drift.disagreeing
        ]
        if drift.unexposed:
            lines.append(f"  not exposed ({len(drift.unexposed)}): {', '.join(drift.unexposed)}")
    return "\n".join(lines) + "\n"
