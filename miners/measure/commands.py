"""Random command lines: whether the discovered parser takes what the live one takes, and makes the same of it."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import logging
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final

from miners.discovery.parsers import LiveParser, live_click
from pytest_llem_invariants.checker import UNKNOWN
from pytest_llem_invariants.checker.argv import CommandParser
from pytest_llem_invariants.checker.argv_ready import Parsed
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.text.conversions import CONVERSIONS, OBJECTS, OPTIONAL

_TEXTS: Final = ("", " ", "None", "x", "a b", "auto", "AUTO", "a=b", "-", "-1", "-0.5", "--", "none", "a,b", "x.yml.")
_NUMBERS: Final = (
    "0",
    "1",
    "2",
    "-1",
    "8",
    "1.5",
    "0.9",
    "1k",
    "2K",
    "2.5k",
    "1.5K",
    "32k",
    " 3",
    "1_000",
    "1e3",
    "inf",
)
_JSONS: Final = ("{}", '{"a": 1}', ' {"a": 1}', '{"a": {"b": 2}}', "[1]", '["*"]', "{", "null", '{"a": 1k}', '"x"')
_PAIRS: Final = ("a=b", '{"name": "a", "path": "b"}', '{"name": "a"}', "a", "a=b=c", "a=b,c", '{"x": 1}', "[]")
_KEYS: Final = ("a", "a.b", "a.c", "b", "l+", "a.l+", "")
_MODELS: Final = ("m", "org/m", "./m")
_SHOWN: Final = 20
_FILES: Final = 0.1
"""How many of the lines name a config file."""


@final
@dataclass
class Report:
    """How many lines were read, how many of them refused, and those that were read otherwise."""

    lines: int = 0
    refused: int = 0
    differences: list[tuple[list[str], str]] = field(default_factory=list)

    def to_text(self) -> str:
        shown = [f"  {words!r}: {told}" for words, told in self.differences[:_SHOWN]]
        head = f"{self.lines} command lines, {self.refused} refused; {len(self.differences)} read otherwise"
        return "\n".join([head, *shown])


def fuzz_commands(adapter: EngineAdapter, name: str, reader: CommandParser, count: int, seed: int) -> Report:
    """Compare both on lines that are drawn from the options of one command, and on config files."""
    live = live_click(adapter, name) or LiveParser(adapter, name)
    if isinstance(live, LiveParser):
        _build_no_classes(live, reader)
    logging.disable(logging.CRITICAL)
    takes_files = isinstance(live, LiveParser) and len(live.words) == 1  # in a group it is put before the name
    bare = live.bare or _needed(reader)
    baseline = vars(live.parse([]) or live.parse(bare))
    report = Report()
    try:
        rng = random.Random(seed)
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "config.yaml")
            for words in drawn(reader, count, seed):
                config: dict[str, Any] = {}
                if not reader.has_places:
                    words[:0] = bare
                if rng.random() < _FILES and takes_files:
                    config = _config(rng, reader)
                    Path(path).write_text(json.dumps(config), encoding="utf-8")
                    at = min(1, len(words)) if reader.has_places else len(words)
                    words[at:at] = ["--config", path]
                report.lines += 1
                namespace = live.parse(words)
                report.refused += namespace is None
                told = difference(
                    namespace, reader.read(words, {path: config}.__getitem__, is_command=reader.has_places), baseline
                )
                if told is not None:
                    report.differences.append(([*words, repr(config)] if config else words, told))
    finally:
        logging.disable(logging.NOTSET)
    return report


def _build_no_classes(live: LiveParser, reader: CommandParser) -> None:
    """Let options of classes, and those whose type nobody could tell, give what the text says: of what the classes take
    their own rules speak.
    """

    def taken(conversion: Callable[[str], Any]) -> Callable[[str], Any]:
        return lambda text: conversion(text)

    kinds = {action[0]: action[3] for action in reader.actions if action[1] != "pairs"}
    for action in live.parser._actions:
        kind = kinds.get(action.dest, "")
        if kind.removeprefix(OPTIONAL) in OBJECTS:
            action.type = taken(CONVERSIONS[kind])
        elif kind == "unknown":
            action.type = str


def difference(namespace: argparse.Namespace | None, parsed: Parsed, baseline: Mapping[str, Any]) -> str | None:
    """In what a line was read otherwise; None where in nothing."""
    if namespace is None or parsed.is_refused:
        if namespace is None and parsed.is_refused:
            return None
        problems = [*parsed.problems, *parsed.strangers, *parsed.bare]
        return "taken here, refused there" if namespace is None else f"refused here: {problems}"
    found = vars(namespace)
    if not found:  # it asked for help
        return None
    for dest in {*found, *parsed.values} & baseline.keys():
        expected = _plain(found[dest])
        if dest in parsed.values:
            if parsed.values[dest] is not UNKNOWN and repr(_same_form(parsed.values[dest], expected)) != repr(expected):
                return f"{dest} is {parsed.values[dest]!r} here and {expected!r} there"
        elif repr(expected) != repr(_plain(baseline[dest])):
            return f"{dest} is not given here and {expected!r} there"
    return None


def _plain(value: Any) -> Any:
    """A value as JSON would hold it: of an object that was made of a pair, what it was made of."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    return value


