"""Snippets with their expected findings beside them, what the miner finds in them, and what the live class does.

A snippet is a class of a module in `tests/snippets`. Behind each statement that has an effect stands the rule that is
expected of it, in the form `# severity: condition -> template`; several are parted by `;`. A statement without such a
comment must give none. `?shape` in a condition is a clause that no predicate says.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import logging
import math
import random
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from miners.code.imported import ImportedReader
from miners.code.tree import TreeReader
from miners.logic.formulas import And, Atom, Formula, Opaque, Or, Truth, any_of
from miners.logic.normal_form import to_dnf
from miners.static.context import NO_CONTEXT, ContextReads
from miners.static.effects import Effect
from miners.static.roots import Reader, walk
from miners.surface import class_facts
from miners.surface.facts import ClassFacts, ClassKind, FieldFact
from pytest_llem_invariants.language.expressions import MISSING
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import Match
from pytest_llem_invariants.replay.exceptions import describe

ROOT: Final = Path(__file__).parents[2]
SNIPPETS: Final = Path(__file__).parents[1] / "snippets"
_EXPECTED: Final = re.compile(r"# ((?:error|warn|dormant): .*)$")
_FLAGS: Final = frozenset({"present", "absent", "truthy", "falsy"})


# --- what is expected -------------------------------------------------------------------------------------------------


def snippet_modules() -> list[ModuleType]:
    names = sorted(path.stem for path in SNIPPETS.glob("*.py") if path.stem != "__init__")
    return [importlib.import_module(f"tests.snippets.{name}") for name in names]


def snippet_classes() -> Iterator[type]:
    """Every class of a snippet module that stands for a config."""
    for module in snippet_modules():
        helpers = set(getattr(module, "HELPERS", ()))
        for value in list(vars(module).values()):
            if isinstance(value, type) and value.__module__ == module.__name__ and value.__name__ not in helpers:
                yield value


def name_of(cls: type) -> str:
    return f"{cls.__module__.rpartition('.')[2]}.{cls.__name__}"


def limit_of(cls: type) -> str | None:
    """Why the rules of a snippet are known to say less than the class does."""
    limits: Mapping[str, str] = getattr(sys.modules[cls.__module__], "LIMITS", {})
    return limits.get(cls.__name__)


def expected_in(module: ModuleType) -> dict[int, set[str]]:
    """Line → the findings that stand in its comment."""
    lines = Path(str(module.__file__)).read_text(encoding="utf-8").splitlines()
    found: dict[int, set[str]] = {}
    for number, line in enumerate(lines, start=1):
        match = _EXPECTED.search(line)
        if match is not None:
            found[number] = {one.strip() for one in match[1].split(";")}
    return found


# --- what is found ----------------------------------------------------------------------------------------------------


@cache
def facts_of(cls: type) -> ClassFacts:
    return class_facts(cls, cls.__name__)


@cache
def surface_of(cls: type) -> Mapping[str, ClassFacts]:
    """The classes of the module, so that one can hold another."""
    module = sys.modules[cls.__module__]
    classes = [v for v in list(vars(module).values()) if isinstance(v, type) and v.__module__ == module.__name__]
    return {one.__name__: facts_of(one) for one in classes}


def context_of(cls: type) -> ContextReads:
    return getattr(sys.modules[cls.__module__], "CONTEXT", NO_CONTEXT)


@cache
def imported_reader() -> Reader:
    return ImportedReader("tests")


@cache
def tree_reader() -> Reader:
    return TreeReader(ROOT, "tests")


def effects_of(cls: type, reader: Reader | None = None) -> tuple[Effect, ...]:
    walked = walk(facts_of(cls), surface_of(cls), reader or imported_reader(), context_of(cls))
    assert walked is not None
    return walked.effects


def grouped(effects: Sequence[Effect]) -> dict[tuple[int, str, str | None, str | None], Formula]:
    """(line, severity, template, target) → when it happens, whichever way leads there."""
    found: dict[tuple[int, str, str | None, str | None], Formula] = {}
    for effect in effects:
        if effect.handled:
            continue
        key = (effect.site.line, str(effect.kind.detector.severity), effect.template, effect.target)
        found[key] = any_of((found[key], effect.guard)) if key in found else effect.guard
    return found


def findings(effects: Sequence[Effect]) -> dict[int, set[str]]:
    """Line → the findings, in the words of the expectations."""
    found: dict[int, set[str]] = {}
    for (line, severity, template, target), guard in grouped(effects).items():
        said = say(guard)
        if said is not None:
            heading = severity if target is None else f"{severity}: {target} changes when"
            text = f"{severity}: {said}" if target is None else f"{heading} {said}"
            found.setdefault(line, set()).add(text if template is None else f"{text} -> {template}")
    return found


def say(guard: Formula) -> str | None:
    """A formula as alternatives of clauses; None where it never holds."""
    ways = to_dnf(guard)
    if ways is None:
        return "too many ways"
    if not ways:
        return None
    return " or ".join(" and ".join(_say_literal(literal) for literal in way) or "always" for way in ways)


def _say_literal(literal: Any) -> str:
    if isinstance(literal, Opaque):
        return f"?{literal.shape}"
    clause = literal.clause
    if clause.op in _FLAGS:
        return f"{literal.subject} {clause.op}"
    rhs = clause.rhs if isinstance(clause.rhs, str) and clause.rhs.startswith("@") else repr(clause.rhs)
    return f"{literal.subject} {clause.op} {rhs}"


# --- what the live class does -----------------------------------------------------------------------------------------

UNSET: Final = MISSING
POOL: Final = (UNSET, None, True, False, -1, 0, 1, 2, 0.5, math.nan, math.inf, "", "a", [], [1], {})
MOST_POINTS: Final = 700


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one construction came to."""

    rejected_at: int | None = None
    """The line that raised; 0 where no statement of the snippet did (a comparison tripped, pydantic refused)."""
    announced: frozenset[int] = frozenset()
    built: Any = None


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: set[int] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            self.lines.add(record.lineno)


