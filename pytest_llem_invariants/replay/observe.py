"""Observe the library with one config: all messages and changes. The process is restored afterwards."""

from __future__ import annotations

import os
import re
import sys
import time
import warnings
from collections.abc import Mapping
from typing import Any, Final, final

from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.errors import NoSuchWorldError
from pytest_llem_invariants.model import EMPTY, Change, Kwargs, Observation, ObservedException, ObservedLog
from pytest_llem_invariants.process.environment import environment, restore_environment
from pytest_llem_invariants.process.patience import OutOfTime, Patience
from pytest_llem_invariants.replay.capture import ALL, LOGS, MINOR_ISSUES, NORMALISATIONS, WARNINGS, Channels, without
from pytest_llem_invariants.replay.changes import changes
from pytest_llem_invariants.replay.exceptions import (
    describe,
    is_environmental,
    is_exhaustion,
    no_answer,
    timed_out,
    why_no_verdict,
)
from pytest_llem_invariants.replay.loggers import HeldLoggers, LogCapture, captured_logs
from pytest_llem_invariants.replay.normalise import normalise_text
from pytest_llem_invariants.replay.state import Nowhere, kept_process, silent_streams, without_waiting

_Warmth = tuple[str, tuple[tuple[str, Any], ...]]
_NOWHERE: Final = Nowhere()
_LONG: Final = 1.0
"""A config that takes longer to exhaust its process is not tried again."""
USED_UP: Final = no_answer("no answer: the time for all of them was used up")
TO_WARM: Final = 6
"""The first config of a class imports modules: it may take a multiple of the time."""


