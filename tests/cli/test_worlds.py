"""The options that say where a config would run, and what is shown of what they leave open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants import World
from pytest_llem_invariants.cli import main
from tests.checker.fact_demo import install_facts, model


@pytest.fixture
def of_facts(project: Path) -> Path:
    install_facts(project)
    (project / "serve.yaml").write_text("model: m\nswap: 5\ntensor-parallel-size: 3\n")
    return project


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main([words[0], "--root", ".", *words[1:]])
    out, err = capsys.readouterr()
    return status, out, err


def test_what_is_open_is_one_line_and_one_for_each_source_where_somebody_asks(
    of_facts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = run(capsys, "check", "serve.yaml")
    assert status == 0
    assert out.splitlines()[-1:] == ["  depends on the model and the device (2 rules) — pass --model DIR --gpu SPEC"]
    assert run(capsys, "check", "--verbose", "serve.yaml")[1].splitlines()[-2:] == [
        "  depends on the model (1 rule) — pass --model DIR",
        "  depends on the device (1 rule) — pass --gpu SPEC",
    ]
    assert run(capsys, "check", "--require-decided", "serve.yaml")[0] == 1
    assert run(capsys, "check", "--require-decided", "--gpu", "H100:1", "serve.yaml")[0] == 1
    heads = ("--context", "model.arch.heads=33")
    assert run(capsys, "check", "--require-decided", "--gpu", "H100:1", *heads, "serve.yaml")[0] == 0


def test_verbose_shows_each_rule_and_what_would_decide_it(of_facts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "check", "--verbose", "serve.yaml")
    assert "serve.yaml:3:1: error if model.arch.heads % 3 != 0: tensor-parallel-size=3" in out
    assert "serve.yaml:2:1: error if device.capability < 8.0: swap=5" in out


def test_a_model_and_a_device_decide(of_facts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = model(of_facts / "m32", num_attention_heads=32)
    for named in (folder, folder / "config.json"):
        status, out, _ = run(capsys, "check", "--model", str(named), "--gpu", "T4:3", "serve.yaml")
        assert status == 1
        assert "why  demo/params.py:7 · uneven" in out
        assert "why  demo/params.py:7 · old" in out
        assert "depends" not in out
    model(of_facts / "m33", num_attention_heads=33)
    assert run(capsys, "check", "--model", "m33", "--gpu", "H100:3", "serve.yaml")[0] == 0


def test_the_model_that_the_config_names_is_read_where_no_other_is_given(
    of_facts: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model(of_facts / "m", num_attention_heads=32)
    assert "· uneven" in run(capsys, "check", "serve.yaml")[1]
    assert "· uneven" in run(capsys, "check", "--", "demo", "serve", "m", "-z", "3")[1]
    model(of_facts / "other", num_attention_heads=33)
    assert "uneven" not in run(capsys, "check", "--model", "other", "serve.yaml")[1]
    cache = of_facts / "hub"
    snapshot = model(cache / "models--org--name" / "snapshots" / "abc", num_attention_heads=32)
    (snapshot.parent.parent / "refs").mkdir()
    (snapshot.parent.parent / "refs" / "main").write_text("abc")
    monkeypatch.setenv("HF_HUB_CACHE", str(cache))
    assert "· uneven" in run(capsys, "check", "--", "demo", "serve", "org/name", "-z", "3")[1]
    assert "· uneven" in run(capsys, "check", "--model", "org/name", "serve.yaml")[1]


def test_a_model_that_says_nothing_proven_is_told_by_its_facts(
    of_facts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model(of_facts / "new", model_type="brand_new", num_attention_heads=32)
    _, out, _ = run(capsys, "check", "--model", "new", "--gpu", "H100:1", "serve.yaml")
    assert out.splitlines()[-1] == ("  depends on model.arch.heads (1 rule) — pass --context model.arch.heads=VALUE")


def test_every_format_carries_what_is_open(of_facts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (document,) = json.loads(run(capsys, "check", "--format", "json", "serve.yaml")[1])["documents"]
    told = [(one["rule_id"], one["decides"], one["line"]) for one in document["depends"]]
    assert (document["status"], told) == (
        "depends",
        [("uneven", "model.arch.heads % 3 != 0", 3), ("old", "device.capability < 8.0", 2)],
    )
    (found,) = json.loads(run(capsys, "check", "--format", "sarif", "--require-decided", "serve.yaml")[1])["runs"]
    assert [one["decides"] for one in found["properties"]["depends"]["serve.yaml"]] == [told[0][1], told[1][1]]
    assert [one["ruleId"] for one in found["results"] if one["level"] == "error"] == ["undecided"]
    _, github, _ = run(capsys, "check", "--format", "github", "serve.yaml")
    assert "::notice file=serve.yaml,title=depends::depends on the model (1 rule)" in github
    _, github, _ = run(capsys, "check", "--format", "github", "--require-decided", "serve.yaml")
    assert "::error file=serve.yaml,title=depends::depends on the model (1 rule)" in github


def test_a_file_states_facts_by_their_names(of_facts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = of_facts / "world.yaml"
    world.write_text(
        "model.arch.heads: 33\ndevice:\n  capability: 7.5\n  count: 2\nenv.ANY: '1'\npackages.triton: null\n"
    )
    assert "· old" in run(capsys, "check", "--world", "world.yaml", "serve.yaml")[1]
    world.write_text('{"model.arch.heads": 33, "device.capability": 9}')
    status, out, _ = run(capsys, "check", "--world", "world.yaml", "--require-decided", "serve.yaml")
    assert (status, "depends" in out) == (0, False)
    assert run(capsys, "check", "--package", "triton==3.7.1", "--package", "flashinfer", "serve.yaml")[0] == 0


@pytest.mark.parametrize(
    ("world", "message"),
    [
        ("modle.arch.heads: 3\n", "world.yaml:1: no fact 'modle.arch.heads': a fact begins with model., device., env."),
        ("modle.arch.heads: 3\n", "nearest are model.arch.heads"),
        ("a: 1\nmodel.arch.head: 3\n", "world.yaml:1: no fact 'a'"),
        ("model.arch.head: 3\n", "world.yaml:1: no fact 'model.arch.head': no rule of demo 2.0 asks for it"),
        ("device:\n  cuont: 3\n", "world.yaml:2: no fact 'device.cuont': no rule of demo 2.0 asks for it"),
        ("device:\n  cuont: 3\n", "nearest are device.count"),
        ("device.count: 1\ndevice:\n  count: 3\n", "world.yaml:3: the fact device.count is stated twice"),
        ("env.A: 1\nmodel.arch.heads: x\n", "world.yaml:2: the fact model.arch.heads is 'x', not an integer"),
        ("model.arch.heads: -1\n", "world.yaml:1: the fact model.arch.heads is -1, which is less than 0"),
        ("device.cont: 3\n", "nearest are device.count, device.name"),
        ("[1]\n", "the file holds a list, not a mapping"),
    ],
)
def test_a_fact_that_nobody_knows_is_one_line_with_the_nearest(
    of_facts: Path, capsys: pytest.CaptureFixture[str], world: str, message: str
) -> None:
    (of_facts / "world.yaml").write_text(world)
    status, out, err = run(capsys, "check", "--world", "world.yaml", "serve.yaml")
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert message in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--model", "empty"), "empty: no config.json in this folder"),
        (("--model", "broken"), "config.json:1: not JSON"),
        (("--model", "absurd"), "absurd/config.json: num_attention_heads is 'x', not a count"),
        (
            ("--model", "no/such"),
            "no model 'no/such': it is neither a folder nor a file, nor in the Hugging Face cache",
        ),
        (("--gpu", "H1000"), "unknown GPU 'H1000' — nearest are H100"),
        (("--env", "A"), "--env takes NAME=VALUE, not 'A'"),
        (("--package", "a>=1"), "--package takes NAME or NAME==VERSION, not 'a>=1'"),
        (("--package", "a=="), "--package takes NAME or NAME==VERSION, not 'a=='"),
        (("--package", "a==not a version"), "--package a: 'not a version' is not a version — write it like 1.2.3"),
        (("--world", "none.yaml"), "none.yaml"),
        (("--gpu", "H100:8", "--platform", "cpu"), "platform is given as cpu and as cuda: leave one of them out"),
        (("--context", "model.arch.heads=x"), "the fact model.arch.heads is 'x', not an integer"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_status_2(
    of_facts: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    (of_facts / "empty").mkdir()
    (of_facts / "broken").mkdir()
    (of_facts / "broken" / "config.json").write_text("{")
    model(of_facts / "absurd", num_attention_heads="x")
    status, out, err = run(capsys, "check", *options, "serve.yaml")
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert message in err


def test_a_sweep_and_a_diff_stand_in_a_world_too(of_facts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (of_facts / "grid.yaml").write_text("model: m\ntensor_parallel_size: [1, 2, 3]\n")
    assert run(capsys, "sweep", "grid.yaml")[2].startswith("demo.Serve: 3 of 3 combinations")
    model(of_facts / "m", num_attention_heads=32)
    assert run(capsys, "sweep", "grid.yaml")[2].startswith("demo.Serve: 2 of 3 combinations")
    model(of_facts / "m33", num_attention_heads=33)
    assert run(capsys, "sweep", "--model", "m33", "grid.yaml")[2].startswith("demo.Serve: 2 of 3 combinations")
    status, out, _ = run(capsys, "diff", "demo", "1.0", "2.0", "--config", "serve.yaml", "--gpu", "T4:1")
    assert (status, "serve.yaml: breaks" in out) == (1, True)


def test_what_is_exported_says_what_it_depends_on(of_facts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = run(capsys, "export", "--engine", "demo", "--type", "Serve", "--list-unsupported")[1]
    assert "uneven: it depends on something outside the config: model.arch.heads" in out.splitlines()
    scope: dict[str, Any] = {"__name__": "exported"}
    exec(run(capsys, "export", "--engine", "demo", "--type", "Serve", "--format", "pydantic")[1], scope)
    serve = scope["Serve"]
    serve.model_rebuild(_types_namespace=scope)
    assert serve.model_fields.keys().isdisjoint(("platform", "device"))
    open_ = serve(tensor_parallel_size=3).verdict()
    assert (open_.status, [one.rule_id for one in open_.depends]) == ("depends", ["uneven"])
    assert serve(tensor_parallel_size=3).verdict(World(facts={"model.arch.heads": 32})).status == "rejected"


def test_a_rule_is_explained_with_the_facts_that_it_asks_for(
    of_facts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = run(capsys, "explain", "uneven")[1]
    assert "context   model.arch.heads (if it is not given, the verdict depends on it)" in out
    assert "beside    model.arch.heads = 32" in out


def test_a_sweep_on_several_machines_says_which_is_valid_where(
    of_facts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (of_facts / "grid.yaml").write_text("swap: [5, 6]\n")
    _, out, err = run(capsys, "sweep", "--type", "Serve", "--gpu", "T4:1", "--gpu", "H100:1", "grid.yaml")
    assert out.splitlines() == ['gpu="T4:1" swap=6', 'gpu="H100:1" swap=5', 'gpu="H100:1" swap=6']
    assert "demo.Serve on T4:1: 1 of 2 combinations are valid" in err
    words = ("--type", "Serve", "--gpu", "T4:1", "--gpu", "H100:1", "--count", "--format", "json")
    counts = json.loads(run(capsys, "sweep", *words, "grid.yaml")[1])
    assert [(one["gpu"], one["valid"]) for one in counts] == [("T4:1", 1), ("H100:1", 2)]


def test_variables_before_a_command_are_its_environment(of_facts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("demo", "serve", "m", "--offload", "8")
    assert run(capsys, "check", "--", *command)[0] == 0
    assert run(capsys, "check", "--env", "DEMO_SAFE=1", "--", *command)[0] == 1
    for prefix in (("DEMO_SAFE=1",), ("OTHER=a=b", "DEMO_SAFE=0", "DEMO_SAFE=1"), ("env", "DEMO_SAFE=1")):
        assert run(capsys, "check", "--", *prefix, *command)[0] == 1
    assert run(capsys, "check", "--", "A=1")[0] == 2
