"""Convert a candidate with its examples to a rule of the corpus, and back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from miners.candidates.candidate import Candidate
from miners.candidates.naming import rule_name
from pytest_llem_invariants.language.values import as_held, holdable
from pytest_llem_invariants.language.wording import say_rule
from pytest_llem_invariants.model import Kwargs, Match, Rule


def to_rule(candidate: Candidate, examples: Examples, *, engine: str, library: str, added_at: str) -> Rule:
    """The rule that a candidate proposes. Its id is readable but not yet unique."""
    match = Match(engine, candidate.fields, candidate.defaults)
    return Rule(
        id=rule_name(engine, candidate.native_type, candidate.severity, candidate.fields),
        engine=engine,
        library=library,
        invariant_under_test=say_rule(candidate.native_type, candidate.severity, match),
        severity=candidate.severity,
        native_type=candidate.native_type,
        miner_source=candidate.source,
        match=match,
        kwargs_positive=examples.positive,
        kwargs_negative=examples.negative,
        expected_outcome=candidate.expected,
        message_template=candidate.template,
        references=tuple(dict.fromkeys((candidate.source.guard, *candidate.references))),
        added_by=candidate.added_by,
        added_at=added_at,
        walker_notes=_notes(candidate),
    )


def _notes(candidate: Candidate) -> str | None:
    guards = "; ".join(guard.wording for guard in candidate.opaque)
    unread = f"Guards that the predicate does not say: {guards}." if guards else None
    return " ".join(note for note in (candidate.notes, unread) if note) or None


def to_candidate(rule: Rule) -> Candidate:
    """The candidate of a rule that was staged already, to refine it."""
    return Candidate(
        native_type=rule.native_type,
        severity=rule.severity,
        fields=rule.match.fields,
        expected=rule.expected_outcome,
        template=rule.message_template,
        source=rule.miner_source,
        added_by=rule.added_by,
        defaults=rule.match.defaults,
        hints=(rule.kwargs_positive,),
        clear=(rule.kwargs_negative,),
        notes=rule.walker_notes,
        references=rule.references,
    )


@dataclass(frozen=True, slots=True)
class Examples:
    """A positive and a negative example, and the context of both."""

    positive: Kwargs
    negative: Kwargs
    context: Kwargs = field(default_factory=dict)


def sayable(candidate: Candidate) -> Candidate:
    """The candidate with its defaults as a corpus file stores them, without those that no file can store."""
    held = {name: as_held(value) for name, value in candidate.defaults.items()}
    defaults = {name: value for name, value in held.items() if holdable(value)}
    return replace(candidate, defaults=defaults)
