"""A first look at an unknown class: can it be built, with which arguments, and which methods validate it?"""

from __future__ import annotations

import inspect
import itertools
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from miners.build.producers import words_in
from miners.process.asking import asker
from miners.surface.facts import ClassFacts, FieldFact
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.language.values import distinct, fits, holdable, pool
from pytest_llem_invariants.model import EMPTY, Kwargs, ObservedException
from pytest_llem_invariants.native_types import Step
from pytest_llem_invariants.replay.exceptions import is_no_answer

_VALIDATES: Final = re.compile(r"_?(validate|verify|check)(_\w+)?\Z")
_MOST_TRIED: Final = 400
_A_FIELD: Final = 12
_MOST_VALUES: Final = 40
_MOST_TOGETHER: Final = 3
_KINDS: Final = (str, int, float, list, dict)
_TIMES: Final = 5
WithSteps = Callable[[tuple[Step, ...], Kwargs], EngineAdapter]
"""An adapter that builds the class with these arguments and validates it with these steps."""


@dataclass(frozen=True, slots=True)
class FirstLook:
    """How a class behaves before mining begins."""

    error: ObservedException | None
    """The exception when it is built with the given arguments."""
    undecided: str | None
    """Why that exception is no answer, or why the other attempts gave none."""
    base: Kwargs | None = None
    """Arguments with which it can be built: the given ones, or these with others added; None if none were found."""
    steps: tuple[Step, ...] = ()
    """Its own validation methods that accept such an object."""
    failed: Mapping[str, ObservedException] = field(default_factory=dict)
    """Its own validation methods that reject such an object: with them, every config would be rejected."""
    seconds: float = 0.0
    """How many seconds one answer takes."""


def look(facts: ClassFacts, steps: tuple[Step, ...], given: Kwargs, prepared: WithSteps) -> FirstLook:
    """Ask the class itself."""
    name = facts.native_type

    def raises(base: Kwargs, steps: tuple[Step, ...] = ()) -> ObservedException | None:
        return asked.raises(name, base, EMPTY) if not steps else asker(prepared(steps, base)).raises(name, EMPTY, EMPTY)

    asked = asker(prepared((), {}))
    error = raises(given)
    undecided = None if error is None else asked.no_verdict(error)
    base: Kwargs | None = given if error is None else None
    tried: Iterable[Kwargs] = _bases(facts, given) if error is not None and undecided is None else ()
    for one in tried:
        stopped = raises(one)
        if stopped is None:
            base = one
            break
        undecided = undecided or asked.no_verdict(stopped)
    if base is None:
        return FirstLook(error, undecided)
    passed, failed = [], {}
    for step in steps:
        stopped = raises(base, (step,))
        if stopped is None:
            passed.append(step)
        else:
            failed[step.method] = stopped
    began = time.perf_counter()
    for _ in range(_TIMES):
        raises(base)
    return FirstLook(error, None, base, tuple(passed), failed, (time.perf_counter() - began) / _TIMES)


def _bases(facts: ClassFacts, given: Kwargs) -> Iterator[Kwargs]:
    """Arguments that may be required: all required ones first, then the first few fields, alone and together."""
    words = words_in(facts)
    required = [fact for fact in facts.fields.values() if fact.required and fact.keyword not in given]
    if required:
        yield from _filled(required, given, words, _MOST_TRIED)
        return
    settable = [fact for fact in facts.fields.values() if fact.settable and fact.keyword not in given]
    for fact in settable:
        yield from _filled([fact], given, words, 0)
    for together in range(2, _MOST_TOGETHER + 1):
        for several in itertools.islice(itertools.combinations(settable, together), _MOST_TRIED):
            yield from _filled(several, given, (), 1)


def _filled(facts: Iterable[FieldFact], given: Kwargs, words: Sequence[str], most: int) -> Iterator[Kwargs]:
    fields = list(facts)
    ranked = [plain_values(fact, words) for fact in fields]
    for rank in range(max(map(len, ranked)) if most != 1 else 1):
        values = [values[min(rank, len(values) - 1)] for values in ranked]
        yield {**given, **{fact.keyword: value for fact, value in zip(fields, values, strict=True)}}
    for chosen in itertools.islice(itertools.product(*(values[:_A_FIELD] for values in ranked)), most):
        yield {**given, **{fact.keyword: value for fact, value in zip(fields, chosen, strict=True)}}


def plain_values(fact: FieldFact, words: Sequence[str] = ()) -> tuple[Any, ...]:
    """Values that people may write into a field: one per type, or one of each kind; then words from the code."""
    known = [value for value in pool(fact) if value is not None and holdable(value) and fits(value, fact)]
    if fact.types and "any" not in fact.types:
        first = known[:_A_FIELD]
    else:
        first = [*(fact.literals or ()), *(next(filter(kind.__instancecheck__, known)) for kind in _KINDS)]
    said = [word for word in words if fits(word, fact)]
    return distinct([*first, *said, *known])[:_MOST_VALUES] or ("x",)


def validations(cls: type[Any]) -> tuple[tuple[Step, ...], Mapping[str, tuple[str, ...]]]:
    """The validation methods of a class: those that can be called, and the arguments that the others need."""
    steps, asking = [], {}
    for name, method in inspect.getmembers(cls, inspect.isfunction):
        if not _VALIDATES.match(name) or isinstance(inspect.getattr_static(cls, name), staticmethod):
            continue
        _, *rest = inspect.signature(method).parameters.values() or (None,)
        needed = tuple(one.name for one in rest if one is not None and not _is_optional(one))
        if needed:
            asking[name] = needed
        else:
            steps.append(Step(name, {}))
    return tuple(steps), asking


def _is_optional(parameter: inspect.Parameter) -> bool:
    return parameter.default is not parameter.empty or parameter.kind in (
        parameter.VAR_KEYWORD,
        parameter.VAR_POSITIONAL,
    )


def is_lost(error: ObservedException | None) -> bool:
    """Whether the class gave no answer (it hung or crashed)."""
    return is_no_answer(error)
