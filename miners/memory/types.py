"""Which types of models are studied, and in which forms: another architecture, or a part that is of another type."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, final

from miners.discovery import models
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.engines.stand_ins import standing_in

_TYPES: Final = "transformers.models.auto.configuration_auto"
_OF_ANY_TYPE: Final = "AutoConfig"


@final
@dataclass(frozen=True, slots=True)
class Form:
    """A type of model with one architecture, and parts of one type each, where these may be of several."""

    kind: str
    architecture: str
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How its line is called: the type first, by which it is found."""
        return " ".join((self.kind, self.architecture, *self.parts.values()))


@contextmanager
def apart(adapter: EngineAdapter) -> Iterator[None]:
    """Packages stood in for: those of the models, and those that are imported where ranks share a layer."""
    with models.apart(adapter), standing_in(adapter.ssot.adapter["memory"].get("stand_ins", {})):
        models.warm(adapter)
        yield


def forms_of(adapter: EngineAdapter) -> dict[str, Form]:
    """The forms by their names: of each type the likeliest architecture, and what is declared beside it."""
    declared: Mapping[str, Any] = adapter.ssot.adapter["memory"]
    named: Mapping[str, str] = declared.get("architectures", {})
    _add_own(adapter, named)
    types = {**models._types(adapter), **named}
    found = {kind: Form(kind, architecture) for kind, architecture in types.items()}
    for one in declared.get("also", ()):
        kind = one["type"]
        form = Form(kind, one.get("architecture", types.get(kind, "")), one.get("parts", {}))
        found[form.name] = form
    return dict(sorted(found.items()))


def _add_own(adapter: EngineAdapter, kinds: Mapping[str, str]) -> None:
    """Let transformers know the types that the library reads with classes of its own."""
    auto = importlib.import_module(_TYPES)
    for place in adapter.ssot.adapter["model_types"].get("known", ()):
        module, _, name = place.partition(":")
        table = getattr(importlib.import_module(module), name, {})
        for kind in kinds if isinstance(table, Mapping) else ():
            if kind in table and kind not in auto.CONFIG_MAPPING:
                cls = table[kind]
                cls.model_type = kind
                auto.AutoConfig.register(kind, cls, exist_ok=True)


def open_parts(kind: str, whole: Mapping[str, Any]) -> dict[str, str]:
    """The parts of a type that may be of any type, each with the type that it is of here."""
    cls = importlib.import_module(_TYPES).CONFIG_MAPPING[kind]
    return dict(_open(getattr(cls, "sub_configs", None) or {}, whole))


def _open(declared: Mapping[str, Any], whole: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for part, cls in sorted(declared.items()):
        of = whole.get(part)
        if cls.__name__ == _OF_ANY_TYPE and isinstance(of, Mapping) and isinstance(of.get("model_type"), str):
            yield part, of["model_type"]
