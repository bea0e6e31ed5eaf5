"""Discovery and single runs as two IDEs do them: through PyCharm's own plugin, and as VS Code's reads a run."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pytest_llem_invariants.model import CONTRACTS
from tests.plugin import editor
from tests.plugin.house import GOOD, NEGATIVE, WRONG, House


class Notes:
    """What an editor noted of a run."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self._house = house
        self._file = house.path / "notes.jsonl"
        monkeypatch.setenv(editor.NOTES, str(self._file))

    def of(self, *arguments: str) -> list[dict[str, Any]]:
        self._file.write_text("")
        command = ("-p", editor.__name__, f"--rootdir={self._house.path}", *arguments)
        self._house.pytester.runpytest_subprocess(*command, timeout=60)
        return [json.loads(line) for line in self._file.read_text().splitlines()]


@pytest.fixture
def notes(house: House, monkeypatch: pytest.MonkeyPatch) -> Notes:
    return Notes(house, monkeypatch)


def test_an_editor_shows_every_check_at_its_rule(house: House, notes: Notes) -> None:
    found = notes.of("--collect-only", "corpora")
    assert [item["name"] for item in found] == [f"{rule.id}[{check.value}]" for rule in GOOD for check in CONTRACTS]
    lines = house.corpus.read_text().splitlines()
    for item in found:
        assert item["name"].startswith(lines[item["line"]].split("id: ")[1])
        assert item["under"] == str(house.corpus)
        assert not item["is_parametrised"]
        assert not item["is_in_class"]
    assert len({item["id"] for item in found}) == len(found)


@pytest.mark.parametrize("start", ["here", "elsewhere"])
def test_an_editor_runs_the_check_that_was_clicked(
    house: House, notes: Notes, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.hold([*GOOD, WRONG])
    ids = {item["name"]: item["id"] for item in notes.of("--collect-only", "corpora")}
    if start == "elsewhere":
        (house.path / "elsewhere").mkdir()
        monkeypatch.chdir(house.path / "elsewhere")
    clicked = ids["negative_size[positive_raises]"]
    ran = [note for note in notes.of(clicked) if "ran" in note]
    assert [(note["ran"], note["outcome"]) for note in ran] == [(clicked, "passed")]

    clicked = ids["zero_size[positive_raises]"]
    first, *others = [note for note in notes.of(clicked) if "ran" in note]
    assert {(note["ran"], note["outcome"]) for note in (first, *others)} == {(clicked, "failed")}
    assert "fakelib.Config(**{'size': 0})" in first["said"]
    assert "fakelib.py:10" in first["said"]

    clicked = ids["zero_is_lifted[message_template_match]"]
    ran = [note for note in notes.of(clicked) if "ran" in note]
    assert [(note["ran"], note["outcome"]) for note in ran] == [(clicked, "skipped")]


def test_an_editor_runs_a_whole_rule_in_one_go(house: House, notes: Notes) -> None:
    by_rule = [item["id"] for item in notes.of("--collect-only", "corpora") if item["name"].startswith("too_tall[")]
    ran = [note["ran"] for note in notes.of(*by_rule) if "ran" in note]
    assert ran == by_rule


def test_pycharm_runs_a_rule_and_names_its_checks(house: House) -> None:
    target = f"corpora/fake/invariants.proposed.yaml::{NEGATIVE.id}"
    done = house.pytester.runpytest_subprocess("--teamcity", target, timeout=60)
    done.assert_outcomes(passed=3)
    started = re.findall(r"##teamcity\[testStarted .*?metainfo='(.*?)'.*? name='(.*?)'", done.stdout.str())
    assert [name.rpartition(".")[2] for _, name in started] == [f"{NEGATIVE.id}({check.value})" for check in CONTRACTS]
    assert [info.replace("||", "|") for info, _ in started] == [
        f"{NEGATIVE.id}|[{check.value}|]" for check in CONTRACTS
    ]


def test_pycharm_shows_what_a_broken_contract_says(house: House) -> None:
    house.hold([WRONG])
    done = house.pytester.runpytest_subprocess("--teamcity", "corpora/fake/invariants.proposed.yaml", timeout=60)
    failed = [line for line in done.outlines if "testFailed" in line]
    assert failed
    assert "size must not be zero" in failed[0] or "zero_size" in failed[0]
    assert "fakelib.py:10" in failed[0]
