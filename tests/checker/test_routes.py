from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants import Checker, Violation
from pytest_llem_invariants.checker.routes import RoutingError
from pytest_llem_invariants.checker.verdict import remark_of
from pytest_llem_invariants.corpus.files import render_proposed
from tests.checker.demo import SERVE, corpus_of, rule

pytestmark = pytest.mark.usefixtures("project")


def told(config: dict[str, Any], **how: Any) -> list[tuple[str, tuple[str | int, ...], tuple[str, ...]]]:
    verdict = Checker.load("demo", root=".").check_config(config, **how)
    return [(violation.rule_id, violation.path, violation.fields) for violation in verdict.violations]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"tensor-parallel-size": 0}, [("tp_low", ("tensor-parallel-size",), ("tensor-parallel-size",))]),
        ({"tensor_parallel_size": "0", "port": 80}, [("tp_low", ("tensor_parallel_size",), ("tensor_parallel_size",))]),
        ({"tp": 0}, [("tp_low", ("tp",), ("tp",))]),
        ({"graphs": True}, [("cuda_only", ("graphs",), ("graphs", "platform"))]),
        ({"model": "m", "no-graphs": True}, []),
        ({"no-graphs": False, "model": "m"}, [("cuda_only", ("no-graphs",), ("no-graphs", "platform"))]),
        (
            {"model": "m", "cache": '{"block_size": 7}'},
            [("cache_block", ("cache", "block_size"), ("cache.block_size",))],
        ),
        (
            {"model": "m", "cache.block_size": 7},
            [("cache_block", ("cache.block_size",), ("cache.block_size",))],
        ),
        (
            {"model": "m", "cache.block_size": 8, "cache.blok_size": 7},
            [("unknown_field", ("cache.blok_size",), ("cache.blok_size",))],
        ),
        ({"model": "m", "tp": "auto"}, []),
        ({"model": "m", "cache": {"block_size": 16}}, []),
        ({"temperature": -1}, [("temperature_below_0", ("temperature",), ("temperature",))]),
        (
            {"messages": [], "max_completion_tokens": 3, "min_tokens": 4, "stream": True},
            [("min_above_max", ("min_tokens",), ("min_tokens", "max_completion_tokens"))],
        ),
        (
            {"messages": [], "temperature": None, "extra_body": {"top_p": 0}},
            [("top_p_low", ("extra_body", "top_p"), ("extra_body.top_p",))],
        ),
        (
            {"quantization": {"method": "cache", "block_size": 3}},
            [("cache_block", ("quantization", "block_size"), ("quantization.block_size",))],
        ),
        (
            {"messages": [], "extra_body": {"temprature": 1}, "tools": []},
            [("unknown_field", ("extra_body", "temprature"), ("extra_body.temprature",))],
        ),
        ({"messages": [], "best_of": 2}, [("removed_field", ("best_of",), ("best_of",))]),
    ],
)
def test_what_people_write_reaches_the_class_and_keeps_its_place(config: dict[str, Any], expected: Any) -> None:
    # The platform is a fact outside the config: it is named as a value, not as a field.
    assert told(config) == [
        (rule, path, tuple(field for field in fields if field != "platform")) for rule, path, fields in expected
    ]


def test_what_a_reader_ignores_is_remarked_on_and_rejects_nothing() -> None:
    verdict = Checker.load("demo", root=".").check_config({"messages": [], "temprature": -1, "best_of": 2})
    assert verdict.ok
    assert [violation.severity for violation in verdict.violations] == ["warn", "warn"]


def test_a_word_that_chooses_no_class_is_remarked_on_at_its_place_in_the_words_of_the_routes() -> None:
    verdict = Checker.load("demo", root=".").check_config({"quantization": {"method": "cachy", "block_size": 9}})
    assert verdict.ok
    (said,) = verdict.violations
    assert (said.rule_id, said.severity, said.path) == ("unknown_word", "warn", ("quantization", "method"))
    assert (said.message, said.suggestion) == ("cachy is unknown: nothing is quantised", "did you mean cache?")


@pytest.mark.parametrize("value", [{"method": "x", "in_8bit": True}, {"method": 1}, {}])
def test_nothing_is_said_of_a_word_where_something_else_chooses_the_class(value: dict[str, Any]) -> None:
    assert Checker.load("demo", root=".").check_config({"quantization": value}).violations == ()


def test_what_another_document_says_is_not_missing_here(project: Path) -> None:
    path = project / "corpora/demo/invariants.proposed.yaml"
    path.write_text(render_proposed(corpus_of([rule("model_needed", {"model": {"absent": True}}, native_type=SERVE)])))
    (path.parent / "invariants.validated.yaml").unlink()
    checker = Checker.load("demo", root=".")
    assert not checker.check(SERVE, {"graphs": True}).ok
    assert checker.check_config({"graphs": True}).ok
    assert not checker.check_config({"model": None, "graphs": True}).ok


def test_a_form_can_be_named() -> None:
    assert [rule for rule, _, _ in told({"n": 2, "temperature": 0}, form="sampling")] == ["greedy_n"]
    assert [rule for rule, _, _ in told({"block_size": 3}, form="Cache")] == ["cache_block"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["demo", "serve", "M", "--tensor-parallel-size", "0"], ["tp_low"]),
        (["/usr/bin/demo", "serve", "M", "-tp=0"], ["tp_low"]),
        (["demo", "serve", "M", "-tp", "-1"], ["tp_low"]),
        (["demo", "serve", "M", "--graphs"], ["cuda_only"]),
        (["demo", "serve", "M", "--no-graphs", "--port", "80"], []),
        (["demo", "serve", "--model", "M", "--cache", '{"block_size": 9}'], ["cache_block"]),
        (["demo", "serve", "M", "--cache.block_size", "9"], ["cache_block"]),
        (["demo", "serve", "M", "--cache.block_size=8K"], []),
        (["demo", "serve", "M", "--cache.block_size", "1.5k"], ["cache_block"]),
        (["demo", "serve", "M", "--cache.block_size", "8", "--cache.ways+", "1,2"], []),
        (["demo", "serve", "M", "-z0"], ["tp_low"]),
        (["demo", "serve", "M", "-tp", "2K"], []),
        (["demo", "serve", "M", "--tensor-paralel-size", "2"], ["unknown_field"]),
    ],
)
def test_a_command_line_is_read_as_the_command_would(words: list[str], expected: list[str]) -> None:
    verdict = Checker.load("demo", root=".").check_command(words)
    assert [violation.rule_id for violation in verdict.violations] == expected


def test_the_config_file_of_a_command_line_stands_below_its_options() -> None:
    checker = Checker.load("demo", root=".")
    file = {"tensor-parallel-size": 0, "graphs": True}
    words = ["demo", "serve", "M", "--config", "serve.yaml"]
    told = [one.rule_id for one in checker.check_command(words, read=lambda name: file).violations]
    assert told == ["tp_low", "cuda_only"]
    told = [one.rule_id for one in checker.check_command([*words, "-tp", "2"], read=lambda name: file).violations]
    assert told == ["cuda_only"]
    assert checker.check_command(words).ok


def test_an_unknown_command_is_told_with_the_known_ones() -> None:
    with pytest.raises(RoutingError, match="known are demo serve"):
        Checker.load("demo", root=".").check_command(["demo", "bench"])


def test_violations_compare_by_what_they_say() -> None:
    rule = {**remark_of("r", "error", "s", "", "full"), "words": [["str", "a"]]}

    def one(value: int) -> Violation:
        return Violation(rule, "t", ("a",), {"a": value})

    assert one(1) == one(1)
    assert one(1) != one(2)
