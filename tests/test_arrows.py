"""Imports run one way: a room knows only rooms of the floors below its own, and no modules import in a circle.

A room is a folder of either package, or a module beside the folders. A new one must be put on a floor here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOUSE = "pytest_llem_invariants"
MINERS = "miners"
FLOORS = (
    (f"{HOUSE}.errors", f"{HOUSE}.model", f"{MINERS}.code"),
    (f"{HOUSE}.language", f"{HOUSE}.text"),
    (
        f"{HOUSE}.corpus",
        f"{HOUSE}.native_types",
        f"{HOUSE}.process",
        f"{HOUSE}.readers",
        f"{HOUSE}.runs",
        f"{MINERS}.logic",
    ),
    (f"{HOUSE}.ssot", f"{MINERS}.symbolic"),
    (f"{HOUSE}.checker", f"{HOUSE}.engines"),
    (f"{HOUSE}.fit", f"{HOUSE}.replay", f"{HOUSE}.worlds", f"{MINERS}.surface"),
    (f"{MINERS}.candidates", f"{MINERS}.process"),
    (f"{MINERS}.discovery", f"{MINERS}.dynamic", f"{MINERS}.lift", f"{MINERS}.releases", f"{MINERS}.static"),
    (f"{MINERS}.examples", f"{MINERS}.fronts", f"{MINERS}.memory", f"{MINERS}.runs", f"{MINERS}.schema"),
    (f"{MINERS}.causes", f"{MINERS}.gate", f"{MINERS}.ledger"),
    (f"{HOUSE}.site", f"{MINERS}.history", f"{MINERS}.measure"),
    (f"{MINERS}.build",),
    (f"{MINERS}.refresh",),
    (HOUSE, f"{HOUSE}.cli", f"{HOUSE}.plugin", MINERS, f"{MINERS}.cli"),
)
"""The lowest first. What Python imports by itself, a package for the sake of its modules, is no arrow."""
CHECKER_STANDS_ON = {f"{HOUSE}.{name}" for name in ("corpus", "errors", "language", "model", "readers", "ssot", "text")}
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS, 1) for room in rooms}
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in (HOUSE, MINERS)
    for path in sorted((ROOT / package).rglob("*.py"))
}


@dataclass(frozen=True)
class Import:
    """One import, wherever in a module: `for_types` under TYPE_CHECKING alone."""

    imported: str
    line: int
    for_types: bool


def imports_of(path: Path) -> Iterator[Import]:
    def walk(node: ast.AST, for_types: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            yield from (Import(name.name, node.lineno, for_types) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: write the whole name of the module"
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                yield Import(whole if whole in MODULES else str(node.module), node.lineno, for_types)
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for child in node.body:
                yield from walk(child, True)
            for child in node.orelse:
                yield from walk(child, for_types)
        else:
            for child in ast.iter_child_nodes(node):
                yield from walk(child, for_types)

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), False)


IMPORTS = {module: tuple(imports_of(path)) for module, path in MODULES.items()}


def room_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def arrows(*, for_types: bool) -> Iterator[tuple[str, str, str]]:
    """Each import of one room by another: who, whom, and where it is written."""
    for module, imports in IMPORTS.items():
        for one in imports:
            room = room_of(one.imported)
            if one.for_types is for_types and one.imported in MODULES and room != room_of(module):
                yield room_of(module), room, f"{MODULES[module].relative_to(ROOT)}:{one.line} imports {one.imported}"


def test_every_room_has_a_floor() -> None:
    assert sorted(FLOOR_OF) == sorted({room_of(module) for module in MODULES})


@pytest.mark.parametrize("for_types", [False, True], ids=["at run time", "for types alone"])
def test_no_arrow_runs_upwards(for_types: bool) -> None:
    upward = [where for room, other, where in arrows(for_types=for_types) if FLOOR_OF[other] >= FLOOR_OF[room]]
    assert not upward, "\n".join(upward)


@pytest.mark.parametrize("for_types", [False, True], ids=["at run time", "types included"])
def test_no_modules_import_each_other_in_a_circle(for_types: bool) -> None:
    graph: Mapping[str, list[str]] = {
        module: [
            one.imported
            for one in imports
            if one.imported in MODULES and one.imported != module and (for_types or not one.for_types)
        ]
        for module, imports in IMPORTS.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_the_checker_stands_on_what_needs_no_engine() -> None:
    under = {other for kind in (False, True) for room, other, _ in arrows(for_types=kind) if room == f"{HOUSE}.checker"}
    assert under == CHECKER_STANDS_ON


@pytest.mark.parametrize(
    ("library", "homes"),
    [("pytest", (f"{HOUSE}.plugin",)), ("xdist", (f"{HOUSE}.plugin",)), ("_pytest", (f"{HOUSE}.plugin.private",))],
)
def test_what_belongs_to_pytest_is_used_in_its_room_alone(library: str, homes: tuple[str, ...]) -> None:
    users = {
        module
        for module, imports in IMPORTS.items()
        if any(one.imported.partition(".")[0] == library for one in imports)
    }
    strangers = {user for user in users if not any(f"{user}.".startswith(f"{home}.") for home in homes)}
    assert users
    assert not strangers


def table() -> str:
    """The floors as docs/explanation/design.md shows them, the highest first."""
    lines = [f"| floor | `{HOUSE}/` | `{MINERS}/` |", "| ---: | --- | --- |"]
    for number, rooms in sorted(enumerate(FLOORS, 1), reverse=True):
        columns = (
            ", ".join(
                f"`{room.partition('.')[2] or '__init__'}`" for room in rooms if room.partition(".")[0] == package
            )
            for package in (HOUSE, MINERS)
        )
        lines.append(f"| {number} | {' | '.join(columns)} |")
    return "\n".join(lines)


def test_the_design_shows_the_floors() -> None:
    design = (ROOT / "docs/explanation/design.md").read_text(encoding="utf-8")
    assert table() in design, f"put this table into docs/explanation/design.md:\n\n{table()}"
