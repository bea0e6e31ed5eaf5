"""Ways past the checks that come first: what a rule is read for shows only in a config that is not rejected before.

A condition that was read in the code says nothing of the checks on the way to it. Where the simplest config that
satisfies it is rejected by another check, that check's own condition, negated, is what the next config satisfies too.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, final

from miners.candidates.candidate import Candidate
from miners.examples.choices import Choices
from miners.examples.companions import companions
from miners.examples.search import Search
from miners.logic.as_rule import fields_of
from miners.logic.cases import has_case, to_dnf_in_part
from miners.logic.formulas import (
    FALSE,
    TRUE,
    And,
    Atom,
    Conjunction,
    Formula,
    Literal,
    Opaque,
    Or,
    all_of,
    any_of,
    negate,
)
from miners.static import SiteFinding
from miners.surface.facts import ClassFacts
from miners.surface.fields import Surface, class_of
from miners.symbolic.opacity import OUTSIDE, world_of
from pytest_llem_invariants.language.expressions import MISSING, parse, read_path
from pytest_llem_invariants.language.operators import OPERATORS
from pytest_llem_invariants.language.predicates import compile_match, reference_of
from pytest_llem_invariants.language.values import identity
from pytest_llem_invariants.model import (
    EMPTY,
    Clause,
    ContextField,
    Kwargs,
    Match,
    Observation,
    ObservedException,
    Severity,
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
"""So far the values of one case are combined, and of one choice of its fields: there are many cases."""
_NEGATED: Final = re.compile(r"not \((.*)\)( \[[^\]]*\])\Z", re.DOTALL)
"""How an unread guard is told that shall not hold."""
OF_TEXT: Final = frozenset({"matches", "not_matches"})
_FIRST_CONFIGS: Final = 6
_MOST_LOOKED_AT: Final = 60
_STOPS: Final = (1, 3)
"""So many configs of one case are followed to the check that stops them: one at first, then more, if none came past."""

Read = Callable[[str], Sequence[SiteFinding]]
Restate = Callable[[Candidate], Candidate | None]


@final
class Checks:
    """The conditions under which the lines of the library reject, in the field names of one class."""

    def __init__(
        self,
        facts: ClassFacts,
        surface: Surface,
        read: Read,
        restated: Restate | None = None,
        context: Collection[str] = (),
    ) -> None:
        self._facts = facts
        self._surface = surface
        self._read = read
        self._restated = restated
        """How a check of another class reads in the names of this one, where this one builds the other."""
        self._context = context
        """The fields that stand for no argument, which every class calls by one name."""
        self._by_class: dict[str, dict[str, tuple[Candidate, ...]]] = {}
        self._without_verdict: dict[str, tuple[Formula, ...]] = {}

    def at(self, place: str) -> Iterator[Candidate]:
        """The checks whose exception is raised there: the class's own, else those of the objects that it holds."""
        yield from self._of(self._facts.native_type).get(place, ())
        path = place.rpartition(":")[0]
        for name, facts in self._surface.items():
            if facts.path == path and name != self._facts.native_type:
                for check in self._of(name).get(place, ()):
                    yield from self._inside(check)

    def world_at(self, place: str) -> frozenset[str]:
        """Who else than a config decides on some way to that line: a model, a running engine, the machine."""
        path = place.rpartition(":")[0]
        held = (name for name, facts in self._surface.items() if facts.path == path)
        names = dict.fromkeys((self._facts.native_type, *held))
        return frozenset().union(*(world_of(check.shapes) for name in names for check in self._of(name).get(place, ())))

    def note_without_verdict(self, place: str) -> None:
        """What comes to that check is not told on this machine: it asks for a package, or for a model."""
        if place not in self._without_verdict:
            self._without_verdict[place] = _in_full(tuple(self.at(place)))

    def leave_no_verdict(self, case: Conjunction) -> bool:
        """Whether every config of a case should come to a check that is not told on this machine, or to one before it.

        As the code was read, which nobody has proven: one config of the case is asked about, and not many.
        """
        return any(
            checks and not has_case(all_of((*case, *map(negate, checks)))) for checks in self._without_verdict.values()
        )

    def _of(self, name: str) -> Mapping[str, tuple[Candidate, ...]]:
        if name not in self._by_class:
            found: dict[str, tuple[Candidate, ...]] = {}
            for finding in self._read(name):
                checks = tuple(one for one in finding.candidates if one.severity is Severity.ERROR)
                if checks:
                    place = f"{finding.site.path}:{finding.site.line}"
                    found[place] = (*found.get(place, ()), *checks)
            self._by_class[name] = found
        return self._by_class[name]

    def _inside(self, check: Candidate) -> Iterator[Candidate]:
        if self._restated is not None:
            restated = self._restated(check)
            if restated is not None:
                yield restated
            return
        for name, fact in self._facts.fields.items():
            inner = class_of(fact, self._surface)
            if inner is not None and inner.native_type == check.native_type:
                yield Candidate(
                    native_type=self._facts.native_type,
                    severity=check.severity,
                    fields={
                        self._under(name, subject): self._clauses(name, of) for subject, of in check.fields.items()
                    },
                    expected=check.expected,
                    template=check.template,
                    source=check.source,
                    added_by=check.added_by,
                    defaults={f"{name}.{field}": value for field, value in check.defaults.items()},
                )

    def _under(self, parent: str, expression: str) -> str:
        """The expression with each of its fields as one of the object that a field holds."""
        for name in parse(expression).fields:
            if name not in self._context:
                expression = re.sub(rf"(?<![\w.]){re.escape(name)}(?![\w(])", f"{parent}.{name}", expression)
        return expression

    def _clauses(self, parent: str, clauses: Iterable[Clause]) -> tuple[Clause, ...]:
        references = ((clause, reference_of(clause.rhs)) for clause in clauses)
        return tuple(
            clause if reference is None else Clause(clause.op, f"@{self._under(parent, reference)}")
            for clause, reference in references
        )


