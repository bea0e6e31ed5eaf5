"""Probe one class of the live library and say, as candidates, what its rejections have in common."""

from __future__ import annotations

import difflib
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, final

from miners.candidates.candidate import Candidate
from miners.candidates.claims import Predicate
from miners.dynamic.explain import Explainer, Explanation
from miners.dynamic.probed_fields import answered, fields_with, pools_of
from miners.dynamic.rows import ProbedLibrary, Raises, Row, before_echo
from miners.dynamic.seeds import cluster, drawn, in_turn, pairs, single_field
from miners.surface.facts import ClassFacts
from miners.surface.fields import Surface, class_of
from pytest_llem_invariants.corpus.names import template_fragments
from pytest_llem_invariants.language.predicates import compile_match, referenced_fields
from pytest_llem_invariants.language.values import identity
from pytest_llem_invariants.model import (
    EMPTY,
    AddedBy,
    Channel,
    ExpectedOutcome,
    Kwargs,
    Match,
    MinerSource,
    Outcome,
    Severity,
)

_RANDOM_ROWS: Final = 1_200
_VERIFYING_ROWS: Final = 2_000
_ROWS_A_FIELD: Final = 250
"""A class of few fields has few configs that differ."""
FULL_BUDGET: Final = 40_000
"""How many questions the probing of one class may ask."""
_MOST_PER_GUARD: Final = 200
_MOST_PER_FIELDS: Final = 8
_MOST_ROUNDS: Final = 3


def probe(
    facts: ClassFacts,
    raises: Raises,
    *,
    accepts: Predicate | None = None,
    answers: Predicate = lambda kwargs: True,
    constants: Mapping[str, Iterable[Any]] = EMPTY,
    clusters: Iterable[Iterable[str]] = (),
    explained: Predicate = lambda kwargs: False,
    surface: Surface = EMPTY,
    company: Iterable[Kwargs] = (),
    random_rows: int = _RANDOM_ROWS,
    budget: int = FULL_BUDGET,
    share: tuple[int, int] = (0, 1),
) -> Iterator[Candidate]:
    """Candidates for the rejections of one class that no given rule explains yet.

    `raises` asks the live library, `accepts` whether it does take what it does not reject, and `answers` whether it
    comes back at all: a value of which nothing is known is no way around a guard. `constants` are values
    that the validators compare a field with; `clusters` are groups of fields that occur together in validators;
    `explained` says what confirmed rules claim; the classes of `surface` are those whose typed values may be tried;
    `company` are further configs to learn from; `budget` bounds the questions to the library. Of a `share` (1, 3) the
    second third of the fields is probed, alone and first among several.
    """
    library = ProbedLibrary(raises, accepts)
    pools = pools_of(facts, surface, constants)
    scarce = budget < sum(map(len, pools.values()))
    if not scarce:
        pools = answered(pools, answers)
    rows_at_most = _ROWS_A_FIELD * len(pools)
    verified = budget // 10 if scarce else min(_VERIFYING_ROWS, budget // 4, rows_at_most)
    company = [*drawn(facts, pools, verified, fields=(2, 3, 4, 5), odd=0), *company]
    for kwargs in company:
        library(kwargs)
    clustered = [cluster(tuple(names), pools) for names in clusters]
    several = (pairs(facts, pools), drawn(facts, pools, min(random_rows, rows_at_most)))
    if scarce:
        right, wrong = in_turn(pools, facts, fitting=True), in_turn(pools, facts, fitting=False)
        rows = itertools.chain([{}], right, *clustered, company, wrong, *several)
    else:
        rows = itertools.chain([{}], single_field(pools), *clustered, *several, company)
    turn, of = share
    shares = {name: position % of for position, name in enumerate(pools)}
    explainer = Explainer(library, fields_with(pools, facts, surface), scarce=scarce)
    found = _Found(facts, surface, explainer, explained, budget)
    found.explain(kwargs for kwargs in rows if shares.get(next(iter(kwargs), ""), 0) == turn)
    found.repair()
    yield from found.candidates()


