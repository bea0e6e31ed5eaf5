"""Which request a body is, and what is told of the keys that nobody reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants import Checker
from pytest_llem_invariants.checker.routes import is_config, understood
from tests.checker import demo

CHAT = "demo.Chat"
EMBED = "demo.Embed"
ANSWER = "demo.Answer"
MANY = "demo.Many"
KINDS = """\
      line: {route: url, body: body}
      kinds:
        - {class: demo.Chat, has: [messages], paths: [/v1/chat]}
        - {class: demo.Embed, has: [input], unless_first: {input: [dict]}, paths: [/v1/embed]}
        - {class: demo.Answer, has: [input], paths: [/v1/answer]}
        - {class: demo.Many, has: [messages], first: {messages: [list]}, paths: [/v1/many]}
        - {class: demo.Later, has: [messages], paths: [/v1/later]}
"""
FIELDS = {
    CHAT: ("messages", "tools", "stream", "n"),
    EMBED: ("input", "dimensions"),
    ANSWER: ("input", "stream"),
    MANY: ("messages",),
}
RULES = (
    demo.rule("chat_tools_empty", {"tools": {"==": []}}, native_type=CHAT),
    demo.rule("chat_no_messages", {"messages": {"absent": True}}, native_type=CHAT),
    demo.rule("embed_low", {"dimensions": {"<": 1}}, native_type=EMBED),
    demo.rule("many_messages", {"messages": {"absent": True}}, native_type=MANY),
    demo.rule("answer_stream", {"stream": {"truthy": True}}, native_type=ANSWER),
)


_CORPUS_OF = demo.corpus_of


@pytest.fixture
def checker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checker:
    classes = "".join(f"  {name}: {name.replace('.', ':')}\n" for name in FIELDS)
    ssot = demo.SSOT.replace("      marks: [messages]\n", f"      marks: [messages, input, body]\n{KINDS}")
    monkeypatch.setattr(demo, "SSOT", ssot.replace("native_types:\n", f"native_types:\n{classes}"))
    schema = {**demo.SCHEMA, "native_types": {**demo.SCHEMA["native_types"]}, "engine_params": {}}
    schema["engine_params"] = dict(demo.SCHEMA["engine_params"])
    for name, fields in FIELDS.items():
        schema["native_types"][name] = {"accepts_extra": True, "group": "engine_params"}
        schema["engine_params"][name] = {field: demo.parameter("any") for field in fields}
    monkeypatch.setattr(demo, "SCHEMA", schema)
    rules = (*demo.RULES, *RULES)
    monkeypatch.setattr(demo, "corpus_of", lambda given=rules, version="2.0": _CORPUS_OF(given, version))
    demo.install(tmp_path)
    monkeypatch.setenv("LLEM_CACHE_DIR", str(tmp_path / "cache"))
    return Checker.load("demo", root=tmp_path)


def told(checker: Checker, config: dict[str, Any]) -> list[tuple[str, str, tuple[str | int, ...]]]:
    return [(one.rule_id, one.severity, one.path) for one in checker.check_config(config).violations]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"messages": []}, CHAT),
        ({"messages": [{"role": "user"}]}, CHAT),
        ({"messages": [[{"role": "user"}]], "n": 1}, MANY),
        ({"url": "/v1/embed", "body": {"input": [{"role": "user"}]}}, "demo.Sampling"),
        ({"input": "x"}, EMBED),
        ({"input": "x", "stream": True}, ANSWER),
        ({"input": [{"role": "user"}]}, ANSWER),
        ({"custom_id": "a", "url": "/v1/answer", "body": {"input": "x"}}, ANSWER),
        ({"custom_id": "a", "url": "http://host/v1/embed?x=1", "body": {"input": "x", "stream": True}}, EMBED),
        ({"custom_id": "a", "url": "/nowhere", "body": {"input": "x"}}, EMBED),
        ({"url": "/v1/chat", "body": {"tools": []}}, CHAT),
        ({"temperature": 1, "body": 3}, "demo.Sampling"),
    ],
)
def test_a_body_is_the_request_of_its_route_or_else_of_its_fields(
    checker: Checker, body: dict[str, Any], name: str
) -> None:
    assert checker.check_config(body).native_types == (name,)


def test_what_is_wrong_in_the_body_of_a_line_is_found_at_its_place_there(checker: Checker) -> None:
    line = {"custom_id": "a", "url": "/v1/chat", "body": {"messages": [], "tools": [], "best_of": 2}}
    assert told(checker, line) == [
        ("unknown_field", "warn", ("body", "best_of")),
        ("chat_tools_empty", "error", ("body", "tools")),
    ]


def test_every_key_that_the_server_drops_is_told_and_none_is_an_error(checker: Checker) -> None:
    verdict = checker.check_config({"messages": [], "guided_json": {}, "extra_body": {"steam": True}})
    assert [(one.path, one.severity) for one in verdict.violations] == [
        (("guided_json",), "warn"),
        (("extra_body", "steam"), "warn"),
    ]
    assert "it is dropped without a word" in verdict.violations[0].summary
    assert "did you mean stream?" in verdict.violations[1].suggestion
    assert verdict.ok


def test_a_null_is_what_was_written(checker: Checker) -> None:
    assert told(checker, {"url": "/v1/chat", "body": {"messages": None}}) == [
        ("chat_no_messages", "error", ("body", "messages"))
    ]


def test_a_corpus_without_the_requests_takes_a_body_for_parameters_of_a_generation(tmp_path: Path) -> None:
    demo.install(tmp_path)
    checker = Checker.load("demo", root=tmp_path)
    assert checker.check_config({"messages": [], "temperature": None}).native_types == ("demo.Sampling",)


def test_a_body_is_one_of_the_engine_by_the_fields_of_its_own_kind(checker: Checker) -> None:
    body = {"messages": [], "tools": [1], "stream": True, "old": 1, "older": 2}
    assert is_config(checker, body)
    assert understood(checker, body) == 13  # a mark, and three fields of a chat
    assert not is_config(checker, {"messages": [], "old": 1, "older": 2, "oldest": 3, "x": 4, "y": 5, "z": 6})
