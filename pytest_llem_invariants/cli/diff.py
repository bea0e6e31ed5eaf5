"""`llem-invariants diff`: what became stricter, looser, moved or reworded between two versions of an engine."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pytest_llem_invariants.checker.core import Checker
from pytest_llem_invariants.cli import INVALID
from pytest_llem_invariants.cli.parser import context_of, stdout_is_terminal

Rule = Mapping[str, Any]
_TITLES = {
    "stricter": ("31", "stricter: configs that were accepted are now rejected, or announced"),
    "looser": ("32", "looser: configs that were rejected are now accepted"),
    "changed": ("33", "changed in severity"),
    "moved": ("36", "moved: the same rule stands elsewhere"),
    "reworded": ("36", "reworded: the same rule says it differently"),
    "fields": ("35", "fields that came or went"),
}


def run(options: argparse.Namespace) -> int:
    old = Checker.load(options.engine, version=options.old)
    new = Checker.load(options.engine, version=options.new)
    found = compare(old, new)
    broken = _broken(options, old, new) if options.config else None
    if options.format == "json":
        print(json.dumps({"engine": new.engine, "old": old.version, "new": new.version, **found, "config": broken}))
    else:
        _print(old, new, found, broken, options.config)
    return INVALID if broken and broken["breaks"] else 0


def compare(old: Checker, new: Checker) -> dict[str, list[dict[str, Any]]]:
    """The differences by kind, each list in the order of the corpora."""
    before, after = _by_constraint(old.rules), _by_constraint(new.rules)
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in _TITLES}
    for key, rule in after.items():
        earlier = before.get(key)
        if earlier is None:
            found["stricter"].append(_entry(rule))
            continue
        if earlier["severity"] != rule["severity"]:
            found["changed"].append({**_entry(rule), "from": earlier["severity"], "to": rule["severity"]})
        if _file(earlier["guard"]) != _file(rule["guard"]):
            found["moved"].append({**_entry(rule), "from": earlier["guard"], "to": rule["guard"]})
        if earlier["template"] != rule["template"]:
            found["reworded"].append({**_entry(rule), "from": earlier["template"], "to": rule["template"]})
    found["looser"] = [_entry(rule) for key, rule in before.items() if key not in after]
    found["fields"] = list(_fields(old, new))
    return found


def _by_constraint(rules: Iterable[Rule]) -> dict[tuple[str, str], Rule]:
    return {(rule["type"], rule["when"]): rule for rule in rules}


def _file(guard: str) -> str:
    """A line number moves with every edit; a file is news."""
    return guard.rpartition(":")[0]


def _entry(rule: Rule) -> dict[str, Any]:
    return {key: rule[key] for key in ("id", "type", "severity", "when", "guard")}


def _fields(old: Checker, new: Checker) -> Iterable[dict[str, Any]]:
    shared = [name for name in new.native_types if name in set(old.native_types)]
    for name in shared:
        before, after = old.class_checker(name).fields, new.class_checker(name).fields
        if before is None or after is None:
            continue
        for field in sorted(after.keys() - before.keys()):
            yield {"type": name, "field": field, "change": "added"}
        for field in sorted(before.keys() - after.keys()):
            yield {"type": name, "field": field, "change": "removed"}


def _broken(options: argparse.Namespace, old: Checker, new: Checker) -> dict[str, Any]:
    """What the new version says of a config that the old one did not."""
    from pytest_llem_invariants.cli.reading import read

    config = read(options.config)
    before, after = (
        checker.check_config(config.data, context=context_of(options, list(checker.declared_context)))
        for checker in (old, new)
    )
    known = {(violation.native_type, violation.summary) for violation in before.violations}
    fresh = [violation for violation in after.violations if (violation.native_type, violation.summary) not in known]
    return {
        "file": config.name,
        "ok_before": before.ok,
        "ok_after": after.ok,
        "breaks": before.ok and not after.ok,
        "new_violations": [{**violation.as_dict(), "line": config.place_of(violation.path)[0]} for violation in fresh],
    }


def _print(
    old: Checker, new: Checker, found: Mapping[str, list[dict[str, Any]]], broken: Mapping[str, Any] | None, file: str
) -> None:
    terminal = stdout_is_terminal()
    print(f"{new.engine} {old.version} → {new.version}: {len(old.rules)} → {len(new.rules)} rules")
    for kind, (colour, title) in _TITLES.items():
        entries = found[kind]
        if not entries:
            continue
        heading = f"{title} ({len(entries)})"
        print(f"\n\x1b[1;{colour}m{heading}\x1b[0m" if terminal else f"\n{heading}")
        for entry in entries:
            print(f"  {_line(kind, entry)}")
    if broken is not None:
        print()
        state = (
            "breaks"
            if broken["breaks"]
            else "was rejected before, too"
            if not broken["ok_after"]
            else "goes on working"
        )
        print(f"{file}: {state}")
        for violation in broken["new_violations"]:
            print(f"  {file}:{violation['line']}: {violation['message']} — {violation['suggestion']}")


def _line(kind: str, entry: Mapping[str, Any]) -> str:
    if kind == "fields":
        return f"{'+' if entry['change'] == 'added' else '-'} {entry['type']}.{entry['field']}"
    text = f"{entry['type'].rpartition('.')[2]}: {entry['when']}"
    if "from" in entry:
        return f"{text}\n      {entry['from']}\n    → {entry['to']}"
    return f"{text}  ({entry['guard']})"
