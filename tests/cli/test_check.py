from __future__ import annotations

import io
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants.checker.compiled import compile_corpus
from pytest_llem_invariants.checker.describe import distinct
from pytest_llem_invariants.checker.documents import read
from pytest_llem_invariants.cli import main
from pytest_llem_invariants.corpus.files import render_proposed
from pytest_llem_invariants.model import ContextField, Severity
from tests.checker.demo import SAMPLING, checker_from, checker_of, corpus_of, rule

BAD = "model: m\ntensor-parallel-size: 0\ngraphs: true\n"


@pytest.fixture
def serve(project: Path) -> Path:
    path = project / "serve.yaml"
    path.write_text(BAD)
    return path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main([words[0], "--root", ".", *words[1:]])
    out, err = capsys.readouterr()
    return status, out, err


def test_a_rejected_file_is_told_with_place_fix_and_source(serve: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "check", "serve.yaml")
    assert (status, err) == (1, "")
    assert out.splitlines() == [
        "serve.yaml:2:1: error: tensor-parallel-size=0",
        "  must be at least 1, got 0",
        "  fix  set tensor-parallel-size to at least 1",
        "  why  demo/params.py:7 · tp_low",
        "",
        "serve.yaml:3:1: error: graphs=True",
        "  graphs need cpu to be cuda",
        "  fix  turn graphs off",
        "  why  demo/params.py:7 · cuda_only",
        "",
        "✗ rejected  serve.yaml  demo 2.0 · certification full · rules from ., not the packaged ones",
    ]


def test_the_platform_is_an_option(serve: Path, capsys: pytest.CaptureFixture[str]) -> None:
    serve.write_text("model: m\ngraphs: true\n")
    assert run(capsys, "check", "serve.yaml")[0] == 1
    assert run(capsys, "check", "--platform", "cuda", "serve.yaml")[0] == 0
    assert run(capsys, "check", "--context", "platform=cuda", "serve.yaml")[0] == 0
    status, _, err = run(capsys, "check", "--context", "moon=full", "serve.yaml")
    assert (status, err.strip()) == (2, "llem-invariants: unknown context 'moon' — known are platform")
    status, _, err = run(capsys, "check", "--platform", "mars", "serve.yaml")
    assert (status, err.strip()) == (2, "llem-invariants: unknown platform 'mars' — known are cpu, cuda")


def test_a_fact_outside_the_config_is_of_the_kind_that_the_engine_declares() -> None:
    corpus = replace(corpus_of(), context={"env.LONG": ContextField(0, (0, 1))})
    checker = checker_from(compile_corpus(corpus))
    assert checker.context_from({"env.LONG": "1"}) == {"env.LONG": 1}


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([(7, "n must not be {n}"), (8, None)], ["n must not be 9"]),
        ([(7, None), (8, None)], ["Sampling rejects a config where n is 9"]),
        ([(7, "n must not be {n}"), (8, "no {n}, please")], ["n must not be 9", "no 9, please"]),
    ],
)
@pytest.mark.parametrize("form", ["text", "github", "sarif"])
def test_one_mistake_is_told_in_the_librarys_words_where_it_has_any(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    rules: list[tuple[int, str | None]],
    told: list[str],
    form: str,
) -> None:
    own = [
        rule(f"r{line}", {"n": {"==": 9}}, template=template, guard=f"demo/params.py:{line}")
        for line, template in rules
    ]
    (project / "own.yaml").write_text(render_proposed(corpus_of(own)))
    (project / "x.yaml").write_text("n: 9\n")
    status, out, _ = run(capsys, "check", "--corpus", "own.yaml", "--type", "Sampling", "--format", form, "x.yaml")
    assert status == 1
    assert [out.count(message) > 0 for message in told] == [True] * len(told)
    (counted,) = {"text": ["error: "], "github": ["::error "], "sarif": ['"level": "error"']}[form]
    assert out.count(counted) == len(told)


