"""The version of a source tree."""

from __future__ import annotations

import ast

from miners.surface.source_classes import Skeletons
from pytest_llem_invariants.errors import EngineUnavailableError


def source_version(skeletons: Skeletons) -> str:
    """The version that a tree declares for itself."""
    package = skeletons.names.package
    for module in (f"{package}.version", f"{package}._version", package):
        source = skeletons.names.module(module)
        match None if source is None else source.definitions.get("__version__"):
            case ast.Assign(value=ast.Constant(value=str(version))):
                return version
    raise EngineUnavailableError(
        f"no {package} that says its version is there — give a wheel, or the folder that holds {package}/"
    )
