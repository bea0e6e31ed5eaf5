"""Which field of a front class feeds which field of a config class, read from the front's own building code.

What people write is one flat class (`EngineArgs`); what validates is the many classes that it builds. A rule
on `ParallelConfig.tensor_parallel_size` holds for the front's argument of that name too, and where the name
differs the call that passes it on says so.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from miners.candidate import Candidate
from miners.facts import ClassFacts
from miners.values import Surface, class_of
from pytest_llem_invariants.expressions import MISSING, parse
from pytest_llem_invariants.model import AddedBy, Clause, Rule
from pytest_llem_invariants.predicates import reference_of

_OF_KIND: Final = frozenset({"type_is", "type_is_not", "bool_is_number"})
_OF_DECLARED_KIND: Final = frozenset({"matches", "not_matches", "divisible_by", "not_divisible_by"})
_LIFTS: Final = frozenset({AddedBy.PYDANTIC_LIFT, AddedBy.MSGSPEC_LIFT, AddedBy.DATACLASS_LIFT})
_IS_GIVEN: Final = frozenset({"present", "truthy", "absent", "falsy"})
_COPIES: Final = frozenset({"copy", "deepcopy", "replace"})
"""Functions that give the object they are given, or one like it."""


@dataclass(frozen=True, slots=True)
class Feed:
    """The front passes its `source` (a dotted field) as `field` of `native_type`; None: an object that it makes."""

    native_type: str
    field: str
    source: str | None
    line: int


def discover_feeds(front: ast.ClassDef, surface: Surface, fields: Iterable[str]) -> tuple[Feed, ...]:
    """Every keyword of a call to a surface class that hands on one of the front's own fields.

    Where it hands on an object that the front makes itself, the fields of that object are fed by what feeds its class,
    and the object by the field of its name: that is what the front makes it of.
    """
    by_class_name = {name.rpartition(".")[2]: name for name in surface}
    own = frozenset(fields)
    found: dict[tuple[str, str], Feed] = {}
    made: dict[tuple[str, str], int] = {}
    for method in _methods(front):
        aliases = _aliases(method, own)
        for call in _calls(method):
            native_type = by_class_name.get(_called_name(call))
            if native_type is None:
                continue
            for keyword in call.keywords:
                source = _own_field(keyword.value, aliases, own)
                if keyword.arg is not None and source is not None:
                    key = (native_type, keyword.arg)
                    found.setdefault(key, Feed(native_type, keyword.arg, source, call.lineno))
                elif keyword.arg is not None:
                    made.setdefault((native_type, keyword.arg), call.lineno)
    for (native_type, name), line in made.items():
        fact = surface[native_type].fields.get(name)
        inner = None if fact is None else class_of(fact, surface)
        if inner is not None:
            key = (native_type, name)
            found.setdefault(key, Feed(native_type, name, name if name in own else None, line))
            for feed in [feed for feed in found.values() if feed.native_type == inner.native_type]:
                if feed.source is not None:
                    path = f"{name}.{feed.field}"
                    found.setdefault((native_type, path), Feed(native_type, path, feed.source, line))
    return tuple(found.values())


def _methods(front: ast.ClassDef) -> Iterator[ast.FunctionDef]:
    for node in front.body:
        if isinstance(node, ast.FunctionDef):
            yield node


def _calls(method: ast.FunctionDef) -> Iterator[ast.Call]:
    for node in ast.walk(method):
        if isinstance(node, ast.Call):
            yield node


def _called_name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _aliases(method: ast.FunctionDef, own: frozenset[str]) -> Mapping[str, str]:
    """Locals that hold a field on some way; of several fields the one of that name, or none."""
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


def _own_field(node: ast.expr, aliases: Mapping[str, str], own: frozenset[str]) -> str | None:
    return aliases.get(node.id) if isinstance(node, ast.Name) else _field_in(node, own)


def _field_in(node: ast.expr, own: frozenset[str]) -> str | None:
    """The front's own field that an expression gives, at least while the field is true."""
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


def judges_values(rule: Rule) -> bool:
    """Whether a rule says more than of which kind a value must be: a front is slow to ask, so kinds are left behind.

    What text reads as a number, and that a number is whole, is of kind where a declared type says it.
    """
    kinds = _OF_KIND | _OF_DECLARED_KIND if rule.added_by in _LIFTS else _OF_KIND
    return any(
        clause.op not in kinds and not (clause.op == "!=" and reference_of(clause.rhs) == subject)
        for subject, clauses in rule.match.fields.items()
        for clause in clauses
    )


def restate(candidate: Candidate, front: ClassFacts, feeds: Iterable[Feed]) -> Candidate | None:
    """The candidate in the front's own field names; None where one of its fields is not fed by the front.

    A front may overwrite a field before it passes it on; whether the rule survives that is for the gate to say.
    """
    sources: dict[str, str] = {}
    made: set[str] = set()
    for feed in feeds:
        if feed.native_type == candidate.native_type and feed.source is None:
            made.add(feed.field)
        elif feed.native_type == candidate.native_type and feed.source is not None:
            sources[feed.field] = feed.source
    fields: dict[str, tuple[Clause, ...]] = {}
    for subject, clauses in candidate.fields.items():
        if subject in made and all(clause.op in _IS_GIVEN for clause in clauses):
            if any(clause.op in ("absent", "falsy") for clause in clauses):
                return None  # the front makes that object, whatever it is given
            continue
        renamed = _rename(subject, sources)
        if renamed is None:
            return None
        restated = []
        for clause in clauses:
            reference = reference_of(clause.rhs)
            if reference is None:
                restated.append(clause)
                continue
            target = _rename(reference, sources)
            if target is None:
                return None
            restated.append(Clause(clause.op, "@" + target))
        fields[renamed] = (*fields.get(renamed, ()), *restated)
    if not fields:
        return None
    defaults = {
        sources[name]: front.fields[sources[name]].default
        for name in candidate.defaults
        if name in sources and front.fields[sources[name]].default not in (None, MISSING)
    }
    return replace(
        candidate,
        native_type=front.native_type,
        fields=fields,
        defaults=defaults,
        hints=tuple(
            {sources[name]: value for name, value in kwargs.items()}
            for kwargs in candidate.hints
            if sources.keys() >= kwargs.keys()
        ),
        notes=f"Stated on {candidate.native_type}, which {front.native_type} builds from these fields.",
        references=(*candidate.references, candidate.source.guard),
    )


def _rename(expression: str, sources: Mapping[str, str]) -> str | None:
    parsed = parse(expression)
    if parsed.is_field:
        return _rename_path(expression, sources)
    renamer = _Renamer(sources)
    renamed = renamer.visit(ast.parse(expression, mode="eval"))
    return None if renamer.unknown else ast.unparse(renamed)


def _rename_path(path: str, sources: Mapping[str, str]) -> str | None:
    """The path with its longest beginning that is fed replaced by what feeds it."""
    parts = path.split(".")
    for count in range(len(parts), 0, -1):
        source = sources.get(".".join(parts[:count]))
        if source is not None:
            return ".".join([source, *parts[count:]])
    return None


class _Renamer(ast.NodeTransformer):
    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources
        self.unknown = False

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self._renamed(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return self._renamed(node)

    def _renamed(self, node: ast.expr) -> ast.AST:
        renamed = _rename_path(ast.unparse(node), self.sources)
        if renamed is None:
            self.unknown = True
            return node
        return ast.copy_location(ast.parse(renamed, mode="eval").body, node)
