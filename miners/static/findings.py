"""What the walk through the code of a class found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from miners.candidates.candidate import Candidate, OpaqueGuard
from miners.candidates.outcomes import Why
from miners.static.effects import EffectKind, Site


@final
@dataclass(frozen=True, slots=True)
class Dropped:
    """Why a way to a site became no candidate."""

    why: Why
    opaque: tuple[OpaqueGuard, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class SiteFinding:
    """One site of one class: what came of the ways to it."""

    native_type: str
    site: Site
    kind: EffectKind
    candidates: tuple[Candidate, ...]
    dropped: tuple[Dropped, ...]
    called: bool = True
    """Whether construction or validation is seen to run its code."""


@final
@dataclass(frozen=True, slots=True)
class StaticResult:
    """What reading the code of some classes gave."""

    findings: tuple[SiteFinding, ...]
    """Every site of every class, those with candidates and those with reasons only."""

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        return tuple(candidate for finding in self.findings for candidate in finding.candidates)
