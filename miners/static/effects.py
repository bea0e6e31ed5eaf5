"""The statements that have an effect, each with what it is called and how grave it is."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, final

from miners.logic.formulas import Formula
from miners.symbolic.terms import Term
from pytest_llem_invariants.model import Channel, ExpectedOutcome, Outcome, Severity


class EffectKind(StrEnum):
    """The five detectors."""

    RAISE = "raise"
    ASSERT = "assert"
    SELF_ASSIGN = "self_assign"
    WARN = "warnings_warn"
    LOG = "logger_warning"
    LOG_ONCE = "logger_warning_once"
    MINOR_ISSUE = "minor_issue"

    def __str__(self) -> str:
        return str(self.value)


_SPEAKING_OF: Final[Mapping[EffectKind, frozenset[Severity]]] = {
    EffectKind.RAISE: frozenset({Severity.ERROR}),
    EffectKind.ASSERT: frozenset({Severity.ERROR}),
    EffectKind.SELF_ASSIGN: frozenset({Severity.DORMANT}),
    EffectKind.MINOR_ISSUE: frozenset({Severity.DORMANT}),
    EffectKind.WARN: frozenset({Severity.WARN, Severity.DORMANT}),
    EffectKind.LOG: frozenset({Severity.WARN, Severity.DORMANT}),
    EffectKind.LOG_ONCE: frozenset({Severity.WARN, Severity.DORMANT}),
}
"""A line can also trip over a value (`value.lower()`): that rule is another one than that of the line's own effect."""


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
    """One way to one site."""

    kind: EffectKind
    site: Site
    guard: Formula
    template: str | None = None
    target: str | None = None
    """The field that is changed."""
    value: Term | None = None
    handled: bool = False
    block: int = 0
    exception: str = ""
    called: bool = True
    """Whether what was read shows that its code runs; else only its name says so."""


_ERROR: Final = ExpectedOutcome(Outcome.ERROR, Channel.RUNTIME_EXCEPTION)


_DETECTED: Final[Mapping[EffectKind, tuple[Severity, ExpectedOutcome]]] = {
    EffectKind.RAISE: (Severity.ERROR, _ERROR),
    EffectKind.ASSERT: (Severity.ERROR, _ERROR),
    EffectKind.SELF_ASSIGN: (Severity.DORMANT, ExpectedOutcome(Outcome.DORMANT_SILENT, Channel.NONE)),
    EffectKind.WARN: (Severity.WARN, ExpectedOutcome(Outcome.WARN, Channel.WARNINGS_WARN)),
    EffectKind.LOG: (Severity.WARN, ExpectedOutcome(Outcome.WARN, Channel.LOGGER_WARNING)),
    EffectKind.LOG_ONCE: (Severity.WARN, ExpectedOutcome(Outcome.WARN, Channel.LOGGER_WARNING_ONCE)),
    EffectKind.MINOR_ISSUE: (
        Severity.DORMANT,
        ExpectedOutcome(Outcome.DORMANT_ANNOUNCED, Channel.MINOR_ISSUES_DICT),
    ),
}


_LOG_METHODS: Final[dict[str, EffectKind]] = {
    "warning": EffectKind.LOG,
    "warn": EffectKind.LOG,
    "warning_once": EffectKind.LOG_ONCE,
    "warning_advice": EffectKind.LOG,
}


def announcement(call: ast.Call) -> EffectKind | None:
    """Whether a call warns or logs a warning, and through which channel."""
    if not isinstance(call.func, ast.Attribute):
        return EffectKind.WARN if isinstance(call.func, ast.Name) and call.func.id == "warn" else None
    owner = ast.unparse(call.func.value).lower()
    if owner == "warnings" and call.func.attr in ("warn", "warn_explicit"):
        return EffectKind.WARN
    return _LOG_METHODS.get(call.func.attr) if "log" in owner else None


def _kind(node: ast.AST, *, guarded: bool) -> EffectKind | None:
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