def test_what_one_line_says_in_the_same_words_of_fewer_fields_is_told_once() -> None:
    words = "temperature {temperature} is too much"
    checker = checker_of(
        [
            rule("both", {"temperature": {">": 1}, "n": {">": 1}}, template=words),
            rule("alone", {"temperature": {">": 1}}, template=words),
            rule("elsewhere", {"temperature": {">": 1}, "top_p": {">": 1}}, template=words, guard="demo/b.py:1"),
        ]
    )
    found = distinct(checker.check(SAMPLING, {"temperature": 2, "n": 2, "top_p": 2}).violations)
    assert [one.rule_id for one in found] == ["alone", "elsewhere"]


def test_of_a_value_that_is_rejected_no_more_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    low, both = {"n": {"<": 1}}, {"n": {"<": 1}, "temperature": {"==": 0}}
    told = {
        "same": rule("same", low, severity=Severity.WARN, template="n is low"),
        "beside": rule("beside", both, severity=Severity.DORMANT, template="n is left aside"),
        "other": rule("other", {"temperature": {"==": 0}}, severity=Severity.WARN, template="greedy"),
    }
    config = json.dumps({"n": 0, "temperature": 0})
    (project / "x.json").write_text(config)
    for error, left in ((low, ["other"]), (both, []), ({"top_p": {"absent": True}}, list(told))):
        own = [rule("error", error, template="no"), *told.values()]
        (project / "own.yaml").write_text(render_proposed(corpus_of(own)))
        _, out, _ = run(capsys, "check", "--corpus", "own.yaml", "--type", "Sampling", "x.json")
        assert [name for name in told if f"· {name}" in out] == left


def test_an_earlier_version_is_an_option(serve: Path, capsys: pytest.CaptureFixture[str]) -> None:
    serve.write_text("n: 9\n")
    assert run(capsys, "check", "serve.yaml")[0] == 0
    assert run(capsys, "check", "--engine", "demo", "--engine-version", "1.0", "serve.yaml")[0] == 1


def test_json_says_it_all(serve: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "check", "--format", "json", "serve.yaml")
    data = json.loads(out)
    assert (status, data["ok"]) == (1, False)
    (document,) = data["documents"]
    assert (document["file"], document["engine"], document["engine_version"]) == ("serve.yaml", "demo", "2.0")
    first = document["violations"][0]
    assert (first["rule_id"], first["line"], first["column"]) == ("tp_low", 2, 1)
    assert first["values"] == {"tensor-parallel-size": 0}


def test_sarif_points_at_the_key(serve: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "check", "--format", "sarif", "serve.yaml")
    (finished,) = json.loads(out)["runs"]
    assert [one["id"] for one in finished["tool"]["driver"]["rules"]] == ["cuda_only", "tp_low"]
    result = finished["results"][0]
    assert (result["ruleId"], result["level"]) == ("tp_low", "error")
    location = result["locations"][0]["physicalLocation"]
    assert location == {"artifactLocation": {"uri": "serve.yaml"}, "region": {"startLine": 2, "startColumn": 1}}


def test_annotations_are_escaped(serve: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "check", "--format", "github", "serve.yaml")
    assert out.splitlines()[0] == (
        "::error file=serve.yaml,line=2,col=1,title=tp_low::must be at least 1, got 0"
        " (set tensor-parallel-size to at least 1)"
    )


def test_a_pass_says_how_well_it_is_founded(serve: Path, capsys: pytest.CaptureFixture[str]) -> None:
    serve.write_text("model: m\n")
    assert run(capsys, "check", "--require-certified", "serve.yaml")[0] == 0
    (serve.parent / "corpora/demo/invariants.validated.yaml").unlink()
    status, out, _ = run(capsys, "check", "serve.yaml")
    assert status == 0
    assert "certification none" in out
    assert "no rule used for this answer was ever proven" in out
    assert run(capsys, "check", "--require-certified", "serve.yaml")[0] == 1


def test_strict_fails_on_warnings(serve: Path, capsys: pytest.CaptureFixture[str]) -> None:
    serve.write_text("temperature: 0.001\n")
    status, out, _ = run(capsys, "check", "serve.yaml")
    assert status == 0
    assert "warning: temperature=0.001" in out
    assert run(capsys, "check", "--strict", "serve.yaml")[0] == 1


