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
from pytest_llem_invariants.checker.unlisted import family
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
    assert said(of_names, "1.0", ["New"], {"overrides": {"architectures": ["Old"]}}) == []
    assert said(of_names, "1.0", ["New"], {"overrides": "x"}) == []
    assert said(of_names, "1.0", ["New"], {"overrides": {"a": 1}}) != []
    assert said(of_names, "1.0", ["New"], {"revision": "other"}) == []
    assert said(of_names, "1.0", ["New"], {"revision": "main"}) != []
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


@pytest.fixture
def of_a_package(of_names: Path) -> Path:
    """The same in 2.0, whose table tells what it was asked with, which types it reads itself, and of which families the
    package has classes.
    """
    place = of_names / "corpora" / "demo" / "models.discovered.json"
    table = json.loads(place.read_text())
    known = {"model_type": ["mix"], "architectures~": ["Old", "New", "Other"], "packages.other": ["1.0"]}
    table["named"] |= {key: {"usual": {}, "names": {name: {} for name in names}} for key, names in known.items()}
    place.write_text(json.dumps(table))
    ssot = of_names / "engine_versions" / "demo.yaml"
    ssot.write_text(
        ssot.read_text().replace(
            "elsewhere: {architectures: packages.other}",
            "elsewhere: {model_type: packages.other, architectures: packages.other},"
            " code: {field: trust, model_type: auto_map.AutoConfig, architectures: auto_map}",
        )
    )
    return of_names


def verdict(
    root: Path, given: dict[str, Any], facts: dict[str, Any] | None = None, **config: Any
) -> tuple[str, list[str]]:
    checker = Checker.load("demo", root=root)
    world = World(model=model(root / "a", **config), facts=facts or {})
    found = checker.check_config({"tensor_parallel_size": 1, **given}, world=world)
    told = (*found.violations, *(one.violation for one in found.depends))
    return found.status, [one.rule_id for one in told if one.rule_id in ("unlisted_name", "own_code")]


CODE = {"AutoConfig": "configuration_far.FarConfig", "AutoModelForCausalLM": "modeling_far.Far"}


SAME = {"packages.other": "1.0"}


@pytest.mark.parametrize(
    "names",
    [{"model_type": "mix", "architectures": ["FarForCausalLM"]}, {"model_type": "far", "architectures": ["Old"]}],
)
def test_a_name_that_neither_the_version_nor_the_package_has_is_rejected_beside_that_package(
    of_a_package: Path, names: dict[str, Any]
) -> None:
    assert verdict(of_a_package, {}, SAME, **names) == ("rejected", ["unlisted_name"])
    assert verdict(of_a_package, {}, **names) == ("depends", ["unlisted_name"])


@pytest.mark.parametrize("name", ["OtherForCausalLM", "OtherModel", "NewForSequenceClassification", "OldLMHeadModel"])
def test_of_a_family_of_which_there_are_other_classes_it_depends(of_a_package: Path, name: str) -> None:
    assert verdict(of_a_package, {}, model_type="mix", architectures=[name]) == ("depends", ["unlisted_name"])


def test_where_the_table_was_made_with_all_that_the_release_allows_it_is_rejected_without_a_fact(
    of_a_package: Path,
) -> None:
    place = of_a_package / "corpora" / "demo" / "models.discovered.json"
    table = json.loads(place.read_text())
    table["named"]["packages.other"]["names"] = {"0.9": {}, "1.0": {"newest": True}}
    place.write_text(json.dumps(table))
    names = {"model_type": "mix", "architectures": ["FarForCausalLM"]}
    assert verdict(of_a_package, {}, **names) == ("rejected", ["unlisted_name"])
    assert verdict(of_a_package, {}, {"packages.other": "0.9"}, **names) == ("rejected", ["unlisted_name"])
    assert verdict(of_a_package, {}, {"packages.other": "1.1"}, **names) == ("depends", ["unlisted_name"])
    own = {"model_type": "far", "architectures": ["Old"], "auto_map": CODE}
    assert verdict(of_a_package, {}, **own) == ("rejected", ["own_code"])


def test_with_another_version_of_the_package_it_depends(of_a_package: Path) -> None:
    names = {"model_type": "mix", "architectures": ["FarForCausalLM"]}
    assert verdict(of_a_package, {}, {"packages.other": "2.0"}, **names) == ("depends", ["unlisted_name"])
    assert verdict(of_a_package, {}, {"packages.other": "1.0"}, **names) == ("rejected", ["unlisted_name"])


@pytest.mark.parametrize("given", [{}, {"trust": False}])
def test_code_of_the_models_own_that_is_not_asked_for_is_told_with_the_argument(
    of_a_package: Path, given: dict[str, Any]
) -> None:
    names = {"model_type": "far", "architectures": ["Old"], "auto_map": CODE}
    assert verdict(of_a_package, given, SAME, **names) == ("rejected", ["own_code"])
    assert verdict(of_a_package, {}, **names) == ("depends", ["own_code"])
    assert verdict(of_a_package, {**given, "trust": True}, **names)[1] == []
    assert verdict(of_a_package, given, {"packages.other": "2.0"}, **names)[1] == ["unlisted_name"]


def test_a_type_that_is_known_needs_no_code_and_what_its_own_model_class_does_is_open(of_a_package: Path) -> None:
    known = {"model_type": "mix", "auto_map": CODE}
    assert verdict(of_a_package, {}, **known, architectures=["Old"])[1] == []
    assert verdict(of_a_package, {"trust": True}, **known, architectures=["Far"])[1] == ["unlisted_name"]


@pytest.mark.parametrize(
    ("name", "shared"),
    [
        ("LlamaForCausalLM", "Llama"),
        ("LlamaModel", "Llama"),
        ("GPT2LMHeadModel", "GPT2"),
        ("InternVLChatModel", "InternVL"),
        ("Model", "Model"),
        ("ForCausalLM", "ForCausalLM"),
        ("BertForMaskedLM", "Bert"),
        ("Whisper", "Whisper"),
    ],
)
def test_a_family_is_what_the_names_of_its_classes_begin_with(name: str, shared: str) -> None:
    assert family(name) == shared
