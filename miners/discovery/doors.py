"""What a program checks of its options before it loads anything, found by asking: which options need others, which
exclude each other, which names it knows.

Each of its functions that check is called with the namespace of a bare line in which one option is changed, or two.
What raises alone and no more beside another option needs that; what raises only together excludes each other.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

_NUMBERS: Final = (-1, 0, 1)
_OTHER_NUMBER: Final = 7919
_TEXT: Final = "x"
_NAMES: Final = re.compile(r"\{ ?([\w.-]+(?:,[\w.-]+)+) ?\}")
_MOST_NEEDED: Final = 3

Change = tuple[str, Any]


def rules_of(
    checks: Sequence[Callable[[Any], object]], namespace: argparse.Namespace, options: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The rules of a command, as data: `if` these options have these values, one of the others is `needed`."""
    changes = [(option["dest"], value) for option in options for value in _values(option, namespace)]
    rules: list[dict[str, Any]] = []
    for check in checks:
        if _said(check, namespace, ()) is not None:
            continue
        alone = {change: said for change in changes if (said := _said(check, namespace, (change,))) is not None}
        rules += [rule for change, said in alone.items() for rule in _alone(check, namespace, changes, change, said)]
        quiet = [change for change in changes if change not in alone]
        rules += _together(check, namespace, quiet)
    return [rule for number, rule in enumerate(rules) if rule not in rules[:number]]


def _values(option: Mapping[str, Any], namespace: argparse.Namespace) -> Iterator[Any]:
    default = getattr(namespace, option["dest"], None)
    kind = option.get("type", "")
    if option["action"] == "set":
        yield from (value for value in dict.fromkeys(option["values"].values()) if value != default)
    elif option["nargs"] is None and kind.endswith("int"):
        yield from _NUMBERS
    elif option["nargs"] is None and kind.endswith("str") and not option.get("choices"):
        yield _TEXT


def _said(check: Callable[[Any], object], namespace: argparse.Namespace, changes: Sequence[Change]) -> str | None:
    """What a check says of a line; None where it lets it pass."""
    changed = copy.copy(namespace)
    for dest, value in changes:
        setattr(changed, dest, value)
    try:
        check(changed)
    except Exception as error:  # whatever it raises, nothing is started
        return str(error.args[0]) if error.args else type(error).__name__
    return None


def _alone(
    check: Callable[[Any], object], namespace: argparse.Namespace, changes: Sequence[Change], change: Change, said: str
) -> Iterator[dict[str, Any]]:
    """What is said of one option by itself: it needs another, or a number is too low."""
    dest, value = change
    if type(value) is int:
        if value == -1 and all(_said(check, namespace, ((dest, other),)) is None for other in (0, 1)):
            yield {"if": [[dest, "<", 0]], "says": said}
        return
    if type(value) is str:
        if _said(check, namespace, ((dest, "{{ x }}"),)) is None:
            yield {"if": [[dest, "file", None]], "says": ""}  # what is said names folders of this machine
        return
    known = [name for names in _NAMES.findall(said) for name in names.split(",")]
    needed = [other for other in changes if other[0] != dest and _said(check, namespace, (change, other)) is None]
    if needed and len({other for other, _ in needed}) <= _MOST_NEEDED:
        yield {"if": [[dest, "==", value]], "needs": sorted({other for other, _ in needed}), "says": said}
    elif known and not needed:
        texts = dict.fromkeys(other for other, sample in changes if sample == _TEXT)
        for other in texts:
            if all(_said(check, namespace, (change, (other, name))) is None for name in known):
                yield {"if": [[dest, "==", value]], "needs": [other], "names": sorted(known), "says": said}


def _together(
    check: Callable[[Any], object], namespace: argparse.Namespace, quiet: Sequence[Change]
) -> Iterator[dict[str, Any]]:
    """Two options that are not taken together: switches, or numbers that are given, or are more than 0."""
    ones = [change for change in quiet if type(change[1]) is bool or (type(change[1]) is int and change[1] == 1)]
    for number, one in enumerate(ones):
        for other in ones[number + 1 :]:
            if one[0] != other[0] and _said(check, namespace, (one, other)) is not None:
                for rule in itertools.islice(_excluding(check, namespace, one, other), 1):
                    unless = [dest for dest, value in ones if _frees(check, namespace, (one, other), (dest, value))]
                    yield {**rule, "unless": unless} if unless else rule


def _frees(
    check: Callable[[Any], object], namespace: argparse.Namespace, pair: tuple[Change, Change], switch: Change
) -> bool:
    """Whether what is refused together is taken beside a switch, which has the program do something else."""
    dest, value = switch
    is_other = value is True and dest not in (pair[0][0], pair[1][0])
    return is_other and _said(check, namespace, (*pair, switch)) is None


def _excluding(
    check: Callable[[Any], object], namespace: argparse.Namespace, one: Change, other: Change
) -> Iterator[dict[str, Any]]:
    """The widest conditions on both under which all is refused that meets them, and nothing that does not."""
    for (first, met, unmet), (second, also_met, not_met) in itertools.product(_conditions(one), _conditions(other)):
        inside = itertools.product(met, also_met)
        outside = (*itertools.product(unmet, also_met), *itertools.product(met, not_met))
        said = [_said(check, namespace, ((one[0], a), (other[0], b))) for a, b in inside]
        free = (_said(check, namespace, ((one[0], a), (other[0], b))) for a, b in outside)
        if None not in said and not any(said is not None for said in free):
            yield {"if": [first, second], "says": _worded(str(said[-1]), check, namespace, one, other)}


_Condition = tuple[list[Any], tuple[Any, ...], tuple[Any, ...]]


def _conditions(change: Change) -> Iterator[_Condition]:
    """What may be said of an option, with values for which it holds and values for which it does not."""
    dest, value = change
    if type(value) is bool:
        yield [dest, "==", value], (value,), ()
    else:
        yield [dest, "given", None], _NUMBERS, ()
        yield [dest, ">", 0], (1,), (-1, 0)


def _worded(
    said: str, check: Callable[[Any], object], namespace: argparse.Namespace, one: Change, other: Change
) -> str:
    """What is said, with the name of an option in braces where its number stands."""
    for dest, value in (one, other):
        if type(value) is int:
            changed = tuple((name, _OTHER_NUMBER if name == dest else held) for name, held in (one, other))
            again = _said(check, namespace, changed) or ""
            if again != said and again.replace(str(_OTHER_NUMBER), "1") == said:
                said = again.replace(str(_OTHER_NUMBER), f"{{{dest}}}")
    return said


class _Nothing:
    """Does nothing, whatever is called."""

    def __call__(self, *given: Any, **named: Any) -> None:
        return None

    def __getattr__(self, name: str) -> _Nothing:
        return self


def without_starting(function: Callable[[Any], object], started: Collection[str]) -> Callable[[Any], object]:
    """What a command runs, while nothing happens that these names of its module would start."""
    module, nothing = sys.modules[function.__module__], _Nothing()

    def check(namespace: Any) -> None:
        held = {name: getattr(module, name) for name in started if hasattr(module, name)}
        try:
            for name in held:
                setattr(module, name, nothing)
            function(namespace)
        except ImportError:
            return  # of what only a real start needs nothing is known
        finally:
            for name, value in held.items():
                setattr(module, name, value)

    return check
