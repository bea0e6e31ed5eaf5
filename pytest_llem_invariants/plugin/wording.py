"""Every sentence that the plugin says to a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pytest_llem_invariants.model import Check, CheckFailed, Divergence, Rule
from pytest_llem_invariants.plugin.evidence import Evidence

if TYPE_CHECKING:
    from pytest_llem_invariants.plugin.folding import Folded

_MOST_DIVERGENCES: Final = 10
_WORST_FIRST: Final = (
    CheckFailed.PREDICATE_OVERBROAD,
    CheckFailed.NEGATIVE_DOES_NOT_RAISE,
    CheckFailed.POSITIVE_RAISES,
    CheckFailed.MESSAGE_TEMPLATE_MATCH,
    CheckFailed.MESSAGE_TEMPLATE_TOO_DYNAMIC,
    CheckFailed.PREDICATE_UNDERBROAD,
)


def broken_contract(rule: Rule, check: Check, evidence: Evidence) -> str:
    """What a failing check shows: the rule, the arguments, what was expected and what the library did."""
    given = rule.kwargs_negative if check is Check.NEGATIVE_DOES_NOT_RAISE else rule.kwargs_positive
    lines = [
        f"{rule.id}: {rule.invariant_under_test}",
        f"  {rule.native_type}(**{dict(given)!r})",
    ]
    for divergence in evidence.divergences:
        lines.append(f"  {divergence.check_failed}")
        lines.append(f"    expected: {divergence.expected}")
        lines.append(f"    observed: {divergence.observed}")
    lines.append(f"  guard: {rule.miner_source.guard} in {rule.miner_source.method}")
    return "\n".join(lines)


def summary(folded: Folded) -> Iterator[str]:
    """The one section at the end of a run."""
    cases = folded.validated.cases
    confirmed = sum(case.confirmed for case in cases)
    contradicted = {rule.id for rule, _ in folded.quarantine.rules}
    yield (
        f"{folded.validated.engine} {folded.validated.engine_version}: {confirmed} rules confirmed, "
        f"{len(contradicted)} contradicted, {len(folded.skips)} skipped, {folded.unrun} not run "
        f"({folded.validated.certification} certification)"
    )
    yield from _skips(folded.skips)
    yield from _divergences(folded.validated.divergences)
    for problem in folded.problems:
        yield f"! {problem}"


def _skips(skips: Sequence[str]) -> Iterator[str]:
    reasons = Counter(skips)
    for reason, count in reasons.most_common(5):
        yield f"  skipped {count:4d}  {reason}"


def _divergences(divergences: Sequence[Divergence]) -> Iterator[str]:
    worst = sorted(divergences, key=lambda divergence: _WORST_FIRST.index(divergence.check_failed))
    for divergence in worst[:_MOST_DIVERGENCES]:
        yield f"  {divergence.check_failed}: {divergence.invariant_id}"
        yield f"    expected {divergence.expected}"
        yield f"    observed {divergence.observed}"
    if len(worst) > _MOST_DIVERGENCES:
        yield f"  … and {len(worst) - _MOST_DIVERGENCES} more"


def written(paths: Sequence[Path]) -> Iterator[str]:
    for path in paths:
        yield f"wrote {path}"


def next_command(engine: str, folded: Folded) -> str:
    if folded.quarantine.rules:
        return f"next: read the quarantine, then `llem-mine build {engine}`"
    if folded.unrun:
        return f"next: `pytest --llem-engine={engine}` for a full run"
    return "next: commit the validated file; `--llem-check` keeps it true"
