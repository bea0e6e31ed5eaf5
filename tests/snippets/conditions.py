"""What may stand in a condition: boolean operators, comparisons, membership, types, names, lengths, arithmetic."""

import math
import re
from dataclasses import dataclass, field

NAME = re.compile("[A-Z]", re.IGNORECASE)
LIMITS = {
    "CrossEquality": "a reference to a field that is None never holds, not even for another None",
    "CrossInequalityOfOptional": "likewise",
}


@dataclass
class And:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        if self.a == 1 and self.b == 1:
            raise ValueError("both")  # error: a == 1 and b == 1 -> both


@dataclass
class Or:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        if self.a == 1 or self.b == 1:
            raise ValueError("either")  # error: a == 1 or b == 1 -> either


@dataclass
class NotOr:
    a: int = 1
    b: int = 1

    def __post_init__(self):
        if not (self.a == 1 or self.b == 1):
            raise ValueError("neither")  # error: a != 1 and b != 1 or a != 1 and b absent or a absent and b != 1 or a absent and b absent -> neither


@dataclass
class Mixed:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        if self.a and (self.b == 1 or not self.b):
            raise ValueError("mixed")  # error: a truthy and b == 1 or a truthy and b falsy -> mixed


@dataclass
class Chained:
    a: float = 0.5

    def __post_init__(self):
        if not 0 < self.a <= 1:
            raise ValueError("outside")  # error: a <= 0 or a != @a or a > 1 -> outside


@dataclass
class ChainedFields:
    a: int = 0
    b: int = 1

    def __post_init__(self):
        if 0 < self.a < self.b:
            raise ValueError("between")  # error: a > 0 and a < @b -> between


@dataclass
class NegatedOrder:
    a: float = 1.0

    def __post_init__(self):
        if not self.a >= 0:
            raise ValueError("negative or nan")  # error: a < 0 or a != @a -> negative or nan


@dataclass
class CrossField:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        if self.a > self.b:
            raise ValueError("a exceeds b")  # error: a > @b -> a exceeds b


@dataclass
class CrossEquality:
    a: int = 0
    b: int = 1

    def __post_init__(self):
        if self.a == self.b:
            raise ValueError("same")  # error: a == @b -> same


@dataclass
class CrossInequalityOfOptional:
    a: int | None = 0
    b: int | None = 0

    def __post_init__(self):
        if self.a != self.b:
            raise ValueError("differ")  # error: a != @b or a absent -> differ


@dataclass
class CrossInequality:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        if self.a is not None and self.b is not None and self.a != self.b:
            raise ValueError("differ")  # error: a != @b and b present -> differ


@dataclass
class Mirrored:
    a: int = 0

    def __post_init__(self):
        if 2 <= self.a:
            raise ValueError("two or more")  # error: a >= 2 -> two or more
        if "x" == self.a:
            raise ValueError("x")  # error: a == 'x' -> x


@dataclass
class Membership:
    mode: str = "x"

    def __post_init__(self):
        if self.mode not in ("x", "y"):
            raise ValueError("unknown")  # error: mode not_in ['x', 'y'] or mode absent -> unknown


@dataclass
class MembershipWithNone:
    mode: str | None = None

    def __post_init__(self):
        if self.mode not in [None, "x"]:
            raise ValueError("unknown")  # error: mode != 'x' -> unknown


@dataclass
class MembershipOfOne:
    mode: str = "x"

    def __post_init__(self):
        if self.mode in {"y"}:
            raise ValueError("y")  # error: mode == 'y' -> y


@dataclass
class FieldMembership:
    a: int = 0
    b: list = field(default_factory=list)

    def __post_init__(self):
        if self.b and self.a in self.b:
            raise ValueError("a in b")  # error: b truthy and each(b) == @a -> a in b


@dataclass
class ConstantInField:
    b: list = field(default_factory=list)

    def __post_init__(self):
        if self.b is not None and "stop" in self.b:
            raise ValueError("stop")  # error: b present and each(b) == 'stop' or b matches 'stop' -> stop


@dataclass
class Types:
    a: object = 0

    def __post_init__(self):
        if isinstance(self.a, str):
            raise TypeError("text")  # error: a type_is 'str' -> text
        if not isinstance(self.a, (int, float, type(None))):
            raise TypeError("no number")  # error: a type_is_not ['int', 'float', 'bool'] -> no number


