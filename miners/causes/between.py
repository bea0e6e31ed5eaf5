"""What two versions say of a field: asked by the class and the path that a rule names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, final

from miners.schema.change import ChangeKind, Difference, SchemaDiff
from miners.schema.diff import diff_schemas, parameters_of
from pytest_llem_invariants.corpus.schema_layout import Schema, alternatives, instances_in
from pytest_llem_invariants.errors import CorpusError

ANY: Final = frozenset({"any"})
_DECLARED: Final = (
    ChangeKind.TYPE_NARROWED,
    ChangeKind.TYPE_CHANGED,
    ChangeKind.TYPE_WIDENED,
    ChangeKind.ENUM_VALUE_REMOVED,
    ChangeKind.ENUM_VALUE_ADDED,
    ChangeKind.TYPE_TOLD,
    ChangeKind.TYPE_NO_LONGER_TOLD,
    ChangeKind.NOW_REQUIRED,
    ChangeKind.NO_LONGER_REQUIRED,
)
"""Changes of a declaration that a library may enforce, the most telling first."""
_LOOSER: Final = (
    ChangeKind.TYPE_WIDENED,
    ChangeKind.ENUM_VALUE_ADDED,
    ChangeKind.TYPE_NO_LONGER_TOLD,
    ChangeKind.NO_LONGER_REQUIRED,
    *_DECLARED,
)
"""The same, for what a newer version accepts."""
_OF_A_CLASS: Final = (
    ChangeKind.NOW_ENFORCED,
    ChangeKind.NO_LONGER_ENFORCED,
    ChangeKind.EXTRA_REFUSED,
    ChangeKind.EXTRA_TAKEN,
)


@final
@dataclass(frozen=True, slots=True)
class Version:
    """The schema of one version; of one without a schema nothing is known."""

    schema: Schema | None
    parameters: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(init=False)
    names: Mapping[str, frozenset[str]] = field(init=False)
    """Class → how its fields may be written."""
    sections: Mapping[str, str] = field(init=False)
    """A field that holds a class → that class, where all classes with such a field agree."""

    def __post_init__(self) -> None:
        parameters = {} if self.schema is None else parameters_of(self.schema)
        object.__setattr__(self, "parameters", parameters)
        names = {
            cls: frozenset(name for own, parameter in fields.items() for name in _names(own, parameter))
            for cls, fields in parameters.items()
        }
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "sections", _sections(parameters))

    def resolve(self, native_type: str, path: str) -> tuple[str, str]:
        """The class and the field that a path means: `EngineArgs` and `cache_config.x` are `x` of `CacheConfig`."""
        name, dot, rest = path.partition(".")
        if not dot or name not in self.sections:
            return native_type, name
        return self.resolve(self.sections[name], rest)

    def knows(self, native_type: str, path: str) -> bool | None:
        """Whether there is such a field; None where nothing is known of its class."""
        cls, name = self.resolve(native_type, path)
        names = self.names.get(cls)
        if names is None:
            return False if self.parameters and "." not in path else None
        return name in names

    def kinds(self, native_type: str, path: str) -> frozenset[str]:
        """The kinds of value that a field is declared to take; `any` where it is not told."""
        cls, name = self.resolve(native_type, path)
        if name != path.rpartition(".")[2]:
            return ANY  # inside of a value, not a field
        parameter = self.parameters.get(cls, {}).get(name)
        return ANY if parameter is None else frozenset(_kinds(parameter.get("shape", {}))) or ANY

    def takes(self, native_type: str, path: str, value: Any) -> bool:
        """Whether a field's declared choices have a value; True where it has none, or the value is no word."""
        cls, name = self.resolve(native_type, path)
        parameter = self.parameters.get(cls, {}).get(name)
        if parameter is None or name != path.rpartition(".")[2] or not isinstance(value, str):
            return True
        choices = frozenset(_choices(parameter.get("shape", {})))
        return not choices or None in choices or value in choices


def _names(own: str, parameter: Mapping[str, Any]) -> Iterator[str]:
    yield own
    if parameter.get("alias"):
        yield str(parameter["alias"])
    yield from map(str, parameter.get("aliases", ()))


