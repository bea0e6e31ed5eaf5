"""Malformed rules and what the gate has to record of each: one row a way of being malformed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from pytest_llem_invariants.model import (
    Change,
    Channel,
    CheckFailed,
    Divergence,
    ExpectedOutcome,
    Observation,
    ObservedLog,
    Outcome,
)
from tests.replay.rules import SILENCE, SKIPPED, a_rule, matching, on, raised, said

ANNOUNCED = (
    Channel.WARNINGS_WARN,
    Channel.LOGGER_WARNING,
    Channel.LOGGER_WARNING_ONCE,
    Channel.MINOR_ISSUES_DICT,
)


@dataclass(frozen=True)
class GateCase:
    """A question put to the contracts, and its answer."""

    name: str
    ask: Callable[[Any], object]
    answer: object

    def holds(self, contracts: ModuleType) -> bool:
        """Whether these contracts give the answer; contracts that break give none."""
        try:
            return self.ask(contracts) == self.answer
        except Exception:
            return False


def recorded(divergence: Divergence | None) -> tuple[str, str | None, str, str] | None:
    if divergence is None:
        return None
    assert divergence.invariant_id == "count_lt_0"
    return (divergence.check_failed.value, divergence.field, divergence.expected, divergence.observed)


def cases() -> Iterator[GateCase]:
    yield from _positive()
    yield from _foreign()
    yield from _messages()
    yield from _negative()
    yield from _ownership()
    yield from _entries()


def _row(contract: str, name: str, rule: Any, observation: Observation, expected: Any) -> GateCase:
    failed, answer = CheckFailed(contract), None
    if expected is not None:
        answer = (failed.value, next(iter(rule.match.fields), None), *expected)
    return GateCase(f"{contract}: {name}", lambda c: recorded(getattr(c, contract)(rule, observation)), answer)


def _positive() -> Iterator[GateCase]:
    error = "error on runtime_exception"
    row = "positive_raises"
    yield _row(row, "well-formed", a_rule(), raised(), None)
    yield _row(row, "accepted", a_rule(), SILENCE, (error, "accepted in silence"))
    yield _row(row, "no verdict", a_rule(), SKIPPED, (error, "timeout after 5 s"))
    yield _row(row, "no verdict beside a raise", a_rule(), replace(raised(), skipped_reason="why"), (error, "why"))
    yield _row(
        row,
        "only a change",
        a_rule(),
        said(Channel.NONE),
        (error, "count became 0"),
    )
    yield _row(row, "only announced", a_rule(), said(Channel.WARNINGS_WARN, "hm"), (error, "hm"))
    confused = a_rule(expected_outcome=ExpectedOutcome(Outcome.ERROR, Channel.WARNINGS_WARN))
    text = "count must be at least 0, not -1"
    yield _row(
        row, "an error that is announced", confused, said(Channel.WARNINGS_WARN), ("error on warnings_warn", text)
    )
    for channel in ANNOUNCED:
        rule = on(channel)
        expected = f"{rule.expected_outcome.outcome} on {channel}"
        yield _row(row, f"well-formed on {channel}", rule, said(channel), None)
        yield _row(row, f"silence on {channel}", rule, SILENCE, (expected, "accepted in silence"))
        yield _row(
            row, f"other words on {channel}", rule, said(channel, "something else"), (expected, "something else")
        )
        yield _row(row, f"any words on {channel}", replace(rule, message_template=None), said(channel, "x"), None)
        yield _row(row, f"raised instead of {channel}", rule, raised("boom"), (expected, "ValueError: boom"))
        both = replace(said(channel), exception=raised("boom").exception)
        yield _row(row, f"raised after {channel}", rule, both, (expected, "ValueError: boom"))
        for other in ANNOUNCED:
            if other is not channel:
                text = "count must be at least 0, not -1"
                yield _row(row, f"on {other}, not {channel}", rule, said(other), (expected, text))
    minor = on(Channel.MINOR_ISSUES_DICT)
    elsewhere = said(Channel.MINOR_ISSUES_DICT, field="other")
    text = "count must be at least 0, not -1"
    yield _row(row, "another field's minor issue", minor, elsewhere, ("dormant_announced on minor_issues_dict", text))
    yield _row(row, "changed, watched by match", on(Channel.NONE), said(Channel.NONE), None)
    yield _row(row, "one of several changed", on(Channel.NONE, "x", "y"), said(Channel.NONE, field="y"), None)
    yield _row(row, "changed, as declared", on(Channel.NONE, "x"), said(Channel.NONE, field="x"), None)
    wanted = "dormant_silent: x changed silently"
    yield _row(row, "another field changed", on(Channel.NONE, "x"), said(Channel.NONE), (wanted, "count became 0"))
    vague = "dormant_silent: a field changed silently"
    yield _row(row, "nothing changed", on(Channel.NONE), SILENCE, (vague, "accepted in silence"))
    many = "dormant_silent: x, y changed silently"
    yield _row(row, "none of several", on(Channel.NONE, "x", "y"), SILENCE, (many, "accepted in silence"))
    changed = Observation(warnings=("a",), normalisations={"z": Change(1, 2), "w": Change(3, 4)})
    yield _row(row, "all that was said", on(Channel.NONE, "x"), changed, (wanted, "a | z became 2 | w became 4"))


def _foreign() -> Iterator[GateCase]:
    """Exceptions that are not the rule's own."""
    error = "error on runtime_exception"
    row = "positive_raises"
    other_words = a_rule(message_template="quite other words")
    unworded = a_rule(message_template=None)

    for kind, bases in (("ImportError", ()), ("NameError", ()), ("Missing", ("ImportError",))):
        why = f"{kind}: count must be at least 0, not -1 — a missing package, not a verdict"
        yield _row(row, f"{kind} speaks of the machine", a_rule(), raised(kind=kind, bases=bases), (error, why))
    for kind, bases in (
        ("TypeError", ()),
        ("AttributeError", ()),
        ("LookupError", ()),
        ("KeyError", ("LookupError",)),
        ("Sub", ("TypeError",)),
    ):
        accident = raised("'int' object is odd", kind, bases=bases)
        why = f"{kind}: 'int' object is odd — the example's own shape trips the library"
        yield _row(row, f"{kind} by accident", a_rule(), accident, (error, why))
        yield _row(row, f"{kind} by accident, unworded", unworded, accident, (error, why))
        yield _row(row, f"{kind} in the rule's words", a_rule(), raised(kind=kind, bases=bases), None)
        for op, rhs in (
            ("type_is", "str"),
            ("type_is_not", "int"),
            ("present", True),
            ("absent", True),
            ("truthy", True),
            ("falsy", True),
        ):
            about_kind = replace(unworded, match=matching(count=(op, rhs)))
            yield _row(row, f"{kind} of a rule about {op}", about_kind, accident, None)
        listed = replace(unworded, match=matching(count=("not_in", ["a", "b"])))
        missed = None if kind == "KeyError" else (error, why)
        yield _row(row, f"{kind} of a rule about members", listed, accident, missed)
    key_error = raised("odd", "KeyError", bases=("LookupError",))
    members_too = replace(unworded, match=matching(count=("not_in", ["a", "b"]), other=("<", 9)))
    yield _row(row, "a rule about members among others", members_too, key_error, None)
    also_kind = replace(unworded, match=matching(count=("<", 0), other=("type_is", "str")))
    yield _row(row, "a rule that judges kind among others", also_kind, raised("odd", "TypeError"), None)
    yield _row(row, "an ordinary raise of an unworded rule", unworded, raised("boom"), None)

    words = "count must be at least 0, not -1"
    for name, locations in (("other", ("other",)), ("nested", ("other.size",)), ("two", ("other", "third"))):
        elsewhere = raised(words, "ValueError", *locations)
        why = f"ValueError: {words} — raised for {', '.join(locations)}, another field"
        yield _row(row, f"another field's error, {name}", a_rule(), elsewhere, (error, why))
    why = "ValueError: boom — raised for third, another field"
    yield _row(row, "another name, other words", other_words, raised("boom", "ValueError", "third"), (error, why))
    yield _row(row, "another name, unworded", unworded, raised("boom", "ValueError", "third"), (error, why))
    yield _row(row, "another name in the rule's words", a_rule(), raised(words, "ValueError", "third"), None)
    yield _row(row, "its own field among others", a_rule(), raised("x", "ValueError", "other", "count"), None)
    yield _row(row, "its own field, with what pydantic appends", a_rule(), raised("x", "E", "count.int"), None)
    part = a_rule(match=matching(part__count=("<", 0)), kwargs_positive={"part": {"count": -1}, "other": 1})
    yield _row(row, "a part names its field alone", part, raised("x", "ValueError", "count"), None)
    related = a_rule(match=matching(count=("<", "@limit")))
    yield _row(row, "the other side of a relation", related, raised("x", "ValueError", "limit"), None)


