"""A JSON Schema of what people write, made from that of the class behind it: options with dashes, text for numbers.

It may reject less than the class does, never more: where a document can say the same in another way, it says nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

Schema = dict[str, Any]


def as_written(schema: Schema, form: Mapping[str, Any], kinds: Mapping[str, Sequence[str]]) -> Schema:
    """The schema of a form of the engine's routes. `kinds` are the kinds of value that each field takes."""
    ways_of = {field: spellings(field, form, kinds.get(field, ())) for field in schema["properties"]}
    inlined = list(form.get("inline", ()))

    def respelled(pattern: Schema) -> Schema:
        match pattern:
            case {"allOf": parts} | {"anyOf": parts}:
                return {next(iter(pattern)): [respelled(part) for part in parts]}
            case {"not": {"required": [field]}}:
                given = [{"required": [name]} for name in (*ways_of[field], *inlined)]
                return {"type": "object", "not": {"anyOf": given}}
        ((field, inner),) = pattern["properties"].items()
        excused = [{"type": kind} for kind in read_otherwise(form, kinds.get(field))]
        guarded = {"allOf": [inner, {"not": {"anyOf": excused}}]} if excused else inner
        # Of an option the usual spelling will do: each further one would make the schema longer by its rules again.
        names = ways_of[field][:1] if form.get("flags") else ways_of[field]
        ways = [{"type": "object", "properties": {name: guarded}, "required": [name]} for name in names]
        return ways[0] if len(ways) == 1 else {"anyOf": ways}

    ignored = (name.replace("_", "-") if form.get("flags") else name for name in form.get("ignore", ()))
    others = [*form.get("marks", ()), *inlined, *form.get("sections", {}), *ignored]
    properties: Schema = {name: {} for name in sorted({*others, *(name for ways in ways_of.values() for name in ways)})}
    properties |= {ways_of[field][0]: told for field, told in schema["properties"].items()}
    written = {**schema, "properties": dict(sorted(properties.items()))}
    if "allOf" in schema:
        written["allOf"] = [{**entry, "not": respelled(entry["not"])} for entry in schema["allOf"]]
    if form.get("extras") == "ignore":
        written.pop("additionalProperties", None)
    return written


def of_its_kinds(
    schema: Schema, form: Mapping[str, Any], fields: Mapping[str, Collection[str]], own: Collection[str]
) -> Schema:
    """The schema with its rules for those requests alone whose class has most of the fields that are judged.

    `fields` are those of each kind's class, `own` those of the class that the form is for. A request that may as well
    be of another kind, or that one has a field for, is left to the checker: what one ignores another rejects.
    """
    kinds = {kind["class"]: kind["has"] for kind in form.get("kinds", ()) if kind["class"] in fields}
    if not kinds or "allOf" not in schema:
        return schema
    shared = {name: len(frozenset(own) & frozenset(fields[name])) for name in kinds}
    first = {tuple(has): name for name, has in reversed(kinds.items())}
    most = max(shared.values())
    judged = [name for name, has in kinds.items() if 2 * shared[name] >= most and 2 * shared[first[tuple(has)]] >= most]
    known = {field for name in judged for field in fields[name]}
    others = sorted({field for name in kinds if name not in judged for field in fields[name]} - known)
    when: Schema = {"anyOf": [{"required": list(kinds[name])} for name in judged]}
    if others:
        when["not"] = {"anyOf": [{"required": [field]} for field in others]}
    rest = {key: value for key, value in schema.items() if key != "allOf"}
    return {**rest, "if": when, "then": {"allOf": schema["allOf"]}}


def spellings(field: str, form: Mapping[str, Any], kinds: Sequence[str]) -> list[str]:
    """The keys under which a field may stand, the usual one first."""
    aliases = [name for name, meant in form.get("fields", {}).items() if meant == field]
    if not form.get("flags"):
        return [field, *aliases]
    dashed = field.replace("_", "-")
    spelled = [dashed, field, *(name.replace("_", "-") for name in aliases), *aliases]
    return list(dict.fromkeys([*spelled, f"no-{dashed}"] if "bool" in kinds else spelled))


def read_otherwise(form: Mapping[str, Any], kinds: Sequence[str] | None) -> list[str]:
    """The JSON types whose values are not what the field gets: a null that says nothing, text read as a number."""
    types = ["null"] if None in form.get("unset", ()) else []
    return [*types, "string"] if form.get("flags") and "str" not in (kinds or ()) else types
