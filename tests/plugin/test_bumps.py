"""`--llem-reuse` over a new version: what hangs on files that are as they were is answered, the rest is asked again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_llem_invariants.corpus.files import SCHEMA_VERSION, render_proposed
from pytest_llem_invariants.model import Corpus, Rule
from pytest_llem_invariants.plugin.answers import KIND, Answers, Drawers
from pytest_llem_invariants.runs.store import Drawer, Store
from pytest_llem_invariants.runs.surroundings import ABSENT, LIBRARY, Reads, names_in, packages
from pytest_llem_invariants.runs.touched import Touched
from tests.plugin.house import NEGATIVE, SSOT, House
from tests.plugin.test_answers import certified, replayed, state
from tests.runs.database import opened

MODULES = {
    "__init__": "",
    "unused": "",
    "first": """
import os
open(os.environ["FAKELIB_IMPORTED"], "a").close()
class Config:
    def __init__(self, size=1):
        if size < 0:
            raise ValueError(f"size must not be negative, got {size}")
""",
    "second": """
class Config:
    def __init__(self, size=1):
        from fakelib.late import check
        check(size)
""",
    "late": """
def check(size):
    if size < 0:
        raise ValueError(f"size must not be negative, got {size}")
""",
}
NAMES = ("first", "second")
TWO = tuple(
    replace(NEGATIVE, id=name, native_type=f"fakelib.{name}.Config", kwargs_positive={"size": -1 - number})
    for number, name in enumerate(NAMES)
)


@pytest.fixture
def two(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A library of two classes, of which the first comes first, and the second imports something when it is built."""
    site = house.path / "site"
    (site / "fakelib.py").unlink()
    (site / "fakelib").mkdir()
    for name, text in MODULES.items():
        (site / "fakelib" / f"{name}.py").write_text(text)
    monkeypatch.setenv("FAKELIB_IMPORTED", str(house.path / "marks"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(house.path / "cache"))
    (house.path / "cache").mkdir()
    release(house, "1.0")
    time.sleep(0.1)  # what changes just before a run may have been read before it changed
    return house


def release(house: House, version: str, *changed: str) -> None:
    """Install another version, as an installer does: every file is written again, and some say something else."""
    site = house.path / "site"
    for told in site.glob("*.dist-info"):
        told.joinpath("METADATA").unlink()
        told.rmdir()
    info = site / f"fakelib-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: fakelib\nVersion: {version}\n")
    for path in sorted((site / "fakelib").glob("*.py")):
        text = path.read_text()
        path.unlink()
        path.write_text(f"{text}# of {version}\n".replace("size < 0", "size < -9") if path.stem in changed else text)
    classes = "".join(f"  fakelib.{one}.Config: {{class: 'fakelib.{one}:Config', namespace: fake}}\n" for one in NAMES)
    head, _, rest = SSOT.partition("  fakelib.Config:")
    declared = (head + classes + rest[rest.index("landmarks:") :]).replace('"fakelib:Config"', "fakelib")
    declared = declared.replace('version: "1.0"', f'version: "{version}"').replace("fakelib:1.0", f"fakelib:{version}")
    (house.path / "engine_versions" / "fake.yaml").write_text(declared)
    hold(house, TWO, version)


def hold(house: House, rules: tuple[Rule, ...], version: str) -> None:
    corpus = Corpus(SCHEMA_VERSION, "fake", version, "2026-01-01T00:00:00Z", rules)
    house.corpus.write_text(render_proposed(corpus), encoding="utf-8")


def processes(house: House) -> set[str]:
    """Of which processes it is kept what they touched."""
    with opened(state(house)) as connection:
        names = connection.execute("SELECT name FROM kept WHERE name LIKE 'files %'").fetchall()
    return {name.split(" ")[1] for (name,) in names}


def test_a_version_bump_asks_again_only_what_can_have_changed(two: House) -> None:
    assert replayed(two, "-p", "no:xdist") == (0, 0, True)
    release(two, "1.1", "unused")
    time.sleep(0.1)
    assert replayed(two, "-p", "no:xdist") == (0, 2, False), (
        "neither the version nor what nobody read changes an answer"
    )
    release(two, "1.2", "late")
    time.sleep(0.1)
    assert replayed(two, "-p", "no:xdist") == (1, 1, True), (
        "what the second class reads changed, and its rule is refuted"
    )
    assert certified(two) == {"first": "reused", "second": "partial"}
    release(two, "1.3", "first")
    time.sleep(0.1)
    assert len(processes(two)) == 2
    assert replayed(two, "-p", "no:xdist")[1:] == (0, True), "all modules are imported before the first class is asked"
    assert len(processes(two)) == 1, "who gave no answer that holds is forgotten"


