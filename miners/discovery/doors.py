"""What a program checks of its options before it loads anything, found by asking: which options need others, which
exclude each other, which names it knows.

Each of its functions that check is called with the namespace of a bare line in which one option is changed, or two.
What raises alone and no more beside another option needs that; what raises only together excludes each other.
"""

from __future__ import annotations

import argparse
import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

_NUMBERS: Final = (-1, 0, 1)
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
    """Two switches that are not taken together."""
    switches = [change for change in quiet if type(change[1]) is bool]
    for number, one in enumerate(switches):
        for other in switches[number + 1 :]:
            said = None if one[0] == other[0] else _said(check, namespace, (one, other))
            if said is not None:
                yield {"if": [[one[0], "==", one[1]], [other[0], "==", other[1]]], "says": said}
