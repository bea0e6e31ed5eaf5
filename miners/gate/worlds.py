"""Other worlds to try a rule in: what goes away with another model or machine is about these, not about a config."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, final

from miners.candidates.claims import arguments_of, roots_of
from miners.candidates.outcomes import Cause, Why
from miners.gate.oracle import Oracle
from miners.symbolic.opacity import MACHINE as ASKS_MACHINE
from miners.symbolic.opacity import RUN_TIME
from pytest_llem_invariants.engines.base import MACHINE
from pytest_llem_invariants.model import EMPTY, Clause, Kwargs, Observation, Rule, Severity
from pytest_llem_invariants.replay.contracts import is_own, positive_raises

Context = Mapping[str, Any]
_World = tuple[Kwargs, Context]
"""Other base arguments, and what the context says of the machine."""
_AT_HOME: Final[_World] = (EMPTY, EMPTY)


@final
@dataclass(frozen=True, slots=True)
class Freed:
    """Configs that have not the effect of a rule in another world, and whether one has it there."""

    configs: tuple[Kwargs, ...]
    shows: Callable[[Kwargs], bool]


@final
class Worlds:
    """Other base arguments of a class, and other machines: each world has one of both, so that few are asked about."""

    def __init__(self, oracle: Oracle, other_kwargs: tuple[Kwargs, ...] = (), machines: int = 0) -> None:
        self._oracle = oracle
        self._others: tuple[_World, ...] = tuple(
            (
                other_kwargs[number % len(other_kwargs)] if other_kwargs else EMPTY,
                {MACHINE: number % machines} if machines else EMPTY,
            )
            for number in range(max(len(other_kwargs), machines))
        )

    def deciding(self, rule: Rule, context: Context, near: Callable[[], Iterable[Kwargs]]) -> Why | None:
        """Which part of the world decides whether the rule's effect is seen, and with which config; None of none.

        Looked at are its example and, of an error, what `near` gives of the configs that it claims; one of these that
        is accepted here and beside other base arguments speaks against the rule, too: where these are, a class is slow
        and little more is asked. What a declared type says is asked in one other world: little of that speaks of more.
        """
        others = [world for world in map(self._apart_from(rule), self._others) if self._is_open(world, context)]
        if rule.added_by.is_lift or not others:
            others = others[:1]
        if not others:
            return None
        is_error = rule.severity is Severity.ERROR
        for kwargs in (rule.kwargs_positive, *(near() if is_error else ())):
            home = self._asked(rule, kwargs, context, _AT_HOME)
            if not self._is_seen(rule, home, home):
                if is_error and _is_accepted(home) and self._takes_beside_another(rule, kwargs, context, others):
                    return Why(Cause.CONTRADICTED, config=repr(dict(kwargs)))
                continue
            told = [self._told(rule, kwargs, context, home, world) for world in others]
            gone = next((world for world, seen in zip(others, told, strict=True) if seen is False), None)
            if gone is None and is_error and None in told and True not in told and len(others) > 1:
                gone = others[0]  # another check's error in all of them, and the rule's own in none
            if gone is not None:
                return self._decided_by(rule, kwargs, context, home, gone)
        return None

    def _takes_beside_another(self, rule: Rule, kwargs: Kwargs, context: Context, others: Iterable[_World]) -> bool:
        world = next((world for world in others if world[0]), None)
        return world is not None and _is_accepted(self._asked(rule, kwargs, context, world))

    def tried(self, fields: Mapping[str, tuple[Clause, ...]]) -> frozenset[str]:
        """What is another in some of them: what a model says, unless these fields give one, what the machine does."""
        spoken = roots_of(fields)
        model = any(world[0] and world[0].keys().isdisjoint(spoken) for world in self._others)
        machine = any(world[1] for world in self._others)
        return frozenset(shape for shape, is_tried in ((RUN_TIME, model), (ASKS_MACHINE, machine)) if is_tried)

    def freeing(self, rule: Rule, context: Context, configs: Iterable[Kwargs]) -> Freed | None:
        """The first world in which the library takes some of these configs, without the rule's effect."""
        configs = tuple(configs)
        for world in map(self._apart_from(rule), self._others) if configs else ():
            if world[0] and self._is_open(world, context):
                told = ((one, self._asked(rule, one, context, world)) for one in configs)
                free = tuple(
                    one for one, seen in told if seen.exception is None and positive_raises(rule, seen) is not None
                )
                if free:
                    return Freed(free, self._shown_in(rule, context, world))
        return None

    def _shown_in(self, rule: Rule, context: Context, world: _World) -> Callable[[Kwargs], bool]:
        return lambda kwargs: positive_raises(rule, self._asked(rule, kwargs, context, world)) is None

    def _apart_from(self, rule: Rule) -> Callable[[_World], _World]:
        """A world as far as the rule does not speak of it."""
        spoken = arguments_of(rule)
        return lambda world: (EMPTY if world[0].keys() & spoken else world[0], world[1])

    def _is_open(self, world: _World, context: Context) -> bool:
        """Whether it is another one, in which the library takes the class's bare arguments."""
        if world == _AT_HOME:
            return False
        return self._oracle.observe(world[0], {**context, **world[1]}, Severity.ERROR).exception is None

    def _asked(self, rule: Rule, kwargs: Kwargs, context: Context, world: _World) -> Observation:
        return self._oracle.observe({**world[0], **kwargs}, {**context, **world[1]}, rule.severity)

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

    def _decided_by(self, rule: Rule, kwargs: Kwargs, context: Context, home: Observation, gone: _World) -> Why:
        """The model, if the effect goes away beside another on this machine, too."""
        alone, config = (gone[0], EMPTY), repr(dict(kwargs))
        if gone[0] and self._told(rule, kwargs, context, home, alone) is not True:
            return Why(Cause.OF_THE_MODEL, names=tuple(gone[0]), config=config)
        return Why(Cause.OF_THE_MACHINE, config=config)


def _is_accepted(answer: Observation) -> bool:
    return answer.exception is None and answer.skipped_reason is None
