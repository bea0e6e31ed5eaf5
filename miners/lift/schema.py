"""Read what a pydantic core schema rejects.

pydantic-core runs the schema, so the schema is read instead of the annotations: it contains constraints moved by a
decorator, discriminators, strictness and handwritten validators.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from keyword import iskeyword
from typing import Any, Final

from miners.lift import scalars
from miners.lift.rejections import (
    KINDS,
    NOTHING,
    SEQUENCES,
    Rejections,
    all_reject,
    always,
    any_rejects,
    flatten,
    guarded,
    nullable,
    on,
    rejects_every,
    takes_only,
    without_absent,
    worded,
)
from miners.logic.formulas import FALSE, Atom, Formula, all_of, any_of, atom
from pytest_llem_invariants.language.expressions import opens_elements
from pytest_llem_invariants.model import Clause

Schema = Mapping[str, Any]
_DEEPEST: Final = 4
_LONGEST: Final = 80
"""The longest name of an element whose fields are looked at."""
_ITEMS: Final = {
    "list": "Input should be a valid list",
    "tuple": "Input should be a valid tuple",
    "set": "Input should be a valid set",
    "frozenset": "Input should be a valid frozenset",
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads schemas with the settings that hold at its place."""

    siblings: Collection[type] = ()
    """Classes that are lifted separately: what they reject of a mapping is not repeated where they are nested."""
    strict: bool = False
    config: Mapping[str, Any] = field(default_factory=dict)
    definitions: Mapping[str, Schema] = field(default_factory=dict)
    depth: int = 0

    def read(self, schema: Schema, subject: str) -> Rejections:
        """What the schema rejects, as conditions on the value at `subject`."""
        kind = schema["type"]
        strict = bool(schema.get("strict", self.strict))
        match kind:
            case "int":
                return scalars.integer(schema, subject, strict=strict)
            case "float":
                allowed = schema.get("allow_inf_nan", self.config.get("allow_inf_nan", True))
                return scalars.number(schema, subject, strict=strict, allow_inf_nan=bool(allowed))
            case "bool":
                return scalars.boolean(subject, strict=strict)
            case "str":
                return self._string(schema, subject, strict)
            case "bytes":
                return always(scalars.BYTES, but=("bytes",) if strict else ("bytes", "str"))
            case "none":
                return always("Input should be None", but=("none",))
            case "literal":
                return scalars.choice([plain(value) for value in schema["expected"]], subject)
            case "enum":
                return self._enum(schema, subject, strict)
            case "list" | "tuple" | "set" | "frozenset":
                return self._items(schema, subject, strict)
            case "dict":
                return self._mapping(schema, subject)
            case "callable":
                return always("Input should be callable")
            case "is-instance":
                return always("Input should be an instance of", but=_instances_of(schema["cls"]))
            case "is-subclass":
                return always("Input should be a subclass of")
            case _:
                return self._compound(schema, subject, strict)

    def _compound(self, schema: Schema, subject: str, strict: bool) -> Rejections:
        """Schemas that wrap others."""
        match schema["type"]:
            case "nullable":
                return nullable(self.read(schema["schema"], subject))
            case "default":
                return self.read(schema["schema"], subject)
            case "custom-error":
                message = schema.get("custom_error_message")
                inner = self.read(schema["schema"], subject)
                return worded(inner, message) if message else inner
            case "union":
                return self._union(schema, subject)
            case "tagged-union":
                return self._tagged(schema, subject)
            case "chain":
                return self.read(schema["steps"][0], subject)
            case "lax-or-strict":
                return self.read(schema["strict_schema" if strict else "lax_schema"], subject)
            case "json-or-python":
                return self.read(schema["python_schema"], subject)
            case "definitions":
                known = {one["ref"]: one for one in schema["definitions"]}
                return replace(self, definitions={**self.definitions, **known}).read(schema["schema"], subject)
            case "definition-ref":
                found = self.definitions.get(schema["schema_ref"])
                return NOTHING if found is None or self.depth > _DEEPEST else self._deeper().read(found, subject)
            case "function-after":
                return self.read(schema["schema"], subject)
            case "function-before" | "function-wrap":
                return self._behind_function(schema, subject)
            case "dataclass" | "model" | "typed-dict":
                return self._object(schema, subject, strict)
            case "generator":  # the elements are looked at when they are asked for
                return always("Input should be iterable", but=(*SEQUENCES, "dict", "str", "bytes"))
            case _:  # "any", "function-plain", dates, URLs: claim nothing
                return NOTHING

    def _deeper(self) -> Reader:
        return replace(self, depth=self.depth + 1)

    def _string(self, schema: Schema, subject: str, strict: bool) -> Rejections:
        limits = {
            "min_length": self.config.get("str_min_length"),
            "max_length": self.config.get("str_max_length"),
            "strip_whitespace": self.config.get("str_strip_whitespace"),
        }
        told = {**{name: value for name, value in limits.items() if value is not None}, **schema}
        from_numbers = schema.get("coerce_numbers_to_str", self.config.get("coerce_numbers_to_str", False))
        return scalars.string(told, subject, strict=strict, from_numbers=bool(from_numbers))

    def _enum(self, schema: Schema, subject: str, strict: bool) -> Rejections:
        values = [member.value for member in schema["members"]]
        if strict:
            return always(scalars.choice_message(values))
        if schema.get("missing") is not None or not all(_is_scalar(value) for value in values):
            return NOTHING
        return scalars.enumeration(values, schema.get("sub_type"), subject)

    def _items(self, schema: Schema, subject: str, strict: bool) -> Rejections:
        kind = schema["type"]
        message = _ITEMS[kind]
        kinds = (kind,) if strict else SEQUENCES
        whole = always(message, but=kinds)
        tables: list[Rejections] = [whole]
        if kind == "tuple":
            items = list(schema["items_schema"])
            variadic = schema.get("variadic_item_index")
            if variadic is None:
                length = any_of((atom(subject, "min_len", len(items) + 1), _shorter(subject, len(items))))
                tables.append(on(kinds, length, "{…}" if len(items) else "Tuple should have at most 0 items"))
            alike = len({repr(one) for one in items}) == 1
            item = items[0] if alike and (variadic is not None or len(items) > 1) else None
        else:
            item = schema.get("items_schema")
            named = {"list": "List", "set": "Set", "frozenset": "Frozenset"}[kind]
            sized = kinds if kind == "list" else (kind,)
            tables += scalars.length(schema, subject, sized, f"{named} should have at {{}} {{}} item")
        if item is not None:
            tables.append(self._each(item, f"each({subject})", kinds))
        return any_rejects(*tables)

    def _each(self, schema: Schema, subject: str, kinds: Iterable[str]) -> Rejections:
        """What is rejected because of one of the elements."""
        if self.depth > _DEEPEST or not _opens(subject):
            return NOTHING
        inner = self._deeper()
        table = inner.read(schema, subject)
        told = self._told_inside(table if takes_only(table, "dict") else without_absent(table), subject, kinds)
        forms = inner.forms_of(schema, subject)
        if not forms or subject.count("each(") > 1:
            return told
        return any_rejects(told, on(tuple(kinds), atom(subject, "fits_none", forms), "{…}"))

    @staticmethod
    def _told_inside(table: Rejections, subject: str, kinds: Iterable[str]) -> Rejections:
        parts: list[Rejections] = []
        kinds = tuple(kinds)
        for told in flatten(table, subject):
            when = _is_none(subject) if told.on_none else told.when
            inside = on(kinds, when, told.message)
            for by in told.opaque:
                inside = guarded(inside, by)
            parts.append(inside)
        return any_rejects(*parts)

    def _mapping(self, schema: Schema, subject: str) -> Rejections:
        tables = [always("Input should be a valid dictionary", but=("dict",))]
        tables += scalars.length(schema, subject, ("dict",), "Dictionary should have at {} {} item")
        if "keys_schema" in schema:
            tables.append(self._each(schema["keys_schema"], f"each(keys({subject}))", ("dict",)))
        if "values_schema" in schema:
            tables.append(self._each(schema["values_schema"], f"each(values({subject}))", ("dict",)))
        return any_rejects(*tables)

    def _union(self, schema: Schema, subject: str) -> Rejections:
        members = [one[0] if isinstance(one, tuple) else one for one in schema["choices"]]
        table = all_reject([self.read(one, subject) for one in members])
        message = schema.get("custom_error_message")
        return worded(table, message) if message else table

    def _tagged(self, schema: Schema, subject: str) -> Rejections:
        discriminator = schema["discriminator"]
        if not isinstance(discriminator, str):
            return NOTHING
        whole = always("Input should be a valid dictionary or object to extract fields from", but=("dict",))
        if "(" in subject:
            return whole
        tags = [plain(tag) for tag in schema["choices"]]
        key = f"{subject}.{discriminator}"
        return any_rejects(
            whole,
            on(("dict",), atom(key, "absent", True), "Unable to extract tag using discriminator"),
            on(("dict",), atom(key, "not_in", tags), "does not match any of the expected tags"),
            *(self._of_tag(tag, one, key, subject) for tag, one in schema["choices"].items()),
        )

    def _of_tag(self, tag: Any, schema: Any, key: str, subject: str) -> Rejections:
        """What is rejected of a mapping with one of the tags; nothing where another tag stands in place of a schema."""
        if not isinstance(schema, Mapping) or not isinstance(plain(tag), str) or self.depth > _DEEPEST:
            return NOTHING
        found = self._deeper().read(schema, subject).get("dict", ())
        tagged = atom(key, "==", plain(tag))
        is_tag = {atom(key, "absent", True), atom(key, "not_in", [plain(tag)])}
        return {"dict": tuple(replace(one, when=all_of((tagged, one.when))) for one in found if one.when not in is_tag)}

    def _behind_function(self, schema: Schema, subject: str) -> Rejections:
        function = schema["function"]["function"]
        inner = self.read(schema["schema"], subject)
        if schema["type"] == "function-wrap" and _lets_only_none_through(function):
            return nullable(inner)
        name = getattr(function, "__qualname__", type(function).__name__)
        return guarded(inner, f"{schema['type'].partition('-')[2]} validator {name}")

    def _object(self, schema: Schema, subject: str, strict: bool) -> Rejections:
        cls = schema.get("cls")
        name = getattr(cls, "__name__", "")
        if schema["type"] == "typed-dict":
            message = "Input should be a valid dictionary"
        elif schema["type"] == "model":
            message = f"Input should be a valid dictionary or instance of {name}"
        else:
            message = f"Input should be a dictionary or an instance of {name}"
        if strict and schema["type"] != "typed-dict":
            return always(f"Input should be an instance of {name}")
        whole = always(message, but=("dict",))
        if cls in self.siblings or self.depth > _DEEPEST or not _has_fields(subject):
            return whole
        return any_rejects(whole, *self._inside(schema, subject))

    def _inside(self, schema: Schema, subject: str) -> Iterable[Rejections]:
        """What a nested class rejects of a mapping."""
        inner = self.inside(schema)
        for name, one in fields_of(schema).items():
            key = keyword_of(one, name)
            if not key.isidentifier() or iskeyword(key):
                continue
            place = f"{subject}.{key}"
            table = inner._deeper().read(one["schema"], place)
            if is_required(schema, one) and rejects_every(table, "none"):
                yield on(("dict",), atom(place, "absent", True), "Field required")
            yield self._told_inside(nullable(table), place, ("dict",))
        if schema.get("config", {}).get("extra_fields_behavior") == "forbid":
            names = [keyword_of(one, name) for name, one in fields_of(schema).items()]
            unknown = atom(f"each(keys({subject}))", "not_in", names)
            yield on(("dict",), unknown, "{…}")

    def forms_of(self, schema: Schema, subject: str) -> list[dict[str, list[str]]]:
        """What a mapping must have at least to be taken: the required keys, with their types, of each thing that it may
        be. Empty where any mapping may be taken.
        """
        told: list[dict[str, list[str]]] = []
        for one, reader in self._members(schema):
            if one["type"] in ("model", "dataclass", "typed-dict") and one.get("cls") not in self.siblings:
                told.append(dict(reader.inside(one)._required(one, subject)))
            elif not rejects_every(reader.read(one, subject), "dict"):
                return []
        if not all(told):
            return []
        least = [form for form in told if not any(_asks_less(other, form) for other in told if other is not form)]
        return [form for index, form in enumerate(least) if form not in least[:index]]

    def _members(self, schema: Schema) -> Iterable[tuple[Schema, Reader]]:
        """What a value may be, without what wraps it."""
        if schema["type"] == "union":
            for one in schema["choices"]:
                yield from self._members(one[0] if isinstance(one, tuple) else one)
        elif schema["type"] == "definitions":
            known = {one["ref"]: one for one in schema["definitions"]}
            yield from replace(self, definitions={**self.definitions, **known})._members(schema["schema"])
        elif schema["type"] == "definition-ref" and schema["schema_ref"] in self.definitions:
            yield from self._members(self.definitions[schema["schema_ref"]])
        elif schema["type"] in ("function-after", "function-wrap", "function-before", "default", "nullable"):
            yield from self._members(schema["schema"])
        else:
            yield schema, self

    def _required(self, schema: Schema, subject: str) -> Iterable[tuple[str, list[str]]]:
        for name, one in fields_of(schema).items():
            table = self._deeper().read(one["schema"], f"{subject}.x")
            if is_required(schema, one) and rejects_every(table, "none"):
                kinds = [kind for kind in KINDS if kind != "none" and not rejects_every(table, kind)]
                if kinds:
                    yield keyword_of(one, name), kinds

    def inside(self, schema: Schema) -> Reader:
        """The reader for the fields of a model or dataclass."""
        config = schema.get("config", {})
        return replace(self, config=config, strict=bool(config.get("strict", False)))


