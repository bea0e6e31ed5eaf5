"""Try lost candidates again: past the checks that stopped them, and in contexts that their code does not mention."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from miners.candidates.candidate import Candidate
from miners.candidates.outcomes import Cause, Lost, Why
from miners.examples.checks import Checks
from miners.examples.detours import MOST_ASKED, OF_TEXT, detour
from miners.gate.trials import MOST_LOOKED_AT, Trials
from miners.symbolic.opacity import OUTSIDE
from pytest_llem_invariants.model import AddedBy, Clause, Severity

_MOST_BESIDE: Final = 4
"""The number of configs to lead on the other cases of a line once one case is proven."""
_MOST_TRIED: Final = 3
"""The number of configs to try in each other context."""


def led_on(
    lost: Sequence[Lost], places: Collection[str], trials: Trials, checks: Checks, contexts: Iterable[str]
) -> tuple[list[Candidate], list[Lost]]:
    """The candidates that another check had stopped, now with examples, and those that stay lost.

    It starts with lines without a proven rule: `places` are the lines with one. `contexts` are the context fields that
    the code of the class reads.
    """
    proven = set(places)
    left = dict.fromkeys(proven, _MOST_BESIDE)
    elsewhere: set[str] = set()
    found: dict[int, Candidate] = {}
    told = list(lost)
    contexts = tuple(contexts)
    for index, one in sorted(enumerate(lost), key=lambda numbered: _oddity(numbered[1].candidate)):
        candidate, place = one.candidate, one.candidate.source.guard
        if candidate.added_by is not AddedBy.STATIC_MINER or (place in proven and candidate.opaque):
            continue
        if not OUTSIDE.isdisjoint(candidate.shapes):
            continue  # an example found this way would depend on this model and machine
        if one.why.cause is Cause.ACCEPTED and place not in elsewhere and place not in proven:
            elsewhere.add(place)
            met = _in_another_context(candidate, trials, contexts)
            if met is not None:
                found[index] = met
                proven.add(place)
        if one.why.cause is not Cause.ANOTHER_CHECK:
            continue
        if left.setdefault(place, MOST_ASKED) > 0:
            led = detour(
                candidate,
                trials.space,
                checks,
                partial(trials.oracle.observe, severity=Severity.ERROR),
                partial(trials.is_met, candidate),
                left[place],
            )
            left[place] -= led.asked
            if led.past is not None:
                found[index] = led.past
                proven.add(place)
                left[place] = min(left[place], _MOST_BESIDE)
            why = Why(Cause.BEHIND, place=led.sealed) if led.sealed else one.why
            told[index] = replace(one, why=why, ends=led.ends)
    return list(found.values()), [one for index, one in enumerate(told) if index not in found]


def _in_another_context(candidate: Candidate, trials: Trials, contexts: Iterable[str]) -> Candidate | None:
    """The candidate in the first other context in which it shows; its code need not mention that context."""
    search = trials.search(candidate)
    likely = filter(search.is_of_type, itertools.islice(search.positives(typed=True), MOST_LOOKED_AT))
    configs = tuple(itertools.islice(likely, _MOST_TRIED))
    for name in contexts:
        field = trials.setting.context[name]
        others = () if name in candidate.fields else [value for value in field.values if value != field.default]
        for value, kwargs in itertools.product(others, configs):
            if trials.is_met(candidate, kwargs, {**search.context, name: value}):
                fields = {**candidate.fields, name: (Clause("==", value),)}
                return replace(candidate, fields=fields, hints=(kwargs, *candidate.hints))
    return None


def _oddity(candidate: Candidate) -> tuple[int, int]:
    """How far a candidate is from plain values: by its opaque guards, then by its text patterns."""
    patterns = sum(clause.op in OF_TEXT for clauses in candidate.fields.values() for clause in clauses)
    return len(candidate.opaque), patterns