@final
class _Found:
    """The explanations so far of what the library rejects, within a budget of questions."""

    def __init__(
        self, facts: ClassFacts, surface: Surface, explainer: Explainer, explained: Predicate, budget: int
    ) -> None:
        self._facts = facts
        self._surface = surface
        self._explainer = explainer
        self._library = explainer.library
        self._explained = explained
        self._budget = budget
        self._known = Explained(explained)
        self._explanations: dict[str, Explanation] = {}
        self._tries: Counter[object] = Counter()
        """How often a guard was met, in all and with the same fields."""

    def explain(self, seeds: Iterable[Kwargs]) -> None:
        """Explain the rejections of some configs that nothing explains yet."""
        for kwargs in seeds:
            if self._library.asked >= self._budget:
                return
            row = self._library(kwargs)
            if row.guard is None or self._known(kwargs) or _is_of_inner_class(row, self._facts, self._surface):
                continue
            if self._is_tried_enough(row):
                continue
            for explanation in self._explainer.explain(row, self._known):
                self._add(explanation)

    def _is_tried_enough(self, row: Row) -> bool:
        tries = self._tries
        tries[row.guard] += 1
        tries[row.guard, *sorted(row.kwargs)] += 1
        return tries[row.guard] > _MOST_PER_GUARD or tries[row.guard, *sorted(row.kwargs)] > _MOST_PER_FIELDS

    def _add(self, explanation: Explanation) -> None:
        candidate = to_candidate(explanation, self._facts)
        self._explanations.setdefault(identity((candidate.fields, candidate.defaults)), explanation)
        self._known.add(candidate)

    def repair(self) -> None:
        """Replace what the library was seen to contradict, and explain anew what that had explained."""
        for _ in range(_MOST_ROUNDS):
            refuted = {key: one for key, one in self._explanations.items() if self._is_contradicted(one)}
            if not refuted:
                return
            self._explanations = {key: one for key, one in self._explanations.items() if key not in refuted}
            self._known = Explained(self._explained)
            for one in self._explanations.values():
                self._known.add(to_candidate(one, self._facts))
            for one in refuted.values():
                for repaired in self._explainer.repair(one):
                    self._add(repaired)
            self._tries.clear()
            self.explain(row.kwargs for one in refuted.values() for row in one.rows[:1])

    def candidates(self) -> Iterator[Candidate]:
        """What nothing contradicts."""
        for one in self._explanations.values():
            if not self._is_contradicted(one):
                yield to_candidate(one, self._facts)

    def _is_contradicted(self, explanation: Explanation) -> bool:
        return self._explainer.contradiction(explanation) is not None


def _is_of_inner_class(row: Row, facts: ClassFacts, surface: Surface) -> bool:
    """Whether the library speaks of a field of a class that one of these fields holds: that class has its own rules."""
    inner = [location.partition(".") for location in (row.exception.locations if row.exception else ())]
    known = [facts.fields.get(name) for name, _, rest in inner if rest]
    return bool(inner) and len(known) == len(inner) and all(fact and class_of(fact, surface) for fact in known)


class Explained:
    """Whether some predicate claims a config. Those that need a field which is not given are not even asked."""

    def __init__(self, already: Predicate) -> None:
        self._already = already
        self._by_field: dict[str, list[Predicate]] = {}

    def __call__(self, kwargs: Kwargs) -> bool:
        for name in kwargs:
            if any(predicate(kwargs) for predicate in self._by_field.get(name, ())):
                return True
        return self._already(kwargs)

    def add(self, candidate: Candidate) -> None:
        match = Match("", candidate.fields, candidate.defaults)
        compiled = compile_match(match)
        for name in {name.partition(".")[0]: None for name in referenced_fields(match)}:
            self._by_field.setdefault(name, []).append(lambda kwargs: compiled(kwargs, EMPTY))


def to_candidate(explanation: Explanation, facts: ClassFacts) -> Candidate:
    """The explanation in the words of the producers."""
    return Candidate(
        native_type=facts.native_type,
        severity=Severity.ERROR,
        fields=explanation.fields,
        expected=ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION),
        template=template_of(explanation.rows),
        source=_source(explanation.rows, facts),
        added_by=AddedBy.DYNAMIC_MINER,
        defaults=explanation.defaults,
        hints=tuple(row.kwargs for row in explanation.rows),
    )


def _source(rows: Iterable[Row], facts: ClassFacts) -> MinerSource:
    place = next((row.exception.raised_at for row in rows if row.exception and row.exception.raised_at), None)
    path, _, line = (place or "").rpartition(":")
    if path and line.isdigit():
        return MinerSource(path, "", int(line))
    return MinerSource(facts.path, "", facts.line)


def template_of(rows: Iterable[Row]) -> str | None:
    """The part of the messages that does not vary; None where nothing telling is left."""
    messages = [before_echo(row.exception.message) for row in rows if row.exception is not None]
    if not messages:
        return None
    template = _blanked(messages[0], next(iter(rows)).kwargs)
    for message in messages[1:]:
        template = _common(template, message.replace("{", "{{").replace("}", "}}"))
    return template if any(re.search(r"[A-Za-z]{3,}", text) for text in template_fragments(template)) else None


def _blanked(message: str, kwargs: Kwargs) -> str:
    text = message.replace("{", "{{").replace("}", "}}")
    for name, value in kwargs.items():
        for spelled in sorted({repr(value), str(value)}, key=len, reverse=True):
            if len(spelled) > 1 or (spelled.isalnum() and spelled.isdigit()):
                text = re.sub(rf"(?<![\w.]){re.escape(spelled)}(?![\w.]*\w)", f"{{{name}}}", text)
    return text


def _common(template: str, message: str) -> str:
    """Both texts word by word: what they share, and `{…}` where they differ."""
    left, right = re.split(r"(\s+)", template), re.split(r"(\s+)", message)
    parts: list[str] = []
    for tag, low, high, _, _ in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            parts.append("".join(left[low:high]))
        elif not parts or parts[-1] != "{…}":
            parts.append("{…}")
    return "".join(parts)
