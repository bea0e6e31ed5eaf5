"""One difference between two schemas, and whether it may break a valid config."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, final


class ChangeKind(StrEnum):
    """The kind of change of a class or a field."""

    CLASS_ADDED = "class_added"
    CLASS_REMOVED = "class_removed"
    EXTRA_REFUSED = "extra_refused"
    EXTRA_TAKEN = "extra_taken"
    NOW_ENFORCED = "now_enforced"
    NO_LONGER_ENFORCED = "no_longer_enforced"
    FIELD_ADDED = "field_added"
    FIELD_ADDED_REQUIRED = "field_added_required"
    FIELD_REMOVED = "field_removed"
    TYPE_WIDENED = "type_widened"
    TYPE_NARROWED = "type_narrowed"
    TYPE_CHANGED = "type_changed"
    TYPE_TOLD = "type_told"
    TYPE_NO_LONGER_TOLD = "type_no_longer_told"
    ENUM_VALUE_ADDED = "enum_value_added"
    ENUM_VALUE_REMOVED = "enum_value_removed"
    NOW_REQUIRED = "now_required"
    NO_LONGER_REQUIRED = "no_longer_required"
    KEYWORD_CHANGED = "keyword_changed"
    DEFAULT_CHANGED = "default_changed"
    DESCRIPTION_CHANGED = "description_changed"
    DEPRECATED = "deprecated"
    NO_LONGER_DEPRECATED = "no_longer_deprecated"

    @property
    def breaking(self) -> bool:
        """Whether the newer version may reject a config that the older one accepts."""
        return self in _BREAKING

    @property
    def words(self) -> str:
        return self.value.replace("_", " ")


_BREAKING: Final = frozenset(
    {
        ChangeKind.CLASS_REMOVED,
        ChangeKind.EXTRA_REFUSED,
        ChangeKind.NOW_ENFORCED,
        ChangeKind.FIELD_ADDED_REQUIRED,
        ChangeKind.FIELD_REMOVED,
        ChangeKind.TYPE_NARROWED,
        ChangeKind.TYPE_CHANGED,
        ChangeKind.ENUM_VALUE_REMOVED,
        ChangeKind.NOW_REQUIRED,
        ChangeKind.KEYWORD_CHANGED,
    }
)


@final
@dataclass(frozen=True, slots=True)
class Difference:
    """A change, its place, and the old and the new state."""

    change: ChangeKind
    native_type: str
    field: str | None = None
    old: Any = None
    new: Any = None

    @property
    def breaking(self) -> bool:
        return self.change.breaking

    @property
    def place(self) -> str:
        return self.native_type if self.field is None else f"{self.native_type}.{self.field}"

    def as_data(self) -> dict[str, Any]:
        return {
            "change": str(self.change),
            "class": "breaking" if self.breaking else "safe",
            "native_type": self.native_type,
            "field": self.field,
            "old": self.old,
            "new": self.new,
        }


@final
@dataclass(frozen=True, slots=True)
class Rename:
    """A removed and an added name that may mean one thing."""

    native_type: str | None
    """None for a renamed class."""
    old: str
    new: str
    because: str

    def as_data(self) -> dict[str, Any]:
        return {"native_type": self.native_type, "old": self.old, "new": self.new, "because": self.because}


@final
@dataclass(frozen=True, slots=True)
class SchemaDiff:
    """All differences between two versions, without metadata."""

    engine: str
    old_version: str
    new_version: str
    differences: tuple[Difference, ...]
    renames: tuple[Rename, ...]

    @property
    def breaking(self) -> tuple[Difference, ...]:
        return tuple(one for one in self.differences if one.breaking)

    @property
    def safe(self) -> tuple[Difference, ...]:
        return tuple(one for one in self.differences if not one.breaking)

    def as_data(self) -> Mapping[str, Any]:
        return {
            "engine": self.engine,
            "old_version": self.old_version,
            "new_version": self.new_version,
            "summary": {"breaking": len(self.breaking), "safe": len(self.safe), "renames": len(self.renames)},
            "differences": [one.as_data() for one in self.differences],
            "renames": [one.as_data() for one in self.renames],
        }
