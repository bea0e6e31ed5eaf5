"""A fact that nobody gave is unknown: it rejects nothing, and the verdict says what depends on it."""

from __future__ import annotations

import copy
import json
import pickle
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.compiled import compile_corpus
from pytest_llem_invariants.cli import main
from pytest_llem_invariants.corpus.files import field_resolver, parse_proposed, render_proposed
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.language.expressions import parse
from pytest_llem_invariants.language.predicates import compile_match, referenced_fields
from pytest_llem_invariants.model import Clause, ContextField, Corpus, Match, Rule, Severity
from pytest_llem_invariants.ssot import read_ssot
from tests.checker.demo import SCHEMA, SERVE, SSOT, checker_from, corpus_of, rule
from tests.checker.test_agreement import CONFIGS, FIELDS, SUBJECTS, build, clauses

OPEN = {
    "platform": ContextField("cpu", ("cpu", "cuda"), assumed=False, type="str"),
    "device.count": ContextField(8, (1, 2, 8), assumed=False, type="int"),
    "device.capability": ContextField(9.0, (7.5, 9.0), assumed=False, type="float"),
    "model.arch.heads": ContextField(4, (4, 12, 40), assumed=False, type="int"),
    "model.files.params": ContextField(False, (False, True), assumed=False, type="bool"),
}
WORDS: dict[str, tuple[Any, ...]] = {
    "platform": ("cpu", "cuda", "rocm", None),
    "device.count": (1, 2, 8, None),
    "device.capability": (7.5, 9.0, 9, None),
    "model.arch.heads": (0, 1, 4, 12, 10**400, None),
    "model.files.params": (False, True),
}
"""What each of the facts may be; a model may have no heads, and a machine no capability."""


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


def test_what_depends_is_said_of_the_config_as_it_was_checked() -> None:
    checker, config = open_checker(on("of_cpu", {"==": "cpu"})), {"graphs": True}
    verdict = checker.check(SERVE, config)
    config["graphs"] = False
    (one,) = verdict.depends
    assert one.violation.values == {"graphs": True}
    assert copy.deepcopy(one) == one == pickle.loads(pickle.dumps(one))


@pytest.mark.parametrize(
    ("fields", "decides", "fix"),
    [
        (
            {"model.arch.heads": {"not_divisible_by": "@tensor_parallel_size"}},
            "model.arch.heads is not divisible by 3",
            "set tensor_parallel_size to a divisor of model.arch.heads (32)",
        ),
        (
            {"model.arch.heads % tensor_parallel_size": {"!=": 0}},
            "model.arch.heads % 3 != 0",
            "set tensor_parallel_size to a divisor of model.arch.heads (32)",
        ),
        (
            {"offload": {">": "@model.arch.heads"}},
            "40 > model.arch.heads",
            "set offload to at most model.arch.heads (32)",
        ),
        (
            {"model.arch.heads": {"<": "@offload"}},
            "model.arch.heads < 40",
            "set offload to at most model.arch.heads (32)",
        ),
        ({"model.arch.heads": {">": 8}, "graphs": {"==": True}}, "model.arch.heads > 8", "turn graphs off"),
        (
            {"model.arch.heads * tensor_parallel_size": {">": 8}},
            "model.arch.heads * 3 > 8",
            "change tensor_parallel_size",
        ),
    ],
    ids=str,
)
def test_what_would_decide_and_what_to_change_is_told_in_values(fields: dict[str, Any], decides: str, fix: str) -> None:
    checker = open_checker(rule("one", fields, native_type=SERVE))
    config = {"tensor_parallel_size": 3, "offload": 40, "graphs": True}
    assert [one.decides for one in checker.check(SERVE, config).depends] == [decides]
    (violation,) = checker.check(SERVE, config, context={"model.arch.heads": 32}).violations
    assert (violation.suggestion, violation.facts) == (fix, {"model.arch.heads": 32})
    assert violation.as_dict()["beside"] == {"model.arch.heads": 32}


def test_a_given_fact_decides() -> None:
    checker = open_checker(on("of_cpu", {"==": "cpu"}))
    rejected = checker.check(SERVE, {"graphs": True}, context={"platform": "cpu"})
    assert (rejected.status, [one.rule_id for one in rejected.errors], rejected.depends) == ("rejected", ["of_cpu"], ())
    accepted = checker.check(SERVE, {"graphs": True}, context={"platform": "cuda"})
    assert (accepted.status, accepted.depends) == ("accepted", ())


