"""A module of constants that have nothing but a name, of two kinds."""

from __future__ import annotations

from enum import Enum, EnumMeta
from typing import Any


class Shade:
    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"{__name__}.{self._name}"


class Dark(Shade):
    pass


BLACK = Dark("BLACK")
NIGHT = BLACK
WHITE = Shade("WHITE")
MOST = 3


class Strict(EnumMeta):
    def __getitem__(cls, name: str) -> Any:
        if name not in cls.__members__:
            raise ValueError(f"no colour {name}")
        return cls.__members__[name]


class Colour(Enum, metaclass=Strict):
    RED = 1


class Size(Enum):
    SMALL = 1
