"""The detectors: one record for each kind of statement with an effect, with its documentation and examples.

To add one whose statement is a call, write a record: the walk, the candidates, the ledger, the tests and the table in
docs/explanation/static-miner.md read it. A new form of statement also needs a method of the walk.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Final, final

from miners.logic.formulas import Formula
from miners.symbolic.terms import Term
from pytest_llem_invariants.model import Channel, ExpectedOutcome, Outcome, Severity


class EffectKind(StrEnum):
    """The effect of a statement, in the words of the ledger."""

    RAISE = "raise"
    ASSERT = "assert"
    SELF_ASSIGN = "self_assign"
    WARN = "warnings_warn"
    LOG = "logger_warning"
    LOG_ONCE = "logger_warning_once"
    MINOR_ISSUE = "minor_issue"

    def __str__(self) -> str:
        return str(self.value)

    @property
    def detector(self) -> Detector:
        return _BY_KIND[self]


class Shape(Enum):
    """The form of a statement: it decides which part of the walk handles it."""

    RAISE = auto()
    ASSERT = auto()
    CALL = auto()
    """A call as a statement, of a function that the detector names."""
    ASSIGN = auto()
    """An assignment of another value than the given one to a field."""
    ITEM = auto()
    """An entry for a field in a dict; only the walk knows which dict collects issues."""


Calls = Callable[[str, str], bool]
"""Whether a call is meant, by the text before its last dot (in lower case) and the function's name."""


@final
@dataclass(frozen=True, slots=True)
class Detector:
    """A kind of statement with an effect."""

    kind: EffectKind
    name: str
    """Its name for people; several kinds may share one."""
    docs: str
    """The statement, as the documentation writes it."""
    shape: Shape
    severity: Severity
    outcome: Outcome
    channel: Channel
    invalid: tuple[str, ...]
    """Bodies of a `__post_init__` over `a: int = 0` and `b: int | None = None` in which it finds a rule."""
    valid: tuple[str, ...]
    """Bodies in which it finds no rule."""
    calls: Calls = lambda owner, name: False
    fills_in: bool = False
    """Whether further arguments of the call are formatted into its message, as a logger does."""

    @property
    def expected(self) -> ExpectedOutcome:
        return ExpectedOutcome(self.outcome, self.channel)

    @property
    def announces(self) -> bool:
        """Whether it only announces something."""
        return self.severity is Severity.WARN

    @property
    def severities(self) -> frozenset[Severity]:
        """The severities that a rule about its line may have. An announcement often says that a value is ignored.

        A line can also fail on a value (`value.lower()`): such a rule is not about the line's own effect.
        """
        return frozenset({self.severity, Severity.DORMANT} if self.announces else {self.severity})

    @property
    def changes(self) -> bool:
        """Whether it changes the value of a field."""
        return self.shape is Shape.ASSIGN


def _warns(owner: str, name: str) -> bool:
    return (owner == "" and name == "warn") or (owner == "warnings" and name in ("warn", "warn_explicit"))


def _logs(*names: str) -> Calls:
    return lambda owner, name: "log" in owner and name in names