def run(cls: type, kwargs: Mapping[str, Any]) -> Outcome:
    """Build and validate, and say from which line it was heard."""
    handler = _Lines()
    logger = logging.getLogger(cls.__module__)
    logger.addHandler(handler)
    logger.propagate = False
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                built = cls(**kwargs)
                for name in ("validate", "verify_with_nothing", "_verify_args"):
                    method = inspect.getattr_static(cls, name, None)
                    if inspect.isfunction(method):
                        getattr(built, name)()
            except Exception as error:
                return Outcome(rejected_at=_line_of(error, cls))
    finally:
        logger.removeHandler(handler)
    return Outcome(None, frozenset({*handler.lines, *(one.lineno for one in caught)}), built)


def _line_of(error: Exception, cls: type) -> int:
    place = describe(error, cls.__module__.partition(".")[0]).raised_at or ""
    line = place.rpartition(":")[2]
    return raising_lines(sys.modules[cls.__module__]).get(int(line), 0) if line else 0


@cache
def raising_lines(module: ModuleType) -> Mapping[int, int]:
    """Every line of a raise or assert statement → the statement's first."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    statements = (node for node in ast.walk(tree) if isinstance(node, (ast.Raise, ast.Assert)))
    return {
        line: node.lineno for node in statements for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


def points(cls: type, extra: Sequence[Any] = (), most: int = MOST_POINTS) -> Iterator[dict[str, Any]]:
    """Configs over all fields: every combination of the pool and the class's own constants, or a fixed sample."""
    fields = [fact for fact in facts_of(cls).fields.values() if fact.settable]
    pools = [[value for value in (*POOL, *extra) if _fits(value, fact)] for fact in fields]
    total = math.prod(len(pool) for pool in pools)
    drawn = random.Random(0)
    rows: Iterator[Sequence[Any]] = (
        itertools.product(*pools) if total <= most else ([drawn.choice(pool) for pool in pools] for _ in range(most))
    )
    for row in rows:
        yield {fact.keyword: value for fact, value in zip(fields, row, strict=True) if value is not UNSET}


def _fits(value: Any, fact: FieldFact) -> bool:
    """Whether a value is tried: two lists have an order for Python, and none in a corpus; text is a list of texts."""
    if value is UNSET:
        return not fact.required
    containers = not fact.types or not {"list", "tuple", "set", "dict", "any", "object"}.isdisjoint(fact.types)
    return not isinstance(value, (list, str) if "list" in fact.types else list) or (
        containers and isinstance(value, list)
    )


def constants_of(cls: type) -> list[Any]:
    """The constants in the module of a class with their neighbours."""
    tree = ast.parse(inspect.getsource(sys.modules[cls.__module__]))
    body = next(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == cls.__name__)
    found: dict[str, Any] = {}
    for node in ast.walk(body):
        if isinstance(node, ast.Constant) and not isinstance(node.value, (bool, bytes, type(None), type(...))):
            value = node.value
            near = [value, value + 1, value - 1, [value], [value, value]] if isinstance(value, (int, float)) else []
            if isinstance(value, str) and len(value) < 16:
                near = [value, f"{value}z", [value], {value: 1}]
            found.update({repr(one): one for one in near})
    return list(found.values())


