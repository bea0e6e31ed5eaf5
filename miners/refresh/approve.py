"""Approve that a producer reads a new version as it did the ones before: its pin takes the version in."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import unified_diff
from typing import final

from miners.refresh.edits import widened, with_pin
from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.ssot import FOLDER, Ssot
from pytest_llem_invariants.text.bounded import read_text


@final
@dataclass(frozen=True, slots=True)
class Approval:
    """A file before and after."""

    path: str
    before: str
    after: str

    @property
    def diff(self) -> str:
        lines = unified_diff(
            self.before.splitlines(keepends=True), self.after.splitlines(keepends=True), self.path, self.path, n=1
        )
        return "".join(lines)


def approve(ssot: Ssot, producer: str, version: str) -> Approval:
    """What the engine's file becomes; an unchanged one where the pin allows the version already."""
    pin = ssot.miner_pins.get(producer)
    if pin is None:
        known = ", ".join(ssot.miner_pins)
        raise MinerError(f"{ssot.engine} has no pin for {producer!r} — known are {known}")
    before = read_text(ssot.path)
    after = before
    if not pin.contains(version, prereleases=True):
        written = str(pin)
        after = with_pin(before, producer, widened(written, version))
    return Approval(f"{FOLDER}/{ssot.path.name}", before, after)
