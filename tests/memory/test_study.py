"""The laws of a made-up library are found from what it holds of a few configs, and only those that it confirms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miners.memory import study as draws_of_study
from miners.memory.draws import drawn
from miners.memory.expressions import Search
from miners.memory.places import place_law
from miners.memory.seen import NoLawError
from miners.memory.study import Study
from pytest_llem_invariants.fit.laws import UnknownSizeError, length, stands
from pytest_llem_invariants.fit.models import Sizes

WHOLE: dict[str, Any] = {
    "model_type": "toy",
    "hidden_size": 64,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": None,
    "intermediate_size": 96,
    "num_hidden_layers": 6,
    "vocab_size": 1000,
    "first_dense": 2,
    "num_experts": 16,
    "sliding_window": None,
    "tie_word_embeddings": False,
    "bias": False,
    "seed": 3,
}


def toy(config: Mapping[str, Any], ranks: int) -> dict[str, Any]:
    """What a library would hold; it wants heads to be a multiple of those of the keys, and refuses a seed of 5."""
    read = {**WHOLE, **config}
    heads, kv, hidden, wide = (
        read[key] for key in ("num_attention_heads", "num_key_value_heads", "hidden_size", "intermediate_size")
    )
    if heads % kv or hidden % heads or heads % ranks or wide % ranks:
        raise ValueError("does not divide")
    dim = read["head_dim"] or hidden // heads
    own = max(1, kv // ranks)
    tensors: list[Any] = [["embed", [-(-read["vocab_size"] // 64) * 64 // ranks, hidden], None, "vocabulary"]]
    if not read["tie_word_embeddings"]:
        tensors.append(["head", [-(-read["vocab_size"] // 64) * 64 // ranks, hidden], None, "vocabulary"])
    caches: list[Any] = []
    for layer in range(read["num_hidden_layers"]):
        name = f"layers.{layer}"
        tensors.append([f"{name}.qkv", [(heads // ranks + 2 * own) * dim, hidden], None, "linear"])
        if read["bias"]:
            tensors.append([f"{name}.qkv.bias", [(heads // ranks + 2 * own) * dim], None, ""])
        if layer < read["first_dense"]:
            tensors.append([f"{name}.up", [2 * wide // ranks, hidden], None, "linear"])
        else:
            tensors.append([f"{name}.experts", [read["num_experts"], 2 * wide // ranks, hidden], None, "experts"])
            tensors.append([f"{name}.gate", [read["num_experts"]], 4, ""])
        sizes = {"num_kv_heads": own, "head_size": dim, "head_size_v": dim}
        window = read["sliding_window"]
        caches.append(
            [name, "sliding", {**sizes, "sliding_window": window}] if window and layer % 2 else [name, "full", sizes]
        )
    return {"config": read, "tensors": tensors, "caches": caches, "names": {"packed": {"gate_up": ["gate", "up"]}}}


def study(asks: Any = toy) -> dict[str, Any]:
    return Study("toy", asks, {"model_type": "toy"}, WHOLE, ["head_dim", "sliding_window"], frozenset()).entry()


ENTRY = study()


def held(found: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    return (
        sorted([shape, width or 0, kind] for _, shape, width, kind in found["tensors"]),
        sorted([kind, sorted(sizes.items())] for _, kind, sizes in found["caches"]),
    )


def told(config: Mapping[str, Any], ranks: int) -> tuple[list[Any], list[Any]]:
    sizes = Sizes(ENTRY, config)
    return (
        sorted(
            [part.sizes, part.item.get("bytes", 0), part.item.get("of", "")]
            for part in sizes.tensors(ranks)
            for _ in range(part.item["n"])
        ),
        sorted([part.item["cache"], sorted(part.sizes.items())] for part in sizes.caches(ranks)),
    )


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "num_key_value_heads": st.sampled_from([1, 2, 4]),
            "num_hidden_layers": st.integers(3, 9),
            "first_dense": st.integers(0, 3),
            "num_experts": st.integers(2, 40),
            "vocab_size": st.integers(1, 5000),
        },
        optional={
            "head_dim": st.sampled_from([16, 48]),
            "tie_word_embeddings": st.booleans(),
            "bias": st.booleans(),
            "sliding_window": st.sampled_from([None, 96, 512]),
        },
    ),
    st.sampled_from([1, 2, 4]),
)
def test_the_laws_say_of_any_config_what_the_library_holds(config: dict[str, Any], ranks: int) -> None:
    if config.get("head_dim") and config.get("bias"):
        return  # both change one tensor: nothing is said
    if config.get("head_dim") and config.get("sliding_window"):
        return
    assert told(config, ranks) == held(toy(config, ranks))


def test_the_same_laws_are_found_twice() -> None:
    assert study() == ENTRY


def test_what_the_library_does_not_build_has_no_laws() -> None:
    def broken(config: Mapping[str, Any], ranks: int) -> dict[str, Any]:
        raise ValueError("no such model")

    with pytest.raises(NoLawError, match="no such model"):
        study(broken)


def test_laws_that_another_config_contradicts_are_dropped() -> None:
    def fickle(config: Mapping[str, Any], ranks: int) -> dict[str, Any]:
        found = toy(config, ranks)
        if config == {"model_type": "toy"}:
            found["tensors"].append(["more", [7], None, ""])
        return found

    with pytest.raises(NoLawError, match="holds"):
        study(fickle)


NUMBERS = [{"a": 3, "b": 10, "c": 7}, {"a": 5, "b": 14, "c": 11}, {"a": 8, "b": 6, "c": 13}, {"a": 4, "b": 22, "c": 17}]


@given(st.sampled_from([1, 2, 4]), st.sampled_from("abc"), st.sampled_from("abc"), st.sampled_from("abc"))
def test_a_sum_of_products_is_found_again(times: int, one: str, other: str, third: str) -> None:
    vector = tuple(times * of[one] * of[other] + of[third] for of in NUMBERS)
    law = Search(NUMBERS, [1, 1, 1, 1]).law(vector)
    assert tuple(length(law, of, 1) for of in NUMBERS) == vector


def test_what_is_no_such_sum_has_no_law() -> None:
    assert Search(NUMBERS, [1, 1, 1, 1]).law((1, 10_007, 3, 999_983)) is None


@given(st.integers(1, 6), st.integers(0, 1), st.sampled_from(["from", "below", "every", "not every"]))
def test_the_layers_of_a_thing_are_found_again(step: int, offset: int, what: str) -> None:
    law = [what, "k"] if what in ("from", "below") else [what, "k", offset, 0]
    seen = []
    for layers, k in ((12, step), (13, step + 1), (9, step + 2)):
        numbers = {"k": k}
        seen.append((frozenset(i for i in range(layers) if stands(law, i, layers, numbers)), layers, numbers))
    found = place_law(seen)
    assert found is not None
    for at, layers, numbers in seen:
        assert {i for i in range(layers) if stands(found, i, layers, numbers)} == at


def test_keys_that_go_together_in_all_draws_are_drawn_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is the same number in each draw, so that one could stand for the other."""
    whole = {"model_type": "pair", "wide": 64, "deep": 64, "num_hidden_layers": 4}

    def pair(config: Mapping[str, Any], ranks: int) -> dict[str, Any]:
        read = {**whole, **config}
        return {"config": read, "tensors": [["up", [read["deep"]], None, ""]], "caches": [], "names": {}}

    def alike(kind: str, path: str, default: int, number: int, attempt: int) -> int:
        return drawn(kind, "wide" if path == "deep" else path, default, number, attempt)

    monkeypatch.setattr(draws_of_study, "drawn", alike)
    entry = Study("pair", pair, {"model_type": "pair"}, whole, [], frozenset()).entry()
    assert [item["shape"] for item in entry["items"]] == [[[[1, "deep"]]]]


def test_keys_that_must_go_together_for_the_laws_to_hold_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they differ there is one more tensor."""
    whole = {"model_type": "pair", "wide": 64, "deep": 64, "num_hidden_layers": 4}

    def pair(config: Mapping[str, Any], ranks: int) -> dict[str, Any]:
        read = {**whole, **config}
        more = [] if read["wide"] == read["deep"] else [["between", [read["wide"], read["deep"]], None, ""]]
        return {"config": read, "tensors": [["up", [read["deep"]], None, ""], *more], "caches": [], "names": {}}

    def alike(kind: str, path: str, default: int, number: int, attempt: int) -> int:
        return drawn(kind, "wide" if path == "deep" else path, default, number, attempt)

    monkeypatch.setattr(draws_of_study, "drawn", alike)
    entry = Study("pair", pair, {"model_type": "pair"}, whole, [], frozenset()).entry()
    assert Sizes(entry, {"wide": 96, "deep": 96}).items
    with pytest.raises(UnknownSizeError, match="only seen together"):
        Sizes(entry, {"wide": 96, "deep": 64})
