"""Verdicts in words: one finding, what a verdict depends on, and by whose rules it was made."""

from __future__ import annotations

from pytest_llem_invariants.checker.verdict import OPEN
from pytest_llem_invariants.text.terminal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.verdict import Verdict, Violation


_WORDS = {"error": "error", "warn": "warning", "dormant": "ignored"}


def distinct(violations: Sequence[Violation]) -> list[Violation]:
    """One violation for each guard that fields run into: several rules may describe the same line of the library.

    What it rejects without words is left to what it says about some of the same fields, and what it announces or
    changes to what it rejects: of a value that has to go nobody needs to hear more.
    """
    found: dict[tuple[Any, ...], Violation] = {}
    for violation in violations:
        about = (violation.severity, frozenset(violation.fields))
        key = (violation.guard or violation.rule_id, *about)
        known = found.get(key)
        if known is None or (OPEN in known.message and OPEN not in violation.message):
            found[key] = violation
    told: dict[tuple[Any, ...], Violation] = {}
    for violation in found.values():
        told.setdefault((violation.message, violation.severity, frozenset(violation.fields)), violation)
    spoken = [(one.severity, frozenset(one.fields)) for one in told.values() if not one.is_silent]
    rejected = _Rejected(one.fields for one in told.values() if one.severity == "error")
    return [
        one
        for one in told.values()
        if not rejected.settle(one)
        and not (
            one.is_silent
            and any(severity == one.severity and fields <= frozenset(one.fields) for severity, fields in spoken)
        )
    ]


class _Rejected:
    """The fields, alone and together, that the library rejects."""

    def __init__(self, fields: Iterable[Sequence[str]]) -> None:
        every = {frozenset(one) for one in fields}
        self._alone = {name for one in every if len(one) == 1 for name in one}
        self._together = [one for one in every if len(one) > 1]

    def settle(self, violation: Violation) -> bool:
        """Whether the library never comes to it: it is about a value that is rejected, or a combination that is."""
        if violation.severity == "error" or violation.guard is None:
            return False
        fields = frozenset(violation.fields)
        return not fields.isdisjoint(self._alone) or any(fields <= one for one in self._together)


def _unpainted(style: str, text: str) -> str:
    return printable(text)


def describe(violation: Violation, where: str, paint: Callable[[str, str], str] = _unpainted) -> list[str]:
    """A violation for people: where, what, how to fix it, and where the library says so."""
    severity = violation.severity
    word = paint(severity, _WORDS[severity])
    named = [f"{name}={violation.values[name]!r}" for name in violation.fields if name in violation.values]
    head = ", ".join(named) or ", ".join(violation.fields)
    lines = [f"{paint('bold', where)}: {word}: {printable(head)}", printable(f"  {violation.message}")]
    if violation.suggestion:
        lines.append(f"  {paint('ok', 'fix')}  {printable(violation.suggestion)}")
    source = f"{violation.guard} · {violation.rule_id}" if violation.guard else violation.native_type
    lines.append(f"  {paint('faint', f'why  {source}')}")
    if violation.certification == "none" and violation.guard:
        lines.append(f"  {paint('faint', 'this rule was read from the source and never proven')}")
    return [*lines, ""]


def depending(verdict: Verdict) -> list[str]:
    """One line for all rules that the same unknown facts decide."""
    counts: dict[tuple[str, ...], int] = {}
    for dependence in verdict.depends:
        counts[dependence.facts] = counts.get(dependence.facts, 0) + 1
    return [
        f"depends on {' and '.join(map(_named, facts))} ({count} rule{'s' if count != 1 else ''})"
        f" — pass {' '.join(map(_option, facts))}"
        for facts, count in counts.items()
    ]


def _named(fact: str) -> str:
    return fact if "." in fact else f"the {fact}"


def _option(fact: str) -> str:
    return "--platform" if fact == "platform" else f"--context {fact}=VALUE"


def rules_from(origin: str) -> str:
    return f"rules from {origin}, not the packaged ones"


def told_origin(origin: str | None) -> str:
    """What follows a certification where the rules are not those that come with this package."""
    return "" if origin is None else f" · {rules_from(origin)}"
