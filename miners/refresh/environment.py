"""Where an engine's own commands run: an environment made by its recipe, or an interpreter that is given."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from miners.history.environments import calls_of, own_requirement, pip_in, recipe_digest, tail
from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.ssot import Ssot
from pytest_llem_invariants.text.atomic import write_atomically

_TOOL: Final = ("-c", "import sys; from miners.cli import command; sys.exit(command())")
_PYTEST: Final = ("-m", "pytest", "-p", "no:cacheprovider", "-p", "pytest_llem_invariants.plugin", "-p", "xdist.plugin")
_METADATA: Final = (
    "import importlib.metadata as m, json, sys; "
    "print(json.dumps([m.version(sys.argv[1]), m.requires(sys.argv[1]) or []]))"
)
_FORGOTTEN: Final = ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME", "LLEM_FROZEN_AT", "SOURCE_DATE_EPOCH")


@final
@dataclass(frozen=True, slots=True)
class Place:
    """An interpreter, and the code that it runs beside the library."""

    python: Path
    log: Path
    source: Path | None
    """The folder of this project's source, where it runs from source."""
    moment: str
    """Seconds since 1970: two runs from one commit write the same bytes."""
    behind: tuple[str, ...] = ()
    """Folders with more code, of engines that are installed nowhere."""

    def mine(self, tree: Path, *arguments: str, allowed: Sequence[int] = (0,)) -> int:
        """Run llem-mine in a tree."""
        return self._run([*_TOOL, *arguments], tree, f"llem-mine {' '.join(arguments)}", allowed)

    def told(self, tree: Path, *arguments: str, allowed: Sequence[int] = (0,)) -> str:
        """What llem-mine writes to standard output."""
        command = [str(self.python), *_TOOL, *arguments]
        done = subprocess.run(
            command, cwd=tree, env=self._environment(), capture_output=True, text=True, check=False, errors="replace"
        )
        with self.log.open("a", encoding="utf-8") as stream:
            stream.write(f"$ llem-mine {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        if done.returncode not in allowed:
            raise MinerError(_failed(f"llem-mine {' '.join(arguments)}", done.returncode, self.log))
        return done.stdout

    def replay(self, tree: Path, engine: str, workers: int) -> int:
        """Replay a corpus with the probes around each boundary; 1 where the library contradicts a rule."""
        ini = self.log.with_name("pytest.ini")
        write_atomically(ini, "[pytest]\n")
        asked = [f"--llem-engine={engine}", "--llem-soundness", "-n", str(workers if workers > 1 else 0), "-q"]
        return self._run([*_PYTEST, "-c", str(ini), f"--rootdir={tree}", *asked], tree, f"pytest {asked[0]}", (0, 1))

    def metadata(self, library: str) -> tuple[str, list[str]]:
        """The version of an installed library and what it requires."""
        try:
            done = subprocess.run(
                [str(self.python), "-c", _METADATA, library],
                capture_output=True,
                text=True,
                check=False,
                env=self._environment(),
            )
        except OSError as error:
            raise MinerError(
                f"{self.python} cannot be started: {error.strerror} — name a Python 3.11 or later"
            ) from None
        if done.returncode:
            raise MinerError(f"{library} is not installed for {self.python} — install it, or leave out --python")
        version, requires = json.loads(done.stdout)
        return version, requires

    def _run(self, command: Sequence[str], folder: Path, told: str, allowed: Sequence[int]) -> int:
        with self.log.open("a", encoding="utf-8") as stream:
            stream.write(f"$ {told}\n")
            stream.flush()
            status = subprocess.run(
                [str(self.python), *command],
                cwd=folder,
                env=self._environment(),
                stdout=stream,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                check=False,
            ).returncode
        if status not in allowed:
            raise MinerError(_failed(told, status, self.log))
        return status

    def _environment(self) -> dict[str, str]:
        return {
            **inherited(),
            "PYTHONPATH": os.pathsep.join([*self.behind, *([] if self.source is None else [str(self.source)])]),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "SOURCE_DATE_EPOCH": self.moment,
        }


def made(ssot: Ssot, version: str, folder: Path, source: Path | None) -> Path:
    """The interpreter of an environment by the recipe, made where there is none by this one yet."""
    venv, log, mark = folder / "venv", folder / "environment.log", folder / "environment.done"
    stamp = recipe_digest(ssot, version)
    python = venv / "bin" / "python"
    if mark.exists() and mark.read_text(encoding="utf-8") == stamp and python.exists():
        return python
    mark.unlink(missing_ok=True)
    shutil.rmtree(venv, ignore_errors=True)
    _must([sys.executable, "-m", "venv", str(venv)], folder, log)
    install(ssot, version, folder)
    _must([*pip_in(venv), *_own(source)], folder, log)
    write_atomically(mark, stamp)
    return python


def install(ssot: Ssot, version: str, folder: Path) -> None:
    """Follow the recipe in an environment that is there."""
    for arguments in calls_of(ssot, version):
        said = [argument.replace("{version}", version) for argument in arguments]
        _must([*pip_in(folder / "venv"), *said], ssot.path.parent, folder / "environment.log")


def inherited() -> Mapping[str, str]:
    found = {name: value for name, value in os.environ.items() if name not in _FORGOTTEN}
    return {**found, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def _own(source: Path | None) -> list[str]:
    """What our code needs: of a source tree its dependencies, for it runs from there."""
    if source is None:
        return [own_requirement()]
    project: dict[str, Any] = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [str(one) for one in project["dependencies"]]


def _must(command: Sequence[str], folder: Path, log: Path) -> None:
    with log.open("ab") as stream:
        status = subprocess.run(
            list(command), cwd=folder, env=inherited(), stdout=stream, stderr=subprocess.STDOUT, check=False
        ).returncode
    if status:
        raise MinerError(_failed(" ".join([Path(command[0]).name, *command[1:5]]), status, log))


def _failed(told: str, status: int, log: Path) -> str:
    """One sentence: what the command said last is in it, all else in the log."""
    said = " ".join(tail(log).replace("\\n", " ").splitlines()[-1:])
    return f"{told} ended with {status} — read {log}, fix it and run this again, it goes on here; it ends: {said}"
