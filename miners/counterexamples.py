"""Configs that once refuted a rule: every later build puts them to its rules, so that no such rule comes back.

The fuzz finds them by chance, among a hundred thousand; a build tries fewer. Where the fuzz takes a refuted rule out,
the next build narrows it or loses it by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from miners.facts import ClassFacts
from pytest_llem_invariants.corpus import dump
from pytest_llem_invariants.model import Kwargs, TypedValue
from pytest_llem_invariants.strict import Section, value_to_data
from pytest_llem_invariants.values import distinct, holdable
from pytest_llem_invariants.yaml_writer import dump_yaml
from pytest_llem_invariants.yamlio import read_document

COUNTEREXAMPLES: Final = "counterexamples.yaml"
Counterexamples = Mapping[str, tuple[Kwargs, ...]]
"""By native type, in the order in which they were met."""


def load_counterexamples(path: Path) -> Counterexamples:
    """What the file holds; nothing where there is none."""
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


def record_counterexamples(path: Path, engine: str, met: Iterable[tuple[str, Kwargs]]) -> int:
    """Add configs that the library accepts and a rule rejected; how many are new. What no file can hold stays out."""
    known = load_counterexamples(path)
    together = {name: list(configs) for name, configs in known.items()}
    for name, kwargs in met:
        if holdable(dict(kwargs)):
            together.setdefault(name, []).append(kwargs)
    now = {name: tuple(distinct(configs)) for name, configs in sorted(together.items())}
    added = sum(map(len, now.values())) - sum(map(len, known.values()))
    if added:
        accepted = [
            {"native_type": name, "kwargs": value_to_data(dict(kwargs))}
            for name, configs in now.items()
            for kwargs in configs
        ]
        dump(path, dump_yaml({"engine": engine, "accepted": accepted}))
    return added


def known_to(surface: Mapping[str, ClassFacts], counterexamples: Counterexamples) -> Counterexamples:
    """Those that speak of fields and classes which this version of the library has."""
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