def test_a_command_line_is_checked_after_two_dashes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "check", "--", "demo", "serve", "M", "--tensor-parallel-size", "0")
    assert status == 1
    assert out.startswith("the command line: error: --tensor-parallel-size=0")
    assert run(capsys, "check", "--", "demo", "serve", "M")[0] == 0
    status, _, err = run(capsys, "check", "--", "other", "serve")
    assert (status, "known are demo serve" in err) == (2, True)


def test_standard_input(project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"temperature":\n -1}')))
    status, out, _ = run(capsys, "check", "-")
    assert status == 1
    assert out.startswith("<stdin>:1:2: error: temperature=-1")


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ('{"a": 1,\n  "b": {"c": [1, {"d": 2}]}}', ("b",), (2, 3)),
        ('{"a": 1,\n  "b": {"c": [1, {"d": 2}]}}', ("b", "c"), (2, 9)),
        ('{"a": 1,\n  "b": {"c": [1, {"d": 2}]}}', ("b", "c", 1, "d"), (2, 19)),
        ('{"a": 1,\n  "b": {"c": [1, {"d": 2}]}}', ("b", "x"), (2, 8)),
        ('{"a": "}{", "b": 1}', ("b",), (1, 13)),
    ],
)
def test_json_keys_have_places(
    tmp_path: Path, text: str, path: tuple[str | int, ...], expected: tuple[int, int]
) -> None:
    file = tmp_path / "x.json"
    file.write_text(text)
    assert read(str(file)).place_of(path) == expected


