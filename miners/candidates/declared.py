"""What an engine's file says that a check hangs on, or a question at the start: a guess, with the library's own words
and place.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from miners.candidates.candidate import Candidate
from miners.logic.formulas import Atom, Conjunction
from miners.logic.normal_form import implies
from pytest_llem_invariants.corpus.rules import read_clauses
from pytest_llem_invariants.language.predicates import compile_match, referenced_fields
from pytest_llem_invariants.model import (
    AddedBy,
    Channel,
    ContextField,
    ExpectedOutcome,
    Kwargs,
    Match,
    MinerSource,
    ObservedException,
    Outcome,
    Rule,
    Severity,
)
from pytest_llem_invariants.native_types import NativeType
from pytest_llem_invariants.replay.contexts import contexts_of
from pytest_llem_invariants.text.strict import Section

Asks = Callable[[str, Kwargs, Mapping[str, Any]], ObservedException | None]
"""What the library raises of a config of a class in a world."""
Tells = Callable[[Sequence[tuple[Kwargs, ObservedException]]], str | None]
"""The part of several messages that does not vary."""


def asked_at_start(
    entry: NativeType, version: str, context: Mapping[str, ContextField], asks: Asks, tells: Tells
) -> Iterator[Candidate]:
    """The claims of which each example is rejected, in the first and the last world in which it is claimed."""
    for claim in claims_of(entry, version):
        found = _candidate(entry.name, claim, context, asks, tells)
        if found is not None:
            yield found


def claims_of(entry: NativeType, version: str) -> tuple[Section, ...]:
    """What is claimed of a class in a version: by itself, and by its calls at the start."""
    calls = (call for call in entry.startup if call.versions is None or call.versions.contains(version))
    return (*entry.claims, *(claim for call in calls for claim in call.claims))


def none_twice(entry: NativeType, version: str) -> None:
    """CorpusError where one claim says nothing that another one does not: both would become rules."""
    told = [(claim, _conjunction(claim)) for claim in claims_of(entry, version)]
    for (claim, own), (other, wider) in itertools.permutations(told, 2):
        if implies(own, wider):
            line = other.document.line_of(other.at)
            claim.fail(
                f"{entry.name}: this claim says nothing that the one in line {line} does not say",
                fix="keep one of them",
            )


def is_claimed(rule: Rule, entry: NativeType | None, version: str) -> bool:
    """Whether a claim of the file still speaks of what a rule speaks of: mining may have narrowed it."""
    claims = () if entry is None else claims_of(entry, version)
    return any(claim.section("match").data.keys() == rule.match.fields.keys() for claim in claims)


def _match(claim: Section) -> Match:
    section = claim.section("match")
    return Match("", {subject: read_clauses(section, subject, data) for subject, data in section.data.items()})


def _conjunction(claim: Section) -> Conjunction:
    return tuple(Atom(subject, clause) for subject, clauses in _match(claim).fields.items() for clause in clauses)


def _candidate(
    native_type: str, claim: Section, context: Mapping[str, ContextField], asks: Asks, tells: Tells
) -> Candidate | None:
    match = _match(claim)
    claims = compile_match(match, context_fields=context)
    named = tuple(name for name in referenced_fields(match) if name in context)
    met = []
    for kwargs in claim.items("examples"):
        worlds = [one for one in contexts_of(named, context) if claims(kwargs, one)]
        for world in (*worlds[:1], *worlds[1:][-1:]):
            error = asks(native_type, kwargs, world)
            if error is None or error.raised_at is None:
                return None
            met.append((kwargs, error))
    if not met:
        return None
    alike = [one for one in met if one[1].raised_at == met[0][1].raised_at]
    path, _, line = (met[0][1].raised_at or "").rpartition(":")
    return Candidate(
        native_type=native_type,
        severity=Severity.ERROR,
        fields=match.fields,
        expected=ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION),
        template=tells(alike),
        source=MinerSource(path, "", int(line)),
        added_by=AddedBy.ENGINE_FILE,
        hints=tuple(claim.items("examples")),
        notes=claim.text("why"),
    )
