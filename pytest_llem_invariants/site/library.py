"""What the pages are made of: every engine with its versions, the rules of each, and what stands beside them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, final

from packaging.version import Version

from miners.causes.pairing import Side
from miners.ledger.entries import Ledger
from miners.ledger.files import LEDGER, load_ledger
from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.layout import PROPOSED, SCHEMA, VALIDATED
from pytest_llem_invariants.checker.releases import FILE as RELEASES
from pytest_llem_invariants.corpus.schema_layout import parameters_of, read_schema
from pytest_llem_invariants.text.bounded import read_text

Rule = Mapping[str, Any]
_ENTRY: Final = re.compile(r"^  - id: (.+)\n", re.MULTILINE)
_KEY: Final = re.compile(r"^    ([a-z_]+):(?: |\n)", re.MULTILINE)
_DATED: Final = re.compile(r'^(?:mined|validated)_at: "?([0-9TZ:.+-]+)"?$', re.MULTILINE)


class Entries(Mapping[str, Mapping[str, str]]):
    """The entries of a file of the corpus as it is written, each key with its YAML; nothing of one written otherwise.

    A page shows some of the text as it is. To read thirty megabytes of YAML for that would take minutes.
    """

    def __init__(self, text: str) -> None:
        found = list(_ENTRY.finditer(text))
        ends = [one.start() for one in found[1:]] + [len(text)]
        self._text = text
        self._places = {one[1]: (one.end(), end) for one, end in zip(found, ends, strict=False)}
        dated = _DATED.search(text)
        self.date = "" if dated is None else dated[1]

    def __getitem__(self, name: str) -> Mapping[str, str]:
        start, end = self._places[name]
        part = self._text[start:end]
        keys = list(_KEY.finditer(part))
        stops = [one.start() for one in keys[1:]] + [len(part)]
        return {one[1]: _dedented(part[one.end() - 1 : stop]) for one, stop in zip(keys, stops, strict=False)}

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _dedented(text: str) -> str:
    return "\n".join(
        line[6:] if line.startswith("      ") else line.strip() for line in text.strip("\n").split("\n")
    ).strip()


@final
@dataclass(frozen=True)
class Edition:
    """One version of an engine."""

    folder: Path
    checker: Checker

    @property
    def engine(self) -> str:
        return self.checker.engine

    @property
    def version(self) -> str:
        return self.checker.version

    @property
    def name(self) -> str:
        return f"{self.engine}-{self.version}"

    @cached_property
    def by_class(self) -> Mapping[str, Sequence[Rule]]:
        """The rules of each class."""
        return {name: list(self.checker.class_checker(name).rules) for name in self.checker.native_types}

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """By their ids."""
        return {str(rule["id"]): rule for rules in self.by_class.values() for rule in rules}

    @cached_property
    def claims(self) -> Mapping[tuple[str, str], str]:
        """What a rule says of a class → its id: the same rule in another version says the same."""
        return {claim(rule): identity for identity, rule in self.rules.items()}

    @cached_property
    def side(self) -> Side:
        """The version as it is held beside each of the others."""
        return Side(self.checker)

    @cached_property
    def schema(self) -> Mapping[str, Any]:
        path = self.folder / SCHEMA
        return read_schema(path) if path.exists() else {}

    @cached_property
    def fields(self) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
        """The fields of each class, as the schema has them."""
        return parameters_of(self.schema)

    @cached_property
    def ledger(self) -> Ledger | None:
        path = self.folder / LEDGER
        return load_ledger(path) if path.exists() else None

    @cached_property
    def proposed(self) -> Entries:
        return Entries(read_text(self.folder / PROPOSED))

    @cached_property
    def validated(self) -> Entries:
        path = self.folder / VALIDATED
        return Entries(read_text(path) if path.exists() else "")


def claim(rule: Rule) -> tuple[str, str]:
    return str(rule["type"]), str(rule["when"])


@final
@dataclass(frozen=True)
class Engine:
    """One engine: its versions, oldest first."""

    name: str
    editions: Sequence[Edition]
    releases: Mapping[str, Any]
    """What every release has, as it was discovered; empty where nobody asked."""

    @property
    def newest(self) -> Edition:
        return self.editions[-1]

    @cached_property
    def shown(self) -> Mapping[str, Edition]:
        """Id of a rule → the newest version that has it."""
        return {identity: edition for edition in self.editions for identity in edition.rules}

    def has(self, rule: Rule) -> Sequence[str | None]:
        """For each version the id that the rule has there."""
        return [edition.claims.get(claim(rule)) for edition in self.editions]


@final
@dataclass(frozen=True)
class Library:
    """All of it, and what stands where nobody asked anything."""

    engines: Sequence[Engine]
    root: str | None
    """The folder of the corpora, where it is not that of this package."""

    @property
    def editions(self) -> Iterator[Edition]:
        return (edition for engine in self.engines for edition in engine.editions)


def read_library(root: str | None = None) -> Library:
    """Read the corpora that come with this package, or those of a folder."""
    folder = store.data_root(root)
    engines = [_engine(name, folder, root) for name in store.engines(folder)]
    # Who comes looks most often for the one of which there is most to tell.
    return Library(sorted(engines, key=lambda one: -len(one.editions[-1].checker.native_types)), root)


def _engine(name: str, folder: str, root: str | None) -> Engine:
    editions = [
        Edition(Path(store.folder_of(folder, name, version)), Checker.load(name, version=version, root=root))
        for version in (None, *store.versions(folder, name))
    ]
    path = Path(store.folder_of(folder, name)) / RELEASES
    releases = json.loads(read_text(path)) if path.exists() else {}
    unique = {edition.version: edition for edition in editions}
    return Engine(name, sorted(unique.values(), key=lambda one: Version(one.version)), releases)
