"""`llem-mine why`: the way of a rule, an effect or a candidate, read from the files that a build writes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from miners.candidates.outcomes import Cause, Lost, Proven, Why
from miners.candidates.rules import to_candidate
from miners.candidates.staging_files import write_fates, write_guesses
from miners.cli import main
from miners.ledger.entries import Entry, Ledger
from miners.ledger.files import LEDGER, render_ledger
from miners.ledger.why import CORPUS
from pytest_llem_invariants.corpus.files import render_proposed
from pytest_llem_invariants.model import Clause, Corpus
from tests.evidence.test_handwritten import WIDER

RULE = replace(WIDER, id="lib_config_n_negative", engine="lib")
GUARD = RULE.miner_source.guard
LOST = replace(to_candidate(RULE), fields={"n": (Clause("<", 9),)})
CONTRADICTED = Why(Cause.CONTRADICTED, config="{'n': 8}")


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """What `build --out` writes."""
    path, _, line = GUARD.rpartition(":")
    entries = (
        Entry(path, int(line), "Config.check", "raise", (RULE.native_type,), (RULE.id,)),
        Entry(
            path,
            900,
            "Config.check",
            "logger_warning",
            (RULE.native_type,),
            (),
            Cause.UNSAID.reason,
            "a guard",
            ("slice",),
        ),
    )
    (tmp_path / LEDGER).write_text(render_ledger(Ledger("lib", "1.0", entries)), encoding="utf-8")
    corpus = Corpus("1.1.0", "lib", "1.0", "2026-01-01T00:00:00+00:00", (RULE,))
    (tmp_path / CORPUS).write_text(render_proposed(corpus), encoding="utf-8")
    return tmp_path


def staged(folder: Path) -> Path:
    (path,) = write_fates(folder, "lib", "1.0", [Proven(RULE, ("tightened a bound",))], [Lost(LOST, CONTRADICTED)])
    return path


def told(folder: Path, target: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["why", target, "--folder", str(folder)]) == 0
    return capsys.readouterr().out


def refused(folder: Path, target: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["why", target, "--folder", str(folder)]) == 2
    return capsys.readouterr().err


def test_the_way_of_a_rule_has_its_finder_its_condition_its_examples_and_a_command(
    built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    staged(built)
    text = told(built, RULE.id, capsys)
    said = (
        "static_miner",
        GUARD,
        "where",
        "which causes the effect",
        "which does not",
        "tightened a bound",
        f"::{RULE.id}'",
    )
    assert [part for part in said if part not in text] == []


def test_the_way_of_an_effect_goes_on_to_its_rules_and_its_lost_candidates(
    built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    staged(built)
    text = told(built, GUARD, capsys)
    for part in ("ConditionalRaise", RULE.id, CONTRADICTED.sentence, f"build lib --class {RULE.native_type}"):
        assert part in text
    assert told(built, GUARD.rpartition("/")[2], capsys) == text, "the end of a path is enough"


def test_the_way_of_an_effect_without_a_rule_has_its_reason_and_what_could_not_be_said(
    built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = told(built, f"{RULE.miner_source.path}:900", capsys)
    assert "opaque: a guard" in text
    assert "slice" in text


def test_without_staging_the_command_that_writes_it_is_named(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "which llem-mine build lib writes" in told(built, RULE.id, capsys)
    assert "which llem-mine build lib writes" in refused(built, "lib_static_miner.yaml:5", capsys)


def test_a_candidate_is_told_by_any_of_its_lines(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = staged(built)
    lines = path.read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "lost:" in text)
    for target in (f"{path}:{line}", f"{path.name}:{line}"):
        assert f"lost for    {CONTRADICTED.sentence}" in told(built, target, capsys)
    assert "the staging files are" in refused(built, f"other.yaml:{line}", capsys)


def test_a_guess_that_nobody_tried_is_told_as_that(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (path,) = write_guesses(built, "lib", "1.0", [LOST])
    assert "no gate has seen it" in told(built, f"{path.name}:5", capsys)


@pytest.mark.parametrize(
    ("target", "nearest"),
    [
        ("lib_config_n_negativ", RULE.id),
        (f"{RULE.miner_source.path}:901", f"{RULE.miner_source.path}:900"),
        (f"{RULE.miner_source.path}x:900", f"{RULE.miner_source.path}:900"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(
    built: Path, capsys: pytest.CaptureFixture[str], target: str, nearest: str
) -> None:
    assert nearest in refused(built, target, capsys)


def test_a_folder_without_a_ledger_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no ledger in this folder" in refused(tmp_path, RULE.id, capsys)


def test_the_committed_corpora_are_looked_through(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "generation/configuration_utils.py:438", "--engine", "transformers"]) == 0
    assert "holds what was given" in capsys.readouterr().out
