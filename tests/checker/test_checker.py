from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants import Checker, Verdict
from pytest_llem_invariants.checker.core import UnknownTypeError
from pytest_llem_invariants.corpus.files import load_proposed
from pytest_llem_invariants.errors import CorpusError, EngineUnavailableError
from pytest_llem_invariants.model import Case, Certification, EnvironmentKind, TypedValue
from tests.checker.demo import RULES, SAMPLING, SCHEMA, SERVE, checker_of, corpus_of, evidence, parameter, rule


def ids(verdict: Verdict) -> list[str]:
    return [violation.rule_id for violation in verdict.violations]


def test_a_config_that_breaks_nothing_gives_one_shared_verdict() -> None:
    checker = checker_of()
    assert checker.check(SAMPLING, {"temperature": 1.0}) is checker.check(SAMPLING, {"top_p": 0.5, "n": 1})


def test_a_violation_tells_what_where_why_and_how_to_fix_it() -> None:
    (violation,) = checker_of().check("Sampling", {"temperature": -1}).violations
    assert violation.as_dict() == {
        "rule_id": "temperature_below_0",
        "severity": "error",
        "native_type": SAMPLING,
        "fields": ["temperature"],
        "values": {"temperature": -1},
        "message": "temperature must be non-negative, got -1.",
        "guard": "demo/params.py:7",
        "suggestion": "set temperature to at least 0",
        "certification": "none",
    }


@pytest.mark.parametrize(
    ("kwargs", "expected"),
    [
        ({}, []),
        ({"temperature": None}, []),
        ({"temperature": True}, []),
        ({"temperature": float("nan")}, ["temperature_is_nan"]),
        ({"min_tokens": 17}, ["min_above_max"]),
        ({"min_tokens": 17, "max_tokens": None}, []),
        ({"min_tokens": 17, "max_tokens": 20}, []),
        ({"max_tokens": 4, "min_tokens": 5}, ["min_above_max"]),
        ({"n": 2, "temperature": 0}, ["greedy_n"]),
        ({"n": 2}, []),
        ({"mode": "slow"}, ["mode_unknown"]),
        ({"top_p": 2, "temperature": -1}, ["temperature_below_0", "top_p_high"]),
        ({"temperature": 0.001}, ["cold"]),
    ],
)
def test_rules_speak_of_what_is_given(kwargs: dict[str, Any], expected: list[str]) -> None:
    assert ids(checker_of().check(SAMPLING, kwargs)) == expected


def test_a_warning_does_not_reject() -> None:
    verdict = checker_of().check(SAMPLING, {"temperature": 0.001})
    assert verdict.ok
    assert [violation.message for violation in verdict.warnings] == ["temperature 0.001 is cold"]


def test_the_context_decides_where_a_rule_asks_for_it() -> None:
    checker = checker_of()
    assert ids(checker.check(SERVE, {"graphs": True})) == ["cuda_only"]
    assert checker.check(SERVE, {"graphs": True}, context={"platform": "cuda"}).ok


def test_a_rule_that_an_empty_config_breaks_is_told_once() -> None:
    needs_model = rule("model_needed", {"model": {"absent": True}}, native_type=SERVE)
    checker = checker_of([needs_model])
    assert ids(checker.check(SERVE, {})) == ["model_needed"]
    assert ids(checker.check(SERVE, {"model": None})) == ["model_needed"]
    assert checker.check(SERVE, {"model": "m"}).ok


def test_any_mapping_will_do() -> None:
    from types import MappingProxyType

    assert not checker_of().check(SAMPLING, MappingProxyType({"top_p": 0})).ok


def test_unknown_classes_are_told_with_the_nearest_one() -> None:
    with pytest.raises(UnknownTypeError, match=r"did you mean 'demo\.Sampling'"):
        checker_of().check("Samplin", {})