def _messages() -> Iterator[GateCase]:
    row = "message_template_match"
    template = "count must be at least 0, not {count}"
    yield _row(row, "in its words", a_rule(), raised(), None)
    yield _row(row, "other case and space", a_rule(), raised("COUNT must\n be at   least 0, not -1"), None)
    yield _row(row, "inside a longer text", a_rule(), raised(f"1 error\n{template} [x]"), None)
    yield _row(row, "other words", a_rule(), raised("boom"), (template, "boom"))
    yield _row(row, "nothing said", a_rule(), SILENCE, (template, "nothing was said"))
    two = "alpha {x} beta {y}"
    yield _row(row, "fragments in order", a_rule(message_template=two), raised("alpha 1 beta 2"), None)
    wrong = (two, "beta 1 alpha 2")
    yield _row(row, "fragments out of order", a_rule(message_template=two), raised("beta 1 alpha 2"), wrong)
    twice = "abcdef {x} abcdef"
    yield _row(
        row, "one fragment cannot stand twice", a_rule(message_template=twice), raised("abcdef"), (twice, "abcdef")
    )
    overlap = "abcabc {x} abcd"
    yield _row(
        row, "fragments do not overlap", a_rule(message_template=overlap), raised("abcabcd"), (overlap, "abcabcd")
    )
    for channel in (*ANNOUNCED, Channel.NONE):
        rule = replace(on(channel), message_template=template)
        heard = (
            Observation(warnings=("count must be at least 0, not -1",)) if channel is Channel.NONE else said(channel)
        )
        yield _row(row, f"in its words on {channel}", rule, heard, None)
        yield _row(row, f"nothing on {channel}", rule, SILENCE, (template, "nothing was said"))
    yield _row(row, "on another channel", on(Channel.WARNINGS_WARN), raised(), (template, "nothing was said"))
    heard = Observation(warnings=("a", "b"))
    yield _row(row, "all that was said", on(Channel.WARNINGS_WARN), heard, (template, "a | b"))
    second = Observation(warnings=("a", "count must be at least 0, not -1"))
    yield _row(row, "in its words, second", on(Channel.WARNINGS_WARN), second, None)
    for template, dynamic in (
        ("{a} is {b}!", True),
        (None, True),
        ("abcde {x}", True),
        ("abc {x} def", False),
        ("a-b", True),
    ):
        answer = (
            (
                CheckFailed.MESSAGE_TEMPLATE_TOO_DYNAMIC.value,
                "count",
                "at least 6 letters or digits of fixed text",
                template or "",
            )
            if dynamic
            else None
        )
        rule = a_rule(message_template=template)
        yield GateCase(
            f"too dynamic: {template!r}",
            lambda c, rule=rule: recorded(c.message_template_match(rule, raised("abcde abc def ghi is !"))),
            answer,
        )


