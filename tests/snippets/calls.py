"""Constructors, validating methods, properties, helpers to a depth, recursion, super() and mixins."""

from dataclasses import dataclass
from functools import cached_property

LIMITS = {"Recursive": "a recursion is followed once"}


class Constructor:
    def __init__(self, a=0, b=None, **kwargs):
        if a < 0:
            raise ValueError("negative")  # error: a < 0 -> negative
        self.a = a
        self.b = b
        if self.a == 1 and self.b is None:
            raise ValueError("one without b")  # error: a == 1 and b absent -> one without b


class KeywordsOfConstructor:
    def __init__(self, **kwargs):
        self.a = kwargs.pop("a", 0)
        self.b = kwargs.get("b")
        if self.a == 1:
            raise ValueError("one")  # error: a == 1 -> one
        if self.b is not None and self.a == 2:
            raise ValueError("two with b")  # error: b present and a == 2 -> two with b


class Validate:
    def __init__(self, a=0):
        self.a = a

    def validate(self):
        if self.a < 0:
            raise ValueError("negative")  # error: a < 0 -> negative


class PrivateVerify:
    def __init__(self, a=0):
        self.a = a
        self._verify_args()

    def _verify_args(self) -> None:
        if self.a == 1:
            raise ValueError("one")  # error: a == 1 -> one


class VerifyWithNeeds:
    def __init__(self, a=0):
        self.a = a

    def verify_with_model_config(self, model_config):
        if self.a == 1 and model_config.big:
            raise ValueError("one")


@dataclass
class Property:
    a: int = 0
    b: int = 0

    @property
    def total(self) -> int:
        return self.a + self.b

    @cached_property
    def is_big(self) -> bool:
        return self.a > 1

    def __post_init__(self):
        if self.total == 2:
            raise ValueError("two in all")  # error: a + b == 2 -> two in all
        if self.is_big and self.b == 0:
            raise ValueError("big")  # error: a > 1 and b == 0 -> big


@dataclass
class PropertyWithBranches:
    a: int = 0
    b: int | None = None

    @property
    def limit(self) -> int:
        if self.b is not None:
            return self.b
        return 1

    def __post_init__(self):
        if self.a > self.limit:
            raise ValueError("above the limit")  # error: b present and a > @b or b absent and a > 1 -> above the limit


def at_least_one(value, name):
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")  # error: a < 1 -> a must be at least 1, got {a}; error: b < 1 -> b must be at least 1, got {b}


def is_bad(value):
    return value == 1 or value == 2


def deep_one(value):
    deep_two(value)


def deep_two(value):
    deep_three(value)


def deep_three(value):
    if value == 1:
        raise ValueError("deep")  # error: a == 1 -> deep


def endless(value):
    if value == 1:
        raise ValueError("on the way")  # error: a == 1 -> on the way
    if value:
        endless(value - 1)


@dataclass
class Helper:
    a: int = 1
    b: int = 1

    def __post_init__(self):
        at_least_one(self.a, "a")
        at_least_one(self.b, name="b")


@dataclass
class Predicate:
    a: int = 0

    def __post_init__(self):
        if is_bad(self.a):
            raise ValueError("bad")  # error: a == 1 or a == 2 -> bad


@dataclass
class HelperMethod:
    a: int = 0

    def __post_init__(self):
        if self._bad():
            raise ValueError("bad")  # error: a == 1 -> bad
        self._check(self.a)

    def _bad(self):
        return self.a == 1

    @staticmethod
    def _check(value):
        if value == 2:
            raise ValueError("two")  # error: a == 2 -> two


@dataclass
class ClassMethod:
    a: int = 0

    @classmethod
    def allowed(cls):
        return (0, 1)

    def __post_init__(self):
        if self.a not in self.allowed():
            raise ValueError("not allowed")  # error: a not_in [0, 1] or a absent -> not allowed


@dataclass
class Deep:
    a: int = 0

    def __post_init__(self):
        deep_one(self.a)


@dataclass
class Recursive:
    a: int = 0

    def __post_init__(self):
        endless(self.a)


@dataclass
class EarlyReturnInHelper:
    a: int | None = None
    b: int = 0

    def __post_init__(self):
        self._check_a()
        if self.b == 1:
            raise ValueError("b")  # error: b == 1 -> b

    def _check_a(self):
        if self.a is None:
            return
        if self.a == 1:
            raise ValueError("a")  # error: a == 1 -> a


@dataclass
class Base:
    a: int = 0

    def __post_init__(self):
        if self.a == 1:
            raise ValueError("base")  # error: a == 1 -> base


@dataclass
class Derived(Base):
    b: int = 0

    def __post_init__(self):
        super().__post_init__()
        if self.b == 1:
            raise ValueError("derived")  # error: b == 1 -> derived


@dataclass
class WithoutSuper(Base):
    b: int = 0

    def __post_init__(self):
        if self.b == 1:
            raise ValueError("derived only")  # error: b == 1 -> derived only


class Mixin:
    def check_a(self):
        if self.a == 1:
            raise ValueError("mixed in")  # error: a == 1 -> mixed in


@dataclass
class WithMixin(Mixin):
    a: int = 0

    def __post_init__(self):
        self.check_a()


class Parent:
    def __init__(self, a=0, **kwargs):
        self.a = a  # dormant: a changes when always
        if a == 1:
            raise ValueError("parent")  # error: a == 1 -> parent; error: b == 1 -> parent


class Child(Parent):
    def __init__(self, b=0, **kwargs):
        super().__init__(**kwargs)
        self.b = b
        if self.a == 2 and self.b == 2:
            raise ValueError("child")  # error: a == 2 and b == 2 -> child


class Overriding(Parent):
    def __init__(self, b=0, **kwargs):
        super().__init__(a=b, **kwargs)
        if self.a == 2:
            raise ValueError("b is kept as a")  # error: b == 2 -> b is kept as a


@dataclass
class Hook:
    a: int = 0

    def __post_init__(self):
        self.further()

    def further(self):
        if self.a == 1:
            raise ValueError("base hook")  # error: a == 1 -> base hook


@dataclass
class Hooked(Hook):
    def further(self):
        if self.a == 2:
            raise ValueError("own hook")  # error: a == 2 -> own hook


@dataclass
class Inner:
    a: int = 0

    def __post_init__(self):
        if self.a == 1:
            raise ValueError("inner")  # error: a == 1 -> inner


HELPERS = ("Mixin",)