def test_a_rule_of_which_nothing_but_the_platform_is_given_is_silent() -> None:
    """Else every config on a GPU would depend on a model that this version refuses whatever is written."""
    fields = {"graphs": {"falsy": True}, "platform": {"==": "cuda"}, "model.arch.heads": {"==": 12}}
    checker = open_checker(rule("of_such_a_model", fields, native_type=SERVE))
    on_cuda = {"platform": "cuda"}
    assert checker.check(SERVE, {}, context=on_cuda).status == "accepted"
    assert checker.check(SERVE, {"graphs": False}, context=on_cuda).status == "depends"
    assert checker.check(SERVE, {}, context={"model.arch.heads": 12}).status == "depends"
    assert checker.check(SERVE, {}, context={**on_cuda, "model.arch.heads": 12}).status == "rejected"


def test_rules_that_cover_every_value_of_a_fact_leave_it_open() -> None:
    covering = open_checker(on("of_cpu", {"==": "cpu"}), on("of_others", {"!=": "cpu"}))
    verdict = covering.check(SERVE, {"graphs": True})
    assert (verdict.status, [one.rule_id for one in verdict.depends]) == ("depends", ["of_cpu", "of_others"])


def test_what_is_known_to_be_false_leaves_nothing_open() -> None:
    both = rule(
        "both", {"graphs": {"==": True}, "platform": {"==": "cpu"}, "device.count": {">": 1}}, native_type=SERVE
    )
    checker, config = open_checker(both), {"graphs": True}
    assert checker.check(SERVE, config).depends[0].facts == ("platform", "device.count")
    assert checker.check(SERVE, config, context={"platform": "cpu"}).depends[0].facts == ("device.count",)
    assert checker.check(SERVE, config, context={"platform": "cuda"}).status == "accepted"
    assert checker.check(SERVE, config, context={"device.count": 1}).status == "accepted"
    assert checker.check(SERVE, config, context={"device.count": 2, "platform": "cpu"}).status == "rejected"


def test_a_fact_is_read_under_its_whole_name_and_not_out_of_the_config() -> None:
    uneven = rule("uneven", {"model.arch.heads % tensor_parallel_size": {"!=": 0}}, native_type=SERVE)
    longer = rule("longer", {"offload": {">": "@model.arch.heads"}}, native_type=SERVE)
    checker = open_checker(uneven, longer)
    config = {"model": {"arch": {"heads": 1}}, "tensor_parallel_size": 3, "offload": 5}
    assert [one.rule_id for one in checker.check(SERVE, config).depends] == ["uneven", "longer"]
    known = checker.check(SERVE, config, context={"model.arch.heads": 4})
    assert [one.rule_id for one in known.violations] == ["uneven", "longer"]
    assert known.violations[0].values["model.arch.heads"] == 4
    assert checker.check(SERVE, config, context={"model.arch.heads": 6}).status == "accepted"


@pytest.mark.parametrize(
    ("fields", "config"),
    [
        ({"model.arch.heads % tensor_parallel_size": {"!=": 0}}, {"tensor_parallel_size": 1}),
        ({"model.arch.heads % tensor_parallel_size": {"!=": 0}}, {}),
        ({"model.arch.heads": {"not_divisible_by": "@tensor_parallel_size"}}, {"tensor_parallel_size": 1}),
        ({"model.arch.heads * offload": {">": 8}}, {"offload": None}),
        ({"offload": {">": "@model.arch.heads"}}, {"offload": None}),
        ({"offload": {">": "@model.arch.heads"}}, {"offload": 0}),
        ({"model.arch.heads": {"<": "@offload"}}, {"offload": 0}),
        ({"offload": {"==": "@device.count"}}, {"offload": 0}),
        ({"tensor_parallel_size * 1": {">": "@device.count"}}, {}),
        ({"device.count": {"<": 1}}, {}),
        ({"device.count * model.arch.heads": {"<": 0}}, {}),
    ],
    ids=str,
)
def test_what_no_value_of_a_fact_makes_true_is_not_told(fields: dict[str, Any], config: dict[str, Any]) -> None:
    one = rule("one", fields, native_type=SERVE, defaults={"tensor_parallel_size": 1})
    assert open_checker(one).check(SERVE, config).depends == ()


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