STEPS = st.lists(st.sets(st.sampled_from("abc"), min_size=1), min_size=1, max_size=3)


@settings(max_examples=40)
@given(st.lists(STEPS, max_size=3), st.sets(st.sampled_from("abc")), st.data())
def test_an_answer_stays_exactly_if_nothing_changed_that_its_process_touched_before(
    touched: list[list[set[str]]], changed: set[str], data: st.DataObject
) -> None:
    given_at = {f"answer {one}": data.draw(st.integers(1, len(steps))) for one, steps in enumerate(touched)}
    with TemporaryDirectory() as folder:
        paths = {name: str(Path(folder) / name) for name in "abc"}
        for path in paths.values():
            Path(path).write_text("1")
        told = Touched("", "", tuple(paths.values()))
        entries = {
            f"files {one} {number}": json.dumps({paths[name]: told.told(paths[name]) for name in step}).encode()
            for one, steps in enumerate(touched)
            for number, step in enumerate(steps)
        }
        entries |= {name: f"{name.split()[1]} {count}\nyes".encode() for name, count in given_at.items()}
        drawers = Drawers(Store(Path(folder) / "state"), Drawer(KIND, "fake", ""), told)
        drawers.store.write(drawers.drawer, entries)
        for name in changed:
            Path(paths[name]).write_text("2")
        nobody: Any = SimpleNamespace()
        Answers(nobody, drawers, nobody, may_answer=True).forget_what_changed()
        left = {name for name in drawers.store.read(drawers.drawer) if name.startswith("answer")}
        holds = {
            f"answer {one}": not changed & set().union(*steps[: given_at[f"answer {one}"]])
            for one, steps in enumerate(touched)
        }
        assert left == {name for name, does in holds.items() if does}


def test_a_file_is_the_same_by_its_bytes_and_a_folder_by_its_names(tmp_path: Path) -> None:
    file, large, folder, data = (tmp_path / name for name in ("a.py", "large", "site", "data"))
    touched = Touched("fakelib", "all of it", (str(file), str(large)))
    file.write_text("1")
    data.write_text("1")
    large.write_bytes(bytes(5 << 20))
    (folder / "fakelib-1.0.dist-info").mkdir(parents=True)
    told = {str(path): touched.told(str(path)) for path in (file, large, folder, data, tmp_path / "none")}
    assert told[str(tmp_path / "none")] == ABSENT
    assert touched.changed(told) is None
    file.unlink()
    file.write_text("1")
    (folder / "fakelib-1.0.dist-info").rename(folder / "fakelib-1.1.dist-info")
    assert touched.changed(told) is None
    assert names_in(str(folder), "") != told[str(folder)]
    changes = {
        file: lambda: file.write_text("2"),
        large: lambda: os.utime(large),
        data: lambda: data.write_text("1"),
        folder: (folder / "fakelib_more.py").touch,
    }
    for path, change in changes.items():
        time.sleep(0.02)
        change()
        assert touched.changed(told) == str(path)
        told[str(path)] = touched.told(str(path))
    (tmp_path / "none").touch()
    assert touched.changed(told) == str(tmp_path / "none")
    assert Touched("fakelib", "changed", ()).changed({LIBRARY: touched.told(LIBRARY)}) == LIBRARY


def test_the_own_distribution_alone_is_left_out_of_the_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    before = packages("fakelib")
    (tmp_path / "fakelib-1.0.dist-info").mkdir()
    assert packages("fakelib") == before
    (tmp_path / "fakelib_more-1.0.dist-info").mkdir()
    assert packages("fakelib") != before


def test_who_asks_for_the_version_decides_whether_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    info = tmp_path / "fakelib-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fakelib\nVersion: 1.0\n")
    import importlib.metadata

    ours, theirs = Reads("fakelib", str(Path(__file__).parent)), Reads("fakelib", str(tmp_path / "elsewhere"))
    assert importlib.metadata.version("fakelib") == "1.0"
    said = str(info / "METADATA")
    assert (said in ours.paths(), said in theirs.paths()) == (False, True)


def test_a_process_that_starts_another_hangs_on_the_whole_library() -> None:
    reads = Reads()
    reads.fresh()
    subprocess.run([sys.executable, "-c", ""], check=True)
    assert LIBRARY in reads.fresh()
    assert LIBRARY not in reads.fresh()
