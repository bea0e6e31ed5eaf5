"""`--llem-reuse`: an earlier run answers only where nothing changed that can change an answer; a miss at worst."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_llem_invariants.runs import earlier
from pytest_llem_invariants.runs.earlier import Earlier, keep, place_of, read
from pytest_llem_invariants.runs.store import Store
from pytest_llem_invariants.runs.surroundings import (
    ABSENT,
    Reads,
    changed_since,
    fingerprint,
    process_began,
    surroundings,
)
from tests.plugin.house import GOOD, NEGATIVE, WRONG, House

KEPT = Earlier("fake", "1.0", "c", "v", False, 6, "2026-01-01T00:00:00Z", "full", {"python": "p"}, {"/a": "1:2:3:4"})

READING = """
    def do_read(self): open(os.environ["FAKELIB_FILE"]).read()
_make = Config.__init__
def _reading(self, *args, **kwargs):
    _make(self, *args, **kwargs)
    self.do_read()
Config.__init__ = _reading
open(os.environ["FAKELIB_IMPORTED"], "a").close()
"""


@pytest.fixture
def kept(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house after a run that is kept; its library reads a file, and leaves a mark when it is imported."""
    library = house.path / "site" / "fakelib.py"
    library.write_text(library.read_text() + READING)
    (house.path / "data.json").write_text("{}")
    monkeypatch.setenv("FAKELIB_FILE", str(house.path / "data.json"))
    monkeypatch.setenv("FAKELIB_IMPORTED", str(house.path / "marks"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(house.path / "cache"))
    (house.path / "cache").mkdir()
    time.sleep(0.1)  # what changes just before a run may have been read before it changed
    result = house.run("--llem-reuse")
    assert result.ret == 0
    assert "not kept" not in result.stdout.str()
    (house.path / "marks").unlink()
    return house


def is_reused(house: House, *arguments: str) -> bool:
    result = house.run("--llem-reuse", *arguments)
    reused = "rules reused from the run of 2026-01-02T03:04:05Z" in result.stdout.str()
    assert reused is not (house.path / "marks").exists(), "either the engine is imported or nothing was replayed"
    return reused


@pytest.mark.parametrize("sharing", [(), ("-n", "2", "--llem-check")], ids=["alone", "-n 2"])
def test_where_nothing_changed_no_engine_is_imported(kept: House, sharing: tuple[str, ...]) -> None:
    before = {path: path.read_bytes() for path in kept.path.rglob("*.yaml")}
    assert is_reused(kept, *sharing)
    assert {path: path.read_bytes() for path in kept.path.rglob("*.yaml")} == before


def _edit(name: str) -> Callable[[House], object]:
    def edit(house: House) -> None:
        path = house.path / name
        told = path.stat()
        path.write_bytes(
            path.read_bytes().replace(b"{}", b"[]") if name.endswith("json") else path.read_bytes() + b"\n"
        )
        os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))

    return edit


def _declare_another_logger(house: House) -> None:
    path = house.path / "engine_versions" / "fake.yaml"
    path.write_text(path.read_text().replace("loggers: [fakelib]", "loggers: [fakelib, other]"))


CHANGES: dict[str, Callable[[House], object]] = {
    "library": _edit("site/fakelib.py"),
    "a file that it read": _edit("data.json"),
    "declarations": _declare_another_logger,
    "packages": lambda house: (house.path / "site" / "another-1.0.dist-info").mkdir(),
}


def test_a_change_of_what_can_change_an_answer_has_it_replayed_once(kept: House) -> None:
    for name, change in CHANGES.items():
        change(kept)
        time.sleep(0.1)
        assert not is_reused(kept), name
        (kept.path / "marks").unlink()
    assert is_reused(kept)


@pytest.mark.parametrize(
    "change",
    [_edit("corpora/fake/invariants.validated.yaml"), lambda house: house.hold(GOOD[:2])],
    ids=["validated file", "corpus"],
)
def test_a_change_of_what_is_asked_reuses_no_whole_run_and_yet_asks_the_library_nothing(
    kept: House, change: Callable[[House], object]
) -> None:
    change(kept)
    result = kept.run("--llem-reuse")
    assert result.ret == 0
    assert "rules were answered by earlier runs, and no whole one was reused" in result.stdout.str()
    assert not (kept.path / "marks").exists()


