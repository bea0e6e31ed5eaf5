"""Fields by dotted path through nested classes: their facts, and how to set a value there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from miners.surface.facts import ClassFacts, FieldFact
from pytest_llem_invariants.engines.words import existing_file
from pytest_llem_invariants.language.expressions import MISSING
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.language.values import fits, resolve_class
from pytest_llem_invariants.model import EMPTY, Clause, Kwargs, Match, TypedValue

Surface = Mapping[str, ClassFacts]
_ANY_FIELD = FieldFact(name="", annotation="")


def field_at(path: str, facts: ClassFacts, surface: Surface) -> FieldFact:
    """The fact of the field at a dotted path; a field about which nothing is known has any type."""
    first, _, rest = path.partition(".")
    fact = facts.fields.get(first)
    if fact is None:
        return _ANY_FIELD
    if not rest:
        return fact
    inner = class_of(fact, surface)
    return _ANY_FIELD if inner is None else field_at(rest, inner, surface)


def words_of(path: str, facts: ClassFacts, surface: Surface) -> tuple[Any, ...]:
    """The real words of the field at a dotted path, and an existing file if it takes a path."""
    fact = field_at(path, facts, surface)
    return (*fact.words, *existing_file(path, fact.types))


def refuses_type(fact: FieldFact, clauses: tuple[Clause, ...], values: Iterable[Any]) -> bool:
    """Whether, by these clauses, a field rejects all values of its type: then it needs another argument as well."""
    if not any(clause.op in ("type_is", "type_is_not") for clause in clauses):
        return False
    refused = compile_match(Match("", {"x": clauses}))
    right = [value for value in values if value and fits(value, fact)]
    return bool(right) and all(refused({"x": value}, EMPTY) for value in right)


def class_of(fact: FieldFact, surface: Surface) -> ClassFacts | None:
    """The class of the surface that a field holds."""
    for name in fact.types:
        full = resolve_class(name, surface)
        if full is not None:
            return surface[full]
    return None


def default_at(path: str, facts: ClassFacts, surface: Surface, given: Collection[str] = ()) -> Any:
    """The value at a dotted path if none is given there; MISSING if it is unknown.

    A field with a class of the surface holds one with that class's defaults. If it may also hold None, this is so only
    for a field in `given`.
    """
    first, _, rest = path.partition(".")
    fact = facts.fields.get(first)
    if fact is None or not rest:
        return MISSING if fact is None else fact.default
    held = [name for name in fact.types if resolve_class(name, surface) is not None]
    inner = class_of(fact, surface)
    if inner is None or len(held) > 1 or (first not in given and (fact.required or fact.default is not MISSING)):
        return MISSING
    return default_at(rest, inner, surface)


def put(kwargs: Kwargs, path: str, value: Any, facts: ClassFacts, surface: Surface) -> dict[str, Any]:
    """The kwargs with a value at a dotted path, or without it for MISSING; parents become typed values."""
    changed = dict(kwargs)
    if "." not in path:
        changed[path] = value
        if value is MISSING:
            del changed[path]
        return changed
    first, _, rest = path.partition(".")
    fact = facts.fields.get(first, _ANY_FIELD)
    inner = class_of(fact, surface)
    parent = changed.get(first)
    if isinstance(parent, TypedValue):
        changed[first] = TypedValue(
            parent.type, put(parent.kwargs, rest, value, inner or facts, surface if inner else {})
        )
    elif inner is not None and not isinstance(parent, Mapping):
        changed[first] = TypedValue(inner.native_type, put({}, rest, value, inner, surface))
    else:
        changed[first] = put(parent if isinstance(parent, Mapping) else {}, rest, value, facts, {})
    return changed
