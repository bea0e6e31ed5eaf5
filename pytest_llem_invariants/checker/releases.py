"""What became of a name that a version does not have: when it came and went, what takes its place.

The table is made by `llem-mine releases` from every released version. It is read when a name is unknown, never before.
"""

from __future__ import annotations

import json
import os
import re

from pytest_llem_invariants.checker.changes import LEFT_OUT, RENAMED, Edit
from pytest_llem_invariants.checker.layout import read_limited

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    Run = Sequence[Any]

FILE = "releases.discovered.json"
_VARIABLES = "env"
_FORMAT = 1
_QUOTED = re.compile(r"`([^`]+)`")
_CLASS = re.compile(r"\b[A-Z]\w*[a-z]\w*\b")
_NOTHING = "nothing"
_NONE = re.compile(rf"{_NOTHING}(?: where\b| for\b|;|\Z)")
_NOTHING_AT_ALL = re.compile(rf"{_NOTHING}(?:;|\Z)")
_ONE_NAME = re.compile(r"`([\w.-]+)`")
_SWITCHES = ("switch", "flag")
"""The types of options that take no value."""


class Said:
    """Two sentences about a name: what became of it, and what to do."""

    __slots__ = ("edit", "fix", "is_gone", "is_sure", "text")

    def __init__(
        self, text: str, fix: str, *, is_gone: bool = False, is_sure: bool = True, edit: Edit | None = None
    ) -> None:
        self.text = text
        self.fix = fix
        self.is_gone = is_gone
        """Whether an earlier release had it; else a later one has."""
        self.is_sure = is_sure
        """Whether somebody tells what became of it; a class that takes any name may take it all the same."""
        self.edit = edit
        """What to change, where that is certain."""


