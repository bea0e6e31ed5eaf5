"""The producers, class by class: read the code, lift the types, and probe the library for the rest."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, final

from miners.candidates.candidate import Candidate
from miners.code.imported import ImportedReader
from miners.dynamic.probe import FULL_BUDGET, probe
from miners.dynamic.worlds import Worlds, probe_worlds
from miners.examples.draws import Drawer, words_of
from miners.gate.oracle import Oracle
from miners.process.roles import NO_DYNAMIC_MINER
from miners.static import SiteFinding, mine_class
from miners.static.context import context_reads
from miners.surface.facts import ClassFacts
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.language.expressions import parse
from pytest_llem_invariants.language.inverse import constants_of
from pytest_llem_invariants.language.values import distinct, holdable
from pytest_llem_invariants.model import Kwargs

_WORD: Final = re.compile(r"(?![./]+\Z)[\w.+/-]{1,24}\Z")
"""A possible value that is no folder on every machine: a library may search through a whole folder."""
_MOST_WORDS: Final = 30
_MOST_CHALLENGES: Final = 3_000
_LEAST_CHALLENGES: Final = 200
_CHALLENGES_A_FIELD: Final = 250
"""The limit per field: a class with few fields has few different configs."""
_MOST_IN_WORLDS: Final = 20_000
"""The most questions about one class in other worlds: most of them are about many fields at once."""
_CHANGES: Final = 4
_ODD_ONE_IN: Final = 4
"""One challenge in this many has a wrong type."""


@final
@dataclass(frozen=True, slots=True)
class OneClass:
    """One class of an engine, with the surface around it."""

    adapter: EngineAdapter
    surface: Mapping[str, ClassFacts]
    name: str

    @property
    def facts(self) -> ClassFacts:
        return self.surface[self.name]

    @property
    def budget(self) -> int:
        """The most questions about the class; the SSOT has a limit for classes that answer slowly."""
        entry = self.adapter.ssot.native_type(self.name)
        return FULL_BUDGET if entry is None or entry.probes is None else entry.probes


def read_class(one: OneClass, reader: ImportedReader) -> tuple[SiteFinding, ...]:
    """Run the static miner on one class of an engine."""
    ssot = one.adapter.ssot
    entry = ssot.native_type(one.name)
    steps = () if entry is None else (*entry.build, *entry.validate, *entry.strict)
    return mine_class(
        one.facts,
        one.surface,
        reader,
        engine=ssot.engine,
        context=context_reads(ssot),
        entries=[step.method for step in steps],
    )


def probe_class(
    one: OneClass,
    oracle: Oracle,
    guesses: Iterable[Candidate],
    *,
    explained: Callable[[Kwargs], bool],
    company: Sequence[Kwargs],
    share: tuple[int, int] = (0, 1),
) -> list[Candidate]:
    """Run the dynamic miner on one class or a share of its fields: explain the rejections that no rule explains yet."""
    if NO_DYNAMIC_MINER in one.adapter.ssot.adapter:
        return []
    facts = one.facts
    words = words_in(facts)
    found = probe(
        facts,
        oracle.raises,
        accepts=oracle.accepts,
        answers=oracle.answers,
        constants=_with_words(constants_in(guesses), facts, words),
        clusters=one.adapter.ssot.clusters.get(one.name, ()),
        explained=explained,
        surface=one.surface,
        company=company,
        budget=one.budget // share[1],
        share=share,
    )
    return list(found)


def probe_class_in_worlds(
    one: OneClass, worlds: Worlds, guesses: Iterable[Candidate], *, share: tuple[int, int] = (0, 1)
) -> list[Candidate]:
    """Run the dynamic miner on one class, or a share of it, in other worlds: find rules that depend on a fact."""
    if NO_DYNAMIC_MINER in one.adapter.ssot.adapter or not worlds.names:
        return []
    return probe_worlds(
        one.facts,
        worlds,
        constants=constants_in(guesses),
        surface=one.surface,
        budget=_MOST_IN_WORLDS // share[1],
        share=share,
    )


def challenges_of(one: OneClass) -> Iterator[Kwargs]:
    """Random configs of a class, drawn from its types: they do not depend on predicates or value pools."""
    facts = one.facts
    drawer = Drawer(one.surface, words_of(one.surface, words_in(facts)))
    source = random.Random(f"challenges of {one.name}")
    yield from _of_examples(facts, drawer, source)
    most = min(_MOST_CHALLENGES * one.budget // FULL_BUDGET, _CHALLENGES_A_FIELD * len(facts.fields))
    for position in range(max(_LEAST_CHALLENGES, most)):
        kwargs = drawer.config(source, facts, wrong_typed=position % _ODD_ONE_IN == 0)
        if all(map(holdable, kwargs.values())):
            yield kwargs


def _of_examples(facts: ClassFacts, drawer: Drawer, source: random.Random) -> Iterator[Kwargs]:
    """Each value that the engine's file gives as an example, as it is, with a part changed, and beside each of another
    field: few would be drawn.
    """
    whole = [(fact.keyword, value) for fact in facts.fields.values() for value in fact.whole]
    yield from ({name: value, other: beside} for name, value in whole for other, beside in whole if name < other)
    for fact in facts.fields.values():
        for value in fact.whole:
            yield {fact.keyword: value}
            yield from ({fact.keyword: drawer.changed(source, value)} for _ in range(_CHANGES))


def constants_in(candidates: Iterable[Candidate]) -> Mapping[str, tuple[Any, ...]]:
    """Field → the constants with which the candidates compare it, where its behaviour may change."""
    found: dict[str, list[Any]] = {}
    for candidate in candidates:
        for subject, clauses in candidate.fields.items():
            for field in parse(subject).fields:
                found.setdefault(field, []).extend(constants_of({subject: clauses}))
    return {field: distinct(values) for field, values in found.items()}


def words_in(facts: ClassFacts) -> tuple[str, ...]:
    """The short strings in a class's own code: some of them are values of its text fields."""
    return tuple(word for word in _words_of_code(facts.target) if word not in facts.fields)[:_MOST_WORDS]


@lru_cache(maxsize=8)
def _words_of_code(target: str) -> tuple[str, ...]:
    read = ImportedReader(target.partition(".")[0]).class_at(target)
    if read is None:
        return ()
    strings = (
        node.value for node in ast.walk(read.node) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return tuple(dict.fromkeys(filter(_WORD.match, strings)))


def _with_words(
    constants: Mapping[str, tuple[Any, ...]], facts: ClassFacts, words: tuple[str, ...]
) -> Mapping[str, tuple[Any, ...]]:
    """The constants, and for the fields that may hold text the words as well."""
    texts = [name for name, fact in facts.fields.items() if not fact.types or {"str", "any"} & set(fact.types)]
    return {**constants, **{name: distinct((*constants.get(name, ()), *words)) for name in texts}}
