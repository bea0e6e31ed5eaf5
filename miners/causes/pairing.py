"""Which rules of two versions are the same constraint: what became stricter, looser, moved or reworded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final, final

from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.verdict import spelled
from pytest_llem_invariants.model import TypedValue

Rule = Mapping[str, Any]
GRAVEST: Final = ("error", "warn", "dormant")
_LIKENESS: Final = 0.6
"""Of two messages of one check."""


def message(rule: Rule) -> str | None:
    """The library's words; None where it is silent."""
    return spelled(rule["words"]) if "words" in rule else None


_LIKENESSES: Final[tuple[Callable[[Rule], object], ...]] = (
    lambda rule: rule["id"],
    lambda rule: (rule["severity"], message(rule), rule["guard"]),
    lambda rule: (rule["severity"], message(rule)),
    lambda rule: rule["severity"],
    lambda rule: None,
)
"""What two rules with one predicate may share besides, the most telling first."""


@final
@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule that is not as it was; `old` and `new` say what changed where both versions have it."""

    kind: str
    rule: Rule
    old: str | None = None
    new: str | None = None


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


def compare(before: Side, after: Side) -> Iterator[RuleChange]:
    """The differences, in the order of the corpora.

    Two rules are the same constraint where their words are; where not, each version is asked about the examples of
    the other's rule. So a check that moved into a declared bound is no news, but one that moved its bound is.
    """
    old, new = before.checker, after.checker
    later_of = pair(old.rules, new.rules)
    earlier_of = {rule["id"]: id_ for id_, rule in later_of.items()}
    for rule in new.rules:
        twin = before.by_id.get(earlier_of.get(rule["id"], ""))
        earlier = twin or before.covering(rule, after)
        if earlier is None:
            yield RuleChange("stricter", rule)
        elif twin is None and (earlier["id"] in later_of or not _are_alike(earlier, rule)):
            # The old rule is another one, which says something of the same config.
            if GRAVEST.index(rule["severity"]) < GRAVEST.index(earlier["severity"]):
                yield RuleChange("stricter", rule)
        else:
            yield from _as_told(earlier, rule)
            if twin is None and earlier["severity"] == rule["severity"] and after.also_refuses(earlier, before):
                yield RuleChange("stricter", rule)
    for rule in old.rules:
        if rule["id"] not in later_of:
            later = after.covering(rule, before)
            if later is None or before.also_refuses(later, after):
                yield RuleChange("looser", rule)


def _are_alike(earlier: Rule, rule: Rule) -> bool:
    """Whether two rules of the same config may be one check: their words or their places say so."""
    said, says = message(earlier), message(rule)
    if said is None or says is None:
        return bool(earlier["severity"] == rule["severity"])
    if place(earlier) == place(rule) and earlier["severity"] == rule["severity"]:
        return True
    return said == says or SequenceMatcher(None, said, says, autojunk=False).ratio() >= _LIKENESS


def _as_told(earlier: Rule, rule: Rule) -> Iterator[RuleChange]:
    if earlier["severity"] != rule["severity"]:
        yield RuleChange("changed", rule, earlier["severity"], rule["severity"])
    if place(earlier) != place(rule):
        yield RuleChange("moved", rule, _where(earlier), _where(rule))
    said, says = message(earlier), message(rule)
    if said != says:
        yield RuleChange("reworded", rule, said, says)


def place(rule: Rule) -> tuple[str, str]:
    """Where a rule stands: a line number moves with every edit; a file or a method is news."""
    return rule["guard"].rpartition(":")[0], rule["method"]


def _where(rule: Rule) -> str:
    return f"{rule['guard']} ({rule['method']})"


def examples_of(rule: Rule) -> tuple[Any, Any] | None:
    """A config that triggers the rule and one that does not, as data; None where data cannot hold them."""
    held = rule.get("examples") or rule.get("typed_examples")
    return None if held is None else (held[0], held[1])


def _live(value: Any) -> Any:
    """Data, with `{$type: …, kwargs: {…}}` as the typed value that it stands for."""
    if isinstance(value, dict):
        if "$type" in value:
            return TypedValue(value["$type"], _live(value.get("kwargs") or {}))
        return {name: _live(item) for name, item in value.items()}
    return [_live(item) for item in value] if isinstance(value, list) else value


@final
class Side:
    """One version, asked about the rules of others. It remembers what it said: versions share most examples."""

    def __init__(self, checker: Checker) -> None:
        self.checker = checker
        self._said: dict[tuple[str, str], Sequence[Rule]] = {}
        self.types = frozenset(checker.native_types)
        self.by_id = {rule["id"]: rule for rule in checker.rules}

    def covering(self, rule: Rule, its_side: Side) -> Rule | None:
        """A rule of this version that speaks about the other rule's example, and of one of its fields."""
        examples = examples_of(rule)
        if examples is None or not its_side.triggers(rule, examples[0]):
            return None
        spoken = self._spoken(rule["type"], examples[0])
        alike = [other for other in spoken if other["severity"] == rule["severity"]]
        return next((other for other in alike or spoken if set(other["fields"]) & set(rule["fields"])), None)

    def also_refuses(self, rule: Rule, its_side: Side) -> bool:
        """Whether this version rejects, over a field of the rule, the example that the rule lets pass."""
        examples = examples_of(rule)
        if rule["severity"] != "error" or examples is None or its_side._refusals(rule, examples[1]):
            return False
        return bool(self._refusals(rule, examples[1]))

    def triggers(self, rule: Rule, example: Any) -> bool:
        """Whether the rule speaks about a config."""
        return any(other["id"] == rule["id"] for other in self._spoken(rule["type"], example))

    def _refusals(self, rule: Rule, example: Any) -> list[Rule]:
        spoken = self._spoken(rule["type"], example)
        return [
            other for other in spoken if other["severity"] == "error" and set(other["fields"]) & set(rule["fields"])
        ]

    def _spoken(self, native_type: str, example: Any) -> Sequence[Rule]:
        if native_type not in self.types:
            return ()
        asked = native_type, repr(example)  # not the data itself: 1, 1.0 and True are equal
        if asked not in self._said:
            self._said[asked] = self._heard(native_type, example)
        return self._said[asked]

    def _heard(self, native_type: str, example: Any) -> Sequence[Rule]:
        verdict = self.checker.check(native_type, _live(example))
        spoken = [one.rule_id for one in verdict.violations] + [one.rule_id for one in verdict.depends]
        return [self.by_id[rule_id] for rule_id in spoken if rule_id in self.by_id]
