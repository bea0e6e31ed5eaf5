"""The results of the walk through a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from miners.candidates.candidate import Candidate, OpaqueGuard
from miners.candidates.outcomes import Why
from miners.static.effects import EffectKind, Site


@final
@dataclass(frozen=True, slots=True)
class Dropped:
    """Why a path to a statement became no candidate."""

    why: Why
    opaque: tuple[OpaqueGuard, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class SiteFinding:
    """One statement of one class: the results for all paths to it."""

    native_type: str
    site: Site
    kind: EffectKind
    candidates: tuple[Candidate, ...]
    dropped: tuple[Dropped, ...]
    called: bool = True
    """Whether construction or validation was seen to run it."""


@final
@dataclass(frozen=True, slots=True)
class StaticResult:
    """The results of reading some classes."""

    findings: tuple[SiteFinding, ...]
    """Every statement with an effect of every class, with its candidates or the reasons why there are none."""

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        return tuple(candidate for finding in self.findings for candidate in finding.candidates)
