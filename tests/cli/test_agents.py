"""What an agent may ask, and the server that it asks, by the SDK's own client."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pytest_llem_invariants.cli import main
from pytest_llem_invariants.cli.agents import Agents
from pytest_llem_invariants.errors import LlemError

BAD = "demo serve m --tensor-parallel-size=0\n"


@pytest.fixture
def agents(project: Path, monkeypatch: pytest.MonkeyPatch) -> Agents:
    (project / "texts").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(project / "texts"))
    return Agents(".")


def test_a_finding_has_its_line_its_message_and_its_fix(agents: Agents, project: Path) -> None:
    told = agents.check(f"set -e\n{BAD}")
    assert (told["status"], told["documents"][0]["engine"]) == ("rejected", "demo")
    (finding,) = told["findings"]
    assert (finding["line"], finding["column"], finding["rule"]) == (2, 14, "tp_low")
    assert finding["fix"] == "set --tensor-parallel-size to at least 1"
    assert list((project / "texts").iterdir()) == []  # nothing is left behind
    assert agents.check('{"temperature": -1}', engine="demo")["status"] == "rejected"
    assert agents.check(BAD, version="1.0")["status"] == "accepted"


def test_a_rule_and_a_field_are_explained(agents: Agents) -> None:
    assert agents.explain("tp_low")["fix"] == "set tensor_parallel_size to at least 1"
    told = agents.explain("--tensor-parallel-size", engine="demo")
    assert [(one["rule"], one["engine"]) for one in told["rules"]] == [("tp_low", "demo 2.0")]
    assert told["more"] == 0
    with pytest.raises(LlemError, match="no rule 'tp_lo' — did you mean tp_low"):
        agents.explain("tp_lo")


def test_two_versions_are_compared(agents: Agents) -> None:
    assert agents.diff("demo", "1.0", "2.0").startswith("### demo 1.0 → 2.0")
    with pytest.raises(LlemError, match="no corpus of version '0'"):
        agents.diff("demo", "0", "2.0")


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ({"text": "x" * 1_100_000}, "text has more than 1,048,576 characters"),
        ({"text": BAD, "kind": "../x"}, "no kind of text '../x' — known are sh"),
        ({"text": BAD, "engine": "x" * 501}, "engine is a word of at most 500 printable characters"),
        ({"text": BAD, "version": "1\n2"}, "version is a word"),
        ({"text": BAD, "gpu": "H1000"}, "unknown GPU"),
        ({"text": "hello\n", "kind": "md"}, "no engine config found"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(agents: Agents, question: dict[str, str], told: str) -> None:
    with pytest.raises(LlemError) as raised:
        agents.check(**question)
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)
    assert "texts" not in str(raised.value)


def test_no_file_is_read_that_a_text_names(tmp_path: Path) -> None:
    """Each would change the answer if it were read."""
    config = '{"model_type": "llama", "architectures": ["LlamaForCausalLM"], "num_attention_heads": 32}'
    (tmp_path / "config.json").write_text(config)
    (tmp_path / "serve.yaml").write_text("max-model-len: 100\ntensor-parallel-size: 0\n")
    agents = Agents()
    request = '{"prompt": "x", "max_tokens": 9000}'
    assert agents.check(request, engine="vllm", served="vllm serve m --max-model-len 100")["status"] == "rejected"
    told = agents.check(request, engine="vllm", served=f"vllm serve m --config {tmp_path}/serve.yaml")
    assert told["status"] == "depends"
    assert agents.check("vllm serve m -tp 3", config_json=config)["status"] == "rejected"
    for line in (f"vllm serve m --config {tmp_path}/serve.yaml", f"vllm serve {tmp_path} -tp 3"):
        assert agents.check(line)["status"] != "rejected"


def answer_to(ask: Callable[[], Any]) -> str:
    try:
        return json.dumps(ask())
    except LlemError as error:
        return str(error)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=60) | st.sampled_from([BAD, "FROM x\nCMD", "a: [", "{", "---\n"]), st.text(max_size=6))
@example("", "\u00b9")  # a digit that is no number
def test_whatever_is_asked_is_answered_or_refused_in_a_sentence(agents: Agents, text: str, word: str) -> None:
    for ask in (lambda: agents.check(text), lambda: agents.check(BAD, version=word), lambda: agents.explain(word)):
        assert "internal error" not in answer_to(ask)


# The server -----------------------------------------------------------------------------------------------------------

CLIENT = """\
import anyio, json, sys
from mcp.client.session import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client

async def ask():
    words = ["-m", "pytest_llem_invariants.cli", "mcp", *sys.argv[1:]]
    server = StdioServerParameters(command=sys.executable, args=words)
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        listed = (await session.list_tools()).tools
        told = {"tools": {one.name: sorted(one.input_schema["properties"]) for one in listed}}
        told["read only"] = all(one.annotations.read_only_hint for one in listed)
        told["answers"] = []
        for name, question in json.load(sys.stdin):
            answer = await session.call_tool(name, question)
            told["answers"].append([answer.is_error, answer.structured_content, answer.content[0].text])
        print(json.dumps(told))

anyio.run(ask)
"""


def test_the_server_answers_its_tools_and_refuses_the_rest(project: Path) -> None:
    try:
        import mcp.server.mcpserver  # noqa: F401
    except ImportError:
        pytest.skip("the SDK of the Model Context Protocol is not installed here: the extra `mcp` has it")
    questions: list[tuple[str, dict[str, Any]]] = [
        ("check", {"text": BAD}),
        ("explain", {"what": "tp_low"}),
        ("diff", {"engine": "demo", "old": "1.0", "new": "2.0"}),
        ("check", {"text": BAD, "engine": "nobody"}),
        ("check", {"text": 3}),
    ]
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, "--root", str(project)],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
        cwd=Path(__file__).parents[2],
    )
    told = json.loads(done.stdout)
    assert told["tools"] == {
        "check": ["config_json", "engine", "gpu", "kind", "served", "text", "version"],
        "explain": ["engine", "version", "what"],
        "diff": ["engine", "new", "old"],
    }
    assert told["read only"]
    check, explain, diff, unknown, wrong = told["answers"]
    assert (check[0], check[1]["status"]) == (False, "rejected")
    assert explain[1]["rule"] == "tp_low"
    assert diff[1]["result"].startswith("### demo 1.0")
    assert unknown[0]
    assert unknown[2].endswith("no engine 'nobody' — known are demo")
    assert wrong[0]


def test_without_the_sdk_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    assert main(["mcp"]) == 2
    assert "pip install 'pytest-llem-invariants[mcp]'" in capsys.readouterr().err


def test_no_other_command_imports_the_sdk() -> None:
    code = "import sys; from pytest_llem_invariants.cli import main; main(['list']); print('mcp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
