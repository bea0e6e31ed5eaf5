"""Write an observation as one line of text, and read it back strictly: untrusted code may have written it.

One line of ASCII JSON: lone surrogates, control characters, `nan` and integers of any size arrive as they left.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final, NoReturn

from pytest_llem_invariants.model import Change, Channel, Observation, ObservedException, ObservedLog, TypedValue
from pytest_llem_invariants.replay.capture import ALL, EXCEPTION, captured, heard, without

_PRINTABLE_BITS: Final = 8192
"""Python refuses to print much larger integers in decimal."""
_DEEPEST: Final = 40
_KEYS: Final = ALL | {"skipped_reason", "not_captured"}


def to_line(observations: Sequence[Observation]) -> bytes:
    """Observations as one line."""
    return json.dumps([observation_to_data(one) for one in observations], allow_nan=False).encode("ascii")


def from_line(line: bytes, count: int) -> tuple[Observation, ...]:
    """Read `count` observations from a line; ValueError if it contains anything else."""
    try:
        data = json.loads(line.decode("ascii"), parse_constant=_refuse)
        found = tuple(map(observation_from_data, _list(data)))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if len(found) != count:
        raise ValueError(f"{len(found)} observations, not {count}")
    return found


def observation_to_data(seen: Observation) -> dict[str, Any]:
    data: dict[str, Any] = {}
    unread = ALL - captured(seen)
    if unread:
        data["not_captured"] = sorted(unread)
        seen = heard(seen)
    if seen.exception is not None:
        raised = seen.exception
        data["exception"] = [raised.type, raised.message, raised.locations, raised.raised_at, raised.bases]
    if seen.warnings:
        data["warnings"] = seen.warnings
    if seen.logs:
        data["logs"] = [[log.channel.value, log.logger, log.message] for log in seen.logs]
    if seen.minor_issues:
        data["minor_issues"] = dict(seen.minor_issues)
    if seen.normalisations:
        data["normalisations"] = {
            name: [pack(change.declared), pack(change.observed)] for name, change in seen.normalisations.items()
        }
    if seen.skipped_reason is not None:
        data["skipped_reason"] = seen.skipped_reason
    return data


def observation_from_data(data: Any) -> Observation:
    """The reverse of `observation_to_data`; ValueError for anything that it never gives."""
    held = _mapping(data)
    if not held.keys() <= _KEYS:
        _refuse(held)
    unread = frozenset(_texts(held.get("not_captured", [])))
    if not unread <= ALL or EXCEPTION in unread or unread & held.keys():
        _refuse(held)
    found = Observation(
        exception=None if "exception" not in held else _exception(held["exception"]),
        warnings=_texts(held.get("warnings", [])),
        logs=tuple(map(_log, _list(held.get("logs", [])))),
        minor_issues={name: _text(text) for name, text in _mapping(held.get("minor_issues", {})).items()},
        normalisations={name: _change(pair) for name, pair in _mapping(held.get("normalisations", {})).items()},
        skipped_reason=_text(held["skipped_reason"]) if "skipped_reason" in held else None,
    )
    return without(found, unread) if unread else found


def _exception(data: Any) -> ObservedException:
    kind, message, locations, raised_at, bases = _list(data, 5)
    place = None if raised_at is None else _text(raised_at)
    return ObservedException(_text(kind), _text(message), _texts(locations), place, _texts(bases))


def _log(data: Any) -> ObservedLog:
    channel, logger, message = _texts(_list(data, 3))
    return ObservedLog(Channel(channel), logger, message)


def _change(data: Any) -> Change:
    declared, observed = _list(data, 2)
    return Change(unpack(declared), unpack(observed))


def _refuse(data: Any) -> NoReturn:
    raise ValueError(f"no part of an observation: {str(data)[:80]!r}")


def _text(data: Any) -> str:
    return data if type(data) is str else _refuse(data)


def _list(data: Any, count: int | None = None) -> list[Any]:
    return data if type(data) is list and count in (None, len(data)) else _refuse(data)


def _texts(data: Any) -> tuple[str, ...]:
    return tuple(map(_text, _list(data)))


def _mapping(data: Any) -> dict[str, Any]:
    return data if type(data) is dict else _refuse(data)


def pack(value: Any, depth: int = 0) -> Any:
    """A value as JSON can store it: a `$` key tags other kinds, and any other object becomes its repr."""
    if depth > _DEEPEST:
        return "…"
    match value:
        case None | bool() | str():
            return value if not isinstance(value, Enum) else value.value
        case int():
            return int(value) if value.bit_length() < _PRINTABLE_BITS else {"$int": hex(value)}
        case float():
            return value if math.isfinite(value) else {"$float": repr(float(value))}
        case TypedValue():
            return {"$type": value.type, "kwargs": pack(value.kwargs, depth + 1)}
        case Mapping():
            pairs = [(key, pack(inner, depth + 1)) for key, inner in value.items()]
            if all(type(key) is str and not key.startswith("$") for key, _ in pairs):
                return dict(pairs)
            return {"$map": [[pack(key, depth + 1), inner] for key, inner in pairs]}
        case list() | tuple():
            return [pack(inner, depth + 1) for inner in value]
        case _:
            return repr(value)


def unpack(data: Any, depth: int = 0) -> Any:
    """The reverse of `pack`; ValueError for anything that it never gives."""
    if depth > _DEEPEST + 1:
        _refuse(data)
    if isinstance(data, list):
        return [unpack(inner, depth + 1) for inner in data]
    if not isinstance(data, dict):
        return data
    match data:
        case {"$int": str(digits)}:
            return int(digits, 16)
        case {"$float": str(text)}:
            return float(text)
        case {"$type": str(name), "kwargs": kwargs}:
            return TypedValue(name, _mapping(unpack(kwargs, depth + 1)))
        case {"$map": pairs}:
            return dict(_pair(pair, depth + 1) for pair in _list(pairs))
    return {key: unpack(inner, depth + 1) for key, inner in data.items()}


def _pair(data: Any, depth: int) -> tuple[Any, Any]:
    key, inner = _list(data, 2)
    if isinstance(key, (list, dict)) and not (isinstance(key, dict) and key.keys() <= {"$int", "$float"}):
        _refuse(key)
    return unpack(key, depth), unpack(inner, depth)
