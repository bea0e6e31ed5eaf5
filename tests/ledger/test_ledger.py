"""The ledger of a small class: each effect once, with its rules or its reason."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from miners.candidates.candidate import Candidate, OpaqueGuard
from miners.candidates.outcomes import Cause, Lost, Reason, Why
from miners.candidates.rules import Examples, to_rule
from miners.code.imported import ImportedReader
from miners.examples.detours import NO_VERDICT
from miners.gate.counterexamples import COUNTEREXAMPLES, load_counterexamples
from miners.ledger.entries import Entry, Ledger
from miners.ledger.files import LEDGER, load_ledger, render_ledger
from miners.ledger.making import make_ledger
from miners.ledger.show import headline, show
from miners.logic.cases import MANY_CASES
from miners.measure.drop import drop_accused
from miners.static import mine
from miners.static.context import ContextReads
from miners.static.findings import StaticResult
from miners.surface import class_facts
from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.model import Clause, Corpus, Rule
from tests.ledger import sites

FILE = "tests/ledger/sites.py"
ACCEPTED = Why(Cause.ACCEPTED)
FIRES = Why(Cause.CONTRADICTED, config="{}")


@pytest.fixture(scope="module")
def read() -> StaticResult:
    surface = {name: class_facts(getattr(sites, name), name) for name in ("Config", "Child")}
    return mine(surface, ImportedReader("tests"), engine="toy")


def line_of(mark: str) -> int:
    lines = Path(str(sites.__file__)).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if line.endswith(f"# {mark}"))


def ledger_of(read: StaticResult, rules: list[Rule] = [], lost: list[Lost] = [], **more: Any) -> Ledger:  # noqa: B006
    return make_ledger(read, rules, lost, engine="toy", engine_version="1", **more)


def entry_of(ledger: Ledger, mark: str) -> Entry:
    (entry,) = (one for one in ledger.entries if one.place == f"{FILE}:{line_of(mark)}")
    return entry


def candidate_of(read: StaticResult, mark: str, native_type: str = "Config") -> Candidate:
    (finding,) = (one for one in read.findings if one.site.line == line_of(mark) and one.native_type == native_type)
    return finding.candidates[0]


def rule_of(candidate: Candidate, positive: dict[str, Any]) -> Rule:
    return to_rule(candidate, Examples(positive, {}), engine="toy", library="toy", added_at="2026-01-01")


def test_every_effect_stands_once_however_many_classes_pass_it(read: StaticResult) -> None:
    ledger = ledger_of(read)
    places = [(entry.place, entry.kind) for entry in ledger.entries]
    assert len(places) == len(set(places))
    assert entry_of(ledger, "raised").native_types == ("Child", "Config")


@pytest.mark.parametrize(
    ("mark", "reason"),
    [
        ("raised", Reason.NOT_TRIED),
        ("opaque", Reason.OPAQUE),
        ("file", Reason.RUN_TIME),
        ("needs", Reason.RUN_TIME),
        ("never", Reason.UNREACHABLE),
        ("uncalled", Reason.UNREACHABLE),
        ("caught", Reason.UNREACHABLE),
        ("private", Reason.PRIVATE),
        ("default", Reason.DEFAULT),
    ],
)
def test_what_no_rule_covers_has_its_reason(read: StaticResult, mark: str, reason: Reason) -> None:
    entry = entry_of(ledger_of(read), mark)
    assert entry.reason is reason
    assert entry.detail


def test_a_rule_covers_the_line_of_its_guard(read: StaticResult) -> None:
    rule = rule_of(candidate_of(read, "raised"), {"a": -1})
    entry = entry_of(ledger_of(read, [rule]), "raised")
    assert entry.rules == (rule.id,)
    assert entry.reason is None


def test_a_line_that_trips_over_a_value_is_not_covered_by_that(read: StaticResult) -> None:
    changed = candidate_of(read, "changed")
    tripped = replace(candidate_of(read, "raised"), source=changed.source)
    assert not entry_of(ledger_of(read, [rule_of(tripped, {"a": -1})]), "changed").covered


def test_a_rule_found_by_its_effect_covers_a_silent_change(read: StaticResult) -> None:
    told = candidate_of(read, "changed")
    elsewhere = replace(told, source=replace(told.source, line_at_scan=1))
    assert entry_of(ledger_of(read, [rule_of(elsewhere, {"b": 7})]), "changed").covered
    assert not entry_of(ledger_of(read, [rule_of(elsewhere, {"b": 1})]), "changed").covered


def test_a_rule_with_the_words_of_a_warning_covers_it(read: StaticResult) -> None:
    told = candidate_of(read, "warned")
    elsewhere = replace(told, source=replace(told.source, line_at_scan=1))
    assert entry_of(ledger_of(read, [rule_of(elsewhere, {"b": 3})]), "warned").covered
    other = replace(elsewhere, template="something else")
    assert not entry_of(ledger_of(read, [rule_of(other, {"b": 3})]), "warned").covered


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (ACCEPTED, Reason.NO_EXAMPLE),
        (Why(Cause.ENVIRONMENT, said="environment: ImportError: no such package"), Reason.RUN_TIME),
        (Why(Cause.NO_ANSWER, said="timeout: no answer within 5 s"), Reason.NO_EXAMPLE),
        (Why(Cause.NO_TYPE), Reason.UNREACHABLE),
        (Why(Cause.NO_CONTEXT, names=("platform",)), Reason.RUN_TIME),
        (Why(Cause.NO_CONFIG), Reason.NO_EXAMPLE),
        (Why(Cause.BEHIND, place=f"{FILE}:1"), Reason.UNREACHABLE),
        (Why(Cause.OF_THE_MOMENT), Reason.RUN_TIME),
        (Why(Cause.OF_THE_MODEL, names=("model",), config="{}"), Reason.RUN_TIME),
        (Why(Cause.OF_THE_MACHINE, config="{}"), Reason.RUN_TIME),
        (FIRES, Reason.REFUTED),
    ],
    ids=lambda one: one.cause.name if isinstance(one, Why) else str(one),
)
def test_a_lost_candidate_gives_the_gates_reason(read: StaticResult, told: Why, reason: Reason) -> None:
    entry = entry_of(ledger_of(read, lost=[Lost(candidate_of(read, "raised"), told)]), "raised")
    assert entry.reason is reason
    assert entry.detail == told.sentence


def test_it_says_which_facts_a_statement_needs_and_in_which_worlds_examples_were_looked_for(read: StaticResult) -> None:
    said = candidate_of(read, "raised")
    of_facts = replace(said, fields={**said.fields, "device.count": (Clause(">", 1),)})
    finding = next(one for one in read.findings if one.site.line == line_of("raised"))
    asked = StaticResult((replace(finding, candidates=(of_facts,)),))
    lost = [Lost(of_facts, ACCEPTED, world=world) for world in ({"device.count": 2}, {}, {"device.count": 2}, None)]
    (entry,) = ledger_of(asked, lost=lost, context=ContextReads(declared={"device.count"})).entries
    assert entry.facts == ("device.count",)
    assert entry.worlds == ("device.count=2", "the default world")
    assert entry_of(ledger_of(read, lost=lost), "raised").facts == ()


def test_the_words_of_a_library_decide_nothing(read: StaticResult) -> None:
    worded = "environment: ImportError: fires on nothing, accepted: no config satisfies it at x.py:1 instead"

    def reason(why: Why) -> Reason | None:
        return entry_of(ledger_of(read, lost=[Lost(candidate_of(read, "raised"), why)]), "raised").reason

    assert reason(Why(Cause.ENVIRONMENT, said=worded)) is Reason.RUN_TIME
    assert reason(Why(Cause.NO_ANSWER, said=f"crashed: {worded}")) is Reason.NO_EXAMPLE
    assert reason(Why(Cause.CONTRADICTED, config=repr({"a": worded}))) is Reason.REFUTED


def test_what_lies_behind_a_check_out_of_reach_is_out_of_reach(read: StaticResult) -> None:
    stopped = Why(Cause.ANOTHER_CHECK, f"{FILE}:{line_of('file')}", said="ValueError")
    behind = Lost(candidate_of(read, "raised"), stopped)
    assert entry_of(ledger_of(read, lost=[behind]), "raised").reason is Reason.RUN_TIME
    other = replace(behind, why=ACCEPTED)
    assert entry_of(ledger_of(read, lost=[behind, other]), "raised").reason is Reason.NO_EXAMPLE
    within = replace(behind, why=replace(stopped, place=f"{FILE}:{line_of('opaque')}"))
    assert entry_of(ledger_of(read, lost=[within]), "raised").reason is Reason.NO_EXAMPLE


def test_what_was_led_on_lies_behind_the_checks_at_which_its_ways_end(read: StaticResult) -> None:
    outside, inside = f"{FILE}:{line_of('file')}", f"{FILE}:{line_of('opaque')}"
    stopped = Why(Cause.ANOTHER_CHECK, inside, said="ValueError")

    def reason(*ends: str, more: tuple[Lost, ...] = ()) -> Reason | None:
        led = Lost(candidate_of(read, "raised"), stopped, ends)
        return entry_of(ledger_of(read, lost=[led, *more]), "raised").reason

    assert reason(outside) is Reason.RUN_TIME
    assert reason(outside, NO_VERDICT) is Reason.RUN_TIME
    assert reason(NO_VERDICT) is Reason.RUN_TIME
    assert reason(outside, inside) is Reason.NO_EXAMPLE
    elsewhere = "lib/models/registry.py:7"
    assert reason(elsewhere) is Reason.NO_EXAMPLE
    models = ContextReads(run_time=("lib.models.*",))
    led = Lost(candidate_of(read, "raised"), stopped, (elsewhere,))
    assert entry_of(ledger_of(read, lost=[led], context=models), "raised").reason is Reason.RUN_TIME
    assert reason() is Reason.NO_EXAMPLE
    contradictory = Lost(candidate_of(read, "raised"), Why(Cause.NO_CONFIG))
    assert reason(outside, more=(contradictory,)) is Reason.RUN_TIME


def test_a_wider_rule_stands_for_what_it_says_as_well(read: StaticResult) -> None:
    narrow = candidate_of(read, "raised")
    wide = replace(narrow, fields={"a": (Clause("<", 1),)}, source=replace(narrow.source, line_at_scan=1))
    wider, widest = (rule_of(replace(wide, fields={"a": (Clause("<", bound),)}), {"a": -1}) for bound in (1, 2))
    told = Why(Cause.IMPLIED)
    losses = [Lost(narrow, told, wider=wider), Lost(wide, told, wider=widest)]
    assert entry_of(ledger_of(read, [widest], losses), "raised").rules == (widest.id,)
    assert entry_of(ledger_of(read, [], losses), "raised").reason is Reason.REFUTED


def test_what_only_sounds_like_validation_is_out_of_reach(read: StaticResult) -> None:
    lost = Lost(candidate_of(read, "by name"), ACCEPTED)
    entry = entry_of(ledger_of(read, lost=[lost]), "by name")
    assert (entry.reason, "seen to call Config.verify_later" in entry.detail) == (Reason.UNREACHABLE, True)


def test_the_reason_nearest_to_a_rule_is_told(read: StaticResult) -> None:
    candidate = candidate_of(read, "raised")
    losses = [Lost(candidate, ACCEPTED), Lost(candidate, FIRES)]
    assert entry_of(ledger_of(read, lost=losses), "raised").reason is Reason.REFUTED


def test_declared_needs_are_no_fault_of_the_language(read: StaticResult) -> None:
    context = ContextReads(run_time=("tests.ledger.sites.weights_*",))
    surface = {"Config": class_facts(sites.Config, "Config")}
    declared = ledger_of(mine(surface, ImportedReader("tests"), engine="toy", context=context), context=context)
    for mark in ("weights", "inside"):
        assert entry_of(ledger_of(read), mark).reason is Reason.OPAQUE
        assert entry_of(declared, mark).reason is Reason.RUN_TIME
        assert "weights_of" in entry_of(declared, mark).detail
    assert entry_of(declared, "opaque").reason is Reason.OPAQUE


@pytest.mark.parametrize(
    ("words", "outside"),
    [({"of_packages": "bad|negative"}, {"warned", "raised"}), ({"noise": "(?i)BAD|negative"}, {"warned"})],
)
def test_what_tells_of_a_package_is_out_of_reach(read: StaticResult, words: dict[str, str], outside: set[str]) -> None:
    ledger = ledger_of(read, context=ContextReads(**words))
    told = {mark for mark in ("warned", "raised", "changed") if entry_of(ledger, mark).reason is Reason.RUN_TIME}
    assert told == outside


def test_of_more_cases_than_are_said_the_said_ones_tell_why(read: StaticResult) -> None:
    said = candidate_of(read, "raised")
    rest = replace(said, opaque=(OpaqueGuard("a condition of many cases", "x.py:1", shape=MANY_CASES),))
    both = ledger_of(read, lost=[Lost(said, ACCEPTED), Lost(rest, ACCEPTED)])
    assert entry_of(both, "raised").reason is Reason.NO_EXAMPLE
    assert entry_of(ledger_of(read, lost=[Lost(rest, ACCEPTED)]), "raised").reason is Reason.OPAQUE


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (Why(Cause.BEHIND, place="x.py:1"), Reason.UNREACHABLE),
        (Why(Cause.NO_CONTEXT, names=("platform",)), Reason.RUN_TIME),
    ],
)
def test_what_no_config_shows_none_shows_with_more_guards(read: StaticResult, told: Why, reason: Reason) -> None:
    wider = replace(candidate_of(read, "raised"), opaque=(OpaqueGuard("weights", shape="slice"),))
    assert entry_of(ledger_of(read, lost=[Lost(wider, told)]), "raised").reason is reason


def test_the_shares_count_what_is_within_reach() -> None:
    def entry(line: int, rules: tuple[str, ...] = (), reason: Reason | None = None) -> Entry:
        return Entry("x.py", line, "C.f", "raise", ("C",), rules, reason)

    ledger = Ledger(
        "toy",
        "1",
        (
            entry(1, ("r",)),
            entry(2, reason=Reason.OPAQUE),
            entry(3, reason=Reason.NO_EXAMPLE),
            entry(4, reason=Reason.RUN_TIME),
        ),
    )
    assert (ledger.figures.effects, ledger.figures.reachable, ledger.figures.covered) == (4, 3, 1)
    assert ledger.figures.opaque_share == 0.25
    assert "1 covered (33.3%), 1 opaque (25.0%)" in headline(ledger)


def test_a_ledger_comes_back_from_its_file(read: StaticResult, tmp_path: Path) -> None:
    ledger = ledger_of(read, [rule_of(candidate_of(read, "raised"), {"a": -1})])
    text = render_ledger(ledger)
    path = tmp_path / "ledger.json"
    path.write_text(text, encoding="utf-8")
    assert load_ledger(path) == ledger
    assert render_ledger(load_ledger(path)) == text
    assert json.loads(text)["figures"]["covered"] == 1


def test_a_rule_that_was_taken_out_covers_nothing(read: StaticResult) -> None:
    one = rule_of(candidate_of(read, "raised"), {"a": -1})
    other = replace(one, id="another")
    ledger = ledger_of(read, [one, other])
    assert entry_of(ledger.without({one.id: FIRES}), "raised").rules == ("another",)
    gone = entry_of(ledger.without({one.id: FIRES, "another": FIRES}), "raised")
    assert (gone.rules, gone.reason) == ((), Reason.REFUTED)
    assert gone.detail.startswith("fires on")
    assert entry_of(ledger.without({one.id: FIRES}), "opaque") == entry_of(ledger, "opaque")


def test_dropping_a_rule_from_a_corpus_drops_it_from_the_ledger_beside_it(read: StaticResult, tmp_path: Path) -> None:
    rule = rule_of(candidate_of(read, "raised"), {"a": -1})
    corpus = Corpus("1.1.0", "toy", "1", "2026-01-01T00:00:00+00:00", (rule,))
    (tmp_path / LEDGER).write_text(render_ledger(ledger_of(read, [rule])), encoding="utf-8")
    assert list(drop_accused(tmp_path / "invariants.proposed.yaml", corpus, {rule.id: {"a": -7}}))
    entry = entry_of(load_ledger(tmp_path / LEDGER), "raised")
    assert (entry.rules, entry.reason) == ((), Reason.REFUTED)
    assert "'a': -7" in entry.detail
    assert load_counterexamples(tmp_path / COUNTEREXAMPLES) == {rule.native_type: ({"a": -7},)}
    written = {"invariants.proposed.yaml", LEDGER, COUNTEREXAMPLES}
    assert {path.name for path in tmp_path.iterdir()} == written


def test_an_effect_is_one_line_of_the_file(read: StaticResult) -> None:
    lines = render_ledger(ledger_of(read)).splitlines()
    assert sum(f"{FILE}:{line_of('raised')}" in line for line in lines) == 1


@pytest.mark.parametrize(("text", "said"), [("{", "not a ledger"), ("[]", "not a ledger"), (None, "no ledger in")])
def test_what_is_no_ledger_is_refused_in_one_sentence(tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "ledger.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError, match=said):
        load_ledger(path)


def test_one_class_is_shown_alone(read: StaticResult) -> None:
    alone = ledger_of(read).of_class("Child")
    assert {entry.owner for entry in alone.entries} >= {"Child", "Config"}
    assert not any("uncalled" in line for line in show(alone).splitlines())
    assert f"{FILE}:{line_of('child')}" in show(alone, every=True)
    assert ledger_of(read).of_class("Nobody").entries == ()


def test_what_was_refined_from_a_candidate_with_unread_guards_is_as_opaque(read: StaticResult) -> None:
    whole = candidate_of(read, "weights")
    assert whole.opaque
    refined = replace(whole, fields={"b": (Clause(">", 9),)}, opaque=())
    entry = entry_of(ledger_of(read, lost=[Lost(refined, FIRES)]), "weights")
    assert entry.reason is Reason.OPAQUE


def test_what_no_config_satisfies_is_no_way_beside_one_that_types_refuse(read: StaticResult) -> None:
    refused, unmet, none = (
        Lost(candidate_of(read, "raised"), Why(cause)) for cause in (Cause.NO_TYPE, Cause.NO_CONFIG, Cause.ACCEPTED)
    )

    def reason(*lost: Lost) -> Reason | None:
        return entry_of(ledger_of(read, lost=list(lost)), "raised").reason

    assert reason(refused, unmet) is Reason.UNREACHABLE
    assert reason(unmet) is Reason.NO_EXAMPLE
    assert reason(refused, unmet, none) is Reason.NO_EXAMPLE


def test_what_no_argument_takes_part_in_is_private(read: StaticResult) -> None:
    alone = Lost(candidate_of(read, "raised"), Why(Cause.NO_ARGUMENT))
    assert entry_of(ledger_of(read, lost=[alone]), "raised").reason is Reason.PRIVATE
