"""What several producers found, as one rule each: the fingerprint and preference table of the corpus format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from pytest_llem_invariants.corpus import fingerprint
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
    others = [rule for rule in group if rule is not shape]
    return replace(
        shape,
        id=first.id,
        message_template=said.message_template,
        observed_messages=said.observed_messages,
        references=tuple(dict.fromkeys(reference for rule in group for reference in rule.references)),
        cross_validated_by=_other_producers(shape, group),
        conflict_note=_conflict(shape, others),
    )


def _preferred(group: Sequence[Rule], order: Sequence[AddedBy]) -> Rule:
    return min(group, key=lambda rule: order.index(rule.added_by))


def _other_producers(winner: Rule, group: Sequence[Rule]) -> tuple[AddedBy, ...]:
    found = {producer for rule in group for producer in (rule.added_by, *rule.cross_validated_by)}
    return tuple(producer for producer in _STATIC_FIRST if producer in found and producer is not winner.added_by)


def _conflict(winner: Rule, others: Iterable[Rule]) -> str | None:
    """In words, what a losing source says otherwise about the same constraint."""
    notes: dict[str, None] = {}
    for other in others:
        if other.added_by is winner.added_by:
            continue
        if other.expected_outcome.outcome is not winner.expected_outcome.outcome:
            notes[f"{other.added_by} expects {other.expected_outcome.outcome}"] = None
        if other.message_template and winner.message_template and other.message_template != winner.message_template:
            notes[f"{other.added_by} words it {other.message_template!r}"] = None
        if dict(other.match.defaults) != dict(winner.match.defaults):
            notes[f"{other.added_by} assumes defaults {dict(other.match.defaults)!r}"] = None
    return "; ".join(notes) or None


def carry_over(rules: Iterable[Rule], previous: Corpus | None) -> tuple[Rule, ...]:
    """Keep the ids and dates of constraints that an earlier corpus already names."""
    if previous is None:
        return tuple(rules)
    known: Mapping[str, Rule] = {fingerprint(rule): rule for rule in reversed(previous.rules)}
    carried = []
    for rule in rules:
        old = known.get(fingerprint(rule))
        carried.append(rule if old is None else replace(rule, id=old.id, added_at=old.added_at))
    return tuple(carried)
