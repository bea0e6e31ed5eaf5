"""Configs that once refuted a rule: every later build tries them on its rules, so no such rule returns.

The fuzz finds them by chance among a hundred thousand configs; a build tries fewer. If the fuzz removes a refuted rule,
the next build narrows it or loses it by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from miners.surface.facts import ClassFacts
from pytest_llem_invariants.model import Kwargs, TypedValue
from pytest_llem_invariants.text.strict import Section
from pytest_llem_invariants.text.yaml_reader import read_document

COUNTEREXAMPLES: Final = "counterexamples.yaml"
Counterexamples = Mapping[str, tuple[Kwargs, ...]]
"""By native type, in the order of their discovery."""


def load_counterexamples(path: Path) -> Counterexamples:
    """The contents of the file; empty if there is none."""
    if not path.exists():
        return {}
    document = read_document(path)
    top = Section(document, (), document.data)
    top.only(("engine", "accepted"))
    found: dict[str, tuple[Kwargs, ...]] = {}
    for entry in top.parts("accepted"):
        entry.only(("native_type", "kwargs"))
        name = entry.text("native_type")
        found[name] = (*found.get(name, ()), entry.values("kwargs"))
    return found


def known_to(surface: Mapping[str, ClassFacts], counterexamples: Counterexamples) -> Counterexamples:
    """Those with fields and classes of this version of the library."""
    return {
        name: tuple(kwargs for kwargs in configs if _has(surface, TypedValue(name, kwargs)))
        for name, configs in counterexamples.items()
    }


def _has(surface: Mapping[str, ClassFacts], value: Any) -> bool:
    if isinstance(value, TypedValue):
        facts = surface.get(value.type)
        if facts is None or not value.kwargs.keys() <= facts.fields.keys():
            return False
        return all(_has(surface, inner) for inner in value.kwargs.values())
    if isinstance(value, Mapping):
        return all(_has(surface, inner) for inner in value.values())
    return not isinstance(value, list) or all(_has(surface, inner) for inner in value)
