"""A module of constants that have nothing but a name, of two kinds."""

from __future__ import annotations


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
