"""What came of a candidate: a rule that the library confirmed, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from miners.candidates.candidate import Candidate
from pytest_llem_invariants.model import Rule, Vocabulary

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


class Reason(Vocabulary):
    """Why no rule covers an effect."""

    OPAQUE = "opaque"
    """A clause of its condition is beyond the predicates."""
    REFUTED = "refuted"
    """The live library answered otherwise than the rule said."""
    NO_EXAMPLE = "no_example"
    """No keyword arguments were found for which the live library shows it."""
    NOT_TRIED = "not_tried"
    """A rule was proposed, and nothing is known of its proof."""
    RUN_TIME = "run_time"
    """It depends on a model, a device, a tokenizer, a file or an argument that only a running engine has."""
    UNREACHABLE = "unreachable"
    """Building and validating a config never comes here."""
    DEFAULT = "default"
    """It fills in what was not given: nothing that a config says is changed."""
    PRIVATE = "private"
    """It depends on, or changes, what no keyword argument gives."""


_DROPPED: Final[Mapping[str, Reason]] = {
    "opaque": Reason.OPAQUE,
    "too many cases": Reason.OPAQUE,
    "unconditional": Reason.UNREACHABLE,
    "default": Reason.DEFAULT,
    "private": Reason.PRIVATE,
    "needs an argument": Reason.RUN_TIME,
    "handled": Reason.UNREACHABLE,
    "unreachable": Reason.UNREACHABLE,
    "not called": Reason.UNREACHABLE,
}


_LOST: Final = (
    (": environment: ", Reason.RUN_TIME),
    (OF_NO_TYPE, Reason.UNREACHABLE),
    (OF_NO_CONTEXT, Reason.RUN_TIME),
    (OF_NO_ARGUMENT, Reason.PRIVATE),
    (BEHIND, Reason.UNREACHABLE),
    (OF_THE_MOMENT, Reason.RUN_TIME),
    (OF_THE_MODEL, Reason.RUN_TIME),
    (OF_THE_MACHINE, Reason.RUN_TIME),
    (OF_THE_DISK, Reason.RUN_TIME),
    (OF_THE_WORLD, Reason.RUN_TIME),
    ("no example", Reason.NO_EXAMPLE),
    ("fires on", Reason.REFUTED),
    ("still contradicted", Reason.REFUTED),
)
