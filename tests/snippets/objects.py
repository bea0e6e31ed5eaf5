"""Objects that the code makes or copies, tables with fields for keys, methods of enumerations, texts in pieces."""

import copy
from dataclasses import dataclass, field
from enum import Enum


class Mode(Enum):
    OFF = 0
    PART = 1
    FULL = 2
    MIXED = (2, 1)

    def largest(self) -> "Mode":
        return Mode(max(self.value)) if isinstance(self.value, tuple) else self

    def is_full(self) -> bool:
        return self == Mode.FULL

    @property
    def is_on(self) -> bool:
        return self != Mode.OFF


@dataclass
class Limits:
    low: int = 1
    high: int = 9
    step: int = 0

    def __post_init__(self):
        if self.step == 5:
            self.step = 1


@dataclass
class Range:
    low: int = 0


class Plain:
    """Not among the classes whose fields are known."""

    def __init__(self, size: int) -> None:
        self.size = size


TEXTS = ("x.y", "1.2", "1..2", "1.2.3", "x.", "x:y", "A:b", "a:")
"""Texts to build the classes with."""
HELPERS = ("Mode", "Limits", "Range", "Plain")


@dataclass
class Made:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        limits = Limits(low=self.a)
        if limits is None:
            raise ValueError("never")
        if limits.low == 3:
            raise ValueError("low is a")  # error: a == 3 -> low is a
        if self.b > limits.high:
            raise ValueError("above the default")  # error: b > 9 -> above the default
        if self.b == limits.step and self.a == 2:
            raise ValueError("sets it itself")  # error: ?constructed object and a == 2 -> sets it itself


@dataclass
class MadeOfUnknown:
    a: int = 0
    options: dict = field(default_factory=dict)

    def __post_init__(self):
        if not self.options and Limits(**self.options, low=self.a).low == 4:
            raise ValueError("four")  # error: options falsy and a == 4 -> four
        if Plain(self.a).size == 5:
            raise ValueError("five")  # error: ?constructed object -> five


@dataclass
class MadeOfMapping:
    a: int = 0
    options: dict = field(default_factory=dict)

    def __post_init__(self):
        if self.a == 1 and Limits(**self.options).high == 4:
            raise ValueError("four")  # error: a == 1 and options.high == 4 -> four


@dataclass
class Copied:
    limits: Limits = field(default_factory=Limits)
    a: int = 0

    def __post_init__(self):
        limits = copy.deepcopy(self.limits)
        if self.a == 1 and limits.low > 3:
            raise ValueError("low above three")  # error: a == 1 and limits.low > 3 -> low above three
        limits.low = self.a
        number = copy.copy(self.a)
        if number == 7:
            raise ValueError("seven")  # error: a == 7 -> seven


@dataclass
class OneOfTwo:
    part: Limits | Range = field(default_factory=Limits)

    def __post_init__(self):
        if self.part.low == 3:
            raise ValueError("three")  # error: ?attribute of a field's value -> three


@dataclass
class KeyedByField:
    s: str = ""

    def __post_init__(self):
        aliases = {"x": "long", "y": "short"}
        if self.s in aliases and aliases[self.s] == "long":
            raise ValueError("an alias of long")  # error: s == 'x' -> an alias of long


@dataclass
class MethodOfMember:
    a: int = 0

    def __post_init__(self):
        mode = Mode.FULL if self.a == 2 else Mode.PART if self.a == 1 else Mode.OFF
        if mode.is_full():
            raise ValueError("full")  # error: a == 2 -> full
        if mode.is_on:
            raise ValueError("on")  # error: a == 2 or a == 1 -> on


@dataclass
class MemberMadeOfAnother:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        mode = Mode.MIXED if self.a == 3 else Mode.PART if self.a == 1 else Mode.OFF
        if mode.largest().is_full():
            raise ValueError("full")  # error: a == 3 -> full
        if mode.largest() == Mode.PART and min((3, self.b)) < 2:
            raise ValueError("few")  # error: a == 1 and min(3, b) < 2 -> few


@dataclass
class InPieces:
    s: str = ""
    t: str = "x"

    def __post_init__(self):
        parts = self.s.split(".")
        if len(parts) > 2:
            raise ValueError("deep")  # error: s matches '\\A(?:[^\\.]*\\.){2}' -> deep
        if len(parts) >= 2 and self.t == "two":
            raise ValueError("two")  # error: s matches '\\.' and t == 'two' -> two
        if all(part.isdigit() for part in parts):
            raise ValueError("digits")  # error: s matches '\\A(?:\\d+)(?:\\.(?:\\d+))*\\Z' -> digits
        if not all(part.isdigit() for part in parts) and self.t == "not":
            raise ValueError("others")  # error: s not_matches '\\A(?:\\d+)(?:\\.(?:\\d+))*\\Z' and t == 'not' -> others
        if any(part == "x" for part in parts):
            raise ValueError("x inside")  # error: s matches '(?:\\A|\\.)(?:x)(?:\\.|\\Z)' -> x inside
        if self.t.split(":", 1)[0].lower() == "a":
            raise ValueError("a first")  # error: lower(t) matches '\\Aa(?::|\\Z)' -> a first
