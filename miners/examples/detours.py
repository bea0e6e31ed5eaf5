"""Lead a candidate past earlier checks: its effect shows only in a config that no check rejects before.

The condition of a candidate does not include the checks before it. If another check rejects the simplest config that
satisfies it, the next config must also satisfy the negated condition of that check.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, final

from miners.candidates.candidate import Candidate
from miners.examples.checks import Checks
from miners.examples.companions import companions
from miners.examples.conditions import asks_for_nan, condition_of, held, in_full, possible
from miners.examples.search import Search
from miners.examples.space import SearchSpace
from miners.logic.as_rule import fields_of
from miners.logic.cases import to_dnf_in_part
from miners.logic.formulas import (
    Atom,
    Conjunction,
    Formula,
    all_of,
    negate,
)
from miners.symbolic.opacity import OUTSIDE
from pytest_llem_invariants.language.expressions import MISSING, parse, read_path
from pytest_llem_invariants.language.values import identity
from pytest_llem_invariants.model import (
    Clause,
    ContextField,
    Kwargs,
    Observation,
    ObservedException,
)
from pytest_llem_invariants.replay.contexts import default_context

NO_VERDICT: Final = "environment"
ACCEPTED: Final = "nowhere"
_MOST_CASES: Final = 8
MOST_ASKED: Final = 40
_MOST_CHECKS: Final = 4
_MOST_WAYS: Final = 40
_STEPS: Final = 1_500
_STEPS_EACH: Final = 150
"""The most steps to combine the values of one case, and of one choice of its fields: there are many cases."""
OF_TEXT: Final = frozenset({"matches", "not_matches"})
_FIRST_CONFIGS: Final = 6
_MOST_LOOKED_AT: Final = 60
_STOPS: Final = (1, 3)
"""How many configs of one case are followed to the check that stops them: one first, then more, if none came past."""

Observe = Callable[[Kwargs, Mapping[str, Any]], Observation]
Shows = Callable[[Kwargs, Mapping[str, Any]], bool]


@final
@dataclass(frozen=True, slots=True)
class Detour:
    """How far a candidate came."""

    past: Candidate | None
    """The candidate with an example that comes past the earlier checks; None if none was found."""
    ends: tuple[str, ...] = ()
    """Where every path ended, if all were followed: a line, `environment` or `nowhere`."""
    asked: int = 0
    """The number of configs that the library was asked about."""
    sealed: str = ""
    """The first of the checks that stop every config of the condition: it contradicts them. Empty if there are none."""


@dataclass(frozen=True, slots=True)
class _Way:
    """The goal for the next configs: satisfy the condition, and come past the checks met so far."""

    formula: Formula
    defaults: Mapping[str, Any]
    tripped_at: str | None = None
    """The line at which a config without one more object failed; a config that fails there again makes no progress."""
    short_of: str | None = None
    """The check with an opaque guard at which the path ends if no config satisfies the formula; None without one."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One case of a condition, with the first configs that satisfy it."""

    literals: Conjunction
    fields: Mapping[str, tuple[Clause, ...]]
    context: Mapping[str, Any]
    configs: tuple[Kwargs, ...]


@dataclass(frozen=True, slots=True)
class _Tried:
    """The results for the first configs of a case."""

    past: Candidate | None = None
    """The candidate with an example of the case that shows it."""
    ends: tuple[str, ...] = ()
    """The ends of configs that no check stopped, or whose check cannot be passed."""
    stopped: tuple[tuple[_Way, ...], ...] = ()
    """The paths past each check that stopped one."""


@dataclass(frozen=True, slots=True)
class _Trail:
    """Where the paths of one walk led so far."""

    seen: set[Formula] = field(default_factory=set)
    ends: dict[str, None] = field(default_factory=dict)
    unsaid: dict[str, None] = field(default_factory=dict)

    def follow_on(self, tried: _Tried) -> Iterator[_Way]:
        """Record where the configs of a case ended, and return the paths past the checks that stopped them."""
        self.ends.update(dict.fromkeys(tried.ends))
        for ways in tried.stopped:
            yield from self._unseen(ways)

    def _unseen(self, ways: Sequence[_Way]) -> list[_Way]:
        """The paths that lead to new formulas."""
        self.unsaid.update((one.short_of, None) for one in ways if one.short_of is not None)
        found = [one for one in ways if one.formula not in self.seen]
        self.seen.update(one.formula for one in ways)
        return found

    def told(self) -> tuple[str, ...]:
        return tuple(self.ends or self.unsaid)


