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
        self._raised: dict[str, tuple[ObservedException | None, bool]] = {}

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
        raised, is_verdict = self._asked(kwargs, context)
        return raised if is_verdict else None

    def accepts(self, kwargs: Kwargs) -> bool:
        """Whether the library takes a config; False also where this machine cannot tell."""
        return self._asked(kwargs, EMPTY)[0] is None

    def _asked(self, kwargs: Kwargs, context: Mapping[str, Any]) -> tuple[ObservedException | None, bool]:
        key = identity((kwargs, context))
        if key not in self._raised:
            self._make_room(self._raised)
            raised = self._observer.raises(self._native_type, kwargs, context=context)
            self._raised[key] = raised, raised is None or self._observer.no_verdict(raised) is None
        return self._raised[key]

    @staticmethod
    def _make_room(remembered: dict[str, Any]) -> None:
        if len(remembered) >= _MOST_REMEMBERED:
            remembered.clear()