def object_schema(schema: Schema, reader: Reader) -> tuple[Schema, Reader]:
    """The model or dataclass schema under validators and definitions, with the reader that holds inside it."""
    while schema["type"] not in ("model", "dataclass"):
        if schema["type"] == "definitions":
            known = {one["ref"]: one for one in schema["definitions"]}
            reader = replace(reader, definitions={**reader.definitions, **known})
        schema = reader.definitions[schema["schema_ref"]] if "schema_ref" in schema else schema["schema"]
    return schema, reader.inside(schema)


def _asks_less(form: Mapping[str, Sequence[str]], other: Mapping[str, Sequence[str]]) -> bool:
    """Whether every mapping of the other form is one of this one as well, and not the other way round."""

    def covers(wide: Mapping[str, Sequence[str]], narrow: Mapping[str, Sequence[str]]) -> bool:
        return all(key in narrow and set(narrow[key]) <= set(kinds) for key, kinds in wide.items())

    return covers(form, other) and not covers(other, form)


def is_required(schema: Schema, field: Schema) -> bool:
    """Whether a mapping without the field is rejected."""
    if schema["type"] == "typed-dict":
        return bool(field.get("required", schema.get("total", True)))
    return bool(field["schema"]["type"] != "default")


def fields_of(schema: Schema) -> Mapping[str, Schema]:
    """Field name → its field schema, of a schema of a model, a dataclass or a typed dictionary."""
    inner = schema if schema["type"] == "typed-dict" else schema["schema"]
    while "fields" not in inner:
        if "schema" not in inner:
            return {}
        inner = inner["schema"]
    fields = inner["fields"]
    return fields if isinstance(fields, Mapping) else {one["name"]: one for one in fields}


