"""What entered and left each stage of a build, and why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from miners.candidates.outcomes import Cause, Lost, Proven, Rung, Why
from miners.candidates.rules import to_candidate
from miners.candidates.staging_files import read_fates, write_fates
from miners.cli import main
from miners.runs.funnel import IN_VAIN, UNTOLD, Paid, Stage, funnel, paid, told
from tests.checker.demo import RULES, corpus_of, evidence, install

LOST = (Why(Cause.CONTRADICTED, config="{'n': 1}"), Why(Cause.CONTRADICTED), Why(Cause.OF_THE_DISK))


def build(folder: Path) -> None:
    """Every rule was found, one twice; three guesses were lost."""
    proven = [Proven(rule) for rule in (*RULES, RULES[0])]
    write_fates(folder, "demo", "2.0", proven, [Lost(to_candidate(RULES[0]), why) for why in LOST])


def test_each_stage_tells_what_entered_what_left_and_why_the_rest_did_not(tmp_path: Path) -> None:
    build(tmp_path)
    validated = evidence(corpus_of())
    first, second, *others = validated.cases
    cases = (replace(first, negative_confirmed=False), replace(second, skipped_reason="late"), *others[1:])
    rules = len(RULES)
    read, gate, merge, replay = funnel(read_fates(tmp_path, "demo"), corpus_of(), replace(validated, cases=cases))
    assert read == Stage("read and lift", rules + 4, rules + 4, {"manual_seed": rules + 4})
    refuted = "refuted: fires on a config that the library accepts"
    assert gate == Stage(
        "gate", rules + 4, rules + 1, {refuted: 2, "deferred: whether there is such a file decides": 1}
    )
    assert merge == Stage("merge", rules + 1, rules, {"another candidate says the same, or more": 1})
    assert replay == Stage("replay", rules, rules - 3, {"contradicted": 1, "skipped: late": 1, "never replayed": 1})


def test_a_file_of_an_older_build_tells_no_cause(tmp_path: Path) -> None:
    build(tmp_path)
    for path in (tmp_path / "_staging").iterdir():
        path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if "cause:" not in line))
    _, gate, *_ = funnel(read_fates(tmp_path, "demo"), corpus_of(), None)
    assert gate.why == {UNTOLD: 3}


def test_the_rungs_of_the_example_cascade_are_told_by_what_they_cost(tmp_path: Path) -> None:
    proven = [
        Proven(RULES[0], rung=Rung.EARLIER, asked=2),
        Proven(RULES[0], rung=Rung.EARLIER, asked=3),
        Proven(RULES[1], rung=Rung.WITNESS, asked=40),
        Proven(RULES[1]),
    ]
    lost = [Lost(to_candidate(RULES[0]), Why(Cause.ACCEPTED), asked=16), Lost(to_candidate(RULES[0]), LOST[0])]
    write_fates(tmp_path, "demo", "2.0", proven, lost)
    found = paid(read_fates(tmp_path, "demo"))
    assert found == (Paid(Rung.WITNESS, 1, 40), Paid(IN_VAIN, 0, 16), Paid(Rung.EARLIER, 2, 5))
    assert list(told((Stage("gate", 4, 4, {}),), found))[1:] == [
        "the witness search: 1 examples for 40 questions, 40.0 a rule",
        "in vain: 16 questions",
        "the nearest version's example: 2 examples for 5 questions, 2.5 a rule",
    ]


def test_the_command_says_where_most_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(install(tmp_path))
    assert main(["funnel", "demo"]) == 2
    assert "no candidates in" in capsys.readouterr().err
    build(tmp_path / "corpora/demo")
    assert main(["funnel", "demo"]) == 0
    assert capsys.readouterr().out.endswith("\nmost is lost at gate: 20% of what enters\n")
    assert main(["funnel", "demo", "--json"]) == 0
