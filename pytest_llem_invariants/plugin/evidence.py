"""The result of one item, as one line of ASCII JSON: sent with the test report, and written to the journal."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass, field
from enum import StrEnum
from typing import Any, final

from pytest_llem_invariants.model import Check, CheckFailed, Divergence, Observation, Soundness
from pytest_llem_invariants.replay.wire import observation_from_data, observation_to_data, pack, unpack


class CheckResult(StrEnum):
    """How one check of one rule ended."""

    CONFIRMED = "confirmed"
    BROKEN = "broken"
    SKIPPED = "skipped"
    """No result: the check does not apply, or the example could not be run."""


@final
@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of the process that observed a rule's examples."""

    importing: float
    """Of the engine: told with the first rule of a process."""
    building: float
    """In the library's own code."""
    observing: float
    """Building, and capturing what it did."""
    wholes: int = 0
    """The examples of which everything was captured."""
    whole: float = 0.0
    """The seconds of capturing everything."""
    reads: int = 0
    """The examples of which only what their rule reads was captured."""
    read: float = 0.0


@final
@dataclass(frozen=True, slots=True)
class Evidence:
    """The result of one check, with the observations that were made for it."""

    corpus: str
    rule: str
    check: Check
    result: CheckResult
    version: str
    """The version of the imported library."""
    reason: str | None = None
    divergences: tuple[Divergence, ...] = ()
    positive: Observation | None = None
    negative: Observation | None = None
    soundness: Soundness | None = None
    simulated: bool = field(default=False)
    """Whether the examples ran in another context than the library's own."""
    spent: Spent | None = None
    reused: bool = False
    """Whether the library said it in an earlier run."""
    files: tuple[str, ...] = ()
    """What its process read since the evidence before: told where answers are kept."""

    def to_line(self) -> str:
        data: dict[str, Any] = {
            "corpus": self.corpus,
            "rule": self.rule,
            "check": self.check.value,
            "result": self.result.value,
            "version": self.version,
        }
        if self.reason is not None:
            data["reason"] = self.reason
        if self.divergences:
            data["divergences"] = [divergence_to_data(divergence) for divergence in self.divergences]
        if self.positive is not None:
            data["positive"] = observation_to_data(self.positive)
        if self.negative is not None:
            data["negative"] = observation_to_data(self.negative)
        if self.soundness is not None:
            data["soundness"] = soundness_to_data(self.soundness)
        if self.simulated:
            data["simulated"] = True
        if self.spent is not None:
            data["spent"] = [round(one, 6) for one in astuple(self.spent)]
        if self.reused:
            data["reused"] = True
        if self.files:
            data["files"] = self.files
        return json.dumps(data, allow_nan=False)

    @classmethod
    def from_line(cls, line: str) -> Evidence:
        data = json.loads(line)
        return cls(
            corpus=data["corpus"],
            rule=data["rule"],
            check=Check(data["check"]),
            result=CheckResult(data["result"]),
            version=data["version"],
            reason=data.get("reason"),
            divergences=tuple(divergence_from_data(one) for one in data.get("divergences", ())),
            positive=_optional(data.get("positive")),
            negative=_optional(data.get("negative")),
            soundness=soundness_from_data(data.get("soundness")),
            simulated=data.get("simulated", False),
            spent=Spent(*data["spent"]) if "spent" in data else None,
            reused=data.get("reused", False),
            files=tuple(data.get("files", ())),
        )


def divergence_to_data(divergence: Divergence) -> list[Any]:
    return [
        divergence.invariant_id,
        divergence.check_failed.value,
        divergence.field,
        divergence.expected,
        divergence.observed,
    ]


def divergence_from_data(data: list[Any]) -> Divergence:
    rule, failed, where, expected, observed = data
    return Divergence(rule, CheckFailed(failed), where, expected, observed)


def _optional(data: Any) -> Observation | None:
    return None if data is None else observation_from_data(data)


def soundness_to_data(found: Soundness) -> list[Any]:
    over, under = ([pack(example) for example in side] for side in (found.overbroad, found.underbroad))
    return [found.probes, found.agreed, over, under]


def soundness_from_data(data: list[Any] | None) -> Soundness | None:
    if data is None:
        return None
    probes, agreed, over, under = data
    return Soundness(probes, agreed, tuple(map(unpack, over)), tuple(map(unpack, under)))