@dataclass
class BoolIsAnInt:
    a: object = 0

    def __post_init__(self):
        if not isinstance(self.a, int):
            raise TypeError("no int")  # error: a type_is_not ['int', 'bool'] or a absent -> no int


@dataclass
class ExactType:
    a: object = 0

    def __post_init__(self):
        if type(self.a) is str:
            raise TypeError("text")  # error: a type_is 'str' -> text


@dataclass
class IsNone:
    a: int | None = 0
    b: int | None = None

    def __post_init__(self):
        if self.a is None:
            raise ValueError("a is missing")  # error: a absent -> a is missing
        if self.b is not None and self.a == 2:
            raise ValueError("b is there")  # error: b present and a == 2 -> b is there


@dataclass
class EqualsNone:
    a: int | None = 0

    def __post_init__(self):
        if self.a == None:  # noqa: E711
            raise ValueError("a is missing")  # error: a absent -> a is missing


@dataclass
class IsTrue:
    a: bool = False
    b: object = None

    def __post_init__(self):
        if self.a is True:
            raise ValueError("a is true")  # error: a == True -> a is true
        if self.b is False:
            raise ValueError("b is false")  # error: b == False -> b is false


@dataclass
class IsNotTrue:
    a: bool = True

    def __post_init__(self):
        if self.a is not True:
            raise ValueError("a is not true")  # error: a != True or a absent -> a is not true


@dataclass
class Truthy:
    a: object = None
    b: object = 1

    def __post_init__(self):
        if self.a:
            raise ValueError("a")  # error: a truthy -> a
        if not self.b:
            raise ValueError("b")  # error: b falsy -> b


@dataclass
class HasAttribute:
    a: int = 0

    def __post_init__(self):
        if hasattr(self, "a") and self.a == 1:
            raise ValueError("one")  # error: a == 1 -> one
        if hasattr(self, "nothing"):
            raise ValueError("never")


@dataclass
class GetAttribute:
    a: int = 0

    def __post_init__(self):
        if getattr(self, "a") == 1:
            raise ValueError("one")  # error: a == 1 -> one
        if getattr(self, "nothing", None) is not None:
            raise ValueError("never")
        if getattr(self, "nothing", 3) > self.a and self.a == 2:
            raise ValueError("two")  # error: a == 2 -> two


@dataclass
class Length:
    b: list = field(default_factory=list)

    def __post_init__(self):
        if len(self.b) > 1:
            raise ValueError("too long")  # error: len(b) > 1 -> too long
        if len(self.b) == 0 and self.b == {}:
            raise ValueError("empty mapping")  # error: len(b) == 0 and ?question about table -> empty mapping


@dataclass
class LengthOfOptional:
    b: list | None = None

    def __post_init__(self):
        if self.b is not None and not len(self.b):
            raise ValueError("empty")  # error: b present and len(b) falsy -> empty


@dataclass
class TwoLengths:
    a: list = field(default_factory=list)
    b: list = field(default_factory=list)

    def __post_init__(self):
        if len(self.a) != len(self.b):
            raise ValueError("lengths differ")  # error: len(a) != @len(b) or len(a) absent -> lengths differ


@dataclass
class Divisible:
    a: int = 0
    b: int = 1

    def __post_init__(self):
        if self.a % 2 != 0:
            raise ValueError("odd")  # error: a not_divisible_by 2 -> odd
        if self.b and self.a % self.b != 0:
            raise ValueError("not divisible")  # error: b truthy and a not_divisible_by @b -> not divisible


@dataclass
class TruthOfRemainder:
    a: int = 0

    def __post_init__(self):
        if self.a % 2:
            raise ValueError("odd")  # error: a % 2 truthy -> odd


@dataclass
class Arithmetic:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        if self.a + self.b > 2:
            raise ValueError("sum")  # error: a + b > 2 -> sum
        if self.a * 2 < self.b - 1:
            raise ValueError("less")  # error: a * 2 < @b - 1 -> less


@dataclass
class PowerOfTwo:
    a: int = 1

    def __post_init__(self):
        if self.a & (self.a - 1) != 0:
            raise ValueError("no power of two")  # error: ?arithmetic -> no power of two


@dataclass
class Finite:
    a: float = 0.0

    def __post_init__(self):
        if not math.isfinite(self.a):
            raise ValueError("not finite")  # error: a <= -inf or a != @a or a >= inf -> not finite


