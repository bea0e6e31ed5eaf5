"""The parts that a mapping must have to be one of several things."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pytest_llem_invariants.language.expressions import MISSING
from pytest_llem_invariants.language.kinds import is_unset, type_names
from pytest_llem_invariants.language.operators.record import (
    Example,
    Negated,
    Operator,
    Schema,
    UnsayableError,
    nothing,
)
from pytest_llem_invariants.language.values import samples_of

_OF_JSON: Final[Mapping[str, str]] = {
    "bool": "boolean",
    "int": "integer",
    "float": "number",
    "str": "string",
    "list": "array",
    "dict": "object",
}


def _fits_none(value: Any, forms: Any) -> bool:
    """Whether a mapping lacks something of each form: a key, or a value there of one of its types."""
    return isinstance(value, Mapping) and not any(_fits(value, form) for form in forms)


def _fits(value: Mapping[Any, Any], form: Mapping[str, Any]) -> bool:
    return all(
        not is_unset(held := value.get(key, MISSING)) and not type_names(held).isdisjoint(kinds)
        for key, kinds in form.items()
    )


def _are_forms(rhs: Any) -> bool:
    return isinstance(rhs, list) and bool(rhs) and all(map(_is_form, rhs))


def _is_form(form: Any) -> bool:
    return (
        isinstance(form, Mapping)
        and bool(form)
        and all(isinstance(key, str) and _are_kinds(kinds) for key, kinds in form.items())
    )


def _are_kinds(kinds: Any) -> bool:
    return isinstance(kinds, list) and bool(kinds) and all(isinstance(kind, str) for kind in kinds)


def _in_words(forms: Any) -> str:
    return " or ".join(" and ".join(form) for form in forms)


def _near(forms: Any, typed: Iterable[str]) -> Iterator[Any]:
    """A mapping of none of the forms, one of each, and those with one key less or of another type."""
    yield {}
    for form in forms:
        whole = {key: next(iter(samples_of(kinds[0], typed)), None) for key, kinds in form.items()}
        yield whole
        for key, kinds in form.items():
            yield {name: value for name, value in whole.items() if name != key}
            yield {**whole, key: 1 if "int" not in kinds else "x"}


def _schema(forms: Any, bools: bool) -> Schema:
    return {"type": "object", "not": {"anyOf": [_of_form(form) for form in forms]}}


def _of_form(form: Mapping[str, Any]) -> Schema:
    properties = {}
    for key, kinds in form.items():
        names = sorted({_OF_JSON[kind] for kind in kinds if kind in _OF_JSON})
        if "integer" in names or "number" in names:
            names = sorted({*names, "integer", "number"})
        if not names:
            raise UnsayableError(f"JSON has no type {' or '.join(kinds)}")
        properties[key] = {"anyOf": [{"type": name} for name in names]}
    return {"required": sorted(form), "properties": properties}


OPERATORS: Final = (
    Operator(
        name="fits_none",
        test=_fits_none,
        examples=(
            Example(
                [{"role": ["str"]}], ({}, {"role": 1}, {"role": None}, {"x": "a"}), ({"role": "a"}, [], "role", None)
            ),
            Example(
                [{"a": ["int"], "b": ["str"]}, {"c": ["dict"]}],
                ({"a": 1}, {"a": "x", "b": "x"}, {"c": []}),
                ({"a": 1, "b": ""}, {"c": {}}, {"c": {}, "a": 2}),
            ),
        ),
        accepts=_are_forms,
        wants="a list of mappings of keys to lists of type names",
        negation=None,
        negated=Negated.JUDGED,
        takes=frozenset({"dict"}),
        lists=True,
        word="fits_none",
        phrase="has not {}",
        words=_in_words,
        fix="give {field} what it needs: {rhs}",
        schema=_schema,
        near=_near,
        constants=nothing,
    ),
)
