"""Merge equal rules of several producers into one: the fingerprint and preference table of the corpus format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from pytest_llem_invariants.corpus.files import fingerprint
from pytest_llem_invariants.model import AddedBy, Corpus, Rule

_STATIC_FIRST: Final[tuple[AddedBy, ...]] = (
    AddedBy.STATIC_MINER,
    AddedBy.PYDANTIC_LIFT,
    AddedBy.MSGSPEC_LIFT,
    AddedBy.DATACLASS_LIFT,
    AddedBy.DYNAMIC_MINER,
    AddedBy.RUNTIME_WARNING,
    AddedBy.OBSERVED_COLLISION,
    AddedBy.LLM_ADVISORY,
    AddedBy.ENGINE_FILE,
    AddedBy.MANUAL_SEED,
)
_DYNAMIC_FIRST: Final[tuple[AddedBy, ...]] = (
    AddedBy.DYNAMIC_MINER,
    *(producer for producer in _STATIC_FIRST if producer is not AddedBy.DYNAMIC_MINER),
)


def merge(staged: Iterable[Rule]) -> tuple[Rule, ...]:
    """One rule per constraint, in the order in which the constraints were first staged."""
    groups: dict[str, list[Rule]] = {}
    for rule in staged:
        groups.setdefault(fingerprint(rule), []).append(rule)
    return tuple(_merge_group(group) for group in groups.values())


def _merge_group(group: Sequence[Rule]) -> Rule:
    first = group[0]
    if len(group) == 1:
        return first
    shape = _preferred(group, _STATIC_FIRST)
    said = _preferred([rule for rule in group if rule.message_template is not None] or group, _DYNAMIC_FIRST)
    return replace(
        shape,
        id=first.id,
        message_template=said.message_template,
        observed_messages=said.observed_messages,
        references=tuple(dict.fromkeys(reference for rule in group for reference in rule.references)),
        cross_validated_by=_other_producers(shape, group),
        conflict_note=_conflict(shape, said, group),
    )


def _preferred(group: Sequence[Rule], order: Sequence[AddedBy]) -> Rule:
    return min(group, key=lambda rule: order.index(rule.added_by))


def _other_producers(winner: Rule, group: Sequence[Rule]) -> tuple[AddedBy, ...]:
    found = {producer for rule in group for producer in (rule.added_by, *rule.cross_validated_by)}
    return tuple(producer for producer in _STATIC_FIRST if producer in found and producer is not winner.added_by)


def with_producer(rule: Rule, producer: AddedBy) -> Rule:
    """The rule, with another producer that found it as well."""
    found = {*rule.cross_validated_by, producer} - {rule.added_by}
    return replace(rule, cross_validated_by=tuple(one for one in _STATIC_FIRST if one in found))


def _conflict(shape: Rule, said: Rule, group: Iterable[Rule]) -> str | None:
    """A note on how another producer's version of the same constraint differs from the merged rule.

    The merged rule may take its shape from one producer and its wording from another.
    """
    notes: dict[str, None] = {}
    for rule in group:
        if rule.added_by is not shape.added_by:
            if rule.expected_outcome.outcome is not shape.expected_outcome.outcome:
                notes[f"{rule.added_by} expects {rule.expected_outcome.outcome}"] = None
            if dict(rule.match.defaults) != dict(shape.match.defaults):
                notes[f"{rule.added_by} assumes defaults {dict(rule.match.defaults)!r}"] = None
        told = rule.message_template
        if rule.added_by is not said.added_by and told and said.message_template and told != said.message_template:
            notes[f"{rule.added_by} words it {told!r}"] = None
    return "; ".join(notes) or None


def carry_over(rules: Iterable[Rule], previous: Corpus | None) -> tuple[Rule, ...]:
    """Keep the ids and dates of constraints that an earlier corpus has."""
    if previous is None:
        return tuple(rules)
    known: Mapping[str, Rule] = {fingerprint(rule): rule for rule in reversed(previous.rules)}
    carried = []
    for rule in rules:
        old = known.get(fingerprint(rule))
        carried.append(rule if old is None else replace(rule, id=old.id, added_at=old.added_at))
    return tuple(carried)
