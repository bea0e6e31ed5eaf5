"""One example against the live library: everything it says and changes, and the process as it was before."""

from __future__ import annotations

import logging
import os
import random
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final, final

from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.expressions import MISSING
from pytest_llem_invariants.model import (
    EMPTY,
    Change,
    Channel,
    Kwargs,
    Observation,
    ObservedException,
    ObservedLog,
    TypedValue,
)
from pytest_llem_invariants.predicates import same
from pytest_llem_invariants.replay.normalise import normalise_text

_PLAIN: Final = (bool, int, float, str, type(None))
_DEEPEST: Final = 8
_MOST_LOCATIONS: Final = 16


@final
class Observer:
    """Asks one engine. Whatever an example does to the process is undone before the answer is given."""

    def __init__(self, adapter: EngineAdapter) -> None:
        self._adapter = adapter
        adapter.import_library()
        self._loggers = tuple(logging.getLogger(name) for name in adapter.loggers())
        self._package = adapter.package
        self._root = _folder_of(adapter.package)
        self._handler = _Collector()
        self._null = logging.NullHandler()

    def observe(
        self, native_type: str, kwargs: Kwargs, *, context: Mapping[str, Any] = EMPTY, strict: bool = True
    ) -> Observation:
        """Build and validate one example and tell everything that happened."""
        adapter = self._adapter
        logs: list[ObservedLog] = []
        exception: ObservedException | None = None
        changes: Mapping[str, Change] = EMPTY
        issues: Mapping[str, str] = EMPTY
        with ExitStack() as stack:
            stack.enter_context(_process_state())
            stack.enter_context(_silent_streams())
            caught = stack.enter_context(warnings.catch_warnings(record=True))
            warnings.simplefilter("always")
            stack.enter_context(adapter.context(context))
            stack.enter_context(self._listening(self._handler, logs))
            adapter.clear_once_caches()
            try:
                built = adapter.build(native_type, kwargs)
                adapter.validate(native_type, built, strict=False)
            except (Exception, SystemExit) as error:
                exception = self._facts(error)
            else:
                changes = _changes(kwargs, adapter.read_state(built))
                if strict and adapter.is_strict(native_type):
                    issues = self._strict_issues(native_type, built, logs, caught)
            said = tuple(dict.fromkeys(normalise_text(str(warning.message)) for warning in caught))
        skipped = _environment_fault(exception)
        return Observation(
            exception=exception,
            warnings=said,
            logs=tuple(dict.fromkeys(logs)),
            minor_issues=issues,
            normalisations=changes,
            skipped_reason=skipped,
        )

    def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any] = EMPTY) -> ObservedException | None:
        """Only the exception. For probing by the thousand: streams and random states are left alone."""
        adapter = self._adapter
        environment = _environment()
        try:
            with warnings.catch_warnings(), self._listening(self._null, []):
                warnings.simplefilter("ignore")
                if context:
                    with adapter.context(context):
                        adapter.validate(native_type, adapter.build(native_type, kwargs), strict=False)
                else:
                    adapter.validate(native_type, adapter.build(native_type, kwargs), strict=False)
        except (Exception, SystemExit) as error:
            return self._facts(error)
        finally:
            if _environment() != environment:
                _restore_environment(environment)
        return None

    def _strict_issues(
        self, native_type: str, built: Any, logs: list[ObservedLog], caught: list[warnings.WarningMessage]
    ) -> Mapping[str, str]:
        """The minor issues that only a strict validation raises; what it announces again is not told twice."""
        heard, warned = len(logs), len(caught)
        try:
            self._adapter.validate(native_type, built, strict=True)
        except Exception as error:
            found = self._adapter.strict_issues(error) or EMPTY
            return {name: normalise_text(text) for name, text in found.items()}
        finally:
            del logs[heard:]
            del caught[warned:]
        return EMPTY

    @contextmanager
    def _listening(self, handler: logging.Handler, logs: list[ObservedLog]) -> Iterator[None]:
        """Send what the library's loggers say to one handler alone."""
        before = [(one, one.handlers, one.propagate, one.level, one.disabled) for one in self._loggers]
        if isinstance(handler, _Collector):
            handler.collected = logs
        for one in self._loggers:
            one.handlers, one.propagate = [handler], False
            if isinstance(handler, _Collector):
                one.disabled = False
                one.setLevel(logging.WARNING)
        try:
            yield
        finally:
            for one, handlers, propagate, level, disabled in before:
                one.handlers, one.propagate, one.disabled = handlers, propagate, disabled
                if one.level != level:
                    one.setLevel(level)

    def _facts(self, error: BaseException) -> ObservedException:
        message = _message_of(error)
        return ObservedException(
            type=type(error).__name__,
            message=normalise_text(message),
            locations=_locations(error),
            raised_at=self._raised_at(error),
            bases=tuple(base.__name__ for base in type(error).__mro__[1:] if base is not object),
        )

    def _raised_at(self, error: BaseException) -> str | None:
        """The innermost frame inside the library."""
        place: str | None = None
        traceback = error.__traceback__
        while traceback is not None:
            module = traceback.tb_frame.f_globals.get("__name__", "")
            if module == self._package or module.startswith(self._package + "."):
                path = traceback.tb_frame.f_code.co_filename
                place = f"{path.removeprefix(self._root)}:{traceback.tb_lineno}"
            traceback = traceback.tb_next
        return place