class Releases:
    """The table of an engine, asked for one version: that release, or the last before it."""

    def __init__(self, data: Mapping[str, Any], version: str) -> None:
        self._data = data
        self.engine: str = data["engine"]
        self.version = version
        self._releases: Sequence[str] = data["releases"]
        self._place = {release: place for place, release in enumerate(self._releases)}
        self._names: Mapping[str, Mapping[str, Sequence[Run]]] = data["names"]
        wanted = _numbers(version)
        self._at = sum(_numbers(release) <= wanted for release in self._releases) - 1
        self._gone = {name: entry for entry in data.get("gone", ()) for name in entry["names"]}
        reads = data.get("reads", {})
        self._options: Sequence[str] = reads.get("options", ())
        self._arguments: Sequence[str] = reads.get("arguments", ())
        """The classes whose fields are the options of the commands."""
        self._requests: Sequence[str] = reads.get("requests", ())
        self._prefix: str | None = reads.get("prefix")
        self._pairs: Mapping[str, str] = next(
            (pairs for since, pairs in reads.get("pairs", {}).items() if _numbers(since) <= wanted), {}
        )
        self._is_told = self._at >= 0
        self._of_fields: dict[tuple[str, str], Said | None] = {}

    def at(self, version: str) -> Releases | None:
        """The table asked for another version, if that was released."""
        wanted = _numbers(version)[:3]
        is_known = any(_numbers(release)[:3] == wanted for release in self._releases)
        return Releases(self._data, version) if is_known else None

    @property
    def versions(self) -> Sequence[str]:
        """Every release that was read, oldest first."""
        return self._releases

    # Whether a name is there

    def has(self, kind: str, name: str) -> bool:
        """Whether the version has a name of a kind."""
        return any(self._place[run[0]] <= self._at <= self._place[run[1]] for run in self._runs(kind, name))

    def has_option(self, field: str) -> bool:
        """Whether a command of the version has an option, by its field; the opposite of one that is on or off, too."""
        option = _option(field)
        return any(self.has(kind, name) for kind in self._options for name in (option, *self._opposites(kind, option)))

    def has_field(self, owner: str, name: str) -> bool | None:
        """Whether the version has a field of a class; None where the table does not know such a field."""
        if owner in self._arguments and self.has_option(name):
            return True
        whole = f"{owner}.{name}"
        kinds = [kind for kind in self._names if self._runs(kind, whole)]
        if any(self.has(kind, whole) for kind in kinds):
            return True
        return False if kinds or self.of_field(owner, name) is not None else None

    def is_of_options(self, owner: str) -> bool:
        """Whether the fields of a class are the options of a command."""
        return owner in self._arguments

    def _opposites(self, kind: str, option: str) -> Iterator[str]:
        """The options that are on or off of which this one is the other half."""
        turned = ["--" + option.removeprefix("--no-")] if option.startswith("--no-") else []
        turned += [
            other + option.removeprefix(begin) for begin, other in self._pairs.items() if option.startswith(begin)
        ]
        for name in turned:
            if any(run[2] == "switch" for run in self._runs(kind, name)):
                yield name

    def _runs(self, kind: str, name: str) -> Sequence[Run]:
        return self._names.get(kind, {}).get(name, ())

    # What is said of one that is not

    def of_field(self, owner: str, name: str) -> Said | None:
        """What became of a field of a class; None where the table knows no such field, or the version has it."""
        asked = owner, name
        if asked not in self._of_fields:  # whoever compares versions asks of the same few thousands of times
            self._of_fields[asked] = self._of_field(owner, name)
        return self._of_fields[asked]

    def _of_field(self, owner: str, name: str) -> Said | None:
        whole = f"{owner}.{name}"
        for kind in self._names:
            if kind not in self._options and kind != _VARIABLES and self._runs(kind, whole):
                spelled = name if owner in (*self._arguments, *self._requests) else whole
                return self._said(kind, whole, spelled, owner)
        return self.of_option(name, as_option=False) if owner in self._arguments else None

    def of_option(self, field: str, *, as_option: bool = True) -> Said | None:
        """What became of an option of a command, by its field; told as the argument, where no option is meant."""
        option = _option(field)
        if self.has_option(field):
            return None
        for kind in self._options:
            for name in (option, *self._opposites(kind, option)):
                if self._runs(kind, name):
                    return self._said(kind, name, option if as_option else field, "", as_option=as_option)
        return None

    def has_request(self, name: str) -> bool:
        """Whether any of the requests has a field."""
        return any(self.has(kind, f"{owner}.{name}") for kind in self._names for owner in self._requests)

    def of_request(self, name: str) -> Said | None:
        """What became of a field of the requests, whichever of them it is."""
        owners = [owner for owner in self._requests if any(self._runs(kind, f"{owner}.{name}") for kind in self._names)]
        return self.of_field(owners[0], name) if owners and not self.has_request(name) else None

    def of_variable(self, name: str) -> Said | None:
        """What is said of an environment variable; nothing of one that the engine reads, or another program's."""
        if self._prefix is None or not self._is_told or self.has(_VARIABLES, name):
            return None
        if self._runs(_VARIABLES, name):
            return self._said(_VARIABLES, name, name, "")
        if not name.startswith(self._prefix):
            return None
        from pytest_llem_invariants.text.likeness import slip_of

        meant = slip_of(name, [known for known in self._names[_VARIABLES] if self.has(_VARIABLES, known)])
        text = f"{self.engine} {self.version} reads no environment variable {name}"
        return Said(text, "leave it out" if meant is None else f"did you mean {meant}?")

    def _said(self, kind: str, name: str, spelled: str, owner: str, *, as_option: bool = True) -> Said | None:
        as_option = as_option and owner not in self._arguments
        runs = self._runs(kind, name)
        if not self._is_told or self.has(kind, name):
            return None
        if owner and name not in self._gone and not self._has_class(kind, owner):
            return None
        before = [run for run in runs if self._place[run[1]] < self._at]
        version = f"{self.engine} {self.version}"
        if not before:
            came = next(run[0] for run in runs if self._place[run[0]] > self._at)
            text = f"{spelled} came with {self.engine} {came}: {version} does not have it"
            return Said(text, self._before(name, as_option), is_sure=owner in self._requests)
        since = self._releases[self._place[before[-1][1]] + 1]
        as_options = [run for one in self._options for run in self._runs(one, _option(name.rpartition(".")[2]))]
        notes = [*before, *(as_options if owner in self._arguments else ())]
        noted = next((f"deprecated since {run[0]}, " for run in notes if run[4]), "")
        text = f"{spelled} is gone since {self.engine} {since}: it came with {self._first(runs)}, "
        text += f"{noted}last in {before[-1][1]}"
        back = next((run[0] for run in runs if self._place[run[0]] > self._at), None)
        text += f"; {back} has it again" if back else ""
        is_sure = owner in self._requests or self._entry(name) is not None
        edit = self._edit(name, owner, as_option, takes=before[-1][2] not in _SWITCHES)
        return Said(text, self._fix(name, owner, as_option), is_gone=True, is_sure=is_sure, edit=edit)

    def _edit(self, name: str, owner: str, as_option: bool, *, takes: bool) -> Edit | None:
        """The change that leaves everything as it was: none but that of which the table says so."""
        entry = self._entry(name)
        if entry is None or "out" not in entry:
            return None
        use = next((text for text in entry.get("use", ()) if self._are_here(text, owner)), None)
        if use is None:
            return Edit(LEFT_OUT, takes=takes) if _NOTHING_AT_ALL.match(entry["out"]) else None
        meant = _ONE_NAME.fullmatch(use)
        if not entry.get("same") or meant is None:
            return None
        is_option = name.startswith("--") or owner in self._arguments
        if is_option != meant[1].startswith("--") or not (is_option or owner):
            return None
        new = meant[1] if name.startswith("--") and as_option else _as_argument(meant[1]).removeprefix(f"{owner}.")
        return None if "." in new and not new.startswith("--") else Edit(RENAMED, new, takes=takes)

    def _has_class(self, kind: str, owner: str) -> bool:
        return any(self.has(kind, other) for other in self._names[kind] if other.startswith(f"{owner}."))

    def _first(self, runs: Sequence[Run]) -> str:
        first: str = runs[0][0]
        return f"{first} or earlier" if first == self._releases[0] else first

    def _fix(self, name: str, owner: str, as_option: bool) -> str:
        entry = self._entry(name)
        if entry is None or "out" not in entry:
            return "leave it out"
        use = next((text for text in entry.get("use", ()) if self._are_here(text, owner)), None)
        out, why = entry["out"], entry.get("why")
        means = out.replace(_NOTHING, "nothing changes", 1) if _NONE.match(out) else out
        fix = f"leave it out: {means}" if use is None else f"use {use}; left out, {means}"
        fix += f" ({why})" if why else ""
        also = entry.get("also")
        fix += f". {also}" if also is not None and self._are_here(also, owner) else ""
        return _plain(fix, as_option)

    def _entry(self, name: str) -> Mapping[str, Any] | None:
        owner, dot, field = name.partition(".")
        is_argument = bool(dot) and owner in self._arguments
        return self._gone.get(name) or (self._gone.get(_option(field)) if is_argument else None)

    def _before(self, name: str, as_option: bool) -> str:
        """What the version has for a name that came later."""
        entry = self._entry(name)
        if entry is not None and "before" in entry:
            text = next((text for text in entry["before"] if self._are_here(text, "")), "leave it out")
            return _plain(text, as_option)
        bare = {name, name.rpartition(".")[2]}
        older = [
            old
            for old, one in self._gone.items()
            if one.get("same")
            and any(quoted.partition(".")[0] in bare or quoted in bare for quoted in _QUOTED.findall(one["use"][0])[:1])
            and any(self.has(kind, old) for kind in self._names)
        ]
        names = list({_option(old.rpartition(".")[2]): old.rpartition(".")[2] for old in reversed(older)}.values())[
            ::-1
        ]
        return f"use {_plain(' or '.join(f'`{old}`' for old in names), as_option)} instead" if names else "leave it out"

    def _are_here(self, text: str, owner: str) -> bool:
        return all(self._is_here(name, owner) for name in _QUOTED.findall(text))

    def _is_here(self, name: str, owner: str) -> bool:
        """Whether a successor is there: an option, a key within one's value, a field, a variable."""
        if name.startswith("--"):
            head, *keys = name.split(".")
            return any(self.has(kind, head) and self._has_keys(kind, head, keys) for kind in self._options)
        names = (name, f"{owner}.{name}", *(f"{one}.{name}" for one in self._requests))
        return any(self.has(kind, one) for kind in self._names for one in names)

    def _has_keys(self, kind: str, name: str, keys: Sequence[str]) -> bool:
        """Whether the class that an option or field holds has the keys; of one that holds none nothing is known."""
        if not keys:
            return True
        held = next(run[2] for run in self._runs(kind, name) if self._is_at(run))
        for owner in _CLASS.findall(held):
            for where in self._names:
                field = f"{owner}.{keys[0]}"
                if self.has(where, field):
                    return self._has_keys(where, field, keys[1:])
                if any(other.startswith(f"{owner}.") for other in self._names[where]):
                    return False
        return True

    def _is_at(self, run: Run) -> bool:
        return self._place[run[0]] <= self._at <= self._place[run[1]]