# --- comparing the two ------------------------------------------------------------------------------------------------


def as_numbers(value: Any) -> Any:
    """Bools as the numbers that Python counts them for: which the format leaves to the evidence."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list):
        return [as_numbers(item) for item in value]
    return value


def defaults_of(cls: type) -> dict[str, Any]:
    return {name: fact.default for name, fact in facts_of(cls).fields.items() if fact.default is not MISSING}


Judge = Callable[[Mapping[str, Any]], bool | None]


def judge(formula: Formula, defaults: Mapping[str, Any], context: Mapping[str, Any]) -> Judge:
    """The truth of a formula; None where an opaque part decides, or whether a bool is a number."""
    decide = _prepared(formula, defaults, context)

    def verdict(config: Mapping[str, Any]) -> bool | None:
        numbers = {name: as_numbers(value) for name, value in config.items()}
        return decide(config, numbers if repr(numbers) != repr(config) else None)

    return verdict


Decide = Callable[[Mapping[str, Any], Mapping[str, Any] | None], bool | None]


def _prepared(formula: Formula, defaults: Mapping[str, Any], context: Mapping[str, Any]) -> Decide:
    match formula:
        case Truth(value=value):
            return lambda config, numbers: value
        case Opaque():
            return lambda config, numbers: None
        case Atom(subject=subject, clause=clause):
            holds = compile_match(Match("", {subject: (clause,)}, defaults), context_fields=tuple(context))

            def atom(config: Mapping[str, Any], numbers: Mapping[str, Any] | None) -> bool | None:
                said = holds(config, context)
                return said if numbers is None or holds(numbers, context) is said else None

            return atom
        case And(parts=parts) | Or(parts=parts):
            decisive = isinstance(formula, Or)
            inner = [_prepared(part, defaults, context) for part in parts]

            def junction(config: Mapping[str, Any], numbers: Mapping[str, Any] | None) -> bool | None:
                undecided = False
                for part in inner:
                    said = part(config, numbers)
                    if said is decisive:
                        return decisive
                    undecided = undecided or said is None
                return None if undecided else not decisive

            return junction


def disagreements(cls: type, effects: Sequence[Effect], most: int = MOST_POINTS) -> list[str]:
    """Every config on which what was found and what the class does are not the same."""
    defaults = defaults_of(cls)
    formulas: dict[tuple[int, str], Formula] = {}
    for effect in effects:
        if effect.handled:
            continue
        key = (effect.site.line, str(effect.kind.detector.severity))
        formulas[key] = any_of((formulas[key], effect.guard)) if key in formulas else effect.guard
    context = getattr(sys.modules[cls.__module__], "CONTEXT_VALUES", {})
    judges = {key: judge(formula, defaults, context) for key, formula in formulas.items()}
    coerces = facts_of(cls).kind.coerces
    found: list[str] = []
    for config in points(cls, constants_of(cls), most):
        outcome = run(cls, config)
        if coerces and outcome.built is None and outcome.rejected_at == 0:
            continue
        seen = {**config, **_coerced(cls, config, outcome)} if coerces else config
        for (line, severity), verdict in judges.items():
            said = verdict(seen)
            if severity == "error":
                if outcome.built is not None and said is True:
                    found.append(f"line {line} is said to raise for {config!r}, and the class accepts it")
                elif outcome.rejected_at == line and said is False:
                    found.append(f"line {line} raises for {config!r}, and no rule says so")
            elif severity == "warn" and outcome.built is not None and said is not None:
                heard = line in outcome.announced
                if heard is not said:
                    found.append(f"line {line} {'warns' if heard else 'is silent'} for {config!r}, against the rule")
        silent = outcome.announced - {line for line, severity in judges if severity == "warn"}
        if silent and outcome.built is not None:
            found.append(f"lines {sorted(silent)} warn for {config!r}, and no rule says so")
        if outcome.rejected_at and (outcome.rejected_at, "error") not in judges:
            found.append(f"line {outcome.rejected_at} raises for {config!r}, and no rule says so")
    return found


def _coerced(cls: type, config: Mapping[str, Any], outcome: Outcome) -> Mapping[str, Any]:
    """What pydantic made of the values before any validator saw them, where the class keeps it."""
    if outcome.built is None or facts_of(cls).kind not in (ClassKind.PYDANTIC_MODEL, ClassKind.PYDANTIC_DATACLASS):
        return {}
    return {name: getattr(outcome.built, name) for name in config if hasattr(outcome.built, name)}
