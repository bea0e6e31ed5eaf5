"""Find implied rules: a wider rule rejects all that they reject, with the same message."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from miners.logic.formulas import Atom, Conjunction
from miners.logic.normal_form import implies
from pytest_llem_invariants.model import Rule, Severity


def implied_pairs(rules: Iterable[Rule]) -> Iterator[tuple[Rule, Rule]]:
    """Each narrower error rule with the wider one; of two equal rules the last by name counts as wider."""
    by_class: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.severity is Severity.ERROR:
            by_class.setdefault(rule.native_type, []).append(rule)
    for members in by_class.values():
        for rule, other in itertools.permutations(members, 2):
            alike = rule.message_template == other.message_template and rule.match.defaults == other.match.defaults
            if not alike or not implies(_conjunction(rule), _conjunction(other)):
                continue
            if implies(_conjunction(other), _conjunction(rule)) and rule.id > other.id:
                continue
            yield rule, other


def voice_of(rule: Rule) -> tuple[Severity, str | None]:
    """The severity and message of a rule: only rules that agree in these can imply each other."""
    return rule.severity, rule.message_template


def tells_less(rule: Rule, other: Rule) -> bool:
    """Whether the other rule with the same message claims every config that this one claims, and more."""
    if rule.match.defaults != other.match.defaults or rule.match.fields == other.match.fields:
        return False
    return implies(_conjunction(rule), _conjunction(other))


def _conjunction(rule: Rule) -> Conjunction:
    return tuple(Atom(subject, clause) for subject, clauses in rule.match.fields.items() for clause in clauses)
