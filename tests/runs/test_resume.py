"""A build that is killed goes on where it was: to the same bytes, and what was done is not done again."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from miners.build.memory import Memory, parts_of
from miners.build.named_class import adapter_for
from miners.build.pipeline import Crew, build
from miners.build.stages import STAGES
from miners.process.progress import Progress
from pytest_llem_invariants.corpus.files import render_proposed
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.native_types import Step
from pytest_llem_invariants.runs.store import Store

CODE = """
from dataclasses import dataclass

@dataclass
class Inner:
    size: int = 1

    def __post_init__(self):
        if self.size < 1:
            raise ValueError(f"size must be positive, not {self.size}")

@dataclass
class Front:
    size: int = 1
    streams: int = 2

    def create(self):
        if self.streams > 4:
            raise ValueError("at most 4 streams")
        return Inner(size=self.size)
"""
PARTS = {"library": "1", "tool": "1"}
_BEFORE = 3
"""The write of the first job's result: two tell before what the results depend on."""


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineAdapter]:
    folder = tmp_path_factory.mktemp("library")
    (folder / "resumelib.py").write_text(CODE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("LLEM_FROZEN_AT", "2026-01-02T03:04:05Z")
        inner, front = (adapter_for(f"resumelib:{name}", steps=(), probes=12) for name in ("Inner", "Front"))
        (entry,) = front.ssot.native_types.values()
        both = {**inner.ssot.native_types, entry.name: replace(entry, build=(Step("create", {}, returns=True),))}
        yield type(front)(replace(front.ssot, native_types=both))
    sys.modules.pop("resumelib", None)


def built(adapter: EngineAdapter, store: Store, first: str | None = None, workers: int = 1) -> tuple[str, int]:
    """The text of the corpus, and how many jobs were taken over."""
    memory = Memory.begin(store, "here", PARTS, first, lambda line: None)
    mined = build(adapter, Crew(Progress(quiet=True), workers, memory=memory))
    return render_proposed(mined.corpus), memory.taken


class Dying(Store):  # type: ignore[misc]
    """A store of a process that is killed at one of its writes: before it, or after it."""

    left = 0
    after = False

    def write(self, *given: Any, **named: Any) -> None:
        type(self).left -= 1
        if self.left == 0 and not self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        super().write(*given, **named)
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def killed(adapter: EngineAdapter, path: Path, at: int, *, after: bool) -> bool:
    """Whether a build in another process was killed before its end."""
    pid = os.fork()
    if pid == 0:
        try:
            Dying.left, Dying.after = at, after
            built(adapter, Dying(path), workers=2)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def test_a_build_killed_at_any_of_twenty_points_goes_on_to_the_same_bytes(
    adapter: EngineAdapter, tmp_path: Path
) -> None:
    whole, _ = built(adapter, Store(tmp_path / "whole"))
    first = Memory.begin(Store(tmp_path / "whole"), "here", PARTS, "merge", lambda line: None)
    jobs = len(first.names)
    points = [*((at, False) for at in range(jobs)), *((at, True) for at in range(0, jobs, 2))]
    for at, after in points:
        path = tmp_path / f"{at} {after}"
        assert killed(adapter, path, at + _BEFORE, after=after)
        text, taken = built(adapter, Store(path), "merge")
        assert text == whole
        assert taken == at + after, "of what was done, only the job at hand is done again"
    assert len(points) >= 20


def test_from_a_stage_on_everything_is_done_again(adapter: EngineAdapter, tmp_path: Path) -> None:
    store = Store(tmp_path / "state")
    whole, _ = built(adapter, store)
    taken = {}
    for stage in reversed(STAGES):
        text, taken[stage] = built(adapter, store, stage)
        assert text == whole
    assert [taken[stage] for stage in STAGES] == sorted(taken.values())
    assert taken["read"] == 0 < taken["prove"] < taken["front"] < taken["probe"] < taken["merge"]


@pytest.mark.parametrize("workers", [1, 2])
def test_without_being_told_to_a_build_takes_nothing_over(adapter: EngineAdapter, tmp_path: Path, workers: int) -> None:
    store = Store(tmp_path / "state")
    assert built(adapter, store, workers=workers)[1] == built(adapter, store, workers=workers)[1] == 0


def test_where_something_changed_a_build_begins_anew_and_says_why(tmp_path: Path) -> None:
    told: list[str] = []
    store = Store(tmp_path / "state")

    def begin(parts: dict[str, str], first: str | None = "merge") -> Memory:
        return Memory.begin(store, "here", parts, first, told.append)

    begin(PARTS).keep("read", ("A",), pickle.dumps(("of A",)), 0.0)
    assert told.pop() == "no earlier build is remembered here: it starts from the beginning"
    assert begin(PARTS).of("read", [("A",), ("B",)]) == {("A",): ("of A",)}
    assert not told
    assert begin({**PARTS, "library": "2"}).of("read", [("A",)]) == {}
    assert told.pop() == "library changed since the earlier build: it starts from the beginning"
    assert begin(PARTS).of("read", [("A",)]) == {("A",): ("of A",)}, "the one before is still there"
    assert begin(PARTS, None).of("read", [("A",)]) == {}


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (os.environ["TRAP"],)


@pytest.mark.parametrize("body", [b"", b"no pickle", pickle.dumps(Trap), None], ids=["empty", "text", "class", "code"])
def test_what_is_no_result_is_done_again_and_runs_nothing(
    tmp_path: Path, body: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAP", str(tmp_path / "ran"))
    store = Store(tmp_path / "state")
    memory = Memory.begin(store, "here", PARTS, None, lambda line: None)
    memory.keep("prove", ("A", 0), pickle.dumps(Trap()) if body is None else body, 0.0)
    assert Memory.begin(store, "here", PARTS, "merge", lambda line: None).of("prove", [("A", 0)]) == {}
    assert not (tmp_path / "ran").exists()


def test_the_parts_tell_what_a_build_depends_on(adapter: EngineAdapter, monkeypatch: pytest.MonkeyPatch) -> None:
    before = parts_of(adapter, ("a rule",))
    assert before == parts_of(adapter, ("a rule",))
    after = parts_of(adapter, ("another rule",))
    assert {name for name in before if before[name] != after[name]} == {"the corpora that it starts from"}
    monkeypatch.setenv("SOMETHING", "else")
    assert parts_of(adapter, ("a rule",))["variables"] != before["variables"]
