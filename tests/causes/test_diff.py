from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miners.causes.between import Between
from miners.causes.diff_report import as_data, lines, markdown
from miners.causes.grouping import Cause, CauseKind, Differences, differences
from miners.causes.pairing import Side
from miners.causes.releases import Releases
from miners.causes.words import LONGEST, from_to
from miners.causes.writable import Fold
from pytest_llem_invariants.model import AddedBy, Rule, Severity
from tests.causes.test_pairing import BELOW_0, example
from tests.checker.demo import SAMPLING, SCHEMA, checker_of, parameter


def schema(**fields: Any) -> dict[str, Any]:
    return {**SCHEMA, "engine_params": {}, "sampling_params": {SAMPLING: fields}}


INT = parameter("int")
OLD = schema(n=INT, mode={**parameter("str"), "shape": {"kind": "choice", "values": ["a", "b"]}})
ABOVE_0 = {"kind": "bounded", "inner": {"kind": "int"}, "bounds": {"gt": 0}}


def told(
    old: list[Rule], new: list[Rule], before: Mapping[str, Any] = OLD, after: Mapping[str, Any] = OLD
) -> Differences:
    sides = Side(checker_of(old, schema=before)), Side(checker_of(new, schema=after))
    return differences(*sides, Between(before, after))


def causes_of(found: Differences, kind: CauseKind) -> list[Cause]:
    return [one for one in found.causes if one.kind is kind]


WITH_NEW = {**schema(n=INT, fresh=INT), "native_types": OLD["native_types"]}


@pytest.mark.parametrize(
    ("new", "after", "fold"),
    [
        (example({"fresh": {"<": 0}}, {"fresh": -1}, {"fresh": 0}), WITH_NEW, Fold.NO_FIELD),
        (example({"fresh": {"absent": True}, "n": {">": 1}}, {"n": 2}, {"n": 1}), WITH_NEW, None),
        (replace(BELOW_0, native_type="demo.New"), OLD, Fold.NO_CLASS),
        (example({"n": {"<": 1, "type_is": "bool"}}, {"n": False}, {"n": 1}), OLD, Fold.DECLARED_TYPE),
        (example({"n": {"<": 1, "bool_is_number": True}}, {"n": False}, {"n": 1}, template="low"), OLD, None),
        (BELOW_0, OLD, None),
        (
            example({"mode": {"==": "c"}, "n": {">": 1}}, {"mode": "c", "n": 2}, {"n": 2}),
            schema(n=INT, mode={**parameter("str"), "shape": {"kind": "choice", "values": ["a", "b", "c"]}}),
            Fold.NO_VALUE,
        ),
    ],
)
def test_a_rule_that_no_earlier_config_can_break_is_no_change(
    new: Rule, after: dict[str, Any], fold: Fold | None
) -> None:
    found = told([], [new], after=after)
    assert dict(found.folded["stricter"]) == ({} if fold is None else {fold: 1})
    assert len(found.stricter) == (1 if fold is None else 0)


def test_a_rule_on_a_field_that_is_gone_is_no_loosening() -> None:
    found = told([BELOW_0], [], after=schema(mode=OLD["sampling_params"][SAMPLING]["mode"]))
    assert found.looser == ()
    (gone,) = causes_of(found, CauseKind.FIELD_GONE)
    assert (gone.subject, len(gone.rules)) == ("Sampling.n", 1)


def test_a_bound_that_is_declared_now_is_the_cause_of_its_rules() -> None:
    bound = {**INT, "shape": ABOVE_0, "bounds": {"gt": 0}}
    rule = replace(example({"n": {"<=": 0}}, {"n": 0}, {"n": 1}), added_by=AddedBy.PYDANTIC_LIFT)
    found = told([], [rule], after=schema(n=bound, mode=OLD["sampling_params"][SAMPLING]["mode"]))
    (cause,) = found.stricter
    assert (cause.kind, cause.subject, cause.detail) == (CauseKind.DECLARED, "Sampling.n", "int → int (gt 0)")


def test_a_field_that_the_older_version_announced_is_renamed() -> None:
    before = schema(n={**INT, "deprecated": {"by": "count"}})
    (cause,) = causes_of(told([], [], before, schema(count=INT)), CauseKind.FIELD_RENAMED)
    assert (cause.subject, cause.detail) == ("Sampling.n", "perhaps count")