def test_a_bare_name_must_be_unique() -> None:
    checker = checker_of([*RULES, rule("other", {"a": {"<": 0}}, native_type="demo.old.Sampling")])
    with pytest.raises(UnknownTypeError, match="write the full name"):
        checker.check("Sampling", {})


# Fields ---------------------------------------------------------------------------------------------------------------


def test_a_name_that_the_library_keeps_to_itself_is_no_unknown_field() -> None:
    assert checker_of(schema=SCHEMA).check(SAMPLING, {"_count": 1}).ok


def test_an_unknown_field_is_an_error_with_a_guess_where_the_class_refuses_it() -> None:
    (violation,) = checker_of(schema=SCHEMA).check(SAMPLING, {"temprature": 1}).violations
    assert (violation.rule_id, violation.severity, violation.suggestion) == (
        "unknown_field",
        "error",
        "did you mean temperature?",
    )


def test_what_looks_like_a_slip_is_a_warning_where_the_class_takes_any_field() -> None:
    checker = checker_of(schema=SCHEMA)
    verdict = checker.check("demo.Cache", {"blok_size": 8})
    assert verdict.ok
    assert ids(verdict) == ["unknown_field"]
    assert checker.check("demo.Cache", {"a_field_of_ones_own": 8}).violations == ()


def test_a_field_without_rules_is_known_from_the_schema() -> None:
    assert checker_of(schema=SCHEMA).check(SAMPLING, {"seed": 3}).violations == ()


def test_a_removed_field_is_told_as_such() -> None:
    older = {**SCHEMA, "engine_version": "1.0", "sampling_params": {SAMPLING: {"best_of": {}}}}
    (violation,) = checker_of(schema=SCHEMA, older=[older]).check(SAMPLING, {"best_of": 2}).violations
    assert violation.rule_id == "removed_field"
    assert "1.0 was the last that had it" in violation.message


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"deprecated": {"by": "max_tokens", "note": None}}, {}),
        ({"description": "How many at most."}, {"description": "How many at most."}),
    ],
)
def test_a_renamed_field_is_told_with_its_new_name(before: dict[str, Any], now: dict[str, Any]) -> None:
    older = {
        **SCHEMA,
        "engine_version": "1.0",
        "sampling_params": {SAMPLING: {"max_new": {**parameter("int"), **before}}},
    }
    fields = {**SCHEMA["sampling_params"][SAMPLING], "max_tokens": {**parameter("int"), **now}}
    newer = {**SCHEMA, "sampling_params": {SAMPLING: fields}}
    (violation,) = checker_of(schema=newer, older=[older]).check(SAMPLING, {"max_new": 2}).violations
    assert (
        violation.message
        == "Sampling.max_new was renamed: demo 2.0 calls it max_tokens, 1.0 was the last to know max_new"
    )
    assert violation.suggestion == "use max_tokens instead"


@pytest.mark.parametrize(
    ("kind", "default", "is_looked_into"),
    [
        ("pydantic_dataclass", {}, True),
        ("msgspec", {}, False),
        ("plain", {}, False),
        ("pydantic_model", {"default": None, "nullable": False}, False),
        ("pydantic_model", {"default": None, "nullable": True}, True),
    ],
)
def test_a_mapping_is_looked_into_where_its_owner_builds_the_class_from_it(
    kind: str, default: dict[str, Any], is_looked_into: bool
) -> None:
    cache = {**SCHEMA["engine_params"][SERVE]["cache"], **default}
    schema = {
        **SCHEMA,
        "native_types": {**SCHEMA["native_types"], SERVE: {"accepts_extra": False, "kind": kind}},
        "engine_params": {**SCHEMA["engine_params"], SERVE: {"cache": cache}},
    }
    assert checker_of(schema=schema).check(SERVE, {"cache": {"block_size": 7}}).ok is not is_looked_into


