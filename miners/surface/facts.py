"""The facts of a class before its validators are read: its fields with types and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from miners.surface.types import UNTYPED, TypeExpr
from pytest_llem_invariants.language.expressions import MISSING


class ClassKind(Enum):
    """Who enforces the annotations of a class: this decides how a value of the wrong type is handled."""

    PYDANTIC_MODEL = "pydantic_model"
    PYDANTIC_DATACLASS = "pydantic_dataclass"
    MSGSPEC = "msgspec"
    DATACLASS = "dataclass"
    PLAIN = "plain"

    @property
    def coerces(self) -> bool:
        """Whether validators receive values that were already converted to the declared type."""
        return self in (ClassKind.PYDANTIC_MODEL, ClassKind.PYDANTIC_DATACLASS)


@dataclass(frozen=True, slots=True)
class FieldFact:
    """One keyword argument of a class."""

    name: str
    annotation: str
    """The annotation as text; empty if the source has none."""
    types: tuple[str, ...] = ()
    """Names in the vocabulary of `type_is`, or class names; empty if unknown. `Any` is ('any',)."""
    element_types: tuple[str, ...] = ()
    """The element types of a list, tuple or set, or the value types of a mapping."""
    nullable: bool = True
    literals: tuple[Any, ...] | None = None
    """The allowed values of a Literal or enum field."""
    default: Any = MISSING
    """MISSING if the field is required, if its factory depends on the machine, or if it is not a plain value."""
    required: bool = False
    init: bool = True
    """False for a field that no keyword argument can set."""
    init_only: bool = False
    """An InitVar: given to the constructor, not kept."""
    bounds: Mapping[str, Any] = field(default_factory=dict)
    """Constraints under their annotated-types names: ge, gt, le, lt, multiple_of, min_length, max_length, pattern."""
    examples: tuple[Any, ...] = ()
    """Accepted values that no type name shows: mappings that build the class of the field, lists of its choices."""
    whole: tuple[Any, ...] = ()
    """Examples that the engine's file gives, of values that are made of several parts."""
    words: tuple[Any, ...] = ()
    """Values that the library names in its code or documentation; it need not accept them all."""
    line: int = 0
    alias: str | None = None
    """The only keyword for the field, if it differs from its name."""
    aliases: tuple[str, ...] = ()
    """Further keywords for the field."""
    type: TypeExpr = UNTYPED
    """The whole type; `types`, `element_types`, `nullable`, `literals` and `bounds` follow from it."""

    @property
    def settable(self) -> bool:
        """Whether a user can set it: a public keyword argument."""
        return self.init and not self.name.startswith("_")

    @property
    def keyword(self) -> str:
        """The keyword under which the constructor takes it."""
        return self.alias or self.name


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """One class of the surface."""

    native_type: str
    target: str
    """`module:Class`."""
    kind: ClassKind
    fields: Mapping[str, FieldFact]
    path: str
    """The defining file, relative to the folder that holds the library's package."""
    line: int
    base_kwargs: Mapping[str, Any] = field(default_factory=dict)
    """Arguments from the SSOT without which the class cannot be built."""
    accepts_extra: bool = False
    """Whether it accepts unknown keyword arguments (`**kwargs`, `extra="allow"`)."""


def is_closed(fact: FieldFact) -> bool:
    """Whether the field accepts a few values only: then their observed results are complete."""
    return fact.literals is not None or set(fact.types) == {"bool"}
