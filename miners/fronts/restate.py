"""A candidate about a class behind a front, in the front's own field names."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from miners.candidates.candidate import Candidate
from miners.fronts.feeds import Feed
from miners.surface.facts import ClassFacts, FieldFact
from miners.surface.fields import Surface, put
from pytest_llem_invariants.language.expressions import MISSING, parse
from pytest_llem_invariants.language.operators import OPERATORS
from pytest_llem_invariants.language.predicates import reference_of, referenced_fields
from pytest_llem_invariants.model import EMPTY, Clause, ContextField, Kwargs, Match

_IS_GIVEN: Final = frozenset({"present", "truthy", "absent", "falsy"})


def _names_a_fact(candidate: Candidate, context: Mapping[str, ContextField]) -> bool:
    names = referenced_fields(Match("", candidate.fields))
    return any(name in context and context[name].is_fact for name in names)


def restate(
    candidate: Candidate,
    front: ClassFacts,
    feeds: Iterable[Feed],
    surface: Surface = EMPTY,
    context: Mapping[str, ContextField] = EMPTY,
) -> Candidate | None:
    """The candidate in the front's own field names; None if the front does not feed one of its fields.

    Clauses on the `context` hold for the front as well. A front may overwrite a field before it passes it on; the gate
    decides whether the rule survives that.
    """
    known = {feed.field: feed for feed in feeds if feed.native_type == candidate.native_type}
    sources = {name: feed.source for name, feed in known.items() if feed.source is not None}
    sources.update((name, name) for name in context)
    fields: dict[str, tuple[Clause, ...]] = {}
    for subject, clauses in candidate.fields.items():
        if subject in known and subject not in sources and all(clause.op in _IS_GIVEN for clause in clauses):
            if any(clause.op in ("absent", "falsy") for clause in clauses):
                return None  # the front makes that object, whatever it is given
            continue
        renamed = _rename(subject, sources)
        if renamed is None:
            return None
        restated = _restated_clauses(clauses, sources)
        if restated is None:
            return None
        if _speaks_of_what_is_given(clauses, front.fields.get(renamed), _field_of(surface, candidate, subject)):
            restated.append(Clause("present", True))
        fields[renamed] = (*fields.get(renamed, ()), *restated)
    if not fields:
        return None
    defaults = {sources[name]: value for name, value in candidate.defaults.items() if name in sources}
    # The result of a front's factory is unknown: most likely the default of the class behind it. What a front makes of
    # a None may be the machine's: only what speaks of facts is asked on enough of them to tell.
    own = {name: front.fields[name].default for name in defaults if name in front.fields}
    made = (MISSING, None) if _names_a_fact(candidate, context) else (MISSING,)
    defaults = {name: value if own.get(name, MISSING) in made else own[name] for name, value in defaults.items()}
    given = _given(candidate, known)
    for name, clause in given:
        if clause not in fields.get(name, ()):
            fields[name] = (*fields.get(name, ()), clause)
        if OPERATORS[clause.op].test(None, clause.rhs):
            defaults[name] = front.fields[name].default
    inner = surface.get(candidate.native_type)
    base = EMPTY if inner is None else inner.base_kwargs
    renamed_in = partial(_in_names_of, front, sources=sources, given=given, base=base)
    return replace(
        candidate,
        native_type=front.native_type,
        fields=fields,
        defaults={name: value for name, value in defaults.items() if value not in (None, MISSING)},
        hints=tuple(renamed_in(candidate.hints)),
        clear=tuple(renamed_in(candidate.clear)),
        notes=f"Stated on {candidate.native_type}, which {front.native_type} builds from these fields.",
        references=(*candidate.references, candidate.source.guard),
        restated=True,
    )


def _restated_clauses(clauses: Iterable[Clause], sources: Mapping[str, str]) -> list[Clause] | None:
    """Clauses with the front's names on their right-hand sides; None where one names what the front does not feed."""
    restated: list[Clause] = []
    for clause in clauses:
        reference = reference_of(clause.rhs)
        target = None if reference is None else _rename(reference, sources)
        if reference is not None and target is None:
            return None
        restated.append(clause if target is None else Clause(clause.op, "@" + target))
    return restated


def _field_of(surface: Surface, candidate: Candidate, subject: str) -> FieldFact | None:
    inner = surface.get(candidate.native_type)
    return None if inner is None else inner.fields.get(subject)


def _speaks_of_what_is_given(clauses: Iterable[Clause], fact: FieldFact | None, inner_fact: FieldFact | None) -> bool:
    """Whether clauses hold of the front's own None, and not of the default that the class behind it has instead.

    What the front makes of its None is then another value, so they say something of what is given alone.
    """
    if fact is None or inner_fact is None or fact.default is not None or inner_fact.default in (None, MISSING):
        return False
    plain = [clause for clause in clauses if reference_of(clause.rhs) is None]

    def hold(value: Any) -> bool:
        return all(OPERATORS[clause.op].test(value, clause.rhs) for clause in plain)

    return bool(plain) and hold(None) and not hold(inner_fact.default)


def _given(candidate: Candidate, known: Mapping[str, Feed]) -> tuple[tuple[str, Clause], ...]:
    """The conditions under which the front passes on the fields of the candidate."""
    read = referenced_fields(Match("", candidate.fields))
    feeds = [feed for name, feed in known.items() if any(f"{path}.".startswith(f"{name}.") for path in read)]
    return tuple(dict.fromkeys((name, clause) for feed in feeds for name, clause in feed.given))


def _in_names_of(
    front: ClassFacts,
    examples: Iterable[Kwargs],
    *,
    sources: Mapping[str, str],
    given: Iterable[tuple[str, Clause]],
    base: Kwargs,
) -> Iterator[Kwargs]:
    """The examples in the front's own field names."""
    for example in examples:
        whole = {**{name: value for name, value in base.items() if "." in sources.get(name, "")}, **example}
        if sources.keys() >= whole.keys():
            kwargs: Kwargs = {name: True for name, clause in given if clause.op in ("truthy", "present")}
            for name, value in whole.items():
                kwargs = put(kwargs, sources[name], value, front, EMPTY)
            yield kwargs


def _rename(expression: str, sources: Mapping[str, str]) -> str | None:
    parsed = parse(expression)
    if parsed.is_field:
        return _rename_path(expression, sources)
    renamer = _Renamer(sources)
    renamed = renamer.visit(ast.parse(expression, mode="eval"))
    return None if renamer.unknown else ast.unparse(renamed)


def _rename_path(path: str, sources: Mapping[str, str]) -> str | None:
    """The path, with its longest fed prefix replaced by the feeding field."""
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
