"""From a checked document and the facts beside it to a question about memory."""

from __future__ import annotations

import os

from pytest_llem_invariants.fit.answer import Device, Question
from pytest_llem_invariants.fit.laws import UnknownSizeError
from pytest_llem_invariants.fit.settings import settings_of, width_of
from pytest_llem_invariants.fit.store import laws_of, laws_path
from pytest_llem_invariants.fit.weights import in_files

_QUANTISED = ("quantization_config", "compression_config")
_SCHEMES = ("kv_cache_scheme", "kv_cache_quant_algo", "kv_cache_quant_method")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.checker import Checker
    from pytest_llem_invariants.checker.core import World
    from pytest_llem_invariants.checker.routed import Routed
    from pytest_llem_invariants.fit.settings import Settings

    Laws = tuple[Mapping[str, Any], Mapping[str, Any]]


def question_of(
    checker: Checker,
    routed: Sequence[Routed],
    world: World,
    root: str | None = None,
    document: Mapping[str, Any] | None = None,
) -> Question | None:
    """The question that a document asks; None where no model, no device, or no laws are known.

    The `document` itself counts where the arguments of an engine are of no class. Raise UnknownSizeError where a
    setting has the library do what is not counted.
    """
    found = _laws(checker, world, root)
    if found is None:
        return None
    declared = found[0]["settings"]
    given = [part.kwargs for part in routed if part.native_type == declared["class"]]
    if declared.get("whole") and document is not None:
        given = [dict(document)]
    return _question(checker, given[0], world, found) if given else None


def questions(
    checker: Checker, native_type: str, world: World, root: str | None = None
) -> tuple[frozenset[str], Callable[[Mapping[str, Any]], Question]] | None:
    """What asks for many configs of a class in one world, and the fields that decide; None where nothing is known."""
    found = _laws(checker, world, root)
    if found is None or native_type != found[0]["settings"]["class"]:
        return None
    declared = found[0]["settings"]
    others = (declared.get(name, ()) for name in ("unsaid", "unsaid_values", "narrowed", "more"))
    of_adapters = declared.get("adapters", {})
    thin = [*(of_adapters.get(name, "") for name in ("given", "slots", "rank")), *of_adapters.get("unlike", ())]
    fields = {field.partition(".")[0] for part in (declared["fields"].values(), thin, *others) for field in part}
    return frozenset(fields), lambda given: _question(checker, given, world, found)


def _laws(checker: Checker, world: World, root: str | None) -> Laws | None:
    from pytest_llem_invariants.checker.store import data_root

    config, memory = world.facts.get("model.config"), world.facts.get("device.memory")
    if type(config) is not dict or type(memory) is not int:
        return None
    return laws_of(laws_path(data_root(root), checker.engine), config)


def _question(checker: Checker, given: Mapping[str, Any], world: World, laws: Laws) -> Question:
    head, entry = laws
    declared, config = head["settings"], _quantised(given, head["settings"], world.facts["model.config"])
    _check_files(config, checker.declared_context, world.facts)
    length = checker.beside(given, None, world).get(declared["length"], _length_in(config, declared))
    tensor = declared["fields"].get("tensor")

    def is_valid(size: int) -> bool:
        """Whether the engine takes such a config at all: heads may not be shared among so many."""
        return (
            size == 1 if tensor is None else checker.check(declared["class"], {**given, tensor: size}, world=world).ok
        )

    return Question(
        entry=entry,
        config=config,
        settings=_with_scheme(_settings(given, declared, config, world), config),
        device=Device(world.facts["device.memory"], world.facts.get("device.count"), "device.name" in world.facts),
        utilization=declared["utilization"],
        most_length=length if type(length) is int and length > 0 else None,
        in_files=_in_files(world.facts),
        valid=is_valid,
        fields=declared["fields"],
        is_confirmed=entry.get("is_confirmed", True),
    )


def _check_files(config: Mapping[str, Any], declared: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """A model may be quantised by what another of its files says: those that a fact about it names."""
    inner = [part for part in config.values() if isinstance(part, dict)]
    if any(key in part for part in (config, *inner) for key in _QUANTISED):
        return
    of_it = [fact for fact in declared.values() if any(key.startswith(_QUANTISED) for key in fact.get("keys", ()))]
    for name in (name for fact in of_it for name in fact.get("unless", ())):
        if name in (facts.get("model.files") or ()):
            raise UnknownSizeError(f"{name} says how the model is quantised")


def _settings(
    given: Mapping[str, Any], declared: Mapping[str, Any], config: Mapping[str, Any], world: World
) -> Settings:
    if declared.get("usual_width") == "model":
        declared = {**declared, "usual_width": width_of(config)}
    found = settings_of(given, declared)
    devices = world.facts.get("device.count")
    return found._replace(pipeline=devices) if found.spread and type(devices) is int and devices > 0 else found


def _quantised(given: Mapping[str, Any], declared: Mapping[str, Any], config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The config of a model with what the arguments say of its quantisation."""
    said = given.get(declared.get("quantised", ""))
    return {**config, "quantization_config": said} if isinstance(said, dict) else config


def _length_in(config: Mapping[str, Any], declared: Mapping[str, Any]) -> Any:
    inner = [part for part in config.values() if isinstance(part, dict)]
    found = (part[key] for part in (config, *inner) for key in declared.get("length_keys", ()) if key in part)
    return next(found, None)


def _with_scheme(settings: Settings, config: Mapping[str, Any]) -> Settings:
    """A model may say that its caches are quantised; then they are at least half as wide, and no more is known."""
    said = config.get("quantization_config")
    if settings.cache_width is None and isinstance(said, dict) and any(said.get(key) for key in _SCHEMES):
        return settings._replace(cache_width=1, more=(*settings.more, "the model's own scheme of caches"))
    return settings


def _in_files(facts: Any) -> int | None:
    path = facts.path_of("model.config")
    files: Mapping[str, Any] | None = facts.get("model.files")
    return None if path is None or files is None else in_files(os.path.dirname(path), files)
