"""Whether the library answers the same each time: `--llem-repeat` asks again, in this process and in fresh ones."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, final

from pytest_llem_invariants.model import CheckFailed, Divergence, Observation, Rule

if TYPE_CHECKING:
    from pytest_llem_invariants.plugin.options import Settings
    from pytest_llem_invariants.plugin.shelf import Volume

Pair = tuple[Observation, Observation]
"""The answers to the positive and the negative example."""
_MODULE: Final = "pytest_llem_invariants.plugin.fresh_process"
_DIED: Final = Observation(skipped_reason="crashed: the fresh process that tried it again died")


def differing(
    rule: Rule, first: Pair, again: Iterable[Callable[[], Pair]]
) -> tuple[Divergence | None, Divergence | None]:
    """The first answer of each example that is another than the one at first."""
    found: list[Divergence | None] = [None, None]
    for ask in again:
        for number, (before, after) in enumerate(zip(first, ask(), strict=True)):
            if found[number] is None and after != before:
                found[number] = _diverges(rule, before, after)
    return found[0], found[1]


def _diverges(rule: Rule, before: Observation, after: Observation) -> Divergence:
    subject = next(iter(rule.match.fields), None)
    return Divergence(rule.id, CheckFailed.NONDETERMINISTIC, subject, _told(before), _told(after))


def _told(seen: Observation) -> str:
    from pytest_llem_invariants.replay.contracts import said

    if seen.skipped_reason is not None:
        return seen.skipped_reason
    place = None if seen.exception is None else seen.exception.raised_at
    return said(seen) if place is None else f"{said(seen)} [{place}]"


@final
class Trials:
    """The fresh processes of this one: each imports the library once and answers rule by rule. Hash seeds differ."""

    def __init__(self, volume: Volume, settings: Settings) -> None:
        self._volume = volume
        self._settings = settings
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def of(self, rule: Rule) -> Iterator[Callable[[], Pair]]:
        """Ways to ask for a rule's examples again, one for each fresh process."""
        for number in range(1, self._settings.repeat):
            yield partial(self._ask, number, rule)

    def _ask(self, number: int, rule: Rule) -> Pair:
        from pytest_llem_invariants.replay.wire import from_line

        process = self._processes.get(number)
        if process is None:
            process = self._processes[number] = self._start(number)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(rule.id.encode() + b"\n")
            process.stdin.flush()
            positive, negative = from_line(process.stdout.readline(), 2)
        except (OSError, ValueError):
            self._end(number)
            return _DIED, _DIED
        return positive, negative

    def _start(self, number: int) -> subprocess.Popen[bytes]:
        isolation = ["isolate"] if self._settings.isolate else []
        told = [str(self._volume.path), self._volume.engine, str(self._settings.timeout), *isolation]
        return subprocess.Popen(
            [sys.executable, "-m", _MODULE, *told],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONHASHSEED": str(number)},
        )

    def _end(self, number: int) -> None:
        process = self._processes.pop(number)
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):  # what a dead process did not read
                    stream.close()
        process.wait()

    def close(self) -> None:
        for number in list(self._processes):
            self._end(number)
