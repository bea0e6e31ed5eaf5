"""The five detectors, each with its severity, and the templates of their messages."""

import logging
import warnings
from dataclasses import dataclass

logger = logging.getLogger(__name__)


@dataclass
class ConditionalRaise:
    a: int = 0

    def __post_init__(self):
        if self.a < 0:
            raise ValueError("negative")  # error: a < 0 -> negative


@dataclass
class ConditionalSelfAssign:
    a: int = 0
    b: int | None = None

    def __post_init__(self):
        if self.a < 0:
            self.a = 0  # dormant: a changes when a < 0
        if self.b is None:
            self.b = 5  # dormant: b changes when b absent


@dataclass
class AssignFromField:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        if self.a > self.b:
            self.a = self.b  # dormant: a changes when a > @b


@dataclass
class UnconditionalSelfAssign:
    a: float = 0.0

    def __post_init__(self):
        self.a = max(self.a, 1)  # dormant: a changes when always


@dataclass
class AssignOfPrivate:
    a: int = 0

    def __post_init__(self):
        self._seen = True
        if self.a == 1:
            self._count = 1


@dataclass
class AssignOfItself:
    a: int = 0

    def __post_init__(self):
        self.a = self.a


@dataclass
class ConditionalWarningsWarn:
    a: int = 0

    def __post_init__(self):
        if self.a == 1:
            warnings.warn("one is unwise", stacklevel=1)  # warn: a == 1 -> one is unwise
        if self.a == 2:
            warnings.warn(f"{self.a} is worse", UserWarning, stacklevel=1)  # warn: a == 2 -> {a} is worse


@dataclass
class ConditionalLoggerWarning:
    a: int = 0
    b: str = ""

    def __post_init__(self):
        if self.a == 1:
            logger.warning("one is unwise")  # warn: a == 1 -> one is unwise
        elif self.a == 2:
            logger.warning("%s is worse with %d", self.b, self.a)  # warn: a == 2 -> {b} is worse with {a}


@dataclass
class OtherLevels:
    a: int = 0

    def __post_init__(self):
        if self.a == 1:
            logger.info("one")
            logger.debug("one")


class MinorIssuesDictAssign:
    def __init__(self, a=0, b=None):
        self.a = a
        self.b = b

    def validate(self, strict=False):
        minor_issues = {}
        if self.a == 1:
            minor_issues["a"] = f"`a` is one, {self.b}"  # dormant: a changes when a == 1 -> `a` is one, {b}
        if self.b is not None and self.a != 2:
            minor_issues["b"] = "`b` without two"  # dormant: b changes when b present and a != 2 or b present and a absent -> `b` without two
        if minor_issues and strict:
            raise ValueError("issues")


@dataclass
class WarnThenRaise:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        if self.a == 1:
            warnings.warn("careful", stacklevel=1)  # warn: a == 1 -> careful
            if self.b == 1:
                raise ValueError("not with one")  # error: a == 1 and b == 1 -> not with one


@dataclass
class AssignThenRaise:
    a: int = 0
    b: int = 0

    def __post_init__(self):
        if self.a == 1:
            self.a = 2  # dormant: a changes when a == 1
        if self.a == 2 and self.b == 1:
            raise ValueError("two")  # error: b == 1 and a == 1 or b == 1 and a == 2 -> two


@dataclass
class FString:
    a: int = 0
    b: str = "x"

    def __post_init__(self):
        if self.a == 1:
            raise ValueError(f"a is {self.a} and b {self.b!r}, {self.a + 1}")  # error: a == 1 -> a is {a} and b {b}, {a + 1}


@dataclass
class Percent:
    a: int = 0
    b: str = "x"

    def __post_init__(self):
        if self.a == 1:
            raise ValueError("a is %d with %s" % (self.a, self.b))  # error: a == 1 -> a is {a} with {b}
        if self.a == 2:
            raise ValueError("100%% of %s" % self.b)  # error: a == 2 -> 100% of {b}


@dataclass
class Format:
    a: int = 0
    b: str = "x"

    def __post_init__(self):
        if self.a == 1:
            raise ValueError("a is {} with {}".format(self.a, self.b))  # error: a == 1 -> a is {a} with {b}
        if self.a == 2:
            raise ValueError("a is {1} with {name}".format(0, self.a, name=self.b))  # error: a == 2 -> a is {a} with {b}


@dataclass
class MessageLocal:
    a: int = 0
    b: str = "x"

    def __post_init__(self):
        msg = f"a must not be {self.a}"
        if self.a == 1:
            raise ValueError(msg)  # error: a == 1 -> a must not be {a}
        if self.a == 2:
            msg = "two"
            raise ValueError(msg + ", of all")  # error: a == 2 -> two, of all


@dataclass
class MessageChosen:
    a: int = 0
    b: bool = False

    def __post_init__(self):
        what = "b" if self.b else "no b"
        if self.a == 1:
            raise ValueError(f"one with {what}")  # error: a == 1 -> one with {what}


@dataclass
class MessageOfParts:
    a: int = 0

    def __post_init__(self):
        if self.a == 1:
            raise ValueError(  # error: a == 1 -> a long text over lines for {a} {{braces}}
                "a long text "
                f"over lines for {self.a} {{braces}}"
            )


class OwnError(ValueError):
    pass


HELPERS = ("OwnError",)


@dataclass
class OwnException:
    a: int = 0

    def __post_init__(self):
        if self.a == 1:
            raise OwnError("one")  # error: a == 1 -> one
        if self.a == 2:
            raise NotImplementedError  # error: a == 2
        if self.a == -1:
            raise OwnError  # error: a == -1
