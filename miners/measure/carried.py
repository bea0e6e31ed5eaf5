"""Which proven rules of the classes behind a front are heard where people write them, and why the others are not.

What an argument builds is checked by its own class; what is flat there is heard by a rule of the front, at the same
line or in other words. Everything here is asked of the corpus and the checker: no library is needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, final

from pytest_llem_invariants.checker import Checker
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.language.predicates import referenced_fields
from pytest_llem_invariants.model import Kwargs, Rule, Severity

_DEEPEST: Final = 4


@final
class Heard(StrEnum):
    """How a rule is heard of the front's arguments."""

    NESTED = "inside the argument that holds its class"
    SAME_LINE = "by a rule of the front at the same line"
    OTHERWISE = "by another rule of the front, which rejects its example"
    NO_ARGUMENT = "not heard: no argument gives what it reads"
    NOT_SHOWN = "not heard: no config of the front was found that shows it"


IS_HEARD: Final = frozenset({Heard.NESTED, Heard.SAME_LINE, Heard.OTHERWISE})


@final
@dataclass(frozen=True, slots=True)
class Carried:
    """One rule, how it is heard, and the fields that no argument gives."""

    rule: str
    native_type: str
    how: Heard
    missing: tuple[str, ...] = ()

    def told(self) -> str:
        return f"{self.rule}: {self.how}" + (f" ({', '.join(self.missing)})" if self.missing else "")


def carried(rules: Iterable[Rule], checker: Checker, front: str, beside: Iterable[str] = ()) -> Iterator[Carried]:
    """Of each error rule of a class behind the front how it is heard; `beside` are classes that it does not build."""
    errors = [rule for rule in rules if rule.severity is Severity.ERROR]
    lines = {rule.miner_source.guard for rule in errors if rule.native_type == front}
    held, left_out = _held(checker, front), {front, *beside}
    arguments = checker.class_checker(front).fields or {}
    for rule in errors:
        if rule.native_type not in left_out:
            own = checker.class_checker(rule.native_type).fields or {}
            names = dict.fromkeys(name.partition(".")[0] for name in referenced_fields(rule.match))
            missing = tuple(name for name in names if name in own and name not in arguments)
            how = _how(rule, checker, front, lines, held, missing)
            yield Carried(rule.id, rule.native_type, how, missing if how is Heard.NO_ARGUMENT else ())


def told(found: Sequence[Carried], *, every: bool = False) -> Iterator[str]:
    """A line for each way, and one for each class of which rules are not heard; with `every` the rules themselves."""
    for how, count in Counter(one.how for one in found).most_common():
        yield f"{count:6} {how}"
    silent = [one for one in found if one.how not in IS_HEARD]
    for (native_type, how), count in Counter((one.native_type, one.how) for one in silent).most_common():
        missing = Counter(name for one in silent if one.native_type == native_type for name in one.missing)
        names = f": {', '.join(name for name, _ in missing.most_common(3))}" if how is Heard.NO_ARGUMENT else ""
        yield f"  {count:4} {native_type}, {how}{names}"
    if every:
        yield from (f"  {one.told()}" for one in silent)


def _how(
    rule: Rule,
    checker: Checker,
    front: str,
    lines: set[str],
    held: Mapping[str, tuple[str, ...]],
    missing: tuple[str, ...],
) -> Heard:
    if rule.native_type in held and _rejects(checker, front, _inside(held[rule.native_type], rule)):
        return Heard.NESTED
    if rule.miner_source.guard in lines:
        return Heard.SAME_LINE
    if missing:
        return Heard.NO_ARGUMENT
    arguments = checker.class_checker(front).fields or {}
    own = {name: value for name, value in rule.kwargs_positive.items() if name in arguments}
    return Heard.OTHERWISE if own and _rejects(checker, front, own) else Heard.NOT_SHOWN


def _inside(path: Sequence[str], rule: Rule) -> Kwargs:
    """The example of a rule, inside the argument of the front that holds its class."""
    kwargs: Kwargs = dict(rule.kwargs_positive)
    for name in reversed(path):
        kwargs = {name: dict(kwargs)}
    return kwargs


def _rejects(checker: Checker, front: str, kwargs: Kwargs) -> bool:
    try:
        return bool(checker.check(front, dict(kwargs)).errors)
    except (LlemError, TypeError):
        return False


def _held(checker: Checker, front: str) -> Mapping[str, tuple[str, ...]]:
    """Class → the path of the argument that holds one of it."""
    found: dict[str, tuple[str, ...]] = {}
    open_: list[tuple[str, tuple[str, ...]]] = [(front, ())]
    while open_:
        name, path = open_.pop(0)
        for field, inner in checker.class_checker(name).sections.items() if len(path) < _DEEPEST else ():
            if inner not in found and inner in checker.native_types:
                found[inner] = (*path, field)
                open_.append((inner, found[inner]))
    return found
