"""What one release has of everything that the engine's file asks for under `releases`."""

from __future__ import annotations

import ast
import fnmatch
from collections.abc import Mapping
from typing import Any

from miners.releases.classes import Found, fields_of
from miners.releases.environment import variables_of
from miners.releases.modules import Defined, Modules
from miners.releases.options import options_of


def snapshot(source: Mapping[str, str], declared: Mapping[str, Any]) -> dict[str, dict[str, Found]]:
    """Kind → name → how the release has it. A field's name is that of its class and its own."""
    modules = Modules(source)
    found: dict[str, dict[str, Found]] = {}
    for kind, entries in declared.get("options", {}).items():
        found[kind] = {}
        for entry in entries:
            for name, how in options_of(modules, entry).items():
                found[kind].setdefault(name, how)
    for kind, patterns in declared.get("fields", {}).items():
        found[kind] = _fields(modules, patterns)
    if "environment" in declared:
        found["env"] = variables_of(modules, declared["environment"]["table"], declared["environment"]["prefix"])
    return found


def _fields(modules: Modules, patterns: list[str]) -> dict[str, Found]:
    fields: dict[str, Found] = {}
    for pattern in patterns:
        where, _, wanted = pattern.partition(":")
        for module in modules.matching(where):
            for name, node in modules.names(module).items():
                if isinstance(node, ast.ClassDef) and fnmatch.fnmatchcase(name, wanted):
                    for field, how in fields_of(modules, Defined(module, node)).items():
                        fields.setdefault(f"{name}.{field}", how)
    return fields
