"""A corpus compiled for the checker: what YAML and predicates cost to read is paid beforehand."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from pytest_llem_invariants.checker import shapes
from pytest_llem_invariants.checker.advice import joined
from pytest_llem_invariants.checker.argv_compiled import compiled_parser, parsers_of, with_names_elsewhere, with_parsers
from pytest_llem_invariants.checker.certifying import certifications
from pytest_llem_invariants.checker.deciding import deciding
from pytest_llem_invariants.checker.layout import (
    BODY,
    COMMANDS,
    HEAD,
    LAYERS,
    MODELS,
    NEWEST,
    PROPOSED,
    SCHEMA,
    THEN,
    VALIDATED,
    digest,
)
from pytest_llem_invariants.checker.planning import RulePlan, plan
from pytest_llem_invariants.checker.suggest import Way, ways
from pytest_llem_invariants.checker.telling import told
from pytest_llem_invariants.checker.verdict import weakest
from pytest_llem_invariants.corpus.commands_layout import Commands, read_commands
from pytest_llem_invariants.corpus.context import reading_to_data
from pytest_llem_invariants.corpus.files import effective, load_proposed, load_validated, sha256_of
from pytest_llem_invariants.corpus.layers_layout import with_layers
from pytest_llem_invariants.corpus.models_layout import UNLESS, Models, read_models
from pytest_llem_invariants.corpus.schema_layout import Schema, alternatives, instances_in, parameters_of, read_schema
from pytest_llem_invariants.errors import CorpusError, EngineUnavailableError
from pytest_llem_invariants.language.wording import say_match, say_rule
from pytest_llem_invariants.model import Case, ContextField, Corpus, Rule, Validated
from pytest_llem_invariants.ssot import Ssot, load_ssot
from pytest_llem_invariants.text.bounded import read_text
from pytest_llem_invariants.text.strict import value_to_data

_ROUTES_ARE_TOLD: Final = "see docs/reference/checker.md for its keys"


def compile_corpus(
    corpus: Corpus,
    validated: Validated | None = None,
    *,
    schema: Schema | None = None,
    ssot: Ssot | None = None,
    proposed_sha256: str | None = None,
    older: Sequence[Schema] = (),
    models: Models | None = None,
    commands: Commands | None = None,
    key: str | None = None,
) -> str:
    """Canonical text of the compiled form. `older` are the schemas of earlier versions, oldest first;
    `models` says what the library takes from the files of each type of model, `commands` are its parsers.

    `key` is the digest of all of its sources, under which a cache keeps it.
    """
    stale = validated is not None and proposed_sha256 is not None and validated.corpus_sha256 != proposed_sha256
    shipped: list[tuple[Rule, str, Case | None]] = []
    every = effective(corpus, validated)
    grades = {} if validated is None else certifications(validated, is_stale=stale)
    for entry in every:
        if validated is None:
            shipped.append((entry.rule, "none", None))
        elif entry.case is not None and entry.ships:
            shipped.append((entry.rule, grades[entry.rule.id], entry.case))
    # Of a class that lost a rule, because nobody replayed it or the library contradicted it, not all is known.
    partial = {entry.rule.native_type for entry in every if validated is not None and (stale or not entry.ships)}
    context = _facts(corpus, ssot)
    by_class: dict[str, list[int]] = {}
    for number, (rule, *_) in enumerate(shipped):
        by_class.setdefault(rule.native_type, []).append(number)
    fields = parameters_of(schema or {})
    classes = {
        name: (
            _class_entry(name, by_class.get(name, []), shipped, schema, fields, context, ssot, older, name in partial),
            [_dumped(_rule_entry(*shipped[number], ssot, corpus.context)) for number in by_class.get(name, [])],
        )
        for name in sorted({*(rule.native_type for rule in corpus.rules), *fields})
    }
    head: dict[str, Any] = {
        "schema_version": corpus.schema_version,
        "engine": corpus.engine,
        "engine_version": corpus.engine_version,
        "library": ssot.library if ssot else (corpus.rules[0].library if corpus.rules else corpus.engine),
        "certification": weakest(classes[rule.native_type][0]["certification"] for rule in corpus.rules),
        "key": key,
        "environment": None if validated is None else str(validated.environment.kind),
        "context": {name: _fact_entry(name, entry) for name, entry in sorted(context.items())},
        "routes": with_parsers(_routes(ssot, corpus.engine_version), commands or {}, fields),
    }
    parts: dict[str, Any] = {} if models is None else {"models": _asked_of(models, context)}
    if commands is not None:
        used = parsers_of(head["routes"])
        parts["commands"] = {
            name: compiled_parser(command["options"], command["habits"], command.get("rules", ()))
            for name, command in commands.items()
            if name in used
        }
    return _lay_out(head, classes, parts)


def _asked_of(models: Models, context: Mapping[str, ContextField]) -> dict[str, dict[str, Any]]:
    """What of the table of models the corpus asks for."""
    asked = {*context, UNLESS, NEWEST}
    return {name: {fact: facts[fact] for fact in sorted(facts.keys() & asked)} for name, facts in models.items()}


def _routes_in(routes: Mapping[str, Any], version: str) -> dict[str, Any]:
    """The routes as one version of the library has them: what a form says of some versions is put in for those."""
    from packaging.specifiers import SpecifierSet

    def in_version(form: Mapping[str, Any]) -> dict[str, Any]:
        here = {key: value for key, value in form.items() if key != "versions"}
        for wanted, parts in form.get("versions", {}).items():
            if SpecifierSet(wanted).contains(version, prereleases=True):
                here["ignore"] = [*here.get("ignore", ()), *parts.get("ignore", ())]
                here["fields"] = {**here.get("fields", {}), **parts.get("fields", {})}
        return here

    forms = {name: in_version(form) for name, form in routes.get("forms", {}).items()}
    return {**routes, "forms": forms} if forms else dict(routes)


def _facts(corpus: Corpus, ssot: Ssot | None) -> dict[str, ContextField]:
    """The context, in which no default is assumed that the engine's file does not assume: older corpora do not say."""
    known = {} if ssot is None else ssot.context
    return {
        name: replace(entry, assumed=entry.assumed and (name not in known or known[name].assumed))
        for name, entry in corpus.context.items()
    }


