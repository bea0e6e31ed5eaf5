"""The live library as a function of a config, asked once per config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, final

from pytest_llem_invariants.model import EMPTY, Kwargs, Observation, ObservedException, Severity
from pytest_llem_invariants.replay.observe import Observer
from pytest_llem_invariants.values import identity

_MOST_REMEMBERED: Final = 200_000


@final
class Oracle:
    """Observations of one native type, remembered for as long as one class is mined.

    `judged` is what another oracle of the type was told, in this process or in one like it.
    """

    def __init__(self, observer: Observer, native_type: str, judged: Mapping[str, Observation] = EMPTY) -> None:
        self._observer = observer
        self._native_type = native_type
        self._observed: dict[str, Observation] = {}
        self._judged: dict[str, Observation] = dict(judged)

    @property
    def judged(self) -> Mapping[str, Observation]:
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
        key = identity((kwargs, context))
        known = self._observed.get(key)
        if known is None:
            self._make_room(self._observed)
            known = self._observed[key] = self._observer.observe(self._native_type, kwargs, context=context)
        return known

    def raises(self, kwargs: Kwargs, context: Mapping[str, Any] = EMPTY) -> ObservedException | None:
        """Only whether the library rejects a config, and how. What this machine lacks is no rejection."""
        verdict = self._verdict(kwargs, context)
        return verdict.exception if verdict.skipped_reason is None else None

    def accepts(self, kwargs: Kwargs) -> bool:
        """Whether the library takes a config; False also where this machine cannot tell."""
        return self._verdict(kwargs, EMPTY).exception is None

    def is_steady(self, kwargs: Kwargs, context: Mapping[str, Any] = EMPTY) -> bool:
        """Whether a second look shows the same: what is drawn or timed anew each time is no effect of a config."""
        again = self._observer.observe(self._native_type, kwargs, context=context)
        return again.normalisations == self.observe(kwargs, context).normalisations

    def _verdict(self, kwargs: Kwargs, context: Mapping[str, Any]) -> Observation:
        key = identity((kwargs, context))
        known = self._judged.get(key)
        if known is None:
            self._make_room(self._judged)
            raised = self._observer.raises(self._native_type, kwargs, context=context)
            known = (
                _ACCEPTED if raised is None else Observation(raised, skipped_reason=self._observer.no_verdict(raised))
            )
            self._judged[key] = known
        return known

    @staticmethod
    def _make_room(remembered: dict[str, Observation]) -> None:
        if len(remembered) >= _MOST_REMEMBERED:
            remembered.clear()


_ACCEPTED: Final = Observation()
