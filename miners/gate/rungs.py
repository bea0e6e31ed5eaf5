"""Which step of the cascade gave a rule its example: the cheaper ones are tried first."""

from __future__ import annotations

from collections.abc import Iterable

from miners.candidates.candidate import Candidate
from miners.candidates.outcomes import Rung
from miners.examples.detours import OF_TEXT
from pytest_llem_invariants.language.values import identity
from pytest_llem_invariants.model import Kwargs, Rule


def rung_of(rule: Rule, candidate: Candidate, earlier: Rule | None, *, is_led: bool) -> Rung:
    """What the positive example of a proven rule comes from.

    `earlier` is the same rule of the nearest version; a candidate that was led past earlier checks has its example
    from there.
    """
    if earlier is not None and _is_one_of(rule, (earlier.kwargs_positive,)):
        return Rung.EARLIER
    if _is_one_of(rule, candidate.hints):
        if is_led:
            return Rung.DETOUR
        return Rung.SIMILAR if candidate.restated else Rung.OWN
    drawn = any(clause.op in OF_TEXT for clauses in candidate.fields.values() for clause in clauses)
    return Rung.DRAWN if drawn else Rung.WITNESS


def _is_one_of(rule: Rule, examples: Iterable[Kwargs]) -> bool:
    """Whether a rule's example is one of these; what the class cannot be built without may be beside it."""
    shown = {name: identity(value) for name, value in rule.kwargs_positive.items()}
    return any(
        example and all(shown.get(name) == identity(value) for name, value in example.items()) for example in examples
    )