@final
@dataclass(frozen=True, slots=True)
class Detour:
    """How far a candidate was led."""

    past: Candidate | None
    """The candidate with an example that comes past the checks before it; None where none was found."""
    ends: tuple[str, ...] = ()
    """The places where every way ended, where all were followed to their ends; or that this machine cannot tell."""
    asked: int = 0
    """How many configs the library was asked about."""
    sealed: str = ""
    """The first check of those that stop whatever satisfies the condition: to come past them contradicts it."""


@dataclass(frozen=True, slots=True)
class _Way:
    """What the next config is to satisfy: the condition itself, and that it comes past the checks met so far."""

    formula: Formula
    defaults: Mapping[str, Any]
    tripped_at: str | None = None
    """Where a config without one more object tripped: one that trips there again is no further."""
    short_of: str | None = None
    """Where it ends if nothing satisfies it: at a check that is not said in full. None where nothing can."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One case of a condition, with the first configs that satisfy it."""

    literals: Conjunction
    fields: Mapping[str, tuple[Clause, ...]]
    context: Mapping[str, Any]
    configs: tuple[Kwargs, ...]


@dataclass(frozen=True, slots=True)
class _Trail:
    """Where the ways of one walk led so far."""

    seen: set[Formula] = field(default_factory=set)
    ends: dict[str, None] = field(default_factory=dict)
    unsaid: dict[str, None] = field(default_factory=dict)

    def unseen(self, ways: Sequence[_Way]) -> list[_Way]:
        """Those of several ways that lead where none led before."""
        self.unsaid.update((one.short_of, None) for one in ways if one.short_of is not None)
        found = [one for one in ways if one.formula not in self.seen]
        self.seen.update(one.formula for one in ways)
        return found

    def told(self) -> tuple[str, ...]:
        return tuple(self.ends or self.unsaid)


