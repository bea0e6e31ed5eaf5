"""How a recipe makes an environment for a version, and a digest of all that it depends on."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.ssot import Ssot

_TAIL: Final = 12


def calls_of(ssot: Ssot, version: str) -> list[tuple[str, ...]]:
    """The arguments for each call of `pip install` for a version."""
    if not ssot.recipe:
        raise MinerError(f"{ssot.engine} has no recipe — say in {ssot.path.name} what to install")
    return [call.arguments for call in ssot.recipe if call.when is None or call.when.contains(version)]


def recipe_digest(ssot: Ssot, version: str) -> str:
    """A digest of the environment that a version needs: its recipe, and the requirement files that it names."""
    texts = [sys.version, version]
    for arguments in calls_of(ssot, version):
        texts.extend(arguments)
        files = (ssot.path.parent / argument for argument in arguments)
        texts.extend(path.read_text(encoding="utf-8") for path in files if path.is_file())
    return digest(texts)


def pip_in(venv: Path) -> list[str]:
    return [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet"]


def own_requirement() -> str:
    """This package as pip installs it elsewhere, where there is no source of it."""
    from importlib.metadata import version

    return f"pytest-llem-invariants=={version('pytest-llem-invariants')}"


def digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def tail(log: Path) -> str:
    if not log.exists():
        return ""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL:])
