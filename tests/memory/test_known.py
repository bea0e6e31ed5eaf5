"""Laws of another version are kept where this one holds the same; which keys a type does not read is found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from miners.memory.known import check_known
from miners.memory.places import place_law
from miners.memory.seen import NoLawError
from miners.memory.study import Lists, Study
from miners.memory.unread import unread
from pytest_llem_invariants.fit.laws import UnknownSizeError
from pytest_llem_invariants.fit.models import Sizes
from tests.memory.test_study import ENTRY, WHOLE, toy

BARE = {"model_type": "toy"}


def study(asks: Any = toy, whole: Mapping[str, Any] = WHOLE, lists: Lists = {}) -> Study:  # noqa: B006
    return Study("toy", asks, BARE, whole, ["head_dim", "sliding_window"], frozenset(), lists)


def test_laws_that_hold_in_this_version_are_kept() -> None:
    check_known(study(), ENTRY)


@pytest.mark.parametrize(
    "change",
    [
        {"tensors": [["more", [7], None, ""]]},
        {"caches": [["layers.0", "full", {"num_kv_heads": 1, "head_size": 2, "head_size_v": 2}]]},
    ],
)
def test_laws_that_this_version_contradicts_are_not_kept(change: dict[str, Any]) -> None:
    def other(config: Mapping[str, Any], ranks: int) -> dict[str, Any]:
        found = toy(config, ranks)
        return {**found, **{name: [*found[name], *more] for name, more in change.items()}}

    with pytest.raises(NoLawError, match="holds"):
        check_known(study(other), ENTRY)


def test_a_setting_that_is_new_and_changes_what_is_held_contradicts_the_laws_of_before() -> None:
    def other(config: Mapping[str, Any], ranks: int) -> dict[str, Any]:
        found = toy(config, ranks)
        return {**found, "tensors": [*found["tensors"], *([["new", [9], None, ""]] if config.get("is_new") else [])]}

    with pytest.raises(NoLawError, match="holds"):
        check_known(study(other, {**WHOLE, "is_new": False}), ENTRY)


def test_a_null_that_is_another_thing_than_nothing_written_contradicts_laws_that_do_not_know_it() -> None:
    def other(config: Mapping[str, Any], ranks: int) -> dict[str, Any]:
        window = config.get("sliding_window", 512)  # of a part that is begun
        return toy({**config, "sliding_window": window}, ranks)

    with pytest.raises(NoLawError):
        check_known(study(other), ENTRY)
    entry = study(other).entry()
    kinds = {
        name: {part.item["cache"] for part in Sizes(entry, config).caches(1)}
        for name, config in {"nothing": {}, "null": {"sliding_window": None}, "set": {"sliding_window": 96}}.items()
    }
    assert kinds == {"nothing": {"full", "sliding"}, "null": {"full"}, "set": {"full", "sliding"}}


def test_keys_that_change_nothing_are_found_among_those_that_do() -> None:
    found = unread(study(), WHOLE, ["n_head", "num_experts", "seq_length", "first_dense"], [])
    assert found == ["n_head", "seq_length"]


def test_a_key_that_is_not_read_is_answered_only_beside_the_part_that_it_might_stand_for() -> None:
    entry = {
        "defaults": {},
        "items": [{"n": 1, "shape": [[[1, "text_config.hidden_size"]]]}],
        "knows": ["text_config.hidden_size"],
        "spoken": ["hidden_size", "n_head"],
        "unread": ["hidden_size", "n_head"],
    }
    assert Sizes(entry, {"text_config": {"hidden_size": 8}, "hidden_size": 4, "n_head": 2}).items
    with pytest.raises(UnknownSizeError, match="hidden_size"):
        Sizes(entry, {"hidden_size": 4})
    with pytest.raises(UnknownSizeError, match="heads"):
        Sizes({**entry, "spoken": ["heads"]}, {"text_config": {"hidden_size": 8}, "heads": 4})


LISTED: dict[str, Any] = {"model_type": "toy", "hidden_size": 64, "num_hidden_layers": 6}


def mixed(config: Mapping[str, Any], ranks: int) -> dict[str, Any]:
    """A library whose layers are what a list says, which it calls otherwise, and that has no such list by default."""
    read = {**LISTED, **config}
    kinds = read["layer_kinds"]
    tensors = [
        [f"layers.{at}.{kind}", [read["hidden_size"] * (2 if kind == "wide" else 1)], None, ""]
        for at, kind in enumerate(kinds)
    ]
    called = [f"a {kind} one" for kind in kinds]
    return {"config": {**read, "layer_kinds": called}, "tensors": tensors, "caches": [], "names": {}}


def test_a_list_that_a_type_lacks_is_drawn_and_read_as_configs_write_it() -> None:
    lists: Lists = {"layer_kinds": ("num_hidden_layers", ["wide", "narrow"])}
    entry = Study("toy", mixed, BARE, LISTED, [], frozenset(), lists).entry()
    config = {"hidden_size": 10, "num_hidden_layers": 3, "layer_kinds": ["wide", "narrow", "narrow"]}
    assert sorted(part.sizes[0] for part in Sizes(entry, config).tensors(1)) == [10, 10, 20]
    with pytest.raises(UnknownSizeError, match="never seen"):
        Sizes(entry, {**config, "layer_kinds": ["wide", "narrow", "odd"]})


def test_the_letters_of_a_version_or_a_name_say_nothing_of_layers() -> None:
    seen = [
        (frozenset({1}), 3, {"version": "1.0", "pattern": "M-M"}),
        (frozenset({1, 2}), 3, {"version": "1..", "pattern": "M--"}),
    ]
    assert place_law(seen) == ["named", "pattern", ["-"]]


def test_a_list_of_layers_comes_first_and_what_else_holds_follows() -> None:
    seen = [
        (frozenset(at for at in range(layers) if at % step), layers, {"step": step, "moe": [*range(0, layers, step)]})
        for layers, step in ((8, 2), (9, 3), (12, 4))
    ]
    law = place_law(seen)
    assert law[0] == "first"
    assert law[1] == ["not in", "moe"]
    assert law[2][0] == "not every"
