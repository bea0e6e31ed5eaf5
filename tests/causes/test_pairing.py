from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miners.causes.pairing import Side, compare
from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.store import engines, packaged_root, versions
from pytest_llem_invariants.checker.verdict import Verdict
from pytest_llem_invariants.model import Rule, Severity, TypedValue
from tests.checker.demo import SERVE, checker_of, rule


def example(
    fields: Mapping[str, Mapping[str, Any]], positive: Any, negative: Any, identity: str = "r", **more: Any
) -> Rule:
    """A rule with examples that are its own."""
    return replace(rule(identity, fields, **more), kwargs_positive=positive, kwargs_negative=negative)


BELOW_0 = example({"n": {"<": 0}}, {"n": -1}, {"n": 0}, template="n is low")
AT_MOST_MINUS_1 = example({"n": {"<=": -1}}, {"n": -1}, {"n": 0}, identity="declared", guard="demo/types.py:3")
BELOW_1 = example({"n": {"<": 1}}, {"n": 0}, {"n": 1}, template="n is low")
BELOW_1_TOLD_FROM_AFAR = replace(BELOW_1, kwargs_positive={"n": -5})


def kinds(old: list[Rule], new: list[Rule]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for change in compare(Side(checker_of(old)), Side(checker_of(new))):
        found.setdefault(change.kind, []).append(change.rule["id"])
    return found


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([BELOW_0], [BELOW_0], {}),
        ([], [BELOW_0], {"stricter": ["r"]}),
        ([BELOW_0], [], {"looser": ["r"]}),
        ([BELOW_0], [BELOW_1], {"stricter": ["r"]}),
        ([BELOW_0], [BELOW_1_TOLD_FROM_AFAR], {"stricter": ["r"]}),
        ([BELOW_1], [BELOW_0], {"looser": ["r"]}),
        ([BELOW_1_TOLD_FROM_AFAR], [BELOW_0], {"looser": ["r"]}),
        ([BELOW_0], [AT_MOST_MINUS_1], {"moved": ["declared"], "reworded": ["declared"]}),
        ([BELOW_0], [replace(BELOW_0, severity=Severity.WARN)], {"changed": ["r"]}),
        ([BELOW_0], [replace(BELOW_0, message_template="n is too low")], {"reworded": ["r"]}),
        ([replace(BELOW_0, native_type="demo.Old")], [BELOW_0], {"stricter": ["r"], "looser": ["r"]}),
    ],
)
def test_a_change_is_told_for_what_it_is(old: list[Rule], new: list[Rule], expected: dict[str, list[str]]) -> None:
    assert kinds(old, new) == expected


def test_another_line_of_the_same_method_is_no_news() -> None:
    moved = replace(BELOW_0, miner_source=replace(BELOW_0.miner_source, line_at_scan=99))
    assert kinds([BELOW_0], [moved]) == {}
    elsewhere = replace(BELOW_0, miner_source=replace(BELOW_0.miner_source, method="other"))
    assert kinds([BELOW_0], [elsewhere]) == {"moved": ["r"]}


SHIPPED = [
    (engine, version) for engine in engines(packaged_root()) for version in (None, *versions(packaged_root(), engine))
]


@pytest.mark.parametrize(("engine", "version"), SHIPPED)
def test_a_shipped_corpus_does_not_differ_from_itself(engine: str, version: str | None) -> None:
    side = Side(Checker.load(engine, version=version))
    assert list(compare(side, side)) == []


def test_rules_with_one_predicate_are_paired_by_what_else_they_share() -> None:
    silent = replace(BELOW_0, severity=Severity.DORMANT, message_template=None)
    loud = replace(BELOW_0, id="s", severity=Severity.WARN)
    renamed = [replace(loud, id="t"), replace(silent, id="u")]
    assert kinds([silent, loud], renamed) == {}


def test_a_rule_that_joins_one_with_the_same_predicate_counts_only_where_it_is_graver() -> None:
    warning = replace(BELOW_0, id="s", severity=Severity.WARN)
    assert kinds([BELOW_0], [BELOW_0, warning]) == {}
    assert kinds([warning], [BELOW_0, warning]) == {"stricter": ["r"]}


@given(st.lists(st.sampled_from([BELOW_0, BELOW_1, AT_MOST_MINUS_1]), unique_by=lambda rule: rule.id), st.data())
def test_the_order_of_the_rules_is_no_change(rules: list[Rule], data: st.DataObject) -> None:
    assert kinds(rules, data.draw(st.permutations(rules))) == {}


def test_another_check_of_the_same_config_is_no_rewording() -> None:
    other = example({"n": {"<": 0}, "top_p": {">": 0}}, {"n": -1, "top_p": 1}, {"n": 0}, "other", template="no way")
    assert kinds([BELOW_0], [replace(other, severity=Severity.WARN)]) == {"looser": ["r"]}
    assert kinds([replace(other, severity=Severity.WARN)], [BELOW_0]) == {"stricter": ["r"]}


def test_a_rule_whose_example_holds_a_typed_value_is_compared_by_it() -> None:
    cache = TypedValue("demo.Cache", {"block_size": 7})
    fields = {"cache.block_size": {"<": 8}}
    old = example(fields, {"cache": cache}, {"cache": TypedValue("demo.Cache", {"block_size": 8})}, native_type=SERVE)
    new = example({"cache.block_size": {"<=": 7.5}}, {"cache": cache}, {"cache": None}, "s", native_type=SERVE)
    assert kinds([old], [new]) == {}


def test_a_version_beside_many_says_what_it_says_beside_one() -> None:
    one, true = (example({"n": {"==": 1}}, {"n": value}, {"n": 2}, f"r_{value}") for value in (1, True))
    corpora: list[list[Rule]] = [[BELOW_0], [BELOW_1], [AT_MOST_MINUS_1], [one], [true], [BELOW_0, one, true], []]
    shared = [Side(checker_of(rules)) for rules in corpora]
    for old, before in zip(corpora, shared, strict=True):
        for new, after in zip(corpora, shared, strict=True):
            fresh = compare(Side(checker_of(old)), Side(checker_of(new)))
            assert list(compare(before, after)) == list(fresh)


def test_what_versions_share_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    olds, new = [Side(checker_of([BELOW_0])) for _ in range(3)], Side(checker_of([BELOW_1]))
    asked: list[str] = []
    known = new.checker

    def check(native_type: str, config: Any) -> Verdict:
        asked.append(f"{native_type} {config}")
        return known.check(native_type, config)

    monkeypatch.setattr(new, "checker", SimpleNamespace(rules=known.rules, check=check))
    for old in olds:
        assert [change.kind for change in compare(old, new)] == ["stricter"]
    assert len(asked) == len(set(asked)) > 0
