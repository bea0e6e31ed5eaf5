"""A small engine on disk: an SSOT with routes, a corpus, its evidence, its schema, and one earlier version."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.compiled import compile_corpus
from pytest_llem_invariants.checker.layout import parse
from pytest_llem_invariants.corpus.files import render_proposed, render_validated, sha256_of
from pytest_llem_invariants.model import (
    AddedBy,
    Case,
    Certification,
    Channel,
    Clause,
    ContextField,
    Corpus,
    Environment,
    EnvironmentKind,
    ExpectedOutcome,
    Match,
    MinerSource,
    Outcome,
    Rule,
    Severity,
    Validated,
)

SAMPLING = "demo.Sampling"
SERVE = "demo.Serve"
CONTEXT = {"platform": ContextField("cpu", ("cpu", "cuda"))}


_OUTCOMES = {
    Severity.ERROR: ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION),
    Severity.WARN: ExpectedOutcome(Outcome.WARN, Channel.LOGGER_WARNING),
    Severity.DORMANT: ExpectedOutcome(Outcome.DORMANT_SILENT, Channel.NONE, ("temperature",)),
}


def rule(
    identity: str,
    fields: Mapping[str, Mapping[str, Any]],
    *,
    native_type: str = SAMPLING,
    severity: Severity = Severity.ERROR,
    template: str | None = None,
    defaults: Mapping[str, Any] | None = None,
    guard: str = "demo/params.py:7",
    engine: str = "demo",
) -> Rule:
    path, _, line = guard.rpartition(":")
    return Rule(
        id=identity,
        engine=engine,
        library=engine,
        invariant_under_test=f"{identity} is a rule",
        severity=severity,
        native_type=native_type,
        miner_source=MinerSource(path, "check", int(line)),
        match=Match(
            engine,
            {field: tuple(Clause(op, rhs) for op, rhs in ops.items()) for field, ops in fields.items()},
            defaults or {},
        ),
        kwargs_positive={"temperature": -1},
        kwargs_negative={"temperature": 1},
        expected_outcome=_OUTCOMES[severity],
        message_template=template,
        references=(),
        added_by=AddedBy.MANUAL_SEED,
        added_at="2026-01-01",
    )


RULES = (
    rule(
        "temperature_below_0",
        {"temperature": {"<": 0}},
        template="temperature must be non-negative, got {temperature}.",
    ),
    rule("temperature_is_nan", {"temperature": {"!=": "@temperature"}}),
    rule("top_p_low", {"top_p": {"<=": 0}}, template="top_p must be in (0, 1], got {top_p}."),
    rule("top_p_high", {"top_p": {">": 1}}, template="top_p must be in (0, 1], got {top_p}."),
    rule(
        "min_above_max",
        {"min_tokens": {">": "@max_tokens"}},
        template="min_tokens must be at most max_tokens={max_tokens}, got {min_tokens}.",
        defaults={"max_tokens": 16},
    ),
    rule(
        "greedy_n",
        {"n": {">": 1}, "temperature": {"==": 0}},
        template="n must be 1 when using greedy sampling, got {n}.",
    ),
    rule("mode_unknown", {"mode": {"not_in": ["fast", "exact"]}}),
    rule(
        "cold",
        {"temperature": {">": 0, "<": 0.01}},
        severity=Severity.WARN,
        template="temperature {temperature} is cold",
    ),
    rule("tp_low", {"tensor_parallel_size": {"<": 1}}, native_type=SERVE, template="must be at least 1, got {…}"),
    rule(
        "cuda_only",
        {"graphs": {"truthy": True}, "platform": {"==": "cpu"}},
        native_type=SERVE,
        template="graphs need {platform} to be cuda",
    ),
    rule(
        "cache_block",
        {"block_size": {"not_divisible_by": 8}},
        native_type="demo.Cache",
        template="block_size {block_size} must be a multiple of 8",
    ),
)


def parameter(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "shape": {"kind": kind},
        "nullable": False,
        "required": False,
        "enum": None,
        "bounds": {},
        "deprecated": None,
        "alias": None,
        "description": None,
        "default_kind": "none",
        **more,
    }


SCHEMA: dict[str, Any] = {
    "schema_version": "1.0.0",
    "engine": "demo",
    "engine_version": "2.0",
    "native_types": {
        SAMPLING: {"accepts_extra": False, "group": "sampling_params", "kind": "msgspec"},
        SERVE: {"accepts_extra": False, "group": "engine_params", "kind": "pydantic_model"},
        "demo.Cache": {"accepts_extra": True, "group": "engine_params"},
    },
    "sampling_params": {
        SAMPLING: {
            name: parameter(kind)
            for name, kind in (
                ("temperature", "float"),
                ("top_p", "float"),
                ("n", "int"),
                ("min_tokens", "int"),
                ("max_tokens", "int"),
                ("mode", "str"),
                ("seed", "int"),
            )
        }
    },
    "engine_params": {
        SERVE: {
            "model": parameter("str"),
            "tensor_parallel_size": parameter("int"),
            "graphs": parameter("bool"),
            "swap": parameter("int", deprecated={"by": "offload", "note": "It moved."}),
            "offload": parameter("int"),
            "cache": {
                **parameter("instance"),
                "shape": {
                    "kind": "union",
                    "members": [{"kind": "instance", "name": "Cache", "module": "demo"}, {"kind": "none"}],
                },
            },
        },
        "demo.Cache": {"block_size": parameter("int")},
    },
}

SSOT = """\
engine: demo
library: demo
version: "2.0"
miner_pins: {static: ">=1"}
native_types:
  demo.Sampling: demo:Sampling
  demo.Serve: demo:Serve
  demo.Cache: demo:Cache
