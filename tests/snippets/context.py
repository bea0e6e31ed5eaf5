"""What code reads besides its arguments: the platform and the environment, where they are declared."""

import os
from dataclasses import dataclass

from miners.static.context import ContextReads

CONTEXT = ContextReads(
    reads={"platform.is_fast": {"platform": ["fast"]}, "platform.name": "platform"},
    environments=("envs",),
    declared=("platform", "env.LEVEL"),
    run_time=("tests.snippets.context.Model", "tests.snippets.context.resolved"),
)
CONTEXT_VALUES = {"platform": "slow"}


class Platform:
    name = "slow"

    def is_fast(self) -> bool:
        return False

    def memory(self) -> int:
        return 1


class Environment:
    LEVEL = None
    OTHER = None


HELPERS = ("Platform", "Environment", "ContextReads")
platform = Platform()
envs = Environment()


@dataclass
class OfPlatform:
    a: int = 0

    def __post_init__(self):
        if self.a == 1 and platform.is_fast():
            raise ValueError("not on the fast one")  # error: a == 1 and platform == 'fast' -> not on the fast one
        if self.a == 2 and platform.name == "slow":
            raise ValueError("not on the slow one")  # error: a == 2 and platform == 'slow' -> not on the slow one


@dataclass
class OfEnvironment:
    a: int = 0

    def __post_init__(self):
        if self.a == 1 and envs.LEVEL == "3":
            raise ValueError("not at level 3")  # error: a == 1 and env.LEVEL == '3' -> not at level 3


@dataclass
class Undeclared:
    a: int = 0

    def __post_init__(self):
        if self.a == 1 and envs.OTHER:
            raise ValueError("other")  # error: a == 1 and ?environment -> other
        if self.a == 2 and platform.memory() > 1:
            raise ValueError("memory")  # error: a == 2 and ?platform -> memory
        if self.a == 3 and os.environ.setdefault("OTHER", "0") != "0":
            raise ValueError("set")  # error: a == 3 and ?environment -> set


@dataclass
class Model:
    path: str = ""

    def __post_init__(self):
        self.kind = self.path.swapcase()


def resolved(name: str, width: int | None) -> tuple[str, int | None]:
    return (name, width)


@dataclass
class HandedBack:
    name: str = ""
    width: int | None = None

    def __post_init__(self):
        (self.name, self.width) = resolved(self.name, width=self.width)  # dormant: name changes when always; dormant: width changes when always
        if self.width is None:
            raise ValueError("no width")  # error: ?known at run time and width absent or ?known at run time and ?known at run time -> no width


@dataclass
class AsksTheModel:
    model: Model | None = None

    def __post_init__(self):
        if self.model is not None and self.model.kind == "X":
            raise ValueError("x")  # error: model present and ?known at run time -> x