def test_colours_only_where_asked(serve: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "\x1b[1;31merror" in run(capsys, "check", "--color", "always", "serve.yaml")[1]
    assert "\x1b" not in run(capsys, "check", "serve.yaml")[1]


# Trouble --------------------------------------------------------------------------------------------------------------

_BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("x.yaml", "", "the file is empty"),
        ("x.json", "", "the file is empty"),
        ("x.yaml", "- 1\n- 2\n", "holds a list, not a mapping"),
        ("x.json", "[1]", "holds a list, not a mapping"),
        ("x.yaml", "a: 1\nb: 2\na: 3\n", "x.yaml:3: duplicate key 'a'"),
        ("x.json", '{"a": 1, "a": 2}', "duplicate key 'a'"),
        ("x.yaml", "a: [1\n", "not YAML"),
        ("x.json", '{"a": }', "x.json:1: not JSON"),
        ("x.json", "[" * 100_000, "nests deeper than 64 levels"),
        ("x.yaml", _BOMB, "aliases expand to more than"),
        ("x.yaml", "a: !!python/object/apply:os.system [ls]\n", "is not allowed"),
        ("x.yaml", "nobody: 1\n", "no engine has any of these keys"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    project: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, told: str
) -> None:
    (project / name).write_text(text)
    status, out, err = run(capsys, "check", name)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_a_huge_file_is_refused_without_reading_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (project / "huge.yaml").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    began = time.process_time()
    status, _, err = run(capsys, "check", "huge.yaml")
    assert (status, "larger than" in err) == (2, True)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["check"], "name a file"),
        (["check", "gone.yaml"], "cannot be read"),
        (["check", "corpora"], "no engine config in 6 files"),
        (["check", "--engine", "dem", "serve.yaml"], "did you mean 'demo'"),
        (["check", "--engine", "demo", "--engine-version", "new", "serve.yaml"], "known are 1.0, 2.0"),
        (["check", "--engine-version", "latest", "--", "demo", "serve", "m"], "'latest' is not a version of demo"),
        (["check", "--engine", "demo", "--type", "Samplin", "serve.yaml"], "did you mean"),
        (["explain", "tp_lo"], "did you mean tp_low"),
        (["sweep", "gone.yaml"], "cannot be read"),
    ],
)
def test_a_question_that_cannot_be_answered_is_exit_2(
    serve: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    status, _, err = run(capsys, *words)
    assert (status, err.count("\n")) == (2, 1)
    assert told in err


@pytest.mark.parametrize("words", [["nonsense"], [], ["check", "--format", "xml", "f"]])
def test_wrong_usage_is_exit_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(words)
    assert exit_.value.code == 2


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "llem-invariants check -- vllm serve" in capsys.readouterr().out


# The other commands ---------------------------------------------------------------------------------------------------


def test_explain_tells_everything(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "explain", "temperature_below_0")
    assert status == 0
    for told in ("temperature is below 0", "rejects", "since", "1.0", '{"temperature": -1}', "manual_seed", "full"):
        assert told in out


def test_list_shows_engines_and_rules(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "demo    2.0      11     3        full           1.0" in run(capsys, "list")[1]
    out = run(capsys, "list", "--engine", "demo", "--field", "top_p")[1]
    assert "top_p_low" in out
    assert "2 rules of demo 2.0" in out
    data: list[dict[str, Any]] = json.loads(run(capsys, "list", "--engine", "demo", "--format", "json")[1])
    assert len(data) == 11


def test_diff_tells_what_changed_and_what_breaks(serve: Path, capsys: pytest.CaptureFixture[str]) -> None:
    serve.write_text("temperature: 0\nn: 2\n")
    status, out, _ = run(capsys, "diff", "demo", "1.0", "2.0", "--config", "serve.yaml")
    assert status == 1
    for told in (
        "demo 1.0 → 2.0: 3 → 11 rules",
        "fields gone (1): Sampling.best_of",
        "looser: 2.0 accepts what 1.0 rejected, warned about or changed (1, 1 rules: 1 error)",
        "n is above 8 (rejected without words)",
        "demo/old.py (check) → demo/params.py (check)",
        "serve.yaml: breaks",
        "serve.yaml:2: n must be 1 when using greedy sampling, got 2.",
    ):
        assert told in out
    data = json.loads(run(capsys, "diff", "demo", "1.0", "2.0", "--format", "json")[1])
    reworded = [cause for cause in data["causes"] if cause["kind"] == "reworded"]
    assert [rule["id"] for cause in reworded for rule in cause["rules"]] == ["top_p_low"]
    assert "<details>" in run(capsys, "diff", "demo", "1.0", "2.0", "--format", "markdown")[1]
    assert "no differences" in run(capsys, "diff", "demo", "2.0", "2.0")[1]


def test_sweep_prints_valid_combinations_and_counts(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "grid.yaml").write_text("temperature: [0, 1, -1]\nn: [1, 2]\n")
    status, out, err = run(capsys, "sweep", "grid.yaml")
    assert status == 0
    assert out.splitlines() == ["temperature=0 n=1", "temperature=1 n=1", "temperature=1 n=2"]
    assert "3 of 6 combinations are valid" in err
    out = run(capsys, "sweep", "--format", "json", "grid.yaml")[1]
    assert json.loads(out.splitlines()[0]) == {"temperature": 0, "n": 1}
    counts = json.loads(run(capsys, "sweep", "--count", "--format", "json", "grid.yaml")[1])
    assert counts["pruned_by"] == {"temperature_below_0": 2, "greedy_n": 1}


def test_export_writes_each_language(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = run(capsys, "export", "--engine", "demo", "--type", "Sampling")[1:]
    assert json.loads(out)["additionalProperties"] is False
    assert "2 of 7 rules cannot be expressed" in err
    assert "min_above_max" in run(capsys, "export", "--engine", "demo", "--type", "Sampling", "--list-unsupported")[1]
    assert (
        "| temperature is below 0 |"
        in run(capsys, "export", "--engine", "demo", "--type", "Sampling", "--format", "markdown")[1]
    )
    scope: dict[str, Any] = {"__name__": "exported"}
    exec(run(capsys, "export", "--engine", "demo", "--type", "Sampling", "--format", "pydantic")[1], scope)
    model = scope["Sampling"]
    model.model_rebuild(_types_namespace=scope)
    assert model(temperature=1).temperature == 1
    with pytest.raises(ValueError, match="temperature must be non-negative"):
        model(temperature=-1)


def test_a_corpus_of_ones_own(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = project / "own" / "invariants.proposed.yaml"
    own.parent.mkdir()
    own.write_text(render_proposed(corpus_of([rule("own", {"x": {"<": 3}})])))
    (project / "x.yaml").write_text("x: 1\n")
    status, out, _ = run(capsys, "check", "--corpus", str(own), "--type", "Sampling", "x.yaml")
    assert status == 1
    assert "own" in out


def test_each_command_of_a_line_is_checked_with_its_own_variables(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sh", "-c", "A=1 demo serve m --tp 2 && demo serve m --tp 0"]
    status, out, _ = run(capsys, "check", "--platform", "cuda", "--", *words)
    assert status == 1
    assert [line.partition("  demo 2.0")[0] for line in out.splitlines()[-2:]] == [
        "✓ accepted  command 1: demo serve m",
        "✗ rejected  command 2: demo serve m",
    ]
    assert run(capsys, "check", "--engine", "demo", "--", "A=1", "nohup", "demo", "serve", "m")[0] == 0
    status, _, err = run(capsys, "check", "--", "sh", "-c", "echo demo serve")
    assert (status, err.strip()) == (2, "llem-invariants: no engine has a command 'sh -c' — known are demo serve")


def test_a_container_is_checked_in_the_version_of_its_image(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for image, version in (("some/demo:v1.0", "1.0"), ("some/demo", "2.0"), ("some/demo:v3.0", "2.0")):
        status, out, _ = run(capsys, "check", "--", "docker", "run", "--gpus", "all", image, "m", "--port", "1")
        assert status == 0
        assert f"demo {version} ·" in out


LINE = ["demo", "serve", "m"]


def test_a_command_line_of_a_version_without_rules_is_answered_by_the_nearest(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    note = "there are no rules of demo 1.1: checked with the nearest, 1.0"
    assert run(capsys, "check", "--engine-version", "1.1", "--", *LINE, "--no-such=1")[0] == 1  # neither has it
    status, out, _ = run(capsys, "check", "--engine-version", "9.0", "--", *LINE, "--no-such=1")
    assert (status, "depends on the engine's version (1 rule)" in out) == (0, True)
    for asked in (["--engine-version", "1.1"], ["--engine", "demo", "--engine-version", "1.1"]):
        status, out, _ = run(capsys, "check", *asked, "--", *LINE)
        assert (status, note in out) == (0, True)
    (document,) = json.loads(run(capsys, "check", "--format", "json", *asked, "--", *LINE)[1])["documents"]
    assert (document["engine_version"], document["notes"]) == ("1.0", [note])


@pytest.mark.parametrize(
    "command", [["explain", "tp_low"], ["list"], ["export", "--type", "demo.Serve"], ["sweep", "s.yaml"]]
)
def test_every_command_takes_the_nearest_version_and_says_so(
    project: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    (project / "s.yaml").write_text("tensor_parallel_size: [1, 2]\n")
    for version, told in (("1.1", "there are no rules of demo 1.1: those of the nearest, 1.0, are taken"), ("1.0", "")):
        _, _, err = run(capsys, *command, "--engine", "demo", "--engine-version", version)
        assert (told in err, "no corpus" in err, "there are no rules" in err) == (True, False, bool(told)), err


@pytest.mark.parametrize("tag", ["v1.1", "v2.0", "v9.0", "v0.1", "nightly", "latest"])
def test_a_command_line_and_a_file_say_the_same_of_an_image(
    project: Path, capsys: pytest.CaptureFixture[str], tag: str
) -> None:
    words = ["m", "--tensor-parallel-size=0"]
    pod = {"spec": {"containers": [{"image": f"some/demo:{tag}", "args": words}]}}
    (project / "pod.yaml").write_text(json.dumps(pod))
    told = [
        json.loads(run(capsys, "check", "--format", "json", *asked)[1])["documents"][0]
        for asked in (["pod.yaml"], ["--", "docker", "run", f"some/demo:{tag}", *words])
    ]
    assert len({(one["engine_version"], one["status"], tuple(one["notes"])) for one in told}) == 1


def test_a_file_that_is_one_mapping_takes_the_nearest_version_too(
    serve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = run(capsys, "check", "--engine-version", "1.1", "serve.yaml")[1]
    assert "there are no rules of demo 1.1: checked with the nearest, 1.0" in out


@pytest.mark.parametrize("image", ["some/demo:nightly", "some/demo@sha256:0", "my/own:1.0"])
def test_of_an_image_of_no_known_version_only_what_every_version_rejects_is_certain(
    project: Path, capsys: pytest.CaptureFixture[str], image: str
) -> None:
    status, out, _ = run(capsys, "check", "--", "docker", "run", image, *LINE, "--tensor-parallel-size=0")
    assert (status, "depends on the engine's version (1 rule)" in out) == (0, True)