def _fact_entry(name: str, entry: ContextField) -> dict[str, Any]:
    """What is told of a fact: the values to try, its type, how files tell it, and its default where one is assumed."""
    told: dict[str, Any] = {"values": list(entry.values)}
    if entry.type is not None:
        told["type"] = entry.type
    if entry.assumed:
        told["default"] = entry.default
    if _unknown(name, entry) in _LEAST:
        told["least"] = _LEAST[_unknown(name, entry)]
    return told if entry.reading is None else {**told, **reading_to_data(entry.reading)}


def _unknown(name: str, entry: ContextField) -> str:
    """What a fact may be that is not given: numbers of a model and of a device count what is there."""
    if entry.type != "int":
        return "unassumed"
    return {"model": "count", "device": "positive"}.get(name.partition(".")[0], "whole")


_LEAST: Final = {"count": 0, "positive": 1}


def _lay_out(head: dict[str, Any], classes: Mapping[str, tuple[Any, Any]], parts: Mapping[str, dict[str, Any]]) -> str:
    """One JSON text in which a class can be found, read and told undamaged without reading the others."""
    lines: list[str] = []
    at = 0

    def place(line: str) -> tuple[int, int, int]:
        nonlocal at
        begins = at
        lines.append(f"{line},\n")
        at += len(lines[-1])
        return begins, len(line), crc32(line.encode())

    index: dict[str, list[int]] = {}
    for name, (tests, rules) in classes.items():
        texts = list(map(_dumped, rules))
        marks = [mark for text in texts for mark in (len(text), crc32(text.encode()))]
        index[name] = [*place(_dumped({**tests, "rules": marks})), *place(f"[{','.join(texts)}]")]
    more = {name: place(_lined(part) if name == "models" else _dumped(part)) for name, part in parts.items()}
    first = _dumped({**head, "classes": index, **more})
    return f"{HEAD}{digest(first.encode())}{THEN}{first}{BODY}\n{''.join(lines)}null]}}\n"


def _lined(table: Mapping[str, Any]) -> str:
    """A mapping with a line for each key, so that one is found without reading the others."""
    lines = (f"{_dumped(name)}:{_dumped(entry)}" for name, entry in sorted(table.items()))
    return "{" + ",\n".join(lines) + "}"


