"""Remove rules that the library refuted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from miners.candidates.outcomes import Cause, Why
from miners.gate.counterexamples import COUNTEREXAMPLES, load_counterexamples
from miners.ledger.files import LEDGER, load_ledger, render_ledger
from pytest_llem_invariants.corpus.files import dump, render_proposed
from pytest_llem_invariants.language.values import distinct, holdable
from pytest_llem_invariants.language.wording import say_value
from pytest_llem_invariants.model import Corpus, Kwargs
from pytest_llem_invariants.text.strict import value_to_data
from pytest_llem_invariants.text.yaml_writer import dump_yaml


def record_counterexamples(path: Path, engine: str, met: Iterable[tuple[str, Kwargs]]) -> int:
    """Add configs that the library accepts and a rule rejected, if a file can store them; returns how many are new."""
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
    """Remove the rules that a random config refuted from a proposed corpus; later builds try that config again."""
    gone = [rule for rule in corpus.rules if rule.id in accused]
    if not gone:
        return
    dump(path, render_proposed(replace(corpus, rules=tuple(rule for rule in corpus.rules if rule.id not in accused))))
    ledger = path.parent / LEDGER
    if ledger.exists():
        why = {name: Why(Cause.CONTRADICTED, config=repr(dict(kwargs))) for name, kwargs in accused.items()}
        dump(ledger, render_ledger(load_ledger(ledger).without(why)))
    for rule in gone:
        yield f"dropped {rule.id}: the library accepts {say_value(dict(accused[rule.id]))}"
    counterexamples = path.with_name(COUNTEREXAMPLES)
    met = ((rule.native_type, accused[rule.id]) for rule in gone)
    added = record_counterexamples(counterexamples, corpus.engine, met)
    yield f"wrote {path} without {len(gone)} rules, and {added} configs into {counterexamples.name}"
