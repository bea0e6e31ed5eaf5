"""The store: what is damaged, of another format, another's, or in use costs time, and never gives a wrong entry."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_llem_invariants.runs.store import Drawer, Store
from tests.runs.database import opened

DRAWER = Drawer("answers", "here", "key")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "new" / "state.sqlite"
    Store(path).write(DRAWER, {"a": b"1", "b": b"2"}, seconds=1.5)
    return path


def test_what_was_written_is_read_and_nobody_else_may_write_to_it(path: Path) -> None:
    store = Store(path)
    assert store.read(DRAWER) == {"a": b"1", "b": b"2"}
    assert store.seconds(DRAWER) == {"a": 1.5, "b": 1.5}
    assert store.read(Drawer("answers", "here", "another")) == {}
    store.drop(DRAWER, ["a"])
    assert store.read(DRAWER) == {"b": b"2"}
    assert path.stat().st_mode & 0o777 == 0o600


def test_of_a_place_only_the_newest_keys_stay(path: Path) -> None:
    store = Store(path)
    drawers = [Drawer("answers", "here", str(number)) for number in range(4)]
    for drawer in drawers:
        store.write(drawer, {"a": b"x"})
    store.write(Drawer("answers", "elsewhere", "key"), {"a": b"x"})
    store.tidy(DRAWER, 3)
    assert [bool(store.read(one)) for one in (DRAWER, *drawers)] == [True, False, False, True, True]
    assert store.read(Drawer("answers", "elsewhere", "key"))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def _overwrite(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)


def _renumber(path: Path) -> None:
    with opened(path) as connection:
        connection.execute("PRAGMA user_version=99")


@pytest.mark.parametrize("damage", [_cut, _overwrite, _renumber])
def test_a_damaged_store_is_begun_anew_and_that_is_told(path: Path, damage: Callable[[Path], None]) -> None:
    damage(path)
    told: list[str] = []
    store = Store(path, told.append)
    assert store.read(DRAWER) == {}
    assert len(told) == 1
    assert "begun anew" in told[0]
    assert str(path) in told[0]
    store.write(DRAWER, {"a": b"3"})
    assert Store(path, told.append).read(DRAWER) == {"a": b"3"}
    assert len(told) == 1


@settings(deadline=None, max_examples=50)
@given(st.integers(0), st.binary(min_size=1, max_size=40))
def test_whatever_is_written_over_a_store_no_other_entry_is_read(
    tmp_path_factory: pytest.TempPathFactory, place: int, noise: bytes
) -> None:
    path = tmp_path_factory.mktemp("store") / "state"
    Store(path).write(DRAWER, {"a": b"1" * 100, "b": b"2" * 100})
    data = bytearray(path.read_bytes())
    data[place % len(data) : place % len(data) + len(noise)] = noise
    path.write_bytes(data)
    assert Store(path).read(DRAWER).items() <= {"a": b"1" * 100, "b": b"2" * 100}.items()
    Store(path).write(DRAWER, {"a": b"new"})
    assert Store(path).read(DRAWER).get("a") in (b"new", None)


def test_an_entry_that_was_moved_is_none(path: Path) -> None:
    with opened(path) as connection:
        connection.execute("UPDATE kept SET name = 'c' WHERE name = 'a'")
    assert Store(path).read(DRAWER) == {"b": b"2"}


def test_a_store_that_others_may_write_to_is_not_used(path: Path) -> None:
    path.chmod(0o666)
    told: list[str] = []
    store = Store(path, told.append)
    assert store.read(DRAWER) == {}
    store.write(DRAWER, {"c": b"3"})
    assert told == [f"{path} cannot be used (others may write to it): nothing is remembered"]


def test_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(path)
    told: list[str] = []
    assert Store(tmp_path / "link", told.append).read(DRAWER) == {}
    assert len(told) == 1


def _fill(path: Path, name: str) -> None:
    for number in range(20):
        Store(path).write(DRAWER, {f"{name} {number}": b"x"})


def test_two_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state"
    processes = [multiprocessing.get_context("fork").Process(target=_fill, args=(path, name)) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert len(Store(path).read(DRAWER)) == 40


def test_a_process_that_is_killed_in_the_middle_leaves_all_or_nothing(path: Path) -> None:
    pid = os.fork()
    if pid == 0:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM kept")
        os._exit(9)
    os.waitpid(pid, 0)
    assert Store(path).read(DRAWER) == {"a": b"1", "b": b"2"}
