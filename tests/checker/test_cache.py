"""Compiled corpora in the user's cache: fresh, private, and never an answer of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants import Checker
from pytest_llem_invariants.checker import cache, layout
from pytest_llem_invariants.cli import main
from pytest_llem_invariants.corpus.files import load_validated, render_validated
from tests.checker.demo import SAMPLING

CONFIG = {"temperature": -1}


def answer(**how: Any) -> str:
    (violation,) = Checker.load("demo", root=".", **how).check(SAMPLING, CONFIG).violations
    return violation.message


TRUTH = "temperature must be non-negative, got -1."


def kept(project: Path) -> Path:
    """The one file of the newest corpus in the cache."""
    path = cache.Entry("./corpora/demo", "./engine_versions/demo.yaml").path()
    assert path is not None
    return Path(path)


def count_compiling(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    from pytest_llem_invariants.checker import compiled

    made: list[str] = []
    original = compiled.compile_folder

    def counted(folder: Path, *rest: Any, **named: Any) -> str:
        made.append(str(folder))
        return original(folder, *rest, **named)

    monkeypatch.setattr(compiled, "compile_folder", counted)
    return made


def test_a_corpus_is_compiled_once_and_for_its_user_alone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = count_compiling(monkeypatch)
    assert [answer(), answer(), answer()] == [TRUTH] * 3
    assert len(made) == 1
    assert kept(project).stat().st_mode & 0o777 == 0o600
    assert kept(project).parent.stat().st_mode & 0o777 == 0o700
    assert not list(project.rglob("corpora/**/compiled.json"))


@pytest.mark.parametrize(
    "name",
    [
        "corpora/demo/invariants.proposed.yaml",
        "corpora/demo/invariants.validated.yaml",
        "corpora/demo/schema.discovered.json",
        "corpora/demo/history/1.0/schema.discovered.json",
        "engine_versions/demo.yaml",
    ],
)
def test_another_byte_in_any_source_is_another_corpus(project: Path, name: str) -> None:
    before = kept(project)
    path = project / name
    path.write_text(path.read_text() + "\n")
    assert kept(project) != before


def test_a_schema_that_comes_or_goes_is_another_corpus(project: Path) -> None:
    before = kept(project)
    newcomer = project / "corpora/demo/history/1.5/schema.discovered.json"
    newcomer.parent.mkdir()
    newcomer.write_text((project / "corpora/demo/schema.discovered.json").read_text())
    assert kept(project) != before


def test_evidence_that_changed_counts_at_once(project: Path) -> None:
    assert answer() == TRUTH
    path = project / "corpora/demo/invariants.validated.yaml"
    validated = load_validated(path)
    path.write_text(render_validated(replace(validated, cases=validated.cases[1:])))
    assert Checker.load("demo", root=".").check(SAMPLING, CONFIG).ok


def test_the_key_names_every_module_that_makes_a_compiled_corpus() -> None:
    code = (
        "import sys; import pytest_llem_invariants.checker.compiled\n"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.startswith('pytest_llem_invariants.')), sep='\\n')"
    )
    root = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    package = root / "pytest_llem_invariants"
    imported = {Path(line).relative_to(package).as_posix() for line in done.stdout.splitlines()}
    # What the package itself imports for those who check.
    of_checking = ("__init__", "changes", "checker", "classes", "core", "slips", "store", "unknowns")
    for_checking = {f"checker/{name}.py" for name in of_checking}
    assert imported - set(cache.COMPILER) == for_checking
    assert set(cache.COMPILER) <= imported


def test_what_stat_says_spares_reading_only_where_it_has_settled(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[int] = []
    original = cache.key
    monkeypatch.setattr(cache, "key", lambda named: hashed.append(1) or original(named))  # type: ignore[func-returns-value]
    assert answer() == answer() == TRUTH
    assert len(hashed) == 2, "the files are too young to be told by their times"
    monkeypatch.setattr(cache, "_UNSETTLED", -(10**18))
    assert answer() == answer() == answer() == TRUTH
    assert len(hashed) == 3
    path = project / "corpora/demo/invariants.proposed.yaml"
    os.utime(path, ns=(1, 1))
    assert answer() == TRUTH
    assert len(hashed) == 4


# Damage and strangers -------------------------------------------------------------------------------------------------


def flipped(place: int) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        whole = path.read_bytes()
        at = place % len(whole)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])

    return damage


def planted(path: Path) -> None:
    """Another corpus under this name, whole in itself."""
    other = next(one for one in path.parent.glob("*.json") if one != path)
    path.write_bytes(other.read_bytes())


def linked(path: Path) -> None:
    whole = path.read_bytes().replace(b"must be non-negative", b"was read through link")
    path.unlink()
    (path.parent / "target").write_bytes(whole)
    path.symlink_to(path.parent / "target")


def foldered(path: Path) -> None:
    path.unlink()
    path.mkdir()


def piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    "damage",
    [
        *(flipped(place) for place in range(0, 12_000, 211)),
        lambda path: path.write_bytes(path.read_bytes()[:-900]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"["),
        planted,
        linked,
        foldered,
        piped,
    ],
)
def test_a_damaged_cache_costs_time_and_never_an_answer(project: Path, damage: Callable[[Path], None]) -> None:
    assert main(["compile", "--root", "."]) == 0
    expected = Checker.load("demo", root=".").check(SAMPLING, CONFIG).as_dict()
    damage(kept(project))
    for _ in range(2):
        assert Checker.load("demo", root=".").check(SAMPLING, CONFIG).as_dict() == expected


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_to_is_not_read(project: Path, mode: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer() == TRUTH
    made = count_compiling(monkeypatch)
    kept(project).chmod(mode)
    assert answer() == TRUTH
    assert len(made) == 1


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_a_folder_that_others_may_write_to_is_not_used(
    project: Path, mode: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer() == TRUTH
    (project / "cache").chmod(mode)
    made = count_compiling(monkeypatch)
    assert answer() == answer() == TRUTH
    assert len(made) == 2
    assert main(["compile", "--root", "."]) == 2
    assert "cannot be used — make it a folder that belongs to you" in capsys.readouterr().err


def test_what_another_user_owns_is_not_used(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer() == TRUTH
    made = count_compiling(monkeypatch)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert answer() == TRUTH
    assert len(made) == 1


@pytest.mark.parametrize("where", ["/dev/null/none", "/proc/none/cache"])
def test_a_cache_that_cannot_be_made_costs_time_only(
    project: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setenv("LLEM_CACHE_DIR", where)
    assert answer() == answer(version="2.0") == TRUTH
    assert main(["compile", "--root", "."]) == 2


def test_a_read_only_cache_costs_time_only(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    assert answer() == TRUTH
    assert not list((project / "cache").iterdir())


def test_the_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LLEM_CACHE_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache.folder() == str(tmp_path / "x" / "pytest-llem-invariants" / "compiled")
    monkeypatch.setenv("XDG_CACHE_HOME", "beside/the/config")
    assert cache.folder() == str(tmp_path / ".cache" / "pytest-llem-invariants" / "compiled")
    monkeypatch.setenv("HOME", "beside")
    assert cache.folder() is None


def test_a_cache_folder_beside_the_config_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LLEM_CACHE_DIR", "cache")
    assert main(["list", "--root", "."]) == 2
    assert "LLEM_CACHE_DIR is 'cache' — write an absolute path" in capsys.readouterr().err


def test_the_oldest_go_where_the_cache_grows_large(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer() == TRUTH
    first = kept(project)
    os.utime(first, ns=(1, 1))
    monkeypatch.setattr(cache, "_LARGEST_IN_ALL", first.stat().st_size)
    path = project / "engine_versions/demo.yaml"
    path.write_text(path.read_text() + "# another\n")
    assert answer() == TRUTH
    assert not first.exists()
    assert kept(project).exists()


def test_compiling_is_deterministic_and_checked(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["compile", "--root", "."]
    assert main([*words, "--check"]) == 1
    assert not (project / "cache").exists()
    assert main(words) == 0
    first = kept(project).read_bytes()
    assert main([*words, "--check"]) == 0
    kept(project).unlink()
    assert main([*words, "demo"]) == 0
    assert kept(project).read_bytes() == first
    assert "corpora/demo: stale" in capsys.readouterr().out
    assert main([*words, "demmo"]) == 2


def test_a_source_that_changes_while_it_is_compiled_is_not_kept(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pytest_llem_invariants.checker import compiled

    original = compiled.compile_folder

    def meanwhile(folder: Path, *rest: Any, **named: Any) -> str:
        path = project / "engine_versions/demo.yaml"
        path.write_text(path.read_text() + "# another\n")
        return original(folder, *rest, **named)

    monkeypatch.setattr(compiled, "compile_folder", meanwhile)
    assert answer() == TRUTH
    assert not list(project.glob("cache/*.json"))


def test_the_format_is_part_of_the_key(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept(project)
    monkeypatch.setattr(layout, "FORMAT", layout.FORMAT + 1)
    assert kept(project) != before
