"""`llem-invariants export`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any

from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.export import markdown, pydantic_source, with_sections
from pytest_llem_invariants.checker.written import as_written, of_its_kinds
from pytest_llem_invariants.cli.choosing import load
from pytest_llem_invariants.cli.exported import corpus_of, parameters_in, schemas_of, sections_of, shipped
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.text.terminal import say


def run(options: argparse.Namespace) -> int:
    if options.slim:
        from pytest_llem_invariants.cli import schemas as slim_schemas

        return slim_schemas.run(options)
    if options.to or options.url:
        raise LlemError("--to writes the schemas of --slim: add that")
    if not options.engine and not options.corpus:
        raise LlemError(f"name an engine with --engine: {', '.join(store.engines(store.data_root(options.root)))}")
    checker = load(options)
    folder = corpus_of(checker, options)
    form = checker.routes.get("forms", {}).get(options.type)
    native_type = _meant(checker, options.type, form)
    rules = shipped(checker, folder)
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
    sections = sections_of(checker, native_type)
    schemas, unsupported = schemas_of(checker, sections, rules, parameters_in(folder.parent))
    total = sum(rule.severity == "error" for name in sections for rule in rules.get(name, ()))
    schema = with_sections(native_type, schemas, sections)
    if form is not None:
        own = checker.class_checker(native_type).fields or {}
        fields = {name: tuple(checker.class_checker(name).known_fields) for name in _kinds(form, checker)}
        schema = of_its_kinds(as_written(schema, form, own), form, fields, own)
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


def _kinds(form: Mapping[str, Any], checker: Checker) -> list[str]:
    return [kind["class"] for kind in form.get("kinds", ()) if kind["class"] in checker.native_types]


def _meant(checker: Checker, name: str | None, form: Mapping[str, Any] | None) -> str:
    if form is None:
        return checker.resolve(name) if name else _front(checker)
    if "class" not in form:
        raise LlemError(f"{name} has no class of its own — choose one with --type: {', '.join(checker.native_types)}")
    return str(form["class"])


def _front(checker: Checker) -> str:
    """The class that most documents of the engine are about."""
    classes = [form["class"] for form in checker.routes.get("forms", {}).values() if "class" in form]
    flat = [form["class"] for form in checker.routes.get("forms", {}).values() if form.get("flags")]
    chosen = next(iter([*flat, *classes]), None)
    if chosen is None:
        raise LlemError(f"name a class with --type: {', '.join(checker.native_types)}")
    return str(chosen)
