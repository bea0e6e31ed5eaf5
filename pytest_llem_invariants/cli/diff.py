"""`llem-invariants diff`: what became stricter, looser, moved or reworded between two versions of an engine."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.describe import told_origin
from pytest_llem_invariants.checker.verdict import spelled
from pytest_llem_invariants.cli import INVALID
from pytest_llem_invariants.cli.parser import stdout_is_terminal
from pytest_llem_invariants.cli.surroundings import Surroundings
from pytest_llem_invariants.text.terminal import say

Rule = Mapping[str, Any]
_TITLES = {
    "stricter": ("31", "stricter: configs that were accepted are now rejected, or warned about"),
    "looser": ("32", "looser: configs that were rejected are now accepted"),
    "changed": ("33", "changed in severity"),
    "moved": ("36", "moved: the same rule, another place in the source"),
    "reworded": ("36", "reworded: the same rule, another message"),
    "fields": ("35", "fields added or removed"),
}
_GRAVEST = ("error", "warn", "dormant")
_LIKENESSES: tuple[Callable[[Rule], object], ...] = (
    lambda rule: rule["id"],
    lambda rule: (rule["severity"], _message(rule), rule["guard"]),
    lambda rule: (rule["severity"], _message(rule)),
    lambda rule: rule["severity"],
    lambda rule: None,
)
"""What two rules with one predicate may share besides, the most telling first."""


def run(options: argparse.Namespace) -> int:
    old = Checker.load(options.engine, version=options.old, root=options.root)
    new = Checker.load(options.engine, version=options.new, root=options.root)
    found = compare(old, new)
    broken = _broken(options, old, new) if options.config else None
    options.answer.status = INVALID if broken and broken["breaks"] else 0
    if options.format == "json":
        head = {"engine": new.engine, "old": old.version, "new": new.version, "origin": new.origin}
        print(json.dumps({**head, **found, "config": broken}))
    else:
        _print(old, new, found, broken, options.config)
    status: int = options.answer.status
    return status


def compare(old: Checker, new: Checker) -> dict[str, list[dict[str, Any]]]:
    """The differences by kind, each list in the order of the corpora.

    Two rules are the same constraint where their words are; where not, each version is asked about the examples of
    the other's rule. So a check that moved into a declared bound is no news, but one that moved its bound is.
    """
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in _TITLES}
    before, after = _Side(old), _Side(new)
    later_of = pair(old.rules, new.rules)
    earlier_of = {rule["id"]: id_ for id_, rule in later_of.items()}
    for rule in new.rules:
        twin = before.by_id.get(earlier_of.get(rule["id"], ""))
        earlier = twin or before.covering(rule, after)
        if earlier is None:
            found["stricter"].append(_entry(rule))
            continue
        if twin is None and earlier["id"] in later_of:  # it has a twin of its own: this rule adds to it
            if _GRAVEST.index(rule["severity"]) < _GRAVEST.index(earlier["severity"]):
                found["stricter"].append(_entry(rule))
            continue
        found_in = {"from": before.place(earlier), "to": after.place(rule)}
        if earlier["severity"] != rule["severity"]:
            found["changed"].append({**_entry(rule), "from": earlier["severity"], "to": rule["severity"]})
        elif twin is None and after.also_refuses(earlier, before):
            found["stricter"].append(_entry(rule))
        if found_in["from"] != found_in["to"]:
            found["moved"].append({**_entry(rule), "from": _where(earlier), "to": _where(rule)})
        said, says = _message(earlier), _message(rule)
        if said != says:
            found["reworded"].append({**_entry(rule), "from": said, "to": says})
    for rule in old.rules:
        if rule["id"] in later_of:
            continue
        later = after.covering(rule, before)
        if later is None or before.also_refuses(later, after):
            found["looser"].append(_entry(rule))
    found["fields"] = list(_fields(old, new))
    return found


def pair(old: Iterable[Rule], new: Iterable[Rule]) -> dict[str, Rule]:
    """Old rule's id → the rule of the new version that is the same constraint, each rule in one pair at most.

    Several rules may have one predicate: a check warns and another rejects. So the pairs that share most come first.
    """
    waiting: dict[tuple[str, str], list[Rule]] = {}
    for rule in new:
        waiting.setdefault((rule["type"], rule["when"]), []).append(rule)
    pairs: dict[str, Rule] = {}
    left = list(old)
    for likeness in _LIKENESSES:
        unpaired = []
        for rule in left:
            others = waiting.get((rule["type"], rule["when"]), [])
            found = next((other for other in others if likeness(rule) == likeness(other)), None)
            if found is None:
                unpaired.append(rule)
            else:
                others.remove(found)
                pairs[rule["id"]] = found
        left = unpaired
    return pairs


class _Side:
    """One version, asked about the rules of the other."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        self._types = frozenset(checker.native_types)
        self.by_id = {rule["id"]: rule for rule in checker.rules}

    def covering(self, rule: Rule, its_side: _Side) -> Rule | None:
        """A rule of this version that speaks about the other rule's example, and of one of its fields."""
        if "examples" not in rule or not its_side._triggers(rule, rule["examples"][0]):
            return None
        spoken = self._spoken(rule["type"], rule["examples"][0])
        alike = [other for other in spoken if other["severity"] == rule["severity"]]
        return next((other for other in alike or spoken if set(other["fields"]) & set(rule["fields"])), None)

    def also_refuses(self, rule: Rule, its_side: _Side) -> bool:
        """Whether this version rejects, over a field of the rule, the example that the rule lets pass."""
        if rule["severity"] != "error" or "examples" not in rule or its_side._refusals(rule, rule["examples"][1]):
            return False
        return bool(self._refusals(rule, rule["examples"][1]))

    def _refusals(self, rule: Rule, example: Any) -> list[Rule]:
        spoken = self._spoken(rule["type"], example)
        return [
            other for other in spoken if other["severity"] == "error" and set(other["fields"]) & set(rule["fields"])
        ]

    def _triggers(self, rule: Rule, example: Any) -> bool:
        return any(other["id"] == rule["id"] for other in self._spoken(rule["type"], example))

    def _spoken(self, native_type: str, example: Any) -> list[Rule]:
        if native_type not in self._types:
            return []
        verdict = self._checker.check(native_type, example)
        spoken = [one.rule_id for one in verdict.violations] + [one.rule_id for one in verdict.depends]
        return [self.by_id[rule_id] for rule_id in spoken if rule_id in self.by_id]

    @staticmethod
    def place(rule: Rule) -> tuple[str, str]:
        """Where a rule stands: a line number moves with every edit; a file or a method is news."""
        return rule["guard"].rpartition(":")[0], rule["method"]


