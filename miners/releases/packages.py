"""Which names of models a release of a package has, from its source: the types of config, and families of classes."""

from __future__ import annotations

import ast
import fnmatch
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from miners.process.commands import OK, compare, publish
from miners.releases.classes import Found
from miners.releases.modules import Modules
from miners.releases.table import Snapshot, made, snapshot_of
from miners.releases.wheels import source_downloaded, versions_since
from pytest_llem_invariants.checker.unlisted import family
from pytest_llem_invariants.corpus.packages_layout import PACKAGES, read_packages
from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.ssot import Ssot
from pytest_llem_invariants.text.terminal import say

TYPES: Final = "types"
FAMILIES: Final = "families"
_CLASS: Final = re.compile(r"^class (\w+)", re.MULTILINE)
_FORMAT: Final = 1


def read_names(ssot: Ssot, folder: Path, *, again: bool, check: bool) -> int:
    """Write the names that each release of the declared packages has; those already read are not read again."""
    declared = ssot.releases.get("packages")
    if not declared:
        raise MinerError(
            f"{ssot.engine}: its file has no `packages` under `releases`, which names what to read of them"
        )
    path = folder / PACKAGES
    before = read_packages(path)
    tables = {}
    for package, of in sorted(declared.items()):
        table = before.get(package, {"releases": [], "names": {}})
        known = {} if again else {version: snapshot_of(dict(table), version) for version in table["releases"]}
        for version in [] if check else versions_since(package, of["since"]):
            if version not in known:
                known[version] = names_of(source_downloaded(package, version), of)
                say(f"{package} {version}: {len(known[version][TYPES])} types of models", flush=True)
        tables[package] = made(package, known)
    found = rendered({"format": _FORMAT, "engine": ssot.engine, "packages": tables})
    if check:
        return compare(path, found)
    publish(path, found)
    return OK


def names_of(source: Mapping[str, str], declared: Mapping[str, str]) -> Snapshot:
    """The types that stand beside the name of their config's class, and the families of the classes of models."""
    modules = Modules(source)
    where, _, wanted = declared["types"].partition(":")
    types = {
        name
        for module in modules.matching(where)
        for name, beside in _pairs(ast.parse(_text(modules, module)))
        if fnmatch.fnmatchcase(beside, wanted)
    }
    classes = {
        name for module in modules.matching(declared["classes"]) for name in _CLASS.findall(_text(modules, module))
    }
    families = {family(name) for name in classes if family(name) != name}
    return {TYPES: dict.fromkeys(sorted(types), Found()), FAMILIES: dict.fromkeys(sorted(families), Found())}


def _text(modules: Modules, module: str) -> str:
    path = module.replace(".", "/")
    return modules.texts.get(f"{path}.py") or modules.texts.get(f"{path}/__init__.py", "")


def _pairs(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Two texts that stand together: a key with its value, or a pair."""
    for node in ast.walk(tree):
        match node:
            case ast.Dict(keys=keys, values=values):
                yield from (told for pair in zip(keys, values, strict=True) for told in _texts(*pair))
            case ast.Tuple(elts=[first, second]):
                yield from _texts(first, second)


def _texts(first: ast.AST | None, second: ast.AST) -> Iterator[tuple[str, str]]:
    match first, second:
        case ast.Constant(value=str(name)), ast.Constant(value=str(beside)):
            yield name, beside


def rendered(tables: Mapping[str, Any]) -> str:
    """The tables as text that is the same twice: a line for each name."""
    lines = json.dumps(tables, indent=1, ensure_ascii=False)
    return re.sub(r"\[\s+((?:\[[^][]*\][,\s]*)+)\]", lambda found: f"[{' '.join(found[1].split())}]", lines) + "\n"
