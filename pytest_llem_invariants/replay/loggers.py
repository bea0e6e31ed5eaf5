"""Capture what a library logs during a call, even if it reconfigures its loggers meanwhile."""

from __future__ import annotations

import contextlib
import logging
import logging.config
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, Final, final

from pytest_llem_invariants.model import Channel, ObservedLog

_FRAMES_TO_ONCE: Final = 16
_EAR: Final = "_llem_ear"
_LEVEL: Final = "_llem_level"
_NOBODY: Final = logging.NullHandler()
_CONFIGURATOR: Final = "dictConfigClass"
_SETTING_UP: Final = vars(logging.config)


@final
class LogCapture(logging.Handler):
    """Keeps the warnings and errors that it receives, and whether they are announced once only."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[ObservedLog] = []
        self.muted = False

    def emit(self, record: logging.LogRecord) -> None:
        if self.muted:
            return
        try:
            message = record.getMessage()
        except Exception:  # arguments that do not fit the format are the library's mistake, not the rule's
            message = str(record.msg)
        channel = Channel.LOGGER_WARNING_ONCE if _announced_once() else Channel.LOGGER_WARNING
        self.records.append(ObservedLog(channel, record.name, message))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        return


def _announced_once() -> bool:
    """Whether a function named `…_once` is between the library and the logging machinery."""
    frame = sys._getframe(2)
    for _ in range(_FRAMES_TO_ONCE):
        name = frame.f_code.co_name
        if name.endswith("_once"):
            return True
        module = frame.f_globals.get("__name__", "")
        if frame.f_back is None or (module != "logging" and not _forwards(name)):
            return False
        frame = frame.f_back
    return False


def _forwards(function: str) -> bool:
    """Whether a frame outside logging only passes a message on."""
    return "warn" in function or "log" in function


@contextlib.contextmanager
def captured_logs(held: HeldLoggers) -> Iterator[LogCapture]:
    """Send the records of loggers to a capture only, from the level of a warning on."""
    capture = LogCapture()
    quiet = [logger for logger in held.loggers if logger.getEffectiveLevel() > logging.WARNING]
    disabled = logging.root.manager.disable
    if disabled >= logging.WARNING:
        logging.disable(logging.NOTSET)
    for logger in held.loggers:
        vars(logger)[_EAR] = capture
    for logger in quiet:
        vars(logger)[_LEVEL] = logging.WARNING
    held.take()
    _forget_levels(quiet)
    try:
        yield capture
    finally:
        held.let_go()
        for logger in held.loggers:
            vars(logger).pop(_EAR)
            vars(logger).pop(_LEVEL, None)
        _forget_levels(quiet)
        if logging.root.manager.disable != disabled:
            logging.disable(disabled)


@final
class HeldLoggers:
    """Loggers that temporarily send their records nowhere, or to one handler, whatever their configuration.

    A config may let a library set up its logging: that would remove our handler, and affect the next config. Starting
    and ending this is cheap: it happens for every config.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.loggers: Final = [logging.getLogger(name) for name in names]
        kinds: list[Any] = [type(logger) for logger in self.loggers]
        self._kinds = [(logger, kind, _deaf(kind)) for logger, kind in zip(self.loggers, kinds, strict=True)]
        self._configurator: Any = None

    def take(self) -> None:
        self._configurator = _SETTING_UP[_CONFIGURATOR]
        _SETTING_UP[_CONFIGURATOR] = _Apart
        for logger, _, held in self._kinds:
            logger.__class__ = held

    def let_go(self) -> None:
        for logger, kind, _ in self._kinds:
            logger.__class__ = kind
        _SETTING_UP[_CONFIGURATOR] = self._configurator


@final
class _Apart(logging.config.DictConfigurator):
    """Applies a logging configuration apart from the existing loggers: its errors are raised, and no logger changes.

    With the hundreds of loggers of a large library, it would take as long as a hundred configs.
    """

    def configure(self) -> None:
        manager = logging.root.manager
        known, manager.loggerDict = manager.loggerDict, {}
        try:
            super().configure()
        finally:
            manager.loggerDict = known


def _forget_levels(loggers: Sequence[logging.Logger]) -> None:
    """Let the loggers below these determine their level again: it is cached."""
    for logger in loggers:
        logger.setLevel(logger.level)


@cache
def _deaf(kind: Any) -> Any:
    """The same class of logger, which ignores configuration."""
    fixed = {
        "handlers": _fixed(lambda own: [own.get(_EAR, _NOBODY)]),
        "level": _fixed(lambda own: own.get(_LEVEL, own["level"])),
        "propagate": _fixed(lambda own: False),
        "disabled": _fixed(lambda own: False),
    }
    return type(kind.__name__, (kind,), fixed)


def _fixed(value: Callable[[dict[str, Any]], Any]) -> property:
    """An attribute with a computed value; assigning to it changes nothing."""
    return property(lambda logger: value(vars(logger)), lambda logger, other: None)