def _where(rule: Rule) -> str:
    return f"{rule['guard']} ({rule['method']})"


def _message(rule: Rule) -> str | None:
    """The library's words; None where it is silent."""
    return spelled(rule["words"]) if "words" in rule else None


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
    """Violations of a config in the new version that the old version does not have."""
    from pytest_llem_invariants.checker.documents import read

    config = read(options.config)
    beside = Surroundings(options, options.gpu)
    before, after = (checker.check_config(config.data, **beside.how(checker)) for checker in (old, new))
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
    rules = f"{len(old.rules)} → {len(new.rules)} rules{told_origin(new.origin)}"
    say(f"{new.engine} {old.version} → {new.version}: {rules}")
    for kind, (colour, title) in _TITLES.items():
        entries = found[kind]
        if not entries:
            continue
        heading = f"{title} ({len(entries)})"
        print(f"\n\x1b[1;{colour}m{heading}\x1b[0m" if terminal else f"\n{heading}")
        for entry in entries:
            say(f"  {_line(kind, entry)}")
    if broken is not None:
        print()
        state = "breaks" if broken["breaks"] else "was already rejected" if not broken["ok_after"] else "still works"
        say(f"{file}: {state}")
        for violation in broken["new_violations"]:
            say(f"  {file}:{violation['line']}: {violation['message']} — {violation['suggestion']}")


def _line(kind: str, entry: Mapping[str, Any]) -> str:
    if kind == "fields":
        return f"{'+' if entry['change'] == 'added' else '-'} {entry['type']}.{entry['field']}"
    text = f"{entry['type'].rpartition('.')[2]}: {entry['when']}"
    if "from" in entry:
        old, new = (entry[side] or "(no message)" for side in ("from", "to"))
        return f"{text}\n      {old}\n    → {new}"
    return f"{text}  ({entry['guard']})"
