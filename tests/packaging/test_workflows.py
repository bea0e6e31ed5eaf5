"""The workflows call commands that exist, hold no more rights than they need, and run pinned code alone."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from miners.cli import _parser
from miners.refresh.comment import BLOCKED, BOT

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
ACTIONS = {
    "actions/checkout": ("11bd71901bbe5b1630ceea73d27597364c9af683", "v4.2.2"),
    "actions/download-artifact": ("d3f86a106a0bac45b974a628896c90dbdf5c8093", "v4.3.0"),
    "actions/setup-python": ("a26af69be951a213d495a4c3e4e4022e16d87065", "v5.6.0"),
    "actions/upload-artifact": ("ea165f8d65b6e75b540449e92b4886f43607fa02", "v4.6.2"),
    "pypa/gh-action-pypi-publish": ("76f52bc884231f62b9a034ebfe128415bbaabdfc", "v1.12.4"),
}
"""Each with the commit of its tag, as many repositories in public have it."""
WRITES = {
    "refresh.yml": {"plan": {"pull-requests"}, "cell": {"contents", "pull-requests"}},
    "slash.yml": {"decide": {"actions", "contents", "pull-requests"}},
    "heartbeat.yml": {"listen": {"issues"}},
    "release.yml": {"build": set(), "publish": {"id-token"}},
    "workflows.yml": {"check": set()},
}
each = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def load(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return data


def scripts(path: Path) -> list[str]:
    return [step["run"] for job in load(path)["jobs"].values() for step in job["steps"] if "run" in step]


def test_every_workflow_is_listed_here() -> None:
    assert {path.name for path in WORKFLOWS} == set(WRITES)


@each
def test_a_job_writes_what_is_listed_here_and_nothing_by_default(path: Path) -> None:
    data = load(path)
    assert data["permissions"] == {}
    rights = {
        name: {right for right, how in job["permissions"].items() if how == "write"}
        for name, job in data["jobs"].items()
    }
    assert rights == WRITES[path.name]


@each
def test_every_action_is_pinned_by_the_commit_of_its_tag(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    used = re.findall(r"uses: (\S+)@(\S+) # (\S+)$", text, re.MULTILINE)
    assert len(used) == text.count("uses:")
    assert [(name, (commit, tag)) for name, commit, tag in used if ACTIONS[name] != (commit, tag)] == []


@each
def test_no_workflow_runs_a_forks_code_with_rights_or_puts_text_into_a_script(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "pull_request_target" not in text
    assert [script for script in scripts(path) if "${{" in script] == []
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")
    assert all("timeout-minutes" in job for job in load(path)["jobs"].values())


def test_nothing_of_a_fork_is_refreshed() -> None:
    data = load(FOLDER / "refresh.yml")
    assert "head.repo.full_name == github.repository" in data["jobs"]["plan"]["if"]
    assert data["jobs"]["cell"]["needs"] == "plan"
    assert 'test "$(jq .isCrossRepository pull.json)" = false' in scripts(FOLDER / "refresh.yml")[0]


def test_the_library_runs_without_a_token_and_cannot_write_to_the_checkout() -> None:
    (step,) = [
        one for one in load(FOLDER / "refresh.yml")["jobs"]["cell"]["steps"] if "docker run" in one.get("run", "")
    ]
    assert "GH_TOKEN" not in json.dumps(step)
    assert "--network none" in step["run"]
    assert '--volume "$PWD:/tree:ro"' in step["run"]


@each
def test_each_command_of_ours_is_one_that_our_parser_takes(path: Path) -> None:
    found = [one for script in scripts(path) for one in re.findall(r"llem-mine [^\n|;]+", script.replace("\\\n", " "))]
    assert found or path.name in ("release.yml", "workflows.yml")
    for said in found:
        words = [word for word in shlex.split(re.sub(r" > .*|\$FORK", "", said))[1:] if word != "||"]
        stands_for = {"$ENGINE": "vllm", "$PRODUCER": "schemas", "$permission": "write"}
        _parser().parse_args([stands_for.get(word, word) for word in words])


def test_labels_and_the_bots_name_are_the_codes_own() -> None:
    assert BLOCKED in (FOLDER / "refresh.yml").read_text(encoding="utf-8")
    assert json.loads((ROOT / "renovate.json").read_text(encoding="utf-8"))["stopUpdatingLabel"] == BLOCKED
    assert f"contains(github.event.comment.body, '{BOT}')" in (FOLDER / "slash.yml").read_text(encoding="utf-8")


LINTERS = {
    "actionlint": ("actionlint",),
    "zizmor": ("zizmor", "--offline", "--persona", "pedantic", "--quiet", str(FOLDER)),
    "schema": ("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS)),
    "schema of renovate": ("check-jsonschema", "--builtin-schema", "vendor.renovate", str(ROOT / "renovate.json")),
}


@pytest.mark.parametrize("command", LINTERS.values(), ids=LINTERS)
def test_the_linters_have_nothing_to_say(command: tuple[str, ...]) -> None:
    beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    program = shutil.which(command[0], path=beside)
    if program is None:
        pytest.skip(f"{command[0]} is not installed here: .github/workflows/workflows.yml runs it")
    done = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