def keyword_of(schema: Schema, name: str) -> str:
    alias = schema.get("validation_alias")
    return alias if isinstance(alias, str) else name


def has_validator_before(schema: Schema) -> str | None:
    """The name of a handwritten validator that receives the arguments of a class before its fields do."""
    while schema["type"] not in ("model", "dataclass"):
        if schema["type"] in ("function-before", "function-wrap", "function-plain"):
            return str(getattr(schema["function"]["function"], "__qualname__", "a validator"))
        if "schema" not in schema:
            return None
        schema = schema["schema"]
    inner = schema.get("schema", {})
    while isinstance(inner, Mapping) and "fields" not in inner:
        if inner.get("type") in ("function-before", "function-wrap", "function-plain"):
            return str(getattr(inner["function"]["function"], "__qualname__", "a validator"))
        inner = inner.get("schema", {"fields": ()})
    return None


def _is_none(subject: str) -> Formula:
    """An element that is None. A path below the root that is None looks like one that is not given."""
    return Atom(subject, Clause("==", None)) if opens_elements(subject) else FALSE


def _opens(subject: str) -> bool:
    """Whether `each` may apply to it: keys and values of keys and values have no name, nor elements of elements any."""
    views = [f"{view}({inner}" in subject for view in ("keys", "values") for inner in ("keys", "values", "each(each")]
    return not any(views)


