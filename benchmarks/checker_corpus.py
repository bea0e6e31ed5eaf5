"""A corpus of the size and shape of vLLM's: one sampling class with its well-known rules, and many other classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pytest_llem_invariants.checker import Checker
from pytest_llem_invariants.checker.compiled import compile_corpus
from pytest_llem_invariants.checker.layout import parse
from pytest_llem_invariants.corpus.files import render_proposed
from pytest_llem_invariants.language.predicates import referenced_fields
from pytest_llem_invariants.model import (
    AddedBy,
    Channel,
    Clause,
    Corpus,
    ExpectedOutcome,
    Match,
    MinerSource,
    Outcome,
    Rule,
    Severity,
)

SAMPLING = "bench.SamplingParams"
CONFIG: dict[str, Any] = {
    "n": 1,
    "temperature": 0.7,
    "top_p": 0.95,
    "top_k": 40,
    "min_p": 0.05,
    "max_tokens": 256,
    "min_tokens": 8,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.1,
    "seed": 7,
}
_SAMPLING: tuple[Mapping[str, Mapping[str, Any]], ...] = (
    {"n": {"<": 1}},
    {"n": {"type_is_not": "int"}},
    {"n": {">": 1}, "temperature": {"<": 1e-5}},
    {"temperature": {"<": 0}},
    {"temperature": {"type_is": "str"}},
    {"top_p": {"<=": 0}},
    {"top_p": {">": 1}},
    {"top_k": {"<": -1}},
    {"top_k": {"type_is_not": "int"}},
    {"min_p": {"<": 0}},
    {"min_p": {">": 1}},
    {"max_tokens": {"<": 1}},
    {"min_tokens": {"<": 0}},
    {"min_tokens": {">": "@max_tokens"}},
    {"presence_penalty": {"<": -2}},
    {"presence_penalty": {">": 2}},
    {"frequency_penalty": {"<": -2}},
    {"frequency_penalty": {">": 2}},
    {"repetition_penalty": {"<=": 0}},
    {"logprobs": {"<": -1}},
    {"prompt_logprobs": {"<": -1}},
    {"truncate_prompt_tokens": {"<": -1}},
    {"truncate_prompt_tokens": {"==": 0}},
    {"stop": {"truthy": True}, "detokenize": {"==": False}},
    {"each(stop)": {"==": ""}},
    {"best_of": {"<": "@n"}},
    {"output_kind": {"not_in": [0, 1, 2]}},
    {"seed": {"type_is": ["str", "list"]}},
)


def by_hand(config: Mapping[str, Any]) -> list[str]:
    """The same rules as a person writes them."""
    found = []
    n = config.get("n")
    temperature = config.get("temperature")
    max_tokens = config.get("max_tokens")
    stop = config.get("stop")
    if n is not None:
        if not isinstance(n, int):
            found.append("n must be an int")
        elif n < 1:
            found.append("n must be at least 1")
        elif n > 1 and temperature is not None and temperature < 1e-5:
            found.append("n must be 1 when using greedy sampling")
    if temperature is not None:
        if isinstance(temperature, str):
            found.append("temperature must be a number")
        elif temperature < 0:
            found.append("temperature must be non-negative")
    top_p = config.get("top_p")
    if top_p is not None and not 0 < top_p <= 1:
        found.append("top_p must be in (0, 1]")
    top_k = config.get("top_k")
    if top_k is not None:
        if not isinstance(top_k, int):
            found.append("top_k must be an int")
        elif top_k < -1:
            found.append("top_k must be -1, 0 or positive")
    min_p = config.get("min_p")
    if min_p is not None and not 0 <= min_p <= 1:
        found.append("min_p must be in [0, 1]")
    if max_tokens is not None and max_tokens < 1:
        found.append("max_tokens must be at least 1")
    min_tokens = config.get("min_tokens")
    if min_tokens is not None:
        if min_tokens < 0:
            found.append("min_tokens must not be negative")
        if max_tokens is not None and min_tokens > max_tokens:
            found.append("min_tokens must be at most max_tokens")
    presence_penalty = config.get("presence_penalty")
    if presence_penalty is not None and not -2 <= presence_penalty <= 2:
        found.append("presence_penalty must be in [-2, 2]")
    frequency_penalty = config.get("frequency_penalty")
    if frequency_penalty is not None and not -2 <= frequency_penalty <= 2:
        found.append("frequency_penalty must be in [-2, 2]")
    repetition_penalty = config.get("repetition_penalty")
    if repetition_penalty is not None and repetition_penalty <= 0:
        found.append("repetition_penalty must be positive")
    logprobs = config.get("logprobs")
    if logprobs is not None and logprobs < -1:
        found.append("logprobs must be at least -1")
    prompt_logprobs = config.get("prompt_logprobs")
    if prompt_logprobs is not None and prompt_logprobs < -1:
        found.append("prompt_logprobs must be at least -1")
    truncate = config.get("truncate_prompt_tokens")
    if truncate is not None and (truncate < -1 or truncate == 0):
        found.append("truncate_prompt_tokens must be -1 or positive")
    if stop and config.get("detokenize") is False:
        found.append("stop needs detokenize")
    if stop and any(one == "" for one in stop):
        found.append("stop must not hold an empty string")
    best_of = config.get("best_of")
    if best_of is not None and n is not None and best_of < n:
        found.append("best_of must be at least n")
    output_kind = config.get("output_kind")
    if output_kind is not None and output_kind not in (0, 1, 2):
        found.append("unknown output_kind")
    seed = config.get("seed")
    if isinstance(seed, (str, list)):
        found.append("seed must be an int")
    return found


def corpus(rules: int = 360) -> Corpus:
    """The sampling rules, and others up to this number: some in other classes, some on other fields of this one."""
    return Corpus("1.1.0", "bench", "1.0", "2026-01-01T00:00:00Z", tuple(_rules(rules)))


def checker_of(rules: Corpus) -> Checker:
    compiled = parse(compile_corpus(rules).encode(), "a benchmark")
    assert compiled is not None
    return Checker(compiled)


def _rules(count: int) -> Iterator[Rule]:
    for number, fields in enumerate(_SAMPLING):
        yield make_rule(f"sampling_{number}", SAMPLING, fields)
    for number in range(count - len(_SAMPLING)):
        native_type = SAMPLING if number % 8 == 0 else f"bench.config.Class{number % 47}Config"
        field, other = f"field_{number % 500}", f"field_{(number * 7 + 1) % 500}"
        fields = ({field: {"<": 1}}, {field: {">": f"@{other}"}}, {field: {"not_in": ["auto", "fast"]}})[number % 3]
        yield make_rule(f"other_{number}", native_type, fields)


def make_rule(identity: str, native_type: str, fields: Mapping[str, Mapping[str, Any]]) -> Rule:
    clauses = {field: tuple(Clause(op, rhs) for op, rhs in ops.items()) for field, ops in fields.items()}
    named = dict.fromkeys(referenced_fields(Match("bench", clauses)), 0)
    return Rule(
        id=identity,
        engine="bench",
        library="bench",
        invariant_under_test=f"{native_type} rejects a config that breaks {identity}",
        severity=Severity.ERROR,
        native_type=native_type,
        miner_source=MinerSource("bench/config/module.py", "__post_init__", 120),
        match=Match("bench", clauses),
        kwargs_positive=named,
        kwargs_negative=dict.fromkeys(named, 2),
        expected_outcome=ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION),
        message_template=f"{next(iter(fields))} is out of its range, got {{value}}.",
        references=("bench/config/module.py:120",),
        added_by=AddedBy.STATIC_MINER,
        added_at="2026-01-01",
    )


_SSOT = """\
engine: bench
library: bench
version: "1.0"
miner_pins: {static: ">=1"}
native_types: {bench.SamplingParams: "bench:SamplingParams"}
routes:
  forms:
    sampling: {class: bench.SamplingParams}
"""


def install(folder: Path, rules: int = 360) -> None:
    """A folder with this engine, as a checkout has it."""
    (folder / "engine_versions").mkdir()
    ssot = folder / "engine_versions" / "bench.yaml"
    ssot.write_text(_SSOT)
    place = folder / "corpora" / "bench"
    place.mkdir(parents=True)
    (place / "invariants.proposed.yaml").write_text(render_proposed(corpus(rules)))
