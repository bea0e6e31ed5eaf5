"""A small JSON Schema of what people write, for editors: of each field alone what it takes, and what it is for.

It is made of the one with every rule (`export`), of whose rules it keeps those of one field, as types, ranges and
choices. What it rejects, that one rejects, too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from pytest_llem_invariants.checker.values_schema import allowed, members_of, schema_of
from pytest_llem_invariants.checker.written import read_otherwise, spellings

Schema = dict[str, Any]
_UNTOLD: Final = "untold"
_FILLED_IN: Final = r"[$`{…]|\.\.\."
_OTHER_KEYS: Final = rf"{_FILLED_IN}|\.|^\W|^$"
"""Keys that somebody fills in, those that lead into the value of another, and what is none."""
_OTHER_YAML: Final = r"^(?:[Yy]es|YES|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF|[-+]?[0-9]+(?:_[0-9]+)+)$"
"""What YAML 1.1 reads as a boolean or a number, and an editor's YAML 1.2 as text."""
_READ_AS_WRITTEN: Final = frozenset({"int", "float", "none", "dict", "instance"})
"""The kinds whose one word on a command line is read as a file's number or mapping is."""
_LONGEST: Final = 120


@final
@dataclass(frozen=True, slots=True)
class Written:
    """How the keys of the class behind a form are written, and the kinds of value that each field takes."""

    form: Mapping[str, Any]
    kinds: Mapping[str, Sequence[str]]
    sections: Mapping[str, Mapping[str, str]]
    """Of each class: field → the class whose fields stand in it."""
    notes: Mapping[str, Mapping[str, Mapping[str, Any]]]
    """Of each class: field → its `description`, what its `deprecated` says, and the `examples` of its values."""
    refused: Mapping[str, Sequence[Any]]
    """The words that the command itself refuses for a field, whatever else is given."""


def slim(native_type: str, schemas: Mapping[str, Schema], written: Written) -> Schema:
    """The schema of a form whose class is `native_type`; `schemas` are those of it and of the classes in its fields."""
    form = written.form
    inside = {
        name: _of_class(name, schema, written, lambda field: ([field], ()))
        for name, schema in sorted(schemas.items())
        if name != native_type
    }

    def of_form(field: str) -> tuple[list[str], Collection[str]]:
        kinds = written.kinds.get(field, ())
        # What stands in a file for a command becomes words: none for false, several for a list, for true the option.
        excused = ["null", "boolean", "array"] if "parser" in form else []
        if excused and not _READ_AS_WRITTEN.issuperset(kinds):  # any word is a text or in a list, none is a switch's
            excused += ["number", "object"]
        return spellings(field, form, kinds), [*read_otherwise(form, kinds), *excused]

    root = _of_class(native_type, schemas[native_type], written, of_form, written.refused)
    ignored = [*form.get("ignore", ()), *form.get("marks", ()), *form.get("inline", ()), *form.get("sections", {})]
    for name in ignored:
        for way in {name, name.replace("_", "-")} if form.get("flags") else {name}:
            root["properties"][way] = {}
    root["properties"] = dict(sorted(root["properties"].items()))
    if form.get("extras") == "ignore":
        root.pop("additionalProperties", None)
    if form.get("flags") and "additionalProperties" in root:
        root["patternProperties"] = {beginnings(root["properties"]): {}, **root["patternProperties"]}
    pattern = f"{_FILLED_IN}|{_OTHER_YAML}{'|^$' if 'parser' in form else ''}"
    told = {"$schema": "http://json-schema.org/draft-07/schema#", **root}
    return {**told, "definitions": {_UNTOLD: {"type": "string", "pattern": pattern}, **inside}}


def _of_class(
    name: str, schema: Schema, written: Written, of_form: Any, refused: Mapping[str, Sequence[Any]] | None = None
) -> Schema:
    forbidden: dict[str, list[Schema]] = {}
    for entry in schema.get("allOf", ()):
        match entry["not"]:
            case {"type": "object", "properties": dict(one), "required": [field]} if len(one) == 1:
                forbidden.setdefault(field, []).append(one[field])
    properties: Schema = {}
    for field, told in schema["properties"].items():
        (usual, *others), excused = of_form(field)
        choices = members_of("string", allowed(forbidden.get(field, ()))["string"])
        # A number or a mapping that is read as text is none of the words to choose from.
        is_text = choices and not any(re.match(r"[-+.\d{]|nan|inf", word) for word in choices)
        excuses = [{"type": kind} for kind in excused if not (is_text and kind in ("number", "object"))]
        patterns = forbidden.get(field, [])
        if excuses:
            patterns = [{"allOf": [one, {"not": {"anyOf": excuses}}]} for one in patterns]
        words = [{"enum": list(refused[field])}] if refused and refused.get(field) else []
        values = _values([*patterns, *words], written.sections.get(name, {}).get(field))
        shown = _shown({**told, **written.notes.get(name, {}).get(field, {})})
        if any("enum" in way for way in values.get("anyOf", [values])):
            shown.pop("examples", None)  # they are its members
        properties[usual] = {**shown, **values}
        constrained = {"$ref": f"#/properties/{usual}"} if values else {}
        properties |= {way: {} if way.startswith("no-") else constrained for way in others}
    made: Schema = {"title": name, "type": "object", "properties": properties}
    if schema.get("additionalProperties") is False:
        made |= {"additionalProperties": False, "patternProperties": {_OTHER_KEYS: {}}}
    return made


def _values(forbidden: Sequence[Schema], section: str | None) -> Schema:
    """What a field may hold: text that somebody fills in later always, and in a mapping what its class takes."""
    parts = allowed(forbidden)
    ways = schema_of({**parts, "object": False} if section else parts)
    if section and parts["object"]:
        ways.append({"$ref": f"#/definitions/{section}"})
    if parts["string"] is not True:
        ways.append({"$ref": f"#/definitions/{_UNTOLD}"})
    # Beside a reference an editor reads nothing else.
    return ways[0] if len(ways) == 1 and "$ref" not in ways[0] else {"anyOf": ways}


def _shown(told: Mapping[str, Any]) -> Schema:
    """What an editor shows and proposes."""
    shown = {name: told[name] for name in ("default", "examples") if told.get(name) is not None}
    if told.get("description"):
        shown["description"] = _short(told["description"])
    if told.get("deprecated"):
        note = told["deprecated"]
        shown |= {"deprecated": True, "deprecationMessage": _short(note if isinstance(note, str) else "deprecated")}
    return shown


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[:_LONGEST].rpartition(" ")[0] + " …"


def beginnings(names: Collection[str]) -> str:
    """A pattern of these names and of all their beginnings, as which options may be written."""
    tree: dict[str, Any] = {}
    for name in sorted({name.replace("_", "-") for name in names}):
        branch = tree
        for letter in name:
            branch = branch.setdefault(letter, {})

    def pattern(branch: Mapping[str, Any]) -> str:
        return "|".join(("[-_]" if letter == "-" else letter) + rest(after) for letter, after in branch.items())

    def rest(branch: Mapping[str, Any]) -> str:
        return f"({pattern(branch)})?" if branch else ""

    return f"^({pattern(tree)})$"