history: ["1.0"]
context:
  platform: {default: cpu, values: [cpu, cuda]}
routes:
  files:
    traces: [demo]
    package: demo
    images: [{name: some/demo, runs: [demo, serve]}]
    calls: {Sampling: {form: sampling}}
    sections: {demo_options: serve}
    names: {sampling.json: sampling}
    plugins: {demo-more: {traces: [demo-more], fields: true}}
  forms:
    request:
      class: demo.Sampling
      marks: [messages]
      fields: {max_completion_tokens: max_tokens}
      ignore: [messages, model]
      inline: [extra_body]
      unset: [null]
      extras: ignore
    serve:
      class: demo.Serve
      flags: true
      fields: {z: tensor_parallel_size, tp: tensor_parallel_size}
      words: {tensor_parallel_size: {auto: 1}}
      ignore: [port, config]
      elsewhere: {model: m}
    sampling:
      class: demo.Sampling
    nested:
      marks: [quantization]
      sections:
        quantization:
          by: method
          classes: {cache: demo.Cache}
          unknown: {message: "{value} is unknown: nothing is quantised", unless: [in_8bit]}
  commands:
    - {words: [demo, serve], form: serve, positional: model, file: config, attached: [z]}
"""


def corpus_of(rules: Iterable[Rule] = RULES, version: str = "2.0") -> Corpus:
    return Corpus("1.1.0", "demo", version, "2026-01-01T00:00:00Z", tuple(rules), CONTEXT)


def evidence(corpus: Corpus, *, kind: EnvironmentKind = EnvironmentKind.CONTAINER, **changes: Any) -> Validated:
    """Every rule confirmed in a full run."""
    cases = tuple(
        Case(
            one.id,
            Outcome.ERROR,
            Channel.RUNTIME_EXCEPTION,
            positive_confirmed=True,
            message_confirmed=True,
            negative_confirmed=True,
        )
        for one in corpus.rules
    )
    facts: dict[str, Any] = {
        "schema_version": "1.1.0",
        "engine": "demo",
        "engine_version": corpus.engine_version,
        "validated_at": "2026-01-01T00:00:00Z",
        "corpus_sha256": sha256_of(render_proposed(corpus)),
        "environment": Environment(kind, "an/image:1", "3.11", "linux", {}),
        "certification": Certification.FULL,
        "summary": {},
        "cases": cases,
        "divergences": (),
        **changes,
    }
    return Validated(**facts)


def checker_from(text: str) -> Checker:
    compiled = parse(text.encode(), "a test")
    assert compiled is not None
    return Checker(compiled)


def checker_of(rules: Iterable[Rule] = RULES, **how: Any) -> Checker:
    return checker_from(compile_corpus(corpus_of(rules), **how))


def install(root: Path) -> Path:
    """Write the engine into a folder as a checkout has it."""
    (root / "engine_versions").mkdir(parents=True)
    (root / "engine_versions" / "demo.yaml").write_text(SSOT)
    folder = root / "corpora" / "demo"
    old = folder / "history" / "1.0"
    old.mkdir(parents=True)
    earlier = (
        RULES[0],
        rule("top_p_moved", {"top_p": {"<=": 0}}, template="top_p is low", guard="demo/old.py:3"),
        rule("n_high", {"n": {">": 8}}),
    )
    before = {
        **SCHEMA,
        "engine_version": "1.0",
        "sampling_params": {SAMPLING: {**SCHEMA["sampling_params"][SAMPLING], "best_of": parameter("int")}},
    }
    for place, corpus, schema in ((folder, corpus_of(), SCHEMA), (old, corpus_of(earlier, "1.0"), before)):
        (place / "invariants.proposed.yaml").write_text(render_proposed(corpus))
        (place / "invariants.validated.yaml").write_text(render_validated(evidence(corpus)))
        (place / "schema.discovered.json").write_text(json.dumps(schema))
    return root
