"""The edge to the file system and the clock."""

from __future__ import annotations

import os
import re
import stat
import threading
from pathlib import Path

import pytest

from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.text.atomic import now, today, write_atomically


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.yaml"
    write_atomically(path, "old ü\n")
    write_atomically(path, "new\n")
    assert path.read_bytes() == b"new\n"
    assert os.listdir(path.parent) == ["file.yaml"]


def test_a_reader_never_meets_a_part(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    texts = ("a" * 200_000, "b" * 100_000)
    write_atomically(path, texts[0])
    done = threading.Event()

    def write() -> None:
        for round_ in range(40):
            write_atomically(path, texts[round_ % 2])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while not done.is_set():
            assert path.read_text() in texts
    finally:
        writer.join()


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664])
def test_the_mode_of_the_old_file_is_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file.yaml"
    path.write_text("old")
    path.chmod(mode)
    write_atomically(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_new_file_is_as_readable_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    write_atomically(tmp_path / "ours", "")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target = tmp_path / "target.yaml"
    target.write_text("old")
    link = tmp_path / "link.yaml"
    link.symlink_to(target)
    write_atomically(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    path = tmp_path / "file.yaml"
    write_atomically(path, "old")

    def fail(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.yaml"]


def test_text_that_no_file_can_hold_leaves_no_trace(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_atomically(tmp_path / "file.yaml", "\ud800")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("frozen", "epoch", "moment"),
    [
        ("2026-01-31T10:00:00Z", None, "2026-01-31T10:00:00Z"),
        ("2026-01-31T10:00:00+02:00", "0", "2026-01-31T08:00:00Z"),
        ("2026-01-31", None, "2026-01-31T00:00:00Z"),
        ("2026-01-31T10:00:00.5", None, "2026-01-31T10:00:00Z"),
        (None, "86400", "1970-01-02T00:00:00Z"),
        ("", "86400", "1970-01-02T00:00:00Z"),
    ],
)
def test_the_clock_stands_where_it_is_told(
    monkeypatch: pytest.MonkeyPatch, frozen: str | None, epoch: str | None, moment: str
) -> None:
    for name, value in (("LLEM_FROZEN_AT", frozen), ("SOURCE_DATE_EPOCH", epoch)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert now() == moment
    assert today() == moment[:10]


@pytest.mark.parametrize(("name", "value"), [("LLEM_FROZEN_AT", "yesterday"), ("SOURCE_DATE_EPOCH", "soon")])
def test_a_clock_that_is_told_nonsense_says_so(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.delenv("LLEM_FROZEN_AT", raising=False)
    monkeypatch.setenv(name, value)
    with pytest.raises(LlemError, match=name):
        now()


def test_without_orders_the_clock_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLEM_FROZEN_AT", raising=False)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", now())


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    """As root, a report to `/dev/null` replaced that by a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_atomically(pipe, "told\n")
    reader.join(10)
    assert read == ["told\n"]
    assert pipe.is_fifo()
    assert [one.name for one in tmp_path.iterdir()] == ["pipe"]
