"""What a user gets: a wheel with the data inside, documents whose links lead somewhere, one test command."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from pytest_llem_invariants.ssot import known_engines, load_ssot

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
    for proposed in (ROOT / "corpora").rglob("invariants.proposed.yaml"):
        place = proposed.parent.relative_to(ROOT / "corpora").as_posix()
        assert (f"{data}/corpora/{place}/compiled.json" in names) is ("_staging" not in place)
    assert {"pytest_llem_invariants/py.typed", "miners/py.typed", "pytest_llem_invariants/plugin/__init__.py"} <= names
    for path in (ROOT / "pytest_llem_invariants" / "site").rglob("*.*"):  # styles and scripts of the pages, too
        if path.suffix != ".pyc":
            assert path.relative_to(ROOT).as_posix() in names
    assert not [name for name in names if "_staging" in name or name.startswith("tests/")]


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the release was installed from an index, which is a folder of files."""
    index, target = tmp_path_factory.mktemp("index"), tmp_path_factory.mktemp("site")
    page = index / "pytest-llem-invariants" / "index.html"
    page.parent.mkdir()
    shutil.copy(wheel, page.parent)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    page.write_text(f'<a href="{wheel.name}#sha256={digest}">{wheel.name}</a>')
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    released = f"{project['name']}=={project['version']}"
    pip = [sys.executable, "-m", "pip", "--isolated", "install", "-q", "--no-deps", "--index-url", index.as_uri()]
    subprocess.run([*pip, "--target", str(target), released], check=True, capture_output=True)
    return target


def test_the_release_says_which_engine_versions_are_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        (metadata,) = [name for name in opened.namelist() if name.endswith(".dist-info/METADATA")]
        told = opened.read(metadata).decode().splitlines()
    for engine in known_engines(ROOT):
        ssot = load_ssot(engine, ROOT)
        assert f"Requires-Dist: {ssot.library}=={ssot.version}; extra == '{engine}'" in told


def check(site: Path, folder: Path, config: str) -> subprocess.CompletedProcess[str]:
    """`llem-invariants check` of the installed package in a folder, where no cache can be had."""
    (folder / "x.yaml").write_text(config)
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r}); from pytest_llem_invariants.cli import main; sys.exit(main())"
    )
    words = ["check", "--engine", "transformers", "--type", "GenerationConfig", "x.yaml"]
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        env={**os.environ, "LLEM_CACHE_DIR": "/dev/null/none"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_installed_wheel_checks_by_its_own_corpora_wherever_one_stands(site: Path, tmp_path: Path) -> None:
    """A folder of corpora above the current one is anybody's: its rules, and what it calls compiled, are not read."""
    planted = tmp_path / "corpora" / "transformers"
    planted.mkdir(parents=True)
    for name in ("invariants.proposed.yaml", "compiled.json"):
        (planted / name).write_text("planted")
    (tmp_path / "engine_versions").mkdir()
    (tmp_path / "engine_versions" / "transformers.yaml").write_text("planted")
    below = tmp_path / "below"
    below.mkdir()
    done = check(site, below, "max_new_tokens: 0\n")
    assert (done.returncode, done.stderr) == (1, "")
    assert "not the packaged ones" not in done.stdout


def test_a_damaged_file_of_the_installed_package_costs_time_only(site: Path, tmp_path: Path) -> None:
    compiled = site / "pytest_llem_invariants/_data/corpora/transformers/compiled.json"
    whole = compiled.read_bytes()
    try:
        expected = check(site, tmp_path, "max_new_tokens: 0\n").stdout
        for place in (10, 400, whole.index(b"max_new_tokens", 20_000)):
            compiled.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            assert check(site, tmp_path, "max_new_tokens: 0\n").stdout == expected
        compiled.unlink()
        assert check(site, tmp_path, "max_new_tokens: 0\n").stdout == expected
    finally:
        compiled.write_bytes(whole)


def test_an_installed_wheel_brings_its_own_corpora(site: Path, tmp_path: Path) -> None:
    target = site
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
    """It takes the command out of the page by this expression."""
    found = re.findall(r"^\$ (.*bin/pytest tests.*)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(found) == 1
    assert r"sed -n 's/^\$ \(.*bin\/pytest tests.*\)$/\1/p' README.md" in (ROOT / ".ci" / "run").read_text("utf-8")
