"""All sentences that the plugin prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pytest_llem_invariants.model import Check, CheckFailed, Divergence, Rule
from pytest_llem_invariants.plugin.evidence import Evidence
from pytest_llem_invariants.text.terminal import printable

if TYPE_CHECKING:
    from pytest_llem_invariants.plugin.folding import Folded

_MOST_DIVERGENCES: Final = 10
_MOST_BESIDE_CAUSES: Final = 2
_WORST_FIRST: Final = (
    CheckFailed.NONDETERMINISTIC,
    CheckFailed.PREDICATE_OVERBROAD,
    CheckFailed.NEGATIVE_DOES_NOT_RAISE,
    CheckFailed.POSITIVE_RAISES,
    CheckFailed.MESSAGE_TEMPLATE_MATCH,
    CheckFailed.MESSAGE_TEMPLATE_TOO_DYNAMIC,
    CheckFailed.PREDICATE_UNDERBROAD,
)


def broken_contract(rule: Rule, check: Check, evidence: Evidence) -> str:
    """The report of a failing check: the rule, the arguments, what was expected and the library's reaction."""
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
    return "\n".join(map(printable, lines))


def summary(folded: Folded, causes: Sequence[str] = (), *, verbose: bool = False) -> Iterator[str]:
    """The one section at the end of a run: about the rules that it ran, in a readable length.

    `causes` is what is said of the causes of the divergences; where it says something, fewer are listed.
    """
    from pytest_llem_invariants.checker.certifying import file_certification

    validated = folded.validated
    version = f"{validated.engine} {validated.engine_version}"
    if not folded.fresh:
        yield f"{version}: no rule ran through all its checks, so no evidence changes"
    else:
        confirmed = sum(case.confirmed for case in validated.cases)
        yield (
            f"{version}: {confirmed} rules confirmed, {len(folded.quarantine.rules)} contradicted, "
            f"{len(folded.skips)} skipped, {folded.unrun} not run (certification {file_certification(validated)})"
        )
    if not (folded.is_news or folded.unrun):
        yield "  the validated file says the same, from where it certifies more: it stays as it is"
    yield from _skips(folded.skips)
    found = [divergence for divergence in validated.divergences if divergence.invariant_id in folded.fresh]
    yield from causes
    contradicting = [divergence for divergence in found if divergence.contradicts]
    yield from _divergences(contradicting, _MOST_BESIDE_CAUSES if causes else _MOST_DIVERGENCES)
    narrow = [divergence for divergence in found if not divergence.contradicts]
    if narrow:
        where = "" if verbose else ": the validated file names them, and so does -v"
        yield f"  {len(narrow)} predicates say less than the library does ({narrow[0].check_failed}){where}"
    if verbose:
        yield from _divergences(narrow, len(narrow))
    for problem in folded.problems:
        yield f"! {problem}"


def _skips(skips: Sequence[str]) -> Iterator[str]:
    reasons = Counter(skips)
    for reason, count in reasons.most_common(5):
        yield f"  skipped {count:4d}  {reason}"


def _divergences(divergences: Sequence[Divergence], most: int) -> Iterator[str]:
    worst = sorted(divergences, key=lambda divergence: _WORST_FIRST.index(divergence.check_failed))
    for divergence in worst[:most]:
        yield f"  {divergence.check_failed}: {divergence.invariant_id}"
        yield f"    expected {divergence.expected}"
        yield f"    observed {divergence.observed}"
    if len(worst) > most:
        yield f"  … and {len(worst) - most} more"


def written(paths: Sequence[Path]) -> Iterator[str]:
    for path in paths:
        yield f"wrote {path}"


def next_command(engine: str, folded: Folded) -> str:
    if folded.quarantine.rules:
        return f"next: read the quarantine, then `llem-mine build {engine}`"
    if folded.unrun:
        return f"next: `pytest --llem-engine={engine}` for a full run"
    if not folded.is_news:
        return "next: nothing; `--llem-check` keeps the validated file true"
    return "next: commit the validated file; `--llem-check` keeps it true"
