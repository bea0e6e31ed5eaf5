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
from pytest_llem_invariants.expressions import MISSING, parse
from pytest_llem_invariants.model import Clause, Rule
from pytest_llem_invariants.predicates import reference_of

_OF_KIND: Final = frozenset(
    {"type_is", "type_is_not", "matches", "not_matches", "divisible_by", "not_divisible_by", "bool_is_number"}
)


@dataclass(frozen=True, slots=True)
class Feed:
    """The front passes its `source` (a dotted field) as `field` of `native_type`."""

    native_type: str
    field: str
    source: str
    line: int


def discover_feeds(front: ast.ClassDef, native_types: Iterable[str], fields: Iterable[str]) -> tuple[Feed, ...]:
    """Every keyword of a call to a surface class that hands on one of the front's own fields unchanged."""
    by_class_name = {name.rpartition(".")[2]: name for name in native_types}
    own = frozenset(fields)
    found: dict[tuple[str, str], Feed] = {}
    for method in _methods(front):
        aliases = _aliases(method, own)
        for call in _calls(method):
            native_type = by_class_name.get(_called_name(call))
            if native_type is None:
                continue
            for keyword in call.keywords:
                source = _own_field(keyword.value, aliases)
                if keyword.arg is not None and source is not None and source in own:
                    key = (native_type, keyword.arg)
                    found.setdefault(key, Feed(native_type, keyword.arg, source, call.lineno))
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


def _is_self_attribute(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"


def _aliases(method: ast.FunctionDef, own: frozenset[str]) -> Mapping[str, str]:
    """Locals that are assigned once, from a field."""
    assigned: dict[str, list[ast.expr]] = {}
    for node in ast.walk(method):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            assigned.setdefault(node.targets[0].id, []).append(node.value)
    return {
        name: values[0].attr  # type: ignore[attr-defined]
        for name, values in assigned.items()
        if len(values) == 1 and _is_self_attribute(values[0]) and values[0].attr in own  # type: ignore[attr-defined]
    }


def _own_field(node: ast.expr, aliases: Mapping[str, str]) -> str | None:
    if _is_self_attribute(node):
        assert isinstance(node, ast.Attribute)
        return node.attr
    return aliases.get(node.id) if isinstance(node, ast.Name) else None


def judges_values(rule: Rule) -> bool:
    """Whether a rule says more than of which kind a value must be: a front is slow to ask, so kinds are left behind."""
    return any(
        clause.op not in _OF_KIND and not (clause.op == "!=" and reference_of(clause.rhs) == subject)
        for subject, clauses in rule.match.fields.items()
        for clause in clauses
    )


def restate(candidate: Candidate, front: ClassFacts, feeds: Iterable[Feed]) -> Candidate | None:
    """The candidate in the front's own field names; None where one of its fields is not fed by the front.

    A front may overwrite a field before it passes it on; whether the rule survives that is for the gate to say.
    """
    sources = {feed.field: feed.source for feed in feeds if feed.native_type == candidate.native_type}
    fields: dict[str, tuple[Clause, ...]] = {}
    for subject, clauses in candidate.fields.items():
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
    tree = ast.parse(expression, mode="eval")
    renamer = _Renamer(sources)
    renamed = renamer.visit(tree)
    return None if renamer.unknown else ast.unparse(renamed)


def _rename_path(path: str, sources: Mapping[str, str]) -> str | None:
    first, dot, rest = path.partition(".")
    return None if first not in sources else sources[first] + dot + rest


class _Renamer(ast.NodeTransformer):
    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources
        self.unknown = False

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        renamed = self.sources.get(node.id)
        if renamed is None:
            self.unknown = True
            return node
        return ast.copy_location(ast.parse(renamed, mode="eval").body, node)
