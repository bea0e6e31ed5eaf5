"""The live library as a function of a config, asked once per config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, final

from pytest_llem_invariants.model import EMPTY, Kwargs, Observation, ObservedException
from pytest_llem_invariants.replay.observe import Observer
from pytest_llem_invariants.values import identity

_MOST_REMEMBERED: Final = 200_000


@final
class Oracle:
    """Observations of one native type, remembered for as long as one class is mined."""

    def __init__(self, observer: Observer, native_type: str) -> None:
        self._observer = observer
        self._native_type = native_type
        self._observed: dict[str, Observation] = {}
        self._raised: dict[str, ObservedException | None] = {}

    def observe(self, kwargs: Kwargs, context: Mapping[str, Any] = EMPTY) -> Observation:
        """Everything that the library does with a config."""
        key = identity((kwargs, context))
        if key not in self._observed:
            self._make_room(self._observed)
            self._observed[key] = self._observer.observe(self._native_type, kwargs, context=context)
        return self._observed[key]

    def raises(self, kwargs: Kwargs, context: Mapping[str, Any] = EMPTY) -> ObservedException | None:
        """Only whether the library rejects a config, and how: much cheaper than all of it.

        What this machine lacks is no rejection.
        """
        key = identity((kwargs, context))
        if key not in self._raised:
            self._make_room(self._raised)
            raised = self._observer.raises(self._native_type, kwargs, context=context)
            is_verdict = raised is None or self._observer.no_verdict(raised) is None
            self._raised[key] = raised if is_verdict else None
        return self._raised[key]

    @staticmethod
    def _make_room(remembered: dict[str, Any]) -> None:
        if len(remembered) >= _MOST_REMEMBERED:
            remembered.clear()