def detour(
    candidate: Candidate,
    facts: ClassFacts,
    checks: Checks,
    observe: Callable[[Kwargs, Mapping[str, Any]], Observation],
    shows: Callable[[Kwargs, Mapping[str, Any]], bool],
    *,
    surface: Surface = EMPTY,
    context: Mapping[str, ContextField] = EMPTY,
    most: int = MOST_ASKED,
    choices: Choices | None = None,
) -> Detour:
    """Lead a candidate past the checks before it, the way that came furthest first, with at most so many configs.

    A context without which it does not come past them becomes part of what the candidate says.
    """
    walk = _Walk(candidate, facts, checks, observe, shows, surface, context, most, choices)
    ends: tuple[str, ...] = ()
    for stops in _STOPS:
        past, ends = walk.follow(stops)
        if past is not None:
            return Detour(past, asked=walk.asked)
    return Detour(None, ends, walk.asked, walk.sealed())


@final
class _Walk:
    """From the condition itself on and on past the check that stops it."""

    def __init__(
        self,
        candidate: Candidate,
        facts: ClassFacts,
        checks: Checks,
        observe: Callable[[Kwargs, Mapping[str, Any]], Observation],
        shows: Callable[[Kwargs, Mapping[str, Any]], bool],
        surface: Surface,
        context: Mapping[str, ContextField],
        most: int,
        choices: Choices | None,
    ) -> None:
        self._candidate = candidate
        self._facts = facts
        self._checks = checks
        self._observe = observe
        self._shows = shows
        self._surface = surface
        self._context = context
        self._most = most
        self._choices = Choices(facts, surface) if choices is None else choices
        self._asked: set[str] = set()
        self._stops: dict[Conjunction, list[tuple[str, Formula]]] = {}
        """Case → the checks that stopped a config of it, each whole condition of theirs."""
        self._known: dict[tuple[Conjunction, str, int], _Case] = {}
        self._refused: set[Conjunction] = set()
        """The cases that only values of other than the declared types satisfy, as far as those are thought of."""

    @property
    def asked(self) -> int:
        return len(self._asked)

    def follow(self, stops: int) -> tuple[Candidate | None, tuple[str, ...]]:
        """The candidate with its example, or where the ways end, of which so many stops of each case are followed."""
        trail = _Trail()
        open_ = [_Way(_formula(self._candidate), dict(self._candidate.defaults))]
        for _ in range(_MOST_WAYS):
            if not open_:
                return None, trail.told()
            way = open_.pop(0)
            further: list[_Way] = []
            cases = self._cases(way.formula)[:_MOST_CASES]
            if not cases and way.short_of is not None:
                trail.ends.setdefault(way.short_of)
            for case in cases:
                past = self._through(self._found(case, way), way, stops, trail, further)
                if past is not None or self.asked > self._most:
                    return past, ()
            open_ = [*further, *open_]
        return None, ()

    def _found(self, literals: Conjunction, way: _Way) -> _Case:
        """The first configs of a case: it is met again when more of its stops are followed, or on another way."""
        most = 1 if self._checks.leave_no_verdict(literals) else _FIRST_CONFIGS
        key = literals, identity(way.defaults), most
        if key not in self._known:
            self._known[key] = self._look_for(literals, way, most)
        return self._known[key]

    def _look_for(self, literals: Conjunction, way: _Way, most: int) -> _Case:
        fields = {subject: clauses for subject, clauses in fields_of(literals).fields.items() if clauses}
        search = Search(
            fields,
            way.defaults,
            self._facts,
            surface=self._surface,
            context=self._context,
            steps=_STEPS,
            steps_each=_STEPS_EACH,
            choices=self._choices,
        )
        looked_at = itertools.islice(search.positives(typed=True), _MOST_LOOKED_AT)
        likely = tuple(itertools.islice(filter(search.is_of_type, looked_at), most))
        of_text = any(clause.op in OF_TEXT for clauses in fields.values() for clause in clauses)
        if not likely and not of_text and next(search.positives(typed=True), None) is not None:
            self._refused.add(literals)
        return _Case(literals, fields, search.context, likely)

    def _through(self, case: _Case, way: _Way, stops: int, trail: _Trail, further: list[_Way]) -> Candidate | None:
        """The candidate with an example of this case that shows it; else the ways past what stops it are added."""
        stopped = 0
        for kwargs in case.configs:
            self._asked.add(identity((kwargs, {**default_context(self._context), **case.context})))
            if self.asked > self._most:
                return None
            if self._shows(kwargs, case.context):
                return _told(self._candidate, case, kwargs, self._context)
            observation = self._observe(kwargs, case.context)
            raised = observation.exception
            if raised is None:
                trail.ends.setdefault(ACCEPTED)
                continue
            if raised.raised_at is None:
                continue
            if raised.raised_at == way.tripped_at:
                return None
            if observation.skipped_reason is not None:
                self._checks.note_without_verdict(raised.raised_at)
                trail.ends.setdefault(NO_VERDICT)
                return None
            past = tuple(self._onward(raised, kwargs, case.literals, way, case.context))
            further.extend(trail.unseen(past))
            if all(self._cases(one.formula) == (case.literals,) for one in past):
                trail.ends.setdefault(past[0].short_of or raised.raised_at if past else raised.raised_at)
            stopped += 1
            if stopped == stops:
                return None
        return None

    def sealed(self) -> str:
        """Where every config of the condition is stopped for sure, if so: past each stop nothing satisfies it."""
        formula = _formula(self._candidate)
        first = (self._stops.get(case, [("", formula)])[0][0] for case in self._cases(formula))
        return next(first, "") if self._is_sealed(formula, _MOST_CHECKS) else ""

    def _is_sealed(self, formula: Formula, deep: int) -> bool:
        return deep > 0 and all(
            case in self._refused
            or any(self._is_sealed(all_of((*case, negate(check))), deep - 1) for _, check in self._stops.get(case, ()))
            for case in self._cases(formula)
        )

    def _cases(self, formula: Formula) -> tuple[Conjunction, ...]:
        return tuple(case for case in to_dnf_in_part(formula, _MOST_CASES) if not any(map(_asks_for_nan, case)))

    def _onward(
        self, raised: ObservedException, kwargs: Kwargs, case: Conjunction, way: _Way, here: Mapping[str, Any]
    ) -> Iterator[_Way]:
        """The ways past one stop: beside the condition of the check that stands there, or with the object it lacks."""
        place = raised.raised_at or ""
        standing = tuple(self._checks.at(place))
        held = [(check, _held(check, kwargs, here, self._context)) for check in standing]
        whole = [check for check, formula in held if formula == _formula(check)]
        self._stops.setdefault(case, []).extend((place, _formula(check)) for check in whole if not check.opaque)
        if whole:
            # Past one case of the check only into another is no further: none of them shall hold.
            defaults = {name: value for check in standing for name, value in check.defaults.items()}
            past = all_of((*case, *(self._possible(negate(check)) for check in _in_full(standing))))
            unsaid = [check for check in whole if check.opaque]
            outside = all(not OUTSIDE.isdisjoint(check.shapes) for check in unsaid)
            short_of = way.short_of if not unsaid else NO_VERDICT if outside else place
            yield _Way(past, {**defaults, **way.defaults}, short_of=short_of)
        else:
            blamed = [
                check for check, formula in held if formula is not None and not self._is_denied(check, kwargs, here)
            ]
            outside = bool(blamed) and all(not OUTSIDE.isdisjoint(check.shapes) for check in blamed)
            for check, formula in held:
                if formula is not None:
                    past = all_of((*case, self._possible(negate(formula))))
                    defaults = {**check.defaults, **way.defaults}
                    yield _Way(past, defaults, short_of=NO_VERDICT if outside else place)
        for name in companions(raised, kwargs, self._facts, self._surface):
            yield _Way(all_of((*case, Atom(name, Clause("present", True)))), way.defaults, raised.raised_at)

    def _is_denied(self, check: Candidate, kwargs: Kwargs, here: Mapping[str, Any]) -> bool:
        """Whether a config gives what a check cannot have been raised for."""
        return any(
            all(read_path(kwargs, name) is not MISSING for name in parse(subject).fields)
            and _held(replace(check, fields={subject: clauses}), kwargs, here, self._context) is None
            for subject, clauses in check.fields.items()
        )

    def _possible(self, formula: Formula) -> Formula:
        """The formula without what no known value of the context satisfies, or every one does."""
        match formula:
            case And(parts=parts):
                return all_of(map(self._possible, parts))
            case Or(parts=parts):
                return any_of(map(self._possible, parts))
            case Atom(subject=name) if name in self._context:
                test = compile_match(Match("", {name: (formula.clause,)}), context_fields=self._context)
                field = self._context[name]
                met = {test(EMPTY, {name: value}) for value in (field.default, *field.values)}
                return TRUE if met == {True} else FALSE if met == {False} else formula
            case Opaque(shape="every element", dual=dual) if dual is not None:
                return _otherwise(dual)
            case _:
                return formula


