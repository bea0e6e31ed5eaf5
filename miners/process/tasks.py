"""Independent tasks, here or on other machines.

A task is a value, a command of ours in a folder of its own, and its result is what it leaves there: bytes that do not
depend on where it ran. What is done is kept, so whatever is killed, nothing is done twice that was done.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from miners.process.progress import Progress
from pytest_llem_invariants.errors import LlemError, MinerError
from pytest_llem_invariants.runs.store import Drawer, Store
from pytest_llem_invariants.text.terminal import say

HERE: Final = "here"
_KIND: Final = "task"
_TOOL: Final = (
    "from pytest_llem_invariants.process.forks import end_with_parent; end_with_parent(); "
    "from miners.cli import command; command()"
)
_TAIL: Final = 12
_NEWEST: Final = 3
_PATIENCE: Final = 30
"""Seconds for a scheduler to answer."""


@final
@dataclass(frozen=True, slots=True)
class Task:
    """One command of llem-mine."""

    name: str
    words: tuple[str, ...]
    leaves: tuple[str, ...]
    """The files and folders that are its result."""


Work = Callable[[Task, bytes], bytes]
Results = Iterator[dict[str, bytes] | LlemError]


def packed(files: Mapping[str, bytes]) -> bytes:
    """Files as one archive: the same files give the same bytes."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for name, body in sorted(files.items()):
            head = tarfile.TarInfo(name)
            head.size = len(body)
            archive.addfile(head, io.BytesIO(body))
    return zlib.compress(whole.getvalue())


def unpacked(archive: bytes) -> dict[str, bytes]:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(zlib.decompress(archive))) as opened:
        for head in opened:
            body = opened.extractfile(head)
            found[head.name] = b"" if body is None else body.read()
    return found


def files_in(root: Path, places: Iterable[str]) -> dict[str, bytes]:
    """The files at places below a folder, by their path from it."""
    found = {}
    for place in places:
        for path in (root / place, *sorted((root / place).rglob("*"))):
            if path.is_file():
                found[path.relative_to(root).as_posix()] = path.read_bytes()
    return found


def own_code() -> str:
    """A digest of this project's code: other code begins anew."""
    source, digest = Path(__file__).resolve().parents[2], hashlib.sha256()
    for package in ("miners", "pytest_llem_invariants"):
        for path in sorted((source / package).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def add_on(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--on",
        metavar="ADDRESS",
        help=f"run independent tasks on a Dask cluster, as tcp://host:8786; {HERE!r} for processes of this machine",
    )


@contextlib.contextmanager
def dispatch(options: argparse.Namespace) -> Iterator[Dispatch]:
    """Where a command's tasks run, as its --on says."""
    from pytest_llem_invariants.engines.tiny_model import cache_folder
    from pytest_llem_invariants.runs.store import FILE

    store = Store(cache_folder() / FILE, lambda line: say(line, file=sys.stderr))
    with executor(None if options.on == HERE else options.on, options.workers) as pool:
        yield Dispatch(pool, store, Progress(), own_code())


def put(root: Path, files: Mapping[str, bytes]) -> None:
    for name, body in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


def perform(task: Task, given: bytes) -> bytes:
    """Do a task with the given files in a new folder, on whichever machine, in a process of its own.

    Whatever the library does there costs this task alone, and the process ends with the worker that began it.
    """
    with tempfile.TemporaryDirectory(prefix="llem-task-") as folder:
        put(Path(folder), unpacked(given))
        done = subprocess.run(
            [sys.executable, "-c", _TOOL, *task.words],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            errors="replace",
        )
        if done.returncode:
            said = "\n".join((done.stdout + done.stderr).splitlines()[-_TAIL:])
            raise MinerError(f"{task.name}: llem-mine {' '.join(task.words)} ended with {done.returncode}:\n{said}")
        return packed(files_in(Path(folder), task.leaves))


@contextlib.contextmanager
def executor(on: str | None, workers: int) -> Iterator[Executor]:
    """Processes of this machine, or the workers of an existing Dask cluster by its address."""
    if on is None:
        with ThreadPoolExecutor(max(1, workers)) as pool:  # each task is a process, for which a thread waits
            yield pool
        return
    try:
        from distributed import Client
    except ImportError:
        raise LlemError(
            "--on needs Dask — pip install 'pytest-llem-invariants[dask]', here and where the workers run"
        ) from None
    try:
        client = Client(on, timeout=_PATIENCE)
    except (OSError, ValueError, TimeoutError) as error:
        raise LlemError(f"--on {on}: no scheduler answers there ({error}) — start one: dask scheduler") from None
    with client:
        yield client.get_executor(pure=False)


@final
@dataclass(frozen=True, slots=True)
class Dispatch:
    """Where tasks run, and where their results are kept until all are there."""

    pool: Executor
    store: Store
    progress: Progress
    code: str
    """A digest of the code: other code begins anew."""
    work: Work = perform

    def results(self, title: str, tasks: Sequence[Task], given: Mapping[str, bytes]) -> Results:
        """What each task left, in their order, or why it failed. What is kept already is not done again."""
        parcel = packed(given)
        key = hashlib.sha256(self.code.encode() + b"\0" + parcel).hexdigest()
        drawer = Drawer(_KIND, title, key)
        kept = self.store.read(drawer)
        came: dict[Task, bytes | LlemError] = {task: kept[repr(task)] for task in tasks if repr(task) in kept}
        with self.progress.step(title, len(tasks)) as step:
            step.advance(len(came))
            futures = {self.pool.submit(self.work, task, parcel): task for task in tasks if task not in came}
            for future in as_completed(futures):
                task = futures[future]
                try:
                    came[task] = body = future.result()
                    self.store.write(drawer, {repr(task): body})
                except LlemError as error:
                    came[task] = error
                except Exception as error:  # a worker that died too often, or cannot read the task
                    came[task] = MinerError(f"{task.name}: {error}")
                step.advance()
        self.store.tidy(drawer, _NEWEST)
        for task in tasks:
            found = came[task]
            yield unpacked(found) if isinstance(found, bytes) else found
