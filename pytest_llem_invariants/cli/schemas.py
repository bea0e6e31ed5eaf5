"""`llem-invariants export --slim`: small JSON Schemas for editors, one for each form, and a catalogue of them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.argv_routes import REFUSED_WORD
from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.slim import Written, slim
from pytest_llem_invariants.cli.choosing import load
from pytest_llem_invariants.cli.exported import Parameters, corpus_of, parameters_in, schemas_of, sections_of, shipped
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.text.atomic import write_atomically
from pytest_llem_invariants.text.terminal import say


def run(options: argparse.Namespace) -> int:
    if options.url and not options.to:
        raise LlemError("--url is where the folder of --to will be found: name that, too")
    if options.format != "json-schema":
        raise LlemError("--slim is a JSON Schema: leave --format out")
    if not options.to:
        if not options.engine and not options.corpus:
            raise LlemError("name an engine with --engine, or a folder for all with --to")
        checker = load(options)
        forms = _forms(checker)
        name = options.type or next(iter(forms), "")
        if name not in forms:
            raise LlemError(f"{name or checker.engine} is no form with a class of its own — known: {', '.join(forms)}")
        print(_text(_Schemas(checker, options).of(name)))
        return 0
    folder = Path(options.to)
    url = (options.url or folder.absolute().as_uri()).rstrip("/")
    entries = []
    for checker in _checkers(options):
        schemas = _Schemas(checker, options)
        for name in _forms(checker):
            file = f"{checker.engine}-{name}.schema.json"
            text = _text(schemas.of(name))
            write_atomically(folder / file, text + "\n")
            say(f"{folder / file}: {len(text) / 1000:,.0f} kB")
            entries.append(_entry(checker, name, f"{url}/{file}"))
    catalogue = {
        "$schema": "https://json.schemastore.org/schema-catalog.json",
        "version": 1.0,
        "schemas": entries,
    }
    write_atomically(folder / "catalog.json", json.dumps(catalogue, indent=2) + "\n")
    return 0


def _text(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=True, separators=(",", ":"))


def _checkers(options: argparse.Namespace) -> Iterator[Checker]:
    if options.engine or options.corpus:
        yield load(options)
        return
    for engine in store.engines(store.data_root(options.root)):
        yield Checker.load(engine, root=options.root)


def _forms(checker: Checker) -> list[str]:
    """The forms with one class: what a request is of depends on where it is sent."""
    forms = checker.routes.get("forms", {})
    return [name for name, form in forms.items() if "class" in form and "kinds" not in form]


class _Schemas:
    """The schemas of the forms of one engine, whose rules are read once."""

    def __init__(self, checker: Checker, options: argparse.Namespace) -> None:
        folder = corpus_of(checker, options)
        self._checker = checker
        self._parameters = parameters_in(folder.parent)
        self._rules = shipped(checker, folder)

    def of(self, name: str) -> dict[str, Any]:
        checker = self._checker
        form = checker.routes["forms"][name]
        sections = sections_of(checker, form["class"])
        schemas, _ = schemas_of(checker, sections, self._rules, self._parameters)
        kinds = checker.class_checker(form["class"]).fields or {}
        refused = _refused(checker, name, schemas[form["class"]]["properties"])
        made = slim(form["class"], schemas, Written(form, kinds, sections, _notes(sections, self._parameters), refused))
        rules = f"Rules of {checker.engine} {checker.version}, certification {checker.certification}"
        return {**made, "title": f"{checker.engine} {checker.version}: {name}", "$comment": rules}


def _refused(checker: Checker, name: str, fields: Iterable[str]) -> dict[str, list[Any]]:
    """What the command of a form does not read as the value of a field, of values that are alone in their type."""
    if "parser" not in checker.routes["forms"][name]:
        return {}
    return {
        field: [
            value
            for value in (None, True, False)
            if any(one.rule_id == REFUSED_WORD for one in checker.check_config({field: value}, form=name).errors)
        ]
        for field in fields
    }


def _notes(sections: Mapping[str, Any], parameters: Parameters) -> dict[str, dict[str, dict[str, Any]]]:
    """What is written about each field; of one without a word, what all say that have words for the like of it."""
    elsewhere: dict[str, set[str]] = {}
    for fields in parameters.values():
        for field, one in fields.items():
            if one.get("description"):
                elsewhere.setdefault(_likeness(field, one), set()).add(one["description"])
    agreed = {like: next(iter(texts)) for like, texts in elsewhere.items() if len(texts) == 1}
    return {
        name: {
            field: {
                "description": one.get("description") or agreed.get(_likeness(field, one)),
                "deprecated": one.get("deprecated"),
                # Of an enumeration of the library people write the names, which are not its values.
                **({"examples": None} if one.get("shape", {}).get("enum") else {}),
            }
            for field, one in parameters.get(name, {}).items()
        }
        for name in sections
    }


def _likeness(field: str, one: Mapping[str, Any]) -> str:
    """What fields share that are passed on from one class to another: the name, the declared type, the default."""
    return repr((field, one.get("type"), one.get("default_kind"), one.get("default")))


def _entry(checker: Checker, name: str, url: str) -> dict[str, Any]:
    """As a catalogue of schemas has it: files that are an engine's by their name, else by an ending to be chosen."""
    named = [file for file, form in (checker.routes.get("files", {}).get("names") or {}).items() if form == name]
    chosen = [f"*.{checker.engine}-{name}.{ending}" for ending in ("yaml", "yml", "json")]
    return {
        "name": f"{checker.engine} {name}",
        "description": f"{checker.engine} {checker.version}: what its configs ({name}) may hold",
        "fileMatch": named or chosen,
        "url": url,
    }
