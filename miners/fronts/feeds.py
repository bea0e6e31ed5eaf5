"""Which field of a front class feeds which field of a config class, read from the front's own building code.

People write one flat class (`EngineArgs`); the many classes that it builds validate. A rule on
`ParallelConfig.tensor_parallel_size` holds for the front's argument as well; if its name differs, the call that passes
it on says so.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from miners.surface.facts import FieldFact
from miners.surface.fields import Surface, class_of
from pytest_llem_invariants.language.operators import OPERATORS
from pytest_llem_invariants.model import Clause

_COPIES: Final = frozenset({"copy", "deepcopy", "replace"})
"""Functions that return the object they are given, or a copy."""
_ORDERS: Final[Mapping[type[ast.cmpop], str]] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


@dataclass(frozen=True, slots=True)
class Feed:
    """The front passes its `source` (a dotted field) as `field` of `native_type`; None: an object that it makes."""

    native_type: str
    field: str
    source: str | None
    line: int
    given: tuple[tuple[str, Clause], ...] = ()
    """Conditions on the front's own fields under which it passes something on."""


def discover_feeds(front: ast.ClassDef, surface: Surface, fields: Mapping[str, FieldFact]) -> tuple[Feed, ...]:
    """Every keyword of a call to a surface class, and every attribute of its object, that is a field of the front.

    If the front passes on an object that it makes itself, the fields of that object have the feeds of its class, and
    the object is fed by the front's field of its name. A field of one object that it passes on to another has one feed
    for both.
    """
    by_class_name = {name.rpartition(".")[2]: name for name in surface}
    makers = _makers(front, by_class_name)
    found: dict[tuple[str, str], Feed] = {}
    made: dict[tuple[str, str], Feed] = {}
    led: dict[tuple[str, str], tuple[Feed, tuple[str, str]]] = {}
    for method in _methods(front):
        aliases = _aliases(method, fields)
        held = _objects(method, fields, surface, by_class_name, makers)
        for node, given in _statements(method, fields):
            if isinstance(node, ast.Assign):
                found.update(_set_on(node, held, aliases, fields, given, beside=found))
                continue
            native_type = _built_class(node, held, by_class_name)
            if native_type is None:
                continue
            for keyword in node.keywords:
                source = _own_field(keyword.value, aliases, fields)
                if keyword.arg is None:
                    taken = source is not None and source in fields and _takes_mapping(fields[source])
                    for name in surface[native_type].fields if taken else ():
                        feed = Feed(native_type, name, f"{source}.{name}", node.lineno, given)
                        found.setdefault((native_type, name), feed)
                    continue
                known = found if source is not None else made
                feed = Feed(native_type, keyword.arg, source, node.lineno, (*given, *_chosen(keyword.value, fields)))
                known.setdefault((native_type, keyword.arg), feed)
                through = _field_of_object(keyword.value, held)
                if through is not None:
                    led.setdefault((native_type, keyword.arg), (feed, through))
    for key, (feed, through) in led.items():
        inner_feed = found.get(through)
        if inner_feed is not None and key not in found:
            found[key] = replace(feed, source=inner_feed.source, given=(*inner_feed.given, *feed.given))
    for (native_type, name), feed in made.items():
        fact = surface[native_type].fields.get(name)
        inner = None if fact is None else class_of(fact, surface)
        if inner is not None:
            found.setdefault((native_type, name), replace(feed, source=name if name in fields else None))
            for one in [one for one in found.values() if one.native_type == inner.native_type]:
                if one.source is not None:
                    path = f"{name}.{one.field}"
                    found.setdefault((native_type, path), replace(one, native_type=native_type, field=path))
    return tuple(found.values())


def _takes_mapping(fact: FieldFact) -> bool:
    return "dict" in fact.types


def _methods(front: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    for node in front.body:
        if isinstance(node, ast.FunctionDef):
            yield node


def _makers(front: ast.ClassDef, by_class_name: Mapping[str, str]) -> Mapping[str, str]:
    """Methods of the front that return a new object of a surface class."""
    made: dict[str, set[str | None]] = {}
    for method in _methods(front):
        for node in ast.walk(method):
            match node:
                case ast.Return(value=ast.Call(func=ast.Name(id=called))):
                    made.setdefault(method.name, set()).add(by_class_name.get(called))
                case ast.Return(value=value) if value is not None:
                    made.setdefault(method.name, set()).add(None)
    single = {name: next(iter(types)) for name, types in made.items() if len(types) == 1}
    return {name: native_type for name, native_type in single.items() if native_type is not None}


def _objects(
    method: ast.FunctionDef,
    fields: Mapping[str, FieldFact],
    surface: Surface,
    by_class_name: Mapping[str, str],
    makers: Mapping[str, str],
) -> Mapping[str, str]:
    """Locals that hold an object of a surface class: a field of the front, a copy, or a new object."""
    held: dict[str, str] = {}
    for node in ast.walk(method):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=called))) if (
                called in by_class_name
            ):
                held.setdefault(name, by_class_name[called])
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=called)),
            ) if called in makers:
                held.setdefault(name, makers[called])
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                source = _field_in(value, fields)
                inner = None if source is None else class_of(fields[source], surface)
                if inner is not None:
                    held.setdefault(name, inner.native_type)
    return held


