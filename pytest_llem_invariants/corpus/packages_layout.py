"""`packages.discovered.json`: which names of models each release of a package has, whose models an engine may serve."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.text.bounded import read_text

PACKAGES: Final = "packages.discovered.json"
_FIX: Final = "run llem-mine releases with --packages"

Table = Mapping[str, Any]
"""`releases`, oldest first, and by `names` for each kind of name the runs of releases that have it."""


def read_packages(path: Path) -> dict[str, Table]:
    """The tables by package; none where there is no file."""
    if not path.exists():
        return {}
    try:
        data: Any = json.loads(read_text(path))
        tables: dict[str, Table] = data["packages"]
        for table in tables.values():
            names_in(table, table["releases"])
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError, LookupError) as error:
        raise CorpusError("not a table of the names of packages", path=path, fix=_FIX) from error
    return tables


def allowed_by(requirement: SpecifierSet, table: Table) -> list[str]:
    """The releases that a requirement allows, oldest first.

    None where it allows the newest: of what is released after that nothing is known.
    """
    releases: list[str] = table["releases"]
    newest = max(releases, key=Version, default=None)
    if newest is None or requirement.contains(newest):
        return []
    return [one for one in releases if requirement.contains(one)]


def names_in(table: Table, releases: Iterable[str]) -> dict[str, set[str]]:
    """By kind, the names that one of these releases has."""
    place = {version: at for at, version in enumerate(table["releases"])}
    wanted = [place[version] for version in releases]
    return {
        kind: {
            name
            for name, runs in found.items()
            if any(place[first] <= at <= place[last] for first, last, *_ in runs for at in wanted)
        }
        for kind, found in table["names"].items()
    }