@pytest.mark.parametrize(
    ("fields", "config"),
    [
        ({"model.arch.heads % tensor_parallel_size": {"!=": 0}}, {"tensor_parallel_size": 2}),
        ({"device.capability % tensor_parallel_size": {"!=": 0}}, {"tensor_parallel_size": 1}),
        ({"model.arch.heads / offload % tensor_parallel_size": {"!=": 0}}, {"tensor_parallel_size": 1, "offload": 2}),
        ({"model.arch.heads": {"not_divisible_by": "@tensor_parallel_size"}}, {"tensor_parallel_size": 2}),
        ({"graphs": {"==": True}, "model.arch.heads": {"absent": True}}, {"graphs": True}),
        ({"graphs": {"==": True}, "model.arch.heads": {"<=": 0}}, {"graphs": True}),
        ({"offload": {">=": "@model.arch.heads"}}, {"offload": 0}),
        ({"offload": {">": "@device.count"}}, {"offload": 2}),
        ({"graphs": {"==": True}, "model.arch.heads - 1": {"<": 0}}, {"graphs": True}),
        ({"model.arch.heads % offload": {"absent": True}}, {"offload": 1}),
        ({"offload": {"in": "@platform"}}, {"offload": 1}),
    ],
    ids=str,
)
def test_what_some_value_of_a_fact_may_make_true_is_told(fields: dict[str, Any], config: dict[str, Any]) -> None:
    assert open_checker(rule("one", fields, native_type=SERVE)).check(SERVE, config).status == "depends"


@pytest.mark.parametrize(
    ("fact", "value", "kind"),
    [
        ("model.arch.heads", "12", "an integer"),
        ("model.arch.heads", 12.5, "an integer"),
        ("model.arch.heads", True, "an integer"),
        ("device.capability", "9.0", "a number"),
        ("platform", 3, "a text"),
        ("model.files.params", 1, "true or false"),
    ],
)
def test_a_fact_of_the_wrong_type_is_an_error_that_names_it(fact: str, value: Any, kind: str) -> None:
    checker = open_checker(on("of_cpu", {"==": "cpu"}))
    message = re.escape(f"the fact {fact} is {value!r}, not {kind}")
    with pytest.raises(LlemError, match=message):
        checker.check(SERVE, {}, context={fact: value})
    with pytest.raises(LlemError, match=message):
        checker.prune({"graphs": [True]}, native_type=SERVE, context={fact: value})


@pytest.mark.parametrize(("fact", "value", "least"), [("model.arch.heads", -1, 0), ("device.count", 0, 1)])
def test_a_count_that_counts_nothing_is_an_error_that_names_it(fact: str, value: int, least: int) -> None:
    with pytest.raises(LlemError, match=re.escape(f"the fact {fact} is {value}, which is less than {least}")):
        open_checker().check(SERVE, {}, context={fact: value})


def test_a_fact_from_text_is_what_it_is_declared_to_be() -> None:
    checker = open_checker(on("of_cpu", {"==": "cpu"}))
    given = {"model.arch.heads": "12", "device.capability": "8.6", "model.files.params": "true", "platform": "rocm"}
    expected = {"model.arch.heads": 12, "device.capability": 8.6, "model.files.params": True, "platform": "rocm"}
    assert checker.context_from(given) == expected
    for heads in ("many", "1" * 5000):
        with pytest.raises(LlemError, match=r"the fact model\.arch\.heads is .*, not an integer"):
            checker.context_from({"model.arch.heads": heads})


def test_a_sweep_keeps_what_some_world_accepts() -> None:
    uneven = rule("uneven", {"model.arch.heads % tensor_parallel_size": {"!=": 0}}, native_type=SERVE)
    checker = open_checker(uneven, on("of_cpu", {"==": "cpu"}), rule("low", {"offload": {"<": 1}}, native_type=SERVE))
    grid = {"graphs": [True, False], "offload": [0, 1], "tensor_parallel_size": [1, 2, 3]}
    for context, valid in (
        ({}, 6),
        ({"platform": "cpu"}, 3),
        ({"model.arch.heads": 4}, 4),
        ({"platform": "cpu", "model.arch.heads": 4}, 2),
    ):
        pruned = checker.prune(grid, native_type=SERVE, context=context)
        every = [
            {"graphs": g, "offload": o, "tensor_parallel_size": t}
            for g in (True, False)
            for o in (0, 1)
            for t in (1, 2, 3)
        ]
        assert list(pruned) == [one for one in every if checker.check(SERVE, one, context=context).ok]
        assert (pruned.valid, sum(pruned.by_rule.values())) == (valid, pruned.total - valid)


FACTS = st.sampled_from(
    [
        *OPEN,
        "model.arch.heads % a",
        "a % model.arch.heads",
        "model.arch.heads * b - 1",
        "model.arch.heads / b",
        "-model.arch.heads",
        "device.count * model.arch.heads",
        "max(a, model.arch.heads)",
        "abs(device.count)",
        "number(platform)",
        "len(platform)",
        "each(a) * model.arch.heads",
        "each(a) % device.capability",
        "each(platform)",
        "n.x // device.count",
    ]
)
REFERENCES = st.sampled_from(
    [
        "@model.arch.heads",
        "@device.count * 2",
        "@device.capability",
        "@platform",
        "@model.arch.heads % b",
        "@len(platform)",
    ]
)