def _kinds(shape: Mapping[str, Any]) -> Iterator[str]:
    for one in alternatives(shape):
        match one.get("kind"):
            case "choice":
                yield from (type(value).__name__ for value in one["values"])
            case "group":
                yield "dict" if one["name"] in ("dict", "Mapping") else "list"
            case "bool" | "int" | "float" | "str" | "none" as kind:
                yield kind
            case "instance":
                yield "dict"
            case _:
                yield "any"


def _choices(shape: Mapping[str, Any]) -> Iterator[Any]:
    """The words that a type has; None among them where it takes others, too."""
    for one in alternatives(shape):
        match one.get("kind"):
            case "choice":
                yield from (value for value in one["values"] if isinstance(value, str))
            case "none" | "bool" | "int" | "float":
                continue
            case _:
                yield None


def _sections(parameters: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, str]:
    by_name = {name.rpartition(".")[2]: name for name in sorted(parameters, reverse=True)}
    held: dict[str, set[str]] = {}
    for fields in parameters.values():
        for name, parameter in fields.items():
            held.setdefault(name, set()).update(
                by_name[instance] for instance in instances_in(parameter.get("shape", {})) if instance in by_name
            )
    return {name: next(iter(classes)) for name, classes in held.items() if len(classes) == 1}


@final
class Between:
    """What changed in the declarations from one version to another."""

    def __init__(self, old: Schema | None, new: Schema | None) -> None:
        self.old, self.new = Version(old), Version(new)

    @cached_property
    def diff(self) -> SchemaDiff | None:
        """All differences of the schemas; None where one of them is missing."""
        if self.old.schema is None or self.new.schema is None:
            return None
        try:
            return diff_schemas(self.old.schema, self.new.schema)
        except (KeyError, TypeError, AttributeError) as error:
            raise CorpusError(
                f"a schema does not have the form of a discovered one ({error})", fix="run llem-mine discover"
            ) from error

    @cached_property
    def _differences(self) -> Mapping[tuple[str, str | None], tuple[Difference, ...]]:
        found: dict[tuple[str, str | None], tuple[Difference, ...]] = {}
        for one in () if self.diff is None else self.diff.differences:
            key = one.native_type, one.field
            found[key] = (*found.get(key, ()), one)
        return found

    @cached_property
    def successors(self) -> Mapping[tuple[str | None, str], str]:
        """Class and field → its name now, where more than a similar name speaks for it."""
        found = () if self.diff is None else self.diff.renames
        return {(one.native_type, one.old): one.new for one in found if not one.because.startswith("named alike")}

    @cached_property
    def moved(self) -> Mapping[tuple[str, str], str]:
        """Class and field → the only other class that has such a field now and had none before."""
        gone: dict[str, set[str]] = {}
        come: dict[str, set[str]] = {}
        for one in () if self.diff is None else self.diff.differences:
            match one.change:
                case ChangeKind.FIELD_REMOVED:
                    gone.setdefault(str(one.field), set()).add(one.native_type)
                case ChangeKind.FIELD_ADDED:
                    come.setdefault(str(one.field), set()).add(one.native_type)
                case ChangeKind.CLASS_ADDED:
                    for name in self.new.parameters[one.native_type]:
                        come.setdefault(name, set()).add(one.native_type)
        return {
            (native_type, name): next(iter(come[name]))
            for name, classes in gone.items()
            if len(come.get(name, ())) == 1
            for native_type in classes
        }

    def declared(
        self, native_type: str, path: str, place: str | None = None, *, looser: bool = False
    ) -> Difference | None:
        """The change of a field's declaration, also that of a class in the file `place` that takes over the field."""
        cls, name = self.new.resolve(native_type, path)
        for owner in (cls, *self._owners(name, place)):
            found = self._differences.get((owner, name), ())
            told = [one for change in (_LOOSER if looser else _DECLARED) for one in found if one.change is change]
            if told:
                return told[0]
        return None

    def of_class(self, native_type: str) -> Difference | None:
        """A change of how a class treats its fields."""
        found = self._differences.get((native_type, None), ())
        return next((one for change in _OF_A_CLASS for one in found if one.change is change), None)

    def _owners(self, name: str, place: str | None) -> Iterator[str]:
        if place is None or self.new.schema is None:
            return
        for cls, facts in self.new.schema.get("native_types", {}).items():
            if str(facts.get("defined_at", "")).partition(":")[0] == place and name in self.new.parameters.get(cls, {}):
                yield cls
