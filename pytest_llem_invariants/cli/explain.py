"""`llem-invariants explain`: everything known about one rule."""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_llem_invariants.checker import layout, store
from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.verdict import spelled
from pytest_llem_invariants.cli.choosing import folder_of, load
from pytest_llem_invariants.cli.parser import stdout_is_terminal
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.text.bounded import read_text
from pytest_llem_invariants.text.likeness import near_names
from pytest_llem_invariants.text.terminal import printable, say

if TYPE_CHECKING:
    from pytest_llem_invariants.model import Rule

_OUTCOMES = {
    "error": "rejects the config",
    "warn": "warns and continues",
    "dormant": "ignores or changes the value",
}


def run(options: argparse.Namespace) -> int:
    bold, faint = ("\x1b[1m{}\x1b[0m", "\x1b[2m{}\x1b[0m") if stdout_is_terminal() else ("{}", "{}")
    rule, rows = explained(options)
    print(bold.format(printable(rule["id"])))
    say(rule["summary"])
    print()
    for name, text in rows:
        print(f"  {faint.format(f'{name:<9}')} {printable(text)}")
    return 0


def explained(options: argparse.Namespace) -> tuple[Mapping[str, Any], list[tuple[str, str]]]:
    """A rule, and everything known about it: each with its name."""
    checker, rule = _find(options)
    rows = [
        ("when", rule["when"]),
        ("then", f"{checker.engine} {_OUTCOMES[rule['severity']]}"),
        ("says", spelled(rule["words"]) if "words" in rule else ""),
        ("fix", rule["suggestion"]),
        ("where", rule["guard"]),
        ("class", rule["type"]),
        ("context", ", ".join(_fact(checker, name) for name in rule.get("context", ()))),
        ("since", _since(checker, rule, options)),
        ("proof", _proof(rule["certification"])),
        ("from", "" if checker.origin is None else f"{checker.origin}, not the packaged corpora"),
        *_source(checker, rule["id"], options),
    ]
    return rule, [(name, text) for name, text in rows if text]


def _fact(checker: Checker, name: str) -> str:
    return name if name in checker.context else f"{name} (if it is not given, the verdict depends on it)"


def _find(options: argparse.Namespace) -> tuple[Checker, Mapping[str, Any]]:
    if options.engine or options.corpus:
        checkers = [load(options)]
    else:
        root = store.data_root(options.root)
        checkers = [Checker.load(engine, root=options.root) for engine in store.engines(root)]
    known = []
    for checker in checkers:
        for rule in checker.rules:
            if rule["id"] == options.rule:
                return checker, rule
            known.append(rule["id"])
    close = near_names(options.rule, known, most=3, cutoff=0.8)
    fix = f"did you mean {' or '.join(close)}?" if close else "`llem-invariants list --engine E` shows them"
    raise LlemError(f"no rule {options.rule!r} — {fix}")


def _proof(certification: str) -> str:
    if certification == "none":
        return "none: read from the source, never replayed"
    return f"replayed against the live library ({certification})"


def _since(checker: Checker, rule: Mapping[str, Any], options: argparse.Namespace) -> str:
    """The first version since which every kept corpus has the rule."""
    try:
        kept = store.versions(store.data_root(options.root), checker.engine)
    except LlemError:
        return ""
    since = checker.version
    for version in reversed(kept):
        older = Checker.load(checker.engine, version=version, root=options.root)
        if older.version == checker.version:
            continue
        if not any((other["type"], other["when"]) == (rule["type"], rule["when"]) for other in older.rules):
            break
        since = version
    return since if kept else ""


def _source(checker: Checker, identity: str, options: argparse.Namespace) -> list[tuple[str, str]]:
    """What only the full corpus knows: the two examples, who found the rule, its evidence."""
    from pytest_llem_invariants.language.wording import say_value

    path = options.corpus
    if path is None:
        path = os.path.join(folder_of(checker, options.root), layout.PROPOSED)
    if not os.path.exists(path) or path.endswith(".json"):
        return []
    rule = _full_rule(Path(path), identity)
    if rule is None:
        return []
    found_by = ", ".join(map(str, (rule.added_by, *rule.cross_validated_by)))

    def shown(kwargs: Mapping[str, Any]) -> str:
        try:
            return json.dumps(dict(kwargs), ensure_ascii=False)
        except TypeError:
            return "{" + ", ".join(f"{name}: {say_value(value)}" for name, value in kwargs.items()) + "}"

    return [
        ("beside", ", ".join(f"{name} = {say_value(value)}" for name, value in rule.world.items())),
        ("triggers", shown(rule.kwargs_positive)),
        ("passes", shown(rule.kwargs_negative)),
        ("passes beside", ", ".join(f"{name} = {say_value(value)}" for name, value in rule.world_negative.items())),
        ("found by", found_by),
        ("see", ", ".join(reference for reference in rule.references if reference != rule.miner_source.guard)),
        ("note", rule.walker_notes or ""),
    ]


_ENTRY = re.compile(r"^  - id: (.+)\n", re.MULTILINE)


def _full_rule(path: Path, identity: str) -> Rule | None:
    """The rule with all its evidence. In a file as we write it, the others are not read for its sake."""
    from pytest_llem_invariants.corpus.files import load_proposed, parse_proposed

    text = read_text(path)
    entries = list(_ENTRY.finditer(text))
    for entry, after in zip_longest(entries, entries[1:]):
        if entry[1] == identity:
            alone = text[: entries[0].start()] + text[entry.start() : after.start() if after else None]
            return parse_proposed(alone, path).rules[0]
    return next((rule for rule in load_proposed(path).rules if rule.id == identity), None)