def _field_of_object(node: ast.expr, held: Mapping[str, str]) -> tuple[str, str] | None:
    """The field of another object of the front's that an expression is: what feeds that one feeds this, too."""
    match node:
        case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in held:
            return held[name], attribute
        case _:
            return None


def _set_on(
    node: ast.Assign,
    held: Mapping[str, str],
    aliases: Mapping[str, str],
    own: Collection[str],
    given: tuple[tuple[str, Clause], ...],
    beside: Collection[tuple[str, str]],
) -> Iterator[tuple[tuple[str, str], Feed]]:
    """Feeds from assignments to attributes of an object whose feed is unknown so far."""
    match node.targets:
        case [ast.Attribute(value=ast.Name(id=name), attr=attribute)] if name in held:
            source = _own_field(node.value, aliases, own)
            key = held[name], attribute
            if source is not None and key not in beside:
                yield key, Feed(*key, source, node.lineno, given)


def _built_class(call: ast.Call, held: Mapping[str, str], by_class_name: Mapping[str, str]) -> str | None:
    """The class of the object that a call makes: by its name, or that of the object whose fields it replaces."""
    match call:
        case ast.Call(func=ast.Name(id="replace") | ast.Attribute(attr="replace"), args=[ast.Name(id=name)]):
            return held.get(name)
        case ast.Call(func=ast.Name(id=name)):
            return by_class_name.get(name)
        case _:
            return None


def _statements(
    node: ast.AST, own: Collection[str], given: tuple[tuple[str, Clause], ...] = ()
) -> Iterator[tuple[ast.Call | ast.Assign, tuple[tuple[str, Clause], ...]]]:
    """Every call and assignment, with the conditions on the front's own fields on the path to it."""
    if isinstance(node, (ast.Call, ast.Assign)):
        yield node, given
    for name, value in ast.iter_fields(node):
        inside = given
        if isinstance(node, (ast.If, ast.IfExp)) and name in ("body", "orelse"):
            inside = (*given, *_asked(node.test, own, holds=name == "body"))
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _statements(child, own, inside)


def _chosen(value: ast.expr, own: Collection[str]) -> tuple[tuple[str, Clause], ...]:
    """Under which conditions `field if … else CONSTANT` is the field."""
    match value:
        case ast.IfExp(test=test, body=body, orelse=ast.Constant()) if _field_in(body, own) is not None:
            return tuple(_asked(test, own, holds=True))
        case ast.IfExp(test=test, body=ast.Constant(), orelse=otherwise) if _field_in(otherwise, own) is not None:
            return tuple(_asked(test, own, holds=False))
        case _:
            return ()


def _asked(test: ast.expr, own: Collection[str], *, holds: bool) -> Iterator[tuple[str, Clause]]:
    """The clauses of a condition, or of its negation, on single fields."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from _asked(operand, own, holds=not holds)
        case ast.BoolOp(op=ast.And() | ast.Or() as op, values=values):
            if isinstance(op, ast.And) is holds:
                for value in values:
                    yield from _asked(value, own, holds=holds)
        case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot() as op], comparators=[ast.Constant(value=None)]):
            name = _field_in(left, own)
            if name is not None:
                yield name, Clause("absent" if isinstance(op, ast.Is) is holds else "present", True)
        case ast.Compare(left=left, ops=[op], comparators=[ast.Constant(value=int() | float() as bound)]):
            name = _field_in(left, own)
            if name is not None and type(op) in _ORDERS:
                order = _ORDERS[type(op)]
                yield name, Clause(order if holds else OPERATORS[order].negation or order, bound)
        case ast.Attribute():
            name = _field_in(test, own)
            if name is not None:
                yield name, Clause("truthy" if holds else "falsy", True)


def _aliases(method: ast.FunctionDef, own: Collection[str]) -> Mapping[str, str]:
    """Locals that hold a field on some path; of several fields the one with the same name, or none."""
    assigned: dict[str, dict[str, None]] = {}
    for node in ast.walk(method):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            source = _field_in(node.value, own)
            if source is not None:
                assigned.setdefault(node.targets[0].id, {})[source] = None
    return {
        name: name if name in sources else next(iter(sources))
        for name, sources in assigned.items()
        if len(sources) == 1 or name in sources
    }


def _own_field(node: ast.expr, aliases: Mapping[str, str], own: Collection[str]) -> str | None:
    return aliases.get(node.id) if isinstance(node, ast.Name) else _field_in(node, own)


def _field_in(node: ast.expr, own: Collection[str]) -> str | None:
    """The front's own field that an expression returns, at least if the field is true."""
    match node:
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return name if name in own else None
        case ast.BoolOp(op=ast.Or(), values=[first, *_]):
            return _field_in(first, own)
        case ast.IfExp(body=body, orelse=otherwise):
            return _field_in(body, own) or _field_in(otherwise, own)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[first, *_]) if name in _COPIES:
            return _field_in(first, own)
        case _:
            return None