def _same_form(value: Any, expected: Any) -> Any:
    """Of pairs what is not given is as it is there: a default."""
    if isinstance(value, list) and isinstance(expected, list) and len(value) == len(expected):
        return [
            {**other, **one} if isinstance(one, dict) and isinstance(other, dict) and one.keys() < other.keys() else one
            for one, other in zip(value, expected, strict=True)
        ]
    return value


# Drawing --------------------------------------------------------------------------------------------------------------


def drawn(reader: CommandParser, count: int, seed: int) -> Iterator[list[str]]:
    """Lines of up to eight options, most of them well formed, some with a word changed."""
    rng = random.Random(seed)
    strings = sorted(reader.strings)
    for _ in range(count):
        words = [rng.choice(_MODELS)] if (rng.random() >= 0.1) is reader.has_places else []
        for _ in range(rng.choice((0, 1, 1, 2, 3, 5, 8))):
            words += _option(rng, reader, rng.choice(strings))
        if rng.random() < 0.05:
            words.append(rng.choice(_MODELS))
        if rng.random() < 0.05:
            words += rng.choice(
                (["-O3"], ["-O", "2"], ["-O=1"], ["-O.mode", "3"], ["-Ofast"], ["--model", "m"], ["-O"])
            )
        if rng.random() < 0.15:
            _mutate(rng, words)
        yield words


def _needed(reader: CommandParser) -> list[str]:
    """A line of the options without which none is taken."""
    words = []
    for number in reader.required:
        names = [name for name, known in reader.strings.items() if known == number]
        words += [max(names, key=len), str((reader.actions[number][4] or ("1",))[0])]
    return words


def _option(rng: random.Random, reader: CommandParser, string: str) -> list[str]:
    action = reader.actions[reader.strings[string]]
    nargs, values = action[2], _values(rng, action)
    name = _spelled(rng, string)
    if nargs == 0:
        return [name] if rng.random() < 0.97 else [f"{name}={values[0]}"]
    if _takes_objects(action) and rng.random() < 0.4:
        key = f"{name}.{rng.choice(_KEYS)}"
        return [f"{key}={values[0]}"] if rng.random() < 0.3 else [key, values[0]]
    if nargs == "+" or nargs == "*":
        return [name, *values]
    return [f"{name}={values[0]}"] if rng.random() < 0.3 else [name, *values[:1]]


def _config(rng: random.Random, reader: CommandParser) -> dict[str, Any]:
    """A config file of the program."""
    config: dict[str, Any] = {}
    for string in rng.choices(sorted(reader.strings), k=rng.choice((1, 2, 4))):
        action = reader.actions[reader.strings[string]]
        value: Any = rng.choice(_values(rng, action))
        if rng.random() < 0.7:
            with contextlib.suppress(ValueError):
                value = json.loads(value)
        if action[2] == 0:
            value = rng.choice((True, False))
        config[string.lstrip("-")] = value
    return config


def _takes_objects(action: Sequence[Any]) -> bool:
    return any(word in action[3] for word in ("object", "json")) or False


def _spelled(rng: random.Random, string: str) -> str:
    chance = rng.random()
    if chance < 0.2:
        return string[:2] + string[2:].replace("-", "_")
    if chance < 0.35 and len(string) > 6:
        return string[: rng.randrange(4, len(string))]
    return string


def _values(rng: random.Random, action: Sequence[Any]) -> list[str]:
    kind, choices = action[3], action[4]
    if action[1] == "pairs":
        likely: Sequence[str] = _PAIRS
    elif choices:
        likely = [str(one) for one in choices]
    elif any(word in kind for word in ("int", "float", "short_")) and "object" not in kind:
        likely = _NUMBERS
    else:
        likely = _JSONS if _takes_objects(action) else _TEXTS
    pools = (likely, likely, likely, likely, _TEXTS, _NUMBERS, _JSONS)
    return [rng.choice(rng.choice(pools)) for _ in range(rng.choice((1, 1, 1, 2, 3)))]


def _mutate(rng: random.Random, words: list[str]) -> None:
    if not words:
        return
    at = rng.randrange(len(words))
    way = rng.randrange(5)
    if way == 0:
        del words[at]
    elif way == 1:
        words.insert(at, words[rng.randrange(len(words))])
    elif way == 2:
        other = rng.randrange(len(words))
        words[at], words[other] = words[other], words[at]
    elif way == 3:
        words[at] = words[at][1:]
    else:
        words[at] += rng.choice(("x", "-", "=", ".a", " ", "0"))
