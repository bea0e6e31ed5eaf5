"""An option of a live parser as data that is the same twice."""

from __future__ import annotations

import argparse
import json
import warnings
from types import SimpleNamespace
from typing import Any

import pytest

from miners.discovery.parsers import LiveParser, _attached, _habits, _option


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"b", "a", "c"}, ["a", "b", "c"]),
        (frozenset({2, 1}), [1, 2]),
        (["b", "a"], ["b", "a"]),
        (("b", "a"), ["b", "a"]),
    ],
)
def test_choices_are_told_in_an_order_that_does_not_change(choices: Any, told: list[Any]) -> None:
    parser = argparse.ArgumentParser()
    action = parser.add_argument("--level", type=type(told[0]), choices=choices)
    live: Any = SimpleNamespace(parser=parser, pairs={})
    assert _option(live, action)["choices"] == told


class Respelling(argparse.ArgumentParser):
    """A program that writes a letter with its value as an option, and numbers in dotted options out."""

    def parse(self, words: list[str]) -> Any:
        try:
            return self.parse_args(words)
        except ValueError:
            return None

    def refusal(self, words: list[str]) -> str:
        try:
            self.parse_args(words)
        except ValueError as error:
            return str(error)
        return ""

    def parse_args(self, words: list[str]) -> Any:  # type: ignore[override]
        new: list[str] = []
        for word in words:
            new += ["--level", word[2:]] if word[:2] == "-O" else [word]
        if "--more.x" in new:
            at = new.index("--more.x")
            new[at : at + 2] = ["--more", '{"x": 1000}']
        return super().parse_args(new)

    def error(self, message: str) -> Any:
        raise ValueError(message)


def test_a_letter_is_respelled_also_where_the_command_lacks_its_option() -> None:
    live: Any = Respelling()
    live.bare = []
    assert [_attached(live, letter) for letter in ("-O", "-P")] == ["--level", None]


def test_short_numbers_inside_are_found_at_any_option_that_takes_json() -> None:
    live: Any = Respelling()
    live.bare, live.named = [], {}
    live.add_argument("--more", type=json.loads)
    option = {"dest": "more", "strings": ["--more"], "type": "json", "nargs": None, "action": "store"}
    assert _habits(live, [option], [])["short_numbers_inside"] is True


def test_a_parser_that_refuses_a_short_number_inside_takes_none() -> None:
    live: Any = Respelling()
    live.bare, live.named, live.parse = [], {}, lambda words: None
    option = {"dest": "more", "strings": ["--more"], "type": "json", "nargs": None, "action": "store"}
    assert _habits(live, [option], [])["short_numbers_inside"] is False


class Warns(argparse.Action):
    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        warnings.warn("an old option", stacklevel=1)
        setattr(namespace, self.dest, values)


def test_a_warning_of_the_live_parser_is_no_refusal_where_warnings_are_errors() -> None:
    live: Any = object.__new__(LiveParser)
    live.top, live.words = argparse.ArgumentParser(), []
    live.top.add_argument("--old", action=Warns)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert live.parse(["--old", "1"]).old == "1"
        assert live.parse(["--new", "1"]) is None
