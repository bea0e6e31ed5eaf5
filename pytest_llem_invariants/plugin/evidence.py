"""What one item found out, as plain text that any channel carries whole.

One line of ASCII JSON is at once what rides on a report between processes and what stands in the journal: lone
surrogates, control characters, `nan` and integers of any size arrive as they left.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, Final, final

from pytest_llem_invariants.model import (
    EMPTY,
    Change,
    Channel,
    Check,
    CheckFailed,
    Divergence,
    Observation,
    ObservedException,
    ObservedLog,
    Soundness,
    TypedValue,
)

_PRINTABLE_BITS: Final = 8192
"""Python refuses to print much larger integers in decimal."""
_DEEPEST: Final = 40


class Verdict(StrEnum):
    """How one check of one rule ended."""

    CONFIRMED = "confirmed"
    BROKEN = "broken"
    SKIPPED = "skipped"
    """Nothing could be said: the check does not apply, or the example could not be run."""


@final
@dataclass(frozen=True, slots=True)
class Evidence:
    """One check's verdict, with the observations that were made for it."""

    corpus: str
    rule: str
    check: Check
    verdict: Verdict
    version: str
    """Of the library that was imported."""
    reason: str | None = None
    divergences: tuple[Divergence, ...] = ()
    positive: Observation | None = None
    negative: Observation | None = None
    soundness: Soundness | None = None
    simulated: bool = field(default=False)
    """Whether the examples ran under another context than the library's own."""

    def to_line(self) -> str:
        data: dict[str, Any] = {
            "corpus": self.corpus,
            "rule": self.rule,
            "check": self.check.value,
            "verdict": self.verdict.value,
            "version": self.version,
        }
        if self.reason is not None:
            data["reason"] = self.reason
        if self.divergences:
            data["divergences"] = [_divergence_to_data(divergence) for divergence in self.divergences]
        if self.positive is not None:
            data["positive"] = _observation_to_data(self.positive)
        if self.negative is not None:
            data["negative"] = _observation_to_data(self.negative)
        if self.soundness is not None:
            data["soundness"] = _soundness_to_data(self.soundness)
        if self.simulated:
            data["simulated"] = True
        return json.dumps(data, allow_nan=False)

    @classmethod
    def from_line(cls, line: str) -> Evidence:
        data = json.loads(line)
        return cls(
            corpus=data["corpus"],
            rule=data["rule"],
            check=Check(data["check"]),
            verdict=Verdict(data["verdict"]),
            version=data["version"],
            reason=data.get("reason"),
            divergences=tuple(_divergence_from_data(one) for one in data.get("divergences", ())),
            positive=_observation_from_data(data.get("positive")),
            negative=_observation_from_data(data.get("negative")),
            soundness=_soundness_from_data(data.get("soundness")),
            simulated=data.get("simulated", False),
        )


def _divergence_to_data(divergence: Divergence) -> list[Any]:
    return [
        divergence.invariant_id,
        divergence.check_failed.value,
        divergence.field,
        divergence.expected,
        divergence.observed,
    ]


def _divergence_from_data(data: list[Any]) -> Divergence:
    rule, failed, where, expected, observed = data
    return Divergence(rule, CheckFailed(failed), where, expected, observed)


def _observation_to_data(seen: Observation) -> dict[str, Any]:
    data: dict[str, Any] = {}
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
            name: [_pack(change.declared), _pack(change.observed)] for name, change in seen.normalisations.items()
        }
    if seen.skipped_reason is not None:
        data["skipped_reason"] = seen.skipped_reason
    return data


def _observation_from_data(data: Mapping[str, Any] | None) -> Observation | None:
    if data is None:
        return None
    raised = data.get("exception")
    return Observation(
        exception=None
        if raised is None
        else ObservedException(raised[0], raised[1], tuple(raised[2]), raised[3], tuple(raised[4])),
        warnings=tuple(data.get("warnings", ())),
        logs=tuple(ObservedLog(Channel(channel), logger, text) for channel, logger, text in data.get("logs", ())),
        minor_issues=data.get("minor_issues", EMPTY),
        normalisations={
            name: Change(_unpack(declared), _unpack(observed))
            for name, (declared, observed) in data.get("normalisations", EMPTY).items()
        },
        skipped_reason=data.get("skipped_reason"),
    )


def _soundness_to_data(found: Soundness) -> list[Any]:
    over, under = ([_pack(example) for example in side] for side in (found.overbroad, found.underbroad))
    return [found.probes, found.agreed, over, under]


def _soundness_from_data(data: list[Any] | None) -> Soundness | None:
    if data is None:
        return None
    probes, agreed, over, under = data
    return Soundness(probes, agreed, tuple(map(_unpack, over)), tuple(map(_unpack, under)))


def _pack(value: Any, depth: int = 0) -> Any:
    """A value as JSON holds it; what JSON does not know is tagged with a `$` key, what nothing knows is its repr."""
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
            return {"$type": value.type, "kwargs": _pack(value.kwargs, depth + 1)}
        case Mapping():
            pairs = [(key, _pack(inner, depth + 1)) for key, inner in value.items()]
            if all(type(key) is str and not key.startswith("$") for key, _ in pairs):
                return dict(pairs)
            return {"$map": [[_pack(key, depth + 1), inner] for key, inner in pairs]}
        case list() | tuple():
            return [_pack(inner, depth + 1) for inner in value]
        case _:
            return repr(value)


def _unpack(data: Any) -> Any:
    if isinstance(data, list):
        return [_unpack(inner) for inner in data]
    if not isinstance(data, dict):
        return data
    match data:
        case {"$int": digits}:
            return int(digits, 16)
        case {"$float": text}:
            return float(text)
        case {"$type": name, "kwargs": kwargs}:
            return TypedValue(name, _unpack(kwargs))
        case {"$map": pairs}:
            return {_unpack(key): _unpack(inner) for key, inner in pairs}
    return {key: _unpack(inner) for key, inner in data.items()}