def test_a_nested_config_may_be_a_typed_value() -> None:
    checker = checker_of(schema=SCHEMA)
    for value in (TypedValue("demo.Cache", {"block_size": 7}), {"$type": "demo.Cache", "kwargs": {"block_size": 7}}):
        (violation,) = checker.check(SERVE, {"cache": value}).violations
        assert (violation.rule_id, violation.path) == ("cache_block", ("cache",))


def test_a_deprecated_field_names_its_successor() -> None:
    (violation,) = checker_of(schema=SCHEMA).check(SERVE, {"swap": 2}).violations
    assert (violation.rule_id, violation.severity, violation.suggestion) == (
        "deprecated_field",
        "warn",
        "use offload instead",
    )


def test_a_nested_class_is_judged_by_its_own_rules() -> None:
    verdict = checker_of(schema=SCHEMA).check(SERVE, {"cache": {"block_size": 7}})
    (violation,) = verdict.violations
    assert (violation.rule_id, violation.fields) == ("cache_block", ("cache.block_size",))
    assert verdict.native_types == (SERVE, "demo.Cache")


# Certification --------------------------------------------------------------------------------------------------------


def certification(**changes: Any) -> str:
    corpus = corpus_of()
    return checker_of(validated=evidence(corpus, **changes)).check(SAMPLING, {}).certification


def test_rules_that_were_never_replayed_count_and_say_so() -> None:
    verdict = checker_of().check(SAMPLING, {"top_p": 0})
    assert not verdict.ok
    assert verdict.certification == verdict.violations[0].certification == "none"


def test_a_full_replay_certifies() -> None:
    assert certification() == "full"


@pytest.mark.parametrize("level", [Certification.REUSED, Certification.PARTIAL])
def test_downgraded_evidence_shows(level: Certification) -> None:
    assert certification(certification=level) == level


def test_a_simulated_environment_shows() -> None:
    assert certification(kind=EnvironmentKind.SIMULATED) == "simulated"


def test_a_rule_without_a_case_makes_its_class_partial_and_does_not_reject() -> None:
    corpus = corpus_of()
    validated = evidence(corpus)
    checker = checker_of(validated=replace(validated, cases=validated.cases[1:]))
    verdict = checker.check(SAMPLING, {"temperature": -1})
    assert verdict.ok
    assert verdict.certification == "partial"
    assert checker.check(SERVE, {}).certification == "full"


def test_a_contradicted_rule_does_not_reject_and_makes_its_class_partial() -> None:
    validated = evidence(corpus_of())
    refuted = replace(validated.cases[0], negative_confirmed=False)
    checker = checker_of(validated=replace(validated, cases=(refuted, *validated.cases[1:])))
    verdict = checker.check(SAMPLING, {"temperature": -1})
    assert (verdict.ok, verdict.certification, checker.certification) == (True, "partial", "partial")
    assert checker.check(SERVE, {}).certification == "full"


def test_a_class_of_which_every_rule_was_contradicted_is_known_and_not_certified() -> None:
    validated = evidence(corpus_of())
    cases = tuple(
        replace(case, positive_confirmed=False) if case.id == "cache_block" else case for case in validated.cases
    )
    checker = checker_of(validated=replace(validated, cases=cases))
    assert checker.check("demo.Cache", {"block_size": 7}).certification == "none"


def test_one_simulated_case_weakens_its_class_only() -> None:
    validated = evidence(corpus_of())
    cases: list[Case] = [
        replace(case, environment_kind=EnvironmentKind.SIMULATED) if case.id == "cuda_only" else case
        for case in validated.cases
    ]
    checker = checker_of(validated=replace(validated, cases=tuple(cases)))
    assert checker.check(SERVE, {}).certification == "simulated"
    assert checker.check(SAMPLING, {}).certification == "full"


def test_evidence_of_another_corpus_is_partial() -> None:
    validated = evidence(corpus_of())
    checker = checker_of(validated=validated, proposed_sha256="of another text")
    assert checker.check(SAMPLING, {}).certification == "partial"


