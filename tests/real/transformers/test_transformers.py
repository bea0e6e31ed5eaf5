from __future__ import annotations

import random

import pytest

from pytest_llem_invariants.engines import get_adapter
from pytest_llem_invariants.model import Channel, Kwargs, TypedValue
from pytest_llem_invariants.replay.isolate import isolated, prepare
from pytest_llem_invariants.replay.observe import Observer

GENERATION = "transformers.GenerationConfig"


@pytest.fixture(scope="module")
def observer() -> Observer:
    return Observer(get_adapter("transformers"))


def test_every_allowed_class_is_built_or_waits_for_a_package(observer: Observer) -> None:
    names = observer.adapter.native_types()
    assert len(names) >= 25
    for name in names:
        seen = observer.observe(name, {})
        assert seen.exception is None or (seen.skipped_reason or "").startswith("environment: "), (name, seen)


def test_a_rejection_names_its_line(observer: Observer) -> None:
    seen = observer.observe(GENERATION, {"max_new_tokens": 0}).exception
    assert seen is not None
    assert (seen.type, seen.message) == ("ValueError", "`max_new_tokens` must be greater than 0, but is 0.")
    assert (seen.raised_at or "").startswith("transformers/generation/configuration_utils.py:")


def test_minor_issues_are_told_field_by_field(observer: Observer) -> None:
    seen = observer.observe(GENERATION, {"temperature": 0.5, "top_p": 0.5})
    assert seen.exception is None
    assert set(seen.minor_issues) == {"temperature", "top_p"}
    assert "only used in sample-based generation modes" in seen.minor_issues["top_p"]
    assert {log.channel for log in seen.logs} == {Channel.LOGGER_WARNING_ONCE}


def test_what_is_checked_by_validate_alone_is_seen(observer: Observer) -> None:
    assert observer.raises("transformers.WatermarkingConfig", {"greenlist_ratio": 3.0}) is not None
    assert observer.raises("transformers.WatermarkingConfig", {"greenlist_ratio": 0.5}) is None


SAMPLE: list[Kwargs] = [
    {},
    {"max_new_tokens": 0},
    {"temperature": 0.5},
    {"early_stopping": "x"},
    {"num_return_sequences": 3},
    {"max_cache_len": 1},
    {"continuous_batching_config": 1},
    {"watermarking_config": 3},
    {"compile_config": TypedValue("transformers.CompileConfig", {})},
    {"compile_config": {}},
]


def test_outcomes_do_not_depend_on_order_or_process(observer: Observer) -> None:
    first = [observer.observe(GENERATION, kwargs) for kwargs in SAMPLE]
    for seed in (1, 2, 3):
        order = random.Random(seed).sample(range(len(SAMPLE)), len(SAMPLE))
        again = {index: observer.observe(GENERATION, SAMPLE[index]) for index in order}
        assert [again[index] for index in range(len(SAMPLE))] == first
    prepare(observer, GENERATION)
    found = isolated(lambda: tuple(observer.observe(GENERATION, kwargs) for kwargs in SAMPLE), len(SAMPLE), 60)
    assert list(found) == first
    assert [observer.raises(GENERATION, kwargs) for kwargs in SAMPLE] == [one.exception for one in first]
