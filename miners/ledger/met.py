"""`met.json`: what a library refuses of arguments as people write them beside published models, by the statement.

Only the library's answers are kept. What the checker says of these configs is asked anew each time: rules change.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.model import Kwargs
from pytest_llem_invariants.text.bounded import read_text

MET: Final = "met.json"
SCHEMA_VERSION: Final = "1.0.0"
AGAIN: Final = "run llem-mine fuzz ENGINE --models DIR --met FILE"


@final
@dataclass(frozen=True, slots=True)
class Refused:
    """One config that the library refused beside a model on a machine, and the statement that did."""

    model: str
    machine: str
    at: str
    """Empty where the library raised outside its own code."""
    kwargs: Kwargs


@final
@dataclass(frozen=True, slots=True)
class Met:
    """The refusals of one run over published models."""

    engine: str
    engine_version: str
    models: str
    """The folder with their configs, as it was given."""
    asked: int
    """How many configs the library judged."""
    seed: int
    refused: Sequence[Refused]


def render_met(met: Met) -> str:
    """The same text for the same run: a line for each config."""
    head = {
        "schema_version": SCHEMA_VERSION,
        "engine": met.engine,
        "engine_version": met.engine_version,
        "models": met.models,
        "asked": met.asked,
        "seed": met.seed,
    }
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    refused = ",\n".join(f"    {json.dumps(_row(one), sort_keys=True)}" for one in met.refused)
    return "\n".join(["{", *lines, '  "refused": [', *([refused] if refused else []), "  ]", "}", ""])


def load_met(path: Path) -> Met:
    try:
        data: Any = json.loads(read_text(path))
        return Met(
            str(data["engine"]),
            str(data["engine_version"]),
            str(data["models"]),
            int(data["asked"]),
            int(data["seed"]),
            tuple(map(_refused, data["refused"])),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CorpusError(f"not a record of what was met ({type(error).__name__})", path=path, fix=AGAIN) from error


def _row(one: Refused) -> dict[str, Any]:
    return {"at": one.at, "model": one.model, "machine": one.machine, "kwargs": dict(one.kwargs)}


def _refused(data: Mapping[str, Any]) -> Refused:
    if not isinstance(data["kwargs"], dict):
        raise TypeError(data["kwargs"])
    return Refused(str(data["model"]), str(data["machine"]), str(data["at"]), data["kwargs"])


@final
@dataclass(slots=True)
class Counts:
    """How often a statement refused, how many of these configs the checker rejects, and one that it does not."""

    met: int = 0
    told: int = 0
    models: int = 0
    """Of how many models some config is missed."""
    example: Refused | None = None

    @property
    def missed(self) -> int:
        return self.met - self.told


def counted(refused: Iterable[tuple[Refused, bool]]) -> dict[str, Counts]:
    """Statement → how often published models came by it; each config with whether the checker rejects it."""
    found: dict[str, Counts] = {}
    missed: dict[str, set[str]] = {}
    for one, is_told in refused:
        counts = found.setdefault(one.at, Counts())
        counts.met += 1
        counts.told += is_told
        if not is_told:
            counts.example = counts.example or one
            missed.setdefault(one.at, set()).add(one.model)
    for at, models in missed.items():
        found[at].models = len(models)
    return found
