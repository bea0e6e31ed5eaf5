"""What code reads besides its arguments: the platform and the environment, where they are declared."""

import os
from dataclasses import dataclass

from miners.static.context import ContextReads

CONTEXT = ContextReads(
    reads={"platform.is_fast": {"platform": ["fast"]}, "platform.name": "platform"},
    environments=("envs",),
    declared=("platform", "env.LEVEL", "model.heads", "model.experts", "model.pipelines", "device.count"),
    run_time=(
        "tests.snippets.context.Model",
        "tests.snippets.context.Registry.names",
        "tests.snippets.context.Model.registry",
        "tests.snippets.context.resolved",
    ),
    told={
        "tests.snippets.context.Model.arch.heads": "model.heads",
        "tests.snippets.context.Model.arch.text.undeclared": "model.undeclared",
        "tests.snippets.context.Model.experts()": "model.experts",
        "tests.snippets.context.Model.registry.pipelines()": "model.pipelines",
        "tests.snippets.context.device_count()": "device.count",
    },
)
CONTEXT_VALUES = {"platform": "slow", "model.heads": 4, "model.experts": 0, "model.pipelines": True, "device.count": 8}


class Platform:
    name = "slow"

    def is_fast(self) -> bool:
        return False

    def memory(self) -> int:
        return 1


class Environment:
    LEVEL = None
    OTHER = None


HELPERS = ("Platform", "Environment", "ContextReads", "Arch", "Text", "Pipelines", "Registry")
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


class Arch:
    heads = 4

    def __init__(self):
        self.text = Text()


class Pipelines:
    def pipelines(self, ranks: int) -> bool:
        return ranks < 100

    def other(self, ranks: int) -> bool:
        return ranks < 100


class Text:
    undeclared = 1
    unknown = 1


@dataclass
class Model:
    path: str = ""

    def __post_init__(self):
        self.kind = self.path.swapcase()
        self.arch = Arch()

    def experts(self) -> int:
        return len(self.path) - len(self.path)

    @property
    def registry(self):
        return Pipelines()


def device_count() -> int:
    return 8


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


@dataclass
class SpeaksOfFacts:
    model: Model | None = None
    ranks: int = 1

    def __post_init__(self):
        if self.model is not None:
            heads = self.model.arch.heads
            if heads % self.ranks != 0:
                raise ValueError("heads")  # error: model present and model.heads not_divisible_by @ranks -> heads
            if self.ranks > 1 and getattr(self.model, "arch").heads > 4:
                raise ValueError("many")  # error: model present and ranks > 1 and model.heads > 4 -> many
            if self.ranks == 2 and not self.model.experts() > 0:
                raise ValueError("experts")  # error: model present and ranks == 2 and model.experts <= 0 or model present and ranks == 2 and model.experts != @model.experts -> experts
            if self.ranks == 3 and self.model.arch.text.undeclared:
                raise ValueError("undeclared")  # error: model present and ranks == 3 and ?known at run time -> undeclared
            if self.ranks == 4 and self.model.arch.text.unknown:
                raise ValueError("unknown")  # error: model present and ranks == 4 and ?known at run time -> unknown
        if self.ranks > device_count():
            raise ValueError("devices")  # error: ranks > @device.count -> devices


@dataclass
class AsksAMethodOfWhatTheModelHas:
    model: Model | None = None
    ranks: int = 1

    def __post_init__(self):
        if self.model is not None and self.ranks == 2 and not self.model.registry.pipelines(self.ranks):
            raise ValueError("pipelines")  # error: model present and ranks == 2 and model.pipelines falsy -> pipelines
        if self.model is not None and self.ranks == 3 and not self.model.registry.other(self.ranks):
            raise ValueError("other")  # error: model present and ranks == 3 and ?known at run time -> other


@dataclass
class MakesTheModel:
    path: str = ""
    ranks: int = 1

    def __post_init__(self):
        made = Model(self.path)
        if made.arch.heads < self.ranks:
            raise ValueError("few heads")  # error: model.heads < @ranks -> few heads


class Registry:
    names = ("one",)

    @classmethod
    def is_known(cls, name: str) -> bool:
        return name in cls.names


@dataclass
class AsksARegistry:
    name: str = "one"

    def __post_init__(self):
        if not Registry.is_known(self.name):
            raise ValueError("unknown")  # error: ?known at run time -> unknown
