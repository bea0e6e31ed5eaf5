"""`docker/Dockerfile.check`, as far as that can be said without Docker."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES = [
    tuple(line.split(" ", 1))
    for line in (ROOT / "docker/Dockerfile.check").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def of(instruction: str) -> list[str]:
    return [rest for word, rest in LINES if word == instruction]


def test_both_stages_have_the_same_python_and_it_is_one_that_the_project_takes() -> None:
    bases = {base.removesuffix(" AS built") for base in of("FROM")}
    (version,) = (re.fullmatch(r"docker\.io/library/python:3\.(\d+)-slim", base) for base in bases)
    assert version is not None
    assert f"Programming Language :: Python :: 3.{version[1]}" in PROJECT["classifiers"]


def test_the_project_is_installed_without_an_engine() -> None:
    (run,) = of("RUN")
    assert run.endswith("/bin/pip install --no-cache-dir /src")  # no extra, and so no engine
    assert of("COPY") == [". /src", "--from=built /llem /llem"]


def test_it_runs_the_command_on_the_folder_that_is_mounted_and_not_as_root() -> None:
    (entry,), (command,) = of("ENTRYPOINT"), of("CMD")
    assert json.loads(entry)[0] in PROJECT["scripts"]
    assert json.loads(command) == ["check", "."]
    assert of("WORKDIR") == ["/work"]
    assert of("USER") == ["nobody"]
