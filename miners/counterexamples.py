"""Configs that once refuted a rule: every later build puts them to its rules, so that no such rule comes back.

The fuzz finds them by chance, among a hundred thousand; a build tries fewer. Where the fuzz takes a refuted rule out,
the next build narrows it or loses it by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from miners.facts import ClassFacts
from miners.ledger.files import LEDGER, load_ledger, render_ledger
from pytest_llem_invariants.corpus import dump, render_proposed
from pytest_llem_invariants.model import Corpus, Kwargs, TypedValue
from pytest_llem_invariants.strict import Section, value_to_data
from pytest_llem_invariants.values import distinct, holdable
from pytest_llem_invariants.wording import say_value
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


def drop_accused(path: Path, corpus: Corpus, accused: Mapping[str, Kwargs]) -> Iterator[str]:
    """Take out of a proposed corpus the rules that a random config refuted; later builds are put to that config."""
    gone = [rule for rule in corpus.rules if rule.id in accused]
    if not gone:
        return
    dump(path, render_proposed(replace(corpus, rules=tuple(rule for rule in corpus.rules if rule.id not in accused))))
    ledger = path.parent / LEDGER
    if ledger.exists():
        why = {
            name: f"fires on a config that the library accepts: {dict(kwargs)!r}" for name, kwargs in accused.items()
        }
        dump(ledger, render_ledger(load_ledger(ledger).without(why)))
    for rule in gone:
        yield f"dropped {rule.id}: the library accepts {say_value(dict(accused[rule.id]))}"
    counterexamples = path.with_name(COUNTEREXAMPLES)
    met = ((rule.native_type, accused[rule.id]) for rule in gone)
    added = record_counterexamples(counterexamples, corpus.engine, met)
    yield f"wrote {path} without {len(gone)} rules, and {added} configs into {counterexamples.name}"


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
