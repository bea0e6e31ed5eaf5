"""A library that nobody prepared, with a default of every kind, and a project that declares it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CODE = '''
"""A toy."""
import os
import random
import tempfile
import uuid
from dataclasses import InitVar, dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from pydantic import BaseModel, Field
from pydantic.dataclasses import dataclass as checked

if TYPE_CHECKING:
    from somewhere import Elusive

__version__ = "1.2.3"
__commit_id__ = "g0123abc"
PROCESSORS = os.cpu_count()
EARLY = os.environ.get("TOY_EARLY", "no")
SCRATCH = tempfile.gettempdir()
ORDER = list({"alpha", "beta", "gamma", "delta", "epsilon", "zeta"})


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Opaque:
    pass


def token():
    return uuid.uuid4().hex


def broken():
    raise OSError("no such device")


@dataclass
class InnerConfig:
    """What lies inside.

    More words.
    """

    size: int = 1


@dataclass
class MachineConfig:
    """Defaults that only the machine at hand knows."""

    workers: int = PROCESSORS
    half: int = field(default_factory=lambda: os.cpu_count() // 2)
    scratch: str = SCRATCH
    home: str = field(default_factory=lambda: os.path.expanduser("~"))
    here: str = field(default_factory=os.getcwd)
    order: list[str] = field(default_factory=lambda: list(ORDER))
    token: str = field(default_factory=token)
    level: str = field(default_factory=lambda: os.environ.get("TOY_LEVEL", "info"))
    early: str = EARLY
    mode: str = os.getenv("TOY_MODE", "fast")
    seed: float = field(default_factory=random.random)
    device: str = field(default_factory=broken)
    handle: Any = Opaque()
    plain: int = field(default_factory=lambda: 3)
    words: tuple[str, ...] = ("a", "b")
    inner: InnerConfig = field(default_factory=InnerConfig)
    colour: Colour = Colour.RED
    _hidden: int = 0
    derived: int = field(default=0, init=False)
    given: InitVar[int] = 5


@checked
class CheckedConfig:
    """Checked by pydantic."""

    ratio: float = Field(default=0.5, ge=0, le=1)
    """How much of it.

    In two paragraphs."""
    mode: Literal["fast", "slow"] | None = None
    """Deprecated: use `speed` instead."""
    speed: Annotated[int, Field(gt=0)] = 1
    strange: "Elusive | None" = None
    told: int = Field(default=1, description="Told by the field.")
    needed: str = Field(kw_only=True)


class Request(msgspec.Struct):
    """One request."""

    top_k: int = 0
    stop: list[str] = []


class LegacyConfig:
    """A class of old.

    Args:
        bits (`int`, *optional*, defaults to 4):
            The number of bits
            to use.
        version (`str` or `Colour`):
            Which version.
    """

    def __init__(self, bits: int = 4, version=None, *, level=SCRATCH, **kwargs):
        self.bits = bits
        self.group = kwargs.pop("group", 128)
        self.names = kwargs.pop("names", version)
'''

SSOT = """
engine: toy
library: toyengine
version: "1.2.3"
image: docker.io/library/toy:1.2.3
miner_pins: {static: ">=1", dynamic: ">=1", discovery: ">=1,<2", invariants: ">=1", schemas: ">=1"}
native_types:
  toyengine.*: {class: "toyengine:*Config", namespace: toy.engine}
  toyengine.Request: {class: "toyengine:Request", namespace: toy.sampling}
landmarks: ["toyengine:MachineConfig"]
"""


def install(place: Path, code: str = CODE, version: str = "1.2.3") -> Path:
    """Write the library and the project that declares it; the project's folder."""
    site = place / "site"
    (site / "toyengine").mkdir(parents=True)
    (site / "toyengine" / "__init__.py").write_text(code, encoding="utf-8")
    (site / "toyengine" / "_version.py").write_text('commit_id = "g0123abc"\n', encoding="utf-8")
    info = site / f"toyengine-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: toyengine\nVersion: {version}\n", encoding="utf-8")
    project = place / "project"
    (project / "engine_versions").mkdir(parents=True)
    (project / "engine_versions" / "toy.yaml").write_text(SSOT, encoding="utf-8")
    (project / "corpora" / "toy").mkdir(parents=True)
    return project


def mine(project: Path, *arguments: str, hash_seed: str = "0", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run llem-mine in a project, as one would in a shell."""
    root = Path(__file__).resolve().parents[2]
    path = os.pathsep.join([str(project.parent / "site"), str(root)])
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LLEM_")}
    settings = {"PYTHONPATH": path, "PYTHONHASHSEED": hash_seed, "LLEM_FROZEN_AT": "2026-01-02T03:04:05Z"}
    return subprocess.run(
        [sys.executable, "-c", "import sys; from miners.cli import main; sys.exit(main())", *arguments],
        cwd=project,
        env={**inherited, **settings, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
