"""`--llem-repeat`: what the library answers otherwise in a second look is no rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_llem_invariants.corpus.files import SCHEMA_VERSION, load_quarantine, load_validated
from pytest_llem_invariants.model import CheckFailed, Rule
from tests.plugin.house import NEGATIVE, House, acting

CHANGING = """
    def do_count(self):
        if self.size < 0:
            Config.seen = getattr(Config, "seen", 0) + 1
            raise ValueError("size must not be negative, got " + "x" * Config.seen)
    def do_hash(self):
        if self.size < 0:
            raise ValueError("size must not be negative, got " + ("even" if hash("a") % 2 else "odd"))
        if hash("a") % 2:
            raise ValueError("an odd hash")
    def do_die(self):
        if os.environ.get("PYTHONHASHSEED") not in (None, "random", "7"): os._exit(3)
"""


@pytest.fixture
def changing(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    library: Path = house.path / "site" / "fakelib.py"
    library.write_text(library.read_text() + CHANGING)
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    return house


def broken(house: House) -> dict[str, set[tuple[str, str]]]:
    validated = load_validated(house.validated)
    found: dict[str, set[tuple[str, str]]] = {}
    for one in validated.divergences:
        if one.check_failed is CheckFailed.NONDETERMINISTIC:
            found.setdefault(one.invariant_id, set()).add((one.expected, one.observed))
    return found


def test_an_answer_that_changes_from_call_to_call_goes_to_quarantine_with_both(changing: House) -> None:
    counting = acting("count")
    changing.hold((NEGATIVE, counting))
    assert changing.run().ret == 0
    assert load_validated(changing.validated).schema_version == SCHEMA_VERSION
    assert changing.run("--llem-repeat=2", "-n", "0").ret == 1
    ((before, after),) = broken(changing)[counting.id]
    assert "got x" in before
    assert "got xx" in after
    validated = load_validated(changing.validated)
    assert validated.schema_version == "1.5.0", "an older reader does not know the word"
    assert [case.id for case in validated.cases if case.confirmed] == [NEGATIVE.id]
    ((rule, _),) = load_quarantine(changing.quarantine).rules
    assert rule.id == counting.id


@pytest.mark.parametrize("action", ["hash", "die"])
def test_an_answer_that_changes_from_process_to_process_is_found_in_a_fresh_one(changing: House, action: str) -> None:
    rule: Rule = acting(action)
    changing.hold((rule, NEGATIVE))
    changing.run("--llem-repeat=4", "-n", "0")
    assert broken(changing).keys() == {rule.id}


def test_a_library_that_answers_the_same_gives_the_same_file(house: House) -> None:
    house.run()
    before = house.validated.read_bytes()
    assert house.run("--llem-repeat=2", "--llem-isolate", "-n", "2").ret == 0
    assert house.validated.read_bytes() == before


@pytest.mark.parametrize(("given", "said"), [("--llem-repeat=0", "is a number of observations, not 0")])
def test_a_number_of_observations_is_above_0(house: House, given: str, said: str) -> None:
    result = house.run(given)
    assert result.ret == 4
    assert said in result.stderr.str()
