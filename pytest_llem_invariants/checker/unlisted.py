"""What a model names, such as its architecture, and the version's table does not list: which versions do."""

from __future__ import annotations

from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.layout import Compiled
from pytest_llem_invariants.checker.verdict import Dependence, Violation, remark_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from pytest_llem_invariants.checker.layout import Root

KIND = "unlisted_name"


def unlisted(
    engine: str, compiled: Compiled, elsewhere: Mapping[str, str], facts: Mapping[str, Any], root: Root | None
) -> Iterator[Dependence]:
    """For each key of a model's config all of whose names the version lacks: what decides, and what would be said.

    `elsewhere` maps such a key to the fact that decides whether the library takes the model in another way.
    """
    version = compiled.head["engine_version"]
    for key, fact in elsewhere.items():
        named = facts.get(f"model.config.{key}")
        names = [name for name in (named if type(named) is list else [named]) if type(name) is str]
        lists = any(name.startswith(f"{key}:") for name in compiled.models())
        if names and lists and not any(f"{key}:{name}" in compiled.models() for name in names):
            having = _having(engine, f"{key}:{names[0]}", root)
            others = f"; {' and '.join(having)} {'have' if len(having) > 1 else 'has'} it" if having else ""
            text = f"{engine} {version} has nothing of its own for {names[0]!r} ({key} of the model){others}"
            fix = f"use {having[-1]}, or " if having else ""
            fix = f"{fix}install a version of {fact.rpartition('.')[2]} that has it itself"
            yield Dependence((fact,), Violation(remark_of(KIND, "error", text, fix, "none"), "", (), {}))


def _having(engine: str, entry: str, root: Root | None) -> list[str]:
    """The versions whose corpora are here and list it, oldest first."""
    folder = store.data_root(root)
    every = [*store.versions(folder, engine), None]
    tables = [store.load(engine, version, root) for version in every]
    having = {table.head["engine_version"] for table in tables if entry in table.models()}
    return sorted(
        having, key=lambda version: [int("".join(filter(str.isdigit, part)) or 0) for part in version.split(".")]
    )
