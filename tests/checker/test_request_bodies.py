"""Bodies that the server of vLLM refuses, and bodies that it takes, as its live classes answered."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_llem_invariants import Checker

MESSAGES = [{"role": "user", "content": "Hello"}]
TOOLS = [{"type": "function", "function": {"name": "f"}}]


@pytest.fixture(scope="module")
def vllm() -> Checker:
    return Checker.load("vllm")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"stream_options": {"include_usage": True}}, "Stream options can only be defined when `stream=True`"),
        ({"top_logprobs": 3}, "`logprobs` must be set to true"),
        ({"tool_choice": "auto"}, "When using `tool_choice`, `tools` must be set"),
        ({"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "g"}}}, "does not match any of"),
        ({"response_format": {"type": "json_schema"}}, "the 'json_schema' field must"),
        ({"response_format": {"type": "xml"}}, "Input should be 'text', 'json_object' or 'json_schema'"),
        ({"temperature": "hot"}, "Input should be a valid number"),
        ({"n": 0}, "n must be at least 1"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": [{"content": "Hello"}]}, "messages"),
        ({"max_tokens": 0}, "max_tokens must be at least 1"),
    ],
)
def test_a_body_that_is_refused_is_told_in_the_words_of_the_server(
    vllm: Checker, more: dict[str, Any], told: str
) -> None:
    verdict = vllm.check_config({"model": "m", "messages": MESSAGES, **more}, form="request")
    assert any(told in error.message for error in verdict.errors), verdict


@pytest.mark.parametrize(
    "more",
    [
        {"stream": True, "stream_options": {"include_usage": True}},
        {"logprobs": True, "top_logprobs": 3},
        {"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "f"}}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}},
        {"temperature": "0.5", "n": "2"},
    ],
)
def test_a_body_that_is_taken_is_not_rejected(vllm: Checker, more: dict[str, Any]) -> None:
    assert vllm.check_config({"model": "m", "messages": MESSAGES, **more}, form="request").errors == ()


@pytest.mark.parametrize(("name", "value"), [("best_of", None), ("guided_json", {})])
def test_what_the_server_drops_without_a_word_is_told(vllm: Checker, name: str, value: Any) -> None:
    verdict = vllm.check_config({"model": "m", "messages": MESSAGES, name: value}, form="request")
    (warning,) = verdict.warnings
    assert (verdict.ok, warning.fields) == (True, (name,))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/embeddings", {"input": MESSAGES}),
        ("/v1/embeddings", {"input": [MESSAGES]}),
        ("/v1/embeddings", {"messages": [MESSAGES]}),
        ("/classify", {"messages": MESSAGES}),
        ("/score", {"queries": "a", "items": ["b"]}),
        ("/score", {"data_1": "a", "data_2": ["b"]}),
    ],
)
def test_a_body_of_which_only_the_route_is_known_is_not_judged_by_another_class_of_its_route(
    vllm: Checker, path: str, body: dict[str, Any]
) -> None:
    line = {"custom_id": "1", "method": "POST", "url": path, "body": {"model": "m", **body}}
    assert vllm.check_config(line).errors == ()


def test_a_list_of_lists_of_tokens_is_no_list_of_conversations(vllm: Checker) -> None:
    line = {"custom_id": "1", "url": "/v1/embeddings", "body": {"model": "m", "input": [[1, 2]], "dimensions": "x"}}
    assert [error.fields for error in vllm.check_config(line).errors] == [("body.dimensions",)]


@pytest.mark.parametrize(
    ("path", "body", "key"),
    [
        ("/v1/embeddings", {"input": "x"}, "normalize"),
        ("/v1/embeddings", {"messages": MESSAGES}, "normalize"),
        ("/pooling", {"input": "x"}, "normalize"),
        ("/classify", {"input": "x"}, "task"),
    ],
)
def test_nobody_is_told_that_a_key_is_dropped_which_the_route_looks_at_itself(
    vllm: Checker, path: str, body: dict[str, Any], key: str
) -> None:
    line = {"custom_id": "1", "method": "POST", "url": path, "body": {"model": "m", **body, key: "score"}}
    (warning,) = vllm.check_config(line).warnings
    assert warning.path == ("body", key)
    assert "ignored" not in warning.summary
    assert "dropped" not in warning.summary
    line["body"] = {"model": "m", **body, "activation": True}
    (warning,) = vllm.check_config(line).warnings
    assert "ignored" in warning.summary or "dropped" in warning.summary