def _otherwise(exists: Formula) -> Formula:
    """That some element is otherwise: where none shall satisfy a condition, the next config has one that does not."""
    match exists:
        case Or(parts=parts):
            return all_of(map(_otherwise, parts))
        case And(parts=parts):
            return any_of(map(_otherwise, parts))
        case Atom(subject=subject, clause=clause) if OPERATORS[clause.op].negation is not None:
            return Atom(subject, Clause(OPERATORS[clause.op].negation or "", clause.rhs))
        case _:
            return TRUE


def _asks_for_nan(literal: Literal) -> bool:
    """Negations of comparisons leave room for it, and nothing accepts it."""
    return isinstance(literal, Atom) and literal.clause == Clause("!=", f"@{literal.subject}")


def _formula(candidate: Candidate) -> Formula:
    return all_of(Atom(subject, clause) for subject, clauses in candidate.fields.items() for clause in clauses)


def _in_full(checks: Sequence[Candidate]) -> tuple[Formula, ...]:
    """The whole conditions of checks, with the guards that no predicate says as what they are: what one denies."""
    denied = [
        negate(Atom(subject, clause)) for one in checks for subject in one.fields for clause in one.fields[subject]
    ]
    known = {one.wording: one for one in denied if isinstance(one, Opaque)}
    return tuple(all_of((_formula(one), *(known.get(text) or _unsaid(text) for text in one.opaque))) for one in checks)


def _unsaid(wording: str) -> Opaque:
    negated = _NEGATED.match(wording)
    return Opaque(wording if negated is None else negated[1] + negated[2], "", negated is not None)


def _held(
    check: Candidate, kwargs: Kwargs, here: Mapping[str, Any], context: Mapping[str, ContextField]
) -> Formula | None:
    """What of a check's condition a config satisfies: the code before it may have set the rest of what it reads.

    Where nothing of it holds it is another check that raised.
    """
    under = {**default_context(context), **here}

    def holds(part: Atom) -> bool:
        match = Match("", {part.subject: (part.clause,)}, check.defaults)
        return compile_match(match, context_fields=context)(kwargs, under)

    parts = (Atom(subject, clause) for subject, clauses in check.fields.items() for clause in clauses)
    held = tuple(filter(holds, parts))
    return all_of(held) if held else None


def _told(candidate: Candidate, case: _Case, kwargs: Kwargs, context: Mapping[str, ContextField]) -> Candidate:
    asked = [name for name in case.fields if name in context and name not in candidate.fields]
    needed = {name: (Clause("==", case.context[name]),) for name in asked}
    return replace(candidate, fields={**candidate.fields, **needed}, hints=(kwargs, *candidate.hints))
