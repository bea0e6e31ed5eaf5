"""The stages of a build, in their order. The jobs of each are remembered; a build goes on behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

STAGES: Final[Mapping[str, str]] = {
    "read": "read the code of each class",
    "lift": "lift the types of each class, while others read",
    "prove": "prove the guesses about each class by itself: look for examples, put them to the gate, probe the rest",
    "hand": "prove the classes that hand fields on, with the rules of those behind them",
    "ask": "put challenges to the classes that only collect what others validate: the fronts",
    "front": "prove the guesses about a front, in parts",
    "worlds": "probe a front beside facts",
    "probe": "probe a front for rejections that no part explains",
    "challenge": "put what the rules of all parts make together to a front",
    "reconcile": "try that on the rules of all parts, and compare them with each other",
    "merge": "merge what is proven, name it, and write it: done each time",
}