def _negative() -> Iterator[GateCase]:
    row = "negative_does_not_raise"
    loud = "silence on runtime_exception"
    yield _row(row, "silence", a_rule(), SILENCE, None)
    yield _row(row, "raised", a_rule(), raised(), (loud, "ValueError: count must be at least 0, not -1"))
    yield _row(row, "raised by another rule", a_rule(), raised("boom"), (loud, "ValueError: boom"))
    yield _row(row, "no verdict", a_rule(), SKIPPED, (loud, "timeout after 5 s"))
    yield _row(row, "an announcement is none of an error rule's business", a_rule(), said(Channel.WARNINGS_WARN), None)
    for channel in ANNOUNCED:
        rule = on(channel)
        expected = f"silence on {channel}"
        text = "count must be at least 0, not -1"
        yield _row(row, f"silence on {channel}", rule, SILENCE, None)
        yield _row(row, f"announced on {channel}", rule, said(channel), (expected, text))
        yield _row(row, f"other words on {channel}", rule, said(channel, "something else"), None)
        yield _row(row, f"raised instead of {channel}", rule, raised("boom"), (expected, "ValueError: boom"))
    yield _row(row, "changed", on(Channel.NONE), said(Channel.NONE), ("silence on none", "count became 0"))
    yield _row(row, "another field changed", on(Channel.NONE), said(Channel.NONE, field="x"), None)


def _ownership() -> Iterator[GateCase]:
    def row(name: str, rule: Any, observation: Observation, own: bool) -> GateCase:
        return GateCase(f"is_own: {name}", lambda c: c.is_own(rule, observation), own)

    yield row("raised in its words", a_rule(), raised(), True)
    yield row("raised in other words", a_rule(), raised("boom"), False)
    yield row("raised, unworded", a_rule(message_template=None), raised("boom"), True)
    yield row("raised, worded by nothing", a_rule(message_template="{x}"), raised("boom"), True)
    yield row("accepted", a_rule(), SILENCE, False)
    yield row("no verdict", a_rule(), SKIPPED, False)
    yield row("another field", a_rule(), raised("count must be at least 0, not -1", "ValueError", "other"), False)
    for channel in ANNOUNCED:
        yield row(f"announced on {channel}", on(channel), said(channel), True)
        yield row(f"announced on {channel}, then raised", on(channel), raised(), False)
    silent = replace(on(Channel.NONE), message_template="count must be at least 0")
    yield row("changed", silent, said(Channel.NONE), True)


