"""Where a version is repeated because a tool cannot read YAML, it is the SSOT's."""

from __future__ import annotations

import configparser
import re
import tomllib
from pathlib import Path

import pytest

from pytest_llem_invariants.plugin.knobs import table
from pytest_llem_invariants.ssot import known_engines, load_ssot

ROOT = Path(__file__).parents[2]
ENGINES = known_engines(ROOT)


def test_every_engine_of_the_house_is_declared() -> None:
    assert {"transformers", "vllm"} <= set(ENGINES)


@pytest.mark.parametrize("engine", ENGINES)
def test_dockerfile_builds_on_the_ssot_image(engine: str) -> None:
    text = (ROOT / "docker" / f"Dockerfile.{engine}").read_text(encoding="utf-8")
    (base,) = re.findall(r"^FROM (\S+)$", text, re.MULTILINE)
    assert base == load_ssot(engine, ROOT).image
    assert f"LLEM_IMAGE_REF={base}\n" in text, "nobody finds the container again in which the rules were proven"


@pytest.mark.parametrize("engine", ENGINES)
def test_every_place_that_pins_the_library_pins_the_ssot_version(engine: str) -> None:
    ssot = load_ssot(engine, ROOT)
    pin = re.compile(rf"(?<![\w-]){re.escape(ssot.library)}==([\w.]+)")
    places = [ROOT / "tox.ini", ROOT / "pyproject.toml", *(ROOT / "docker").glob("Dockerfile.*")]
    found = {(place.name, version) for place in places for version in pin.findall(place.read_text(encoding="utf-8"))}
    assert found
    assert {version for _, version in found} == {ssot.version}


@pytest.mark.parametrize("engine", ENGINES)
def test_tox_has_an_environment_that_replays_the_engine(engine: str) -> None:
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    assert f"--llem-engine={engine}" in tox[f"testenv:{engine}"]["commands"]


@pytest.mark.parametrize("engine", ENGINES)
def test_dockerfile_and_compose_run_the_plugin(engine: str) -> None:
    dockerfile = (ROOT / "docker" / f"Dockerfile.{engine}").read_text(encoding="utf-8")
    assert f'"--llem-engine={engine}"' in dockerfile.rpartition("CMD")[2]
    assert f"docker/Dockerfile.{engine}" in (ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8")


def test_the_reference_has_the_table_of_the_knobs() -> None:
    shown = "\n".join(table())
    reference = (ROOT / "docs/reference/plugin.md").read_text(encoding="utf-8")
    assert shown in reference, f"put this table into docs/reference/plugin.md:\n\n{shown}"


def test_every_dependency_that_the_project_names_is_bounded_below() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [dependency for dependency in project["dependencies"] if ">=" not in dependency] == []


def test_ci_runs_the_test_command_of_the_readme() -> None:
    """By the same pattern as `.ci/run`, which runs what it finds."""
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (pattern,) = re.findall(r"command=\$\(sed -n 's/(.*)/\\1/p' README\.md\)", ci)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = re.findall(pattern.replace(r"\(", "(").replace(r"\)", ")"), readme, re.MULTILINE)
    assert len(told) == 1
    assert told[0].endswith(".venv/bin/pytest tests -n 2")
