"""From what a library said of configs to how a fact is read: what was not seen, or once otherwise, is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from miners.discovery.model_facts import NOTHING, Observation, entry_of, read, text_path
from miners.discovery.models import render_models
from pytest_llem_invariants.model import ContextField, Reading

HEADS, KV = "heads", "kv"
KEYS = ("num_heads", "num_kv")
Library = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def field(*keys: str, **reading: Any) -> ContextField:
    return ContextField(4, (4, 8), False, "int", Reading(keys, **reading))


def seen(library: Library, *configs: Mapping[str, Any], whole: Mapping[str, Any] | None = None) -> list[Observation]:
    """A bare config, perhaps a whole one, each key at two values beside the bare one, and more configs."""
    alone = [(key, value) for key in KEYS for value in (6, 10)]
    shown = [Observation(config, library(config), Path()) for config in ({}, whole or {}, *configs)]
    return shown + [Observation({key: value}, library({key: value}), Path(), (key, value)) for key, value in alone]


def test_a_key_and_the_default_of_the_type() -> None:
    def library(config: Mapping[str, Any]) -> Mapping[str, Any]:
        return {HEADS: config.get("num_heads", 32)}

    assert entry_of(HEADS, field("num_heads"), KEYS, seen(library)) == 32


def test_another_key_stands_in_where_the_first_is_not_written() -> None:
    def library(config: Mapping[str, Any]) -> Mapping[str, Any]:
        return {KV: config.get("num_kv", config.get("num_heads", 32))}

    entry = entry_of(KV, field("num_kv"), KEYS, seen(library, {"num_kv": 2, "num_heads": 8}))
    assert entry == {"keys": ["num_kv", "num_heads"], "default": 32}


def test_the_order_of_keys_is_the_one_that_was_seen() -> None:
    def library(config: Mapping[str, Any]) -> Mapping[str, Any]:
        return {HEADS: config.get("num_kv", config.get("num_heads", 32))}

    entry = entry_of(HEADS, field("num_heads"), KEYS, seen(library, {"num_kv": 2, "num_heads": 8}))
    assert entry == {"keys": ["num_kv", "num_heads"], "default": 32}


@pytest.mark.parametrize(
    "library",
    [
        lambda config: {HEADS: 7 if config.get("shared") else config.get("num_heads", 32)},
        lambda config: {HEADS: min(config.get("num_heads", 32), 8)},
        lambda config: {HEADS: [config.get("num_heads", 32)]},
        lambda config: {HEADS: -config.get("num_heads", 32)},
        lambda config: {},
        lambda config: {HEADS: 32},
    ],
)
def test_what_another_setting_decides_or_is_no_such_number_is_left_out(library: Library) -> None:
    assert entry_of(HEADS, field("num_heads"), KEYS, seen(library, {"shared": True, "num_heads": 32})) is NOTHING


def test_a_default_that_another_setting_decides_is_left_out_alone() -> None:
    def library(config: Mapping[str, Any]) -> Mapping[str, Any]:
        return {HEADS: config.get("num_heads", 64 if config.get("large") else 32)}

    entry = entry_of(HEADS, field("num_heads"), KEYS, seen(library, {"large": True}))
    assert entry == {"keys": ["num_heads"]}


def test_a_key_of_the_type_that_was_not_seen_at_two_values_leaves_the_fact_out() -> None:
    def library(config: Mapping[str, Any]) -> Mapping[str, Any]:
        return {HEADS: config.get("num_heads", config.get("n_head", 32))}

    shown = seen(library, whole={"n_head": 32})
    assert entry_of(HEADS, field("num_heads"), (*KEYS, "n_head"), shown) is NOTHING
    more = [Observation({"n_head": value}, {HEADS: value}, Path(), ("n_head", value)) for value in (6, 10)]
    entry = entry_of(HEADS, field("num_heads"), (*KEYS, "n_head"), shown + more)
    assert entry == {"keys": ["num_heads", "n_head"], "default": 32}


def test_a_fact_stands_in_the_part_that_speaks_of_text_and_may_be_lowered_or_unknown() -> None:
    length = field("length", unless=("rope",), lowered_by=("model.text.other",))
    part = {"length": 9, "other": 7}
    assert text_path({"thinker_config": {"text_config": part}}) == ("thinker_config", "text_config")
    assert read(length, ("length",), 5, {"length": 1, "text_config": part}) == 7
    assert read(length, ("length",), 5, {"other": 6}) == 5
    for rope, is_known in (({"rope_type": "default"}, True), ({"type": "yarn"}, False), ({"factor": 2}, False)):
        assert (read(length, ("length",), 5, {"rope": rope}) == 5) is is_known
    kept = field("length", unless=("rope",), harmless={"even": (), "yarn": ("factor", "of")})
    yarn = {"type": "yarn", "factor": 2, "of": 4}
    for rope, told in (({"type": "even"}, 8), (yarn, 8), ({**yarn, "of": 8}, NOTHING), ({"type": "odd"}, NOTHING)):
        assert read(kept, ("length",), 5, {"length": 8, "rope": rope}) == told


def test_a_null_beside_what_is_written_leaves_the_fact_unknown() -> None:
    heads = field("num_heads", "n_head")
    assert read(heads, ("num_heads", "n_head"), 32, {"n_head": 8}) == 8
    assert read(heads, ("num_heads", "n_head"), 32, {"num_heads": None}) == 32
    assert read(heads, ("num_heads", "n_head"), 32, {"num_heads": None, "n_head": 8}) is NOTHING
    assert read(heads, ("a.num_heads", "n_head"), 32, {"a": {"num_heads": None}, "n_head": 8}) is NOTHING


def test_the_table_is_a_line_a_type_in_their_order() -> None:
    text = render_models({"model_types": {"b": {"kv": 1}, "a": {}}, "engine": "x"})
    assert text.index('"a": {}') < text.index('"b": {"kv": 1}')
    assert text.endswith("}\n")
    assert "null" not in text


def test_a_switch_is_seen_once_and_stands_in_no_other_facts_way() -> None:
    def library(config: Mapping[str, Any]) -> Mapping[str, Any]:
        return {HEADS: config.get("num_heads", 32), "two": config.get("is_two", False)}

    configs = ({}, {"is_two": False, "num_heads": 32})
    shown = [Observation(config, library(config), Path()) for config in configs]
    written = (("num_heads", 6), ("num_heads", 10), ("is_two", True))
    shown += [Observation({key: value}, library({key: value}), Path(), (key, value)) for key, value in written]
    assert entry_of(HEADS, field("num_heads"), ("num_heads", "is_two"), shown) == 32
    two = ContextField(False, (False, True), False, "bool", Reading(("is_two",)))
    assert entry_of("two", two, ("is_two", "num_heads"), shown) is False
