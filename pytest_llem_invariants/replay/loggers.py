"""What a library says to its loggers while it is asked something, whatever it does to them meanwhile."""

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
_DEAF: Final = logging.NullHandler()
_CONFIGURATOR: Final = "dictConfigClass"


@final
class LogCapture(logging.Handler):
    """Keeps the warnings and errors that reach it, and whether they were announced once only."""

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
    """Whether a function named `…_once` stands between the library and the logging machinery."""
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
    """Whether a frame outside logging only hands a message on."""
    return "warn" in function or "log" in function


@contextlib.contextmanager
def captured_logs(names: Sequence[str]) -> Iterator[LogCapture]:
    """Let the named loggers speak to a capture alone, from the level of a warning on."""
    capture = LogCapture()
    loggers = [logging.getLogger(name) for name in names]
    quiet = [logger for logger in loggers if logger.getEffectiveLevel() > logging.WARNING]
    levels = [(logger, logging.WARNING if logger in quiet else logger.level) for logger in loggers]
    disabled = logging.root.manager.disable
    if disabled >= logging.WARNING:
        logging.disable(logging.NOTSET)
    let_go = _hold(levels, capture)
    _forget_levels(quiet)
    try:
        yield capture
    finally:
        let_go()
        _forget_levels(quiet)
        if logging.root.manager.disable != disabled:
            logging.disable(disabled)


def mute(loggers: Sequence[logging.Logger]) -> Callable[[], None]:
    """Let the loggers speak to nobody until the returned function is called. Cheap: it is done with every config."""
    return _hold([(logger, logger.level) for logger in loggers], _DEAF)


def _hold(levels: Sequence[tuple[logging.Logger, int]], ear: logging.Handler) -> Callable[[], None]:
    """Let loggers speak to one handler at these levels, whatever they are told, until the returned function is called.

    A config may tell a library to set up its logging: that would unplug whoever listens, and stay for the next config.
    """
    kinds: list[Any] = [type(logger) for logger, _ in levels]
    for (logger, level), kind in zip(levels, kinds, strict=True):
        vars(logger).update({_EAR: ear, _LEVEL: level})
        logger.__class__ = _held(kind)
    configurator: Any = vars(logging.config)[_CONFIGURATOR]
    vars(logging.config)[_CONFIGURATOR] = _Apart

    def let_go() -> None:
        vars(logging.config)[_CONFIGURATOR] = configurator
        for (logger, _), kind in zip(levels, kinds, strict=True):
            logger.__class__ = kind

    return let_go


@final
class _Apart(logging.config.DictConfigurator):
    """Sets logging up where there is no logger yet: what is wrong is said all the same, and nobody is rearranged.

    Among the hundreds of loggers of a large library it takes as long as a hundred configs.
    """

    def configure(self) -> None:
        manager = logging.root.manager
        known, manager.loggerDict = manager.loggerDict, {}
        try:
            super().configure()
        finally:
            manager.loggerDict = known


def _forget_levels(loggers: Sequence[logging.Logger]) -> None:
    """Let what stands below these loggers ask anew at which level they speak: it is remembered."""
    for logger in loggers:
        logger.setLevel(logger.level)


@cache
def _held(kind: Any) -> Any:
    """The same kind of logger, deaf to who configures it."""
    fixed = {
        "handlers": _fixed(lambda logger: [vars(logger)[_EAR]]),
        "level": _fixed(lambda logger: vars(logger)[_LEVEL]),
        "propagate": _fixed(lambda logger: False),
        "disabled": _fixed(lambda logger: False),
    }
    return type(kind.__name__, (kind,), fixed)


def _fixed(value: Callable[[logging.Logger], Any]) -> property:
    return property(value, lambda logger, other: None)
