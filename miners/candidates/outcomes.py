"""The outcome of a candidate or an effect: a confirmed rule, or the cause why there is none.

A cause is a member of one closed enum; its data are fields. The sentence is made from both where somebody reads it, and
no code parses a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, unique
from typing import Any, Final, final

from miners.candidates.candidate import Candidate
from pytest_llem_invariants.model import Rule, Vocabulary


class Reason(Vocabulary):
    """Why no rule covers an effect, as the ledger counts it."""

    OPAQUE = "opaque"
    """No predicate can express a clause of its condition."""
    REFUTED = "refuted"
    """The live library contradicted the rule."""
    NO_EXAMPLE = "no_example"
    """No keyword arguments were found with which the live library shows it."""
    NOT_TRIED = "not_tried"
    """A rule was proposed, but no gate has seen it."""
    RUN_TIME = "run_time"
    """It depends on a model, a device, a tokenizer, a file or an argument that only a running engine has."""
    UNREACHABLE = "unreachable"
    """Building and validating a config never runs this code."""
    DEFAULT = "default"
    """It fills in a value that was not given, and changes nothing that a config says."""
    PRIVATE = "private"
    """It depends on, or changes, something that no keyword argument sets."""


_NO_EXAMPLE: Final = "no example that the library confirms"


@final
@unique
class Cause(Enum):
    """Why there is no rule: the reason that the ledger counts, the words, and the words for the data."""

    # The static miner drops a path to an effect and proposes nothing.
    HANDLED = Reason.UNREACHABLE, "the code that calls it catches this exception"
    CONTRADICTORY = Reason.UNREACHABLE, "its condition contradicts itself"
    UNCONDITIONAL = Reason.UNREACHABLE, "happens whatever is given"
    NO_WAY = Reason.UNREACHABLE, "no way through the code that was read comes here"
    NOT_CALLED = Reason.UNREACHABLE, "neither construction nor validation calls", " {said}"
    NEEDS_ARGUMENT = Reason.RUN_TIME, "", "{said} is called with {names}, which construction does not know"
    CHANGES_PRIVATE = Reason.PRIVATE, "", "changes {names}, which no keyword argument gives"
    DEPENDS_ON_PRIVATE = Reason.PRIVATE, "", "depends on {names}, which no keyword argument gives"
    SETS_PRIVATE = Reason.PRIVATE, "sets what no keyword argument gives, or the value that is there already"
    HOLDS_GIVEN = Reason.DEFAULT, "holds what was given"
    FILLS_IN = Reason.DEFAULT, "only fills in what was not given"
    UNSAID = Reason.OPAQUE, "", "{said}"
    # If no library will be asked, the static miner drops what reading alone cannot settle.
    UNKNOWN_VALUE = Reason.NOT_TRIED, "sets a value that reading does not tell"
    SET_AGAIN = Reason.NOT_TRIED, "what it sets may be set again"
    CLASS_OF_MAPPING = Reason.NOT_TRIED, "asks for the class of what a mapping may become"
    # A build from source has no library to ask: it loses each candidate without two examples.
    UNSAID_GUARD = Reason.OPAQUE, "a guard that no predicate says"
    UNENFORCED_TYPE = Reason.NO_EXAMPLE, "a type that only code of the class could enforce"
    NO_PAIR = Reason.NO_EXAMPLE, "no pair of examples"
    # The gate finds no example.
    ACCEPTED = Reason.NO_EXAMPLE, _NO_EXAMPLE, ": accepted"
    ANOTHER_CHECK = Reason.NO_EXAMPLE, _NO_EXAMPLE, ": {said} at {place} instead"
    NO_ANSWER = Reason.NO_EXAMPLE, _NO_EXAMPLE, ": {said}"
    ENVIRONMENT = Reason.RUN_TIME, _NO_EXAMPLE, ": {said}"
    NO_CONFIG = Reason.NO_EXAMPLE, _NO_EXAMPLE, ": no config satisfies it"
    NO_ARGUMENT = Reason.PRIVATE, _NO_EXAMPLE, ": no argument takes part in it"
    NO_CONTEXT = Reason.RUN_TIME, _NO_EXAMPLE, ": it asks for another {names}"
    NO_TYPE = Reason.UNREACHABLE, _NO_EXAMPLE, ": only values that the declared types refuse satisfy it"
    UNCLEAN = Reason.NO_EXAMPLE, _NO_EXAMPLE, ": each negative is one that another rule is about"
    BEHIND = Reason.UNREACHABLE, "whatever satisfies it is stopped before", ", first at {place}"
    # The gate finds that something other than the config decides.
    OF_THE_MOMENT = Reason.RUN_TIME, "what the value becomes is another each time"
    OF_THE_MODEL = Reason.RUN_TIME, "depends on the model", " ({names}): of {config} it goes away beside another"
    OF_THE_MACHINE = Reason.RUN_TIME, "depends on the machine", ": of {config} it goes away beside another"
    LEAVES_UNSAID = Reason.RUN_TIME, "all that was read at its line asks for more", ": {names}"
    OF_THE_DISK = Reason.RUN_TIME, "whether there is such a file decides"
    OF_THE_WORLD = Reason.RUN_TIME, "a model, a running engine or the machine decides", ": {said}"
    SEEN_ONCE = Reason.OPAQUE, "its guard is not all said, and its effect is seen at one value alone", ": {config}"
    # The library contradicts the candidate.
    CONTRADICTED = Reason.REFUTED, "fires on a config that the library accepts", ": {config}"
    STILL_CONTRADICTED = Reason.REFUTED, "still contradicted", " after {said} rounds"
    IMPLIED = Reason.REFUTED, "implied by a wider rule with the same message"
    """For an effect, only if the wider rule is gone as well, because it was refuted later."""
    # The ledger knows more than the miners do.
    OF_RUN_TIME = Reason.RUN_TIME, "", "{said}"
    READS_ENGINE = Reason.RUN_TIME, "", "{said} reads what only a running engine has"
    OF_PACKAGES = Reason.RUN_TIME, "it tells of what is installed"
    STOPPED_OUTSIDE = Reason.RUN_TIME, "every example is stopped", " at {place}, which asks for more"
    ONLY_NAMED = Reason.UNREACHABLE, "neither construction nor validation is seen to call", " {said}"
    NOT_TRIED = Reason.NOT_TRIED, "a rule was proposed, and no gate has seen it"

    def __init__(self, reason: Reason, words: str, rest: str = "") -> None:
        self.reason = reason
        self.words = words
        """How every sentence of this cause begins, whatever its data; tables count by it."""
        self.rest = rest


FOR_CERTAIN: Final = frozenset({Cause.NO_TYPE, Cause.NO_CONTEXT, Cause.BEHIND})
"""Causes that hold for a whole condition as soon as they hold for a part of it."""
DOUBTS: Final = frozenset({Cause.UNKNOWN_VALUE, Cause.SET_AGAIN, Cause.CLASS_OF_MAPPING})
"""Causes that a library would settle, if one could be asked."""
_AT_CONSTRUCTION: Final = "construction"


@final
@dataclass(frozen=True, slots=True)
class Why:
    """A cause with its data."""

    cause: Cause
    place: str | None = None
    """The check that stopped the example; None where the library raised outside its own code."""
    names: tuple[str, ...] = ()
    """The fields, arguments or contexts concerned."""
    config: str = ""
    """The config that decided, as Python writes it."""
    said: str = ""
    """The words of the library or of the code: an exception's type, a guard, a method."""

    @property
    def sentence(self) -> str:
        """The sentence for a reader."""
        cause = self.cause
        return cause.words + cause.rest.format(
            place=self.place or _AT_CONSTRUCTION, names=", ".join(self.names), config=self.config, said=self.said
        )


@dataclass(frozen=True, slots=True)
class Lost:
    """A candidate that did not become a rule, and why."""

    candidate: Candidate
    why: Why
    ends: tuple[str, ...] = ()
    """Where each path past the earlier checks ended, if all paths were followed."""
    wider: Rule | None = None
    """The rule that claims all of it and more."""
    asked: int = 0
    """The questions that were asked for its examples, in vain."""
    world: Mapping[str, Any] | None = None
    """The facts that its predicate names, as they were where an example was looked for; None where none was."""


class Rung(Vocabulary):
    """What gave the example of a rule: the steps of a cascade, tried in this order."""

    EARLIER = "the nearest version's example"
    SIMILAR = "a similar rule's example"
    OWN = "the producer's own example"
    WITNESS = "the witness search"
    DRAWN = "a text that hypothesis draws"
    DETOUR = "a way past earlier checks"


@dataclass(frozen=True, slots=True)
class Proven:
    """A confirmed rule, and the steps that refined it."""

    rule: Rule
    history: tuple[str, ...] = ()
    rung: Rung | None = None
    """What gave its example; None of what nobody looked for."""
    asked: int = 0
    """The questions that were asked for it."""