@final
class Observer:
    """Runs configs through one engine's library, in this process."""

    def __init__(self, adapter: EngineAdapter, patience: Patience | None = None) -> None:
        adapter.import_library()
        self.adapter: Final = adapter
        self._patience: Final = Patience() if patience is None else patience
        self._loggers: Final = HeldLoggers(adapter.loggers())
        self._warm: set[_Warmth] = set()
        self.building = 0.0
        """The seconds in which the library built and validated what was observed."""
        wording = adapter.ssot.adapter.get("asks_for_package")
        self._asks_for_package: Final = None if wording is None else re.compile(wording)
        self._places: dict[_Warmth, ObservedException | None] = {}
        noise = adapter.ssot.adapter.get("noise")
        self._noise: Final = None if noise is None else re.compile(noise)

    def is_prepared(self, native_type: str, context: Mapping[str, Any] = EMPTY) -> bool:
        return _warmth(native_type, context) in self._warm

    def take_as_prepared(self, native_type: str, context: Mapping[str, Any] = EMPTY) -> None:
        """Never build the bare type in this process: it ended one before."""
        self._warm.add(_warmth(native_type, context))

    def prepare(self, native_type: str, context: Mapping[str, Any] = EMPTY) -> None:
        """Let the library import and compute everything that it does only once; called before a fork."""
        key = _warmth(native_type, context)
        if key in self._warm or self._nowhere(context) is not None:
            return
        self._warm.add(key)
        self.adapter.native_class(native_type)
        with (
            kept_process(),
            silent_streams(),
            captured_logs(self._loggers),
            warnings.catch_warnings(),
            self.adapter.context(context),
        ):
            warnings.simplefilter("ignore")
            self._warm_up(native_type)

    def _nowhere(self, context: Mapping[str, Any]) -> ObservedException | None:
        """What stands for the answer of a library in a world that there is not; None where there is one."""
        key = _warmth("", context)
        if key not in self._places:
            try:
                self.adapter.context(context)
                self._places[key] = None
            except NoSuchWorldError as error:
                self._places[key] = no_answer(str(error))
        return self._places[key]

    def _warm_up(self, native_type: str) -> None:
        patience = self._patience
        try:
            patience.begin(TO_WARM)
            try:
                self.adapter.warm(native_type)
            finally:
                patience.end()
        except OutOfTime:
            pass  # a question about the bare type will report it

    def observe(
        self, native_type: str, kwargs: Kwargs, *, context: Mapping[str, Any] = EMPTY, channels: Channels = ALL
    ) -> Observation:
        """Build and validate one config. Its effects on the channels are the answer; none stays in this process."""
        adapter = self.adapter
        if self._patience.is_used_up:
            return Observation(USED_UP, skipped_reason=USED_UP.message)
        nowhere = self._nowhere(context)
        if nowhere is not None:
            return Observation(nowhere, skipped_reason=nowhere.message)
        self.prepare(native_type, context)
        with kept_process(), adapter.context(context):
            adapter.clear_once_caches()
            with (
                silent_streams(),
                captured_logs(self._loggers) as logs,
                warnings.catch_warnings(record=True) as caught,
            ):
                warnings.simplefilter("always")
                error: ObservedException | None = None
                minor: Mapping[str, str] = EMPTY
                normalised: Mapping[str, Change] = EMPTY
                said = 0
                took = 0.0
                try:
                    self._patience.begin()
                    try:
                        built = adapter.build(native_type, kwargs)
                        adapter.validate(native_type, built, False)
                        if NORMALISATIONS in channels:
                            normalised = changes(adapter, kwargs, built)
                        said = len(caught)
                        if MINOR_ISSUES in channels:
                            minor = self._minor_issues(native_type, built, logs)
                    except KeyboardInterrupt:
                        raise
                    except BaseException as raised:  # the library may raise anything, SystemExit too
                        error = describe(raised, adapter.package)
                        said = len(caught)
                    finally:
                        took = self._patience.end()
                except OutOfTime:
                    pass  # it occurred while the exception was examined
                self.building += took
                error = self._without_answer(error, took) or error
        reason = None if error is None else self.no_verdict(error)
        found = Observation(
            exception=error,
            warnings=() if WARNINGS not in channels else _distinct(str(one.message) for one in caught[:said]),
            logs=() if LOGS not in channels else self._logged(logs),
            minor_issues=dict(minor),
            normalisations=dict(normalised),
            skipped_reason=reason,
        )
        return found if channels == ALL else without(found, ALL - channels)

    def _logged(self, logs: LogCapture) -> tuple[ObservedLog, ...]:
        """The distinct log records that are no noise."""
        return tuple(
            dict.fromkeys(
                ObservedLog(log.channel, log.logger, normalise_text(log.message))
                for log in logs.records
                if self._noise is None or not self._noise.search(log.message)
            )
        )

    def _without_answer(self, error: ObservedException | None, took: float) -> ObservedException | None:
        """Represents the answer of a call that took too long, or took long to exhaust the process; None for others."""
        if self._patience.ran_out:
            return timed_out(self._patience.seconds)
        if took > _LONG and self._patience.is_finite and error is not None and is_exhaustion(error):
            return no_answer(f"exhausted: {error.type}")
        return None

    def no_verdict(self, error: ObservedException) -> str | None:
        """Why an exception is about this machine and not about the config; None if it is a verdict."""
        return why_no_verdict(error, self._asks_for_package)

    def is_environmental(self, error: ObservedException) -> bool:
        """Whether an exception is about this machine, such as a missing package."""
        return is_environmental(error, self._asks_for_package)

    def _minor_issues(self, native_type: str, built: Any, logs: LogCapture) -> Mapping[str, str]:
        """The issues that only the strict validation reports; its log records are no announcements."""
        if not self.adapter.is_strict(native_type):
            return EMPTY
        logs.muted = True
        try:
            self.adapter.validate(native_type, built, True)
        except Exception as raised:
            issues = self.adapter.strict_issues(raised) or {"*": str(raised)}
            return {name: normalise_text(text) for name, text in issues.items()}
        finally:
            logs.muted = False
        return EMPTY

    def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any] = EMPTY) -> ObservedException | None:
        """Only whether the library rejects a config. It is cheap enough for a hundred thousand configs."""
        adapter = self.adapter
        if self._patience.is_used_up:
            return USED_UP
        nowhere = self._nowhere(context)
        if nowhere is not None:
            return nowhere
        self.prepare(native_type, context)
        self._loggers.take()
        streams = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = _NOWHERE
        variables = environment()
        filters, showing = warnings.filters, warnings.showwarning
        warnings.filters = _IGNORE
        warnings._filters_mutated()  # type: ignore[attr-defined]
        sleep, time.sleep = time.sleep, without_waiting
        patience = self._patience
        error: ObservedException | None = None
        took = 0.0
        try:
            with adapter.context(context):
                patience.begin()
                try:
                    adapter.validate(native_type, adapter.build(native_type, kwargs), False)
                except KeyboardInterrupt:
                    raise
                except BaseException as raised:  # the library may raise anything, SystemExit too
                    error = describe(raised, adapter.package)
                finally:
                    took = patience.end()
        except KeyboardInterrupt:
            raise
        except BaseException as raised:  # from the context, or interrupted while it examined an exception
            error = describe(raised, adapter.package)
        finally:
            time.sleep = sleep
            warnings.filters = filters
            warnings.showwarning = showing
            warnings._filters_mutated()  # type: ignore[attr-defined]
            if getattr(os.environ, "_data", os.environ) != variables:
                restore_environment(variables)
            sys.stdout, sys.stderr = streams
            self._loggers.let_go()
        if patience.ran_out or took > _LONG:
            return self._without_answer(error, took) or error
        return error


def _warmth(native_type: str, context: Mapping[str, Any]) -> _Warmth:
    return native_type, tuple(sorted((name, _held(value)) for name, value in context.items())) if context else ()


def _held(value: Any) -> Any:
    """A value of a fact as part of a key: a list cannot be."""
    return repr(value) if isinstance(value, list) else value


_IGNORE: Final[list[Any]] = [("ignore", None, Warning, None, 0)]


def _distinct(texts: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(normalise_text(text) for text in texts))
