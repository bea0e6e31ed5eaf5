"""What a user gets: a wheel with the data inside, documents whose links lead somewhere, one test command."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(folder),
        str(ROOT),
    ]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_code_corpora_and_versions(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    data = "pytest_llem_invariants/_data"
    for path in (ROOT / "engine_versions").glob("*.yaml"):
        assert f"{data}/engine_versions/{path.name}" in names
    for path in (ROOT / "corpora").glob("*/*.*"):
        assert f"{data}/corpora/{path.relative_to(ROOT / 'corpora').as_posix()}" in names
    assert {"pytest_llem_invariants/py.typed", "miners/py.typed", "pytest_llem_invariants/plugin/__init__.py"} <= names
    assert not [name for name in names if "_staging" in name or name.startswith("tests/")]


def test_an_installed_wheel_brings_its_own_corpora(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    elsewhere = tmp_path / "empty"
    elsewhere.mkdir()
    code = (
        f"import sys; sys.path.insert(0, {str(target)!r});"
        "from pytest_llem_invariants.ssot import data_root, known_engines;"
        "print(data_root()); print(*known_engines())"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=elsewhere, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert Path(said[0]) == (target / "pytest_llem_invariants" / "_data").resolve()
    assert "transformers" in said[1].split()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_between_documents_leads_to_a_file(document: Path) -> None:
    links = [link for link in LINK.findall(document.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_ci_calls_the_test_command_of_the_readme() -> None:
    command = "pytest tests -n 2"
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
