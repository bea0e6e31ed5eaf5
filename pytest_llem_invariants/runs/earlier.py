"""A whole run that an engine's corpus had, kept in the store to be reused: of no use after any damage."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, final

from pytest_llem_invariants.runs.store import Drawer, Store

FORMAT: Final = 1
_NAME: Final = "run"


@final
@dataclass(frozen=True, slots=True)
class Earlier:
    """What a run said, and all that it depends on."""

    engine: str
    version: str
    corpus: str
    """The digest of the corpus's text."""
    validated: str
    """The digest of the validated file that it left, or found to be right."""
    soundness: bool
    rules: int
    at: str
    certification: str
    surroundings: Mapping[str, str]
    files: Mapping[str, str]
    """Each file that the library read, and its fingerprint."""


def place_of(corpus: Path, validated: Path) -> Drawer:
    """Where the run of a corpus is kept."""
    return Drawer("run", hashlib.sha256(f"{corpus}\0{validated}".encode("utf-8", "surrogateescape")).hexdigest(), "")


def keep(store: Store, place: Drawer, run: Earlier) -> None:
    """Write it at once: a reader sees the old one or the new one."""
    store.write(place, {_NAME: json.dumps({"format": FORMAT, **asdict(run)}, sort_keys=True).encode()})


def read(store: Store, place: Drawer) -> Earlier | None:
    """The run that is kept; None where there is none, or where it is not as it was written."""
    try:
        data: dict[str, Any] = json.loads(store.read(place).get(_NAME, b"{}"))
        return Earlier(**data) if data.pop("format") == FORMAT else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
