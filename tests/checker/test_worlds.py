"""A verdict in a world: the facts of a model's files, a device, an environment, as the corpus asks for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants import Checker, World
from pytest_llem_invariants.checker.runtime import UNKNOWN
from pytest_llem_invariants.errors import CorpusError, LlemError
from tests.checker.demo import SERVE
from tests.checker.fact_demo import HEADS, install_facts, model


@pytest.fixture
def of_facts(project: Path) -> Path:
    return install_facts(project)


def ids(verdict: Any) -> tuple[str, list[str], list[str]]:
    return verdict.status, [one.rule_id for one in verdict.violations], [one.rule_id for one in verdict.depends]


def test_a_dependence_says_what_would_decide_it(of_facts: Path) -> None:
    checker = Checker.load("demo", root=of_facts)
    uneven, old = checker.check(SERVE, {"tensor_parallel_size": 3, "swap": 5}).depends
    assert (uneven.facts, uneven.decides) == ((HEADS,), "model.arch.heads % 3 != 0")
    assert (old.facts, old.decides) == (("device.capability",), "device.capability < 8.0")
    assert uneven.as_dict()["decides"] == "model.arch.heads % 3 != 0"
    known = checker.check(SERVE, {"swap": 5, "graphs": True}, world=World(gpu="T4:1"))
    assert [one.decides for one in known.depends] == []


def test_a_verdict_is_of_the_world_that_is_given(of_facts: Path) -> None:
    checker = Checker.load("demo", root=of_facts)
    config = {"tensor_parallel_size": 3}
    assert ids(checker.check(SERVE, config)) == ("depends", [], ["uneven"])
    assert ids(checker.check(SERVE, config, world=World())) == ("depends", [], ["uneven"])
    world = World(model=model(of_facts / "a", num_attention_heads=32))
    assert ids(checker.check(SERVE, config, world=world)) == ("rejected", ["uneven"], [])
    assert ids(checker.check_config(config, world=world)) == ("rejected", ["uneven"], [])
    assert ids(checker.check_command(["demo", "serve", "-z", "3"], world=world)) == ("rejected", ["uneven"], [])
    even = World(model=model(of_facts / "b", num_attention_heads=33))
    assert ids(checker.check(SERVE, config, world=even)) == ("accepted", [], [])
    assert checker.prune({"tensor_parallel_size": [1, 2, 3, 4]}, native_type=SERVE, world=world).valid == 3


def test_the_context_of_a_call_counts_before_its_world(of_facts: Path) -> None:
    checker = Checker.load("demo", root=of_facts)
    world = World(model=model(of_facts / "a"), gpu="T4:2")
    answer = checker.check(SERVE, {"tensor_parallel_size": 3}, world=world, context={HEADS: 3})
    assert answer.status == "accepted"
    assert ids(checker.check(SERVE, {"offload": 7}, world=world)) == ("rejected", ["foreign"], [])


def test_a_device_and_a_model_decide_together(of_facts: Path) -> None:
    checker = Checker.load("demo", root=of_facts)
    assert checker.check(SERVE, {"swap": 5}, world=World(gpu="T4:1")).errors[0].rule_id == "old"
    assert checker.check(SERVE, {"swap": 5}, world=World(gpu="H100:1")).ok
    assert ids(checker.check(SERVE, {"swap": 5}, world=World(facts={"device.capability": 7.5})))[0] == "rejected"


def test_a_model_that_the_table_does_not_know_decides_nothing(of_facts: Path) -> None:
    checker = Checker.load("demo", root=of_facts)
    world = World(model=model(of_facts / "a", model_type="brand_new", num_attention_heads=32))
    assert ids(checker.check(SERVE, {"tensor_parallel_size": 3}, world=world)) == ("depends", [], ["uneven"])
    (of_facts / "corpora" / "demo" / "models.discovered.json").unlink()
    without = Checker.load("demo", root=of_facts)
    known = World(model=model(of_facts / "b", num_attention_heads=32))
    assert ids(without.check(SERVE, {"tensor_parallel_size": 3}, world=known)) == ("depends", [], ["uneven"])


def test_a_field_at_a_value_that_changes_nothing_leaves_the_model_known(of_facts: Path) -> None:
    checker = Checker.load("demo", root=of_facts)
    world = World(model=model(of_facts / "a", num_attention_heads=32))
    assert ids(checker.check(SERVE, {"tensor_parallel_size": 3, "revision": "main"}, world=world))[0] == "rejected"


@pytest.mark.parametrize("field", ["overrides", "revision"])
def test_what_the_config_itself_changes_of_its_model_is_unknown(of_facts: Path, field: str) -> None:
    checker = Checker.load("demo", root=of_facts)
    world = World(model=model(of_facts / "a", num_attention_heads=32))
    changed = checker.check(SERVE, {"tensor_parallel_size": 3, field: "x", "offload": 7}, world=world)
    expected = {"overrides": ["uneven"], "revision": ["uneven", "foreign"]}[field]
    assert [one.rule_id for one in changed.depends] == expected
    stated = World(model=of_facts / "a", facts={HEADS: 32})
    assert "uneven" in [
        one.rule_id for one in checker.check(SERVE, {"tensor_parallel_size": 3, field: "x"}, world=stated).errors
    ]


@pytest.mark.parametrize(
    ("overrides", "is_known"),
    [
        ({"other": 5}, True),
        ({"rope": {"type": "x"}, "num_attention_heads": 32}, True),
        ({}, True),
        ({"num_attention_heads": 30}, False),
        ({"num_attention_heads": None}, False),
        ({"model_type": "gpt2"}, False),
        ({"model_type": "nobody"}, False),
        ({"text_config": {"num_attention_heads": 30}}, False),
        ({"other": UNKNOWN}, False),
        ([1], False),
        ("x", False),
    ],
)
def test_of_what_is_laid_over_the_model_only_the_facts_that_it_changes_are_unknown(
    of_facts: Path, overrides: Any, is_known: bool
) -> None:
    checker = Checker.load("demo", root=of_facts)
    folder = model(of_facts / "a", num_attention_heads=32)
    config = {"tensor_parallel_size": 3, "overrides": overrides}
    beside = checker.check(SERVE, config, world=World(model=folder))
    assert ("uneven" in ids(beside)[1], "uneven" in ids(beside)[2]) == (is_known, not is_known)
    assert "uneven" in ids(checker.check(SERVE, config, world=World(model=folder, facts={HEADS: 32})))[1]
    assert "uneven" in ids(checker.check(SERVE, {"tensor_parallel_size": 3}, world=World(model=folder)))[1]


def test_the_model_that_a_config_names_is_read_where_it_is_asked_for(of_facts: Path) -> None:
    checker = Checker.load("demo", root=of_facts)
    named = {"model": str(model(of_facts / "a", num_attention_heads=32)), "tensor_parallel_size": 3}
    asked = World(own_model=True)
    for _ in range(2):
        assert checker.check_config(named, world=asked).status == "rejected"
        assert checker.check_config({**named, "model": "no/such"}, world=asked).status == "depends"
    assert checker.check_config(named, world=World()).status == "depends"
    assert checker.check_config(named).status == "depends"
    other = World(model=model(of_facts / "b", num_attention_heads=33), own_model=True)
    assert checker.check_config(named, world=other).status == "accepted"
    assert checker.prune({**named, "tensor_parallel_size": [2, 3]}, native_type=SERVE, world=asked).valid == 1


def test_a_fact_of_the_wrong_type_names_itself_and_a_broken_model_its_file(of_facts: Path) -> None:
    checker = Checker.load("demo", root=of_facts)
    with pytest.raises(LlemError, match=r"the fact model\.arch\.heads is 'x', not an integer"):
        checker.check(SERVE, {}, world=World(facts={HEADS: "x"}))
    with pytest.raises(LlemError, match=r"config\.json: num_attention_heads is 'x', not a count"):
        checker.check(SERVE, {}, world=World(model=model(of_facts / "a", num_attention_heads="x")))


def test_the_table_is_read_only_when_a_model_is_given(of_facts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pytest_llem_invariants.checker import layout

    read: list[bool] = []
    original = layout.Compiled.models
    monkeypatch.setattr(layout.Compiled, "models", lambda self: read.append(True) or original(self))  # type: ignore[func-returns-value]
    checker = Checker.load("demo", root=of_facts)
    for world in (None, World(), World(gpu="H100:1")):
        checker.check(SERVE, {"tensor_parallel_size": 3}, world=world)
    assert not read
    world = World(model=model(of_facts / "a"))
    for _ in range(3):
        checker.check(SERVE, {"tensor_parallel_size": 3}, world=world)
    assert read == [True]


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        '{"schema_version": "2.0.0"}',
        '{"schema_version": "1.0.0", "model_types": []}',
        '{"schema_version": "1.0.0", "model_types": {"a": []}}',
        '{"schema_version": "1.0.0", "model_types": {"a": {"f": {"keys": 3}}}}',
        '{"schema_version": "1.0.0", "model_types": {"a": {"f": {"default": 3}}}}',
        '{"schema_version": "1.0.0", "model_types": {"a": {"f": [[]]}}}',
        '{"schema_version": "1.1.0", "model_types": {}, "named": []}',
        '{"schema_version": "1.1.0", "model_types": {}, "named": {"a": {"names": {}}}}',
        '{"schema_version": "1.1.0", "model_types": {}, "named": {"a": {"usual": {}, "names": {"b": 3}}}}',
        '{"schema_version": "1.1.0", "model_types": {}, "named": {"a": {"usual": {}, "names": {"b": {"f": {}}}}}}',
        '{"schema_version": "1.1.0", "model_types": {}, "named": {"a": {"usual": {}, "names": {"b": {"unknown": 1}}}}}',
    ],
)
def test_a_table_of_another_form_is_one_clear_line(of_facts: Path, text: str) -> None:
    path = of_facts / "corpora" / "demo" / "models.discovered.json"
    path.write_text(text)
    with pytest.raises(CorpusError, match=r"models\.discovered\.json: .* — run llem-mine discover") as caught:
        Checker.load("demo", root=of_facts)
    assert "\n" not in str(caught.value)


def test_a_grid_of_facts_and_fields_is_swept_world_by_world(of_facts: Path) -> None:
    checker = Checker.load("demo", root=of_facts)
    grid = {"tensor_parallel_size": [2, 3], HEADS: [32, 33], "device.capability": [7.5, 9.0], "swap": [5, 6]}
    pruned = checker.prune(grid, native_type=SERVE)
    every = [
        ({HEADS: heads, "device.capability": capability}, {"tensor_parallel_size": size, "swap": swap})
        for heads in (32, 33)
        for capability in (7.5, 9.0)
        for size in (2, 3)
        for swap in (5, 6)
    ]
    expected = [{**f, **config} for f, config in every if checker.check(SERVE, config, context=f).ok]
    assert list(pruned) == expected
    assert (pruned.total, pruned.valid, sum(pruned.by_rule.values())) == (16, len(expected), 16 - len(expected))
    assert checker.prune({HEADS: [32, 33]}, native_type=SERVE).valid == 2
    with pytest.raises(LlemError, match="not an integer"):
        checker.prune({HEADS: ["x"]}, native_type=SERVE)
    with pytest.raises(LlemError, match="let facts vary by themselves"):
        checker.prune({"zip": {HEADS: [1, 2], "swap": [1, 2]}}, native_type=SERVE)
