"""The library's answers, with at most one question per config."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol, final

from pytest_llem_invariants.language.values import identity
from pytest_llem_invariants.model import EMPTY, Kwargs, Observation, ObservedException, Severity
from pytest_llem_invariants.replay.exceptions import is_no_answer, is_timeout, no_answer

_MOST_REMEMBERED: Final = 200_000
_MOST_TIMEOUTS: Final = 8
_MOST_DEATHS: Final = 400
"""After this many configs without an answer, a class is asked nothing more."""
Question = tuple[str, str]
"""A config and a context; the default context is left out."""


class Asks(Protocol):
    """Asks the library: an observer in this process, or in another one."""

    def observe(self, native_type: str, kwargs: Kwargs, *, context: Mapping[str, Any]) -> Observation: ...

    def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None: ...

    def no_verdict(self, error: ObservedException) -> str | None: ...

    def is_environmental(self, error: ObservedException) -> bool: ...


@dataclass(frozen=True, slots=True)
class Tally:
    """How often the library gave which answer."""

    accepted: int = 0
    rejected: int = 0
    unanswered: Mapping[str, int] = field(default_factory=dict)
    """The number of configs without an answer, by reason."""
    undecided: Mapping[str, int] = field(default_factory=dict)
    """The number of configs that this machine cannot decide, by reason."""

    @property
    def asked(self) -> int:
        return self.accepted + self.rejected + sum(self.unanswered.values()) + sum(self.undecided.values())


def added(tallies: Iterable[Tally]) -> Tally:
    """The sum of several tallies."""
    known = list(tallies)
    return Tally(
        sum(one.accepted for one in known),
        sum(one.rejected for one in known),
        _summed(one.unanswered for one in known),
        _summed(one.undecided for one in known),
    )


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(sorted(total.items()))


@final
class _Unanswered:
    """The configs without an answer. A config that contains all of one is not asked either.

    Waiting for each of them would take hours. A question that is not asked gives no verdict.
    """

    def __init__(self) -> None:
        self._configs: list[tuple[frozenset[str], str, str]] = []
        self._timeouts = 0

    def __bool__(self) -> bool:
        return bool(self._configs)

    def add(self, kwargs: Kwargs, context: str, error: ObservedException) -> None:
        self._configs.append((_items(kwargs), context, error.message))
        self._timeouts += is_timeout(error)

    def why(self, kwargs: Kwargs, context: str) -> str | None:
        if self._timeouts >= _MOST_TIMEOUTS or len(self._configs) >= _MOST_DEATHS:
            return "no answer: not asked after too many others had none"
        given = _items(kwargs)
        return next((reason for items, of, reason in self._configs if of == context and items <= given), None)


def _items(kwargs: Kwargs) -> frozenset[str]:
    return frozenset(identity((name, value)) for name, value in kwargs.items())


@final
class Oracle:
    """Observations of one native type, cached while the class is mined.

    `judged` has the answers of another oracle for the type, from this process or a copy. `default` is the context of
    this process: it is used if no other is given, and need not be entered. `stands_there` says whether a field has the
    value anyway: changing such a value ignores nothing that the user asked for.
    """

    def __init__(
        self,
        observer: Asks,
        native_type: str,
        judged: Mapping[Question, Observation] | None = None,
        default: Mapping[str, Any] = EMPTY,
        stands_there: Callable[[str, Any], bool] = lambda field, value: False,
    ) -> None:
        self._observer = observer
        self._native_type = native_type
        self._default = default
        self._stands_there = stands_there
        self._observed: dict[Question, Observation] = {}
        self._judged: dict[Question, Observation] = dict(judged or {})
        self._unanswered = _Unanswered()
        self.asked = 0
        """How often the library itself was asked: what is known by now is not asked again."""

    @property
    def judged(self) -> Mapping[Question, Observation]:
        """The answers so far, for another oracle."""
        return self._judged

    def observe(
        self, kwargs: Kwargs, context: Mapping[str, Any] = EMPTY, severity: Severity | None = None
    ) -> Observation:
        """The library's reaction to a config: all of it, or only the part that matters to a rule of that severity.

        For an error rule only the exception matters, which takes a third of the time.
        """
        if severity is Severity.ERROR:
            return self._verdict(kwargs, context)
        key = self._question(kwargs, context)
        known = self._observed.get(key)
        if known is None:
            self._make_room(self._observed)
            known = self._observed[key] = self._look(kwargs, context)
        return known

    def raises(self, kwargs: Kwargs, context: Mapping[str, Any] = EMPTY) -> ObservedException | None:
        """Whether the library rejects a config, and how. A missing package on this machine is no rejection."""
        verdict = self._verdict(kwargs, context)
        return verdict.exception if verdict.skipped_reason is None else None

    def accepts(self, kwargs: Kwargs, context: Mapping[str, Any] = EMPTY) -> bool:
        """Whether the library accepts a config; False also if this machine cannot decide."""
        return self._verdict(kwargs, context).exception is None

    def answers(self, kwargs: Kwargs) -> bool:
        """Whether the library gives any answer to a config."""
        return not is_no_answer(self._verdict(kwargs, EMPTY).exception)

    def is_environmental(self, observation: Observation) -> bool:
        """Whether an observation is about this machine, such as a missing package."""
        return observation.exception is not None and self._observer.is_environmental(observation.exception)

    def is_known_to_reject(self, kwargs: Kwargs) -> bool:
        """Whether the library was asked about a config and rejected it, or could not decide on this machine."""
        known = self._judged.get(self._question(kwargs, EMPTY))
        return known is not None and known.exception is not None

    def is_steady(self, kwargs: Kwargs, context: Mapping[str, Any] = EMPTY) -> bool:
        """Whether a second look shows the same changes: a random value or a clock's is no effect of a config."""
        return self._look(kwargs, context).normalisations == self.observe(kwargs, context).normalisations

    def tally(self) -> Tally:
        """The answers so far, counted."""
        answers = {**self._observed, **self._judged}.values()
        return Tally(
            accepted=sum(answer.exception is None for answer in answers),
            rejected=sum(answer.exception is not None and answer.skipped_reason is None for answer in answers),
            unanswered=_counted(answer for answer in answers if is_no_answer(answer.exception)),
            undecided=_counted(answer for answer in answers if not is_no_answer(answer.exception)),
        )

    def _look(self, kwargs: Kwargs, context: Mapping[str, Any]) -> Observation:
        entered = self._to_enter(context)
        reason = self._why_not_ask(kwargs, entered)
        if reason is not None:
            return Observation(no_answer(reason), skipped_reason=reason)
        self.asked += 1
        found = self._observer.observe(self._native_type, kwargs, context=entered)
        self._note(kwargs, entered, found.exception)
        changed = {
            name: change
            for name, change in found.normalisations.items()
            if not self._stands_there(name, change.declared)
        }
        return found if len(changed) == len(found.normalisations) else replace(found, normalisations=changed)

    def _why_not_ask(self, kwargs: Kwargs, entered: Mapping[str, Any]) -> str | None:
        return self._unanswered.why(kwargs, identity(entered)) if self._unanswered else None

    def _note(self, kwargs: Kwargs, entered: Mapping[str, Any], error: ObservedException | None) -> None:
        if error is not None and is_no_answer(error):
            self._unanswered.add(kwargs, identity(entered), error)

    def _verdict(self, kwargs: Kwargs, context: Mapping[str, Any]) -> Observation:
        key = self._question(kwargs, context)
        known = self._judged.get(key)
        if known is None:
            self._make_room(self._judged)
            entered = self._to_enter(context)
            reason = self._why_not_ask(kwargs, entered)
            if reason is not None:
                raised: ObservedException | None = no_answer(reason)
            else:
                self.asked += 1
                raised = self._observer.raises(self._native_type, kwargs, context=entered)
                self._note(kwargs, entered, raised)
            known = (
                _ACCEPTED if raised is None else Observation(raised, skipped_reason=self._observer.no_verdict(raised))
            )
            self._judged[key] = known
        return known

    def _to_enter(self, context: Mapping[str, Any]) -> Mapping[str, Any]:
        return EMPTY if context == self._default else context

    def _question(self, kwargs: Kwargs, context: Mapping[str, Any]) -> Question:
        context = self._to_enter(context)
        return identity(kwargs), identity(context) if context else ""

    @staticmethod
    def _make_room(remembered: dict[Question, Observation]) -> None:
        if len(remembered) >= _MOST_REMEMBERED:
            remembered.clear()


_ACCEPTED: Final = Observation()


def _counted(answers: Iterable[Observation]) -> dict[str, int]:
    reasons = (answer.skipped_reason for answer in answers)
    return dict(sorted(Counter(reason for reason in reasons if reason is not None).items()))