def _entries() -> Iterator[GateCase]:
    def row(name: str, ask: Callable[[Any], object], answer: object) -> GateCase:
        return GateCase(f"case_of: {name}", ask, answer)

    def entry(c: Any, rule: Any, positive: Observation, negative: Observation = SILENCE, *failed: str) -> Any:
        divergences = [Divergence(rule.id, CheckFailed(one), None, "", "") for one in failed]
        return c.case_of(rule, positive, negative, divergences)

    def marks(case: Any) -> tuple[bool | None, ...]:
        return (case.positive_confirmed, case.message_confirmed, case.negative_confirmed)

    yield row("confirmed", lambda c: marks(entry(c, a_rule(), raised())), (True, True, True))
    unworded = a_rule(message_template=None)
    yield row("unworded", lambda c: marks(entry(c, unworded, raised())), (True, None, True))
    for failed, answer in (
        ("positive_raises", (False, True, True)),
        ("nondeterministic", (False, True, True)),
        ("message_template_match", (True, False, True)),
        ("message_template_too_dynamic", (True, False, True)),
        ("negative_does_not_raise", (True, True, False)),
    ):
        yield row(failed, lambda c, f=failed: marks(entry(c, a_rule(), raised(), SILENCE, f)), answer)
    for name, pair in (("positive", (SKIPPED, SILENCE)), ("negative", (raised(), SKIPPED))):
        yield row(
            f"no verdict on the {name}",
            lambda c, p=pair: (
                (case := entry(c, a_rule(), *p)).outcome,
                case.emission_channel,
                case.skipped_reason,
                marks(case),
                case.id,
            ),
            (Outcome.SKIPPED, Channel.NONE, "timeout after 5 s", (None, None, None), "count_lt_0"),
        )
    yield row(
        "tells what was seen",
        lambda c: (
            (case := entry(c, a_rule(), raised())).observed_exception,
            case.observed_messages,
            case.skipped_reason,
            case.id,
        ),
        (raised().exception, ("count must be at least 0, not -1",), None, "count_lt_0"),
    )
    twice = Observation(warnings=("w",), logs=tuple(ObservedLog(Channel.LOGGER_WARNING, who, "m") for who in "ab"))
    yield row(
        "tells what was said on the rule's channel, once",
        lambda c: c.said_on_channel(on(Channel.LOGGER_WARNING), twice),
        ("m",),
    )
    change = said(Channel.NONE)
    yield row(
        "tells what changed",
        lambda c: entry(c, a_rule(), change).observed_silent_normalisations,
        {"count": Change(-1, 0)},
    )
    yield row("keeps soundness", lambda c: c.case_of(a_rule(), SILENCE, SILENCE, (), soundness="s").soundness, "s")
    both = Observation(minor_issues={"a": "b"}, logs=(ObservedLog(Channel.LOGGER_WARNING, "l", "m"),))
    yield row(
        "confirmed as declared",
        lambda c: ((case := entry(c, on(Channel.LOGGER_WARNING), both)).outcome, case.emission_channel),
        (Outcome.WARN, Channel.LOGGER_WARNING),
    )
    log = ObservedLog(Channel.LOGGER_WARNING_ONCE, "l", "m")
    changed = {"a": Change(1, 2)}
    for observation, outcome, channel in (
        (replace(raised(), minor_issues={"a": "b"}), Outcome.ERROR, Channel.RUNTIME_EXCEPTION),
        (Observation(minor_issues={"a": "b"}, warnings=("w",)), Outcome.DORMANT_ANNOUNCED, Channel.MINOR_ISSUES_DICT),
        (Observation(warnings=("w",), logs=(log,)), Outcome.WARN, Channel.WARNINGS_WARN),
        (Observation(logs=(log,)), Outcome.WARN, Channel.LOGGER_WARNING_ONCE),
        (Observation(normalisations=changed), Outcome.DORMANT_SILENT, Channel.NONE),
        (Observation(normalisations=changed, logs=(log,)), Outcome.DORMANT_ANNOUNCED, Channel.LOGGER_WARNING_ONCE),
        (SILENCE, Outcome.PASS, Channel.NONE),
    ):
        yield row(
            f"not confirmed, seen as {outcome} on {channel}",
            lambda c, o=observation: (
                (case := entry(c, a_rule(), o, SILENCE, "positive_raises")).outcome,
                case.emission_channel,
            ),
            (outcome, channel),
        )
