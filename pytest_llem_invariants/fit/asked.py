"""From a checked document and the facts beside it to a question about memory."""

from __future__ import annotations

import os

from pytest_llem_invariants.fit.answer import Device, Question
from pytest_llem_invariants.fit.settings import settings_of
from pytest_llem_invariants.fit.store import laws_of, laws_path
from pytest_llem_invariants.fit.weights import in_files

_SCHEMES = ("kv_cache_scheme", "kv_cache_quant_algo", "kv_cache_quant_method")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.checker import Checker
    from pytest_llem_invariants.checker.core import World
    from pytest_llem_invariants.checker.routed import Routed
    from pytest_llem_invariants.fit.settings import Settings


def question_of(checker: Checker, routed: Sequence[Routed], world: World, root: str | None = None) -> Question | None:
    """The question that a document asks; None where no model, no device, or no laws are known.

    Raise UnknownSizeError where a setting has the library do what is not counted.
    """
    from pytest_llem_invariants.checker.store import data_root

    config, memory = world.facts.get("model.config"), world.facts.get("device.memory")
    if type(config) is not dict or type(memory) is not int:
        return None
    found = laws_of(laws_path(data_root(root), checker.engine), config)
    if found is None:
        return None
    head, entry = found
    declared = head["settings"]
    given = [part.kwargs for part in routed if part.native_type == declared["class"]]
    if not given:
        return None
    known = checker.beside(given[0], None, world)
    length = known.get(declared["length"])
    return Question(
        entry=entry,
        config=config,
        settings=_with_scheme(settings_of(given[0], declared), config),
        device=Device(memory, world.facts.get("device.count"), "device.name" in world.facts),
        utilization=declared["utilization"],
        most_length=length if type(length) is int and length > 0 else None,
        in_files=_in_files(world.facts),
    )


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
