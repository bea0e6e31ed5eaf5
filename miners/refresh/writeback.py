"""The one commit of a new version: what all cells made, and all that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from miners.refresh.cells import read_cells
from miners.refresh.repository import Repository
from miners.refresh.steps import FINISHING, Refresh
from pytest_llem_invariants.text.atomic import write_atomically

MESSAGE: Final = "Mine {engine} {version}: the rules, the surface and the pages of {old} follow the release"


@final
@dataclass(frozen=True, slots=True)
class Written:
    """What was written, and what to say of it."""

    paths: tuple[str, ...]
    comment: str
    commit: str


def write_back(refresh: Refresh, cells: Sequence[Path], repository: Repository) -> Written:
    """Merge the cells into the tree and commit; nothing is changed where one of them is not to be trusted."""
    paths = merge(refresh, cells, repository.head)
    comment = (refresh.work / "comment.md").read_text(encoding="utf-8")
    message = MESSAGE.format(engine=refresh.space.engine, version=refresh.wish.version, old=refresh.old)
    commit = repository.commit(paths, message) if paths else repository.head
    return Written(paths, comment, commit)


def merge(refresh: Refresh, cells: Sequence[Path], base: str, *, is_certified: bool = True) -> tuple[str, ...]:
    """Bring the tree to what the cells made from one base, and to all that follows; returns the paths that changed."""
    space = refresh.space
    merged = read_cells(cells, space.engine, refresh.wish.version, base, is_certified=is_certified)
    space.begin()
    refresh.journal.begin("writeback", "writeback")
    refresh.journal.done("environment", 0.0, {"held": merged.held})
    for step in FINISHING:
        step.work(refresh)
        if step.name == "history":  # what was there is kept: now what was made may take its place
            for name, text in merged.files.items():
                write_atomically(space.tree / name, text)
    return tuple(space.write())


def bumped(refresh: Refresh) -> Path:
    """A copy of the tree with the new version in it, from which cells are made."""
    refresh.space.begin()
    (bump,) = (step for step in FINISHING if step.name == "bump")
    bump.work(refresh)
    return refresh.space.tree
