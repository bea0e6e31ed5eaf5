"""`llem-invariants export`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_llem_invariants.checker import layout, store
from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.export import Unsupported, json_schema, markdown, pydantic_source, with_sections
from pytest_llem_invariants.checker.written import as_written
from pytest_llem_invariants.cli.choosing import load
from pytest_llem_invariants.corpus.files import load_proposed
from pytest_llem_invariants.corpus.schema_layout import read_schema
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.model import Rule
from pytest_llem_invariants.text.terminal import say


def run(options: argparse.Namespace) -> int:
    if not options.engine and not options.corpus:
        raise LlemError(f"name an engine with --engine: {', '.join(store.engines(store.data_root(options.root)))}")
    checker = load(options)
    folder = _folder(checker, options)
    form = checker.routes.get("forms", {}).get(options.type)
    native_type = _meant(checker, options.type, form)
    rules = _shipped(checker, folder)
    told = f"rules of {checker.engine} {checker.version}, certification {checker.certification}"
    if options.format == "markdown":
        say(markdown(native_type, rules.get(native_type, ()), f"The {told}.").removesuffix("\n"))
        return 0
    if options.format == "pydantic":
        fields = checker.class_checker(native_type).fields or ()
        which = f"{checker.engine!r}, version={checker.version!r}"
        if checker.origin is not None:
            which = f"corpus={checker.origin!r}" if options.corpus else f"{which}, root={checker.origin!r}"
        source = pydantic_source(
            native_type, rules.get(native_type, ()), fields, which, checker.declared_context, f": {told}"
        )
        say(source.removesuffix("\n"))
        return 0
    schema, unsupported, total = _schema(checker, native_type, rules, _parameters(folder.parent))
    if form is not None:
        schema = as_written(schema, form, checker.class_checker(native_type).fields or {})
    schema["$comment"] = told[0].upper() + told[1:]
    if options.list_unsupported:
        for entry in unsupported:
            say(f"{entry.rule_id}: {entry.reason}")
        return 0
    print(json.dumps(schema, indent=2, ensure_ascii=True))
    if unsupported:
        told = (
            f"{len(unsupported)} of {total} rules cannot be expressed in JSON Schema: list them with --list-unsupported"
        )
        say(told, file=sys.stderr)
    return 0


def _meant(checker: Checker, name: str | None, form: Mapping[str, Any] | None) -> str:
    if form is None:
        return checker.resolve(name) if name else _front(checker)
    if "class" not in form:
        raise LlemError(f"{name} has no class of its own — choose one with --type: {', '.join(checker.native_types)}")
    return str(form["class"])


def _folder(checker: Checker, options: argparse.Namespace) -> Path:
    if options.corpus:
        return Path(options.corpus)
    root = store.data_root(options.root)
    folder = os.path.join(root, "corpora", checker.engine)
    if options.engine_version in store.versions(root, checker.engine):
        folder = os.path.join(folder, "history", options.engine_version)
    return Path(folder) / layout.SOURCES[0]


def _front(checker: Checker) -> str:
    """The class that most documents of the engine are about."""
    classes = [form["class"] for form in checker.routes.get("forms", {}).values() if "class" in form]
    flat = [form["class"] for form in checker.routes.get("forms", {}).values() if form.get("flags")]
    chosen = next(iter([*flat, *classes]), None)
    if chosen is None:
        raise LlemError(f"name a class with --type: {', '.join(checker.native_types)}")
    return str(chosen)


def _shipped(checker: Checker, path: Path) -> dict[str, list[Rule]]:
    """The full rules of each class, as far as the checker uses them."""
    shipped = {rule["id"] for rule in checker.rules}
    by_class: dict[str, list[Rule]] = {}
    for rule in load_proposed(path).rules:
        if rule.id in shipped:
            by_class.setdefault(rule.native_type, []).append(rule)
    return by_class


def _schema(
    checker: Checker, native_type: str, rules: Mapping[str, list[Rule]], parameters: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, Any], list[Unsupported], int]:
    """The schema of a class and of those that its fields hold; what it cannot say; how many rules there are to say."""
    sections: dict[str, Mapping[str, str]] = {}
    left = [native_type]
    while left:
        name = left.pop()
        if name not in sections and name in checker.native_types:
            sections[name] = checker.class_checker(name).sections
            left.extend(sections[name].values())
    schemas: dict[str, dict[str, Any]] = {}
    unsupported: list[Unsupported] = []
    for name in sorted(sections, key=lambda name: (name != native_type, name)):
        schemas[name], unsaid = json_schema(
            name,
            rules.get(name, ()),
            parameters.get(name),
            accepts_extra=checker.class_checker(name).accepts_extra,
            context=checker.declared_context,
        )
        unsupported.extend(unsaid)
    total = sum(rule.severity == "error" for name in sections for rule in rules.get(name, ()))
    return with_sections(native_type, schemas, sections), unsupported, total


def _parameters(folder: Path) -> dict[str, dict[str, Any]]:
    """The parameters of each class in the discovered schema, if there is one."""
    path = folder / layout.SOURCES[2]
    schema = read_schema(path) if path.exists() else {}
    engine, sampling = schema.get("engine_params", {}), schema.get("sampling_params", {})
    return {name: {**engine.get(name, {}), **sampling.get(name, {})} for name in {**engine, **sampling}}
