"""The steps from a bump to a commit-ready tree, as a table: a kill repeats the one that was running."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from miners.history.one_version import PUBLISHED
from miners.ledger.files import LEDGER
from miners.memory.discover import FILE as MEMORY
from miners.process.progress import Progress
from miners.refresh import comment, edits, environment, pages, places, requirements, shipping
from miners.refresh.workspace import Journal, Workspace
from pytest_llem_invariants.checker.certifying import lacking
from pytest_llem_invariants.checker.layout import COMMANDS, LAYERS, MODELS, PROPOSED, SCHEMA, VALIDATED
from pytest_llem_invariants.corpus.files import load_proposed
from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.ssot import Ssot, read_ssot
from pytest_llem_invariants.text.atomic import write_atomically
from pytest_llem_invariants.text.bounded import read_text

PRODUCERS: Final[Mapping[str, tuple[str, ...]]] = {
    "invariants": (PROPOSED, VALIDATED, LEDGER),
    "schemas": (SCHEMA, MODELS, COMMANDS, MEMORY, LAYERS),
}
"""What is made side by side, each by a cell of its own, and the files that it makes."""
_IMAGE: Final = re.compile(r'("base_image_ref": )"[^"]*"')
STUDIES: Final = {"memory": MEMORY, "layers": LAYERS}
"""What takes far longer than all else, and is made on request alone: the command, and its file."""
FIXED: Final = (PROPOSED, VALIDATED, LEDGER, SCHEMA)
"""What every refreshed engine has; the others are of engines that ask for them."""


@final
@dataclass(frozen=True, slots=True)
class Wish:
    """What a refresh is asked for."""

    version: str
    producers: tuple[str, ...] = tuple(PRODUCERS)
    workers: int = 2
    python: Path | None = None
    lost: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    memory: bool = False
    """Whether to study the memory of models, too: that takes far longer than all else."""
    promote: bool = False
    """Whether to take the corpus that the history has of the version, instead of making it."""


@final
class Refresh:
    """One refresh of one engine: its copy of the tree, its journal and its environment."""

    def __init__(self, space: Workspace, wish: Wish, work: Path, source: Path | None, moment: str) -> None:
        self.space = space
        self.wish = wish
        self.work = work
        self._source = source
        self.moment = moment
        self.journal = Journal(work / "journal.json")
        self.old = _mined(space.root / "corpora" / space.engine) or read_ssot(space.declared).version

    @property
    def ssot(self) -> Ssot:
        return read_ssot(self.space.ssot)

    @property
    def place(self) -> environment.Place:
        python = self.wish.python or self.work / "venv" / "bin" / "python"
        return environment.Place(python, self.work / "log", self._source, self.moment, self.wish.behind)

    def run(self, progress: Progress, code: str, *, again: bool = False) -> None:
        """Run what is left of the steps."""
        asked = repr((code, self.wish, self.moment))
        stamp = self.space.stamp(asked)
        if again or not self.journal.belongs_to(stamp, asked):
            (self.work / "log").unlink(missing_ok=True)
            self.space.begin()
            self.journal.begin(stamp, asked)
            self.journal.done("begin", 0.0, {"old": self.old})
        self.old = self.journal.result("begin")["old"]
        for step in STEPS:
            if step.is_needed(self) and not self.journal.has(step.name):
                begun = time.monotonic()
                with progress.step(f"{self.space.engine} {self.wish.version}: {step.name}"):
                    result = step.work(self)
                self.journal.done(step.name, time.monotonic() - begun, result)

    def write(self) -> list[str]:
        """Bring the tree to what was made; returns the paths that changed."""
        self.journal.writing(True)
        changed = self.space.write()
        self.journal.writing(False)
        return changed


@final
@dataclass(frozen=True, slots=True)
class Step:
    """One function of the way, and for whom it is."""

    name: str
    work: Callable[[Refresh], Any]
    is_needed: Callable[[Refresh], bool] = lambda _: True


def _bump(one: Refresh) -> None:
    """The version at every place that repeats it, and the old one in the history."""
    ssot, new = one.ssot, one.wish.version
    text = read_text(one.space.ssot)
    text = edits.with_history(edits.with_version(text, new), [one.old, new] if one.old != new else [])
    write_atomically(one.space.ssot, text)
    for old in sorted({one.old, ssot.version} - {new}):  # who wrote the new version may have moved some places already
        for name, moved in places.moved(one.space.tree, ssot.library, old, new).items():
            write_atomically(one.space.tree / name, moved)


def _environment(one: Refresh) -> dict[str, Any]:
    """Make the environment, and let the requirement files follow what the release asks for."""
    ssot, version = one.ssot, one.wish.version
    if one.wish.python is None:
        environment.made(ssot, version, one.work, one._source)
    found, requires = one.place.metadata(ssot.library)
    if found.partition("+")[0] != version:
        raise MinerError(f"{one.place.python} has {ssot.library} {found}, not {version} — install {version} there")
    asked = requirements.asked_for(requires)
    names, moved = requirements.names_held(ssot, version), []
    for path in requirements.files_of(ssot, version):
        before = read_text(path)
        after = requirements.followed(before, asked, names)
        if after != before:
            write_atomically(path, after)
            moved += sorted(set(after.splitlines()) - set(before.splitlines()))
    if moved and one.wish.python is None:
        environment.made(one.ssot, version, one.work, one._source)
    return {"moved": moved, "held": [str(held) for held in requirements.held_otherwise(ssot, version, asked)]}


def _keep(one: Refresh) -> str:
    """The corpus of the old version as history; that of the new one is no history any more."""
    corpus, new = one.space.corpus, one.wish.version
    promoted = _published(corpus / "history" / new) if one.wish.promote else {}
    if one.wish.promote and not set(FIXED) <= set(promoted):
        raise MinerError(f"the history has no whole corpus of {new} — leave out --promote, and it is mined")
    if (corpus / "history" / new).exists() and one.old != new:
        shutil.rmtree(corpus / "history" / new)
    version = _mined(corpus)
    if version is None or version == new:
        return "nothing"
    for name, text in _published(corpus).items():
        write_atomically(corpus / "history" / version / name, text)
        if promoted:
            (corpus / name).unlink()  # what the promoted version does not have is not the old one's
    for name, text in promoted.items():
        write_atomically(corpus / name, _IMAGE.sub(rf'\1"{one.ssot.image}"', text) if name == SCHEMA else text)
    return version


def _published(folder: Path) -> dict[str, str]:
    """The files of a corpus that the history keeps."""
    return {name: read_text(folder / name) for name in PUBLISHED if (folder / name).exists()}


def _mined(folder: Path) -> str | None:
    """The version of the corpus in a folder."""
    path = folder / PROPOSED
    return load_proposed(path).engine_version if path.exists() else None


def _probe(one: Refresh) -> None:
    """Every producer may trust the library, or a comment says which may not."""
    told = one.place.told(one.space.tree, "probe", one.space.engine, "--format", "json", *_lost(one), allowed=(0, 2))
    write_atomically(one.work / "probe.json", told)
    found = comment.read_probe(one.work / "probe.json")
    if found.blocked:
        write_atomically(one.work / "comment.md", comment.of_probe(found))
        raise MinerError(f"{found.headline} — read {one.work / 'comment.md'}: the three ways on")


def _discover(one: Refresh) -> None:
    one.place.mine(one.space.tree, "discover", one.space.engine, *_lost(one))


def _memory(one: Refresh) -> None:
    for study in STUDIES:
        if study in one.ssot.adapter:
            one.place.mine(one.space.tree, study, one.space.engine, "--workers", str(one.wish.workers))


def _build(one: Refresh) -> None:
    workers = "--workers", str(one.wish.workers)
    one.place.mine(one.space.tree, "build", one.space.engine, "--resume", *workers, *_lost(one))


def _replay(one: Refresh) -> dict[str, Any]:
    status = one.place.replay(one.space.tree, one.space.engine, one.wish.workers)
    return {"contradicted": bool(status)}


def _releases(one: Refresh) -> str:
    """What the new release has and lacks, beside all others."""
    path = one.space.corpus / "releases.discovered.json"
    if f'"{one.wish.version}"' in (read_text(path) if path.exists() else ""):
        return "known"
    one.place.mine(one.space.tree, "releases", one.space.engine)
    return "read"


def _pages(one: Refresh) -> list[str]:
    """The pages that are made of the corpora, without the stale ones, and what other pages quote of the run."""
    return pages.follow(one.space.tree, one.space.engine)


def _lacking(one: Refresh) -> list[str]:
    """Nothing is handed on that is not whole: each file is there, and of the new version."""
    wanted = [name for producer in one.wish.producers for name in PRODUCERS[producer] if name in FIXED]
    missing = [name for name in wanted if not (one.space.corpus / name).exists()]
    if missing:
        raise MinerError(f"the run left no {', '.join(missing)} — read {one.work / 'log'}")
    return wanted


def _shipped(one: Refresh) -> None:
    """The names of what ships without being certified."""
    path = one.space.tree / "pyproject.toml"
    if path.exists():
        new, before = one.wish.version, read_text(path)
        is_certified = not lacking(one.space.corpus, new)
        after = shipping.followed(before, one.space.engine, one.old, new, is_certified=is_certified)
        if after != before:
            write_atomically(path, after)


def _comment(one: Refresh) -> None:
    made = {"held": []} if one.wish.promote else one.journal.result("environment")
    held = [f"the environment has {said}" for said in made["held"]]
    held += _older(one)
    text = comment.of_diff(one.space.tree, one.space.engine, one.old, one.wish.version, held)
    write_atomically(one.work / "comment.md", text)


def _older(one: Refresh) -> list[str]:
    """What is still of an earlier version, on purpose, or of none."""
    said = []
    for study, name in STUDIES.items():
        path = one.space.corpus / name
        version = json.loads(read_text(path))["engine_version"] if path.exists() else None
        if version != one.wish.version and (version or study in one.ssot.adapter):
            state = f"is still of {version}" if version else "is not there"
            said.append(f"`{name}` {state}: `llem-mine {study} {one.space.engine}` makes it anew, and takes long")
    return said


def _lost(one: Refresh) -> list[str]:
    return [word for name in one.wish.lost for word in ("--accept-lost", name)]


def _makes(producer: str) -> Callable[[Refresh], bool]:
    return lambda one: _anew(one) and producer in one.wish.producers


def _anew(one: Refresh) -> bool:
    """Whether the library is asked at all."""
    return not one.wish.promote


def _whole(one: Refresh) -> bool:
    return set(one.wish.producers) == set(PRODUCERS)


STEPS: Final = (
    Step("bump", _bump),
    Step("environment", _environment, _anew),
    Step("history", _keep),
    Step("probe", _probe, _anew),
    Step("discover", _discover, _makes("schemas")),
    Step("memory", _memory, lambda one: _anew(one) and one.wish.memory),
    Step("build", _build, _makes("invariants")),
    Step("replay", _replay, _makes("invariants")),
    Step("whole", _lacking),
    Step("shipped", _shipped, _whole),
    Step("releases", _releases, lambda one: _anew(one) and _whole(one) and bool(one.ssot.releases)),
    Step("pages", _pages, _whole),
    Step("comment", _comment, _whole),
)
_AFTER_CELLS: Final = ("bump", "history", "whole", "shipped", "pages", "comment")
FINISHING: Final = tuple(step for step in STEPS if step.name in _AFTER_CELLS)
"""What is left to do of what the cells made."""
