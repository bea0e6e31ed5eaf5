"""Independent tasks give the same bytes wherever they run, and nothing is done twice that was done."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miners.process import tasks as module
from miners.process.progress import Progress
from miners.process.tasks import Dispatch, Task, executor, files_in, packed, perform, put, unpacked
from pytest_llem_invariants.errors import LlemError, MinerError
from pytest_llem_invariants.runs.store import Store

TASKS = [Task(f"task {number}", ("work", str(number)), ("left",)) for number in range(8)]
GIVEN = {"a/b.yaml": b"given"}


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,2}", fullmatch=True), st.binary(max_size=64)))
def test_files_come_out_of_an_archive_as_they_went_in_whatever_their_order(files: dict[str, bytes]) -> None:
    assert unpacked(packed(files)) == files
    assert packed(dict(reversed(files.items()))) == packed(files)


def test_a_command_runs_in_a_folder_of_its_own_with_what_it_is_given(tmp_path: Path) -> None:
    comment = Task("a comment", ("slash", "said", "--author", "ada", "--permission", "read"), ("said", "none"))
    assert unpacked(perform(comment, packed({"said": b"hello"}))) == {"said": b"hello"}
    unknown = Task("nothing", ("no-such-command",), ())
    with pytest.raises(MinerError, match=r"(?s)nothing: llem-mine no-such-command ended with 2:.*invalid choice"):
        perform(unknown, packed({}))
    put(tmp_path, {"x/y": b"1", "z": b"2"})
    assert files_in(tmp_path, ["x", "z", "none"]) == {"x/y": b"1", "z": b"2"}


def sent(folder: Path, work: module.Work, code: str = "1") -> Dispatch:
    return Dispatch(ThreadPoolExecutor(2), Store(folder / "store"), Progress(quiet=True), code, work)


def test_what_is_done_is_kept_and_what_failed_is_done_again(tmp_path: Path) -> None:
    asked: list[str] = []
    broken = {"task 3"}

    def work(task: Task, given: bytes) -> bytes:
        asked.append(task.name)
        if task.name in broken:
            raise MinerError(f"{task.name} cannot be done")
        return packed({"left": task.name.encode() + unpacked(given)["a/b.yaml"]})

    first = [*sent(tmp_path, work).results("some", TASKS, GIVEN)]
    assert [str(one) for one in first if isinstance(one, LlemError)] == ["task 3 cannot be done"]
    assert sorted(asked) == [task.name for task in TASKS]
    broken.clear()
    second = [*sent(tmp_path, work).results("some", TASKS, GIVEN)]
    assert second == [{"left": f"task {number}given".encode()} for number in range(8)]
    assert asked[8:] == ["task 3"]
    assert [*sent(tmp_path, work, code="2").results("some", TASKS[:2], GIVEN)] == second[:2]
    assert asked[9:] != []


def test_an_address_without_a_scheduler_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(module, "_PATIENCE", 0.2)
    with (
        pytest.raises(LlemError, match=r"--on tcp://127\.0\.0\.1:9: no scheduler answers there"),
        executor("tcp://127.0.0.1:9", 1),
    ):
        pass


def killed_once(task: Task, given: bytes) -> bytes:
    """Ends the worker in which the fifth task begins, the first time."""
    mark = Path(unpacked(given)["mark"].decode())
    with (mark / task.name).open("a") as log:
        log.write("begun\n")
    if task.name == "task 4" and not (mark / "killed").exists():
        (mark / "killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return packed({"left": task.name.encode()})


def test_a_cluster_gives_the_same_bytes_though_one_of_its_two_workers_is_killed(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    store, given = Store(tmp_path / "store"), {"mark": str(tmp_path).encode()}
    with (
        distributed.LocalCluster(2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        executor(cluster.scheduler_address, 1) as pool,
    ):
        dispatch = Dispatch(pool, store, Progress(quiet=True), "1", killed_once)
        found = [*dispatch.results("some", TASKS, given)]
        assert found == [{"left": task.name.encode()} for task in TASKS]
        assert (tmp_path / "killed").exists()
        begun = {task.name: (tmp_path / task.name).read_text().count("begun") for task in TASKS}
        assert begun["task 4"] == 2
        assert [*dispatch.results("some", TASKS, given)] == found, "all of it is kept"
        assert {task.name: (tmp_path / task.name).read_text().count("begun") for task in TASKS} == begun
