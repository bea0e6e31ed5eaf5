"""A rule that names nothing but facts: silent where nothing is known, and told for any config where all of it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_llem_invariants import Checker, World
from pytest_llem_invariants.corpus.files import render_proposed, render_validated, version_of
from tests.checker.demo import SERVE, evidence, rule
from tests.checker.fact_demo import HEADS, facts_corpus, install_facts, model

WEAK = replace(
    rule("weak", {HEADS: {"==": 12}, "device.capability": {"<": 8.0}}, native_type=SERVE),
    kwargs_positive={},
    kwargs_negative={},
    world={HEADS: 12, "device.capability": 7.5},
    world_negative={HEADS: 12},
)


@pytest.fixture
def checker(project: Path) -> Checker:
    folder = install_facts(project) / "corpora" / "demo"
    before = facts_corpus()
    rules = (*before.rules, WEAK)
    corpus = replace(before, rules=rules, schema_version=version_of(rules))
    (folder / "invariants.proposed.yaml").write_text(render_proposed(corpus))
    (folder / "invariants.validated.yaml").write_text(render_validated(evidence(corpus)))
    return Checker.load("demo", root=project)


def test_a_config_depends_on_it_once_one_of_its_facts_is_given(checker: Checker, tmp_path: Path) -> None:
    small = model(tmp_path / "small", num_attention_heads=12)
    for config in ({}, {"swap": 1}):
        assert checker.check(SERVE, config).status == "accepted"
        assert [one.rule_id for one in checker.check(SERVE, config, world=World(gpu="T4:1")).depends] == ["weak"]
        assert [one.rule_id for one in checker.check(SERVE, config, world=World(model=small)).depends] == ["weak"]
        both = checker.check(SERVE, config, world=World(model=small, gpu="T4:1"))
        assert (both.status, [one.rule_id for one in both.errors]) == ("rejected", ["weak"])
        assert checker.check(SERVE, config, world=World(model=small, gpu="H100:1")).status == "accepted"
