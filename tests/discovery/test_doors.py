"""What a program checks of its options is found by asking it."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from miners.discovery.doors import rules_of
from pytest_llem_invariants.checker.argv import CommandParser
from pytest_llem_invariants.checker.argv_compiled import compiled_parser
from pytest_llem_invariants.checker.argv_rules import broken

KNOWN = ("plain", "fancy")


def flag(dest: str) -> dict[str, Any]:
    return {"dest": dest, "strings": [f"--{dest}"], "action": "set", "nargs": 0, "values": {f"--{dest}": True}}


def valued(dest: str, kind: str) -> dict[str, Any]:
    return {"dest": dest, "strings": [f"--{dest}"], "action": "store", "nargs": None, "type": kind}


OPTIONS = [
    *map(flag, ("tools", "outputs", "requests", "quick", "exact")),
    valued("parser", "optional str"),
    valued("every", "int"),
    valued("file", "optional str"),
]
BARE = argparse.Namespace(
    tools=False, outputs=False, requests=False, quick=False, exact=False, parser=None, every=0, file=None
)


def check(args: argparse.Namespace) -> None:
    if args.outputs and not args.requests:
        raise TypeError("outputs need requests")
    if args.every < 0:
        raise ValueError("every must not be negative")
    if args.quick and args.exact:
        raise ValueError("quick excludes exact")
    if args.file is not None and "{" not in args.file:
        raise ValueError(f"{args.file} is not there")


def check_names(args: argparse.Namespace) -> None:
    if args.tools and args.parser not in KNOWN:
        raise KeyError(f"invalid parser: {args.parser} (chose from {{ {','.join(KNOWN)} }})")


RULES = rules_of([check, check_names], BARE, OPTIONS)


def test_each_rule_is_found_as_what_it_asks() -> None:
    assert [{key: value for key, value in rule.items() if key != "says"} for rule in RULES] == [
        {"if": [["outputs", "==", True]], "needs": ["requests"]},
        {"if": [["every", "<", 0]]},
        {"if": [["file", "file", None]]},
        {"if": [["quick", "==", True], ["exact", "==", True]]},
        {"if": [["tools", "==", True]], "needs": ["parser"], "names": ["fancy", "plain"]},
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("--outputs", [("outputs need requests", True)]),
        ("--outputs --requests", []),
        ("--outputs $MORE", [("outputs need requests", False)]),
        ("--every -1", [("every must not be negative", True)]),
        ("--every $N", [("every must not be negative", False)]),
        ("--every 1", []),
        ("--quick --exact", [("quick excludes exact", True)]),
        ("--file a", [("the file 'a' must be there", False)]),
        ("--file {{a}}", []),
        ("--tools --parser fancy", []),
        ("--tools --parser odd", [("argument --parser: 'odd' is none of fancy, plain", True)]),
    ],
)
def test_a_line_is_told_what_the_program_would_say(line: str, told: list[tuple[str, bool]]) -> None:
    reader = CommandParser(compiled_parser(OPTIONS, {}, RULES))
    parsed = reader.read(line.split(), is_command=False)
    assert [(text, is_certain) for text, _, is_certain in broken(reader.rules, parsed)] == told
