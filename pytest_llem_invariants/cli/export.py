"""`llem-invariants export`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.compiled import read_schema
from pytest_llem_invariants.checker.core import Checker
from pytest_llem_invariants.checker.export import json_schema, markdown, pydantic_source
from pytest_llem_invariants.cli.check import load
from pytest_llem_invariants.corpus import load_proposed
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.model import Rule


def run(options: argparse.Namespace) -> int:
    if not options.engine and not options.corpus:
        raise LlemError(f"name an engine with --engine: {', '.join(store.engines(store.data_root()))}")
    checker = load(options)
    folder = _folder(checker, options)
    native_type = checker.resolve(options.type) if options.type else _front(checker)
    rules = _shipped(checker, folder, native_type)
    if options.format == "markdown":
        print(markdown(native_type, rules), end="")
        return 0
    if options.format == "pydantic":
        fields = checker.class_checker(native_type).fields or ()
        print(pydantic_source(native_type, rules, fields, checker.engine, checker.version), end="")
        return 0
    schema, unsupported = json_schema(
        native_type,
        rules,
        _parameters(folder.parent, native_type),
        accepts_extra=checker.class_checker(native_type).accepts_extra,
        context=checker.declared_context,
    )
    if options.list_unsupported:
        for entry in unsupported:
            print(f"{entry.rule_id}: {entry.reason}")
        return 0
    print(json.dumps(schema, indent=2, ensure_ascii=False))
    if unsupported:
        total = sum(rule.severity == "error" for rule in rules)
        told = f"{len(unsupported)} of {total} rules cannot be said in JSON Schema: --list-unsupported names them"
        print(told, file=sys.stderr)
    return 0


def _folder(checker: Checker, options: argparse.Namespace) -> Path:
    if options.corpus:
        return Path(options.corpus)
    folder = os.path.join(store.data_root(), "corpora", checker.engine)
    if options.engine_version in store.versions(store.data_root(), checker.engine):
        folder = os.path.join(folder, "history", options.engine_version)
    return Path(folder) / store.SOURCES[0]


def _front(checker: Checker) -> str:
    """The class that most documents of the engine are about."""
    classes = [form["class"] for form in checker.routes.get("forms", {}).values() if "class" in form]
    flat = [form["class"] for form in checker.routes.get("forms", {}).values() if form.get("flags")]
    chosen = next(iter([*flat, *classes]), None)
    if chosen is None:
        raise LlemError(f"name a class with --type: {', '.join(checker.native_types)}")
    return str(chosen)


def _shipped(checker: Checker, path: Path, native_type: str) -> list[Rule]:
    """The full rules of the class, as far as the checker uses them."""
    shipped = {rule["id"] for rule in checker.rules}
    return [rule for rule in load_proposed(path).rules if rule.native_type == native_type and rule.id in shipped]


def _parameters(folder: Path, native_type: str) -> dict[str, Any] | None:
    path = folder / store.SOURCES[2]
    if not path.exists():
        return None
    schema = read_schema(path)
    return {
        **schema.get("engine_params", {}).get(native_type, {}),
        **schema.get("sampling_params", {}).get(native_type, {}),
    }
