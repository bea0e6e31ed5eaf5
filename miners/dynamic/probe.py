"""Probe one class of the live library and say, as candidates, what its rejections have in common."""

from __future__ import annotations

import difflib
import itertools
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from miners.candidates.candidate import Candidate
from miners.dynamic.allowed import is_plain
from miners.dynamic.explain import Explainer, Explanation
from miners.dynamic.rows import Oracle, Raises, Row
from miners.surface.facts import ClassFacts, FieldFact, is_closed
from miners.surface.fields import Surface, class_of
from miners.surface.types import Choice, alternatives
from pytest_llem_invariants.corpus.names import template_fragments
from pytest_llem_invariants.language.expressions import MISSING, is_number
from pytest_llem_invariants.language.predicates import compile_match, referenced_fields, same
from pytest_llem_invariants.language.values import distinct, fits, holdable, identity, pool, resolve_class
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
    TypedValue,
)

Predicate = Callable[[Kwargs], bool]

_SMALL_PRODUCT: Final = 400
_PER_FIELD: Final = 6
_TOGGLES: Final = 6
_RANDOM_ROWS: Final = 1_200
_VERIFYING_ROWS: Final = 2_000
_ROWS_A_FIELD: Final = 250
"""A class of few fields has few configs that differ."""
FULL_BUDGET: Final = 40_000
"""How many questions the probing of one class may ask."""
_MOST_PAIRED: Final = 8_000
_MOST_PER_GUARD: Final = 200
_MOST_PER_FIELDS: Final = 8
_MOST_ROUNDS: Final = 3
_SEED: Final = 20240229


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
    oracle = Oracle(raises, accepts)
    typed = tuple(surface)
    pools = {
        name: pool(fact, [*_choices(fact), *_objects(fact, surface), *constants.get(name, ())], typed)
        for name, fact in facts.fields.items()
        if fact.settable
    }
    scarce = budget < sum(map(len, pools.values()))
    if not scarce:
        pools = {name: tuple(value for value in values if answers({name: value})) for name, values in pools.items()}
    defaults = {**{name: default_of(facts.fields[name], typed) for name in pools}, **facts.base_kwargs}
    known = Explained(explained)
    toggles = {name: _toggles(facts.fields[name], values) for name, values in pools.items()}
    closed = {name: facts.fields[name] for name in pools if is_closed(facts.fields[name])}
    plain = frozenset(name for name in pools if is_plain(facts.fields[name].types))
    members = {name: _members(fact) for name, fact in closed.items()}
    explainer = Explainer(oracle, pools, defaults, toggles, closed, members, scarce=scarce, plain=plain)
    rows_at_most = _ROWS_A_FIELD * len(pools)
    verified = budget // 10 if scarce else min(_VERIFYING_ROWS, budget // 4, rows_at_most)
    verifying = drawn(facts, pools, verified, fields=(2, 3, 4, 5), odd=0)
    company = [*verifying, *company]
    for kwargs in company:
        oracle(kwargs)
    clustered = [cluster(tuple(names), pools) for names in clusters]
    several = (pairs(facts, pools), drawn(facts, pools, min(random_rows, rows_at_most)))
    if scarce:
        right, wrong = in_turn(pools, facts, fitting=True), in_turn(pools, facts, fitting=False)
        rows = itertools.chain([{}], right, *clustered, company, wrong, *several)
    else:
        rows = itertools.chain([{}], single_field(pools), *clustered, *several, company)
    found: dict[str, Explanation] = {}
    tries: Counter[object] = Counter()

    def explain(seeds: Iterable[Kwargs]) -> None:
        for kwargs in seeds:
            if oracle.asked >= budget:
                return
            row = oracle(kwargs)
            if row.guard is None or known(kwargs) or _is_of_inner_class(row, facts, surface):
                continue
            tries[row.guard] += 1
            tries[row.guard, *sorted(kwargs)] += 1
            if tries[row.guard] > _MOST_PER_GUARD or tries[row.guard, *sorted(kwargs)] > _MOST_PER_FIELDS:
                continue
            for explanation in explainer.explain(row, known):
                candidate = to_candidate(explanation, facts)
                found.setdefault(identity((candidate.fields, candidate.defaults)), explanation)
                known.add(candidate)

    turn, of = share
    shares = {name: position % of for position, name in enumerate(pools)}
    explain(kwargs for kwargs in rows if shares.get(next(iter(kwargs), ""), 0) == turn)
    for _ in range(_MOST_ROUNDS):
        refuted = {key: one for key, one in found.items() if explainer.contradiction(one) is not None}
        if not refuted:
            break
        found = {key: one for key, one in found.items() if key not in refuted}
        known = Explained(explained)
        for one in found.values():
            known.add(to_candidate(one, facts))
        for one in refuted.values():
            for repaired in explainer.repair(one):
                candidate = to_candidate(repaired, facts)
                found.setdefault(identity((candidate.fields, candidate.defaults)), repaired)
                known.add(candidate)
        tries.clear()
        explain(row.kwargs for one in refuted.values() for row in one.rows[:1])
    for one in found.values():
        if explainer.contradiction(one) is None:
            yield to_candidate(one, facts)


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