def _dumped(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"), sort_keys=True, ensure_ascii=True)


def _routes(ssot: Ssot | None, version: str) -> dict[str, Any]:
    routes = {} if ssot is None else dict(ssot.routes)
    if ssot is not None and not shapes.is_routes(json.loads(_dumped(routes))):
        raise CorpusError(
            "'routes' does not have the form that the checker reads", path=ssot.path, fix=_ROUTES_ARE_TOLD
        )
    return _routes_in(routes, version)


def compile_folder(folder: Path, ssot: Ssot | None = None, *, key: str | None = None) -> str:
    """The compiled form of a corpus folder: `corpora/<engine>`, or one version of its history."""
    proposed = folder / PROPOSED
    corpus = load_proposed(proposed)
    validated_path = folder / VALIDATED
    return compile_corpus(
        corpus,
        load_validated(validated_path) if validated_path.exists() else None,
        ssot=ssot,
        proposed_sha256=sha256_of(read_text(proposed)),
        older=_older_schemas(folder, corpus.engine_version),
        key=key,
        **with_names_elsewhere(folder, _discovered(folder, corpus.engine_version)),
    )


def _discovered(folder: Path, version: str) -> dict[str, Any]:
    """What discovery wrote beside a corpus, as far as it did."""
    readers = {"schema": (SCHEMA, read_schema), "models": (MODELS, read_models), "commands": (COMMANDS, read_commands)}
    found: dict[str, Any] = {
        key: read(folder / name) for key, (name, read) in readers.items() if (folder / name).exists()
    }
    if "models" in found and (folder / LAYERS).exists():
        found["models"] = with_layers(found["models"], folder / LAYERS, version)
    return found


def compile_file(path: Path, root: Path) -> str:
    """The compiled form of one proposed file that stands anywhere, with the validated file beside it, if any.

    What its engine declares is read from the corpora at `root`.
    """
    corpus = load_proposed(path)
    beside = path.parent / VALIDATED
    try:
        ssot: Ssot | None = load_ssot(corpus.engine, root)
    except EngineUnavailableError:  # a foreign engine has no file there; its corpus is checked all the same
        ssot = None
    return compile_corpus(
        corpus,
        load_validated(beside) if beside.exists() else None,
        ssot=ssot,
        proposed_sha256=sha256_of(read_text(path)),
        **_discovered(path.parent, corpus.engine_version),
    )


def _older_schemas(folder: Path, version: str) -> list[Schema]:
    from packaging.version import Version

    history = (folder.parent if folder.parent.name == "history" else folder / "history").glob(f"*/{SCHEMA}")
    older = [path for path in history if Version(path.parent.name) < Version(version)]
    return [read_schema(path) for path in sorted(older, key=lambda path: Version(path.parent.name))]


def _class_entry(
    name: str,
    numbers: list[int],
    shipped: Sequence[tuple[Rule, str, Case | None]],
    schema: Schema | None,
    fields: Mapping[str, Mapping[str, Any]],
    context: Mapping[str, ContextField],
    ssot: Ssot | None,
    older: Sequence[Schema],
    is_partial: bool,
) -> dict[str, Any]:
    native = None if ssot is None else ssot.native_type(name)
    tests = plan(
        enumerate(shipped[number][0] for number in numbers),
        native.namespace if native else None,
        tuple(context),
        {fact: _unknown(fact, entry) for fact, entry in context.items() if not entry.assumed},
    )
    certification = weakest([shipped[number][1] for number in numbers])
    entry: dict[str, Any] = {
        "certification": weakest([certification, "partial"]) if is_partial else certification,
        "tests": dict(tests.fields),
        "always": tests.always,
        "reads": sorted(tests.reads),
    }
    parameters = fields.get(name)
    if parameters is not None and schema is not None:
        facts = schema.get("native_types", {}).get(name, {})
        entry["accepts_extra"] = bool(facts.get("accepts_extra"))
        entry["fields"] = {
            name: _kinds(parameter)
            for field, parameter in parameters.items()
            for name in (parameter.get("alias") or field, *parameter.get("aliases", ()))
        }
        is_front = native is not None and any(step.returns for step in native.build)
        if is_front or str(facts.get("kind", "")).startswith("pydantic"):
            entry["sections"] = _sections(parameters, fields)
        entry["gone"] = _gone(name, parameters, older)
        entry["deprecated"] = {
            field: parameter["deprecated"] for field, parameter in parameters.items() if parameter.get("deprecated")
        }
    return entry


def _kinds(parameter: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(_shape_kinds(parameter.get("shape", {}))))


def _shape_kinds(shape: Mapping[str, Any]) -> Iterable[str]:
    for one in alternatives(shape):
        match one.get("kind"):
            case "choice":
                yield from (type(value).__name__ for value in one["values"])
            case "group":
                yield one["name"]
            case str(kind):
                yield kind


def _sections(parameters: Mapping[str, Any], classes: Iterable[str]) -> dict[str, str]:
    """The fields that hold another class of the engine and build it from a mapping.

    A field that defaults to the None its type forbids is not validated at all; one that takes a plain mapping too
    keeps it as it is.
    """
    by_name = {name.rpartition(".")[2]: name for name in sorted(classes, reverse=True)}
    found = {}
    for field, parameter in parameters.items():
        if parameter.get("default", True) is None and not parameter.get("nullable"):
            continue
        shape = parameter.get("shape", {})
        instances = [name for name in instances_in(shape) if name in by_name]
        if len(instances) == 1 and "dict" not in _shape_kinds(shape):
            found[field] = by_name[instances[0]]
    return found


def _gone(name: str, parameters: Mapping[str, Any], older: Sequence[Schema]) -> dict[str, tuple[str, str | None]]:
    """Fields that an earlier version had → the last version that had them, and what they are called now."""
    gone: dict[str, tuple[str, str | None]] = {}
    for schema in older:
        before = parameters_of(schema or {}).get(name, {})
        for field, parameter in before.items():
            if field not in parameters:
                gone[field] = (str(schema["engine_version"]), _renamed(parameter, parameters, before))
    return gone


def _renamed(parameter: Mapping[str, Any], now: Mapping[str, Any], before: Mapping[str, Any]) -> str | None:
    """The field that took over: the one that the library named, or the one new field that is described alike."""
    by = (parameter.get("deprecated") or {}).get("by")
    if by in now:
        return str(by)
    description = parameter.get("description")
    alike = [
        field
        for field, other in now.items()
        if description and field not in before and other.get("description") == description
    ]
    return alike[0] if len(alike) == 1 else None


def _rule_entry(
    rule: Rule, certification: str, case: Case | None, ssot: Ssot | None, context: Mapping[str, Any]
) -> dict[str, Any]:
    native = None if ssot is None else ssot.native_type(rule.native_type)
    source = RulePlan(0, rule, native.namespace if native else None, tuple(context))
    fields = [source.path(name) for name in source.names if name not in context]
    contextual = [name for name in source.names if name in context]
    fixes = ways(rule.match, source.path, context, rule.message_template, rule.kwargs_negative)
    entry: dict[str, Any] = {
        "id": rule.id,
        "severity": str(rule.severity),
        "fields": fields,
        "anchors": list(source.anchors()),
        "template": rule.message_template,
        "summary": say_rule(rule.native_type, rule.severity, rule.match),
        "guard": rule.miner_source.guard,
        "method": rule.miner_source.method,
        "by": str(rule.added_by),
        "suggestion": joined(way.text for way in fixes),
        "when": say_match(rule.match),
        "certification": certification,
    }
    more = {
        "names": {name: source.path(name) for name in source.names if source.path(name) != name},
        "words": told(rule, [*fields, *contextual], _messages(case), _world_of(rule, contextual, context)),
        "defaults": {source.path(name): _json(value) for name, value in rule.match.defaults.items()},
        "context": contextual,
        "open": deciding(rule.match, source.path, context),
        "ways": [[way.text, list(way.fields), *way[2:5], way.target] for way in fixes]
        if _is_to_be_chosen(fixes)
        else None,
    }
    examples = [value_to_data(rule.kwargs_positive), value_to_data(rule.kwargs_negative)]
    if _is_json([dict(rule.kwargs_positive), dict(rule.kwargs_negative)]):
        more["examples"] = examples
    elif _is_json(examples):
        more["typed_examples"] = examples
    return entry | {name: value for name, value in more.items() if value}


def _way(way: Way) -> list[Any]:
    return [list(part) if isinstance(part, tuple) else part for part in way]


def _is_to_be_chosen(fixes: Sequence[Way]) -> bool:
    """Whether what is advised hangs on the config at hand."""
    return len(fixes) > 1 or any(way.bound or way.leaves_out or way.target for way in fixes)


def _world_of(rule: Rule, names: Iterable[str], context: Mapping[str, ContextField]) -> dict[str, Any]:
    """The facts of the world in which a rule's example was observed."""
    return {name: rule.world.get(name, context[name].default) for name in names if context[name].type is not None}


def _messages(case: Case | None) -> Iterable[str]:
    """What the library said of the example."""
    if case is None:
        return ()
    raised = () if case.observed_exception is None else (case.observed_exception.message,)
    return (*raised, *case.observed_messages)


def _is_json(examples: list[Any]) -> bool:
    """Whether JSON can hold them: a config that triggers the rule and one that does not."""
    try:
        held = json.loads(json.dumps(examples))
    except (TypeError, ValueError):
        return False
    return repr(held) == repr(examples)


def _json(value: Any) -> Any:
    data = value_to_data(value)
    return repr(data) if isinstance(data, float) and not math.isfinite(data) else data
