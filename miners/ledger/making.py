"""Compare the effects that were read with the rules that were proven: one entry per statement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, final

from miners.candidates.candidate import Candidate, OpaqueGuard
from miners.candidates.outcomes import FOR_CERTAIN, Cause, Lost, Reason, Why
from miners.examples.detours import NO_VERDICT
from miners.ledger.entries import Entry, Ledger
from miners.logic.cases import MANY_CASES
from miners.static.context import NO_CONTEXT, ContextReads
from miners.static.findings import Dropped, SiteFinding, StaticResult
from miners.symbolic.opacity import OUTSIDE, RUN_TIME
from pytest_llem_invariants.corpus.files import template_fragments
from pytest_llem_invariants.language.predicates import compile_match, referenced_fields
from pytest_llem_invariants.language.wording import say_value
from pytest_llem_invariants.model import EMPTY, Case, Match, Outcome, Rule, Severity

Place = tuple[str, int]
DEFAULT: Final = "the default world"

_FIRST: Final = (
    Reason.REFUTED,
    Reason.OPAQUE,
    Reason.NO_EXAMPLE,
    Reason.NOT_TRIED,
    Reason.RUN_TIME,
    Reason.DEFAULT,
    Reason.PRIVATE,
    Reason.UNREACHABLE,
)
"""Which of several reasons an entry gives: the one nearest to a rule."""


@final
@dataclass(frozen=True, slots=True)
class _Told:
    """Why no rule covers an effect, and the kinds of its opaque guards."""

    why: Why
    shapes: tuple[str, ...] = ()

    @property
    def reason(self) -> Reason:
        return self.why.cause.reason


def make_ledger(
    static: StaticResult,
    rules: Iterable[Rule],
    lost: Iterable[Lost] = (),
    *,
    engine: str,
    engine_version: str,
    cases: Iterable[Case] = (),
    context: ContextReads = NO_CONTEXT,
) -> Ledger:
    """Compare what was read with what was confirmed.

    `rules` are those that the live library confirmed; `cases` say where each one raised. `context` knows which
    functions read data that only a running engine has, as the SSOT declares.
    """
    lost = tuple(lost)
    cover = _Cover(tuple(rules), {case.id: case for case in cases}, lost)
    losses: dict[Place, list[Lost]] = {}
    for one in lost:
        losses.setdefault((one.candidate.source.path, one.candidate.source.line_at_scan), []).append(one)
    sites: dict[tuple[str, int, str], list[SiteFinding]] = {}
    for finding in static.findings:
        sites.setdefault((finding.site.path, finding.site.line, finding.kind.value), []).append(finding)
    entries = tuple(_entry(found, cover, losses, context) for _, found in sorted(sites.items()))
    known = {entry.place for entry in entries if entry.reason is Reason.RUN_TIME}

    def is_outside(end: str) -> bool:
        return end == NO_VERDICT or end in known or context.is_of_run_time(_module_of(end.rpartition(":")[0]))

    return Ledger(engine, engine_version, tuple(_behind(entry, losses, is_outside) for entry in entries))


def _entry(
    findings: Sequence[SiteFinding], cover: _Cover, losses: Mapping[Place, Sequence[Lost]], context: ContextReads
) -> Entry:
    site, kind = findings[0].site, findings[0].kind
    ids = sorted({rule.id for finding in findings for rule in cover.of(finding)})
    told = None if ids else _why(findings, losses.get((site.path, site.line), ()), context)
    return Entry(
        path=site.path,
        line=site.line,
        method=site.method,
        kind=kind.value,
        native_types=tuple(sorted({finding.native_type for finding in findings})),
        rules=tuple(ids),
        reason=told.reason if told else None,
        detail=told.why.sentence if told else "",
        shapes=told.shapes if told else (),
        facts=_facts_of(findings, context),
        worlds=() if ids else _worlds_of(losses.get((site.path, site.line), ())),
    )


def _facts_of(findings: Iterable[SiteFinding], context: ContextReads) -> tuple[str, ...]:
    """The facts that some path to a statement asks for."""
    matches = (Match("", one.fields) for finding in findings for one in finding.candidates)
    return tuple(sorted({name for match in matches for name in referenced_fields(match) if name in context.declared}))


def _worlds_of(lost: Iterable[Lost]) -> tuple[str, ...]:
    """Each world in which an example was looked for; one that names no fact is the default one."""
    worlds = [one.world for one in lost if one.world is not None]
    said = (", ".join(f"{name}={say_value(world[name])}" for name in sorted(world)) for world in worlds)
    return tuple(sorted({one or DEFAULT for one in said}))


def _behind(entry: Entry, losses: Mapping[Place, Sequence[Lost]], is_outside: Callable[[str], bool]) -> Entry:
    """The entry as out of reach, if each of its examples ends at a check that is out of reach: it lies behind that
    check.

    The same holds if some cases of its condition are out of reach for certain, and no config satisfies the others.
    """
    if entry.reason is not Reason.NO_EXAMPLE:
        return entry
    told = [lost for lost in losses.get((entry.path, entry.line), ()) if lost.why.cause is not Cause.NO_CONFIG]
    if any(map(_is_said, told)):
        told = [lost for lost in told if set(lost.candidate.shapes) != {MANY_CASES}]
    certain = [lost for lost in told if lost.why.cause in FOR_CERTAIN]
    asking = [lost for lost in told if not OUTSIDE.isdisjoint(lost.candidate.shapes)]
    tried = [lost for lost in told if lost not in certain and lost not in asking]
    if certain and not tried and not asking:
        return _because(entry, certain[0].why)
    ends = [end for lost in tried for end in _ends_of(lost)]
    if not ends or not all(map(is_outside, ends)):
        return entry
    return _because(entry, Why(Cause.STOPPED_OUTSIDE, place=ends[0]))


def _because(entry: Entry, why: Why) -> Entry:
    return replace(entry, reason=why.cause.reason, detail=why.sentence)


def _is_said(lost: Lost) -> bool:
    """Whether a condition without opaque guards was tried that some config satisfies."""
    return not lost.candidate.opaque and lost.why.cause not in {Cause.NO_CONFIG, *FOR_CERTAIN}


def _module_of(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _ends_of(lost: Lost) -> tuple[str, ...]:
    """Where the examples of a lost candidate end: past the checks that can be passed, else at the first; or nowhere."""
    if lost.why.cause is Cause.ENVIRONMENT:
        return (NO_VERDICT,)
    return lost.ends or (lost.why.place or "",)


# --- which rules cover an effect --------------------------------------------------------------------------------------


@final
class _Cover:
    """The confirmed rules, by the lines where their examples had an effect, and by class."""

    def __init__(self, rules: Sequence[Rule], cases: Mapping[str, Case], lost: Sequence[Lost] = ()) -> None:
        self._at: dict[str, list[Rule]] = {}
        self._of_class: dict[tuple[str, Severity], list[Rule]] = {}
        for rule in rules:
            for place in dict.fromkeys(_places(rule, cases.get(rule.id))):
                self._at.setdefault(place, []).append(rule)
            self._of_class.setdefault((rule.native_type, rule.severity), []).append(rule)
        self._take_up(lost)

    def _take_up(self, lost: Sequence[Lost]) -> None:
        """A wider rule also covers the lines of the rules that were lost to it, directly or through another one."""
        said = {_key_of(rule): rule for rules in self._of_class.values() for rule in rules}
        wider = {_key_of(one.candidate): _key_of(one.wider) for one in lost if one.wider is not None}
        for one in lost:
            key, seen = _key_of(one.candidate), set[_Key]()
            while key in wider and key not in seen:
                seen.add(key)
                key = wider[key]
            source = one.candidate.source
            if seen and key in said:
                self._at.setdefault(f"{source.path}:{source.line_at_scan}", []).append(said[key])

    def of(self, finding: SiteFinding) -> Iterator[Rule]:
        """The rules that cover the effect: those that name its line, and those whose example shows this very effect."""
        here = self._at.get(f"{finding.site.path}:{finding.site.line}", ())
        named = [rule for rule in here if rule.severity in finding.kind.detector.severities]
        yield from named
        for candidate in finding.candidates:
            met = compile_match(Match("", candidate.fields, candidate.defaults))
            for rule in () if candidate.opaque else self._of_class.get((finding.native_type, candidate.severity), ()):
                if _has_effect_of(candidate, rule) and met(rule.kwargs_positive, EMPTY) and rule not in named:
                    yield rule


_Key = tuple[str, Severity, str]


def _key_of(one: Rule | Candidate) -> _Key:
    fields = one.match.fields if isinstance(one, Rule) else one.fields
    return one.native_type, one.severity, repr(sorted(fields.items()))


def _places(rule: Rule, case: Case | None) -> Iterator[str]:
    yield rule.miner_source.guard
    yield from (reference for reference in rule.references if reference.rpartition(":")[2].isdigit())
    if case is not None and case.observed_exception is not None and case.observed_exception.raised_at is not None:
        yield case.observed_exception.raised_at


def _has_effect_of(candidate: Candidate, rule: Rule) -> bool:
    """Whether a rule that was found by its effect has the effect of a line, if the effect does not name its line."""
    if rule.expected_outcome.outcome is Outcome.ERROR:
        return False
    changed = candidate.expected.normalised_fields
    if changed:
        return not set(changed).isdisjoint(rule.expected_outcome.normalised_fields)
    said = (rule.message_template or "", *rule.observed_messages)
    return candidate.template is not None and any(
        all(fragment in text for fragment in template_fragments(candidate.template)) for text in said if text
    )


# --- why no rule covers it --------------------------------------------------------------------------------------------


def _why(findings: Sequence[SiteFinding], lost: Sequence[Lost], context: ContextReads) -> _Told:
    """The reason nearest to a rule, over every class that runs the statement and every path to it."""
    site = findings[0].site
    if context.is_of_run_time(f"{_module_of(site.path)}.{site.method}"):
        return _Told(Why(Cause.READS_ENGINE, said=site.method))
    if not any(finding.called for finding in findings):
        return _Told(Why(Cause.ONLY_NAMED, said=site.method))
    messages = [one.template for finding in findings for one in finding.candidates]
    announced = findings[0].kind.detector.announces
    if messages and all(one is not None and context.is_of_packages(one, announced=announced) for one in messages):
        return _Told(Why(Cause.OF_PACKAGES))
    proposed = (one for finding in findings for one in finding.candidates)
    read = {repr(one.fields): one for one in sorted(proposed, key=lambda one: not one.opaque)}
    found = [
        *(_of_lost(one, read) for one in lost),
        *(_of_dropped(one) for finding in findings for one in finding.dropped),
    ]
    if not found or (not lost and any(finding.candidates for finding in findings)):
        found.extend(_of_candidate(one) for finding in findings for one in finding.candidates)
    if any(map(_is_said, lost)):
        # If too many cases exist to list them, the listed ones give the reason: the others are alike.
        found = [told for told in found if told.shapes != (MANY_CASES,)]
    best = min(found, key=lambda told: _FIRST.index(told.reason))
    alike = [told for told in found if told.reason is best.reason]
    shapes = dict.fromkeys(shape for told in alike for shape in told.shapes)
    return _Told(best.why, tuple(shapes))


def _unsaid(guards: Sequence[OpaqueGuard]) -> _Told:
    """Why no predicate expresses a condition. If a model or the machine decides, the language is not at fault."""
    of_run_time = [guard for guard in guards if guard.shape == RUN_TIME]
    debts = [guard for guard in guards if guard.shape not in OUTSIDE]
    if of_run_time or not debts:
        return _Told(Why(Cause.OF_RUN_TIME, said=_worded(of_run_time or guards)))
    return _Told(Why(Cause.UNSAID, said=_worded(debts)), tuple(dict.fromkeys(guard.shape for guard in debts)))


def _worded(guards: Sequence[OpaqueGuard]) -> str:
    return "; ".join(guard.wording for guard in guards)


def _of_lost(lost: Lost, read: Mapping[str, Candidate]) -> _Told:
    """Why a candidate was lost. One that was refined from a candidate with opaque guards no longer has them."""
    if lost.why.cause in FOR_CERTAIN:
        return _Told(lost.why)
    first = lost.candidate if lost.candidate.opaque else read.get(repr(lost.candidate.fields))
    if first is None and all(one.opaque for one in read.values()):
        first = next(iter(read.values()), None)
    if first is not None and first.opaque:
        return _unsaid(first.opaque)
    return _Told(lost.why)


def _of_dropped(dropped: Dropped) -> _Told:
    if dropped.why.cause is not Cause.UNSAID:
        return _Told(dropped.why)
    return _unsaid(dropped.opaque)


def _of_candidate(candidate: Candidate) -> _Told:
    if candidate.opaque:
        return _unsaid(candidate.opaque)
    return _Told(Why(Cause.NOT_TRIED))
