"""vLLM: imported on its CPU platform, with a model folder of our own, and a simulated CUDA platform on demand."""

from __future__ import annotations

import importlib
import os
from collections.abc import Hashable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import cache
from typing import Any, Final, final

from pytest_llem_invariants.engines.base import MACHINE, EngineAdapter, once_caches
from pytest_llem_invariants.engines.hookspec import hookimpl
from pytest_llem_invariants.engines.inspection import inspect_in_copies
from pytest_llem_invariants.engines.remembered import (
    remember,
    remember_built,
    remember_function,
    remember_steady,
    remember_text,
    say_always,
    saying,
)
from pytest_llem_invariants.engines.simulated_cuda import simulated_cuda
from pytest_llem_invariants.engines.tiny_model import cache_folder, model_folders
from pytest_llem_invariants.errors import EngineUnavailableError
from pytest_llem_invariants.model import EMPTY
from pytest_llem_invariants.process.environment import environment_key
from pytest_llem_invariants.ssot import Ssot

_PLATFORM: Final = "platform"
_DEVICES: Final = frozenset({"devices", "capability", "memory", "name"})


@hookimpl
def llem_engine_adapter(ssot: Ssot) -> EngineAdapter | None:
    return VllmAdapter(ssot) if ssot.engine == "vllm" else None


@final
class PlatformProxy:
    """Stands for the current platform in every module that bound it at import, and lets it be exchanged later."""

    def __init__(self, active: Any) -> None:
        object.__setattr__(self, "active", active)

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "active"), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(object.__getattribute__(self, "active"), name, value)

    @property
    def __class__(self) -> type[Any]:
        return type(object.__getattribute__(self, "active"))

    @__class__.setter
    def __class__(self, value: type[Any]) -> None:
        raise TypeError("a platform is exchanged, not changed")


@cache
def _model_folders() -> Mapping[str, str]:
    """Placeholder → the folder that stands for it."""
    return {name: str(folder) for name, folder in model_folders().items()}


@final
class VllmAdapter(EngineAdapter):
    """Knows what vLLM needs before its first import, and how to seem to be on another platform."""

    def __init__(self, ssot: Ssot) -> None:
        super().__init__(ssot)
        self._proxy: PlatformProxy | None = None
        self._platforms: dict[tuple[str, int | None], Any] = {}
        self._machine: int | None = None

    def prepare(self) -> None:
        super().prepare()
        os.environ.setdefault("VLLM_CACHE_ROOT", str(cache_folder() / "vllm"))

    def after_import(self) -> None:
        """Put the platform in before any module binds it: old versions do not listen to the environment variable."""
        platforms = importlib.import_module("vllm.platforms")
        cpu = importlib.import_module("vllm.platforms.cpu").CpuPlatform()
        self._platforms["cpu", None] = cpu
        self._proxy = PlatformProxy(cpu)
        vars(platforms)["_current_platform"] = self._proxy
        remember(importlib.import_module("transformers").AutoConfig, "from_pretrained", _model_folders().values)
        registry = importlib.import_module("vllm.model_executor.models.registry")
        inspect_in_copies(registry, lambda: self._on("cpu", nullcontext()))
        configs = importlib.import_module("vllm.transformers_utils.config")
        once = once_caches((importlib.import_module("vllm.logger"),))

        def clear_once() -> None:
            for clear in once:
                clear()

        for name in ("get_config", "maybe_override_with_speculators"):
            remember_function(configs, name, _model_folders().values, clear_once)
        for place, value in self.ssot.adapter.get("as_if", EMPTY).items():
            say_always(place, value)
        for place in self.ssot.adapter.get("steady", ()):
            remember_steady(place)
        for place in self.ssot.adapter.get("echoed", ()):
            remember_text(place)
        for place in self.ssot.adapter.get("built_often", ()):
            remember_built(place, self._state, clear_once)

    def _state(self) -> Hashable:
        """What an answer depends on beside the config."""
        return id(object.__getattribute__(self._proxy, "active")), self._machine, environment_key()

    def placeholder(self, name: str) -> Any:
        return _model_folders().get(name) or super().placeholder(name)

    def context(self, values: Mapping[str, Any] = EMPTY) -> AbstractContextManager[None]:
        wanted, machine = values.get(_PLATFORM, "cpu"), values.get(MACHINE)
        rest = super().context({name: value for name, value in values.items() if name not in (_PLATFORM, MACHINE)})
        return rest if wanted == "cpu" and machine is None else self._on(wanted, rest, machine)

    @contextmanager
    def _on(self, name: str, rest: AbstractContextManager[None], machine: int | None = None) -> Iterator[None]:
        """Another platform or machine for a block. What was computed under one is no answer under the other."""
        proxy, active = self._proxy, self._platform(name, machine)
        said = EMPTY if machine is None else self.machines()[machine].get("say", EMPTY)
        with ExitStack() as stack:
            stack.enter_context(rest)
            stack.enter_context(saying(said))
            self.forget_computed()
            self._machine = machine
            object.__setattr__(proxy, "active", active)
            try:
                yield
            finally:
                object.__setattr__(proxy, "active", self._platforms["cpu", None])
                self._machine = None
                self.forget_computed()

    def _platform(self, name: str, machine: int | None) -> Any:
        if name == "cpu":
            return self._platforms["cpu", None]
        if (name, machine) not in self._platforms:
            if name != "cuda":
                raise EngineUnavailableError(f"{self.ssot.engine}: cannot simulate the platform {name!r}")
            self.import_library()
            facts = EMPTY if machine is None else self.machines()[machine]
            self._platforms[name, machine] = simulated_cuda({k: v for k, v in facts.items() if k in _DEVICES})
        return self._platforms[name, machine]
