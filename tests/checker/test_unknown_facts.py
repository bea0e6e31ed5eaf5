"""A fact that nobody gave is unknown: it rejects nothing, and the verdict says what depends on it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.compiled import compile_corpus
from pytest_llem_invariants.checker.core import ANOTHER
from pytest_llem_invariants.cli import main
from pytest_llem_invariants.corpus.files import field_resolver, parse_proposed, render_proposed
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import ContextField, Corpus, Rule, Severity
from pytest_llem_invariants.ssot import read_ssot
from tests.checker.demo import SCHEMA, SERVE, SSOT, checker_from, corpus_of, rule
from tests.checker.test_agreement import CONFIGS, rules

OPEN = {"platform": ContextField("cpu", ("cpu", "cuda"), assumed=False)}


def on(identity: str, platform: Mapping[str, Any], **more: Any) -> Rule:
    return rule(identity, {"graphs": {"truthy": True}, "platform": platform}, native_type=SERVE, **more)


def open_checker(*drawn: Rule) -> Checker:
    corpus = replace(corpus_of(drawn), context=OPEN)
    return checker_from(compile_corpus(corpus, schema=SCHEMA))


def test_a_rule_over_an_unknown_fact_is_no_violation_and_is_named() -> None:
    checker = open_checker(on("of_cpu", {"==": "cpu"}))
    verdict = checker.check(SERVE, {"graphs": True})
    assert (verdict.ok, verdict.status, verdict.violations) == (True, "depends", ())
    assert [(one.facts, one.rule_id) for one in verdict.depends] == [(("platform",), "of_cpu")]
    assert verdict.as_dict()["depends"][0]["facts"] == ["platform"]
    assert checker.check(SERVE, {"graphs": False}).status == "accepted"


def test_a_given_fact_decides() -> None:
    checker = open_checker(on("of_cpu", {"==": "cpu"}))
    rejected = checker.check(SERVE, {"graphs": True}, context={"platform": "cpu"})
    assert (rejected.status, [one.rule_id for one in rejected.errors], rejected.depends) == ("rejected", ["of_cpu"], ())
    accepted = checker.check(SERVE, {"graphs": True}, context={"platform": "cuda"})
    assert (accepted.status, accepted.depends) == ("accepted", ())


def test_what_is_rejected_in_every_world_is_rejected() -> None:
    everywhere = open_checker(on("of_cpu", {"==": "cpu"}), on("of_others", {"!=": "cpu"}))
    assert {one.rule_id for one in everywhere.check(SERVE, {"graphs": True}).errors} == {"of_cpu", "of_others"}
    # There are more platforms than those that rules were proven on.
    known = open_checker(on("of_cpu", {"==": "cpu"}), on("of_cuda", {"==": "cuda"}))
    assert known.check(SERVE, {"graphs": True}).status == "depends"


def test_a_platform_that_only_rules_name_is_a_world_too() -> None:
    but_one = on("but_rocm", {"not_in": ["rocm"]})
    assert open_checker(but_one).check(SERVE, {"graphs": True}).status == "depends"
    only_one = on("only_rocm", {"==": "rocm"})
    verdict = open_checker(but_one, only_one).check(SERVE, {"graphs": True})
    assert {one.rule_id for one in verdict.errors} == {"but_rocm", "only_rocm"}
    warned = on("warned", {"!=": "rocm"}, severity=Severity.WARN)
    told = open_checker(warned).check(SERVE, {"graphs": True})
    assert (told.violations, [one.rule_id for one in told.depends]) == ((), ["warned"])


def test_a_rule_that_no_world_satisfies_is_not_told() -> None:
    never = open_checker(on("never", {"==": "cpu", "!=": "cpu"}))
    assert never.check(SERVE, {"graphs": True}).depends == ()


def test_a_warning_over_an_unknown_fact_leaves_a_config_accepted() -> None:
    verdict = open_checker(on("warned", {"==": "cpu"}, severity=Severity.WARN)).check(SERVE, {"graphs": True})
    assert (verdict.status, verdict.violations, len(verdict.depends)) == ("accepted", (), 1)


def test_what_a_nested_config_depends_on_is_told_from_outside() -> None:
    of_cache = rule("cached", {"block_size": {"==": 7}, "platform": {"==": "cpu"}}, native_type="demo.Cache")
    (one,) = open_checker(of_cache).check(SERVE, {"cache": {"block_size": 7}}).depends
    assert (one.violation.path, one.violation.fields) == (("cache",), ("cache.block_size",))


def test_the_file_of_the_engine_says_what_an_older_corpus_assumes(tmp_path: Path) -> None:
    path = tmp_path / "demo.yaml"
    path.write_text(SSOT.replace("default: cpu,", "default: cpu, assumed: false,"))
    checker = checker_from(compile_corpus(corpus_of(), schema=SCHEMA, ssot=read_ssot(path)))
    assert checker.context == {}
    assert checker.check(SERVE, {"graphs": True}).status == "depends"


def test_a_corpus_keeps_what_is_not_assumed() -> None:
    text = render_proposed(replace(corpus_of(), context=OPEN))
    assert parse_proposed(text).context == OPEN


@pytest.mark.parametrize("pair", [("cpu", "cuda"), ("cpu", None)])
def test_a_sweep_keeps_what_some_world_accepts(pair: tuple[str, str | None]) -> None:
    first, other = pair
    drawn = (
        on("one", {"==": first}),
        rule(
            "two",
            {"offload": {">": 1}, "platform": {"!=": "cpu"} if other is None else {"==": other}},
            native_type=SERVE,
        ),
    )
    checker = open_checker(*drawn)
    grid = {"graphs": [True, False], "offload": [1, 2], "tensor_parallel_size": [1, 2]}
    pruned = checker.prune(grid, native_type=SERVE)
    every = [
        {"graphs": g, "offload": o, "tensor_parallel_size": t} for g in (True, False) for o in (1, 2) for t in (1, 2)
    ]
    expected = [config for config in every if checker.check(SERVE, config).ok]
    assert list(pruned) == expected
    assert (pruned.valid, sum(pruned.by_rule.values())) == (len(expected), pruned.total - len(expected))
    assert len(expected) == (8 if other else 6)
    assert checker.prune(grid, native_type=SERVE, context={"platform": "cpu"}).valid == 4


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(rules(), min_size=1, max_size=4), CONFIGS)
def test_what_is_rejected_without_a_fact_is_rejected_whatever_it_is(drawn: list[Rule], config: dict[str, Any]) -> None:
    numbered = tuple(replace(rule, id=f"r{number}") for number, rule in enumerate(drawn))
    checker = checker_from(compile_corpus(Corpus("1.2.0", "e", "1.0", "2026-01-01T00:00:00Z", numbered, OPEN)))
    worlds = [
        {
            rule.id
            for rule in numbered
            if compile_match(rule.match, context_fields=OPEN, resolve=field_resolver(rule))(config, {"platform": value})
        }
        for value in ("cpu", "cuda", ANOTHER)
    ]
    errors = {rule.id for rule in numbered if rule.severity is Severity.ERROR}
    verdict = checker.check("lib.Thing", config)
    told = {one.rule_id for one in verdict.violations}
    assert verdict.ok or all(world & errors for world in worlds)
    assert told | {one.rule_id for one in verdict.depends} >= set.union(*worlds)


def test_the_command_says_it_in_one_line_and_exits_with_0(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "engine_versions" / "demo.yaml").write_text(
        SSOT.replace("default: cpu,", "default: cpu, assumed: false,")
    )
    (project / "serve.yaml").write_text("model: m\ngraphs: true\n")
    assert main(["check", "--root", ".", "serve.yaml"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "? depends  serve.yaml  demo 2.0 · certification full · rules from ., not the packaged ones",
        "  depends on the platform (1 rule) — pass --platform",
    ]
    assert main(["check", "--root", ".", "--format", "json", "serve.yaml"]) == 0
    (document,) = json.loads(capsys.readouterr().out)["documents"]
    assert (document["ok"], document["status"], document["depends"][0]["rule_id"]) == (True, "depends", "cuda_only")
    assert main(["check", "--root", ".", "--format", "sarif", "serve.yaml"]) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert run["results"] == []
    assert [one["rule_id"] for one in run["properties"]["depends"]["serve.yaml"]] == ["cuda_only"]
    assert main(["check", "--root", ".", "--format", "github", "serve.yaml"]) == 0
    assert capsys.readouterr().out.startswith("::notice file=serve.yaml,title=depends::depends on the platform")
    assert main(["explain", "--root", ".", "cuda_only"]) == 0
    assert "platform (if it is not given, the verdict depends on it)" in capsys.readouterr().out
