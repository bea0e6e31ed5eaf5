"""What a page asks is what `llem-invariants check` says of the same text in a file."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_llem_invariants.checker import checker
from pytest_llem_invariants.cli import main
from pytest_llem_invariants.cli.asking import LONGEST, answer, kind_of
from pytest_llem_invariants.site import bundle
from pytest_llem_invariants.site.library import read_library

SERVE = "vllm serve m \\\n  --tensor-parallel-size 0 \\\n  --gpu-memory-utilisation 0.9\n"
MANIFEST = """\
kind: Deployment
spec:
  containers:
    - name: v
      image: vllm/vllm-openai:v0.11.0
      args:
        - --model=m
        - --tensor-parallel-size
        - "0"
        - --gpu-memory-utilization=1.5
"""


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a server has it: each corpus is read once."""
    monkeypatch.setattr(checker, "_kept", {} if checker._kept is None else checker._kept)


@pytest.fixture(scope="module", autouse=True)
def loaded() -> Iterator[None]:
    """The same corpora for all tests here, and for no others."""
    checker.keep()
    yield
    checker._kept = None


def ask(folder: Path, **asked: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer(json.dumps(asked), str(folder)))
    return found


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        (SERVE, "sh"),
        ("model: m\ntensor-parallel-size: 0\nmax-num-seqs: -1\n", "yaml"),
        (MANIFEST, "yaml"),
        ('{"model": "m", "messages": [], "temperature": -1}', "json"),
        ("from vllm import LLM\nLLM(model='m', tensor_parallel_size=0)\n", "py"),
        ('FROM vllm/vllm-openai:v0.19.1\nCMD ["--tensor-parallel-size", "0"]\n', "dockerfile"),
    ],
)
def test_the_answer_has_the_json_of_the_command_line(
    text: str, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ask(tmp_path / "asked", text=text)
    assert asked["kind"] == ending
    monkeypatch.chdir(tmp_path)
    Path(f"config.{ending}").write_text(text)
    main(["check", "--format", "json", f"config.{ending}"])
    assert asked["json"] + "\n" == capsys.readouterr().out
    assert asked["status"] == "rejected"


def test_a_finding_has_its_place_and_its_length(tmp_path: Path) -> None:
    found = {one["head"]: one for one in ask(tmp_path, text=SERVE)["findings"]}
    one = found["--tensor-parallel-size=0"]
    assert (one["line"], one["column"], one["length"]) == (2, 3, len("--tensor-parallel-size"))


def edits_of(folder: Path, text: str, head: str, **asked: Any) -> dict[str, str]:
    findings = ask(folder, text=text, **asked)["findings"]
    number = next(at for at, one in enumerate(findings) if one["head"] == head)
    edits = ask(folder, text=text, finding=number, **asked)["edits"]
    return {edit["title"]: edit["text"] for edit in edits}


def test_an_edit_frees_the_text_of_its_finding(tmp_path: Path) -> None:
    edits = edits_of(tmp_path, SERVE, "--tensor-parallel-size=0")
    assert edits["set --tensor-parallel-size to 1"] == SERVE.replace("size 0", "size 1")
    assert edits["leave --tensor-parallel-size out"] == "vllm serve m \\\n  --gpu-memory-utilisation 0.9\n"
    renamed = edits_of(tmp_path, SERVE, "--gpu-memory-utilisation")
    assert renamed["rename --gpu-memory-utilisation to --gpu-memory-utilization"] == SERVE.replace("isation", "ization")


def test_an_edit_finds_the_nearest_divisor(tmp_path: Path) -> None:
    model = json.dumps({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "num_attention_heads": 32})
    head = "--tensor-parallel-size=3, model.arch.num_attention_heads=32"
    edits = edits_of(tmp_path, "vllm serve m --tensor-parallel-size 3", head, model=model)
    assert "set --tensor-parallel-size to 2" in edits


def test_an_edit_of_a_manifest_knows_the_items_of_a_list(tmp_path: Path) -> None:
    edits = edits_of(tmp_path, MANIFEST, "--gpu-memory-utilization=1.5")
    assert edits["set --gpu-memory-utilization to 1.0"] == MANIFEST.replace("1.5", "1.0")
    assert edits["leave --gpu-memory-utilization out"] == MANIFEST[: MANIFEST.index("        - --gpu")]
    left = edits_of(tmp_path, MANIFEST, "--tensor-parallel-size=0")["leave --tensor-parallel-size out"]
    assert left == MANIFEST.replace('        - --tensor-parallel-size\n        - "0"\n', "")


def test_an_edit_of_json_keeps_it_json(tmp_path: Path) -> None:
    text = '{"messages": [], "model": "m",\n "top_p": 0.5, "temperature": -1}'
    edits = edits_of(tmp_path, text, "temperature=-1", engine="vllm")
    assert edits
    assert all(json.loads(one) for one in edits.values())
    assert json.loads(edits["leave temperature out"]) == {"messages": [], "model": "m", "top_p": 0.5}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"text": "hello"}, "no engine config found"),
        ({"text": SERVE, "gpu": "nope"}, "unknown GPU 'nope'"),
        ({"text": "a: 1", "engine": "nope"}, "unknown engine 'nope'"),
        ({"text": SERVE, "model": "{"}, "not JSON"),
        ({"text": SERVE, "kind": "../x"}, "no kind of text"),
        ({"text": ["a"]}, "text is no text"),
        ({"text": "a" * (LONGEST + 1)}, "has more than"),
        ({"text": "a: " + "[" * 5000}, "nests deeper"),
        ({"text": "x: &a [*a]"}, "alias"),
        ({"text": SERVE, "finding": "x"}, ""),
    ],
)
def test_whatever_is_asked_has_an_answer(asked: dict[str, Any], said: str, tmp_path: Path) -> None:
    found = ask(tmp_path, **asked)
    assert said in found.get("error", "")
    assert str(tmp_path) not in json.dumps(found)


