"""vLLM: imported on its CPU platform, with a model folder of our own, and a simulated CUDA platform on demand."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, final

from pytest_llem_invariants.engines.base import DEVICE, MACHINE, MODEL, SERVED, EngineAdapter, Plan
from pytest_llem_invariants.engines.hookspec import hookimpl
from pytest_llem_invariants.engines.hosts import host_of
from pytest_llem_invariants.engines.inspection import be_silent, inspect_in_copies, inspecting_here
from pytest_llem_invariants.engines.named import name_with
from pytest_llem_invariants.engines.remembered import (
    once_caches,
    remember,
    remember_built,
    remember_function,
    remember_steady,
    remember_text,
    say_always,
    saying,
)
from pytest_llem_invariants.engines.simulated_cuda import USUAL, simulated_cuda, without_compiled_modules
from pytest_llem_invariants.engines.stand_ins import standing_in
from pytest_llem_invariants.engines.tiny_model import cache_folder, model_folders, model_with
from pytest_llem_invariants.errors import EngineUnavailableError, NoSuchWorldError
from pytest_llem_invariants.language.values import identity
from pytest_llem_invariants.model import EMPTY, Reading
from pytest_llem_invariants.process.environment import environment_key
from pytest_llem_invariants.process.forks import PATIENCE, in_child
from pytest_llem_invariants.ssot import Ssot

_PLATFORM: Final = "platform"
_OURS: Final = (_PLATFORM, MACHINE, DEVICE, MODEL)
_OF_CONFIG: Final = "model.config."
_EACH: Final = ".*"
_SPARE: Final = 4 * 1024**3
_MOST_WORLDS: Final = 4096
_REGISTRY: Final = "vllm.model_executor.models.registry"
_MANY: Final = 2**31
"""More tokens than any model has: how many one has is a fact of its own."""


@hookimpl
def llem_engine_adapter(ssot: Ssot) -> EngineAdapter | None:
    return VllmAdapter(ssot) if ssot.engine == "vllm" else None


def no_such_world(facts: Mapping[str, Any]) -> NoSuchWorldError:
    told = ", ".join(f"{name}={value!r}" for name, value in sorted(facts.items()))
    return NoSuchWorldError(f"there is no model to stand for {told}")


def import_what_is_there(name: str) -> None:
    """Import a module, or with `.*` each of a package. Another version has it elsewhere, or it asks for a package."""
    with suppress(Exception):
        package = importlib.import_module(name.removesuffix(_EACH))
        if name.endswith(_EACH):
            for one in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
                import_what_is_there(one.name)


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


@final
class ServedModel:
    """The placeholder model of a server: what the facts of a server say, and more tokens than any model has."""

    def __init__(self, adapter: VllmAdapter) -> None:
        self._adapter = adapter

    def get_vocab_size(self) -> int:
        return _MANY

    def __getattr__(self, name: str) -> Any:
        served = self._adapter.served
        fact = f"{SERVED}{name}"
        return served[fact] if fact in served else getattr(self._adapter.placeholder_model, name)


@final
@dataclass(frozen=True, slots=True)
class _World:
    """What the library stands in beside the environment."""

    platform: Any
    machine: tuple[Any, ...]
    """What the platform says of the machine: nothing that was answered on one holds on another."""
    said: Mapping[str, Any] = field(default_factory=dict)
    """What is asked of the machine in other ways."""
    model: str | None = None
    """The folder that stands for the placeholder model; None for that one."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Those that are not at their default."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the steps that build, which a command gives beside the config."""


@final
class VllmAdapter(EngineAdapter):
    """Knows what vLLM needs before its first import, and how to seem to be on another platform."""

    def __init__(self, ssot: Ssot) -> None:
        super().__init__(ssot)
        self._proxy: PlatformProxy | None = None
        self._home = self._now = _World(None, ("cpu",))
        self._worlds: dict[str, _World] = {}
        self._platforms: dict[Hashable, Any] = {}
        self._beside: dict[str, dict[str, Plan]] = {}
        """Of each folder that stood for the placeholder model, what building beside it takes."""
        self._told: dict[str, Mapping[str, Mapping[str, Any]]] = {}
        """Of a key of the placeholder's config.json, for each name that it may have, what the library then says."""
        self._steady: set[str] = set()
        """The folders of models whose files do not change."""
        self.served: Mapping[str, Any] = {
            name: field.default for name, field in ssot.context.items() if name.startswith(SERVED)
        }
        """How the server was started, by the facts that say it."""

    @cached_property
    def placeholder_model(self) -> Any:
        """The library's object of the placeholder model."""
        return self.build(self.ssot.adapter["models"], EMPTY)

    @cached_property
    def _written(self) -> Mapping[str, Any]:
        """Keys of config.json in which the placeholder of a pretended machine is another one."""
        host = host_of(self.ssot)
        told = {self._key_of(fact): value for fact, value in host.facts.items() if fact.startswith(MODEL)}
        return {**host.model, **told}

    @cached_property
    def _folders(self) -> Mapping[str, str]:
        """Placeholder → the folder that stands for it."""
        return {name: str(folder) for name, folder in model_folders(self._written).items()}

    def prepare(self) -> None:
        super().prepare()
        os.environ.setdefault("VLLM_CACHE_ROOT", str(cache_folder() / "vllm"))

    def after_import(self) -> None:
        """Put the platform in before any module binds it: old versions do not listen to the environment variable."""
        self._steady.update(self._folders.values())
        platforms = importlib.import_module("vllm.platforms")
        cpu = importlib.import_module("vllm.platforms.cpu").CpuPlatform()
        self._home = self._now = _World(cpu, ("cpu",))
        self._proxy = PlatformProxy(cpu)
        vars(platforms)["_current_platform"] = self._proxy
        remember(importlib.import_module("transformers").AutoConfig, "from_pretrained", lambda: self._steady)
        inspect_in_copies(importlib.import_module(_REGISTRY), lambda: self._in(self._home, nullcontext()))
        configs = importlib.import_module("vllm.transformers_utils.config")
        once = once_caches((importlib.import_module("vllm.logger"),))

        def clear_once() -> None:
            for clear in once:
                clear()

        for name in ("get_config", "maybe_override_with_speculators"):
            remember_function(configs, name, lambda: self._steady, clear_once)
        super().after_import()
        for place, value in self.ssot.adapter.get("as_if", EMPTY).items():
            say_always(place, value)
        for place in self.ssot.adapter.get("steady", ()):
            remember_steady(place)
        for place in self.ssot.adapter.get("echoed", ()):
            remember_text(place)
        for place in self.ssot.adapter.get("built_often", ()):
            remember_built(place, self._state, clear_once)

    def looking_at_models(self) -> AbstractContextManager[None]:
        return inspecting_here(importlib.import_module(_REGISTRY))

    def facts_together(self) -> tuple[Mapping[str, Any], ...]:
        """What an architecture has, as a whole; and each fact of a type of model, which a config.json has one of."""
        named = sorted(self.ssot.adapter.get("named", EMPTY))
        of_types = (
            {fact: value}
            for fact, field in self.ssot.context.items()
            if self._table_of(fact) not in (None, *named)
            for value in field.values
            if value != field.default
        )
        return (*(told for key in named for told in self._told_of(key).values() if told), *of_types)

    def import_library(self) -> str:
        """Import also what takes what its platform needs while it is imported: later it would be that of any world."""
        is_first = self._version is None and self._failure is None
        version = super().import_library()
        if is_first:
            for first in self.ssot.adapter.get("imported_first", ()):
                with self.context({_PLATFORM: first[_PLATFORM]}), without_compiled_modules():
                    for name in first["modules"]:
                        import_what_is_there(name)
        return version

    def _state(self) -> Hashable:
        """What an answer depends on beside the config."""
        return self._now.machine, environment_key()

    def stands_at(self, fact: str) -> Any:
        if fact == _PLATFORM:
            return self._now.machine[0]
        return self._now.facts[fact] if fact in self._now.facts else super().stands_at(fact)

    def placeholder(self, name: str) -> Any:
        if name == "tiny_model" and self._model is not None:
            return self._model
        if name == "served_model":
            return ServedModel(self)
        return self._folders.get(name) or super().placeholder(name)

    def context(self, values: Mapping[str, Any] = EMPTY) -> AbstractContextManager[None]:
        """A world of a platform, devices, a model and a server. On a CPU the facts of other devices change nothing."""
        served = {name: value for name, value in values.items() if name.startswith(SERVED)}
        if served:
            others = self.context({name: value for name, value in values.items() if name not in served})
            changed = {name: value for name, value in served.items() if self.served.get(name, self) != value}
            return self._serving(changed, others) if changed else others
        ours = {name: value for name, value in values.items() if name.startswith(_OURS)}
        rest = super().context({name: value for name, value in values.items() if name not in ours} if ours else values)
        if not ours:
            return rest
        world = self._world(ours)
        return rest if world is self._home else self._in(world, rest)

    def _plan(self, name: str) -> Plan:
        """What building takes where a command gives the steps arguments of its own."""
        plan, given = super()._plan(name), self._now.given
        if not given or not plan.entry.build:
            return plan
        steps = tuple(replace(step, kwargs={**step.kwargs, **given}) for step in plan.entry.build)
        return replace(plan, entry=replace(plan.entry, build=steps))

    @contextmanager
    def _serving(self, served: Mapping[str, Any], rest: AbstractContextManager[None]) -> Iterator[None]:
        """A block in which the server was started in a way."""
        unknown = served.keys() - self.served.keys()
        if unknown:
            raise self.cannot_enter(min(unknown), served[min(unknown)])
        before, self.served = self.served, {**self.served, **served}
        try:
            with rest:
                yield
        finally:
            self.served = before

    @contextmanager
    def _in(self, world: _World, rest: AbstractContextManager[None]) -> Iterator[None]:
        """Another world for a block. What was computed in one is no answer in the other."""
        before = self._now
        with ExitStack() as stack:
            stack.enter_context(rest)
            stack.enter_context(saying(world.said))
            if world.model is not None:
                stack.enter_context(self.beside(world.model, self._beside[world.model]))
            self._stand_in(world)
            try:
                yield
            finally:
                self._stand_in(before)

    def _stand_in(self, world: _World) -> None:
        self.forget_computed()
        self._now = world
        object.__setattr__(self._proxy, "active", world.platform)

    def _world(self, facts: Mapping[str, Any]) -> _World:
        key = identity(facts)
        if key not in self._worlds:
            if len(self._worlds) >= _MOST_WORLDS:
                self._worlds.clear()
            self._worlds[key] = self._made(facts)
        return self._worlds[key]

    def _made(self, facts: Mapping[str, Any]) -> _World:
        default = self.default_context()
        changed = {name: value for name, value in facts.items() if value != default.get(name)}
        for name in changed:
            if name.startswith((DEVICE, MODEL)) and name not in default:
                raise self.cannot_enter(name, changed[name])
        model = self._model_with({name: value for name, value in changed.items() if name.startswith(MODEL)})
        number = facts.get(MACHINE)
        there = EMPTY if number is None else self.machines()[number]
        given = there.get("given", EMPTY)
        if facts.get(_PLATFORM, "cpu") == "cpu":
            said = there.get("say", EMPTY)
            world = replace(self._home, machine=("cpu", number), said=said, model=model, facts=changed, given=given)
            return self._home if number is None and model is None else world
        devices = {name: value for name, value in {**facts, **there}.items() if name.startswith(DEVICE)}
        platform, held = self._platform(facts[_PLATFORM], devices)
        asked = self.ssot.adapter.get("asked", EMPTY)
        said = {place: held[name] for name, places in asked.items() for place in places}
        machine = facts[_PLATFORM], number, tuple(sorted(held.items()))
        return _World(platform, machine, {**said, **there.get("say", EMPTY)}, model, changed, given)

    def _model_with(self, facts: Mapping[str, Any]) -> str | None:
        """The folder of the placeholder model with other facts; None for that one."""
        if not facts:
            return None
        named = {name: value for name, value in facts.items() if self._table_of(name) in self.ssot.adapter["named"]}
        written: dict[str, Any] = self._naming(named) if named else {}
        files: dict[str, bool] = {}
        beside = self.ssot.adapter.get("beside", EMPTY)
        for name, value in sorted(facts.items()):
            reading = self.ssot.context[name].reading or Reading()
            more = beside.get(name, EMPTY).get(str(value), EMPTY)
            if reading.file is not None:
                files[reading.file] = value
            elif reading.table is None:
                key = self._key_of(name)
                written[key] = value
                parent = key[: key.rfind(".") + 1]
                written.update((f"{parent}{other}", held) for other, held in more.items())
            elif name not in named:
                if not more or any(written.get(other, held) != held for other, held in more.items()):
                    raise no_such_world(facts)
                written.update(more)
        folder = str(model_with({**self._written, **written}, files))
        self._beside.setdefault(folder, {})
        self._steady.add(folder)
        return folder

    def unlike(self, context: Mapping[str, Any]) -> frozenset[str]:
        """Facts of the architecture that is named to have others: one has several that the placeholder has not."""
        usual, tables = self.default_context(), self.ssot.adapter.get("named", EMPTY)
        declared = {name: value for name, value in context.items() if name.startswith(MODEL) and name in usual}
        changed = {n: v for n, v in declared.items() if v != usual[n] and self._table_of(n) in tables}
        try:
            named = self._naming(changed)
        except NoSuchWorldError:
            return frozenset(changed)
        told = {fact: value for key, (name,) in named.items() for fact, value in self._told_of(key)[name].items()}
        return frozenset(fact for fact, value in told.items() if declared.get(fact, usual[fact]) != value)

    def _key_of(self, fact: str) -> str:
        """The key of config.json in which a fact is written."""
        reading = self.ssot.context[fact].reading
        return reading.keys[0] if reading is not None and reading.keys else fact.removeprefix(_OF_CONFIG)

    def _table_of(self, fact: str) -> str | None:
        reading = self.ssot.context[fact].reading
        return None if reading is None else reading.table

    def _naming(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """What the placeholder's config.json names to have these facts, and to be like itself otherwise."""
        written: dict[str, Any] = {}
        for key in {self._table_of(fact): None for fact in facts}:
            wanted = {fact: value for fact, value in facts.items() if self._table_of(fact) == key}
            name = name_with(wanted, self._told_of(str(key)), self.default_context())
            if name is None:
                raise no_such_world(wanted)
            written[str(key)] = [name]
        return written

    def _told_of(self, key: str) -> Mapping[str, Mapping[str, Any]]:
        """Of each name that the key may have, what the library says of the placeholder with it, where it can be built.

        Asked once, in a copy of this process where what one model imports is there for the next. What the library finds
        out it keeps in a folder of its own, and finds it there later without the packages that are stood in for here.
        So the answers are not kept: that folder may be another one tomorrow, or another version's.
        """
        if key not in self._told:
            names, stand_ins = self.ssot.adapter["named"][key], self.ssot.adapter["model_types"]["stand_ins"]
            self._told[key] = json.loads(self._asked_in_a_copy(key, names, stand_ins))
        return self._told[key]

    def _asked_in_a_copy(self, key: str, names: Iterable[str], stand_ins: Mapping[str, str]) -> str:
        def answer() -> bytes:
            be_silent()
            with self._in(self._home, nullcontext()), standing_in(stand_ins), self.looking_at_models():
                return json.dumps({name: self._facts_named(key, name) for name in names}).encode()

        data, trouble = in_child(answer, PATIENCE, _SPARE)
        if trouble is not None:
            raise EngineUnavailableError(f"{self.ssot.engine}: its {key} cannot be asked for: {trouble}")
        return data.decode()

    def _found_in(self, key: str) -> tuple[str, ...]:
        return tuple(name for name in self.ssot.context if self._table_of(name) == key)

    def _facts_named(self, key: str, name: str) -> dict[str, Any]:
        with suppress(Exception):
            found = self.facts_of(model_with({**self._written, key: [name]}))
            return {fact: value for fact, value in found.items() if self._table_of(fact) == key}
        return {}

    def _platform(self, name: str, devices: Mapping[str, Any]) -> tuple[Any, Mapping[str, Any]]:
        """A simulated platform, and the facts of its devices."""
        if name != "cuda":
            raise EngineUnavailableError(f"{self.ssot.engine}: cannot simulate the platform {name!r}")
        held = {**USUAL, **{fact: value for fact, value in devices.items() if value is not None}}
        key = tuple(sorted(held.items()))
        if key not in self._platforms:
            self.import_library()
            self._platforms[key] = simulated_cuda(held)
        return self._platforms[key], held