def _has_fields(subject: str) -> bool:
    """Whether a field inside it can be named: it is a field itself, or an element of one."""
    return "(" not in subject or (subject.startswith("each(") and len(subject) <= _LONGEST)


def _shorter(subject: str, length: int) -> Formula:
    return atom(subject, "max_len", length - 1) if length else FALSE


def plain(value: Any) -> Any:
    return getattr(value, "value", value)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _instances_of(cls: Any) -> list[str]:
    """The kinds of values that are instances of an abstract class (`Mapping`, `Sequence`)."""
    try:
        return [name for name, kind in KINDS.items() if issubclass(kind, cls)]
    except TypeError:
        return list(KINDS)


def _lets_only_none_through(function: Callable[..., Any]) -> bool:
    """Whether a wrap validator is `if value is None: return value` before `return handler(value)`."""
    definition = getattr(function, "definition", None) or _definition_of(function)
    if not isinstance(definition, ast.FunctionDef):
        return False
    names = [argument.arg for argument in definition.args.args if argument.arg not in ("self", "cls")]
    body = [one for one in definition.body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]
    if len(names) < 2 or len(body) != 2:
        return False
    value, handler = names[:2]
    match body:
        case [
            ast.If(
                test=ast.Compare(left=ast.Name(id=tested), ops=[ast.Is()], comparators=[ast.Constant(value=None)]),
                body=[ast.Return()],
                orelse=[],
            ),
            ast.Return(value=ast.Call(func=ast.Name(id=called), args=[ast.Name(id=passed)], keywords=[])),
        ]:
            return (tested, called, passed) == (value, handler, value)
        case _:
            return False


def _definition_of(function: Callable[..., Any]) -> ast.stmt | None:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError):
        return None
