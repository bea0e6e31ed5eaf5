"""`llem-mine ledger --missing`: what to teach next, by what published models come by."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miners.candidates.outcomes import Reason
from miners.cli import main
from miners.ledger.entries import Entry, Ledger
from miners.ledger.files import load_ledger, render_ledger
from miners.ledger.met import Met, Refused, counted, load_met, render_met
from miners.ledger.missing import missing_data, show_missing, ways
from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.ssot import data_root

READ = Entry(
    "lib/a.py",
    7,
    "Config.check",
    "raise",
    ("Config",),
    reason=Reason.NO_EXAMPLE,
    detail="no example",
    facts=("device.count",),
    worlds=("device.count=2", "the default world"),
)
OUTSIDE = replace(READ, line=9, reason=Reason.RUN_TIME, detail="asks a model", facts=(), worlds=())
COVERED = replace(READ, line=8, rules=("lib_rule",), reason=None, detail="", worlds=())
NO_DEBT = replace(READ, line=10, reason=Reason.DEFAULT)
LEDGER = Ledger("lib", "1", (READ, COVERED, OUTSIDE, NO_DEBT))


def refused(at: str, model: str = "small", **kwargs: Any) -> Refused:
    return Refused(model, "H100:1", at, kwargs)


def test_what_most_configs_come_by_untold_is_first_and_what_is_told_is_no_debt() -> None:
    seen = [
        (refused("lib/a.py:9", tp=3), False),
        (refused("lib/a.py:9", "large"), False),
        (refused("lib/a.py:8"), True),
        (refused("lib/a.py:10"), False),
    ]
    found = ways(LEDGER, counted(seen))
    assert [(way.at, way.counts.missed) for way in found] == [("lib/a.py:9", 2), ("lib/a.py:10", 1), ("lib/a.py:7", 0)]


def test_a_rule_that_does_not_tell_all_is_named_and_so_is_a_place_that_was_not_read() -> None:
    seen = [(refused("lib/a.py:8", tp=3), False), (refused("lib/a.py:8"), True), (refused("other.py:1"), False)]
    text = show_missing(LEDGER, ways(LEDGER, counted(seen)), Met("lib", "1", "models", 9, 0, ()), every=False)
    assert "met        2 times, 1 not told, beside 1 models" in text
    assert "1 rules are there, and do not tell all: lib_rule" in text
    assert "small on H100:1: tp=3" in text
    assert "other.py:1\n" in text
    assert "not a statement that was read" in text
    assert "and 2 that none of these models comes by (1 no_example, 1 run_time); --all lists them" in text


def test_each_block_says_the_facts_it_needs_and_the_worlds_that_were_tried() -> None:
    text = show_missing(LEDGER, ways(LEDGER, {}), None, every=True)
    assert "was not measured" in text
    assert "  needs      device.count\n  tried in   device.count=2; the default world\n" in text
    assert "  tried in   no world: no example was looked for\n  missing    run_time: asks a model" in text


def test_as_data_it_has_each_statement_with_its_example() -> None:
    seen = [(refused("lib/a.py:7", tp=3), False)]
    data = json.loads(missing_data(LEDGER, ways(LEDGER, counted(seen)), Met("lib", "1", "models", 9, 0, ())))
    first = data["statements"][0]
    assert (first["at"], first["missed"], first["facts"]) == ("lib/a.py:7", 1, ["device.count"])
    assert first["example"] == {"model": "small", "machine": "H100:1", "kwargs": {"tp": 3}}
    assert [one["at"] for one in data["statements"]] == ["lib/a.py:7", "lib/a.py:9"]


PLACES = st.sampled_from(["lib/a.py:7", "lib/a.py:8", "lib/a.py:9", "other.py:3", ""])
SEEN = st.lists(st.tuples(st.builds(refused, PLACES, st.sampled_from(["a", "b"])), st.booleans()))


@given(SEEN)
def test_nothing_that_is_missed_gets_lost_and_the_order_of_the_configs_does_not_count(
    seen: list[tuple[Refused, bool]],
) -> None:
    found = ways(LEDGER, counted(seen))
    assert sum(way.counts.missed for way in found) == sum(not told for _, told in seen)
    assert [way.at for way in ways(LEDGER, counted(reversed(seen)))] == [way.at for way in found]


@given(SEEN)
def test_a_model_counts_once_for_a_statement(seen: list[tuple[Refused, bool]]) -> None:
    for at, counts in counted(seen).items():
        assert counts.models == len({one.model for one, told in seen if one.at == at and not told})
        assert counts.models <= counts.missed <= counts.met


def test_what_was_met_and_a_ledger_with_worlds_come_back_from_their_files(tmp_path: Path) -> None:
    met = Met("lib", "1", "models", 9, 3, (refused("lib/a.py:7", tp=3), refused("")))
    (tmp_path / "met.json").write_text(render_met(met))
    assert load_met(tmp_path / "met.json") == met
    (tmp_path / "ledger.json").write_text(render_ledger(LEDGER))
    assert load_ledger(tmp_path / "ledger.json") == LEDGER


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"engine": "lib"}', render_met(Met("lib", "1", "m", 1, 0, ()))[:-4] + "3]}"]
)
def test_a_record_that_is_none_is_told_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "met.json").write_text(text)
    with pytest.raises(CorpusError, match=r"not a record of what was met .*fuzz ENGINE --models DIR --met FILE"):
        load_met(tmp_path / "met.json")


def test_a_record_of_another_version_is_not_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "met.json"
    path.write_text(render_met(Met("transformers", "0.0.1", "models", 0, 0, ())))
    assert main(["ledger", "transformers", "--missing", "--met", str(path)]) == 2
    assert "met with transformers 0.0.1, and the ledger is of" in capsys.readouterr().err
    assert main(["ledger", "transformers", "--met", str(path)]) == 2
    assert "add --missing" in capsys.readouterr().err


def test_a_ledger_whose_models_were_not_measured_is_shown_by_what_is_in_reach(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["ledger", "transformers", "--missing", "--all"]) == 0
    text = capsys.readouterr().out
    assert "what published models come by was not measured" in text
    assert main(["ledger", "transformers", "--missing", "--json"]) == 0
    assert capsys.readouterr().out.startswith('{\n  "engine": "transformers"')


def test_what_is_kept_of_an_engine_is_of_its_ledger_and_of_models_that_are_there() -> None:
    for path in sorted(data_root().glob("corpora/*/met.json")):
        met = load_met(path)
        assert met.engine == path.parent.name
        assert met.refused
        kept = {one.stem for one in (data_root() / met.models).glob("*.json")}
        assert {one.model for one in met.refused} <= kept
