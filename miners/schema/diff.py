"""Compare two discovered schemas: changes that may break valid configs, and additions and other changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from miners.discovery.shapes import type_of
from miners.schema.accepts import is_within
from miners.schema.change import ChangeKind, Difference, SchemaDiff
from miners.schema.renames import renamed_classes, renamed_fields
from miners.surface.types import UNTYPED, Bounded, ChoiceType, Either, TypeExpr
from pytest_llem_invariants.errors import MinerError

_GROUPS: Final = ("engine_params", "sampling_params")
_ENFORCING: Final = frozenset({"pydantic_model", "pydantic_dataclass"})
_DEFAULT: Final = ("default_kind", "default", "default_text")

Parameters = Mapping[str, Mapping[str, Any]]


def diff_schemas(old: Mapping[str, Any], new: Mapping[str, Any]) -> SchemaDiff:
    """The differences from one schema to a newer one of the same engine. The envelope and source lines do not count."""
    if old["engine"] != new["engine"]:
        raise MinerError(
            f"{old['engine']} and {new['engine']} are different engines — compare two versions of one engine"
        )
    before, after = parameters_of(old), parameters_of(new)
    shared = sorted(before.keys() & after.keys())
    differences = [
        *(Difference(ChangeKind.CLASS_REMOVED, name) for name in sorted(before.keys() - after.keys())),
        *(Difference(ChangeKind.CLASS_ADDED, name) for name in sorted(after.keys() - before.keys())),
    ]
    renames = list(renamed_classes(before, after))
    for name in shared:
        differences += _class(name, old["native_types"].get(name, {}), new["native_types"].get(name, {}))
        differences += _fields(name, before[name], after[name])
        renames += renamed_fields(name, before[name], after[name])
    return SchemaDiff(
        old["engine"], str(old["engine_version"]), str(new["engine_version"]), tuple(differences), tuple(renames)
    )


def parameters_of(schema: Mapping[str, Any]) -> dict[str, Parameters]:
    """Native type → field → parameter, for both groups: the group of a class is no property of it."""
    return {name: fields for group in _GROUPS for name, fields in schema.get(group, {}).items()}


def _class(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    if old.get("accepts_extra") != new.get("accepts_extra"):
        yield Difference(ChangeKind.EXTRA_TAKEN if new.get("accepts_extra") else ChangeKind.EXTRA_REFUSED, name)
    was, is_now = old.get("kind") in _ENFORCING, new.get("kind") in _ENFORCING
    if was != is_now:
        change = ChangeKind.NOW_ENFORCED if is_now else ChangeKind.NO_LONGER_ENFORCED
        yield Difference(change, name, None, old.get("kind"), new.get("kind"))


def _fields(name: str, old: Parameters, new: Parameters) -> Iterator[Difference]:
    for field in sorted(old.keys() | new.keys()):
        if field not in new:
            yield Difference(ChangeKind.FIELD_REMOVED, name, field, _type_text(old[field]), None)
        elif field not in old:
            change = ChangeKind.FIELD_ADDED_REQUIRED if new[field]["required"] else ChangeKind.FIELD_ADDED
            yield Difference(change, name, field, None, _type_text(new[field]))
        else:
            yield from _field(name, field, old[field], new[field])


def _field(name: str, field: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    yield from _types(name, field, old, new)
    if old["required"] != new["required"]:
        yield Difference(ChangeKind.NOW_REQUIRED if new["required"] else ChangeKind.NO_LONGER_REQUIRED, name, field)
    if (old["alias"] or field) != (new["alias"] or field):
        yield Difference(ChangeKind.KEYWORD_CHANGED, name, field, old["alias"] or field, new["alias"] or field)
    was, is_now = ({key: one[key] for key in _DEFAULT if key in one} for one in (old, new))
    if not _same(was, is_now) and not (old["required"] or new["required"]):
        yield Difference(ChangeKind.DEFAULT_CHANGED, name, field, _default_text(old), _default_text(new))
    if old["description"] != new["description"]:
        yield Difference(ChangeKind.DESCRIPTION_CHANGED, name, field, old["description"], new["description"])
    if bool(old["deprecated"]) != bool(new["deprecated"]):
        by = (new["deprecated"] or {}).get("by")
        yield Difference(
            ChangeKind.DEPRECATED if new["deprecated"] else ChangeKind.NO_LONGER_DEPRECATED, name, field, None, by
        )


def _same(old: Any, new: Any) -> bool:
    """Equality that distinguishes 1, 1.0 and True."""
    return repr(old) == repr(new)


def _types(name: str, field: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    if _same(old["shape"], new["shape"]):
        return
    before, after = type_of(old["shape"]), type_of(new["shape"])
    change = compare_types(before, after)
    if change is None:
        return
    lost, gained = _not_within(before, after), _not_within(after, before)
    if lost:
        yield Difference(ChangeKind.ENUM_VALUE_REMOVED, name, field, ", ".join(lost), None)
    if gained:
        yield Difference(ChangeKind.ENUM_VALUE_ADDED, name, field, None, ", ".join(gained))
    if not (_is_all_but_choices(before, after) and _is_all_but_choices(after, before)):
        yield Difference(change, name, field, _type_text(old), _type_text(new))


def _not_within(these: TypeExpr, others: TypeExpr) -> list[str]:
    """The choices of one type that another does not accept."""
    values = (value for choice in _choices(these) for value in choice.values)
    return sorted({repr(value) for value in values if not is_within(ChoiceType((value,)), others)})


def compare_types(old: TypeExpr, new: TypeExpr) -> ChangeKind | None:
    """The change from one type to another, by what they accept; None if they accept the same."""
    if UNTYPED in (old, new):
        told = {(True, False): ChangeKind.TYPE_TOLD, (False, True): ChangeKind.TYPE_NO_LONGER_TOLD}
        return told.get((old == UNTYPED, new == UNTYPED))
    wider, narrower = is_within(old, new), is_within(new, old)
    if wider:
        return None if narrower else ChangeKind.TYPE_WIDENED
    return ChangeKind.TYPE_NARROWED if narrower else ChangeKind.TYPE_CHANGED


def _choices(type_: TypeExpr) -> Iterator[ChoiceType]:
    match type_:
        case ChoiceType():
            yield type_
        case Either(members):
            for member in members:
                yield from _choices(member)
        case Bounded(inner):
            yield from _choices(inner)


def _is_all_but_choices(these: TypeExpr, others: TypeExpr) -> bool:
    """Whether a type accepts all that another does, except the other's choices."""
    members = these.members if isinstance(these, Either) else (these,)
    return all(isinstance(member, ChoiceType) or is_within(member, others) for member in members)


def _type_text(parameter: Mapping[str, Any]) -> str:
    bounds = ", ".join(f"{name} {bound}" for name, bound in sorted(parameter["bounds"].items()))
    text = parameter["type"] or "no type"
    return f"{text} ({bounds})" if bounds else text


def _default_text(parameter: Mapping[str, Any]) -> str:
    match parameter["default_kind"]:
        case "value":
            return repr(parameter["default"])
        case "none":
            return "no default"
        case _:
            return str(parameter["default_text"])
