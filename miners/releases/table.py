"""The artefact: for each name of each kind, from which release to which it was there, and how.

A run is `[first, last, type, default, note]`; a name has another one where it changed or came back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from miners.releases.classes import Found
from miners.releases.wheels import ordered
from pytest_llem_invariants.errors import CorpusError

FILE: Final = "releases.discovered.json"
FORMAT: Final = 1

Snapshot = Mapping[str, Mapping[str, Found]]
"""What one release has: kind → name → how."""
Run = list[Any]
Table = dict[str, Any]


def empty(engine: str) -> Table:
    return {"format": FORMAT, "engine": engine, "releases": [], "names": {}}


def loaded(path: Path, engine: str) -> Table:
    """The table as it is committed; an empty one where there is none, or it is of another format."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return empty(engine)
    except ValueError as error:
        raise CorpusError("not valid JSON", path=path, fix=f"delete it and run llem-mine releases {engine}") from error
    return table if isinstance(table, dict) and table.get("format") == FORMAT else empty(engine)


def with_release(table: Table, version: str, snapshot: Snapshot) -> Table:
    """The table with one release more, wherever it belongs in the order."""
    by_release = {known: snapshot_of(table, known) for known in table["releases"]}
    return made(table["engine"], {**by_release, version: snapshot})


def made(engine: str, snapshots: Mapping[str, Snapshot]) -> Table:
    """The table of releases."""
    releases = ordered(snapshots)
    names: dict[str, dict[str, list[Run]]] = {}
    for position, version in enumerate(releases):
        before = releases[position - 1] if position else None
        for kind, found in snapshots[version].items():
            runs = names.setdefault(kind, {})
            for name, how in found.items():
                _extend(runs.setdefault(name, []), before, version, how)
    ordered_names = {kind: {name: found[name] for name in sorted(found)} for kind, found in sorted(names.items())}
    return {"format": FORMAT, "engine": engine, "releases": releases, "names": ordered_names}


def _extend(runs: list[Run], before: str | None, version: str, how: Found) -> None:
    told = [how.kind, how.default, how.note]
    if runs and runs[-1][1] == before and runs[-1][2:] == told:
        runs[-1][1] = version
    else:
        runs.append([version, version, *told])


def snapshot_of(table: Table, version: str) -> Snapshot:
    """What the table says of one release."""
    releases: Sequence[str] = table["releases"]
    place = {known: position for position, known in enumerate(releases)}
    at = place[version]
    return {
        kind: {
            name: Found(*run[2:])
            for name, runs in found.items()
            for run in runs
            if place[run[0]] <= at <= place[run[1]]
        }
        for kind, found in table["names"].items()
    }


def rendered(table: Table) -> str:
    """The table as text, a name a line."""
    kinds = []
    for kind, found in table["names"].items():
        lines = ",\n".join(
            f"   {json.dumps(name)}: {json.dumps(runs, ensure_ascii=True)}" for name, runs in found.items()
        )
        kinds.append(f"  {json.dumps(kind)}: {{\n{lines}\n  }}")
    head = ",\n".join(f" {json.dumps(key)}: {json.dumps(table[key])}" for key in ("format", "engine", "releases"))
    rest = "".join(f",\n {json.dumps(key)}: {_lines(table[key])}" for key in sorted(table.keys() - _SHOWN))
    return "{\n" + head + rest + ',\n "names": {\n' + ",\n".join(kinds) + "\n }\n}\n"


def _lines(value: Any) -> str:
    """An entry a line."""
    if not isinstance(value, list):
        return json.dumps(value)
    return "[\n" + ",\n".join(f"  {json.dumps(entry)}" for entry in value) + "\n ]" if value else "[]"


_SHOWN: Final = {"format", "engine", "releases", "names"}
