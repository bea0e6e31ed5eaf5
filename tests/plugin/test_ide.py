"""Discovery and single runs through the real plugins of two IDEs.

VS Code's is no package: `LLEM_VSCODE_PYTEST` names the folder that holds its `vscode_pytest`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants.model import CONTRACTS
from tests.plugin.house import GOOD, NEGATIVE, WRONG, House

VSCODE = os.environ.get("LLEM_VSCODE_PYTEST", "")
needs_vscode = pytest.mark.skipif(
    not (Path(VSCODE) / "vscode_pytest").is_dir(), reason="LLEM_VSCODE_PYTEST names no folder with vscode_pytest"
)
needs_teamcity = pytest.mark.skipif(
    importlib.util.find_spec("teamcity") is None, reason="teamcity-messages is not installed"
)


class VSCode:
    """The editor's side: a file in place of its pipe, and what was sent through it."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self._house = house
        self._pipe = house.path / "pipe"
        path = os.pathsep.join((VSCODE, os.environ["PYTHONPATH"]))
        monkeypatch.setenv("PYTHONPATH", path)
        monkeypatch.setenv("TEST_RUN_PIPE", str(self._pipe))

    def messages(self, *arguments: str) -> list[dict[str, Any]]:
        self._pipe.write_bytes(b"")
        command = ("-p", "vscode_pytest", f"--rootdir={self._house.path}", *arguments)
        self._house.pytester.runpytest_subprocess(*command, timeout=60)
        parts = re.split(
            r"content-length: \d+\r\ncontent-type: application/json\r\n\r\n", self._pipe.read_bytes().decode()
        )
        return [json.loads(part)["params"] for part in parts if part]


@pytest.fixture
def vscode(house: House, monkeypatch: pytest.MonkeyPatch) -> VSCode:
    return VSCode(house, monkeypatch)


def leaves(node: dict[str, Any]) -> list[dict[str, Any]]:
    if "children" not in node:
        return [node]
    return [leaf for child in node["children"] for leaf in leaves(child)]


@needs_vscode
def test_vscode_shows_every_check_at_its_rule(house: House, vscode: VSCode) -> None:
    (message,) = vscode.messages("--collect-only", "corpora")
    assert message["status"] == "success", message["error"]
    found = leaves(message["tests"])
    assert [leaf["name"] for leaf in found] == [f"{rule.id}[{check.value}]" for rule in GOOD for check in CONTRACTS]
    lines = house.corpus.read_text().splitlines()
    for leaf in found:
        assert leaf["name"].startswith(lines[int(leaf["lineno"]) - 1].split("id: ")[1])


@needs_vscode
def test_vscode_runs_the_check_that_was_clicked(house: House, vscode: VSCode) -> None:
    house.hold([*GOOD, WRONG])
    (message,) = vscode.messages("--collect-only", "corpora")
    base = message.get("idBase", "")
    ids = {leaf["name"]: os.path.join(base, leaf["runID"]) for leaf in leaves(message["tests"])}

    (passed,) = vscode.messages(ids["negative_size[positive_raises]"])
    assert {name: result["outcome"] for name, result in passed["result"].items()} == {
        ids["negative_size[positive_raises]"]: "success"
    }
    (failed, *_) = vscode.messages(ids["zero_size[positive_raises]"])
    (result,) = failed["result"].values()
    assert result["outcome"] == "failure"
    assert "fakelib.Config(**{'size': 0})" in result["message"]
    assert "fakelib.py:10" in result["message"]


@needs_teamcity
def test_pycharm_runs_a_rule_and_names_its_checks(house: House) -> None:
    target = f"corpora/fake/invariants.proposed.yaml::{NEGATIVE.id}"
    done = house.pytester.runpytest_subprocess("--teamcity", target, timeout=60)
    done.assert_outcomes(passed=3)
    started = re.findall(r"##teamcity\[testStarted .*?metainfo='(.*?)'.*? name='(.*?)'", done.stdout.str())
    assert [name.rpartition(".")[2] for _, name in started] == [f"{NEGATIVE.id}({check.value})" for check in CONTRACTS]
    assert [info.replace("||", "|") for info, _ in started] == [
        f"{NEGATIVE.id}|[{check.value}|]" for check in CONTRACTS
    ]


@needs_teamcity
def test_pycharm_shows_what_a_broken_contract_says(house: House) -> None:
    house.hold([WRONG])
    done = house.pytester.runpytest_subprocess("--teamcity", "corpora/fake/invariants.proposed.yaml", timeout=60)
    failed = [line for line in done.outlines if "testFailed" in line]
    assert failed
    assert "size must not be zero" in failed[0] or "zero_size" in failed[0]
    assert "fakelib.py:10" in failed[0]