def test_what_is_no_question_has_an_answer(tmp_path: Path) -> None:
    for text in ("", "[]", "nothing", '{"text": 1}'):
        assert json.loads(answer(text, str(tmp_path)))["error"]


def test_a_request_hears_what_its_server_allows(tmp_path: Path) -> None:
    asked = {"text": '{"model": "m", "messages": [], "max_tokens": 9000}', "engine": "vllm"}
    assert "write how the server was started" in ask(tmp_path, **asked)["depends"][0]
    assert ask(tmp_path, **asked, served="vllm serve m --max-model-len 100")["status"] == "rejected"
    (tmp_path / "mine.yaml").write_text("max-model-len: 100\n")
    apart = ask(tmp_path, **asked, served=f"vllm serve m --config {tmp_path / 'mine.yaml'}")
    assert apart["status"] == "depends"


def test_who_asks_from_elsewhere_names_no_files_here(tmp_path: Path) -> None:
    """The files of a model that a config names are read for somebody at this machine, not for a page."""
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text('{"architectures": ["LlamaForCausalLM"], "num_attention_heads": 7}')
    told = ask(tmp_path / "asked", text=f"vllm serve {model} --tensor-parallel-size 2")
    assert told["status"] == "depends"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_of_some_kind(text: str) -> None:
    assert kind_of(text)


# In a page


def test_the_bundle_alone_answers_as_the_package_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python alone, with nothing installed, runs what a page gets; a class is read when it is asked for."""
    from tests.checker.demo import install

    monkeypatch.setattr(checker, "_kept", None)
    root = str(install(tmp_path / "root"))
    files = dict(bundle.files(read_library(root)))
    with zipfile.ZipFile(BytesIO(files[bundle.PYTHON])) as archive:
        archive.extractall(tmp_path / "app")
    for name, data in files.items():
        place = tmp_path / "data" / name.removeprefix("data/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    program = f"""
import sys
sys.path.insert(0, {str(tmp_path / "app")!r})
from pathlib import Path
from pytest_llem_invariants.cli.paged import start
read = []
def part(name):
    read.append(name)
    return Path({str(tmp_path / "data")!r}, name).read_bytes()
answer = start(part)
print(answer('{{"text": "temperature: -1", "engine": "demo"}}'))
print(answer('{{"text": "temperature: -1", "engine": "demo", "version": "1.0"}}'))
print(len(read), "yaml" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    new, old, rest = done.stdout.splitlines()
    told = json.loads(new)
    assert told["status"] == "rejected"
    assert told["findings"][0]["message"] == "temperature must be non-negative, got -1."
    assert json.loads(old)["documents"][0]["version"] == "1.0"
    assert int(rest.split()[0]) < len([name for name in files if name.startswith("data/demo")])