# Loading --------------------------------------------------------------------------------------------------------------


def test_a_corpus_loads_by_engine_by_version_and_by_path(project: Path) -> None:
    assert Checker.load("demo", root=".").version == "2.0"
    assert Checker.load("demo", root=".", version="2.0").version == "2.0"
    old = Checker.load("demo", root=".", version="1.0")
    assert old.version == "1.0"
    assert not old.check(SAMPLING, {"n": 9}).ok
    assert Checker.load("demo", root=".").check(SAMPLING, {"n": 9}).ok
    by_path = Checker.load(corpus=project / "corpora/demo/invariants.proposed.yaml", root=project)
    assert by_path.check(SAMPLING, {"top_p": 0}).certification == "full"


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("engine", "version", "told"),
    [
        ("demmo", None, "did you mean 'demo'.*known are demo"),
        ("sglang", None, "'sglang' — known are demo"),
        ("tensorrt", None, "'tensorrt' — known are demo"),
        ("demo", "3.0", "no corpus of version '3.0'.*known are 1.0, 2.0"),
    ],
)
def test_unknown_engines_and_versions_are_told_with_the_known_ones(engine: str, version: str | None, told: str) -> None:
    with pytest.raises(EngineUnavailableError, match=told):
        Checker.load(engine, version=version, root=".")


def test_a_schema_alone_is_no_earlier_version(project: Path) -> None:
    (project / "corpora/demo/history/1.5").mkdir()
    schema = {**SCHEMA, "engine_version": "1.5"}
    (project / "corpora/demo/history/1.5/schema.discovered.json").write_text(json.dumps(schema))
    with pytest.raises(EngineUnavailableError, match=r"known are 1\.0, 2\.0"):
        Checker.load("demo", root=".", version="1.5")


def test_a_newer_corpus_is_refused(project: Path) -> None:
    path = project / "corpora/demo/invariants.proposed.yaml"
    path.write_text(path.read_text().replace("1.1.0", "2.0.0"))
    with pytest.raises(CorpusError, match=r"schema version 2\.0\.0 cannot be read"):
        Checker.load("demo", root=".")


def test_importing_and_checking_brings_no_heavy_module(project: Path) -> None:
    from pytest_llem_invariants.cli import main

    assert main(["compile", "--root", "."]) == 0
    code = (
        "import sys\n"
        "from pytest_llem_invariants import Checker\n"
        "checker = Checker.load('demo', root='.')\n"
        "v = checker.check('Sampling', {'temperature': -1, 'stop': ['a'], 'mode': 'x', 'n': 2})\n"
        "assert len(v.violations) == 3, v\n"
        "heavy = {'pytest', 'hypothesis', 'yaml', 'dataclasses', 'ast', 'inspect', 'pathlib', 'argparse', 'typing'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    # Isolated from .pth files of this environment, which may import anything.
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "LLEM_CACHE_DIR": os.environ["LLEM_CACHE_DIR"]},
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_threads_may_share_a_checker() -> None:
    checker = checker_of(schema=SCHEMA)
    wrong: list[Any] = []

    def ask() -> None:
        for turn in range(300):
            verdict = checker.check("Sampling", {"temperature": -turn, "top_p": 0.5, "n": turn})
            if verdict.ok != (turn == 0):
                wrong.append(turn)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_repository_root_lists_public_names_without_importing_them() -> None:
    import pytest_llem_invariants

    assert {"Checker", "Verdict", "Violation", "Pruned"} <= set(dir(pytest_llem_invariants))
    with pytest.raises(AttributeError):
        pytest_llem_invariants.Nothing  # noqa: B018


def test_every_rule_of_a_corpus_says_how_to_fix_it(project: Path) -> None:
    assert all(one["suggestion"] for one in Checker.load("demo", root=".").rules)
    assert len(load_proposed(project / "corpora/demo/invariants.proposed.yaml").rules) == len(RULES)
