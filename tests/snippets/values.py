"""Locals, aliases and unpacking; loops over constants; constants by value."""

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Literal, get_args

MODES = ("x", "y")
LIMIT = 2
LIMITS = {"x": 1, "y": 2}
BOTH = MODES + ("z",)
Kind = Literal["p", "q"]


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


HELPERS = ("Color", "Size")


@dataclass
class Alias:
    a: int = 0

    def __post_init__(self):
        a = self.a
        b = a
        if b == 1:
            raise ValueError("one")  # error: a == 1 -> one


@dataclass
class Rebound:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        value = self.a
        if value == 1:
            raise ValueError("a")  # error: a == 1 -> a
        value = self.b
        if value == 2:
            raise ValueError("b")  # error: b == 2 -> b


@dataclass
class BoundInBranches:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        if self.b:
            limit = 1
        else:
            limit = 2
        if self.a == limit:
            raise ValueError("at the limit")  # error: b truthy and a == 1 or b falsy and a == 2 -> at the limit


@dataclass
class Unpacked:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        low, high = self.a, self.b
        if low > high:
            raise ValueError("order")  # error: a > @b -> order


@dataclass
class Swapped:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        x, y = self.a, self.b
        x, y = y, x
        if x == 1 and y == 2:
            raise ValueError("swapped")  # error: b == 1 and a == 2 -> swapped


@dataclass
class BooleanLocal:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        wrong = self.a == 1 or self.b == 1
        if wrong and self.a != 2:
            raise ValueError("wrong")  # error: a == 1 or b == 1 and a != 2 or b == 1 and a absent -> wrong


@dataclass
class LocalList:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        wrong = []
        if self.a == 1:
            wrong.append("a")
        if self.b == 1:
            wrong.append("b")
        if wrong:
            raise ValueError("something is one")  # error: b == 1 or a == 1 and b != 1 or a == 1 and b absent -> something is one


@dataclass
class Augmented:
    a: int = 0

    def __post_init__(self):
        total = self.a
        total += 1
        if total == 2:
            raise ValueError("two")  # error: a + 1 == 2 -> two


@dataclass
class LoopOverTuple:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        for name, least in (("a", 0), ("b", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}")  # error: a < 0 -> a must be at least 0; error: b < 1 -> b must be at least 1


@dataclass
class LoopOverDict:
    mode: str = "x"
    a: int = 0

    def __post_init__(self):
        for name, most in LIMITS.items():
            if self.mode == name and self.a > most:
                raise ValueError(f"{name} allows {most}")  # error: mode == 'x' and a > 1 -> x allows 1; error: mode == 'y' and a > 2 -> y allows 2


@dataclass
class LoopOverLocalDict:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        values = {"a": self.a, "b": self.b}
        for name, value in values.items():
            if value == 1:
                raise ValueError(f"{name} is one")  # error: a == 1 -> a is one; error: b == 1 -> b is one


@dataclass
class LoopOverModuleConstant:
    a: str = "p"

    def __post_init__(self):
        for mode in MODES:
            if self.a == mode:
                raise ValueError(mode)  # error: a == 'x' -> x; error: a == 'y' -> y


@dataclass
class LoopOverField:
    b: list = field(default_factory=list)

    def __post_init__(self):
        for item in self.b:
            if item == 1:
                raise ValueError("one inside")  # error: each(b) == 1 -> one inside


@dataclass
class LoopOverRange:
    a: int = 0

    def __post_init__(self):
        for number in range(1, 3):
            if self.a == number:
                raise ValueError(f"{number}")  # error: a == 1 -> 1; error: a == 2 -> 2


@dataclass
class LoopOverEnumerated:
    a: int = 0
    b: int = 1

    def __post_init__(self):
        for index, value in enumerate((self.a, self.b)):
            if value == index + 1:
                raise ValueError(f"{index}")  # error: a == 1 -> 0; error: b == 2 -> 1


@dataclass
class ModuleConstant:
    a: int = 0
    mode: str = "x"

    def __post_init__(self):
        if self.a > LIMIT:
            raise ValueError(f"a exceeds {LIMIT}")  # error: a > 2 -> a exceeds 2
        if self.mode not in MODES:
            raise ValueError(f"mode must be one of {MODES}")  # error: mode not_in ['x', 'y'] or mode absent -> mode must be one of {MODES}


@dataclass
class SumOfConstants:
    mode: str = "x"

    def __post_init__(self):
        if self.mode not in BOTH:
            raise ValueError("unknown")  # error: mode not_in ['x', 'y', 'z'] or mode absent -> unknown


@dataclass
class KeysOfConstant:
    mode: str = "x"
    a: int = 0

    def __post_init__(self):
        if self.mode not in LIMITS:
            raise ValueError("unknown")  # error: mode not_in ['x', 'y'] or mode absent -> unknown
        if self.a > LIMITS[self.mode]:
            raise ValueError("above")  # error: mode == 'x' and a > 1 or mode == 'y' and a > 2 -> above


@dataclass
class EnumMember:
    size: int = 1

    def __post_init__(self):
        if self.size == Size.LARGE:
            raise ValueError("large")  # error: size == 2 -> large
        if self.size > Size.LARGE.value:
            raise ValueError("larger")  # error: size > 2 -> larger


@dataclass
class EnumValues:
    color: str = "red"

    def __post_init__(self):
        if self.color not in [one.value for one in Color]:
            raise ValueError("no color")  # error: color not_in ['red', 'blue'] or color absent -> no color
        if self.color == Color.BLUE.value:
            raise ValueError("blue")  # error: color == 'blue' -> blue


@dataclass
class LiteralArguments:
    kind: str = "p"

    def __post_init__(self):
        if self.kind not in get_args(Kind):
            raise ValueError("no kind")  # error: kind not_in ['p', 'q'] or kind absent -> no kind


@dataclass
class ClassConstant:
    MOST = 1
    NAMES = ("x", "y")
    a: int = 0
    mode: str = "x"

    def __post_init__(self):
        if self.a > self.MOST:
            raise ValueError("too many")  # error: a > 1 -> too many
        if self.mode not in ClassConstant.NAMES:
            raise ValueError("unknown")  # error: mode not_in ['x', 'y'] or mode absent -> unknown


@dataclass
class LocalConstant:
    mode: str = "x"

    def __post_init__(self):
        allowed = ["x", "y"]
        if self.mode not in allowed:
            raise ValueError("unknown")  # error: mode not_in ['x', 'y'] or mode absent -> unknown


@dataclass
class Defaults:
    a: int = 3
    b: int = 1

    def __post_init__(self):
        if self.a < self.b:
            raise ValueError("a below b")  # error: a < @b -> a below b


class BesideTheKnown:
    def __init__(self, a=None):
        if isinstance(a, (list, tuple)):
            foreign = set(a) - {"x", "y"}
            if foreign:
                raise ValueError(f"foreign: {foreign}")  # error: a type_is ['list', 'tuple'] and each(a) not_in ['x', 'y'] -> foreign: {foreign}
