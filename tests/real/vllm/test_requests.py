"""What the live library says of requests: a class wherever a version has it, and a server that was started in a way."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from pydantic import TypeAdapter

from miners.lift import lift_class
from miners.surface import class_facts
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import Clause, Match

CHAT = "vllm.entrypoints.ChatCompletionRequest"
COMPLETION = "vllm.entrypoints.CompletionRequest"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def refusal(adapter: EngineAdapter, name: str, body: dict[str, Any], **served: int) -> str | None:
    facts = {f"served.{fact}": value for fact, value in served.items()}
    with adapter.context({**adapter.default_context(), **facts}):
        try:
            adapter.validate(name, adapter.build(name, body), strict=False)
        except Exception as error:
            return str(error)
    return None


def test_every_declared_request_and_all_its_examples_are_taken(adapter: EngineAdapter) -> None:
    for name in (one for one in adapter.native_types() if one.startswith("vllm.entrypoints.")):
        assert refusal(adapter, name, {}) is None, name
        entry = adapter.ssot.native_types[name]
        for field, values in entry.examples.items():
            beside: dict[str, Any] = {"stream": True} if field == "stream_options" else {}
            tools = [{"function": {"name": "f"}}, {"type": "function", "name": "f", "input_schema": {}}]
            if field == "tool_choice":
                beside = {"tools": tools[:1] if "Chat" in name else tools[1:]}
            if field == "thinking":
                beside = {"max_tokens": 4096}
            taken = [refusal(adapter, name, {**beside, field: value}) is None for value in values]
            assert any(taken), (name, field)


def test_what_is_handed_on_to_the_parameters_of_a_generation_is_judged_there(adapter: EngineAdapter) -> None:
    assert "top_p must be in" in str(refusal(adapter, CHAT, {"top_p": 2}))
    assert "max_tokens must be at least 1" in str(refusal(adapter, CHAT, {"max_completion_tokens": 0, "max_tokens": 5}))
    assert refusal(adapter, CHAT, {"top_p": 2, "use_beam_search": True}) is None
    assert refusal(adapter, CHAT, {"min_tokens": 1_000_000}) is None


@pytest.mark.parametrize("name", [CHAT, COMPLETION])
def test_a_server_is_asked_with_how_it_was_started(adapter: EngineAdapter, name: str) -> None:
    long, many = {"max_tokens": 5000}, {"logprobs": 8} if name == COMPLETION else {"logprobs": True, "top_logprobs": 8}
    assert refusal(adapter, name, long) is None
    assert "cannot be greater than max_model_len=4096" in str(refusal(adapter, name, long, max_model_len=4096))
    assert refusal(adapter, name, many) is None
    assert "greater than max allowed: 5" in str(refusal(adapter, name, many, max_logprobs=5))


ROUTES = {"/v1/embeddings": "embed.protocol:EmbeddingRequest", "/pooling": "pooling.protocol:PoolingRequest"}


@pytest.mark.parametrize("path", ROUTES)
def test_what_a_route_looks_at_before_the_class_is_declared(adapter: EngineAdapter, path: str) -> None:
    module, _, name = ROUTES[path].partition(":")
    route = TypeAdapter(getattr(importlib.import_module(f"vllm.entrypoints.pooling.{module}"), name))
    kinds = [kind for kind in adapter.ssot.routes["forms"]["request"]["kinds"] if path in kind.get("paths", ())]
    for kind in (one for one in kinds if one["class"] is not None):
        body = adapter.ssot.native_types[kind["class"]].base_kwargs
        for key in kind["looked_at"]:
            with pytest.raises(Exception, match=f"`(?:{key}|score)`.* was removed"):
                route.validate_python({**body, key: "score"})
        route.validate_python({**body, "activation": True})


PARTS: tuple[tuple[str, dict[str, Any]], ...] = (
    (CHAT, {"response_format": {"type": "structural_tag"}}),
    (CHAT, {"response_format": {"type": "structural_tag", "structures": "x", "triggers": []}}),
    (CHAT, {"messages": [{"role": "user", "content": None}]}),
    (CHAT, {"messages": [{"role": "user", "content": "x", "name": 5}]}),
    (CHAT, {"tools": [{"type": None, "function": {"name": "f"}}]}),
    (COMPLETION, {"prompt": ["a", 1]}),
    (COMPLETION, {"prompt": [True, [3]]}),
)
WHOLE: tuple[tuple[str, dict[str, Any]], ...] = (
    (CHAT, {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}], "name": "a"}]}),
    (CHAT, {"messages": [{"role": "assistant", "tool_calls": []}]}),
    (CHAT, {"tools": [{"type": "function", "function": {"name": "f", "parameters": None}}]}),
    (COMPLETION, {"prompt": ["1", "2"]}),
    (COMPLETION, {"prompt": [[1, "2"], [3.0]]}),
)


@pytest.mark.parametrize(("name", "body"), [*PARTS, *WHOLE], ids=str)
def test_each_part_of_a_request_is_told_as_the_library_takes_it(
    adapter: EngineAdapter, name: str, body: dict[str, Any]
) -> None:
    cls = adapter.native_class(name)
    lifted = lift_class(cls, class_facts(cls, name))
    tests = [compile_match(Match("vllm", one.fields)) for one in lifted if _is_of_all(one.fields)]
    wrong = (name, body) in PARTS
    assert (refusal(adapter, name, body) is not None) is wrong
    assert any(test(body, {}) for test in tests) is wrong


def _is_of_all(fields: Mapping[str, Sequence[Clause]]) -> bool:
    return any(clause.op == "unlike" for clauses in fields.values() for clause in clauses)
