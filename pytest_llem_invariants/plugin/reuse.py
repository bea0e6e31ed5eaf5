"""`--llem-reuse`: where nothing changed since a run that confirmed every rule, that run answers. Else: a replay."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

import pytest

from pytest_llem_invariants.checker.verdict import weakest
from pytest_llem_invariants.plugin.handover import PREFIX
from pytest_llem_invariants.plugin.run import VALIDATED_NAME, LlemRun
from pytest_llem_invariants.runs import earlier
from pytest_llem_invariants.runs.earlier import Earlier
from pytest_llem_invariants.runs.surroundings import (
    Reads,
    changed_file,
    changed_since,
    fingerprint,
    first_change,
    process_began,
    surroundings,
)

if TYPE_CHECKING:
    from pytest_llem_invariants.plugin.options import Settings
    from pytest_llem_invariants.plugin.shelf import Volume

_FILES: Final = "llem_files"
_TOOL: Final = Path(__file__).parents[1]
_PYTESTS: Final = re.compile(rf"{re.escape(tempfile.gettempdir())}/pytest-of-[^/]+(/[^/]+)?")
"""The folders in which pytest looks for those of old runs."""
_SELECTING: Final = ("keyword", "markexpr", "lf", "failedfirst", "collectonly", "deselect", "stepwise")


def register(config: pytest.Config, settings: Settings, volume: Volume, run: LlemRun) -> bool:
    """Let an earlier run answer if it still can: then nothing is replayed. Else watch what this one depends on."""
    is_worker = hasattr(config, "workerinput")
    watching = Watching(config, settings, volume, run)
    if not is_worker and not _is_partial(config):
        known = watching.known()
        if isinstance(known, Earlier):
            config.option.dist, config.option.tx = "no", []  # no worker has anything to do
            config.pluginmanager.register(Reused(known, volume.path), "llem-reused")
            return True
        watching.why = known
    config.pluginmanager.register(watching, "llem-watching")
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
        self._kept = cache_folder() / "runs"
        self._place = earlier.place_of(self._kept, volume.path, self._validated.absolute())
        self._surroundings = {} if hasattr(config, "workerinput") else surroundings(_package(volume), _TOOL)
        self._reads = Reads()
        self._files: set[str] = set()
        self._nodes = 0
        self.why = "some rules were asked for"
        """Why no earlier run answers."""

    def known(self) -> Earlier | str:
        """The earlier run that still says it all, or why there is none."""
        kept = earlier.read(self._place)
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
    def pytest_configure_node(self) -> None:
        self._nodes += 1

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        told = getattr(node, "workeroutput", {}).get(_FILES)
        if told is not None:
            self._nodes -= 1
            self._files.update(told)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any, exitstatus: int) -> None:
        terminalreporter.write_line(f"nothing was reused: {self.why}")
        folded = self._run.folded
        if exitstatus != pytest.ExitCode.OK or folded is None or folded.unrun or folded.skips or self._nodes:
            return
        from pytest_llem_invariants.checker.certifying import file_certification
        from pytest_llem_invariants.text.atomic import now

        validated = folded.validated
        files, began = self._depended_on(), process_began()
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
            files={path: fingerprint(path) for path in files},
        )
        earlier.keep(self._place, kept)

    def _depended_on(self) -> list[str]:
        """The files that any process read, without those that a run reads of itself."""
        cache = getattr(self._config, "cache", None)
        own = [self._validated.parent / "_staging", self._volume.path.parent / "_staging", self._kept]
        own += [] if cache is None else [cache._cachedir]
        folders = (*(f"{folder}/" for folder in own), os.path.join(tempfile.gettempdir(), PREFIX))
        mine = {str(self._volume.path), str(self._validated)}
        # Whoever collects lists these; what could be imported from them is among the packages.
        mine |= {str(folder) for path in (self._volume.path, self._validated) for folder in path.parents}
        mine |= {str(self._config.rootpath), *map(os.path.abspath, sys.path)}
        ini = [] if self._config.inipath is None else [str(self._config.inipath)]
        every = sorted({*self._files, *self._reads.paths(), *ini} - mine)
        return [path for path in every if not f"{path}/".startswith(folders) and not _PYTESTS.fullmatch(path)]


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
