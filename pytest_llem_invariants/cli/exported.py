"""What an export is made of: the rules that ship, what was discovered, the schema of each class."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pytest_llem_invariants.checker import layout
from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.export import Unsupported, json_schema
from pytest_llem_invariants.cli.choosing import folder_of
from pytest_llem_invariants.corpus.files import load_proposed
from pytest_llem_invariants.corpus.schema_layout import parameters_of, read_schema
from pytest_llem_invariants.model import Rule

Parameters = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Of each class: field → what was discovered of it."""


def corpus_of(checker: Checker, options: argparse.Namespace) -> Path:
    if options.corpus:
        return Path(options.corpus)
    return Path(folder_of(checker, options.root)) / layout.PROPOSED


def shipped(checker: Checker, path: Path) -> dict[str, list[Rule]]:
    """The full rules of each class, as far as the checker uses them."""
    shipped = {rule["id"] for rule in checker.rules}
    by_class: dict[str, list[Rule]] = {}
    for rule in load_proposed(path).rules:
        if rule.id in shipped:
            by_class.setdefault(rule.native_type, []).append(rule)
    return by_class


def sections_of(checker: Checker, native_type: str) -> dict[str, Mapping[str, str]]:
    """A class and those that its fields hold, each with the classes of its fields."""
    sections: dict[str, Mapping[str, str]] = {}
    left = [native_type]
    while left:
        name = left.pop()
        if name not in sections and name in checker.native_types:
            sections[name] = checker.class_checker(name).sections
            left.extend(sections[name].values())
    return {name: sections[name] for name in sorted(sections, key=lambda name: (name != native_type, name))}


def schemas_of(
    checker: Checker, names: Iterable[str], rules: Mapping[str, list[Rule]], parameters: Parameters
) -> tuple[dict[str, dict[str, Any]], list[Unsupported]]:
    """The schema of each class by itself, and what none can say."""
    schemas: dict[str, dict[str, Any]] = {}
    unsupported: list[Unsupported] = []
    for name in names:
        schemas[name], unsaid = json_schema(
            name,
            rules.get(name, ()),
            parameters.get(name),
            accepts_extra=checker.class_checker(name).accepts_extra,
            context=checker.declared_context,
        )
        unsupported.extend(unsaid)
    return schemas, unsupported


def parameters_in(folder: Path) -> Parameters:
    """The parameters of each class in the discovered schema, if there is one."""
    path = folder / layout.SCHEMA
    return parameters_of(read_schema(path)) if path.exists() else {}
