"""Verdicts in words: one finding, what a verdict depends on, and by whose rules it was made."""

from __future__ import annotations

from collections import Counter

from pytest_llem_invariants.checker.verdict import OPEN, UNTOLD
from pytest_llem_invariants.text.terminal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.verdict import Dependence, Verdict, Violation


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
    told = _without_repetition(told)
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


def worth_telling(violations: Sequence[Violation], announced: Collection[str] = ()) -> list[Violation]:
    """The distinct ones without what a switch that somebody turned on is announced to do."""
    return [
        one
        for one in distinct(violations)
        if one.severity == "error" or not one.written or not one.written.keys() <= frozenset(announced)
    ]


def _without_repetition(told: dict[tuple[Any, ...], Violation]) -> dict[tuple[Any, ...], Violation]:
    """Without what the same place of the library says in the same words about some of the fields."""
    said: dict[tuple[Any, ...], list[frozenset[str]]] = {}
    for message, severity, fields in told:
        guard = told[message, severity, fields].guard
        if guard is not None:
            said.setdefault((guard, message, severity), []).append(fields)
    return {
        (message, severity, fields): one
        for (message, severity, fields), one in told.items()
        if not any(less < fields for less in said.get((one.guard, message, severity), ()))
    }


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


def by_cause(violations: Sequence[Violation]) -> list[list[Violation]]:
    """What is announced about the same part of a config belongs together; each error stands for itself."""
    groups: dict[tuple[Any, ...], list[Violation]] = {}
    for number, violation in enumerate(violations):
        is_announced = violation.severity != "error" and violation.written
        cause = frozenset(violation.written.values()) if is_announced else number
        groups.setdefault((violation.severity, cause), []).append(violation)
    return list(groups.values())


def describe(
    violation: Violation,
    where: str,
    paint: Callable[[str, str], str] = _unpainted,
    condition: str | None = None,
    more: Iterable[Violation] = (),
) -> list[str]:
    """A violation for people: where, what, how to fix it, and where the library says so.

    With a `condition`, one that is none unless that holds. What else the library says of the same stands below it.
    """
    severity = violation.severity
    word = paint(severity, _WORDS[severity])
    shown = [name for name in violation.fields if name in violation.values]
    written = set(violation.written.values())
    shown = [name for name in shown if name in written] or shown
    named = [name if _is_switch(name, violation) else f"{name}={violation.values[name]!r}" for name in shown]
    named += [f"{name}={value!r}" for name, value in violation.facts.items() if "." in name]
    head = ", ".join(named) or ", ".join(violation.fields)
    when = f" if {printable(condition)}" if condition else ""
    lines = [f"{paint('bold', where)}: {word}{when}: {printable(head)}", printable(f"  {violation.message}")]
    lines += [printable(f"  {one.message}") for one in more]
    if violation.suggestion:
        lines.append(f"  {paint('ok', 'fix')}  {printable(violation.suggestion)}")
    source = f"{violation.guard} · {violation.rule_id}" if violation.guard else violation.native_type
    lines.append(f"  {paint('faint', f'why  {source}')}")
    if violation.certification == "none" and violation.guard:
        lines.append(f"  {paint('faint', 'this rule was read from the source and never proven')}")
    return [*lines, ""]


def _is_switch(name: str, violation: Violation) -> bool:
    """Whether an option says by itself what the value is."""
    return name.startswith("--") and isinstance(violation.values[name], bool)


def depending(verdict: Verdict, given: Collection[str] = ()) -> list[str]:
    """One line for all rules that unknown facts of the same sources decide.

    `given` are the groups of which something is known: of such a source the facts are named that it does not tell.
    """
    rules: dict[tuple[tuple[str, str], ...], set[str]] = {}
    remarks = [one.violation for one in verdict.depends if not one.violation.native_type]
    for dependence in verdict.depends:
        if not dependence.violation.native_type:
            continue
        sources = tuple(dict.fromkeys(sorted(_source(fact, given) for fact in dependence.facts)))
        rules.setdefault(sources, set()).add(dependence.rule_id)
    return [
        *(f"depends: {one.message} — {one.suggestion}" for one in remarks),
        *_by_source(rules),
    ]


