"""An exception of the library, as a frozen fact."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from pytest_llem_invariants.model import ObservedException
from pytest_llem_invariants.replay.normalise import normalise_text

_STRUCT_PATH: Final = re.compile(r" - at `(?:key in )?\$((?:\.\w+|\[[^\]`]*\])*)`")
_ENVIRONMENTAL: Final = frozenset({"ImportError", "NameError"})
_EXHAUSTED: Final = frozenset({"RecursionError", "MemoryError"})


def describe(error: BaseException, package: str) -> ObservedException:
    """The exception with its structured field locations and the innermost line inside the library."""
    return ObservedException(
        type=type(error).__name__,
        message=normalise_text(_text(error)),
        locations=_locations(error),
        raised_at=_raised_at(error, package),
        bases=tuple(base.__name__ for base in type(error).__mro__[1:] if base is not object),
    )


def is_environmental(error: ObservedException) -> bool:
    """Whether the exception speaks of this machine (a package that is missing here), not of the config."""
    if error.type == "UnboundLocalError":
        return False
    return not _ENVIRONMENTAL.isdisjoint((error.type, *error.bases))


def why_no_verdict(error: ObservedException) -> str | None:
    """Why an exception decides nothing about a config; None where it does."""
    first_line = error.message.partition("\n")[0][:200]
    if is_environmental(error):
        return f"environment: {error.type}: {first_line}"
    if not _EXHAUSTED.isdisjoint((error.type, *error.bases)):
        return f"exhausted: {error.type}"
    if "Exception" not in (error.type, *error.bases):
        return f"crashed: {error.type}: {first_line}"
    return None


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # a foreign __str__ may raise anything
        return f"<{type(error).__name__} without a text>"


def _structured(error: BaseException) -> list[dict[str, Any]]:
    """The entries of a pydantic ValidationError, recognised by its shape, since pydantic need not be installed."""
    errors: Callable[..., Any] | None = getattr(error, "errors", None)
    if not callable(errors) or not callable(getattr(error, "error_count", None)):
        return []
    try:
        return list(errors(include_url=False))
    except Exception:  # an input that cannot be shown must not hide the error itself
        return []


def _locations(error: BaseException) -> tuple[str, ...]:
    found = [".".join(str(part) for part in entry.get("loc", ())) for entry in _structured(error)]
    if not found:
        parameter = getattr(error, "parameter", None)
        if isinstance(parameter, str):
            found = [parameter]
        else:
            in_text = _STRUCT_PATH.search(_text(error))
            if in_text is not None:
                found = [re.sub(r"\[[^\]]*\]", "", in_text[1]).lstrip(".")]
    else:
        for inner in _inner(error):
            parameter = getattr(inner, "parameter", None)
            if isinstance(parameter, str):
                found.append(parameter)
    return tuple(dict.fromkeys(place for place in found if place))


def _inner(error: BaseException) -> list[BaseException]:
    """What validators raised, which pydantic keeps inside its own error."""
    inner = [entry.get("ctx", {}).get("error") for entry in _structured(error)]
    return [one for one in inner if isinstance(one, BaseException)]


def _raised_at(error: BaseException, package: str) -> str | None:
    for candidate in (*_inner(error), error):
        place = _innermost(candidate.__traceback__, package)
        if place is not None:
            return place
    return None


def _innermost(trace: TracebackType | None, package: str) -> str | None:
    """`path:line` of the last frame inside the package, relative to the folder that holds the package."""
    marker = f"/{package}/"
    found: str | None = None
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__")
        if isinstance(module, str) and (module == package or module.startswith(package + ".")):
            file = Path(trace.tb_frame.f_code.co_filename).as_posix()
            if not file.startswith("<"):
                _, inside, after = file.rpartition(marker)
                found = f"{package}/{after}:{trace.tb_lineno}" if inside else f"{Path(file).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found
