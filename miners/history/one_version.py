"""One earlier version: its environment, its project folder and its corpus. Each finished stage leaves a mark.

Each version has its own project folder, so this module needs no knowledge about versions: it runs the same commands
that a user would type. Finished files are published one by one; after a kill, only the interrupted stage runs again.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, final

import yaml

from miners.gate.counterexamples import COUNTEREXAMPLES
from miners.history.environments import calls_of, digest, own_requirement, pip_in, recipe_digest, tail
from miners.process.progress import Progress
from pytest_llem_invariants.corpus.packages_layout import PACKAGES
from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.ssot import FOLDER, Ssot
from pytest_llem_invariants.text.atomic import write_atomically

PROPOSED: Final = "invariants.proposed.yaml"
VALIDATED: Final = "invariants.validated.yaml"
PUBLISHED: Final = (
    PROPOSED,
    VALIDATED,
    "ledger.json",
    "schema.discovered.json",
    "models.discovered.json",
    "command.discovered.json",
    "layers.discovered.json",
)
HANDED_ON: Final = (PROPOSED, COUNTEREXAMPLES, PACKAGES)
"""A constraint keeps its name in all versions; a config that refuted a rule of one may refute a rule of another. What
each release of a package has is the same for all."""
_DIVERGES: Final = 1

_Work = Callable[[str, Path, Path], None]
Run = Callable[[Sequence[str], Path, Mapping[str, str], Path], int]
"""Runs a command in a folder with an environment, writes its output to a file, and returns its exit status."""


def run_command(command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path) -> int:
    with log.open("ab") as stream:
        return subprocess.run(
            list(command), cwd=folder, env=dict(environment), stdout=stream, stderr=subprocess.STDOUT, check=False
        ).returncode


@final
class Making:
    """Makes the history of one engine."""

    def __init__(
        self,
        ssot: Ssot,
        root: Path,
        work: Path,
        *,
        workers: int = 2,
        progress: Progress | None = None,
        run: Run = run_command,
    ) -> None:
        self._ssot = ssot
        self._root = root
        self._work = work
        self._workers = workers
        self._progress = progress or Progress(quiet=True)
        self._run = run
        self._source = Path(__file__).resolve().parents[2]

    def make(self, version: str, *, again: bool = False) -> str:
        """Mine and validate one version as far as necessary; returns the outcome in a few words."""
        place = self._work / f"{self._ssot.engine}-{version}"
        place.mkdir(parents=True, exist_ok=True)
        code = self._code()
        stages: tuple[tuple[str, str, _Work], ...] = (
            ("environment", recipe_digest(self._ssot, version), self._make_environment),
            ("mining", code, self._mine),
            ("replay", code, self._replay),
        )
        for position, (title, stamp, work) in enumerate(stages):
            mark = place / f"{title}.done"
            if _read(mark) == stamp and not (again and work != self._make_environment):
                continue
            for later, _, _ in stages[position:]:  # these stages depend on the one that runs again
                (place / f"{later}.done").unlink(missing_ok=True)
            with self._progress.step(f"{self._ssot.engine} {version}: {title}"):
                work(version, place, place / f"{title}.log")
            write_atomically(mark, stamp)
        published = self._root / "corpora" / self._ssot.engine / "history" / version
        self._publish(self._corpus(place), published)
        return f"{published.relative_to(self._root)} holds {', '.join(sorted(p.name for p in published.iterdir()))}"

    def _make_environment(self, version: str, place: Path, log: Path) -> None:
        venv = place / "venv"
        shutil.rmtree(venv, ignore_errors=True)
        self._must(log, [sys.executable, "-m", "venv", str(venv)], place)
        for arguments in calls_of(self._ssot, version):
            said = [argument.replace("{version}", version) for argument in arguments]
            self._must(log, [*pip_in(venv), *said], self._ssot.path.parent)

    def _mine(self, version: str, place: Path, log: Path) -> None:
        project, venv = place / "project", place / "venv"
        shutil.rmtree(project, ignore_errors=True)
        shutil.copytree(self._root / FOLDER, project / FOLDER)
        self._corpus(place).mkdir(parents=True)
        for name in HANDED_ON:
            current = self._root / "corpora" / self._ssot.engine / name
            if current.exists():
                shutil.copyfile(current, self._corpus(place) / name)
        own = str(self._source) if (self._source / "pyproject.toml").is_file() else own_requirement()
        self._must(log, [*pip_in(venv), own], project)
        self._must(log, [*pip_in(venv), "--force-reinstall", "--no-deps", own], project)
        tool = str(venv / "bin" / "llem-mine")
        terms = () if version == self._ssot.version else ("--other-version",)
        self._must(log, [tool, "build", self._ssot.engine, f"--workers={self._workers}", *terms], project)
        self._must(log, [tool, "discover", self._ssot.engine, *terms], project)

    def _replay(self, version: str, place: Path, log: Path) -> None:
        pytest = str(place / "venv" / "bin" / "pytest")
        command = [pytest, f"--llem-engine={self._ssot.engine}", "-n", str(self._workers), "-q"]
        self._must(log, command, place / "project", allowed=(0, _DIVERGES))
        if not (self._corpus(place) / VALIDATED).exists():
            raise MinerError(f"the replay of {version} wrote no {VALIDATED} — read {log}")

    def _corpus(self, place: Path) -> Path:
        return place / "project" / "corpora" / self._ssot.engine

    def _must(self, log: Path, command: Sequence[str], folder: Path, allowed: Sequence[int] = (0,)) -> None:
        status = self._run(command, folder, self._environment(), log)
        if status not in allowed:
            raise MinerError(f"{Path(command[0]).name} {' '.join(command[1:4])} … ended with {status}:\n{tail(log)}")

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        # The wheel of this code is made to replay a corpus, which certifies it.
        return {**inherited, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "LLEM_UNCERTIFIED": "1"}

    def _publish(self, corpus: Path, published: Path) -> None:
        for name in PUBLISHED:
            if (corpus / name).exists():
                write_atomically(published / name, (corpus / name).read_text(encoding="utf-8"))

    def _code(self) -> str:
        """A digest of the code that mines: if the code changes, a version is mined again."""
        texts = [_without_comments(path.read_text(encoding="utf-8")) for path in self._sources()]
        return digest([*texts, _without_versions(self._ssot.path)])

    def _sources(self) -> Iterator[Path]:
        for package in ("miners", "pytest_llem_invariants"):
            yield from sorted((self._source / package).rglob("*.py"))


@lru_cache(maxsize=1024)
def _without_comments(text: str) -> str:
    """The code of a file without comments and docstrings: they change no rule."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            node.body = [one for one in node.body if not _is_text(one)] or [ast.Pass()]
    return ast.unparse(tree)


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _without_versions(path: Path) -> str:
    """The SSOT without the parts that a version bump changes."""
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return repr({key: value for key, value in sorted(data.items()) if key not in ("version", "image", "history")})


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