DETECTORS: Final = (
    Detector(
        kind=EffectKind.RAISE,
        name="ConditionalRaise",
        docs="`raise`",
        shape=Shape.RAISE,
        severity=Severity.ERROR,
        outcome=Outcome.ERROR,
        channel=Channel.RUNTIME_EXCEPTION,
        invalid=(
            'if self.a < 0:\n    raise ValueError("a is negative")',
            'if self.b is None:\n    if self.a > 4:\n        raise ValueError(f"no b for {self.a}")',
        ),
        valid=(
            'try:\n    if self.a < 0:\n        raise ValueError("caught")\nexcept ValueError:\n    pass',
            'raise NotImplementedError("always")',
        ),
    ),
    Detector(
        kind=EffectKind.ASSERT,
        name="ConditionalRaise",
        docs="`assert`",
        shape=Shape.ASSERT,
        severity=Severity.ERROR,
        outcome=Outcome.ERROR,
        channel=Channel.RUNTIME_EXCEPTION,
        invalid=('assert self.a != 3, "a is three"',),
        valid=('assert True, "never"',),
    ),
    Detector(
        kind=EffectKind.SELF_ASSIGN,
        name="ConditionalSelfAssign",
        docs="a field set to something else than was given",
        shape=Shape.ASSIGN,
        severity=Severity.DORMANT,
        outcome=Outcome.DORMANT_SILENT,
        channel=Channel.NONE,
        invalid=("if self.a > 8:\n    self.a = 8",),
        valid=("if self.b is None:\n    self.b = 1", "if self.a > 8:\n    self.other = 8"),
    ),
    Detector(
        kind=EffectKind.WARN,
        name="ConditionalWarningsWarn",
        docs="`warnings.warn`",
        shape=Shape.CALL,
        severity=Severity.WARN,
        outcome=Outcome.WARN,
        channel=Channel.WARNINGS_WARN,
        invalid=('if self.a == 1:\n    warnings.warn("one is slow")',),
        valid=('if self.a == 1:\n    warnings.simplefilter("ignore")',),
        calls=_warns,
    ),
    Detector(
        kind=EffectKind.LOG,
        name="ConditionalLoggerWarning",
        docs="`logger.warning`",
        shape=Shape.CALL,
        severity=Severity.WARN,
        outcome=Outcome.WARN,
        channel=Channel.LOGGER_WARNING,
        invalid=('if self.a == 1:\n    logger.warning("%s is slow", self.a)',),
        valid=('if self.a == 1:\n    logger.info("one")', 'if self.a == 1:\n    self.b.warning("not a logger")'),
        calls=_logs("warning", "warn", "warning_advice"),
        fills_in=True,
    ),
    Detector(
        kind=EffectKind.LOG_ONCE,
        name="ConditionalLoggerWarning",
        docs="`logger.warning_once`",
        shape=Shape.CALL,
        severity=Severity.WARN,
        outcome=Outcome.WARN,
        channel=Channel.LOGGER_WARNING_ONCE,
        invalid=('if self.a == 1:\n    logger.warning_once("one is slow")',),
        valid=('if self.a == 1:\n    logger.info_once("one")',),
        calls=_logs("warning_once"),
        fills_in=True,
    ),
    Detector(
        kind=EffectKind.MINOR_ISSUE,
        name="MinorIssuesDictAssign",
        docs="an entry in a dict of collected issues",
        shape=Shape.ITEM,
        severity=Severity.DORMANT,
        outcome=Outcome.DORMANT_ANNOUNCED,
        channel=Channel.MINOR_ISSUES_DICT,
        invalid=('issues = {}\nif self.a == 1:\n    issues["a"] = "a is one"',),
        valid=('issues = {}\nif self.a == 1:\n    issues["other"] = "no field"', 'self.notes = {"a": "always"}'),
    ),
)


_BY_KIND: Final[Mapping[EffectKind, Detector]] = {one.kind: one for one in DETECTORS}


@final
@dataclass(frozen=True, slots=True)
class Site:
    """A statement that may have an effect."""

    path: str
    line: int
    method: str


@final
@dataclass(frozen=True, slots=True)
class Effect:
    """One path to one statement."""

    kind: EffectKind
    site: Site
    guard: Formula
    template: str | None = None
    target: str | None = None
    """The field that changes."""
    value: Term | None = None
    handled: bool = False
    block: int = 0
    exception: str = ""
    called: bool = True
    """Whether the code was seen to call it; else only its name says that it runs."""
    of_given: bool = False
    """Whether it runs before there is an object: a field that is not given has no default there."""

    @property
    def changes(self) -> bool:
        """Whether it changes the value of a field."""
        return self.kind.detector.changes


def announcement(call: ast.Call) -> EffectKind | None:
    """The kind of effect that a call has by itself, such as a warning; None if it has none."""
    match call.func:
        case ast.Attribute(value=value, attr=name):
            owner = ast.unparse(value).lower()
        case ast.Name(id=name):
            owner = ""
        case _:
            return None
    return next((one.kind for one in DETECTORS if one.shape is Shape.CALL and one.calls(owner, name)), None)


def kind_at(node: ast.AST, *, guarded: bool) -> EffectKind | None:
    """The kind of a statement that the walk did not reach, as far as its form shows it."""
    match node:
        case ast.Raise():
            return EffectKind.RAISE
        case ast.Assert():
            return EffectKind.ASSERT
        case ast.Expr(value=ast.Call() as call):
            return announcement(call)
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"))]) if guarded:
            return EffectKind.SELF_ASSIGN
        case _:
            return None
