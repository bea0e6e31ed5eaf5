"""What became of names that are gone: written by people beside the corpus, and held against every release."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.text.yaml_reader import read_document

FILE: Final = "successors.yaml"
_KEYS: Final = ("names", "use", "same", "why", "out", "also", "before")
_QUOTED: Final = re.compile(r"`([^`]+)`")

Entry = Mapping[str, Any]
Names = Mapping[str, Mapping[str, Sequence[Any]]]


def read_successors(path: Path) -> list[Entry]:
    """The entries of a file; none where there is no file."""
    if not path.exists():
        return []
    document = read_document(path).data
    entries = document.get("gone", []) if isinstance(document, dict) else []
    for number, entry in enumerate(entries, 1):
        unknown = [key for key in entry if key not in _KEYS]
        if unknown or "names" not in entry or not {"out", "before"} & entry.keys():
            raise CorpusError(
                f"entry {number} ({', '.join(entry.get('names', ['?']))}) "
                + (f"has an unknown key {unknown[0]!r}" if unknown else "lacks names, or out and before"),
                path=path,
                fix=f"the keys are {', '.join(_KEYS)}; names are needed, and out or before",
            )
    return list(entries)


def check_successors(entries: Sequence[Entry], names: Names, path: Path) -> None:
    """Reject a name that no release had, and a successor that no release has."""
    known = set(every_name(names))
    told: set[str] = set()
    for entry in entries:
        for name in entry["names"]:
            if name in told:
                raise CorpusError(f"{name} is told twice", path=path, fix="keep one of the two entries")
            told.add(name)
            if name not in known:
                raise CorpusError(f"no release has {name}", path=path, fix="write it as the releases do")
        texts = [*entry.get("use", ()), *entry.get("before", ()), entry.get("out", ""), entry.get("also", "")]
        for quoted in (quoted for text in texts for quoted in _QUOTED.findall(text)):
            if quoted.partition(".")[0] not in known and quoted not in known and quoted not in _bare(known):
                raise CorpusError(f"no release has {quoted}, the successor of {entry['names'][0]}", path=path)


def uncovered(entries: Sequence[Entry], table: Mapping[str, Any]) -> list[str]:
    """The names that went while their class stayed, of which no entry tells."""
    newest = table["releases"][-1]
    told = {name for entry in entries for name in entry["names"]}
    options = {name[2:].replace("-", "_") for name in told if name.startswith("--")}
    missing = []
    for found in table["names"].values():
        alive = {name.partition(".")[0] for name, runs in found.items() if "." in name and runs[-1][1] == newest}
        for name, runs in found.items():
            owner, _, field = name.partition(".")
            gone = runs[-1][1] != newest and (not field or owner in alive)
            if gone and name not in told and field not in options:
                missing.append(name)
    return missing


def every_name(names: Names) -> Iterator[str]:
    for found in names.values():
        yield from found


def _bare(known: set[str]) -> set[str]:
    return {name.partition(".")[2] for name in known if "." in name}
