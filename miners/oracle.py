"""The live library as a function of a config, asked once per config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, final

from pytest_llem_invariants.model import EMPTY, Kwargs, Observation, ObservedException, Severity
from pytest_llem_invariants.replay.observe import Observer
from pytest_llem_invariants.values import identity

_MOST_REMEMBERED: Final = 200_000
Question = tuple[str, str]
"""A config and a context, of which nothing is said where it is the default one."""


@final
class Oracle:
    """Observations of one native type, remembered for as long as one class is mined.

    `judged` is what another oracle of the type was told, in this process or in one like it; `default` is the context
    that the process stands in, which is meant where none is said and need not be entered.
    """

    def __init__(
        self,
        observer: Observer,
        native_type: str,
        judged: Mapping[Question, Observation] | None = None,
        default: Mapping[str, Any] = EMPTY,
    ) -> None:
        self._observer = observer
        self._native_type = native_type
        self._default = default
        self._observed: dict[Question, Observation] = {}
        self._judged: dict[Question, Observation] = dict(judged or {})

    @property
    def judged(self) -> Mapping[Question, Observation]:
        """The verdicts so far, for another oracle."""
        return self._judged

    def observe(
        self, kwargs: Kwargs, context: Mapping[str, Any] = EMPTY, severity: Severity | None = None
    ) -> Observation:
        """What the library does with a config: of interest to a rule of that severity, or everything.

        An error rule looks at the exception alone, which is seen in a third of the time.
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
        """Only whether the library rejects a config, and how. What this machine lacks is no rejection."""
        verdict = self._verdict(kwargs, context)
        return verdict.exception if verdict.skipped_reason is None else None

    def accepts(self, kwargs: Kwargs) -> bool:
        """Whether the library takes a config; False also where this machine cannot tell."""
        return self._verdict(kwargs, EMPTY).exception is None

    def is_known_to_reject(self, kwargs: Kwargs) -> bool:
        """Whether the library was asked about a config and does not take it, or cannot tell on this machine."""
        known = self._judged.get(self._question(kwargs, EMPTY))
        return known is not None and known.exception is not None

    def is_steady(self, kwargs: Kwargs, context: Mapping[str, Any] = EMPTY) -> bool:
        """Whether a second look shows the same: what is drawn or timed anew each time is no effect of a config."""
        return self._look(kwargs, context).normalisations == self.observe(kwargs, context).normalisations

    def _look(self, kwargs: Kwargs, context: Mapping[str, Any]) -> Observation:
        return self._observer.observe(self._native_type, kwargs, context=self._to_enter(context))

    def _verdict(self, kwargs: Kwargs, context: Mapping[str, Any]) -> Observation:
        key = self._question(kwargs, context)
        known = self._judged.get(key)
        if known is None:
            self._make_room(self._judged)
            raised = self._observer.raises(self._native_type, kwargs, context=self._to_enter(context))
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