def default_of(fact: FieldFact, typed: Iterable[str]) -> Any:
    """What stands for a field that is not given: its default or what its factory makes; None where unknown."""
    if fact.default is not MISSING:
        return fact.default if holdable(fact.default) else None
    if fact.required or fact.nullable or not fact.types:
        return None
    name = fact.types[0]
    if name in ("list", "dict", "set", "tuple"):
        return {} if name == "dict" else []
    full = resolve_class(name, typed)
    return None if full is None else TypedValue(full)


def single_field(pools: Mapping[str, tuple[Any, ...]]) -> Iterator[Kwargs]:
    """Every value of every field, alone."""
    for name, values in pools.items():
        for value in values:
            yield {name: value}


def in_turn(pools: Mapping[str, tuple[Any, ...]], facts: ClassFacts, *, fitting: bool) -> Iterator[Kwargs]:
    """One value of every field, then another, so that no field is left out: those of its type, or the others."""
    choices = {
        name: [value for value in values if fits(value, facts.fields[name]) is fitting]
        for name, values in pools.items()
    }
    for rank in range(max(map(len, choices.values()), default=0)):
        yield from ({name: values[rank]} for name, values in choices.items() if rank < len(values))


def cluster(names: tuple[str, ...], pools: Mapping[str, tuple[Any, ...]]) -> Iterator[Kwargs]:
    """The fields of a cluster together: the whole product where it is small, every pair of values where it is not."""
    known = [name for name in names if name in pools]
    choices = [pools[name][:_PER_FIELD] for name in known]
    size = 1
    for values in choices:
        size *= len(values)
    if len(known) > 1 and size <= _SMALL_PRODUCT:
        for values in itertools.product(*choices):
            yield dict(zip(known, values, strict=True))
        return
    for left, right in itertools.combinations(known, 2):
        for one, other in itertools.product(pools[left][:_PER_FIELD], pools[right][:_PER_FIELD]):
            yield {left: one, right: other}


def pairs(facts: ClassFacts, pools: Mapping[str, tuple[Any, ...]], most: int = _MOST_PAIRED) -> Iterator[Kwargs]:
    """Every two fields together, each at a few type-correct values that are not its default."""
    names = list(pools)
    count = len(names) * (len(names) - 1) // 2
    each = 3 if count * 9 <= most else 2 if count * 4 <= most else 1
    few = {name: _beside_default(facts, name, values)[:each] for name, values in pools.items()}
    for left, right in itertools.islice(itertools.combinations(names, 2), most):
        for one, other in itertools.product(few[left], few[right]):
            yield {left: one, right: other}


def _choices(fact: FieldFact) -> list[Any]:
    """The values of a Literal that stands beside other types."""
    return [value for one in alternatives(fact.type) if isinstance(one, Choice) for value in one.values]


def _members(fact: FieldFact) -> tuple[str, ...]:
    return tuple(name for one in alternatives(fact.type) if isinstance(one, Choice) for name in one.names)


def _objects(fact: FieldFact, surface: Surface) -> list[TypedValue]:
    """The object of the surface's class that the field holds, made in a few ways: of one alone no kind can be told."""
    inner = class_of(fact, surface)
    return [] if inner is None else [TypedValue(inner.native_type, example) for example in fact.examples]


def _toggles(fact: FieldFact, values: Iterable[Any]) -> tuple[Any, ...]:
    """A few type-correct values far from each other and from the default: under some of them a guard may vanish."""
    right = [value for value in values if fits(value, fact) and not same(value, fact.default)]
    numbers = sorted(value for value in right if is_number(value) and math.isfinite(value))
    if len(numbers) > _TOGGLES:
        numbers = [numbers[0], *(value for value in right if is_number(value) and value > 0)][: _TOGGLES - 1] + numbers[
            -1:
        ]
    others = [value for value in right if not is_number(value)]
    return distinct([*numbers, *others[:_TOGGLES]])


def _beside_default(facts: ClassFacts, name: str, values: Iterable[Any]) -> list[Any]:
    fact = facts.fields[name]
    return [value for value in values if value is not None and fits(value, fact) and not same(value, fact.default)]


def drawn(
    facts: ClassFacts,
    pools: Mapping[str, tuple[Any, ...]],
    count: int,
    *,
    fields: tuple[int, ...] = (2, 2, 3, 4),
    odd: float = 1 / 3,
) -> Iterator[Kwargs]:
    """Configs of several fields, mostly type-correct, from a fixed seed: what no cluster foresaw."""
    names = list(pools)
    if len(names) < 2:
        return
    source = random.Random(_SEED)
    right = {name: [value for value in values if fits(value, facts.fields[name])] for name, values in pools.items()}
    for _ in range(count):
        chosen = source.sample(names, min(len(names), source.choice(fields)))
        wrong = source.random() < odd
        yield {
            name: source.choice(pools[name] if wrong and position == 0 else right[name] or pools[name])
            for position, name in enumerate(chosen)
        }


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
    messages = [row.exception.message for row in rows if row.exception is not None]
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
