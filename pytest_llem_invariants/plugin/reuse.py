"""`--llem-reuse`: where nothing changed since a run that confirmed every rule, that run answers.

Else a replay, which asks the library for what is not among the answers that are kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

import pytest

from pytest_llem_invariants.checker.verdict import weakest
from pytest_llem_invariants.plugin.answers import KIND, Answers, Drawers, Keeper
from pytest_llem_invariants.plugin.handover import PREFIX
from pytest_llem_invariants.plugin.run import VALIDATED_NAME, LlemRun
from pytest_llem_invariants.runs import earlier
from pytest_llem_invariants.runs.earlier import Earlier
from pytest_llem_invariants.runs.store import FILE, Drawer, Store
from pytest_llem_invariants.runs.surroundings import (
    Reads,
    changed_file,
    changed_since,
    fingerprint,
    first_change,
    packages,
    places_of,
    process_began,
    surroundings,
)
from pytest_llem_invariants.runs.touched import Touched

if TYPE_CHECKING:
    from pytest_llem_invariants.plugin.options import Settings
    from pytest_llem_invariants.plugin.shelf import Volume

_FILES: Final = "llem_files"
_KEY: Final = "llem_answers"
_MAY_ANSWER: Final = "llem_may_answer"
_TOOL: Final = Path(__file__).parents[1]
_PYTESTS: Final = re.compile(rf"{re.escape(tempfile.gettempdir())}/pytest-of-[^/]+(/[^/]+)?")
"""The folders in which pytest looks for those of old runs."""
_SELECTING: Final = ("keyword", "markexpr", "lf", "failedfirst", "collectonly", "deselect", "stepwise")


def register(config: pytest.Config, settings: Settings, volume: Volume, run: LlemRun) -> bool:
    """Let an earlier run answer if it still can: then nothing is replayed. Else watch what this one depends on."""
    watching = Watching(config, settings, volume, run)
    known = watching.known()
    if isinstance(known, Earlier):
        config.option.dist, config.option.tx = "no", []  # no worker has anything to do
        config.pluginmanager.register(Reused(known, volume.path), "llem-reused")
        return True
    watching.why = known
    config.pluginmanager.register(watching, "llem-watching")
    watching.remember()
    return False


def _is_partial(config: pytest.Config) -> bool:
    """Whether the user asks for some items: those are replayed."""
    is_named = config.args_source is pytest.Config.ArgsSource.ARGS and any("::" in one for one in config.args)
    return is_named or any(config.getoption(name, None) for name in _SELECTING)


@final
class Watching:
    """Notes in each process of a run which files it reads; the controller keeps what the run said with them."""

    def __init__(self, config: pytest.Config, settings: Settings, volume: Volume, run: LlemRun) -> None:
        from pytest_llem_invariants.engines.tiny_model import cache_folder

        self._config = config
        self._soundness = settings.soundness
        self._volume = volume
        self._run = run
        out = volume.path.parent if settings.check or settings.out is None else settings.out
        self._validated = out / VALIDATED_NAME
        self._cache = cache_folder()
        self._problems: list[str] = []
        self._store = Store(self._cache / FILE, self._problems.append)
        self._place = earlier.place_of(volume.path, self._validated.absolute())
        self._told: dict[str, Any] | None = getattr(config, "workerinput", None)
        """What the controller tells a worker."""
        self._surroundings = {} if self._told is not None else surroundings(_package(volume), _TOOL)
        self._is_partial = _is_partial(config)
        self._reads = Reads(volume.ssot.library, str(_TOOL))
        self._files: set[str] = set()
        self._nodes = 0
        self._key = self._told[_KEY] if self._told is not None else self._key_of_answers()
        self.why = "some rules were asked for"
        """Why no earlier run answers."""

    def _key_of_answers(self) -> str:
        """The digest of all that can change what the library answers, but for the files that it touches.

        Its version is in these, and what is declared of versions changes no answer.
        """
        ssot = self._volume.ssot
        declared = replace(ssot, version="", image=None, miner_pins={}, history=(), recipe=(), releases={})
        parts = {
            **{name: told for name, told in self._surroundings.items() if name not in ("library", "packages")},
            "packages beside it": packages(ssot.library),
            "what is declared": repr(declared),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def remember(self) -> None:
        """Let answers that are kept take part, but where the user asks for some items: those are replayed."""
        may_answer = not self._is_partial if self._told is None else bool(self._told[_MAY_ANSWER])
        ssot = self._volume.ssot
        drawer = Drawer(KIND, self._volume.engine, self._key)
        whole = self._surroundings.get("library", "")
        drawers = Drawers(self._store, drawer, Touched(ssot.library, whole, places_of(_package(self._volume))))
        answers = Answers(self._volume, drawers, self._reads, may_answer=may_answer)
        if self._told is None:
            changed, gone = answers.forget_what_changed()
            self.why += f"; {gone} answers that were kept are let go, for {changed} changed" if gone else ""
        keeper = None if self._told is not None else Keeper(answers, drawers, self._volume, self._is_in_key)
        self._answers, self._keeper = answers, keeper
        self._run.remember(answers, keeper)

    def known(self) -> Earlier | str:
        """The earlier run that still says it all, or why there is none."""
        if self._told is not None or self._is_partial:
            return self.why
        kept = earlier.read(self._store, self._place)
        if kept is None:
            return "no whole run is kept"
        change = first_change(kept.surroundings, self._surroundings) or changed_file(kept.files)
        if change is not None:
            return f"{change} changed"
        asked = (self._volume.sha256, self._soundness, _sha256(self._validated))
        if (kept.corpus, kept.soundness, kept.validated) != asked:
            return "the corpus, its validated file or the checks changed"
        return kept

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        output: dict[str, Any] | None = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[_FILES] = self._reads.paths()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        self._nodes += 1
        node.workerinput[_KEY], node.workerinput[_MAY_ANSWER] = self._key, self._answers.are_any

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        told = getattr(node, "workeroutput", {}).get(_FILES)
        if told is not None:
            self._nodes -= 1
            self._files.update(told)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any, exitstatus: int) -> None:
        folded, reused = self._run.folded, self._run.reused
        what = f"{reused} rules were answered by earlier runs, and no whole one" if reused else "nothing"
        for line in (*self._problems, f"{what} was reused: {self.why}"):
            terminalreporter.write_line(line)
        if self._keeper is not None and self._keeper.changed is not None:
            terminalreporter.write_line(f"no answer is kept: {self._keeper.changed} changed while it ran")
        if exitstatus != pytest.ExitCode.OK or folded is None or folded.unrun or folded.skips or self._nodes:
            return
        from pytest_llem_invariants.checker.certifying import file_certification
        from pytest_llem_invariants.text.atomic import now

        validated = folded.validated
        depended, began = {*self._depended_on(), *self._answers.depends_on}, process_began()
        files = {path: fingerprint(path) for path in sorted(depended)}  # told first: what changes later is another
        changed = next((path for path in files if changed_since(path, began)), None)
        if changed is not None:
            terminalreporter.write_line(f"not kept for --llem-reuse: {changed} changed while it ran")
            return
        kept = Earlier(
            engine=validated.engine,
            version=validated.engine_version,
            corpus=self._volume.sha256,
            validated=_sha256(self._validated),
            soundness=self._soundness,
            rules=len(validated.cases),
            at=now(),
            certification=file_certification(validated),
            surroundings=self._surroundings,
            files=files,
        )
        earlier.keep(self._store, self._place, kept)

    def _depended_on(self) -> list[str]:
        """The files that any process read, without those that a run reads of itself."""
        ini = [] if self._config.inipath is None else [str(self._config.inipath)]
        return sorted(path for path in {*self._files, *self._reads.paths(), *ini} if not self._is_own(path))

    def _is_own(self, path: str) -> bool:
        folders, mine = self._own
        return path in mine or f"{path}/".startswith(folders) or _PYTESTS.fullmatch(path) is not None

    def _is_in_key(self, path: str) -> bool:
        """Whether what a file says is in the key of the answers, as far as it can change one."""
        return self._is_own(path) or path == str(self._volume.ssot.path)

    @cached_property
    def _own(self) -> tuple[tuple[str, ...], set[str]]:
        """The folders and files that a run reads of itself."""
        cache = getattr(self._config, "cache", None)
        own = [self._validated.parent / "_staging", self._volume.path.parent / "_staging", self._store.path]
        own += [] if cache is None else [cache._cachedir]
        folders = (*(f"{folder}/" for folder in own), os.path.join(tempfile.gettempdir(), PREFIX))
        mine = {str(self._volume.path), str(self._validated), f"{self._store.path}-wal", f"{self._store.path}-shm"}
        # Whoever collects lists these; what could be imported from them is among the packages.
        mine |= {str(folder) for path in (self._volume.path, self._validated) for folder in path.parents}
        mine |= {str(self._config.rootpath), *map(os.path.abspath, sys.path)}
        return folders, mine


def _package(volume: Volume) -> str:
    first = next(iter(volume.ssot.native_types.values()))
    return first.module.partition(".")[0]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


@final
class Reused:
    """Stands for a run of which an earlier one says it all: one item, no engine."""

    def __init__(self, kept: Earlier, corpus: Path) -> None:
        self._kept = kept
        self._corpus = corpus

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        if file_path != self._corpus:
            return None
        file: ReusedFile = ReusedFile.from_parent(parent, path=file_path)
        return file

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        kept = self._kept
        terminalreporter.section("llem invariants")
        rules = f"{kept.rules} rules reused from the run of {kept.at}"
        certification = weakest((kept.certification, "reused"))
        terminalreporter.write_line(
            f"{kept.engine} {kept.version}: {rules}, for nothing changed since; nothing was replayed "
            f"(certification {certification})"
        )


@final
class ReusedFile(pytest.File):
    """A corpus whose rules an earlier run confirmed."""

    def collect(self) -> Iterator[pytest.Item]:
        yield ReusedItem.from_parent(self, name="reused")


@final
class ReusedItem(pytest.Item):
    """Passes: only runs that confirmed every rule are kept."""

    def runtest(self) -> None:
        pass

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, "reused"
