"""What a program checks of its options is found by asking it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from miners.discovery.doors import rules_of, without_starting
from pytest_llem_invariants.checker.argv import CommandParser
from pytest_llem_invariants.checker.argv_compiled import compiled_parser, with_names_elsewhere
from pytest_llem_invariants.checker.argv_rules import broken

KNOWN = ("plain", "fancy")


def flag(dest: str) -> dict[str, Any]:
    return {"dest": dest, "strings": [f"--{dest}"], "action": "set", "nargs": 0, "values": {f"--{dest}": True}}


def valued(dest: str, kind: str) -> dict[str, Any]:
    return {"dest": dest, "strings": [f"--{dest}"], "action": "store", "nargs": None, "type": kind}


OPTIONS = [
    *map(flag, ("tools", "outputs", "requests", "quick", "exact", "headless", "other")),
    valued("parser", "optional str"),
    valued("every", "int"),
    valued("file", "optional str"),
    valued("servers", "optional int"),
    valued("rank", "optional int"),
    valued("start", "optional int"),
]
BARE = argparse.Namespace(
    **dict.fromkeys(("tools", "outputs", "requests", "quick", "exact", "headless", "other"), False),
    **dict.fromkeys(("parser", "file", "servers", "rank", "start")),
    every=0,
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


def start_it() -> None:
    raise SystemExit("it was started")


def run(args: argparse.Namespace) -> None:
    """What a command does: it checks, and starts the server."""
    if args.other:
        import no_such_module  # type: ignore[import-not-found]  # noqa: F401

    if args.headless and args.servers is not None and args.servers > 0:
        raise ValueError(f"no {args.servers} servers without a head")
    if args.rank is not None and args.start is not None:
        raise ValueError("one rank")
    start_it()


RULES = rules_of([check, check_names, without_starting(run, ["start_it"])], BARE, OPTIONS)


def test_each_rule_is_found_as_what_it_asks() -> None:
    assert [{key: value for key, value in rule.items() if key != "says"} for rule in RULES] == [
        {"if": [["outputs", "==", True]], "needs": ["requests"]},
        {"if": [["every", "<", 0]]},
        {"if": [["file", "file", None]]},
        {"if": [["quick", "==", True], ["exact", "==", True]]},
        {"if": [["tools", "==", True]], "needs": ["parser"], "names": ["fancy", "plain"]},
        {"if": [["headless", "==", True], ["servers", ">", 0]], "unless": ["other"]},
        {"if": [["rank", "given", None], ["start", "given", None]], "unless": ["other"]},
    ]
    assert start_it.__name__ == "start_it"


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
        ("--headless --servers 3", [("no 3 servers without a head", True)]),
        ("--headless --servers 3 --other", [("no 3 servers without a head", False)]),
        ("--headless --servers 0", []),
        ("--rank 0 --start 1", [("one rank", True)]),
        ("--rank 0", []),
    ],
)
def test_a_line_is_told_what_the_program_would_say(line: str, told: list[tuple[str, bool]]) -> None:
    reader = CommandParser(compiled_parser(OPTIONS, {}, RULES))
    parsed = reader.read(line.split(), is_command=False)
    assert [(text, decides is None) for text, _, decides in broken(reader.rules, parsed)] == told


def test_a_name_that_another_version_knows_depends_on_the_version(tmp_path: Path) -> None:
    def with_names(*names: str) -> dict[str, Any]:
        rules = [{"if": [["tools", "==", True]], "needs": ["parser"], "names": list(names), "says": ""}]
        return {"serve": {"options": OPTIONS, "habits": {}, "rules": rules}}

    (tmp_path / "history" / "1.0").mkdir(parents=True)
    for folder, names in ((tmp_path, ("new", "plain")), (tmp_path / "history" / "1.0", ("plain",))):
        told = {"schema_version": "1.0.0", "commands": with_names(*names)}
        (folder / "command.discovered.json").write_text(json.dumps(told))
    discovered = with_names_elsewhere(tmp_path / "history" / "1.0", {"commands": with_names("plain")})
    reader = CommandParser(compiled_parser(OPTIONS, {}, discovered["commands"]["serve"]["rules"]))

    def decides(name: str) -> list[str | None]:
        parsed = reader.read(["--tools", "--parser", name], is_command=False)
        return [one for *_, one in broken(reader.rules, parsed)]

    assert (decides("plain"), decides("new"), decides("odd")) == ([], ["engine.version"], [None])
