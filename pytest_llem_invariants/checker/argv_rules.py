"""What a program checks of its options before it loads anything, as it was discovered: told of a parsed line."""

from __future__ import annotations

from pytest_llem_invariants.checker.runtime import UNKNOWN
from pytest_llem_invariants.checker.verdict import UNTOLD, VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.argv_ready import Parsed

_OF_TEMPLATES = frozenset("{}\n")


def broken(rules: Sequence[Mapping[str, Any]], parsed: Parsed) -> Iterator[tuple[str, int, str | None]]:
    """What is said, the number of a word, and what would decide; None where it is certain.

    A name that another version knows was written for that one, or for a build between the two.
    """
    given = parsed.values
    for rule in rules:
        if rule["if"][0][0] not in given:  # as most options are not
            continue
        met = [_met(parsed, *condition) for condition in rule["if"]]
        if False in met:
            continue
        helped = _helped(parsed, rule)
        if helped is True:
            continue
        at = parsed.places[rule["if"][0][0]]
        decides = None if None not in met and helped is False else f"{UNTOLD}*"
        is_known_elsewhere = any(parsed.values.get(dest) in rule.get("elsewhere", ()) for dest in rule.get("needs", ()))
        yield _said(rule, parsed), at, VERSION if decides is None and is_known_elsewhere else decides


def _met(parsed: Parsed, dest: str, op: str, value: Any) -> bool | None:
    """Whether an option is given so; None where that is not told."""
    if dest not in parsed.values:
        return False
    given = parsed.values[dest]
    if op == "file":
        return None if type(given) is str and given and _OF_TEMPLATES.isdisjoint(given) else False
    if given is UNKNOWN:
        return None
    if _is_replaced(parsed, dest):
        return None
    if op == "given":
        return given is not None
    if op in "<>":
        return isinstance(given, (int, float)) and bool(given < value if op == "<" else given > value)
    return bool(given == value)


def _is_replaced(parsed: Parsed, dest: str) -> bool:
    """Whether options that nobody tells stand behind, which may say otherwise."""
    names = list(parsed.values)
    return UNKNOWN in parsed.values and names.index(dest) < names.index(UNKNOWN)


def _helped(parsed: Parsed, rule: Mapping[str, Any]) -> bool | None:
    """Whether one of the options that it needs is given; None where that is not told."""
    needed = rule.get("needs", ())
    given = [parsed.values[dest] for dest in needed if dest in parsed.values]
    names = rule.get("names")
    if any(value is UNKNOWN for value in given) or any(parsed.values.get(dest) for dest in rule.get("unless", ())):
        return None
    if any(value in names if names is not None else value for value in given):
        return True
    return None if needed and UNKNOWN in parsed.values else False


def _said(rule: Mapping[str, Any], parsed: Parsed) -> str:
    given = next((parsed.values[dest] for dest in rule.get("needs", ()) if dest in parsed.values), None)
    if "names" in rule and given is not None and given is not UNKNOWN:
        option = rule["needs"][0].replace("_", "-")
        there = "; another version has it" if given in rule.get("elsewhere", ()) else ""
        return f"argument --{option}: {given!r} is none of {', '.join(rule['names'])}{there}"
    says = str(rule["says"])
    for dest, *_ in rule["if"]:
        says = says.replace(f"{{{dest}}}", str(parsed.values.get(dest)))
    return says or f"the file {parsed.values[rule['if'][0][0]]!r} must be there"