def over_facts() -> st.SearchStrategy[Rule]:
    ops = st.sampled_from(["<", "<=", ">", ">=", "==", "!=", "in", "not_in", "divisible_by", "not_divisible_by"])
    asked = st.lists(st.one_of(clauses(), st.builds(Clause, ops, REFERENCES)), min_size=1, max_size=2)
    subjects = st.one_of(FACTS, FACTS, SUBJECTS)
    defaults = st.dictionaries(st.sampled_from([*FIELDS, *OPEN]), st.integers(0, 2), max_size=2)
    return st.builds(
        build, st.dictionaries(subjects, asked, min_size=1, max_size=3), defaults, st.sampled_from(Severity)
    )


def without(drawn: Rule, unknown: set[str]) -> Rule:
    """What of a rule is known without some facts: its other clauses."""

    def is_known(subject: str, clause: Clause) -> bool:
        return unknown.isdisjoint(referenced_fields(Match("e", {subject: (clause,)})))

    known = {
        subject: tuple(clause for clause in asked if is_known(subject, clause))
        for subject, asked in drawn.match.fields.items()
        if unknown.isdisjoint(parse(subject).fields)
    }
    return replace(
        drawn, match=replace(drawn.match, fields={subject: asked for subject, asked in known.items() if asked})
    )


def is_silent(drawn: Rule, config: Mapping[str, Any], known: set[str]) -> bool:
    """Whether a rule names nothing that is given, or only the platform: any config would depend on it."""
    named = {one if one in OPEN else one.partition(".")[0] for one in referenced_fields(drawn.match)}
    return named.isdisjoint({*config, *known} - {"platform"})


def triggered(drawn: Rule, config: Mapping[str, Any], world: Mapping[str, Any]) -> bool:
    resolve = field_resolver(drawn, context=OPEN)
    return compile_match(drawn.match, context_fields=OPEN, resolve=resolve)(config, world)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(over_facts(), min_size=1, max_size=4),
    CONFIGS,
    st.sets(st.sampled_from(list(OPEN))),
    st.lists(st.fixed_dictionaries({name: st.sampled_from(words) for name, words in WORDS.items()}), min_size=1),
)
def test_what_is_told_without_a_fact_holds_whatever_it_is(
    drawn: list[Rule], config: dict[str, Any], known: set[str], worlds: list[dict[str, Any]]
) -> None:
    numbered = {f"r{number}": replace(rule, id=f"r{number}") for number, rule in enumerate(drawn)}
    checker = checker_from(
        compile_corpus(Corpus("1.2.0", "e", "1.0", "2026-01-01T00:00:00Z", tuple(numbered.values()), OPEN))
    )
    context = {name: worlds[0][name] for name in known}
    verdict = checker.check("lib.Thing", config, context=context)
    told = {one.rule_id for one in verdict.violations}
    depends = {one.rule_id for one in verdict.depends}
    silent = {name for name, one in numbered.items() if is_silent(one, config, known)}
    for world in worlds:
        fired = {name for name, one in numbered.items() if triggered(one, config, {**world, **context})}
        assert told <= fired <= told | depends | silent
    for name in depends:
        assert triggered(without(numbered[name], set(OPEN) - known), config, context)


def test_the_command_says_it_in_one_line_and_exits_with_0(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "engine_versions" / "demo.yaml").write_text(
        SSOT.replace("default: cpu,", "default: cpu, assumed: false,")
    )
    (project / "serve.yaml").write_text("model: m\ngraphs: true\n")
    assert main(["check", "--root", ".", "serve.yaml"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "? depends  serve.yaml  demo 2.0 · certification full · rules from ., not the packaged ones",
        "  depends on the device (1 rule) — pass --gpu SPEC",
    ]
    assert main(["check", "--root", ".", "--format", "json", "serve.yaml"]) == 0
    (document,) = json.loads(capsys.readouterr().out)["documents"]
    assert (document["ok"], document["status"], document["depends"][0]["rule_id"]) == (True, "depends", "cuda_only")
    assert main(["check", "--root", ".", "--format", "sarif", "serve.yaml"]) == 0
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert run["results"] == []
    assert [one["rule_id"] for one in run["properties"]["depends"]["serve.yaml"]] == ["cuda_only"]
    assert main(["check", "--root", ".", "--format", "github", "serve.yaml"]) == 0
    assert capsys.readouterr().out.startswith("::notice file=serve.yaml,title=depends::depends on the device")
    assert main(["explain", "--root", ".", "cuda_only"]) == 0
    assert "platform (if it is not given, the verdict depends on it)" in capsys.readouterr().out
