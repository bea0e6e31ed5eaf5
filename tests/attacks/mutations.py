"""Damage to what people write, drawn with a seed: the same number gives the same damage."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from copy import deepcopy
from typing import Any, Final

NASTY_TEXT: Final = (
    "\x00",
    "\x1b]0;x\x07",
    "\u202e",
    "\u2028",
    "\ud800",
    "\ufeff",
    "\r\n::stop-commands::x\r\n",
    "##[error]x",
    "%0A",
    "é",
    "\U0001f600",
    "~",
    "null",
    "<<: *a",
    "&a [*a]",
    "!!python/object/apply:os.system ['true']",
    "!!binary x",
    "---\n",
    "{{",
    "}}",
    "@",
    "@@",
    "@field.__class__.__mro__",
    "^(a+)+$",
    "9" * 400,
    "9" * 5_000,
    "9" * 400 + "k",
    "9" * 5_000 + "k",
    "1e400",
    "9" * 400 + ".5",
    ".5T",
    "0x" + "f" * 5_000,
    "0o" + "7" * 6_000,
    "1_0",
    "[" * 3_000,
    "{" * 3_000,
    '{"a":' * 2_000,
    "- " * 2_000,
    "? " * 500,
    '"',
    "'",
    "\t",
    " " * 3_000,
    ":" * 500,
    "a" * 20_000,
)
NASTY_VALUES: Final = (
    None,
    True,
    0,
    -1,
    1.5,
    float("inf"),
    float("nan"),
    10**30,
    10**400,
    "",
    "x",
    "auto",
    "::stop-commands::x",
    "\x1b[31m",
    "\ud800",
    "9" * 400 + "k",
    "9" * 5_000,
    "[" * 200,
    "1e400",
    [],
    [[]],
    ["gptq"],
    [None, 1, "x"],
    {},
    {"": {}},
    {"$type": "demo.Sampling", "kwargs": []},
    {"$type": ["x"]},
    {"a": {"b": {"c": [1, {"d": None}]}}},
    list(range(2_000)),
)


class Damage:
    """One source of damage."""

    def __init__(self, seed: object) -> None:
        self._random = random.Random(repr(seed))
        self.choice = self._random.choice
        self.chance = self._random.random

    def text(self, text: str, others: tuple[str, ...]) -> bytes:
        """A text with one to four injuries, as the bytes of a file."""
        for _ in range(self._random.randint(1, 4)):
            text = self._injured(text, others)
        data = bytearray(text.encode("utf-8", "surrogatepass"))
        if data and self.chance() < 0.3:
            for _ in range(self._random.randint(1, 5)):
                data[self._random.randrange(len(data))] = self._random.randrange(256)
        return bytes(data[:200_000])

    def _injured(self, text: str, others: tuple[str, ...]) -> str:
        start, end = sorted(self._random.randrange(len(text) + 1) for _ in range(2))
        end = min(end, start + 60)
        ways: tuple[Callable[[], str], ...] = (
            lambda: text[:start] + self.choice(NASTY_TEXT) + text[start:],
            lambda: text[:start] + self.choice(NASTY_TEXT) + text[end:],
            lambda: text[:start] + text[end:],
            lambda: text[:end] + text[start:],
            lambda: text[:start] + text[start:end] * self._random.randint(2, 50) + text[end:],
            lambda: text[:start] + self.choice(others)[end:],
            lambda: text.replace(self.choice(text.split() or [" "]), self.choice(NASTY_TEXT), 1),
        )
        return self.choice(ways)()

    def data(self, data: Any) -> Any:
        """Data with one to three of its parts replaced, renamed, doubled, wrapped or left out."""
        data = json.loads(json.dumps(data))
        for _ in range(self._random.randint(1, 3)):
            data = self._changed(data)
        return data

    def _changed(self, data: Any) -> Any:
        if isinstance(data, (dict, list)) and data and self.chance() < 0.9:
            key: Any = self.choice(list(data)) if isinstance(data, dict) else self._random.randrange(len(data))
            roll = self.chance()
            if roll < 0.65:
                data[key] = self._changed(data[key])
            elif roll < 0.75:
                del data[key]
            elif roll < 0.85 and isinstance(data, dict):
                other = self.choice((f"{key}x", str(key)[:-1], "$type", "\u202e", "0", "a.b", f"--{key}"))
                data[other] = deepcopy(data[key])
            elif isinstance(data, dict):
                data[self.choice(list(data))] = deepcopy(data[key])
            else:
                data.append(deepcopy(data[key]))
            return data
        if self.chance() < 0.15:
            return self._wrapped(data)
        return deepcopy(self.choice(NASTY_VALUES))

    def _wrapped(self, data: Any) -> Any:
        for _ in range(self.choice((1, 3, 70, 400))):
            data = {"a": data} if self.chance() < 0.5 else [data]
        return data

    def words(self, words: tuple[str, ...]) -> list[str]:
        """A command line with one to three of its words damaged."""
        damaged = list(words)
        for _ in range(self._random.randint(1, 3)):
            at = self._random.randrange(len(damaged))
            roll = self.chance()
            if roll < 0.2:
                del damaged[at]
            elif roll < 0.4:
                damaged.insert(at, self.choice((*damaged, "--a" + ".b" * 3_000, "--", "-", "--=x", "-1", "--no-")))
            elif roll < 0.7:
                damaged[at] = self._injured(damaged[at], tuple(damaged))[:10_000]
            else:
                damaged[at] = self.choice(NASTY_TEXT)
            damaged = damaged or ["x"]
        return [word.replace("\x00", "") for word in damaged]