def depending_in_short(verdicts: Iterable[tuple[Verdict, Collection[str]]]) -> list[str]:
    """The same of several verdicts, in one line whatever the sources are."""
    told, sources, rules = _sources(verdicts)
    return [*told, *(_by_source({tuple(sources): rules}) if rules else [])]


def depending_in_total(files: Iterable[Sequence[tuple[Verdict, Collection[str]]]]) -> list[str]:
    """What many files depend on: by how many, what is most often missing first."""
    told: Counter[str] = Counter()
    sources: Counter[tuple[str, str]] = Counter()
    for verdicts in files:
        more, missing, _ = _sources(verdicts)
        told.update(more)
        sources.update(missing)
    lines = [f"{line} ({count:,} file{'s' * (count != 1)})" for line, count in told.most_common()]
    if sources:
        ((first, _), number), *others = sources.most_common()
        start = f"{number:,} depend{'s' * (number == 1)} on {first}"
        rest = [f"{count:,} on {name}" for (name, _), count in others]
        lines.insert(0, f"{', '.join([start, *rest])} — pass {_options(one for one, _ in sources.most_common())}")
    return lines


def _sources(
    verdicts: Iterable[tuple[Verdict, Collection[str]]],
) -> tuple[list[str], list[tuple[str, str]], set[str]]:
    """What is said of one verdict alone; the sources of what is missing with their options; the rules that read it."""
    told: dict[str, None] = {}
    rules: set[str] = set()
    sources: dict[tuple[str, str], None] = {}
    for verdict, given in verdicts:
        for dependence in verdict.depends:
            if dependence.violation.native_type:
                rules.add(dependence.rule_id)
                sources |= dict.fromkeys(sorted(_source(fact, given) for fact in dependence.facts))
            else:
                told[f"depends: {dependence.violation.message} — {dependence.violation.suggestion}"] = None
    return list(told), list(sources), rules


def _by_source(rules: Mapping[tuple[tuple[str, str], ...], Collection[str]]) -> list[str]:
    return [
        f"depends on {_listed([name for name, _ in sources])} ({len(ids)} rule{'s' if len(ids) != 1 else ''})"
        f" — pass {_options(sources)}"
        for sources, ids in rules.items()
    ]


def _listed(names: Sequence[str]) -> str:
    return " and ".join([*([", ".join(names[:-1])] if names[:-1] else []), *names[-1:]])


def _options(sources: Iterable[tuple[str, str]]) -> str:
    """The options that give what a verdict depends on, and what has no option."""
    every = [option for _, option in sources]
    options = " ".join(option for option in every if option.startswith("-"))
    return " and ".join([*([options] if options else []), *(one for one in every if not one.startswith("-"))])


def _source(fact: str, given: Collection[str]) -> tuple[str, str]:
    """Where a fact comes from, in words, and the option that gives it."""
    group, _, name = ("device." if fact == "platform" else fact).partition(".")
    if group == "env":
        return fact, f"--env {name}=VALUE"
    if group == "packages":
        return fact, f"--package {name}"
    if fact.startswith(UNTOLD):
        return "what is not written out", "what it stands for"
    if group in given:
        return fact, f"--context {fact}=VALUE"
    return {
        "model": ("the model", "--model DIR"),
        "device": ("the device", "--gpu SPEC"),
        "served": ("the server", "--served FILE|COMMAND"),
        "engine": _ENGINE.get(name, (fact, "")),
    }.get(group, (fact, f"--context {fact}=VALUE"))


_ENGINE = {
    "version": ("the engine's version", "--engine-version V"),
    "plugins": ("what is added to the engine", "what it brings"),
}


def undecided(verdict: Verdict) -> list[Dependence]:
    """What a verdict depends on, each thing that would be said once."""
    by_violation = {id(one.violation): one for one in verdict.depends}
    kept = distinct([one.violation for one in verdict.depends])
    return [by_violation[id(violation)] for violation in kept]


def rules_from(origin: str) -> str:
    return f"rules from {origin}, not the packaged ones"


def told_origin(origin: str | None) -> str:
    """What follows a certification where the rules are not those that come with this package."""
    return "" if origin is None else f" · {rules_from(origin)}"
