"""An architecture that the version does not list: the verdict depends, and says which versions have it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants import Checker, World
from pytest_llem_invariants.checker.describe import depending
from pytest_llem_invariants.corpus.files import render_proposed
from pytest_llem_invariants.model import ContextField, Reading
from tests.checker.fact_demo import FACTS, MODELS, facts_corpus, install_facts, model

PIPELINE = "model.info.pipeline"


@pytest.fixture
def of_names(project: Path) -> Path:
    """The demo engine in 2.0 and, in its history, 1.0, each with the architectures that it has."""
    install_facts(project)
    folder = project / "corpora" / "demo"
    earlier = folder / "history" / "1.0"
    shutil.rmtree(folder / "history", ignore_errors=True)
    earlier.mkdir(parents=True)
    fact = ContextField(True, (True, False), False, "bool", Reading(table="architectures"))
    corpus = replace(facts_corpus(), context={**FACTS, PIPELINE: fact})
    for place, version, names in ((folder, "2.0", ("Old", "New")), (earlier, "1.0", ("Old",))):
        (place / "invariants.proposed.yaml").write_text(render_proposed(replace(corpus, engine_version=version)))
        table = {"usual": {PIPELINE: True}, "names": {name: {} for name in names}}
        (place / "models.discovered.json").write_text(json.dumps({**MODELS, "named": {"architectures": table}}))
    (folder / "invariants.validated.yaml").unlink()
    ssot = project / "engine_versions" / "demo.yaml"
    ssot.write_text(
        ssot.read_text().replace(
            "model: {field: model,", "model: {field: model, elsewhere: {architectures: packages.other},"
        )
    )
    return project


def said(root: Path, version: str | None, named: Any, config: dict[str, Any] | None = None) -> list[str]:
    checker = Checker.load("demo", version=version, root=root)
    world = World(model=model(root / "a", architectures=named))
    verdict = checker.check_config({"tensor_parallel_size": 1, **(config or {})}, world=world)
    told = [one for one in verdict.depends if one.rule_id == "unlisted_name"]
    assert not told or (verdict.status, told[0].facts) == ("depends", ("packages.other",))
    return [f"{one.violation.message} — {one.violation.suggestion}" for one in told]


def test_it_is_told_with_the_versions_that_have_it(of_names: Path) -> None:
    assert said(of_names, "1.0", ["New"]) == [
        "demo 1.0 has nothing of its own for 'New' (architectures of the model); 2.0 has it"
        " — use 2.0, or install a version of other that has it itself"
    ]
    assert said(of_names, None, ["Nobody"]) == [
        "demo 2.0 has nothing of its own for 'Nobody' (architectures of the model)"
        " — install a version of other that has it itself"
    ]


@pytest.mark.parametrize("named", [["Old"], "Old", ["Nobody", "Old"], [], None, 3, [4]])
def test_what_one_of_the_names_has_or_names_nothing_is_not_told(of_names: Path, named: Any) -> None:
    assert said(of_names, "1.0", named) == []


def test_where_the_config_has_another_model_read_it_is_not_told(of_names: Path) -> None:
    assert said(of_names, "1.0", ["New"], {"overrides": {"a": 1}}) == []
    checker = Checker.load("demo", version="1.0", root=of_names)
    assert checker.check_config({"tensor_parallel_size": 1}, world=World()).depends == ()


def test_the_line_says_it_in_words(of_names: Path) -> None:
    checker = Checker.load("demo", version="1.0", root=of_names)
    verdict = checker.check_config(
        {"tensor_parallel_size": 1}, world=World(model=model(of_names / "a", architectures=["New"]))
    )
    first, *_ = depending(verdict, ("model",))
    assert first.startswith(
        "depends: demo 1.0 has nothing of its own for 'New' (architectures of the model); 2.0 has it — use 2.0"
    )