@final
class _Collector(logging.Handler):
    """Keeps warnings and worse, and whether they came through an `…_once` function."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.collected: list[ObservedLog] = []

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except Exception as error:  # a library's own formatting mistake must not end the replay
            message = f"{record.msg} ({type(error).__name__} in formatting)"
        channel = Channel.LOGGER_WARNING_ONCE if _came_through_once() else Channel.LOGGER_WARNING
        self.collected.append(ObservedLog(channel, record.name, normalise_text(message)))


def _came_through_once() -> bool:
    frame = sys._getframe(2)
    for _ in range(12):
        if frame.f_code.co_name.endswith("_once"):
            return True
        if frame.f_back is None:
            return False
        frame = frame.f_back
    return False


def _message_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as second:  # an exception whose text cannot be made is still an exception
        return f"<no text: {type(second).__name__}>"


def _locations(error: BaseException) -> tuple[str, ...]:
    """Where the library says that the fault lies, as dotted fields."""
    listed = getattr(error, "errors", None)
    if callable(listed) and hasattr(error, "error_count"):
        try:
            found = [".".join(map(str, entry["loc"])) for entry in listed(include_url=False, include_context=False)]
        except Exception:  # another library's exception of the same shape
            found = []
        return tuple(dict.fromkeys(location for location in found if location))[:_MOST_LOCATIONS]
    parameter = getattr(error, "parameter", None)
    if isinstance(parameter, str) and parameter:
        return (parameter,)
    _, dollar, path = _message_of(error).rpartition("at `$.")
    return (path.rstrip("`"),) if dollar else ()


def _environment_fault(exception: ObservedException | None) -> str | None:
    """Why an exception is the environment's and no verdict on the config."""
    if exception is None:
        return None
    if "ImportError" in (exception.type, *exception.bases):
        return f"missing package: {exception.message}"
    if "NameError" in (exception.type, *exception.bases):
        return f"the environment lacks what the library needs: {exception.message}"
    return None


def _changes(declared: Kwargs, state: Mapping[str, Any]) -> Mapping[str, Change]:
    """Declared values that the object does not hold as they were declared."""
    changed = {}
    for name, value in declared.items():
        held = state.get(name, MISSING)
        if held is MISSING or isinstance(value, TypedValue) or isinstance(held, TypedValue):
            continue
        if not same(held, value) and not (_is_nan(held) and _is_nan(value)) and _is_plain(held):
            changed[name] = Change(value, _plain(held))
    return changed


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value


def _is_plain(value: Any, depth: int = 0) -> bool:
    if isinstance(value, _PLAIN):
        return True
    if depth > _DEEPEST:
        return False
    if isinstance(value, (list, tuple)):
        return all(_is_plain(item, depth + 1) for item in value)
    if isinstance(value, dict):
        return all(_is_plain(item, depth + 1) for pair in value.items() for item in pair)
    return False


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _folder_of(package: str) -> str:
    """The folder that holds the package, with its separator, to be cut from paths."""
    module = sys.modules.get(package)
    paths: Sequence[str] = getattr(module, "__path__", ()) or ()
    for path in paths:
        return os.path.dirname(path) + os.sep
    return os.path.dirname(getattr(module, "__file__", "") or "") + os.sep


@contextmanager
def _process_state() -> Iterator[None]:
    """Environment, working directory, import path, random states and exception hooks as they were."""
    environment, path = _environment(), list(sys.path)
    folder = os.getcwd()
    randomness = random.getstate()
    hooks = sys.excepthook, threading.excepthook
    show = warnings.showwarning
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    numpy_state = numpy.random.get_state() if numpy is not None else None
    torch_state = torch.random.get_rng_state() if torch is not None else None
    try:
        yield
    finally:
        if _environment() != environment:
            _restore_environment(environment)
        if sys.path != path:
            sys.path[:] = path
        if os.getcwd() != folder:
            os.chdir(folder)
        random.setstate(randomness)
        if numpy is not None:
            numpy.random.set_state(numpy_state)
        if torch is not None:
            torch.random.set_rng_state(torch_state)
        sys.excepthook, threading.excepthook = hooks
        warnings.showwarning = show


def _environment() -> dict[bytes, bytes]:
    """The environment as it is stored: `dict(os.environ)` decodes every entry, which costs more than most examples."""
    stored: dict[bytes, bytes] = vars(os.environ)["_data"]
    return stored.copy()


def _restore_environment(environment: Mapping[bytes, bytes]) -> None:
    now = _environment()
    for name in now.keys() - environment.keys():
        del os.environb[name]
    for name, value in environment.items():
        if now.get(name) != value:
            os.environb[name] = value


@contextmanager
def _silent_streams() -> Iterator[None]:
    """Standard output and error go nowhere, on the level of file descriptors too: 100 MB must not fill a pipe."""
    streams = sys.stdout, sys.stderr
    for stream in streams:
        stream.flush()
    saved = [(number, os.dup(number)) for number in (1, 2) if _is_open(number)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for number, _ in saved:
            os.dup2(nowhere, number)
        with open(nowhere, "w", encoding="utf-8", errors="backslashreplace", closefd=False) as sink:
            sys.stdout = sys.stderr = sink
            yield
    finally:
        sys.stdout, sys.stderr = streams
        for number, copy in saved:
            os.dup2(copy, number)
            os.close(copy)
        os.close(nowhere)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
