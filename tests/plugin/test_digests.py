"""Each replay leaves a digest, and a red run tells its causes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_llem_invariants.runs.digest import RunDigest, Times, read_digest
from tests.plugin.house import GOOD, NEGATIVE, WRONG, House, acting, rule

GONE = [
    rule(f"gone_{value}", {"depth": {"==": value}}, {"depth": value}, {"depth": 0}, "depth must not be {depth} at all")
    for value in (1, 2, 3)
]
NO_TIMES = Times("", 0.0, 0.0)


def digests(house: House) -> list[RunDigest]:
    return [read_digest(path) for path in sorted((house.corpus.parent / "_staging" / "runs").glob("*.json"))]


def test_a_run_leaves_what_it_ran_on_and_how_each_rule_ended(house: House) -> None:
    house.hold([NEGATIVE, WRONG])
    house.run()
    (digest,) = digests(house)
    assert (digest.engine, digest.version, digest.corpus) == ("fake", "1.0", str(house.corpus))
    assert digest.environment["kind"] == "host"
    assert digest.worlds == {"": 2}
    ended = digest.rules["fakelib.Config"]
    assert ended["negative_size"] == "confirmed"
    assert ended["zero_size"] == {
        "positive_raises": "broken",
        "message_template_match": "broken",
        "negative_does_not_raise": "confirmed",
    }
    assert {one.rule for one in digest.findings} == digest.facts.keys() == {"zero_size"}
    assert digest.times.slowest.keys() == {"negative_size", "zero_size"}
    assert {name: count for name, (count, _) in digest.times.captures.items()} == {"whole": 2, "read": 2}


@pytest.mark.parametrize("how", [("-n2",), ("--llem-isolate",)])
def test_equal_runs_have_equal_digests_but_for_their_times(house: House, how: tuple[str, ...]) -> None:
    house.hold([*GOOD, WRONG, *GONE])
    house.run()
    house.run(*how)
    one, other = (replace(digest, times=NO_TIMES).to_text() for digest in digests(house))
    assert one == other


def test_a_run_that_is_cut_short_says_how_much_is_missing(house: House) -> None:
    house.run("-k", "too_tall")
    (digest,) = digests(house)
    assert digest.unrun == len(GOOD) - 1


def test_a_crash_is_a_finding(house: House) -> None:
    house.hold([NEGATIVE, acting("kill")])
    house.run("-n1")
    (digest,) = digests(house)
    assert [(one.rule, one.outcome) for one in digest.divergences] == [("acts_kill", "crashed")]


def test_few_are_kept(house: House) -> None:
    for _ in range(2):
        house.run("--llem-digests=1", "-k", "too_tall")
    assert len(digests(house)) == 1
    assert house.run("--llem-digests=-1").ret == 4


def test_none_is_kept_where_none_is_wanted_and_a_check_writes_none(house: House) -> None:
    house.run("--llem-digests=0")
    house.run("--llem-check")
    assert digests(house) == []


def test_a_red_run_tells_the_cause_of_many_divergences_before_them(house: House) -> None:
    house.hold([NEGATIVE, *GONE])
    result = house.run()
    result.stdout.fnmatch_lines(
        [
            "9 divergences of fake 1.0 have 1 cause",
            "  9 of 9: Config has no field depth in 1.0 — 3 rules, fakelib.py:10",
            "      see one: pytest 'corpora/fake/invariants.proposed.yaml::gone_1::gone_1?*?'",
        ]
    )
    assert Path(house.path / "corpora/fake/_staging/runs/fake-000001.json").exists()
