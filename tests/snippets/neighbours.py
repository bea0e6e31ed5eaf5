"""Neighbours in a list, elements of which more is asked than what they are, and what a table holds under a name."""

import itertools
from dataclasses import asdict, dataclass, field
from enum import Enum
from itertools import pairwise


class Kernel(Enum):
    """More members than a condition would list."""

    A1 = 1
    A2 = 2
    A3 = 3
    A4 = 4
    A5 = 5
    A6 = 6
    A7 = 7
    A8 = 8
    A9 = 9
    A10 = 10
    A11 = 11
    A12 = 12


HELPERS = ("Kernel",)


@dataclass
class LookedUp:
    s: str = "a1"

    def __post_init__(self):
        names = self.s.upper()
        kernel = Kernel[names]  # error: upper(s) not_in ['A1', 'A2', 'A3', 'A4', 'A5', 'A6', 'A7', 'A8', 'A9', 'A10', 'A11', 'A12']
        kinds = {Kernel.A2: "second", Kernel.A3: "third"}
        if kernel in kinds:
            raise ValueError("in kinds")  # error: upper(s) in ['A2', 'A3'] -> in kinds
        if kinds.get(kernel) is None and kernel == Kernel.A4:
            raise ValueError("fourth")  # error: upper(s) == 'A4' -> fourth
        if kernel in (Kernel.A5, Kernel.A6):
            raise ValueError("fifth or sixth")  # error: upper(s) in ['A5', 'A6'] -> fifth or sixth


@dataclass
class Upper:
    s: str = ""

    def __post_init__(self):
        if self.s.upper() == "A":
            raise ValueError("gone")  # error: upper(s) == 'A' -> gone


@dataclass
class Paired:
    b: list = field(default_factory=list)

    def __post_init__(self):
        if any(x > y for x, y in pairwise(self.b)):
            raise ValueError("falls")  # error: each(steps(b)) < 0 -> falls


@dataclass
class PairedByModule:
    b: list = field(default_factory=list)

    def __post_init__(self):
        for x, y in itertools.pairwise(self.b):
            if y == x:
                raise ValueError("stays")  # error: each(steps(b)) == 0 -> stays


@dataclass
class Zipped:
    b: list = field(default_factory=list)

    def __post_init__(self):
        if not all(x < y for x, y in zip(self.b, self.b[1:])):
            raise ValueError("does not rise")  # error: each(steps(b)) <= 0 -> does not rise


@dataclass
class Counted:
    b: list = field(default_factory=list)

    def __post_init__(self):
        for i in range(1, len(self.b)):
            if self.b[i] > self.b[i - 1]:
                raise ValueError("rises")  # error: each(steps(b)) > 0 -> rises


@dataclass
class CountedAhead:
    b: list = field(default_factory=list)

    def __post_init__(self):
        if any(self.b[i] >= self.b[i + 1] for i in range(len(self.b) - 1)):
            raise ValueError("does not rise")  # error: each(steps(b)) <= 0 -> does not rise


@dataclass
class PairsInside:
    d: dict = field(default_factory=dict)

    def __post_init__(self):
        for name, numbers in self.d.items():
            if any(x >= y for x, y in pairwise(numbers)):
                raise ValueError(f"{name} does not rise")  # error: each(steps(each(values(d)))) <= 0 -> {_element1} does not rise


@dataclass
class KeysOfElements:
    b: list = field(default_factory=list)

    def __post_init__(self):
        if any(one.get("kind") == "a" for one in self.b):
            raise ValueError("of kind a")  # error: each(b).kind == 'a' -> of kind a


@dataclass
class LettersOfText:
    b: str = ""

    def __post_init__(self):
        if any(letter in ("@", "/") for letter in self.b):
            raise ValueError("a letter")  # error: each(b) in ['@', '/'] or b matches '[@/]' -> a letter


@dataclass
class LengthOfElements:
    b: list = field(default_factory=list)

    def __post_init__(self):
        if any(len(one) > 1 for one in self.b):
            raise ValueError("a long one")  # error: len(each(b)) > 1 -> a long one


@dataclass
class Inner:
    a: list = field(default_factory=list)
    b: int = 0


@dataclass
class ByName:
    inner: Inner = field(default_factory=Inner)

    def __post_init__(self):
        for name, value in asdict(self.inner).items():
            if value:
                raise ValueError(f"{name} is set")  # error: inner.a truthy -> a is set; error: inner.b truthy -> b is set


@dataclass
class FirstPieceLength:
    s: str = ""

    def __post_init__(self):
        if "::" in self.s and len(self.s.split("::")[0]) > 1:
            raise ValueError("a long scheme")  # error: s matches '\\A(?:(?!::)[\\s\\S]){2,}' and each(s) == '::' or s matches '\\A(?:(?!::)[\\s\\S]){2,}' and s matches '::' -> a long scheme
        if len(self.s.split("::")[0]) <= 1:
            raise ValueError("a short one")  # error: s matches '\\A(?:(?!::)[\\s\\S]){0,1}(?:::|\\Z)' -> a short one


@dataclass
class WorkedOff:
    d: dict = field(default_factory=dict)

    def __post_init__(self):
        pending = [self.d]
        seen = set()
        while pending:
            value = pending.pop()
            if isinstance(value, str) and value == "a":
                raise ValueError("an a")  # error: d == 'a' or d type_is 'dict' and each(keys(d)) type_is 'str' and each(keys(d)) == 'a' or d type_is 'dict' and each(values(d)) type_is 'str' and each(values(d)) == 'a' or d type_is ['dict', 'list'] and d type_is_not 'dict' and each(d) type_is 'str' and each(d) == 'a' -> an a
            if isinstance(value, (dict, list)) and id(value) not in seen:
                seen.add(id(value))
                if isinstance(value, dict):
                    pending.extend(value.keys())
                    pending.extend(value.values())
                else:
                    pending.extend(value)


@dataclass
class Ends:
    b: list = field(default_factory=list)
    t: list[str] = field(default_factory=list)

    def __post_init__(self):
        if self.b and self.b[0] == 1:
            raise ValueError("one first")  # error: b truthy and first(b) == 1 -> one first
        if self.b and self.b[-1] == "a":
            raise ValueError("an a last")  # error: b truthy and last(b) == 'a' -> an a last
        if self.t and "," in self.t[0]:
            raise ValueError("in one text")  # error: t truthy and first(t) matches ',' -> in one text
