"""A copy of what a refresh changes: the tree is written once, at the end, when all of it is whole."""

from __future__ import annotations

import filecmp
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.ssot import FOLDER
from pytest_llem_invariants.text.atomic import write_atomically

_SHARED: Final = (FOLDER, "docs", "docker", "README.md", "tox.ini", "pyproject.toml", "renovate.json")
_NOT_COMMITTED: Final = "_staging"


@final
@dataclass(frozen=True, slots=True)
class Workspace:
    """The copy of one engine's part of a tree, and the tree."""

    engine: str
    root: Path
    tree: Path

    @property
    def corpus(self) -> Path:
        return self.tree / "corpora" / self.engine

    @property
    def ssot(self) -> Path:
        return self.tree / FOLDER / f"{self.engine}.yaml"

    @property
    def declared(self) -> Path:
        """The engine's file in the tree."""
        return self.root / FOLDER / f"{self.engine}.yaml"

    def begin(self) -> None:
        """Copy anew."""
        shutil.rmtree(self.tree, ignore_errors=True)
        self.tree.mkdir(parents=True)
        (self.tree / "corpora").mkdir()
        for part in self._parts():
            source = self.root / part
            if source.is_dir():
                shutil.copytree(source, self.tree / part, ignore=shutil.ignore_patterns(_NOT_COMMITTED))
            elif source.exists():
                shutil.copyfile(source, self.tree / part)

    def stamp(self, *beside: str) -> str:
        """A digest of what is copied, and of more."""
        digest = hashlib.sha256("\0".join(beside).encode())
        for part in self._parts():
            for path in _files(self.root / part):
                digest.update(f"\0{path.relative_to(self.root).as_posix()}\0".encode() + path.read_bytes())
        return digest.hexdigest()

    def changes(self) -> dict[str, str | None]:
        """What differs from the tree, by path: the text, or None for what is gone."""
        found: dict[str, str | None] = {}
        for part in self._parts():
            ours = {path.relative_to(self.tree).as_posix(): path for path in _files(self.tree / part)}
            theirs = {path.relative_to(self.root).as_posix(): path for path in _files(self.root / part)}
            found |= {name: None for name in theirs if name not in ours}
            for name, path in ours.items():
                if name not in theirs or not filecmp.cmp(path, theirs[name], shallow=False):
                    found[name] = path.read_text(encoding="utf-8")
        return dict(sorted(found.items()))

    def write(self) -> list[str]:
        """Bring the tree to what the copy is; may be repeated after a kill."""
        changed = self.changes()
        for name, text in changed.items():
            if text is None:
                (self.root / name).unlink(missing_ok=True)
                _prune((self.root / name).parent, self.root)
            else:
                write_atomically(self.root / name, text)
        return list(changed)

    def _parts(self) -> tuple[str, ...]:
        return (*_SHARED, f"corpora/{self.engine}")


def _files(place: Path) -> Iterable[Path]:
    if place.is_file():
        return [place]
    return sorted(path for path in place.rglob("*") if path.is_file() and _NOT_COMMITTED not in path.parts)


def _prune(folder: Path, root: Path) -> None:
    while folder != root and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


@final
class Journal:
    """Which steps are done, for one state of the tree and the code; written after each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._data: dict[str, Any] = {"stamp": None, "asked": None, "steps": {}, "writing": False}
        if path.exists():
            try:
                self._data |= json.loads(path.read_text(encoding="utf-8"))
            except ValueError:
                self._data["stamp"] = None  # begins anew

    def belongs_to(self, stamp: str, asked: str) -> bool:
        """Whether it is of this state of the tree.

        A tree that was half written is of no state: then it is enough that the same is asked for from the same commit.
        """
        return self._data["stamp"] == stamp or (bool(self._data["writing"]) and self._data["asked"] == asked)

    def begin(self, stamp: str, asked: str) -> None:
        self._data = {"stamp": stamp, "asked": asked, "steps": {}, "writing": False}
        self._save()

    def has(self, step: str) -> bool:
        return step in self._data["steps"]

    def done(self, step: str, seconds: float, result: Any = None) -> None:
        self._data["steps"][step] = {"seconds": round(seconds, 1), "result": result}
        self._save()

    def result(self, step: str) -> Any:
        try:
            return self._data["steps"][step]["result"]
        except KeyError:
            raise MinerError(f"the step {step} has not run — give --again") from None

    def writing(self, is_writing: bool) -> None:
        self._data["writing"] = is_writing
        self._save()

    def seconds(self) -> Iterator[tuple[str, float]]:
        for name, entry in self._data["steps"].items():
            yield name, entry["seconds"]

    def _save(self) -> None:
        write_atomically(self._path, json.dumps(self._data, indent=1) + "\n")