def detour(
    candidate: Candidate, space: SearchSpace, checks: Checks, observe: Observe, shows: Shows, most: int = MOST_ASKED
) -> Detour:
    """Lead a candidate past the earlier checks, the path that came furthest first, with at most `most` configs.

    If it comes past them only in some context, the context becomes part of the candidate's condition.
    """
    walk = _Walk(candidate, space, checks, observe, shows, most)
    ends: tuple[str, ...] = ()
    for stops in _STOPS:
        past, ends = walk.follow(stops)
        if past is not None:
            return Detour(past, asked=walk.asked)
    return Detour(None, ends, walk.asked, walk.sealed())


@final
class _Walk:
    """The walk from the condition itself past one check after the other."""

    def __init__(
        self, candidate: Candidate, space: SearchSpace, checks: Checks, observe: Observe, shows: Shows, most: int
    ) -> None:
        self._candidate = candidate
        self._space = space
        self._checks = checks
        self._observe = observe
        self._shows = shows
        self._most = most
        own = Search(candidate.fields, candidate.defaults, space, steps=_STEPS, steps_each=_STEPS_EACH)
        self._looks_before_types = not any(map(own.is_of_type, itertools.islice(own.positives(), _MOST_LOOKED_AT)))
        self._asked: set[str] = set()
        self._stops: dict[Conjunction, list[tuple[str, Formula]]] = {}
        """Case → the checks that stopped a config of it, with their whole conditions."""
        self._known: dict[tuple[Conjunction, str, int], _Case] = {}
        self._refused: set[Conjunction] = set()
        """The cases that only values of undeclared types satisfy, as far as the search tried."""

    @property
    def asked(self) -> int:
        return len(self._asked)

    def follow(self, stops: int) -> tuple[Candidate | None, tuple[str, ...]]:
        """The candidate with its example, or the ends of the paths; at most `stops` checks per case are followed."""
        trail = _Trail()
        open_ = [_Way(condition_of(self._candidate), dict(self._candidate.defaults))]
        for _ in range(_MOST_WAYS):
            if not open_:
                return None, trail.told()
            way = open_.pop(0)
            further: list[_Way] = []
            cases = self._cases(way.formula)[:_MOST_CASES]
            if not cases and way.short_of is not None:
                trail.ends.setdefault(way.short_of)
            for case in cases:
                tried = self._through(self._found(case, way), way, stops)
                if tried.past is not None or self.asked > self._most:
                    return tried.past, ()
                further.extend(trail.follow_on(tried))
            open_ = [*further, *open_]
        return None, ()

    def _found(self, literals: Conjunction, way: _Way) -> _Case:
        """The first configs of a case. They are kept: the case occurs again with more stops, or on another path."""
        most = 1 if self._checks.leave_no_verdict(literals) else _FIRST_CONFIGS
        key = literals, identity(way.defaults), most
        if key not in self._known:
            self._known[key] = self._look_for(literals, way, most)
        return self._known[key]

    def _look_for(self, literals: Conjunction, way: _Way, most: int) -> _Case:
        fields = {subject: clauses for subject, clauses in fields_of(literals).fields.items() if clauses}
        search = Search(fields, way.defaults, self._space, steps=_STEPS, steps_each=_STEPS_EACH)
        looked_at = itertools.islice(search.positives(typed=True), _MOST_LOOKED_AT)
        likely = tuple(itertools.islice(filter(search.is_of_type, looked_at), most))
        of_text = any(clause.op in OF_TEXT for clauses in fields.values() for clause in clauses)
        if not likely and self._looks_before_types:
            return _Case(literals, fields, search.context, tuple(itertools.islice(search.positives(), most)))
        if not likely and not of_text and next(search.positives(typed=True), None) is not None:
            self._refused.add(literals)
        return _Case(literals, fields, search.context, likely)

    def _through(self, case: _Case, way: _Way, stops: int) -> _Tried:
        """Try the configs of a case, and follow up to `stops` of them to the check that stops them."""
        ends: list[str] = []
        stopped: list[tuple[_Way, ...]] = []
        for kwargs in case.configs:
            self._asked.add(identity((kwargs, {**default_context(self._space.context), **case.context})))
            if self.asked > self._most:
                break
            if self._shows(kwargs, case.context):
                return _Tried(_told(self._candidate, case, kwargs, self._space.context))
            observation = self._observe(kwargs, case.context)
            raised = observation.exception
            if raised is None:
                ends.append(ACCEPTED)
                continue
            if raised.raised_at is None:
                continue
            if raised.raised_at == way.tripped_at:
                break
            if observation.skipped_reason is not None:
                self._checks.note_without_verdict(raised.raised_at)
                ends.append(NO_VERDICT)
                break
            past = tuple(self._onward(raised, kwargs, case, way))
            if all(self._cases(one.formula) == (case.literals,) for one in past):
                ends.append(past[0].short_of or raised.raised_at if past else raised.raised_at)
            stopped.append(past)
            if len(stopped) == stops:
                break
        return _Tried(None, tuple(ends), tuple(stopped))

    def sealed(self) -> str:
        """The first check that stops every config of the condition, if no config can pass those checks; else empty."""
        formula = condition_of(self._candidate)
        first = (self._stops.get(case, [("", formula)])[0][0] for case in self._cases(formula))
        return next(first, "") if self._is_sealed(formula, _MOST_CHECKS) else ""

    def _is_sealed(self, formula: Formula, deep: int) -> bool:
        return deep > 0 and all(
            case in self._refused
            or any(self._is_sealed(all_of((*case, negate(check))), deep - 1) for _, check in self._stops.get(case, ()))
            for case in self._cases(formula)
        )

    def _cases(self, formula: Formula) -> tuple[Conjunction, ...]:
        return tuple(case for case in to_dnf_in_part(formula, _MOST_CASES) if not any(map(asks_for_nan, case)))

    def _onward(self, raised: ObservedException, kwargs: Kwargs, of: _Case, way: _Way) -> Iterator[_Way]:
        """The paths past one stop: the negated condition of its check, or the object whose absence it hit."""
        case, here, context = of.literals, of.context, self._space.context
        place = raised.raised_at or ""
        standing = tuple(self._checks.at(place))
        met = [(check, held(check, kwargs, here, context)) for check in standing]
        whole = [check for check, formula in met if formula == condition_of(check)]
        self._stops.setdefault(case, []).extend((place, condition_of(check)) for check in whole if not check.opaque)
        if whole:
            # Do not lead past one case of the check into another: none of its cases may hold.
            defaults = {name: value for check in standing for name, value in check.defaults.items()}
            past = all_of((*case, *(possible(negate(check), context) for check in in_full(standing))))
            unsaid = [check for check in whole if check.opaque]
            outside = all(not OUTSIDE.isdisjoint(check.shapes) for check in unsaid)
            short_of = way.short_of if not unsaid else NO_VERDICT if outside else place
            yield _Way(past, {**defaults, **way.defaults}, short_of=short_of)
        else:
            blamed = [
                check for check, formula in met if formula is not None and not self._is_denied(check, kwargs, here)
            ]
            outside = bool(blamed) and all(not OUTSIDE.isdisjoint(check.shapes) for check in blamed)
            for check, formula in met:
                if formula is not None:
                    past = all_of((*case, possible(negate(formula), context)))
                    defaults = {**check.defaults, **way.defaults}
                    yield _Way(past, defaults, short_of=NO_VERDICT if outside else place)
        for name in companions(raised, kwargs, self._space.facts, self._space.surface):
            yield _Way(all_of((*case, Atom(name, Clause("present", True)))), way.defaults, raised.raised_at)

    def _is_denied(self, check: Candidate, kwargs: Kwargs, here: Mapping[str, Any]) -> bool:
        """Whether the config sets a field to a value with which the check cannot have raised."""
        return any(
            all(read_path(kwargs, name) is not MISSING for name in parse(subject).fields)
            and held(replace(check, fields={subject: clauses}), kwargs, here, self._space.context) is None
            for subject, clauses in check.fields.items()
        )


def _told(candidate: Candidate, case: _Case, kwargs: Kwargs, context: Mapping[str, ContextField]) -> Candidate:
    asked = [name for name in case.fields if name in context and name not in candidate.fields]
    needed = {name: (Clause("==", case.context[name]),) for name in asked}
    return replace(candidate, fields={**candidate.fields, **needed}, hints=(kwargs, *candidate.hints))