def load_releases(folder: str, version: str) -> Releases | None:
    """The table beside a corpus; None where there is none, or it has another format."""
    path = os.path.join(folder, FILE)
    if not os.path.exists(path):
        return None
    try:
        data = json.loads(read_limited(path))
    except ValueError:
        return None
    return Releases(data, version) if _is_table(data) else None


def _is_table(data: Any) -> bool:
    """Whether the table is of the format that is read here, wherever it comes from."""
    if not isinstance(data, dict) or data.get("format") != _FORMAT or not isinstance(data.get("engine"), str):
        return False
    releases, names = data.get("releases"), data.get("names")
    if not isinstance(releases, list) or not all(isinstance(one, str) for one in releases):
        return False
    if not isinstance(names, dict) or not all(isinstance(found, dict) for found in names.values()):
        return False
    known = frozenset(releases)
    runs = [run for found in names.values() for some in found.values() for run in some]
    are_runs = all(isinstance(run, list) and len(run) == 5 and run[0] in known and run[1] in known for run in runs)
    entries = data.get("gone", [])
    return are_runs and all(isinstance(one, dict) and isinstance(one.get("names"), list) for one in entries)


def _option(field: str) -> str:
    return "--" + field.lstrip("-").replace("_", "-")


def _plain(text: str, as_option: bool) -> str:
    """A text without its quotes; where no command line is meant, options are told as the arguments that they are."""
    return _QUOTED.sub(lambda name: name[1] if as_option else _as_argument(name[1]), text)


def _as_argument(name: str) -> str:
    if not name.startswith("--"):
        return name
    head, dot, rest = name[2:].partition(".")
    return head.replace("-", "_") + dot + rest


def _numbers(version: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", version)]
