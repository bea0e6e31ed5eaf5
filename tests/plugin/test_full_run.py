"""A run over everything: what it says, what it writes, how it ends."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from pytest_llem_invariants.corpus.files import load_quarantine, load_validated
from pytest_llem_invariants.model import Certification, Clause, Outcome
from tests.plugin.house import GOOD, NEGATIVE, WRONG, House


def test_all_confirmed_is_exit_0(house: House, workers: tuple[str, ...]) -> None:
    result = house.run(*workers)
    assert result.ret == 0
    result.assert_outcomes(passed=3 * len(GOOD) - 1, skipped=1)
    validated = load_validated(house.validated)
    assert [case.id for case in validated.cases] == [rule.id for rule in GOOD]
    assert all(case.confirmed for case in validated.cases)
    assert validated.certification is Certification.FULL
    assert validated.engine_version == "1.0"
    assert load_quarantine(house.quarantine).rules == ()


def test_a_contradicted_rule_is_exit_1_and_quarantined(house: House, workers: tuple[str, ...]) -> None:
    house.hold((*GOOD, WRONG))
    result = house.run(*workers)
    assert result.ret == 1
    ((rule, divergences),) = load_quarantine(house.quarantine).rules
    assert rule == WRONG
    assert [divergence.check_failed.value for divergence in divergences] == [
        "positive_raises",
        "message_template_match",
    ]
    validated = load_validated(house.validated)
    assert [case.id for case in validated.cases if not case.confirmed] == [WRONG.id]


def test_outcomes_are_what_the_library_did(house: House) -> None:
    house.run()
    outcomes = {case.id: case.outcome for case in load_validated(house.validated).cases}
    assert outcomes == {
        "negative_size": Outcome.ERROR,
        "too_tall": Outcome.ERROR,
        "unknown_mode": Outcome.ERROR,
        "old_is_deprecated": Outcome.WARN,
        "top_is_slow": Outcome.WARN,
        "zero_is_lifted": Outcome.DORMANT_SILENT,
    }


def test_node_ids_are_file_rule_and_check(house: House) -> None:
    house.hold([NEGATIVE])
    result = house.run("--collect-only", "-q")
    file = "corpora/fake/invariants.proposed.yaml"
    checks = ("positive_raises", "message_template_match", "negative_does_not_raise")
    assert [line for line in result.outlines if "::" in line] == [
        f"{file}::negative_size::negative_size[{check}]" for check in checks
    ]


@pytest.mark.parametrize("check", ["positive_raises", "message_template_match", "negative_does_not_raise"])
def test_one_check_runs_by_its_node_id(house: House, check: str) -> None:
    file = "corpora/fake/invariants.proposed.yaml"
    result = house.run(f"{file}::too_tall::too_tall[{check}]")
    result.assert_outcomes(passed=1)


def test_a_failure_names_rule_arguments_expected_observed_and_guard(house: House) -> None:
    house.hold([WRONG])
    text = house.run().stdout.str()
    assert "zero_size: Config and its zero_size" in text
    assert "fakelib.Config(**{'size': 0})" in text
    assert "expected: error on runtime_exception" in text
    assert "observed: accepted in silence" in text
    assert "guard: fakelib.py:10 in __init__" in text
    assert "Traceback" not in text
    assert "bench.py" not in text


def test_summary_is_one_section_with_counts_files_and_the_next_command(house: House, workers: tuple[str, ...]) -> None:
    house.hold((*GOOD, WRONG))
    text = house.run(*workers).stdout.str()
    assert text.count("llem invariants ==") == 1
    assert "fake 1.0: 6 rules confirmed, 1 contradicted, 0 skipped, 0 not run (certification partial)" in text
    assert f"wrote {house.validated}" in text
    assert "next: read the quarantine" in text


def test_the_journal_holds_a_line_a_check(house: House, workers: tuple[str, ...]) -> None:
    house.run(*workers)
    head, *lines = [json.loads(line) for line in house.journal.read_text().splitlines()]
    assert head["engine"] == "fake"
    assert sorted((line["rule"], line["check"]) for line in lines) == sorted(
        (rule.id, check)
        for rule in GOOD
        for check in ("positive_raises", "message_template_match", "negative_does_not_raise")
    )


def test_reports_point_at_the_rule_in_the_yaml(house: House) -> None:
    house.hold((*GOOD, WRONG))
    line = 1 + next(
        number for number, text in enumerate(house.corpus.read_text().splitlines()) if f"id: {WRONG.id}" in text
    )
    result = house.run("-rf", "--junit-xml=report.xml", "-o", "junit_family=xunit1")
    assert result.ret == 1
    report = (house.path / "report.xml").read_text()
    places = re.findall(rf'name="{WRONG.id}\[[a-z_]+\]" file="([^"]+)" line="(\d+)"', report)
    assert {(file, int(number) + 1) for file, number in places} == {("corpora/fake/invariants.proposed.yaml", line)}


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_bytes_do_not_depend_on_workers_or_hash_seed(
    house: House, workers: tuple[str, ...], seed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.hold((*GOOD, WRONG))
    house.run("-p", "no:xdist")
    expected = house.validated.read_bytes(), house.quarantine.read_bytes()
    house.validated.unlink()
    house.quarantine.unlink()
    monkeypatch.setenv("PYTHONHASHSEED", seed)
    house.run(*workers)
    assert (house.validated.read_bytes(), house.quarantine.read_bytes()) == expected


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_bytes_do_not_depend_on_the_order_of_items(house: House, seed: int) -> None:
    house.hold((*GOOD, WRONG))
    house.run()
    expected = house.validated.read_bytes()
    house.validated.unlink()
    house.pytester.makeconftest(
        f"""
        import random
        def pytest_collection_modifyitems(items):
            random.Random({seed}).shuffle(items)
        """
    )
    house.run()
    assert house.validated.read_bytes() == expected


def test_another_day_with_the_same_facts_is_the_same_file(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.run()
    expected = house.validated.read_bytes()
    monkeypatch.setenv("LLEM_FROZEN_AT", "2027-05-06T07:08:09Z")
    house.run()
    assert house.validated.read_bytes() == expected


def test_predicates_that_say_too_little_are_counted_in_one_line_and_named_with_v(house: House) -> None:
    narrow = replace(NEGATIVE, match=replace(NEGATIVE.match, fields={"size": (Clause("<", -1),)}))
    house.hold([replace(narrow, kwargs_positive={"size": -2}), *GOOD[1:]])
    text = house.run("--llem-soundness").stdout.str()
    narrow_ones = [one.invariant_id for one in load_validated(house.validated).divergences]
    assert NEGATIVE.id in narrow_ones
    assert f"{len(narrow_ones)} predicates say less than the library does (predicate_underbroad)" in text
    assert "predicate_underbroad: " not in text
    assert house.run("-v").stdout.str().count("predicate_underbroad: ") == len(narrow_ones)
