"""Find a fact that a proven rule names and that does not decide: the library refuses the rule's configs beside each
other value of it, too, if only in other words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from miners.candidates.candidate import Candidate
from miners.candidates.rules import to_candidate
from miners.gate.oracle import Oracle
from miners.gate.setting import Setting
from pytest_llem_invariants.engines.base import MODEL
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.language.values import distinct
from pytest_llem_invariants.model import (
    AddedBy,
    Clause,
    ContextField,
    Kwargs,
    Match,
    MinerSource,
    Rule,
    Severity,
)
from pytest_llem_invariants.replay.contracts import positive_raises

PLATFORM: Final = "platform"
Near = Callable[[Rule, Mapping[str, Any]], Iterable[Kwargs]]


def refused_anyway(rule: Rule, setting: Setting, oracle: Oracle, near: Near) -> Candidate | None:
    """The rule as a guess without the first such fact, or beside the other values of it."""
    if rule.severity is not Severity.ERROR or rule.added_by.is_lift or not _speaks_of_a_field(rule, setting):
        return None
    context = setting.context_of(rule)
    for name, clauses in rule.match.fields.items():
        declared = setting.context.get(name)
        if declared is None or not (_is_closed(name, declared) or _is_of_unknown_words(name, rule)):
            continue
        others = _others(name, clauses, setting, context)
        if any(not setting.unlike(world).isdisjoint(rule.match.fields) for world in others):
            continue  # nobody was asked
        is_seen = bool(others) and _is_refused(rule, name, others, context, oracle)
        if not is_seen or any(_is_taken(kwargs, others, oracle) for kwargs in near(rule, context)):
            continue
        if _is_closed(name, declared):
            fields = {key: kept for key, kept in rule.match.fields.items() if key != name}
            return replace(to_candidate(rule), fields=fields)
        return _beside(rule, name, others, oracle)
    return None


def _speaks_of_a_field(rule: Rule, setting: Setting) -> bool:
    return not setting.context.keys() >= rule.match.fields.keys()


def _is_closed(name: str, declared: ContextField) -> bool:
    """Whether the declared values stand for all that there are: of the platform, and of a flag of a model."""
    return name == PLATFORM or (name.startswith(MODEL) and declared.type == "bool")


def _is_of_unknown_words(name: str, rule: Rule) -> bool:
    """Whether a rule asks for a model that has none of a fact, and of its fields for words that nobody knows: those
    that it would name may be what another model has.
    """
    has_none = all(
        clause.op == "absent" or (clause.op == "==" and clause.rhs is None) for clause in rule.match.fields[name]
    )
    clauses = [clause for clauses in rule.match.fields.values() for clause in clauses]
    named = [clause for clause in clauses if clause.op == "in" or (clause.op == "==" and isinstance(clause.rhs, str))]
    return name.startswith(MODEL) and has_none and not named and any(clause.op == "not_in" for clause in clauses)


def _beside(rule: Rule, name: str, worlds: Sequence[Mapping[str, Any]], oracle: Oracle) -> Candidate | None:
    """The same of models that have one of the values that were asked: beside others any word may be taken."""
    error = oracle.observe(rule.kwargs_positive, worlds[0], Severity.ERROR).exception
    if error is None or error.raised_at is None:
        return None
    path, _, line = error.raised_at.rpartition(":")
    return replace(
        to_candidate(rule),
        fields={**rule.match.fields, name: (Clause("in", [world[name] for world in worlds]),)},
        template=None,
        source=MinerSource(path, "", int(line)),
        added_by=AddedBy.DYNAMIC_MINER,
        world={name: worlds[0][name]},
        references=(),
    )


def _others(
    name: str, clauses: tuple[Clause, ...], setting: Setting, context: Mapping[str, Any]
) -> tuple[Mapping[str, Any], ...]:
    declared = setting.context[name]
    claims = compile_match(Match("", {name: clauses}), context_fields=setting.context)
    worlds = ({**context, name: value} for value in distinct((declared.default, *declared.values)))
    return tuple(world for world in worlds if not claims({}, world))


def _is_refused(
    rule: Rule, name: str, worlds: Iterable[Mapping[str, Any]], context: Mapping[str, Any], oracle: Oracle
) -> bool:
    """Whether its example is refused in all these worlds; on another platform by the same check: there are more."""
    here = oracle.observe(rule.kwargs_positive, context, Severity.ERROR).exception
    answers = [oracle.observe(rule.kwargs_positive, world, Severity.ERROR) for world in worlds]
    if any(positive_raises(rule, answer) is not None for answer in answers):
        return False
    places = {None if error is None else error.raised_at for error in (here, *(one.exception for one in answers))}
    return name != PLATFORM or len(places) == 1


def _is_taken(kwargs: Kwargs, worlds: Iterable[Mapping[str, Any]], oracle: Oracle) -> bool:
    answers = (oracle.observe(kwargs, world, Severity.ERROR) for world in worlds)
    return any(answer.exception is None and answer.skipped_reason is None for answer in answers)