@dataclass
class FiniteElements:
    a: list[float] = field(default_factory=list)

    def __post_init__(self):
        for one in self.a:
            if not math.isfinite(one):
                raise ValueError("not finite")  # error: each(a) <= -inf or 0 / each(a) != 0 or each(a) >= inf -> not finite


@dataclass
class NanAndInf:
    a: float = 0.0
    b: float = 0.0

    def __post_init__(self):
        if math.isnan(self.a):
            raise ValueError("nan")  # error: a != @a -> nan
        if math.isinf(self.b):
            raise ValueError("inf")  # error: b in [inf, -inf] -> inf


@dataclass
class Extremes:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        if max(self.a, self.b) > 1:
            raise ValueError("max")  # error: max(a, b) > 1 -> max
        if abs(self.a) == 1:
            raise ValueError("abs")  # error: abs(a) == 1 -> abs


@dataclass
class Texts:
    s: str = ""

    def __post_init__(self):
        if self.s.startswith("a"):
            raise ValueError("a")  # error: s matches '^a' -> a
        if self.s.endswith(("y", "z")):
            raise ValueError("end")  # error: s matches 'y$' or s matches 'z$' -> end
        if self.s.lower() == "b":
            raise ValueError("b")  # error: lower(s) == 'b' -> b


@dataclass
class TextTests:
    s: str = "1"

    def __post_init__(self):
        if not self.s.isdigit():
            raise ValueError("no digits")  # error: s not_matches '^\\d+$' -> no digits


@dataclass
class TextEquality:
    s: str = ""

    def __post_init__(self):
        if self.s.strip() == "" and self.s is not None:
            raise ValueError("blank")  # error: strip(s) == '' and s present -> blank


@dataclass
class AnyElement:
    b: list = field(default_factory=list)

    def __post_init__(self):
        if any(x < 0 for x in self.b):
            raise ValueError("negative")  # error: each(b) < 0 -> negative


@dataclass
class AllElements:
    b: list = field(default_factory=list)

    def __post_init__(self):
        if not all(isinstance(x, str) for x in self.b):
            raise ValueError("texts only")  # error: each(b) type_is_not 'str' or each(b) absent -> texts only


@dataclass
class AllHold:
    b: list = field(default_factory=list)

    def __post_init__(self):
        if self.b and all(x == 1 for x in self.b):
            raise ValueError("all ones")  # error: b truthy and ?every element -> all ones


@dataclass
class AnyOfFields:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        if any(x == 1 for x in (self.a, self.b)):
            raise ValueError("one of them")  # error: a == 1 or b == 1 -> one of them
        if all([self.a == 2, self.b == 2]):
            raise ValueError("both")  # error: a == 2 and b == 2 -> both


@dataclass
class CountOfFields:
    a: bool = False
    b: bool = False

    def __post_init__(self):
        if sum(x is not None for x in (self.a, self.b)) > 1:
            raise ValueError("one at most")  # error: a present and b present -> one at most


@dataclass
class Walrus:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        if (n := self.a) == 1:
            raise ValueError(f"{n}")  # error: a == 1 -> {a}
        if n == 2 and (m := self.b) and m == 1:
            raise ValueError("two")  # error: a == 2 and b == 1 -> two


@dataclass
class Conditional:
    a: int = 0
    b: int | None = None

    def __post_init__(self):
        limit = 1 if self.b is None else self.b
        if self.a > limit:
            raise ValueError("above")  # error: b absent and a > 1 or b present and a > @b -> above
        if (self.a == 1) if self.b else (self.a == -1):
            raise ValueError("picked")  # error: b truthy and a == 1 or b falsy and a == -1 -> picked


@dataclass
class OrDefault:
    a: int | None = None
    b: int = 0

    def __post_init__(self):
        a = self.a or 1
        if a > 1 and self.b == 1:
            raise ValueError("above")  # error: a > 1 and b == 1 -> above


@dataclass
class Xor:
    a: bool = False
    b: bool = False

    def __post_init__(self):
        if (self.a is None) != (self.b is None):
            raise ValueError("one without the other")  # error: a present and b absent or b present and a absent -> one without the other


@dataclass
class CompiledPattern:
    s: str = ""

    def __post_init__(self):
        if NAME.fullmatch(self.s):
            raise ValueError("a name")  # error: s matches '\\A(?:(?i:[A-Z]))\\Z' -> a name
        if NAME.match(self.s) is not None:
            raise ValueError("begins with one")  # error: s matches '^(?:(?i:[A-Z]))' -> begins with one