def test_a_field_that_left_one_class_for_another_has_moved() -> None:
    before = {**OLD, "engine_params": {"demo.Cache": {"size": INT}}}
    after = {**schema(**OLD["sampling_params"][SAMPLING], size=INT), "engine_params": {"demo.Cache": {}}}
    (cause,) = causes_of(told([], [], before, after), CauseKind.FIELD_MOVED)
    assert (cause.subject, cause.detail) == ("Cache.size", "Sampling.size")


def test_the_table_of_releases_tells_since_when_a_field_is_gone() -> None:
    table = {
        "releases": ["1.0", "1.5", "2.0"],
        "names": {"config": {"Sampling.n": [["1.0", "1.0", "int", "1", None]]}},
        "gone": [{"names": ["Sampling.n"], "use": ["`count`"]}],
    }
    sides = Side(checker_of([BELOW_0], schema=OLD)), Side(checker_of([], schema=schema(other=INT)))
    found = differences(*sides, Between(OLD, schema(other=INT)), Releases(table))
    assert "Sampling.n: since 1.5, instead `count` (1 rule)" in "\n".join(text for _, text in lines(found))


def test_the_rules_of_one_check_are_one_cause() -> None:
    rules = [
        example({"n": {"==": value}}, {"n": value}, {"n": 9}, f"r{value}", template=f"{value} is bad")
        for value in (1, 2)
    ]
    (cause,) = told([], rules).stricter
    assert len(cause.rules) == 2


def test_the_gravest_comes_first() -> None:
    warning = example({"n": {">": 5}}, {"n": 6}, {"n": 5}, "w", severity=Severity.WARN, guard="demo/params.py:9")
    assert [one.severity for one in told([], [warning, BELOW_0]).stricter] == ["error", "warn"]


def test_many_changes_are_told_in_few_lines_and_each_where_it_is_asked_for() -> None:
    rules = [
        example({"n": {"==": value}}, {"n": value}, {"n": -1}, f"r{value}", guard=f"demo/a.py:{value}")
        for value in range(50)
    ]
    found = told([], rules)
    short, long = (list(lines(found, verbose=verbose)) for verbose in (False, True))
    assert len(short) < 12
    assert sum("demo/a.py" in text for _, text in long) == 50
    assert markdown(found).count("demo/a.py") > 50
    assert len(as_data(found)["stricter"]) == 50


def test_a_comment_is_never_longer_than_a_forge_takes() -> None:
    rules = [
        example(
            {"n": {"==": value}}, {"n": value}, {"n": -1}, f"{'long words ' * 12}{value}", guard=f"demo/a.py:{value}"
        )
        for value in range(600)
    ]
    comment = markdown(told([], rules))
    assert len(comment) < 50_000
    assert comment.count("</details>") == comment.count("<details>") == 1
    assert "more: `llem-invariants diff --verbose`" in comment


def test_nothing_is_told_of_a_version_beside_itself() -> None:
    found = told([BELOW_0], [BELOW_0])
    assert found.is_empty
    assert [text for _, text in lines(found)][1:] == ["no differences"]


def test_what_no_schema_tells_is_not_guessed() -> None:
    other = example({"top_p": {">": 1}}, {"top_p": 2}, {"top_p": 1}, "other")
    sides = Side(checker_of([other])), Side(checker_of([other, BELOW_0]))
    found = differences(*sides, Between(None, None))
    assert found.breaking == found.defaults == found.causes == ()
    assert len(found.stricter) == 1


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
def test_two_long_texts_are_shown_where_they_part(begin: str, old: str, new: str) -> None:
    shown = from_to(begin + old, begin + new)
    assert all(len(text) <= LONGEST for text in shown)
    assert all("\n" not in text for text in shown)


def test_what_differs_is_in_what_is_shown() -> None:
    choices = ", ".join(f"'c{number}'" for number in range(40))
    old, new = from_to(f"one of {choices}", f"one of {choices}, 'fresh'")
    assert new.endswith(", 'fresh'")
    assert old.startswith("…")
