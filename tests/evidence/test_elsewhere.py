"""A build on a pretended machine: the same bytes, or one line for each rule that comes out otherwise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from miners.build.elsewhere import differences
from miners.candidates.outcomes import Cause, Lost, Why
from miners.candidates.rules import to_candidate
from pytest_llem_invariants.corpus.files import SCHEMA_VERSION
from pytest_llem_invariants.model import Clause, Corpus, Rule
from tests.discovery import toy
from tests.discovery.toy import mine
from tests.evidence.test_handwritten import BY_HAND

CODE = """
import os
from dataclasses import dataclass
from importlib.util import find_spec

__version__ = "1.2.3"
MOST = 9 if find_spec("helper") is not None else 2**40


@dataclass
class MachineConfig:
    workers: int = 1

    def __post_init__(self):
        if self.workers > MOST:
            raise ValueError("too many workers for the helper")
        if os.environ.get("TOY_STRICT") and self.workers < -4:
            raise ValueError("too few workers")
"""
MACHINE = "adapter: {hosts: {other: {environ: {TOY_STRICT: '1'}, packages: {helper: '1.0'}}}}\n"
OWN_SWITCHES = "releases: {environment: {prefix: TOY_}}\n"
A_RECIPE = 'recipe: [["toyengine=={version}"]]\n'


def project_of(place: Path, *declared: str) -> Path:
    project = toy.install(place, CODE)
    path = project / "engine_versions/toy.yaml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if "toyengine:Request" not in line]
    path.write_text("".join([*kept, *declared, MACHINE]), encoding="utf-8")
    run = mine(project, "build", "toy", "--workers", "1")
    assert run.returncode == 0, run.stderr
    return project


def test_what_the_library_itself_is_not_given_changes_no_byte(tmp_path: Path) -> None:
    project = project_of(tmp_path, OWN_SWITCHES, A_RECIPE)
    run = mine(project, "build", "toy", "--workers", "1", "--machine", "other")
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.endswith(" rules, the same bytes\n")
    assert "Exception" not in run.stderr


def test_a_rule_of_one_machine_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    project = project_of(tmp_path)
    before = (project / "corpora/toy/invariants.proposed.yaml").read_bytes()
    run = mine(project, "build", "toy", "--workers", "1", "--machine", "other", "--out", str(tmp_path / "there"))
    assert run.returncode == 1, run.stdout + run.stderr
    *told, total = run.stdout.splitlines()
    assert [line.partition(":")[0] for line in told] == ["only here", "only there", "only there"]
    assert told[0].endswith("(toyengine.MachineConfig) — there: nothing finds it")
    assert told[1].startswith("only there: toy_machineconfig_workers_gt_9 (toyengine.MachineConfig) — found by ")
    assert "workers_lt" in told[2]
    assert total.endswith("3 come out otherwise")
    assert (project / "corpora/toy/invariants.proposed.yaml").read_bytes() == before
    assert "workers_gt_9" in (tmp_path / "there/invariants.proposed.yaml").read_text(encoding="utf-8")


def test_without_a_corpus_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    run = mine(toy.install(tmp_path, CODE), "build", "toy", "--machine", "other")
    assert run.returncode == 2
    assert "run llem-mine build toy first" in run.stderr


def rule_of(name: str, bound: int, **how: Any) -> Rule:
    fields = {"size": (Clause("<", bound),)}
    return replace(BY_HAND, id=name, match=replace(BY_HAND.match, fields=fields), **how)


def corpus_of(*rules: Rule) -> Corpus:
    return Corpus(SCHEMA_VERSION, "toy", "1.2.3", "2026-01-01T00:00:00Z", rules)


def test_each_difference_says_why() -> None:
    here = corpus_of(rule_of("a", 1), rule_of("b", 2), rule_of("c", 3), rule_of("d", 4))
    there = corpus_of(
        rule_of("c", 3, kwargs_positive={"size": 0}), rule_of("d", 4, message_template="no"), rule_of("e", 5)
    )
    lost = [Lost(to_candidate(rule_of("a", 1)), Why(Cause.OF_THE_MACHINE, config="{}"))]
    told = list(differences(here, there, lost, examples=True))
    assert [line.partition(" (")[0] for line in told] == [
        *("only here: a", "only here: b", "other kwargs_positive: c", "other message_template: d", "only there: e")
    ]
    assert told[0].endswith("there: depends on the machine: of {} it goes away beside another")
    assert told[1].endswith("there: nothing finds it")
    assert told[4].endswith(f"found by {BY_HAND.added_by.value}")
    assert len(list(differences(here, there, lost, examples=False))) == 4
    assert not list(differences(here, here, lost, examples=True))
