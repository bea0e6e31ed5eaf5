"""How the server was started that a request is for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pytest_llem_invariants.cli import main
from pytest_llem_invariants.model import ContextField
from tests.checker import fact_demo
from tests.checker.demo import rule

LENGTH, COUNT = "served.length", "served.count"
ROUTES = f"""\
  served:
    form: serve
    facts:
      {LENGTH}: {{field: tensor_parallel_size, unknown: [null, -1]}}
      {COUNT}: {{field: swap, default: 20}}
  forms:
"""


@pytest.fixture
def request_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    facts = {name: ContextField(9, (9, 5), assumed=False, type="int") for name in (LENGTH, COUNT)}
    monkeypatch.setattr(fact_demo, "FACTS", {**fact_demo.FACTS, **facts})
    asked = (rule("too_long", {"max_tokens": {">": f"@{LENGTH}"}}), rule("too_many", {"n": {">": f"@{COUNT}"}}))
    monkeypatch.setattr(fact_demo, "OF_FACTS", tuple(replace(one, world={}) for one in asked))
    fact_demo.install_facts(project)
    engine = project / "engine_versions" / "demo.yaml"
    engine.write_text(engine.read_text().replace("  forms:\n", ROUTES, 1))
    (project / "request.json").write_text('{"messages": [], "max_tokens": 7, "n": 30}')
    (project / "serve.yaml").write_text("model: m\ntensor-parallel-size: 5\nswap: 40\n")
    (project / "serve.sh").write_text("# it's started\nN=9\ndemo serve m \\\n  --tensor-parallel-size $N\n")
    (project / "empty.sh").write_text("python train.py\n")
    return "request.json"


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = main(["check", "--root", ".", *words])
    out, err = capsys.readouterr()
    return status, out + err


def test_what_a_server_decides_depends_on_it(request_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = run(capsys, request_file)
    assert status == 0
    assert "depends on the server (2 rules) — pass --served FILE|COMMAND" in out


@pytest.mark.parametrize(
    ("served", "broken"),
    [
        ("serve.yaml", ["too_long"]),
        ("serve.sh", ["too_many"]),
        ("demo serve m --tensor-parallel-size 5 --swap 1", ["too_long", "too_many"]),
        ("demo serve m --tensor-parallel-size -1", ["too_many"]),
        ("demo serve m --tensor-parallel-size $TP --swap 99", []),
    ],
)
def test_a_file_a_script_or_a_command_tells_how_it_was_started(
    request_file: str, capsys: pytest.CaptureFixture[str], served: str, broken: list[str]
) -> None:
    status, out = run(capsys, "--served", served, request_file)
    assert status == (1 if broken else 0)
    assert [name for name in ("too_long", "too_many") if f"· {name}" in out] == broken


@pytest.mark.parametrize("served", ["demo serve 'm", "python train.py", "empty.sh"])
def test_what_starts_no_server_is_refused_in_one_line(
    request_file: str, capsys: pytest.CaptureFixture[str], served: str
) -> None:
    status, out = run(capsys, "--served", served, request_file)
    assert status == 2
    assert out.count("\n") == 1
