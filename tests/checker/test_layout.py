"""A compiled corpus is read in parts: what is found in it is what was written, and little else is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llem_invariants.checker import layout, store
from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.compiled import _lined, compile_corpus
from pytest_llem_invariants.checker.layout import Models
from tests.checker.demo import RULES, SAMPLING, SCHEMA, corpus_of

ENTRIES = st.dictionaries(st.text(), st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text(), max_size=3)))


@given(st.dictionaries(st.text(), ENTRIES), st.text())
def test_each_name_of_a_table_is_found_as_it_was_written(table: Mapping[str, Any], other: str) -> None:
    read = Models(_lined(table), "x")
    assert dict(read) == table
    assert list(read) == sorted(table)
    assert len(read) == len(table)
    assert (other in read) == (other in table)
    assert read.get(other) == table.get(other)
    assert read.has_any(other) == any(name.startswith(other) for name in table)
    assert all(read.has_any(name[:1]) for name in table)


def test_of_many_rules_those_are_read_that_a_config_breaks() -> None:
    whole = compile_corpus(corpus_of(RULES), schema=SCHEMA).encode()
    read: list[bytes] = []

    def read_at(at: int, length: int | None) -> bytes:
        assert length is not None
        read.append(whole[at : at + length])
        return read[-1]

    compiled = layout.parse(whole[: whole.index(b"\n") + 1], "x", None, read_at)
    assert compiled is not None
    verdict = Checker(compiled).check(SAMPLING, {"temperature": -1})
    told = b"".join(read)
    ids = [rule.id for rule in RULES if rule.native_type == SAMPLING]
    fired = [one.rule_id for one in verdict.violations]
    assert [one for one in ids if f'\\"id\\":\\"{one}\\"'.encode() in told] == fired


@pytest.mark.parametrize("number", [0, 1])
def test_a_rule_that_is_damaged_is_made_again_by_itself(number: int) -> None:
    whole = compile_corpus(corpus_of(RULES), schema=SCHEMA).encode()
    fine = layout.parse(whole, "x")
    assert fine is not None
    marks = fine.tests(SAMPLING)["rules"]
    rules = list(fine.rules(SAMPLING, marks))
    place = whole.index(f'\\"id\\":\\"{rules[number]["id"]}\\"'.encode()) + 8
    damaged = layout.parse(whole[:place] + b"~" + whole[place + 1 :], "x", lambda: fine)
    assert damaged is not None
    assert list(damaged.rules(SAMPLING, marks)) == rules


@pytest.mark.parametrize("is_long", [False, True])
def test_what_a_wheel_brings_is_read_in_parts_and_let_be_where_it_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_long: bool
) -> None:
    monkeypatch.setattr(store, "_SHIPPED", str(tmp_path))
    monkeypatch.setattr(layout, "FIRST", layout.FIRST if is_long else 32)
    folder = tmp_path / "corpora" / "demo"
    folder.mkdir(parents=True)
    assert store.shipped(str(folder), "x") is None
    text = compile_corpus(corpus_of(RULES), schema=SCHEMA)
    (folder / layout.COMPILED).write_text(text)
    compiled = store.shipped(str(folder), "x")
    assert compiled is not None
    assert compiled.text.decode() == text
    assert not Checker(compiled).check(SAMPLING, {"temperature": -1}).ok
    (folder / layout.COMPILED).write_text(text[:90] + "~" + text[91:])
    assert store.shipped(str(folder), "x") is None
