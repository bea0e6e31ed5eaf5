"""What came of a candidate: a rule that the library confirmed, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from miners.candidate import Candidate
from pytest_llem_invariants.model import Rule

INSTEAD: Final = " instead"
ACCEPTED: Final = "accepted"
UNCLEAN: Final = "no example that the library confirms: each negative is one that another rule is about"
OF_NO_CONFIG: Final = "no config satisfies it"
OF_NO_ARGUMENT: Final = "no argument takes part in it"
OF_NO_CONTEXT: Final = "it asks for another"
BEHIND: Final = "whatever satisfies it is stopped before, first at"
OF_THE_MOMENT: Final = "what the value becomes is another each time"
CONTRADICTED: Final = "fires on a config that the library accepts"
OF_THE_MODEL: Final = "depends on the model"
OF_THE_MACHINE: Final = "depends on the machine"
OF_THE_DISK: Final = "whether there is such a file decides"
OF_THE_WORLD: Final = "a model, a running engine or the machine decides"
OF_NO_TYPE: Final = "only values that the declared types refuse satisfy it"


@dataclass(frozen=True, slots=True)
class Lost:
    """A candidate that did not become a rule, and why."""

    candidate: Candidate
    reason: str
    ends: tuple[str, ...] = ()
    """Where every way past the checks before its line ended, where all were followed."""
    wider: Rule | None = None
    """The rule that says all of it, and more."""


@dataclass(frozen=True, slots=True)
class Proven:
    """A confirmed rule, and how it came to its present form."""

    rule: Rule
    history: tuple[str, ...] = ()
