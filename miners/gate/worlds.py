"""Other worlds to try a rule in: what goes away with another model or machine is about these, not about a config."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, final

from miners.candidates.outcomes import Cause, Why
from miners.examples.contexts import beside, changed, coming
from miners.gate.oracle import Oracle
from miners.gate.setting import Setting
from miners.symbolic.opacity import MACHINE as ASKS_MACHINE
from miners.symbolic.opacity import RUN_TIME
from pytest_llem_invariants.engines.base import DEVICE, ENV, MACHINE, MODEL
from pytest_llem_invariants.language.expressions import is_number
from pytest_llem_invariants.language.kinds import same
from pytest_llem_invariants.language.predicates import plain_value, referenced_fields
from pytest_llem_invariants.model import EMPTY, AddedBy, Clause, Kwargs, Observation, Rule, Severity
from pytest_llem_invariants.replay.contracts import is_own, positive_raises

Context = Mapping[str, Any]
_SMALL: Final = 16


@final
@dataclass(frozen=True, slots=True)
class _World:
    """Other base arguments, what the context says of the machine, and the facts about the model."""

    kwargs: Kwargs = field(default_factory=dict)
    machine: Context = field(default_factory=dict)
    facts: Context = field(default_factory=dict)


_AT_HOME: Final = _World()


@final
@dataclass(frozen=True, slots=True)
class Freed:
    """Configs that have not the effect of a rule in another world, and whether one has it there."""

    configs: tuple[Kwargs, ...]
    shows: Callable[[Kwargs], bool]
    within: Context
    """What the rule's predicate is asked with there."""


@final
@dataclass(frozen=True, slots=True)
class Decided:
    """What else than the config brings about the effect of a rule, and the clauses on facts that say so, if any do."""

    why: Why
    clauses: Mapping[str, tuple[Clause, ...]] = field(default_factory=dict)


