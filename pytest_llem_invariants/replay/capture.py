"""Which channels each kind of rule reads of an example, and what stands in for one that was not captured.

The positive example is captured whole: its entry in the validated file tells everything that the library did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NoReturn, final

from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.model import Channel, Observation, Rule, Severity

EXCEPTION: Final = "exception"
WARNINGS: Final = "warnings"
LOGS: Final = "logs"
MINOR_ISSUES: Final = "minor_issues"
NORMALISATIONS: Final = "normalisations"

Channels = frozenset[str]
"""Names of the parts of an observation."""

ALL: Final[Channels] = frozenset((EXCEPTION, WARNINGS, LOGS, MINOR_ISSUES, NORMALISATIONS))
READ: Final[Mapping[Channel, Channels]] = {
    Channel.RUNTIME_EXCEPTION: frozenset((EXCEPTION,)),
    Channel.WARNINGS_WARN: frozenset((EXCEPTION, WARNINGS)),
    Channel.LOGGER_WARNING: frozenset((EXCEPTION, LOGS)),
    Channel.LOGGER_WARNING_ONCE: frozenset((EXCEPTION, LOGS)),
    Channel.MINOR_ISSUES_DICT: frozenset((EXCEPTION, MINOR_ISSUES)),
    Channel.NONE: frozenset((EXCEPTION, NORMALISATIONS)),
}
"""What the checks of a rule with this channel read of its negative example: that the library is silent there."""


class NotCapturedError(LlemError):
    """A check reads a channel that its kind of rule does not declare."""


@final
class NotCaptured:
    """Stands in an observation for a channel that was not captured: whoever reads it learns so."""

    __slots__ = ("channel",)

    def __init__(self, channel: str) -> None:
        self.channel = channel

    def _refuse(self, *_: Any) -> NoReturn:
        raise NotCapturedError(
            f"a check reads {self.channel!r}, which was not captured — declare it for this kind of rule in {__name__}"
        )

    __iter__ = __len__ = __bool__ = __contains__ = __getitem__ = items = keys = values = get = _refuse

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NotCaptured) and other.channel == self.channel

    def __hash__(self) -> int:
        return hash(self.channel)


def read_of_negative(rule: Rule) -> Channels:
    """The channels that a rule's checks read of its negative example."""
    if rule.severity is Severity.ERROR:
        return READ[Channel.RUNTIME_EXCEPTION]
    return READ[rule.expected_outcome.emission_channel]


def without(observation: Observation, channels: Channels) -> Observation:
    """An observation in which these channels were not captured."""
    unread: dict[str, Any] = {name: NotCaptured(name) for name in sorted(channels)}
    return replace(observation, **unread)


def heard(observation: Observation) -> Observation:
    """The same for telling what was captured: what was not is empty."""
    empty: dict[str, Any] = {name: () if name in (WARNINGS, LOGS) else {} for name in ALL - captured(observation)}
    return replace(observation, **empty) if empty else observation


def captured(observation: Observation) -> Channels:
    """The channels that an observation has."""
    return frozenset(name for name in ALL if not isinstance(getattr(observation, name), NotCaptured))
