"""Find rules that do not depend on the config alone: guards that the machine or a model answers, and existing files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from miners.candidates.candidate import Candidate
from miners.candidates.claims import Predicate
from miners.candidates.outcomes import Cause, Why
from miners.gate.oracle import Oracle
from miners.surface.facts import ClassFacts
from miners.surface.fields import Surface, put
from miners.symbolic.opacity import world_of
from pytest_llem_invariants.language.expressions import read_path
from pytest_llem_invariants.language.predicates import referenced_fields
from pytest_llem_invariants.model import Observation, Rule, Severity
from pytest_llem_invariants.replay.contracts import positive_raises

_THERE: Final = (str(Path(__file__)), str(Path(__file__).parent))
"""A file and a folder that exist on every machine that runs this."""


def left_to_the_world(candidate: Candidate, at_its_line: Collection[str], tried: Collection[str]) -> Why | None:
    """Why a candidate, or the code at its line, depends on a model or the machine; None if it is `tried` on others."""
    asked = world_of(candidate.shapes).union(at_its_line).difference(tried)
    if not asked:
        return None
    guards = "; ".join(guard.wording for guard in candidate.opaque if guard.shape in asked)
    return Why(Cause.OF_THE_WORLD, said=guards or "its line asks")


def hangs_on_a_file(
    rule: Rule, context: Mapping[str, Any], triggers: Predicate, oracle: Oracle, facts: ClassFacts, surface: Surface
) -> bool:
    """Whether a text is rejected only because no such file exists: for an existing one, another line raises."""

    def end(name: str, text: str) -> Observation | None:
        kwargs = put(rule.kwargs_positive, name, text, facts, surface)
        return oracle.observe(kwargs, context, rule.severity) if triggers(kwargs) else None

    def differ(missing: Observation | None, there: Observation | None) -> bool:
        if missing is None or there is None or positive_raises(rule, missing) is not None:
            return False
        return _place_of(missing) != _place_of(there)

    return rule.severity is Severity.ERROR and any(
        differ(end(name, f"{there}-missing"), end(name, there))
        for name in referenced_fields(rule.match)
        if isinstance(read_path(rule.kwargs_positive, name), str)
        for there in _THERE
    )


def _place_of(observation: Observation) -> tuple[str, str | None] | None:
    error = observation.exception
    return None if error is None else (error.type, error.raised_at)
