"""What a schema takes, with all that is inside it, as the kinds of `unlike`: always more than it takes, never less.

What a rejection of one element cannot say is said by all of the value: that a list is of neither of two kinds of list,
or that each part of a message fits another of the things that it may be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from miners.lift import scalars
from miners.lift.rejections import KINDS, SEQUENCES, Rejections, on
from miners.lift.schema import Reader, fields_of, is_required, keyword_of, plain
from miners.logic.formulas import atom

Kind = str | dict[str, Any]
_ANY: Final = list(KINDS)
_DEPTHS: Final = (6, 5, 4, 3, 2)
_MOST: Final = 900
"""The most kinds of a rule: beyond that less of what is inside is said."""
_SCALARS: Final[Mapping[str, list[Kind]]] = {
    "int": ["int", "bool", "float", "bytes", {"matches": scalars.WHOLE}],
    "float": ["float", "int", "bool", "bytes", {"matches": scalars.NUMBER}],
    "bool": ["bool", "bytes", {"in": [0, 1]}, {"matches": scalars.TRUE_OR_FALSE}],
    "str": ["str", "bytes"],
    "bytes": ["bytes", "str"],
    "none": ["none"],
}
_WRAPPED: Final = frozenset({"default", "function-after", "function-wrap", "custom-error"})
"""What lets through no more than what is inside takes; a validator before it may change anything."""


def unlike(schema: Mapping[str, Any], subject: str, reader: Reader) -> Rejections:
    """What is rejected because it is like nothing that the schema takes; nothing where kinds by themselves say it."""
    looks = (_Taken(reader.definitions, depth, reader.config, reader.siblings).of(schema) for depth in _DEPTHS)
    taken = next((found for found in looks if _size(found) <= _MOST), _ANY)
    names = {one for one in taken if isinstance(one, str)}
    inside = [one for one in taken if isinstance(one, dict) and not one.keys() & {"in", "matches"}]
    if len(names) == len(_ANY) or not (len(inside) > 1 or any(map(_is_deep, inside))):
        return {}
    held = {kind for one in inside for kind in (SEQUENCES if "each" in one else ("dict",))}
    kinds = sorted(held - names, key=_ANY.index)
    return on(kinds, atom(subject, "unlike", taken), "{…}") if kinds else {}


def _is_deep(kind: Mapping[str, Any]) -> bool:
    """Whether a rejection of one element or key by itself says less: it names keys, or holds what holds something."""
    return "has" in kind or "may" in kind or any(isinstance(one, dict) and _is_deep(one) for one in _inside(kind))


def _size(kinds: list[Any]) -> int:
    return sum(1 if isinstance(one, str) else 1 + _size(list(_inside(one))) for one in kinds)


def _inside(kind: Mapping[str, Any]) -> Iterator[Any]:
    for key in ("has", "may"):
        for kinds in kind.get(key, {}).values():
            yield from kinds
    for key in ("each", "values"):
        yield from kind.get(key, ())


@dataclass(frozen=True, slots=True)
class _Taken:
    definitions: Mapping[str, Any]
    depth: int
    config: Mapping[str, Any]
    siblings: Collection[type]
    """Classes whose own rules say what they take of a mapping."""

    def of(self, schema: Mapping[str, Any]) -> list[Any]:
        return _distinct(self._of(schema))

    def _of(self, schema: Mapping[str, Any]) -> list[Any]:
        kind = schema["type"]
        if kind in _SCALARS:
            from_numbers = schema.get("coerce_numbers_to_str", self.config.get("coerce_numbers_to_str", False))
            return [*_SCALARS[kind], *(("int", "float", "bool") if kind == "str" and from_numbers else ())]
        match kind:
            case "literal":
                return _values([plain(value) for value in schema["expected"]])
            case "enum" if schema.get("missing") is None and schema.get("sub_type") in (None, "str"):
                return [*_values([member.value for member in schema["members"]]), "bytes"]
            case "list" | "set" | "frozenset":
                return self._each(schema.get("items_schema"))
            case "tuple" if len(schema["items_schema"]) == 1:
                return self._each(schema["items_schema"][0])
            case "tuple":
                return list(SEQUENCES)
            case "dict":
                return self._mapping(schema.get("values_schema"))
            case "generator":  # the elements are looked at when they are asked for
                return [*SEQUENCES, "dict", "str", "bytes"]
            case "model" | "dataclass" | "typed-dict":
                return self._object(schema)
            case _:
                return self._compound(schema)

    def _compound(self, schema: Mapping[str, Any]) -> list[Any]:
        """What wraps others, or holds several."""
        kind = schema["type"]
        if kind == "nullable":
            return [*self._of(schema["schema"]), "none"]
        if kind in _WRAPPED:
            return self._of(schema["schema"])
        if kind in ("union", "tagged-union"):
            choices = schema["choices"].values() if kind == "tagged-union" else schema["choices"]
            members = [one[0] if isinstance(one, tuple) else one for one in choices]
            return [found for one in members if isinstance(one, Mapping) for found in self._of(one)]
        if kind == "chain":
            return self._of(schema["steps"][0])
        if kind == "lax-or-strict":
            return self._of(schema["lax_schema"])
        if kind == "json-or-python":
            return self._of(schema["python_schema"])
        if kind == "definitions":
            known = {one["ref"]: one for one in schema["definitions"]}
            return self._with(definitions={**self.definitions, **known})._of(schema["schema"])
        if kind == "definition-ref":
            found = self.definitions.get(schema["schema_ref"])
            return _ANY if found is None else self._of(found)  # what holds others stops where it is too deep
        return _ANY

    def _with(self, **changed: Any) -> _Taken:
        return replace(self, **changed)

    def _each(self, schema: Mapping[str, Any] | None) -> list[Any]:
        inner = _ANY if schema is None or self.depth <= 0 else self._with(depth=self.depth - 1).of(schema)
        return list(SEQUENCES) if _is_any(inner) else [{"each": inner}]

    def _mapping(self, schema: Mapping[str, Any] | None) -> list[Any]:
        inner = _ANY if schema is None or self.depth <= 0 else self._with(depth=self.depth - 1).of(schema)
        return ["dict"] if _is_any(inner) else [{"values": inner}]

    def _object(self, schema: Mapping[str, Any]) -> list[Any]:
        if self.depth <= 0 or schema.get("cls") in self.siblings:
            return ["dict"]
        inner = self._with(depth=self.depth - 1, config=schema.get("config", {}))
        parts: dict[str, dict[str, Any]] = {"has": {}, "may": {}}
        for name, one in fields_of(schema).items():
            if isinstance(one.get("validation_alias", ""), str):
                kinds = inner.of(one["schema"])
                if not _is_any(kinds) or is_required(schema, one):
                    parts["has" if is_required(schema, one) else "may"][keyword_of(one, name)] = kinds
        told = {key: named for key, named in parts.items() if named}
        return [told] if told else ["dict"]


def _values(values: list[Any]) -> list[Any]:
    """The values of a choice, where all of them can be written."""
    return [{"in": values}] if all(isinstance(one, (str, int, float, type(None))) for one in values) else _ANY


def _is_any(kinds: list[Any]) -> bool:
    """Whether nothing is said; a union of as many kinds as there are names says much."""
    return set(_ANY) <= {one for one in kinds if isinstance(one, str)}


def _distinct(kinds: list[Any]) -> list[Any]:
    """Each kind once; of kinds that hold whatever is inside, those with less."""
    names = {one for one in kinds if isinstance(one, str)}
    found: list[Any] = []
    for one in kinds:
        if one not in found and not (isinstance(one, dict) and _is_within(one, names)):
            found.append(one)
    return list(_ANY) if names >= set(_ANY) else found


def _is_within(kind: Mapping[str, Any], names: set[str]) -> bool:
    if "matches" in kind:
        return "str" in names
    if "each" in kind:
        return names >= set(SEQUENCES)
    return "in" not in kind and "dict" in names
