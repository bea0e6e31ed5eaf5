"""Nested branches with negated guards; early return, raise, continue."""

from dataclasses import dataclass


@dataclass
class Plain:
    a: int = 0

    def __post_init__(self):
        if self.a < 0:
            raise ValueError("a is negative")  # error: a < 0 -> a is negative


@dataclass
class Nested:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        if self.a > 0:
            if self.b < 0:
                raise ValueError("b is negative")  # error: a > 0 and b < 0 -> b is negative


@dataclass
class Chain:
    mode: str = "x"
    a: int = 0

    def __post_init__(self):
        if self.mode == "x":
            pass
        elif self.mode == "y":
            if self.a == 2:
                raise ValueError("y with two")  # error: mode == 'y' and a == 2 -> y with two
        else:
            raise ValueError(f"unknown mode {self.mode}")  # error: mode not_in ['x', 'y'] or mode absent -> unknown mode {mode}


@dataclass
class ElseOfComparison:
    a: float = 0.5

    def __post_init__(self):
        if 0 <= self.a <= 1:
            return
        else:
            raise ValueError("outside")  # error: a < 0 or a != @a or a > 1 -> outside


@dataclass
class EarlyReturn:
    a: int | None = None
    b: int = 0

    def __post_init__(self):
        if self.a is None:
            return
        if self.b == 1:
            raise ValueError("b with a")  # error: a present and b == 1 -> b with a
        if self.a == 2:
            return
        if self.b == 2:
            raise ValueError("b with a other than two")  # error: a != 2 and b == 2 -> b with a other than two


@dataclass
class ReturnInBothBranches:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        if self.a == 1:
            return
        elif self.b == 1:
            return
        raise ValueError("neither")  # error: a != 1 and b != 1 or a != 1 and b absent or a absent and b != 1 or a absent and b absent -> neither


@dataclass
class RaiseThenGoOn:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        if self.a == 1:
            raise ValueError("first")  # error: a == 1 -> first
        if self.b == 1:
            raise ValueError("second")  # error: b == 1 -> second


@dataclass
class ElseOfNone:
    a: int | None = None
    b: int = 0

    def __post_init__(self):
        if self.a is not None:
            if not self.a > 0:
                raise ValueError("a")  # error: a <= 0 or a != @a -> a
        else:
            if self.b:
                raise ValueError("b without a")  # error: a absent and b truthy -> b without a


@dataclass
class Continue:
    a: int | None = None
    b: int | None = None

    def __post_init__(self):
        for name in ("a", "b"):
            value = getattr(self, name)
            if value is None:
                continue
            if value < 1:
                raise ValueError(f"{name} below one")  # error: a < 1 -> a below one; error: b < 1 -> b below one


@dataclass
class Break:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        for value in (self.a, self.b):
            if value == 1:
                break
            if value == 2:
                raise ValueError("two before one")  # error: a == 2 or b == 2 and a != 1 or b == 2 and a absent -> two before one


@dataclass
class ForElse:
    a: int = 0
    b: int = 1

    def __post_init__(self):
        for value in (self.a, self.b):
            if value == 1:
                break
        else:
            raise ValueError("no one")  # error: a != 1 and b != 1 or a != 1 and b absent or a absent and b != 1 or a absent and b absent -> no one


@dataclass
class Unreachable:
    a: int = 0

    def __post_init__(self):
        if False:
            raise ValueError("never")
        if self.a == 1 and self.a == 2:
            raise ValueError("never either")
        return
        raise ValueError("after the end")


@dataclass
class NoEffect:
    a: int = 0

    def __post_init__(self):
        if self.a < 0:
            pass
        for _ in range(3):
            self.a


@dataclass
class Assert:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        assert self.a != 1, "a is one"  # error: a == 1 -> a is one
        assert self.b == 0 or self.a == 2  # error: b != 0 and a != 2 or b != 0 and a absent or b absent and a != 2 or b absent and a absent


@dataclass
class Matched:
    mode: str = "x"
    a: int = 0

    def __post_init__(self):
        match self.mode:
            case "x" | "y":
                pass
            case "z" if self.a == 1:
                raise ValueError("z with one")  # error: mode == 'z' and a == 1 -> z with one
            case "w":
                raise ValueError("w")  # error: mode == 'w' -> w
            case _:
                pass


@dataclass
class Finally:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        try:
            if self.a == 1:
                return
        finally:
            if self.b == 1:
                raise ValueError("at last")  # error: b == 1 and a != 1 or b == 1 and a absent or a == 1 and b == 1 -> at last


@dataclass
class Caught:
    a: int = 0

    def __post_init__(self):
        try:
            if self.a == 1:
                raise KeyError("inside")
        except KeyError as error:
            raise ValueError("outside") from error  # error: a == 1 -> outside


@dataclass
class NotCaught:
    a: int = 0

    def __post_init__(self):
        try:
            if self.a == 1:
                raise TypeError("inside")  # error: a == 1 -> inside
        except ValueError:
            pass


@dataclass
class Swallowed:
    a: int = 0

    def __post_init__(self):
        try:
            if self.a == 1:
                raise ValueError("inside")
        except ValueError:
            self.note = 1


@dataclass
class CaughtAndGoesOn:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        known = True
        try:
            if self.a == 1:
                raise ValueError("inside")
        except ValueError:
            known = False
        if not known and self.b == 1:
            raise ValueError("outside")  # error: a == 1 and b == 1 -> outside
