"""Of which types another engine's laws hold here, too: the library's own models are asked."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from miners.discovery.model_facts import text_path
from miners.memory.discover import FILE, SCHEMA_VERSION
from miners.process.progress import Progress
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.fit import cache
from pytest_llem_invariants.fit.laws import UnknownSizeError
from pytest_llem_invariants.fit.models import Sizes
from pytest_llem_invariants.fit.store import laws_of
from pytest_llem_invariants.process.forks import in_child
from pytest_llem_invariants.ssot import data_root

_SECONDS: Final = 300.0
_SPARE: Final = 8 * 1024**3
_CHANGES: Final[tuple[Mapping[str, int], ...]] = (
    {},
    {"num_hidden_layers": 3},
    {"vocab_size": 6400},
    {"intermediate_size": 768},
)


def confirm_memory(adapter: EngineAdapter, progress: Progress) -> tuple[dict[str, Any], dict[str, str]]:
    """The settings of an engine, and the types of which it holds what the laws say; and of the others, why not."""
    declared = adapter.ssot.adapter["memory"]
    engine = adapter.ssot.engine
    path = data_root() / "corpora" / declared["laws"] / FILE
    every = json.loads(Path(path).read_text(encoding="utf-8"))["model_types"]
    types = {name: entry for name, entry in every.items() if " " not in name}  # each in its usual form
    without: dict[str, str] = {}
    if declared.get("asked", True):
        version = adapter.import_library()
        asks = importlib.import_module(f"pytest_llem_invariants.engines.{engine}_memory")
        with progress.step("types of models", len(types)) as step:
            for name, entry in types.items():
                why = trouble(asks, str(path), name, entry["architecture"])
                if why is not None:
                    without[name] = why
                step.advance()
    else:
        version, without = adapter.ssot.version, dict.fromkeys(types, "this engine is not asked")
    return {
        "laws": declared["laws"],
        "schema_version": SCHEMA_VERSION,
        "engine": engine,
        "engine_version": version,
        "settings": declared["settings"],
        "confirmed": sorted(types.keys() - without.keys()),
    }, without


def render_confirmed(found: Mapping[str, Any]) -> str:
    return json.dumps(found, indent=1) + "\n"


def trouble(asks: Any, path: str, name: str, architecture: str) -> str | None:
    """Why the laws of a type are not confirmed; None where they are."""

    def answer() -> bytes:
        logging.disable(logging.CRITICAL)
        warnings.simplefilter("ignore")
        with contextlib.redirect_stderr(io.StringIO()):
            return json.dumps(list(_differences(asks, path, name, architecture))).encode()

    data, trouble = in_child(answer, _SECONDS, _SPARE)
    if trouble is not None:
        return trouble
    found: list[str] = json.loads(data)
    return found[0] if found else None


def _differences(asks: Any, path: str, name: str, architecture: str) -> Iterator[str]:
    bare = {"model_type": name, "architectures": [architecture]}
    try:
        whole = asks.configured(bare)
    except Exception as error:
        yield f"{type(error).__name__}: {error}"
        return
    for change in _CHANGES:
        config = _changed(bare, whole, change)
        written = {**asks.configured(config), **bare}
        laws = laws_of(path, written, rounded=False)
        try:
            said = _said(Sizes(laws[1], written)) if laws is not None else None
            held = asks.held(config, architecture)
        except UnknownSizeError as error:
            yield f"not answered: {error}"
            return
        except Exception as error:
            yield f"{type(error).__name__}: {str(error)[:160]}"
            return
        if said != tuple(held):
            yield f"with {change} it holds {held}, the laws say {said}"
            return


def _changed(bare: Mapping[str, Any], whole: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """A config with values at the keys of its text part, where it has them; lists of layers are left to the library."""
    part = text_path(whole)
    inner = whole
    for one in part:
        inner = inner[one]
    found = {key: value for key, value in change.items() if key in inner}
    for one in reversed(part):
        found = {one: found} if found else {}
    return {**bare, **found}


def _said(sizes: Sizes) -> tuple[int, int]:
    parameters = kept = 0
    for part in sizes.tensors(1):
        number = part.item["n"]
        for one in part.sizes:
            number *= one
        parameters += number
    for part in sizes.caches(1):
        if part.item["cache"] not in (cache.FULL, cache.SLIDING):
            raise UnknownSizeError(f"a cache of the kind {part.item['cache']}")
        row = part.sizes["head_size"] + part.sizes.get("head_size_v", 0)
        kept += part.item["n"] * part.sizes["num_kv_heads"] * row
    return parameters, kept
