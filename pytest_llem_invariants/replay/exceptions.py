"""Describe an exception of the library as frozen data."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import lru_cache
from types import TracebackType
from typing import Any, Final

from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.model import ObservedException
from pytest_llem_invariants.replay.normalise import normalise_text

_STRUCT_PATH: Final = re.compile(r" - at `(?:key in )?\$((?:\.\w+|\[[^\]`]*\])*)`")
_STRUCT_MARK: Final = " - at `"
_INDEX: Final = re.compile(r"\[[^\]]*\]")
_ENVIRONMENTAL: Final = frozenset({"ImportError", "NameError"})
_ENVIRONMENT: Final = "environment"
_EXHAUSTION: Final = "exhausted"
_CRASH: Final = "crashed"
_OURS: Final = "not asked"
"""This project raised it (a class is gone, a name is not allowed): the library was never reached."""
_EXHAUSTED: Final = frozenset({"RecursionError", "MemoryError"})
_NO_ANSWER: Final = "NoAnswer"
_TIMEOUT: Final = "Timeout"
_DESCRIPTOR: Final = "[Errno 9] "
"""The error for a number that is no open file: which numbers are depends on the process, not on the config."""

_NO_MEMORY: Final = re.compile(r"(?i)\b(?:can't|cannot|could not|unable to) allocate\b|\bout of memory\b")
"""The message of compiled code in place of a MemoryError."""


def no_answer(reason: str) -> ObservedException:
    """Represents the answer of a library that ended its process or gave no answer."""
    return ObservedException(_NO_ANSWER, reason)


def timed_out(seconds: float) -> ObservedException:
    """Represents the answer of a library that gave none in time."""
    return ObservedException(_NO_ANSWER, f"timeout: no answer within {seconds:g} s", bases=(_TIMEOUT,))


def is_timeout(error: ObservedException) -> bool:
    return error.type == _NO_ANSWER and _TIMEOUT in error.bases


def is_no_answer(error: ObservedException | None) -> bool:
    return error is not None and error.type == _NO_ANSWER


def describe(error: BaseException, package: str) -> ObservedException:
    """The exception with its structured field locations and the innermost line inside the library."""
    entries = _structured(error)
    text = _text(error)
    return ObservedException(
        type=type(error).__name__,
        message=normalise_text(text),
        locations=_locations(error, entries, text),
        raised_at=_raised_at(error, entries, package),
        bases=_names(type(error).__mro__[1:]),
    )


@lru_cache(maxsize=256)
def _names(kinds: tuple[type, ...]) -> tuple[str, ...]:
    return tuple(kind.__name__ for kind in kinds if kind is not object)


def is_environmental(error: ObservedException, asks_for_package: re.Pattern[str] | None = None) -> bool:
    """Whether the exception is about this machine (such as a missing package), not about the config."""
    return _kind_of(error, asks_for_package) == _ENVIRONMENT


def is_exhaustion(error: ObservedException) -> bool:
    """Whether the process ran out of stack or memory."""
    return _kind_without_verdict(error.type, error.bases) == _EXHAUSTION or _is_said(_NO_MEMORY, error.message)


def why_no_verdict(error: ObservedException, asks_for_package: re.Pattern[str] | None = None) -> str | None:
    """Why an exception is no verdict on a config; None if it is one."""
    if error.type == _NO_ANSWER:
        return error.message
    kind = _kind_of(error, asks_for_package)
    if kind is None:
        return None
    if kind == _EXHAUSTION:
        return f"{kind}: {error.type}"
    first_line = error.message.partition("\n")[0][:200]
    return f"{kind}: {error.type}: {first_line}"


def _kind_of(error: ObservedException, asks_for_package: re.Pattern[str] | None) -> str | None:
    """What an exception is about, if not about the config; `asks_for_package` matches an engine's own messages."""
    if asks_for_package is not None and _is_said(asks_for_package, error.message):
        return _ENVIRONMENT
    if error.message.startswith(_DESCRIPTOR):
        return _ENVIRONMENT
    return _EXHAUSTION if is_exhaustion(error) else _kind_without_verdict(error.type, error.bases)


@lru_cache(maxsize=256)
def _kind_without_verdict(name: str, bases: tuple[str, ...]) -> str | None:
    """What every exception of that class is about, if not a config."""
    names = {name, *bases}
    if LlemError.__name__ in names:
        return _OURS
    if name != "UnboundLocalError" and not _ENVIRONMENTAL.isdisjoint(names):
        return _ENVIRONMENT
    if not _EXHAUSTED.isdisjoint(names):
        return _EXHAUSTION
    return None if "Exception" in names else _CRASH


@lru_cache(maxsize=16384)
def _is_said(wording: re.Pattern[str], message: str) -> bool:
    return wording.search(message) is not None


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # a foreign __str__ may raise anything
        return f"<{type(error).__name__} without a text>"


def _structured(error: BaseException) -> list[dict[str, Any]]:
    """The entries of a pydantic ValidationError, recognised by its attributes, since pydantic need not be installed."""
    errors: Callable[..., Any] | None = getattr(error, "errors", None)
    if not callable(errors) or not callable(getattr(error, "error_count", None)):
        return []
    try:
        return list(errors(include_url=False))
    except Exception:  # an input that cannot be shown must not hide the error itself
        return []


def _locations(error: BaseException, entries: list[dict[str, Any]], text: str) -> tuple[str, ...]:
    """The fields that the library itself names, as dotted paths."""
    found = [".".join(str(part) for part in entry.get("loc", ())) for entry in entries]
    for candidate in (error, *_inner(entries)):
        parameter = getattr(candidate, "parameter", None)
        if isinstance(parameter, str):
            found.append(parameter)
    if not found and _STRUCT_MARK in text:
        in_text = _STRUCT_PATH.search(text)
        if in_text is not None:
            found.append(_INDEX.sub("", in_text[1]).lstrip("."))
    return tuple(dict.fromkeys(place for place in found if place))


def _inner(entries: list[dict[str, Any]]) -> list[BaseException]:
    """The exceptions of validators, which pydantic keeps inside its own error."""
    inner = [entry.get("ctx", {}).get("error") for entry in entries]
    return [one for one in inner if isinstance(one, BaseException)]


def _raised_at(error: BaseException, entries: list[dict[str, Any]], package: str) -> str | None:
    for candidate in (*_inner(entries), error):
        place = _innermost(candidate.__traceback__, package)
        if place is not None:
            return place
    return None


def _innermost(trace: TracebackType | None, package: str) -> str | None:
    """`path:line` of the last frame inside the package, relative to the folder that holds the package."""
    found: tuple[str, int] | None = None
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__")
        path = _path_within(module, trace.tb_frame.f_code.co_filename, package) if isinstance(module, str) else None
        if path is not None:
            found = path, trace.tb_lineno
        trace = trace.tb_next
    return None if found is None else f"{found[0]}:{found[1]}"


@lru_cache(maxsize=4096)
def _path_within(module: str, file: str, package: str) -> str | None:
    """The place of a module's code in the package; None if it is outside the package or in no file."""
    if file.startswith("<") or not (module == package or module.startswith(package + ".")):
        return None
    path = file.replace(os.sep, "/")
    _, inside, after = path.rpartition(f"/{package}/")
    return f"{package}/{after}" if inside else path.rpartition("/")[2]
