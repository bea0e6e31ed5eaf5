"""The places of the corpora of a run; each corpus is read once per process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, final

from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.plugin.options import CORPUS_NAME, QUARANTINE_PREFIX, Settings

if TYPE_CHECKING:
    from pytest_llem_invariants.model import Corpus
    from pytest_llem_invariants.ssot import Ssot


@final
class Volume:
    """One corpus file of a run."""

    def __init__(self, path: Path, engine: str | None = None) -> None:
        self.path = path
        self._engine = engine

    @property
    def engine(self) -> str:
        """Known before the corpus is read, if the run is for it."""
        return self._engine or self.corpus.engine

    def load(self) -> None:
        """Read the corpus now instead of on first use."""
        _ = self.corpus

    def take_over(self, folder: Path) -> None:
        """Use the corpus that the controller of this run left there; without one it is read on first use."""
        from pytest_llem_invariants.plugin.handover import taken_over

        with suppress(OSError, ValueError):  # an error in the file is reported by its reader
            left = taken_over(folder, self.sha256)
            if left is not None:
                self.__dict__["corpus"] = left

    @cached_property
    def corpus(self) -> Corpus:
        """The corpus, or a CorpusError."""
        from pytest_llem_invariants.corpus import files

        found = self._from_quarantine() if self.is_quarantine else files.load_proposed(self.path)
        if self._engine not in (None, found.engine):
            raise CorpusError(
                f"this is a corpus of {found.engine!r}, and the run is for {self._engine!r}",
                path=self.path,
                fix=f"run with --llem-engine={found.engine}",
            )
        self._check_native_types(found)
        return found

    @property
    def is_quarantine(self) -> bool:
        return self.path.name.startswith(QUARANTINE_PREFIX)

    @cached_property
    def root(self) -> Path:
        """The folder whose `engine_versions/` applies to this corpus."""
        from pytest_llem_invariants.ssot import data_root

        return data_root(self.path.parent)

    @cached_property
    def ssot(self) -> Ssot:
        from pytest_llem_invariants.engines.registry import find_ssot

        return find_ssot(self.engine, self.root)

    @cached_property
    def sha256(self) -> str:
        from pytest_llem_invariants.corpus.files import sha256_of

        return sha256_of(self.path.read_text("utf-8-sig"))

    def _from_quarantine(self) -> Corpus:
        from pytest_llem_invariants.corpus.files import load_quarantine
        from pytest_llem_invariants.model import Corpus

        held = load_quarantine(self.path)
        return Corpus(
            schema_version=held.schema_version,
            engine=held.engine,
            engine_version=held.engine_version,
            mined_at=held.generated_at,
            rules=tuple(rule for rule, _ in held.rules),
            context=held.context,
            path=str(self.path),
        )

    def _check_native_types(self, corpus: Corpus) -> None:
        """Every class in a rule is on the allowlist: checked before anything is imported."""
        from pytest_llem_invariants.engines.registry import find_ssot

        ssot = find_ssot(corpus.engine, self.root)
        allowed: set[str] = set()
        for rule in corpus.rules:
            if rule.native_type not in allowed:
                if ssot.native_type(rule.native_type) is None:
                    raise CorpusError(
                        f"native_type {rule.native_type!r} is not in the allowlist of {corpus.engine}",
                        path=self.path,
                        line=corpus.lines.get(rule.id),
                        rule_id=rule.id,
                        fix=f"name one of native_types in {ssot.path}, or add it there",
                    )
                allowed.add(rule.native_type)


@final
@dataclass(frozen=True, slots=True)
class Shelf:
    """The corpora that this run collects: that of the chosen engine, and those named in the arguments."""

    certified: Volume | None
    """The corpus that the run is for; only `--llem-engine` makes one."""
    named: tuple[Volume, ...]

    @classmethod
    def of(cls, settings: Settings, arguments: list[str], start: Path) -> Shelf:
        certified = (
            None
            if settings.engine is None
            else Volume(_locate(settings.engine, settings.corpus, start), settings.engine)
        )
        named = dict.fromkeys(path for argument in arguments for path in _corpora_at(start, argument))
        return cls(certified, tuple(Volume(path) for path in named if certified is None or path != certified.path))

    @property
    def volumes(self) -> tuple[Volume, ...]:
        return self.named if self.certified is None else (self.certified, *self.named)

    def find(self, path: Path) -> Volume | None:
        return next((volume for volume in self.volumes if volume.path == path), None)


def _locate(engine: str, given: Path | None, start: Path) -> Path:
    """The corpus of an engine: from `--llem-corpus`, else in the project, else in the installed package."""
    from pytest_llem_invariants.engines.registry import find_ssot
    from pytest_llem_invariants.ssot import data_root

    root = given if given is not None else data_root(start)
    find_ssot(engine, data_root(start if given is None else given))
    candidates = (root, root / CORPUS_NAME, root / engine / CORPUS_NAME, root / "corpora" / engine / CORPUS_NAME)
    for path in candidates:
        if path.is_file():
            return path.resolve()
    raise CorpusError(
        f"no corpus of {engine!r} in this folder",
        path=root,
        fix=f"mine one into corpora/{engine}/{CORPUS_NAME}, or give its path with --llem-corpus",
    )


def _corpora_at(start: Path, argument: str) -> Iterator[Path]:
    """The corpora that a command-line argument names: the file, its folder, or the folder of engine folders."""
    path = (start / argument.partition("::")[0]).absolute()
    if path.name == CORPUS_NAME or (path.name.startswith(QUARANTINE_PREFIX) and path.suffix == ".yaml"):
        if path.is_file():
            yield path
    elif path.is_dir():
        if (path / CORPUS_NAME).is_file():
            yield path / CORPUS_NAME
        else:
            yield from sorted(path.glob(f"*/{CORPUS_NAME}"))
