"""`llem-mine refresh --on`: the cells of one engine as tasks, wherever these run; their work is merged here."""

from __future__ import annotations

import argparse
import hashlib
import shutil
from pathlib import Path
from typing import Final

from miners.process.tasks import Task, dispatch, files_in, packed, put
from miners.refresh.steps import PRODUCERS, Refresh
from miners.refresh.writeback import bumped, merge
from pytest_llem_invariants.errors import LlemError

_OUT: Final = "cell"


def refresh_elsewhere(one: Refresh, options: argparse.Namespace) -> tuple[str, ...]:
    """Let each cell be made as a task, and bring the tree to what they made; returns the paths that changed."""
    engine, version = one.space.engine, one.wish.version
    given = files_in(bumped(one), (".",))
    base = hashlib.sha256(packed(given)).hexdigest()
    tasks = [_task(producer, base, one, options) for producer in PRODUCERS]
    cells = one.work / "cells"
    shutil.rmtree(cells, ignore_errors=True)
    failed: list[LlemError] = []
    with dispatch(options) as sent:
        results = sent.results(f"refresh of {engine} {version}", tasks, given)
        for producer, found in zip(PRODUCERS, results, strict=True):
            if isinstance(found, LlemError):
                failed.append(found)
            else:
                put(cells / producer, found)
    if failed:
        raise failed[0]  # what the others made is kept, and not made again
    return merge(one, [cells / producer / _OUT for producer in PRODUCERS], base, is_certified=False)


def _task(producer: str, base: str, one: Refresh, options: argparse.Namespace) -> Task:
    python: Path | None = options.python
    words = ["cell", one.space.engine, producer, "--out", _OUT, "--base", base, "--moment", one.moment]
    words += ["--workers", str(options.workers), *([] if python is None else ["--python", str(python)])]
    words += [word for name in options.accept_lost for word in ("--accept-lost", name)]
    return Task(f"{one.space.engine} {producer}", tuple(words), (_OUT,))
