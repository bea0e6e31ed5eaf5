"""What a parser makes of options before a class sees them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.compiled import compile_corpus
from pytest_llem_invariants.ssot import read_ssot
from tests.checker.demo import SCHEMA, SERVE, SSOT, checker_from, corpus_of, parameter, rule

WORDS = rule("not_a_list", {"names": {"type_is_not": "list"}}, native_type=SERVE)
LISTS = {"names": parameter("list"), "tensor_limit": parameter("int")}


@pytest.fixture
def checker(tmp_path: Path) -> Checker:
    return _checker(tmp_path, "2.0")


def _checker(folder: Path, version: str) -> Checker:
    path = folder / "demo.yaml"
    more = 'flags: true\n      abbreviations: true\n      versions: {"<2": {ignore: [silent], fields: {s: swap}}}'
    path.write_text(SSOT.replace("flags: true", more))
    engine = {**SCHEMA["engine_params"], SERVE: {**SCHEMA["engine_params"][SERVE], **LISTS}}
    schema = {**SCHEMA, "engine_params": engine}
    return checker_from(
        compile_corpus(corpus_of([*corpus_of().rules, WORDS], version), schema=schema, ssot=read_ssot(path))
    )


def found(checker: Checker, *words: str) -> list[tuple[str, tuple[str, ...]]]:
    verdict = checker.check_command(["demo", "serve", *words])
    return [(one.rule_id, one.fields) for one in verdict.violations]


def test_the_beginning_of_one_option_stands_for_it(checker: Checker) -> None:
    assert found(checker, "m", "--tensor-parallel", "0") == [("tp_low", ("--tensor-parallel",))]
    assert found(checker, "m", "--por", "80") == []
    assert found(checker, "m", "--no-gra") == []


def test_the_beginning_of_several_options_stands_for_none(checker: Checker) -> None:
    assert found(checker, "m", "--tensor", "1") == [("unknown_field", ("--tensor",))]
    assert found(checker, "m", "--parallel-size", "1") == [("unknown_field", ("--parallel-size",))]


def test_an_option_of_the_server_may_be_negated(checker: Checker) -> None:
    assert found(checker, "m", "--no-port") == []
    assert found(checker, "m", "--no-harbour") == [("unknown_field", ("--no-harbour",))]


def test_one_value_of_an_option_that_takes_many_is_a_list_of_one(checker: Checker) -> None:
    assert found(checker, "m", "--names", "a") == []
    assert found(checker, "m", "--names", "a", "b") == []
    verdict = checker.check_config({"model": "m", "names": "a"}, form="serve")
    assert verdict.ok


def test_an_option_that_only_other_versions_have_is_unknown(tmp_path: Path) -> None:
    assert found(_checker(tmp_path, "2.0"), "m", "--silent") == [("unknown_field", ("--silent",))]
    earlier = _checker(tmp_path, "1.9")
    assert found(earlier, "m", "--silent") == found(earlier, "m", "--no-silent") == []
    told: Any = found(earlier, "m", "-s", "1")
    assert told == [("deprecated_field", ("-s",))]
