"""What the miners know of a class before they read its validators: its fields, their types and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from miners.surface.types import UNTYPED, TypeExpr
from pytest_llem_invariants.language.expressions import MISSING


class ClassKind(Enum):
    """Who enforces the annotations of a class, which decides what a wrong-typed value meets."""

    PYDANTIC_MODEL = "pydantic_model"
    PYDANTIC_DATACLASS = "pydantic_dataclass"
    MSGSPEC = "msgspec"
    DATACLASS = "dataclass"
    PLAIN = "plain"

    @property
    def coerces(self) -> bool:
        """Whether validators see values that were converted to the declared type first."""
        return self in (ClassKind.PYDANTIC_MODEL, ClassKind.PYDANTIC_DATACLASS)


@dataclass(frozen=True, slots=True)
class FieldFact:
    """One keyword argument of a class."""

    name: str
    annotation: str
    """The annotation as text; empty where the source gives none."""
    types: tuple[str, ...] = ()
    """Names in the vocabulary of `type_is`, or class names; empty where unknown. `Any` is ('any',)."""
    element_types: tuple[str, ...] = ()
    """What a list, tuple or set holds, or the values of a mapping."""
    nullable: bool = True
    literals: tuple[Any, ...] | None = None
    """The allowed values of a Literal or enum field."""
    default: Any = MISSING
    """MISSING where the field is required, made by a factory that depends on the machine, or not a plain value."""
    required: bool = False
    init: bool = True
    """False for a field that no keyword argument can set."""
    init_only: bool = False
    """An InitVar: given to the constructor, not kept."""
    bounds: Mapping[str, Any] = field(default_factory=dict)
    """annotated-types constraints by operator: ge, gt, le, lt, multiple_of, min_length, max_length, pattern."""
    examples: tuple[Any, ...] = ()
    """Values that it takes and no type name tells: mappings that build a class that it holds, lists of its choices."""
    words: tuple[Any, ...] = ()
    """What the library itself calls values of it, in its code and its documentation; it need not take them all."""
    line: int = 0
    alias: str | None = None
    """The keyword under which alone the field can be given, where that is not its name."""
    aliases: tuple[str, ...] = ()
    """Further keywords under which it can be given."""
    type: TypeExpr = UNTYPED
    """The whole type, from which `types`, `element_types`, `nullable`, `literals` and `bounds` follow."""

    @property
    def settable(self) -> bool:
        """Whether a user can give it: a public keyword argument."""
        return self.init and not self.name.startswith("_")

    @property
    def keyword(self) -> str:
        """The name under which the constructor takes it."""
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
    """Arguments without which the class cannot be built, from the SSOT."""
    accepts_extra: bool = False
    """Whether unknown keyword arguments are taken (`**kwargs`, `extra="allow"`)."""


def is_closed(fact: FieldFact) -> bool:
    """Whether a few values are all that the field can take: then what was seen of them is the whole of it."""
    return fact.literals is not None or set(fact.types) == {"bool"}