@final
class Worlds:
    """Other base arguments of a class, and other machines: each world has one of both, so that few are asked about."""

    def __init__(self, oracle: Oracle, setting: Setting) -> None:
        self._oracle = oracle
        self._setting = setting
        models = setting.other_kwargs
        facts = setting.model_facts or (EMPTY,) * len(models)
        self._others: tuple[_World, ...] = tuple(
            _World(
                models[number % len(models)] if models else EMPTY,
                {MACHINE: number % setting.machines} if setting.machines else EMPTY,
                facts[number % len(models)] if models else EMPTY,
            )
            for number in range(max(len(models), setting.machines))
        )

    def deciding(self, rule: Rule, context: Context, near: Callable[[], Iterable[Kwargs]]) -> Decided | None:
        """Which part of the world decides whether the rule's effect is seen, and with which config; None of none.

        Looked at are its example and, of an error, what `near` gives of the configs that it claims; one of these that
        is accepted here and beside other base arguments speaks against the rule, too: where these are, a class is slow
        and little more is asked. What a declared type says is asked in one other world: little of that speaks of more.
        """
        others = [world for world in self._worlds_of(rule) if self._is_open(world, context)]
        if rule.added_by.is_lift or not others:
            others = others[:1]
        if not others:
            return None
        is_error = rule.severity is Severity.ERROR
        for kwargs in (rule.kwargs_positive, *(near() if is_error else ())):
            home = self._asked(rule, kwargs, context, _AT_HOME)
            if not self._is_seen(rule, home, home):
                if is_error and _is_accepted(home) and self._takes_beside_another(rule, kwargs, context, others):
                    return Decided(Why(Cause.CONTRADICTED, config=repr(dict(kwargs))))
                continue
            claimed = [world for world in others if self._claims(rule, kwargs, context, world)]
            told = [self._told(rule, kwargs, context, home, world) for world in claimed]
            gone = next((world for world, seen in zip(claimed, told, strict=True) if seen is False), None)
            if gone is None and is_error and None in told and True not in told and len(claimed) > 1:
                gone = claimed[0]  # another check's error in all of them, and the rule's own in none
            if gone is not None:
                return self._decided_by(rule, kwargs, context, home, gone)
        return None

    def contradicting(
        self,
        rule: Rule,
        context: Context,
        near: Callable[[Rule, Context], Iterable[Kwargs]],
        further: Callable[[Kwargs], Iterable[Kwargs]] = lambda kwargs: (),
        *,
        is_unsaid: bool = False,
    ) -> Freed | None:
        """The first values of the facts that a rule names at which the library takes some configs that it claims.

        Each of these is asked on the other platforms, too: what one takes of a model another may refuse; and again with
        each of what comes with a value of a fact that the rule names.
        One `is_unsaid` whose code asks for what no predicate says: it is asked at other values of the context, too. One
        that was probed, and has a number of the placeholder model's in it, is asked of models of which that is another.
        Asked is about its example and configs `near` it and, where one shows its error, what `further` makes of that.
        """
        named = self._setting.facts_of(rule)
        unsaid = [name for name in self._setting.contexts if name not in referenced_fields(rule.match)]
        declared, borrowed = self._setting.context, self._borrowed(rule)
        platforms = tuple(changed([name for name in unsaid if not name.startswith(ENV)], declared))
        there = tuple(beside(named, declared))
        elsewhere = ({**other, **platform} for other in there for platform in platforms)
        others = (EMPTY, *there, *elsewhere, *changed(unsaid, declared), *beside(borrowed, declared))
        worlds = ({**context, **other} for other in others if named or is_unsaid or borrowed)
        for within in self._with_what_comes(worlds, named):
            claims, shows = self._setting.predicate_of(rule, within), self._shown_at(rule, within)
            claimed = tuple(filter(claims, (rule.kwargs_positive, *near(rule, within))))
            more = (one for kwargs in filter(shows, claimed) for one in further(kwargs) if claims(one))
            free = tuple(
                one
                for one in (*claimed, *more)
                if self._is_free_of(rule, self._oracle.observe(one, within, rule.severity))
            )
            if free:
                return Freed(free, shows, within)
        return None

    def _with_what_comes(self, worlds: Iterable[Context], named: tuple[str, ...]) -> Iterator[Context]:
        for world in worlds:
            yield world
            yield from ({**world, **more} for more in coming(world, named, self._setting.comes_with))

    def left_to_the_server(self, rule: Rule, near: Callable[[Rule, Context], Iterable[Kwargs]]) -> Why | None:
        """The facts about a server that a rule does not name, and another value of which has the library take what it
        claims: to be asked beside another server costs nothing.
        """
        context, named = self._setting.context_of(rule), referenced_fields(rule.match)
        unnamed = [name for name in self._setting.served if name not in named]
        if rule.added_by.is_lift or rule.severity is not Severity.ERROR or not unnamed:
            return None
        claims = self._setting.predicate_of(rule, context)
        claimed = (rule.kwargs_positive, *near(rule, context))
        for other in beside(unnamed, self._setting.context):
            for kwargs in (*claimed, *filter(claims, _with_numbers_of(rule.kwargs_positive, other.values()))):
                if self._is_free_of(rule, self._oracle.observe(kwargs, {**context, **other}, rule.severity)):
                    return Why(Cause.LEAVES_UNSAID, names=tuple(other), config=repr(dict(kwargs)))
        return None

    def _borrowed(self, rule: Rule) -> tuple[str, ...]:
        """The facts about a model that a probed rule does not name, and of which it has the placeholder's number."""
        if rule.added_by is not AddedBy.DYNAMIC_MINER:
            return ()
        named = referenced_fields(rule.match)
        numbers = [  # looked through by equality: a fact may be a list
            number
            for clauses in rule.match.fields.values()
            for clause in clauses
            for number in _numbers_in(plain_value(clause.rhs))
        ]
        return tuple(
            name
            for name, declared in self._setting.context.items()
            if declared.reading is not None and name not in named and declared.default in numbers
        )

    def _shown_at(self, rule: Rule, context: Context) -> Callable[[Kwargs], bool]:
        return lambda kwargs: positive_raises(rule, self._oracle.observe(kwargs, context, rule.severity)) is None

    @staticmethod
    def _is_free_of(rule: Rule, answer: Observation) -> bool:
        return _is_accepted(answer) and positive_raises(rule, answer) is not None

    def _takes_beside_another(self, rule: Rule, kwargs: Kwargs, context: Context, others: Iterable[_World]) -> bool:
        world = next((one for one in others if one.kwargs and self._claims(rule, kwargs, context, one)), None)
        return world is not None and _is_accepted(self._asked(rule, kwargs, context, world))

    def tried(self, fields: Mapping[str, tuple[Clause, ...]]) -> frozenset[str]:
        """What is another in some of them: what a model says, unless these fields give one, what the machine does."""
        spoken = self._setting.arguments_of(fields)
        model = any(world.kwargs and world.kwargs.keys().isdisjoint(spoken) for world in self._others)
        machine = any(world.machine for world in self._others)
        return frozenset(shape for shape, is_tried in ((RUN_TIME, model), (ASKS_MACHINE, machine)) if is_tried)

    def freeing(self, rule: Rule, context: Context, configs: Iterable[Kwargs]) -> Freed | None:
        """The first world in which the library takes some of these configs, without the rule's effect."""
        configs = tuple(configs)
        for world in self._worlds_of(rule) if configs else ():
            if world.kwargs and self._is_open(world, context):
                claimed = [one for one in configs if self._claims(rule, one, context, world)]
                told = ((one, self._asked(rule, one, context, world)) for one in claimed)
                free = tuple(
                    one for one, seen in told if seen.exception is None and positive_raises(rule, seen) is not None
                )
                if free:
                    return Freed(free, self._shown_in(rule, context, world), context)
        return None

    def _shown_in(self, rule: Rule, context: Context, world: _World) -> Callable[[Kwargs], bool]:
        return lambda kwargs: positive_raises(rule, self._asked(rule, kwargs, context, world)) is None

    def _worlds_of(self, rule: Rule) -> tuple[_World, ...]:
        """The worlds as far as the rule does not speak of them, each with the facts that it asks for."""
        spoken, facts = self._setting.arguments_of(rule.match.fields), self._setting.facts_of(rule)
        of_model = [name for name in facts if name.startswith(MODEL)]
        of_device = any(name.startswith(DEVICE) for name in facts)
        found = (
            _World(
                EMPTY if world.kwargs.keys() & spoken or not world.facts.keys() >= {*of_model} else world.kwargs,
                EMPTY if of_device else world.machine,
                world.facts,
            )
            for world in self._others
        )
        return tuple(found)

    def _claims(self, rule: Rule, kwargs: Kwargs, context: Context, world: _World) -> bool:
        """Whether the rule claims a config beside the facts of a world; one that names no model's does so anyway."""
        of_model = [name for name in self._setting.facts_of(rule) if name.startswith(MODEL)]
        if not (of_model and world.kwargs):
            return True
        there = {**context, **{name: world.facts[name] for name in of_model}}
        return self._setting.predicate_of(rule, there)(kwargs)

    def _is_open(self, world: _World, context: Context) -> bool:
        """Whether it is another one, in which the library takes the class's bare arguments."""
        if not world.kwargs and not world.machine:
            return False
        return self._oracle.observe(world.kwargs, {**context, **world.machine}, Severity.ERROR).exception is None

    def _asked(self, rule: Rule, kwargs: Kwargs, context: Context, world: _World) -> Observation:
        return self._oracle.observe({**world.kwargs, **kwargs}, {**context, **world.machine}, rule.severity)

    def _told(self, rule: Rule, kwargs: Kwargs, context: Context, home: Observation, world: _World) -> bool | None:
        """Whether the effect is seen in a world, too; None where another error is seen, or nothing can be."""
        answer = self._asked(rule, kwargs, context, world)
        if self._is_seen(rule, home, answer):
            return True
        return False if _is_accepted(answer) else None

    @staticmethod
    def _is_seen(rule: Rule, home: Observation, answer: Observation) -> bool:
        if answer.skipped_reason is not None or positive_raises(rule, answer) is not None:
            return False
        if rule.severity is not Severity.ERROR:
            return True
        before, now = home.exception, answer.exception
        is_there = (
            before is not None and now is not None and (before.type, before.raised_at) == (now.type, now.raised_at)
        )
        return is_there or (rule.message_template is not None and is_own(rule, answer))

    def _decided_by(self, rule: Rule, kwargs: Kwargs, context: Context, home: Observation, gone: _World) -> Decided:
        """The model, if the effect goes away beside another on this machine, too."""
        alone, config = replace(gone, machine=EMPTY), repr(dict(kwargs))
        if gone.kwargs and self._told(rule, kwargs, context, home, alone) is not True:
            why = Why(Cause.OF_THE_MODEL, names=tuple(gone.kwargs), config=config)
            return Decided(why, self._one_that_differs(rule, gone))
        return Decided(Why(Cause.OF_THE_MACHINE, config=config))

    def _one_that_differs(self, rule: Rule, gone: _World) -> Mapping[str, tuple[Clause, ...]]:
        """The clause on the one fact in which another model differs from the one at home: so that one decides."""
        declared = self._setting.context
        differing = [
            name for name, value in gone.facts.items() if name in declared and not same(value, declared[name].default)
        ]
        if len(differing) != 1 or differing[0] in referenced_fields(rule.match):
            return EMPTY
        at_home = declared[differing[0]].default
        return {differing[0]: (Clause("absent", True) if at_home is None else Clause("==", at_home),)}


def _with_numbers_of(kwargs: Kwargs, values: Iterable[Any]) -> Iterator[Kwargs]:
    """The config with each number in it replaced by each of a world: that may be a limit to it."""
    numbers = [value for value in values if is_number(value)]
    yield from ({**kwargs, name: one} for name, given in kwargs.items() if is_number(given) for one in numbers)


def _numbers_in(value: Any) -> Iterator[int]:
    """Whole numbers that say something: smaller ones stand in rules for many reasons."""
    for one in value if isinstance(value, (list, tuple)) else (value,):
        if isinstance(one, int) and one > _SMALL:
            yield one


def _is_accepted(answer: Observation) -> bool:
    return answer.exception is None and answer.skipped_reason is None