def test_who_asks_for_some_rules_or_more_checks_gets_them_replayed(kept: House) -> None:
    assert not is_reused(kept, "-k", "too_tall")
    (kept.path / "marks").unlink()
    assert not is_reused(kept, "--llem-soundness")
    assert kept.run("--llem-reuse", "--llem-isolate").ret == 4


def test_a_red_run_is_not_kept(kept: House) -> None:
    kept.hold((NEGATIVE, WRONG))
    for _ in range(2):
        assert kept.run("--llem-reuse").ret == 1


# What surrounds a library


def changed_parts(change: Callable[[], object]) -> set[str]:
    tool = Path(earlier.__file__).parent
    before = surroundings("json", tool)
    assert surroundings("json", tool) == before
    change()
    after = surroundings("json", tool)
    return {part for part in after if after[part] != before[part]}


def test_each_part_of_what_surrounds_a_library_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert changed_parts(lambda: monkeypatch.setenv("SOME_SWITCH", "1")) == {"variables"}
    assert changed_parts(lambda: monkeypatch.setenv("LLEM_IMAGE_REF", "an/image:1")) == {"variables"}
    assert changed_parts(lambda: monkeypatch.setenv("LLEM_FROZEN_AT", "2026-01-01T00:00:00Z")) == set()
    assert changed_parts(lambda: monkeypatch.chdir(tmp_path)) == {"working folder"}
    assert changed_parts(lambda: monkeypatch.syspath_prepend(tmp_path)) == {"packages"}
    assert changed_parts(lambda: (tmp_path / "optional.py").touch()) == {"packages"}
    assert changed_parts(lambda: monkeypatch.setattr(sys, "prefix", "/elsewhere")) == {"python"}
    assert changed_parts(lambda: monkeypatch.setattr(os, "cpu_count", lambda: 999)) == {"machine"}


def test_a_file_is_another_after_any_change_also_if_its_time_is_set_back(tmp_path: Path) -> None:
    path = tmp_path / "a"
    assert fingerprint(str(path)) == ABSENT
    path.write_text("1")
    before, told = fingerprint(str(path)), path.stat()
    time.sleep(0.02)
    path.write_text("2")
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))
    assert fingerprint(str(path)) != before
    assert changed_since(str(path), process_began())


def test_what_is_read_is_noted_and_what_is_written_is_not(tmp_path: Path) -> None:
    (tmp_path / "read").write_text("1")
    reads = Reads()
    (tmp_path / "read").read_text()
    (tmp_path / "written").write_text("1")
    assert not (tmp_path / "missing").exists()
    with pytest.raises(FileNotFoundError):
        (tmp_path / "missing").read_text()
    os.listdir(tmp_path)
    noted = {path for path in reads.paths() if path.startswith(str(tmp_path))}
    assert noted == {str(tmp_path), str(tmp_path / "read"), str(tmp_path / "missing")}
    assert __file__ in reads.paths()


# What is kept


def test_a_run_of_another_format_or_place_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, place = Store(tmp_path / "state"), place_of(tmp_path, tmp_path)
    assert read(store, place) is None
    keep(store, place, KEPT)
    assert read(store, place) == KEPT
    assert read(store, place_of(tmp_path, tmp_path / "elsewhere")) is None
    monkeypatch.setattr(earlier, "FORMAT", 99)
    assert read(store, place) is None


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"format": 1}', b"\xff"])
def test_a_run_that_cannot_be_read_is_none(tmp_path: Path, body: bytes) -> None:
    store, place = Store(tmp_path / "state"), place_of(tmp_path, tmp_path)
    store.write(place, {"run": body})
    assert read(store, place) is None


def test_two_runs_at_once_and_one_that_is_killed_leave_a_whole_one(tmp_path: Path) -> None:
    place = place_of(tmp_path, tmp_path)
    runs = [replace(KEPT, corpus=str(number) * 5000) for number in range(2)]
    keep(Store(tmp_path / "state"), place, runs[0])
    writers = [
        threading.Thread(target=lambda run=run: [keep(Store(tmp_path / "state"), place, run) for _ in range(20)])
        for run in runs
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert read(Store(tmp_path / "state"), place) in runs
