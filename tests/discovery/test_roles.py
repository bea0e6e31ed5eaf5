"""Every producer checks its own pin and its own landmarks; no declared or known class goes missing in silence."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_llem_invariants.corpus.files import SCHEMA_VERSION, render_proposed
from pytest_llem_invariants.model import Corpus
from tests.discovery import toy
from tests.discovery.toy import mine
from tests.evidence.test_handwritten import BY_HAND

CODE = """
import os
from dataclasses import dataclass

__version__ = "1.2.3"


@dataclass
class InnerConfig:
    size: int = 1


@dataclass
class MachineConfig:
    workers: int = 2


@dataclass
class CheckedConfig:
    ratio: float = 0.5


class LegacyConfig:
    def __init__(self, bits=4):
        self.bits = bits


@dataclass
class Request:
    top_k: int = 0
"""
COMMANDS = {
    "static": ("static", "toy"),
    "schemas": ("lift", "toy"),
    "dynamic": ("dynamic", "toy"),
    "discovery": ("discover", "toy"),
}
SOURCE = ("--source", "../site")


def install(place: Path) -> Path:
    return toy.install(place, CODE)


def with_ssot(project: Path, old: str, new: str) -> Path:
    path = project / "engine_versions" / "toy.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return project


def with_landmark(project: Path, role: str, landmark: str) -> Path:
    return with_ssot(
        project, 'landmarks: ["toyengine:MachineConfig"]', f'landmarks: {{{role}: ["{landmark}"], all: [toyengine]}}'
    )


def with_corpus_that_knows(project: Path, native_type: str) -> Path:
    rule = replace(BY_HAND, engine="toy", library="toyengine", native_type=native_type)
    rule = replace(rule, match=replace(rule.match, engine="toy"))
    corpus = Corpus(SCHEMA_VERSION, "toy", "1.2.2", "2026-01-01T00:00:00Z", (rule,))
    (project / "corpora/toy/invariants.proposed.yaml").write_text(render_proposed(corpus), encoding="utf-8")
    return project


@pytest.mark.parametrize(("role", "other"), list(itertools.pairwise([*COMMANDS, "static"])))
def test_a_producer_alone_is_stopped_by_its_own_landmark(tmp_path: Path, role: str, other: str) -> None:
    project = with_landmark(install(tmp_path), role, "toyengine:LegacyConfig.chek")
    run = mine(project, *COMMANDS[role])
    assert run.returncode == 2
    assert "landmark 'toyengine:LegacyConfig.chek' is missing" in run.stderr
    run = mine(project, *COMMANDS[other])
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("role", [*COMMANDS, "invariants"])
def test_a_build_asks_for_the_pin_of_everyone_who_takes_part(tmp_path: Path, role: str) -> None:
    project = install(tmp_path)
    text = (project / "engine_versions/toy.yaml").read_text()
    pin = '">=1,<2"' if role == "discovery" else '">=1"'
    (project / "engine_versions/toy.yaml").write_text(text.replace(f"{role}: {pin}", f'{role}: ">=2"'))
    run = mine(project, "build", "toy", "--class", "toyengine.Request", "--out", str(tmp_path / "out"))
    assert run.returncode == (0 if role == "discovery" else 2), run.stderr
    assert ("pin asks for '>=2'" in run.stderr) is (role != "discovery")
    run = mine(project, "build", "toy", *SOURCE)
    assert run.returncode == (2 if role in ("static", "schemas") else 0), run.stderr


@pytest.mark.parametrize(
    ("landmark", "nearest"),
    [
        ("toyengine:MachineConfg", "toyengine:MachineConfig"),
        ("toyengine.version", "toyengine._version"),
        ("toyengine:LegacyConfig.__init", "toyengine:LegacyConfig.__init__"),
    ],
)
@pytest.mark.parametrize("source", [(), SOURCE])
def test_a_failed_landmark_names_what_is_nearest(
    tmp_path: Path, landmark: str, nearest: str, source: tuple[str, ...]
) -> None:
    project = with_landmark(install(tmp_path), "static", landmark)
    run = mine(project, "build", "toy", *source)
    assert run.returncode == 2
    assert landmark in run.stderr
    assert f"nearest: {nearest}" in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_probe_tells_how_it_stands_with_each_producer(tmp_path: Path) -> None:
    project = with_ssot(install(tmp_path), 'dynamic: ">=1"', 'dynamic: ">=2"')
    project = with_landmark(project, "schemas", "toyengine:MachineConfg")
    run = mine(project, "probe", "toy")
    assert run.returncode == 2
    told = [line.split(": ")[0].strip() for line in run.stdout.splitlines() if line.startswith("  ") and line[2] != " "]
    assert [" ".join(one.split()) for one in told] == [
        *("static ready", "dynamic BLOCKED", "discovery ready", "invariants ready", "schemas BLOCKED")
    ]
    assert "nearest: toyengine:MachineConfig" in run.stdout
    for role, status in (("static", 0), ("dynamic", 2)):
        assert mine(project, "probe", "toy", "--producer", role).returncode == status
    assert mine(project, "probe", "toy", "--producer", "static", *SOURCE).returncode == 0


def test_the_version_is_the_ssots_unless_told_otherwise(tmp_path: Path) -> None:
    project = with_ssot(install(tmp_path), 'version: "1.2.3"', 'version: "1.2.4"')
    for command in (*COMMANDS.values(), ("build", "toy"), ("build", "toy", *SOURCE), ("discover", "toy", *SOURCE)):
        run = mine(project, *command)
        assert run.returncode == 2
        assert "toyengine 1.2.3 was found, but toy.yaml says 1.2.4" in run.stderr
        assert "--other-version" in run.stderr
    assert mine(project, "discover", "toy", "--other-version").returncode == 0


@pytest.mark.parametrize("source", [(), SOURCE])
def test_a_class_that_is_declared_by_name_must_be_there(tmp_path: Path, source: tuple[str, ...]) -> None:
    project = with_ssot(install(tmp_path), '"toyengine:Request"', '"toyengine:Requests"')
    for command in ("build", "discover"):
        run = mine(project, command, "toy", *source)
        assert run.returncode == 2
        assert "lacks toyengine.Request (" in run.stderr
        assert "nearest: toyengine:Request" in run.stderr
    run = mine(project, "discover", "toy", "--accept-lost", "toyengine.Request", *source)
    assert run.returncode == 0, run.stderr
    assert "lacks toyengine.Request (" in run.stderr


@pytest.mark.parametrize("source", [(), SOURCE])
def test_a_class_of_a_family_that_was_there_must_be_there(tmp_path: Path, source: tuple[str, ...]) -> None:
    project = with_corpus_that_knows(install(tmp_path), "toyengine.InnrConfig")
    command = ("build", "toy", *(source or ("--class", "toyengine.Request", "--out", str(tmp_path / "out"))))
    run = mine(project, *command)
    assert run.returncode == 2
    assert "toyengine.InnrConfig (it was there when last mined; nearest: toyengine.InnerConfig)" in run.stderr
    assert mine(project, "probe", "toy").returncode == 2
    run = mine(project, *command, "--accept-lost", "toyengine.InnrConfig")
    assert run.returncode == 0, run.stderr
    assert "lacks toyengine.InnrConfig" in run.stderr
    run = mine(project, *command, "--accept-lost", "toyengine.InnrConfig", "--accept-lost", "toyengine.Request")
    assert "toyengine.Request: that class is not lost" in run.stderr


def test_a_family_without_any_class_is_an_error(tmp_path: Path) -> None:
    project = with_ssot(install(tmp_path), '"toyengine:*Config"', '"toyengine._version:*Config"')
    run = mine(project, "discover", "toy")
    assert run.returncode == 2
    assert "lacks toyengine.* (no public class of toyengine._version matches *Config)" in run.stderr
    assert mine(project, "discover", "toy", "--accept-lost", "toyengine.*").returncode == 0


def test_a_class_of_the_last_schema_must_be_there(tmp_path: Path) -> None:
    project = install(tmp_path)
    assert mine(project, "discover", "toy").returncode == 0
    site = tmp_path / "site/toyengine/__init__.py"
    site.write_text(CODE.replace("class CheckedConfig", "class Checked"), encoding="utf-8")
    run = mine(project, "discover", "toy")
    assert run.returncode == 2
    assert "lacks toyengine.CheckedConfig" in run.stderr
    assert mine(project, "discover", "toy", "--accept-lost", "toyengine.CheckedConfig").returncode == 0
    assert mine(project, "discover", "toy").returncode == 0


def test_what_an_adapter_is_told_of_and_the_library_lacks_is_noted(tmp_path: Path) -> None:
    facts = 'adapter: {steady: ["toyengine:tokn", "toyengine:os.getcwd"], as_if: {"toyengine.cpu:cores": 1}}\n'
    project = with_ssot(install(tmp_path), "landmarks:", facts + "landmarks:")
    run = mine(project, "probe", "toy")
    assert run.returncode == 0, run.stdout
    assert [line.split(" (")[0] for line in run.stdout.splitlines() if "note:" in line] == [
        "  note: toyengine 1.2.3 lacks as_if: toyengine.cpu:cores",
        "  note: toyengine 1.2.3 lacks steady: toyengine:tokn",
    ]
    run = mine(project, "build", "toy", "--class", "toyengine.Request", "--out", str(tmp_path / "out"))
    assert run.returncode == 0
    assert "lacks steady: toyengine:tokn" in run.stderr


@pytest.mark.parametrize("command", ["build", "static", "lift"])
def test_a_class_that_is_asked_for_and_not_there_is_an_error(tmp_path: Path, command: str) -> None:
    out = ("--out", str(tmp_path / "out")) if command == "build" else ()
    run = mine(install(tmp_path), command, "toy", "--class", "toyengine.Requst", *out)
    assert run.returncode == 2
    assert "unknown native type 'toyengine.Requst'; nearest: toyengine.Request" in run.stderr
