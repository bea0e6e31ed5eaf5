from __future__ import annotations

import itertools
import random
import time
import tracemalloc
from typing import Any

import pytest

from pytest_llem_invariants.checker.sweep import GridError, read_grid
from tests.checker.demo import SAMPLING, SCHEMA, SERVE, checker_of, rule

GRID: dict[str, list[Any]] = {
    "temperature": [0, 0.5, -1],
    "mode": ["fast", "exact", "slow"],
    "n": [1, 2],
    "min_tokens": [0, 20],
    "max_tokens": [16, 32],
}


def every(grid: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def test_the_valid_combinations_come_in_the_order_of_the_grid() -> None:
    checker = checker_of()
    pruned = checker.prune(GRID)
    expected = [config for config in every(GRID) if checker.check(SAMPLING, config).ok]
    assert list(pruned) == expected
    assert (pruned.native_type, pruned.total, pruned.valid) == (SAMPLING, 72, len(expected))
    assert len(pruned) == len(expected)


def test_what_was_pruned_is_counted_by_rule_and_adds_up() -> None:
    pruned = checker_of().prune(GRID)
    assert set(pruned.by_rule) == {"temperature_below_0", "mode_unknown", "greedy_n", "min_above_max"}
    assert sum(pruned.by_rule.values()) == pruned.total - pruned.valid


@pytest.mark.parametrize("seed", range(25))
def test_random_rules_prune_what_a_check_of_every_combination_rejects(seed: int) -> None:
    draw = random.Random(seed)
    fields = "abcdef"
    rules = []
    for number in range(8):
        chosen = draw.sample(fields, draw.choice([1, 2, 3]))
        tests: dict[str, dict[str, Any]] = {
            field: {draw.choice(["==", "<", ">"]): draw.randrange(3)} for field in chosen
        }
        if draw.random() < 0.4:
            tests[chosen[0]] = {draw.choice(["<", ">"]): f"@{draw.choice(fields)}"}
        rules.append(rule(f"r{number}", tests, defaults={"f": 1} if draw.random() < 0.5 else None))
    checker = checker_of(rules)
    grid = {field: [draw.randrange(3) for _ in range(3)] for field in draw.sample(fields, 5)}
    pruned = checker.prune(grid, native_type=SAMPLING)
    expected = [config for config in every(grid) if checker.check(SAMPLING, config).ok]
    assert list(pruned) == expected
    assert pruned.valid == len(expected)
    assert sum(pruned.by_rule.values()) == pruned.total - pruned.valid


def test_zipped_and_nested_groups() -> None:
    grid = {
        "zip": {"min_tokens": [0, 20], "max_tokens": [16, 32]},
        "temperature": [0.5],
        "mode": "fast",
    }
    assert list(checker_of().prune(grid)) == [
        {"min_tokens": 0, "max_tokens": 16, "temperature": 0.5, "mode": "fast"},
        {"min_tokens": 20, "max_tokens": 32, "temperature": 0.5, "mode": "fast"},
    ]
    assert read_grid({"cache": {"a": [1, 2], "b": [3]}}) == [[{"cache": {"a": 1, "b": 3}}, {"cache": {"a": 2, "b": 3}}]]
    assert read_grid({"zip_x": [{"a": 1}, {"b": 2}]}) == [[{"a": 1}, {"b": 2}]]


def test_a_nested_config_is_judged_by_its_own_class_and_a_stranger_by_the_schema() -> None:
    older = {**SCHEMA, "engine_version": "1.0", "engine_params": {SERVE: {"lanes": {}}}}
    checker = checker_of(schema=SCHEMA, older=[older])
    grid: dict[str, Any] = {"cache": {"block_size": [7, 8], "ways": [1, 2]}, "offload": [1, 2]}
    pruned = checker.prune(grid, native_type=SERVE)
    assert list(pruned) == [{"cache": {"block_size": 8, "ways": w}, "offload": o} for w in (1, 2) for o in (1, 2)]
    assert (pruned.valid, pruned.by_rule) == (4, {"cache_block": 4})
    assert checker.prune({**grid, "ofload": [1]}, native_type=SERVE).by_rule == {
        "cache_block": 4,
        "unknown_field": 4,
    }
    assert checker.prune({**grid, "lanes": [None, 3]}, native_type=SERVE).by_rule == {
        "cache_block": 8,
        "removed_field": 4,
    }


def test_the_context_counts() -> None:
    grid = {"graphs": [True, False], "tensor_parallel_size": [0, 1]}
    assert checker_of().prune(grid, native_type=SERVE).valid == 1
    assert checker_of().prune(grid, native_type=SERVE, context={"platform": "cuda"}).valid == 2


def test_a_rule_that_nothing_in_the_grid_can_cure_prunes_all() -> None:
    checker = checker_of([rule("needs", {"model": {"absent": True}}), rule("low", {"n": {"<": 1}})])
    pruned = checker.prune({"n": [1, 2]})
    assert (pruned.valid, list(pruned), pruned.by_rule) == (0, [], {"needs": 2})


def test_what_an_empty_config_triggers_does_not_prune_what_the_grid_gives() -> None:
    bare = rule("bare", {"graphs": {"absent": True}, "platform": {"==": "cpu"}}, native_type=SERVE)
    pruned = checker_of([bare]).prune({"graphs": [True, False], "offload": [1, 2]}, native_type=SERVE)
    assert (pruned.valid, len(list(pruned)), pruned.by_rule) == (4, 4, {})
    assert checker_of([bare]).prune({"offload": [1, 2]}, native_type=SERVE).by_rule == {"bare": 2}


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({}, "a grid is a mapping"),
        ([], "a grid is a mapping"),
        ({"a": []}, "'a' has no values"),
        ({"zip": {"a": [1], "b": [1, 2]}}, "a has 1, b has 2"),
        ({"zip": 3}, "must be a mapping of fields to lists"),
        ({"a": [1], "zip": {"a": [1]}}, "'a' is in two groups"),
        ({"c": {"a": []}}, "a field of 'c' has no values"),
    ],
)
def test_what_is_no_grid_is_refused(grid: Any, message: str) -> None:
    with pytest.raises(GridError, match=message):
        read_grid(grid)


def test_a_million_combinations_are_counted_in_bounded_memory() -> None:
    fields = [f"f{number}" for number in range(10)]
    rules = [
        rule(f"r{number}", {fields[number % 10]: {">": 2}, fields[(number * 3 + 1) % 10]: {"<": 1}})
        for number in range(20)
    ]
    checker = checker_of(rules)
    tracemalloc.start()
    began = time.process_time()
    pruned = checker.prune({field: [0, 1, 2, 3] for field in fields}, native_type=SAMPLING)
    assert pruned.total == 4**10
    assert 0 < pruned.valid < pruned.total
    first = next(iter(pruned))
    elapsed = time.process_time() - began
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert checker.check(SAMPLING, first).ok
    # Generous: tracing slows Python down, and machines differ. The benchmark holds the real bound.
    assert elapsed < 10
    assert peak < 32 * 1024 * 1024
