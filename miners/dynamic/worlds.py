"""Probe one class of the live library in other worlds: which of its rejections hang on a fact, and how.

What is accepted in the default world is put into packs of many fields, and each pack is asked about in each world: one
question tells of all of them. What is rejected there, and what the default world rejects without a known reason, is
looked at by itself.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, final

from miners.candidates.candidate import Candidate
from miners.candidates.claims import Predicate
from miners.dynamic.bare_worlds import refused_bare
from miners.dynamic.explain import Explanation
from miners.dynamic.probe import Explained, to_candidate
from miners.dynamic.probed_fields import Pools, ProbedFields, choices_of, fields_with, members_of, pools_of
from miners.dynamic.rows import Row
from miners.dynamic.world_relations import Relations
from miners.dynamic.world_rows import (
    MOST_COUNTED,
    AcceptsIn,
    AskIn,
    Context,
    Facts,
    WorldLibrary,
    fields_of,
    is_fact,
    shortened,
)
from miners.surface.facts import ClassFacts, FieldFact, is_closed
from miners.surface.fields import Surface
from pytest_llem_invariants.language.expressions import is_number
from pytest_llem_invariants.language.kinds import same
from pytest_llem_invariants.language.predicates import referenced_fields
from pytest_llem_invariants.language.values import by_identity, distinct, fits, identity
from pytest_llem_invariants.model import EMPTY, ContextField, Kwargs, Match

_PACKS: Final = 8
_SMALLEST_PACK: Final = 4
_LARGEST_PACK: Final = 48
"""All fields of a class go into so many packs, of so many fields each."""
_TWICE: Final = 2
_VALUES: Final = 4
"""So many values of an open field are tried in each world."""
_MOST_WORDS: Final = 40
_MOST_PER_GUARD: Final = 12
_MOST_PER_FIELDS: Final = 2
_Pack = tuple[tuple[str, Any], ...]


@final
@dataclass(frozen=True, slots=True)
class Worlds:
    """How a class is asked in other worlds."""

    raises: AskIn
    accepts: AcceptsIn
    declared: Mapping[str, ContextField]
    names: tuple[str, ...]
    """The facts that are made other ones."""
    explained: Callable[[Kwargs, Context], bool] = lambda kwargs, context: False
    """Whether a proven rule claims a config there."""


def probe_worlds(
    facts: ClassFacts,
    worlds: Worlds,
    *,
    budget: int,
    surface: Surface = EMPTY,
    constants: Mapping[str, Iterable[Any]] = EMPTY,
    share: tuple[int, int] = (0, 1),
) -> list[Candidate]:
    """Candidates for what the library rejects in some worlds and not in others, as `probe` has them for one world."""
    told = Facts.of(worlds.declared, worlds.names)
    if not told.named:
        return []
    turn, of = share
    known = pools_of(facts, surface, constants)
    mine = {name for position, name in enumerate(known) if position % of == turn}
    pools = {name: tuple(value for value in known[name] if fits(value, facts.fields[name])) for name in sorted(known)}
    pools = {name: values for name, values in pools.items() if name not in facts.base_kwargs}
    pools = {name: distinct((*values, *members_of(facts.fields[name]))) for name, values in pools.items()}
    fields = fields_with(pools, facts, surface)
    fields = replace(fields, defaults={**fields.defaults, **told.defaults})
    words = {
        name: [*choices_of(facts.fields[name]), *facts.fields[name].words, *constants.get(name, ())] for name in pools
    }
    values = {name: _tried(facts.fields[name], fields, words[name], told) for name in pools if name in mine}
    library = WorldLibrary(told, worlds.raises, worlds.accepts)
    found = _Found(facts, told, lambda row: worlds.explained(*told.split(row)))
    relations = Relations(library, told, fields)
    for explanation in refused_bare(library, told) if turn == 0 else ():
        found.add([explanation])
    for row in _Search(library, told, values, budget).rejections():
        if library.asked_elsewhere >= budget:
            break
        if not found.is_known(row):
            found.add(relations.explain(row))
    return found.candidates


def _tried(fact: FieldFact, fields: ProbedFields, words: Iterable[Any], told: Facts) -> tuple[Any, ...]:
    """The values of a field to try in each world: all of a closed one, the words of text, of numbers also what the
    world may say.
    """
    default = fields.defaults.get(fact.name)
    values = fields.pools[fact.name] if is_closed(fact) else _few(fields.toggles[fact.name])
    words = [word for word in words if isinstance(word, str) and fits(word, fact)]
    if any(is_number(value) for value in values):
        numbers = [one for alias in told.defaults for one in told.others(alias) if type(one) is int]
        values = (*values, *(one for one in numbers if one <= MOST_COUNTED and fits(one, fact)))
    return distinct(
        value for value in (*values, *words[:_MOST_WORDS]) if value is not None and not same(value, default)
    )


def _few(values: Sequence[Any]) -> tuple[Any, ...]:
    """The first of the values and the last."""
    return tuple(values) if len(values) <= _VALUES else (*values[: _VALUES - 1], values[-1])


@final
class _Found:
    """What was told so far of rejections that hang on the world."""

    def __init__(self, facts: ClassFacts, told: Facts, explained: Predicate) -> None:
        self._facts = facts
        self._told = told
        self._known = Explained(explained)
        self._found: dict[str, Candidate] = {}
        self._tries: Counter[object] = Counter()

    @property
    def candidates(self) -> list[Candidate]:
        return list(self._found.values())

    def is_known(self, row: Row) -> bool:
        """Whether a rejection is claimed already, or others like it were looked at often enough."""
        if self._known(row.kwargs):
            return True
        changed = tuple(name for name, value in self._told.defaults.items() if not same(row.kwargs[name], value))
        names = (*fields_of(row.kwargs), *changed)
        self._tries[row.guard] += 1
        self._tries[row.guard, names] += 1
        return self._tries[row.guard] > _MOST_PER_GUARD or self._tries[row.guard, names] > _MOST_PER_FIELDS

    def add(self, explanations: Iterable[Explanation]) -> None:
        """Keep what speaks of a fact."""
        for explanation in explanations:
            spoken = referenced_fields(Match("", explanation.fields))
            if any(map(is_fact, spoken)):
                rows = tuple(shortened(one, (*fields_of(one.kwargs), *spoken)) for one in explanation.rows)
                candidate = to_candidate(replace(explanation, rows=rows), self._facts)
                self._known.add(candidate)
                self._found.setdefault(identity((candidate.fields, candidate.defaults)), self._told.told(candidate))


@final
class _Search:
    """The rejections that may hang on the world: of single values, and of several together where none is at fault."""

    def __init__(self, library: WorldLibrary, facts: Facts, values: Pools, budget: int) -> None:
        self._library = library
        self._facts = facts
        self._values = values
        self._budget = budget

    def rejections(self) -> Iterator[Row]:
        """Those of the default world first; then world by world what was accepted before."""
        if not self._library.accepts({}):
            return
        singles = [{name: value} for name, values in self._values.items() for value in values]
        rows = self._library.all(singles)
        yield from (row for row in (*rows, *self._switched_on()) if row.guard is not None and not _is_of_types(row))
        accepted: dict[str, list[Any]] = {}
        for row in self._library.taken(rows):
            (name,) = fields_of(row.kwargs)
            accepted.setdefault(name, []).append(row.kwargs[name])
        names = tuple(filter(self._facts.is_tried, self._facts.defaults))
        yield from self._around({}, list(self._packs({}, _ranked(accepted))), names)

    def _switched_on(self) -> Iterator[Row]:
        """The values of each field of which none is accepted alone, beside a switch with which one is."""
        switches = [{name: True} for name, values in self._values.items() if any(value is True for value in values)]
        for name, values in self._values.items():
            alone = [{name: value} for value in values]
            if not any(map(self._library.accepts, alone)):
                beside = (one for one in switches if any(self._library.accepts({**one, **kwargs}) for kwargs in alone))
                yield from self._library.all(
                    {**one, **kwargs} for one in itertools.islice(beside, 1) for kwargs in alone
                )

    def _around(self, home: Kwargs, packs: Sequence[_Pack], names: Sequence[str]) -> Iterator[Row]:
        """What other worlds than this reject of the packs that are accepted in it."""
        gates = [name for name in names if self._facts.is_gate(name)]
        for name in (*gates, *(name for name in names if name not in gates)):
            for value in self._facts.others(name):
                world = {**home, name: value}
                if self._library.asked_elsewhere >= self._budget or not self._library.accepts(world):
                    continue
                yield from self._rejected(world, packs)
                if name in gates:
                    within = [one for pack in packs for one in self._packs(world, [pack])]
                    rest = [other for other in names if other not in gates]
                    yield from self._around(world, within, rest)
                    kept = by_identity(itertools.chain.from_iterable(within))
                    lost = {key: one for key, one in by_identity(itertools.chain(*packs)).items() if key not in kept}
                    yield from self._moved(world, [lost[key] for key in sorted(lost)], rest)

    def _moved(self, home: Kwargs, lost: Iterable[tuple[str, Any]], names: Sequence[str]) -> Iterator[Row]:
        """What worlds reject around those that take what this one does not: by how much each takes."""
        left = list(lost)
        elsewhere = [(name, value) for name in names for value in self._facts.others(name) if left]
        taking = []
        for name, value in elsewhere:
            world = {**home, name: value}
            if self._library.accepts(world):
                taking.append((name, world, [one for one in left if self._library.accepts({**world, **dict([one])})]))
        for name, world, taken in sorted(taking, key=lambda one: -len(one[2])):
            taken = [one for one in taken if one in left]
            left = [one for one in left if one not in taken]
            by_field: dict[str, list[Any]] = {}
            for field, value in taken:
                by_field.setdefault(field, []).append(value)
            packs = list(self._packs(world, _ranked(by_field)))
            yield from self._around(world, packs, [other for other in names if other != name]) if packs else ()

    def _rejected(self, world: Kwargs, packs: Iterable[_Pack]) -> Iterator[Row]:
        for pack in packs:
            yield from self._culprits(world, pack)

    def _culprits(self, world: Kwargs, pack: _Pack) -> list[Row]:
        """The single values of a pack that are rejected in a world; all that is left of it where none is alone."""
        row = self._library({**world, **dict(pack)})
        if row.guard is None:
            return []
        if len(pack) == 1:
            return [row]
        half = len(pack) // 2
        return [*self._culprits(world, pack[:half]), *self._culprits(world, pack[half:])] or [row]

    def _packs(self, world: Kwargs, packs: Iterable[_Pack]) -> Iterator[_Pack]:
        """The packs in parts so large that the library accepts each in a world."""
        for pack in packs:
            if self._library.accepts({**world, **dict(pack)}):
                yield pack
            elif len(pack) > 1:
                half = len(pack) // 2
                yield from self._packs(world, [pack[:half], pack[half:]])


def _ranked(values: Mapping[str, Sequence[Any]]) -> Iterator[_Pack]:
    """The values of many fields, one of each in a pack.

    What is given beside a value may be what its check looks away from, so the first ones are also put among others.
    """
    size = min(_LARGEST_PACK, max(_SMALLEST_PACK, -(-len(values) // _PACKS)))
    for rank in range(max(map(len, values.values()), default=0)):
        row = [(name, of_it[rank]) for name, of_it in values.items() if rank < len(of_it)]
        yield from (tuple(row[start : start + size]) for start in range(0, len(row), size))
        if rank < _TWICE:
            count = -(-len(row) // size)
            yield from (tuple(row[start::count]) for start in range(count if count > 1 else 0))


def _is_of_types(row: Row) -> bool:
    """Whether no check of the library's own code rejects it, but a declared type: no world changes that.

    A check of its own may name the one field that is given, and compare it with what the world says all the same.
    """
    return row.exception is None or row.exception.raised_at is None
