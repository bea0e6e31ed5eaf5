"""Configs of published models, and what the checker says of arguments beside one of them on a machine."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from pytest_llem_invariants.checker import Checker
from pytest_llem_invariants.checker.documents import read
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.model import Kwargs
from pytest_llem_invariants.ssot import Ssot
from pytest_llem_invariants.worlds.world import World


def published_in(folder: Path) -> dict[str, Mapping[str, Any]]:
    """Name of a model → its config: of each `NAME.json`, and of each `NAME/config.json`."""
    files = {path.stem: path for path in folder.glob("*.json")}
    files.update((path.parent.name, path) for path in folder.glob("*/config.json"))
    if not files:
        raise LlemError(f"{folder}: no NAME.json and no NAME/config.json — give a folder with the configs of models")
    return {name: read(str(path)).data for name, path in sorted(files.items())}


def usual_arguments(ssot: Ssot) -> Mapping[str, Any]:
    """What the engine's file declares of the arguments that people give: their class, form, and values."""
    if "usual" not in ssot.adapter:
        raise LlemError(f"{ssot.path.name} names no usual arguments — declare adapter.usual there")
    usual: Mapping[str, Any] = ssot.adapter["usual"]
    return usual


@final
class Foresees:
    """Whether the checker rejects arguments beside a model's folder on a machine."""

    def __init__(self, checker: Checker, usual: Mapping[str, Any]) -> None:
        self._checker, self._field, self._form = checker, usual["model"], usual["form"]
        self._world = functools.cache(lambda folder, spec: World(model=folder, gpu=spec))

    def __call__(self, folder: str, spec: str, kwargs: Kwargs) -> bool:
        given = {self._field: folder, **kwargs}
        return not self._checker.check_config(given, form=self._form, world=self._world(folder, spec)).ok
