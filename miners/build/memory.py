"""What a build remembers: the result of each job, so that a build that was killed costs the jobs at hand alone.

A stage of a build reads what the ones before it wrote. Results are kept as the workers send them. They are read as the
work of this project's own classes and of nothing else, for a file is not to run code.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import pickle
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import is_dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from miners.build.stages import STAGES
from pytest_llem_invariants.language.expressions import Missing
from pytest_llem_invariants.runs.store import Drawer, Store
from pytest_llem_invariants.runs.surroundings import first_change, surroundings

if TYPE_CHECKING:
    from pytest_llem_invariants.engines.base import EngineAdapter

_KIND: Final = "build"
_LAST: Final = "last build"
_PARTS: Final = "parts"
"""The entry that tells what the results depend on."""
_KEPT: Final = 2
"""Of a place, so that a build with other code beside it does not end the one that was broken off."""
_TOOLS: Final = ("pytest_llem_invariants", "miners")
_OURS: Final = frozenset(_TOOLS)
_PLAIN: Final = {("builtins", name) for name in ("set", "frozenset", "complex", "bytearray", "range")}
_Task = tuple[Any, ...]


@final
class Memory:
    """The results of one build's jobs: those of an earlier one that are taken over, and those that come in."""

    def __init__(self, store: Store, drawer: Drawer, known: Mapping[str, bytes]) -> None:
        self._store = store
        self._drawer = drawer
        self._known = dict(known)
        self.taken = 0
        """How many results were taken over."""

    @property
    def names(self) -> tuple[str, ...]:
        """The jobs whose results are known and not asked for yet."""
        return tuple(self._known)

    def of(self, stage: str, tasks: Sequence[_Task]) -> dict[_Task, Any]:
        """The results of a stage's tasks that are known."""
        found = {}
        for task in tasks:
            body = self._known.pop(_name(stage, task), None)
            if body is not None:
                with suppress(Exception):  # whatever is wrong with it: the job is done again
                    found[task] = _read(body)
        self.taken += len(found)
        return found

    def keep(self, stage: str, task: _Task, body: bytes, seconds: float) -> None:
        """Keep a result as a worker sent it."""
        self._store.write(self._drawer, {_name(stage, task): body}, seconds=seconds)

    @classmethod
    def begin(
        cls, store: Store, place: str, parts: Mapping[str, str], first: str | None, tell: Callable[[str], None]
    ) -> Memory:
        """Remember the build of a place from now on. With `first` take over what an earlier one of the same parts did
        before that stage; else begin anew.
        """
        body = json.dumps(dict(sorted(parts.items()))).encode()
        drawer = Drawer(_KIND, place, hashlib.sha256(body).hexdigest())
        known = store.read(drawer)
        if first is None:
            store.drop(drawer, known)
            known = {}
        elif _PARTS not in known:
            tell(_why_nothing(store, place, parts))
        before = [] if first is None else list(itertools.takewhile(lambda stage: stage != first, STAGES))
        left = {name: body for name, body in known.items() if name.partition(" ")[0] in before}
        store.drop(drawer, known.keys() - left.keys())
        store.write(drawer, {_PARTS: body})
        store.write(Drawer(_LAST, place, ""), {_PARTS: body})
        store.tidy(drawer, _KEPT)
        return cls(store, drawer, left)


def _why_nothing(store: Store, place: str, parts: Mapping[str, str]) -> str:
    """Why there is nothing to go on with."""
    last = store.read(Drawer(_LAST, place, "")).get(_PARTS)
    if last is None:
        return "no earlier build is remembered here: it starts from the beginning"
    change = first_change(json.loads(last), parts) or "its entry"
    return f"{change} changed since the earlier build: it starts from the beginning"


def parts_of(adapter: EngineAdapter, *inputs: object) -> dict[str, str]:
    """All that can change what the jobs of a build give: the surroundings, the engine's file, what it starts from."""
    folders = [Path(sys.modules[name].__file__ or "").parent for name in _TOOLS]
    about = surroundings(adapter.package, *folders)
    declared = adapter.ssot.path
    text = declared.read_bytes() if declared.is_file() else b""
    return {**about, declared.name: _sha256(text), "the corpora that it starts from": _sha256(repr(inputs).encode())}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _name(stage: str, task: _Task) -> str:
    if stage not in STAGES:
        raise AssertionError(f"{stage!r} is no stage")
    return f"{stage} {json.dumps(task)}"


def _read(body: bytes) -> Any:
    return _Reader(io.BytesIO(body)).load()


@final
class _Reader(pickle.Unpickler):
    """Reads values of our own data classes and enums; any other name in a file is an error."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        found = super().find_class(module, name) if module.partition(".")[0] in _OURS else None
        if isinstance(found, type) and (is_dataclass(found) or issubclass(found, (Enum, Missing))):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a result")
