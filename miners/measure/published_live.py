"""Ask the live library and the checker about the configs of published models."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from miners.discovery.models import apart, warm
from miners.discovery.published import Foresees, usual_arguments
from miners.measure.fuzz import FuzzReport
from miners.measure.published import ModelSides, ModelTrial, fuzz_models
from miners.process.asking import Asking
from pytest_llem_invariants.checker import Checker
from pytest_llem_invariants.engines.base import DEVICE, EngineAdapter
from pytest_llem_invariants.engines.tiny_model import model_like
from pytest_llem_invariants.model import Kwargs, ObservedException
from pytest_llem_invariants.worlds.world import World

_PLATFORM: Final = "platform"


def fuzz_published(
    adapter: EngineAdapter,
    checker: Checker,
    configs: Mapping[str, Mapping[str, Any]],
    machines: tuple[str, ...],
    drawn: tuple[int, int, int],
) -> FuzzReport:
    """So many configs, by a seed, with so many workers, of the class whose arguments the engine's file has as usual.

    Packages that a model's class imports are stood in for, in a process that ends soon.
    """
    usual = usual_arguments(adapter.ssot)
    native_type, field = usual["class"], usual["model"]
    count, seed, workers = drawn
    adapter.import_library()
    asking = Asking(adapter)

    @functools.cache
    def machine(spec: str) -> Mapping[str, Any]:
        declared = {name: {"values": one.values} for name, one in adapter.ssot.context.items()}
        told = World(gpu=spec).context({k: v for k, v in declared.items() if k.startswith((DEVICE, _PLATFORM))})
        return {name: value for name, value in told.items() if value is not None}

    def raises(folder: str, spec: str, kwargs: Kwargs) -> ObservedException | None:
        return asking.raises(native_type, {field: folder, **kwargs}, machine(spec))

    folders = {name: str(model_like(config)) for name, config in configs.items()}
    with apart(adapter), adapter.looking_at_models():
        warm(adapter)
        for folder in folders.values():
            with suppress(Exception):
                adapter.facts_of(folder)  # each class is imported as on this machine
        sides = ModelSides(raises, Foresees(checker, usual), asking.no_verdict)
        return fuzz_models(ModelTrial(folders, usual["values"], sides, seed, machines), count, workers=workers)
