"""A class with an effect for every reason."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from typing import Any


def weights_of(path: str) -> str:
    if path.swapcase() == "Q":
        raise ValueError("a small q")  # inside
    return path.swapcase()


@dataclass
class Config:
    a: int = 0
    b: int = 0
    s: str = ""

    def __post_init__(self) -> None:
        self._seen = 0
        if self.a < 0:
            raise ValueError("negative")  # raised
        if self.s.swapcase() == "Z":
            raise ValueError("a small z")  # opaque
        if weights_of(self.s) == "odd" and self.b > 1:
            raise ValueError("odd weights")  # weights
        if self.s and not os.path.exists(self.s):
            raise ValueError("no such file")  # file
        if self.a == 1 and self.a == 2:
            raise ValueError("both")  # never
        try:
            if self.a == 3:
                raise KeyError("three")  # caught
        except KeyError:
            pass
        if self.b > 5:
            self.b = 5  # changed
        if self.b == 3:
            warnings.warn("three is a bad number", stacklevel=2)  # warned
        if self.b == 4:
            self._seen = 1  # private
        if self.s is None:
            self.s = "x"  # default

    def verify_with_model(self, model: Any) -> None:
        if self.a > model.size:
            raise ValueError("too large")  # needs

    def verify_later(self) -> None:
        if self.a == 8:
            raise ValueError("eight")  # by name

    def describe(self) -> str:
        if self.a == 9:
            raise ValueError("nine")  # uncalled
        return ""


@dataclass
class Child(Config):
    def __post_init__(self) -> None:
        super().__post_init__()
        if self.a == 7:
            raise ValueError("seven")  # child
