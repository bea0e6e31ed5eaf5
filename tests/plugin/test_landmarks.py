"""A library that moved what we rely on is no verdict on any rule: the run stops and says what is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_llem_invariants.model import TypedValue
from tests.plugin.house import GOOD, NEGATIVE, SSOT, House, rule

GONE = """
  fakelib.Gone:
    class: fakelib:Gone
"""


def allow_gone(house: House) -> None:
    ssot = house.path / "engine_versions" / "fake.yaml"
    ssot.write_text(SSOT.replace("landmarks:", f"{GONE.strip(chr(10))}\nlandmarks:"))


def test_a_missing_landmark_stops_a_replay(house: House, workers: tuple[str, ...]) -> None:
    ssot = house.path / "engine_versions" / "fake.yaml"
    ssot.write_text(SSOT.replace('landmarks: ["fakelib:Config"]', 'landmarks: ["fakelib:Config.vanished"]'))
    house.validated.write_text("what was there")
    result = house.run(*workers)
    assert result.ret == 2
    assert "landmark 'fakelib:Config.vanished' is missing" in result.stdout.str()
    assert "passed" not in result.parseoutcomes()
    assert house.validated.read_text() == "what was there"


@pytest.mark.parametrize(
    "lost",
    [
        replace(NEGATIVE, id="of_a_class_that_is_gone", native_type="fakelib.Gone"),
        rule(
            "beside_an_object_of_it",
            {"size": {"<": 0}},
            {"size": -1, "old": [TypedValue("fakelib.Gone", {})]},
            {"size": 0},
            None,
        ),
    ],
    ids=lambda lost: str(lost.id),
)
@pytest.mark.parametrize("isolate", [(), ("--llem-isolate",)], ids=["here", "isolated"])
def test_a_class_that_is_gone_confirms_no_rule_and_stops_a_replay(
    house: House, workers: tuple[str, ...], lost: object, isolate: tuple[str, ...]
) -> None:
    allow_gone(house)
    house.hold((lost, *GOOD))  # type: ignore[arg-type]
    result = house.run(*workers, *isolate)
    assert result.ret == 2
    assert "landmark 'fakelib:Gone' is missing" in result.stdout.str()
    assert not house.validated.exists()


def test_a_class_that_is_gone_fails_only_its_own_checks_where_its_corpus_was_only_named(house: House) -> None:
    allow_gone(house)
    house.hold((replace(NEGATIVE, id="lost", native_type="fakelib.Gone"), *GOOD))
    result = house.pytester.runpytest_subprocess("corpora/fake/invariants.proposed.yaml")
    result.assert_outcomes(failed=3, passed=3 * len(GOOD) - 1, skipped=1)
