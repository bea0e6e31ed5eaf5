"""A length that ranks split is told by the keys that made it in every config, or not at all."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from miners.memory.split import Seen, render_split, split_by, spoken_in, still, unlike_others, with_few_layers
from pytest_llem_invariants.corpus.layers_layout import read_layers

FACT = "model.layers.split_inputs"
SIZES = st.integers(3, 400)


def seen(heads: int, dim: int, wide: int, *, quantised: bool = True, with_mlp: bool = True) -> Seen:
    layers = [("model.layers.0.attn.out", "linear", heads * dim, quantised)]
    if with_mlp:
        layers.append(("model.layers.1.mlp.down", "linear", wide, True))
    return Seen({"heads": heads, "dim": dim, "wide": wide}, layers)


CONFIGS = [seen(4, 16, 190), seen(6, 32, 330), seen(10, 64, 770)]


def test_the_products_are_those_of_the_quantised_layers() -> None:
    told = split_by(CONFIGS, "linear")
    assert told == {
        "products": [["dim", "heads"], ["wide"]],
        "layers": ["model.layers.#.attn.out", "model.layers.#.mlp.down"],
    }


def test_a_length_of_a_layer_that_is_not_quantised_is_not_told() -> None:
    told = split_by([seen(4, 16, 190), seen(6, 32, 330), seen(10, 64, 770, quantised=False)], "linear")
    assert told is not None
    assert told["products"] == [["wide"]]


def test_no_layers_are_another_thing_than_layers_of_which_nothing_is_known() -> None:
    assert split_by(CONFIGS, "experts") == {"products": [], "layers": []}
    strange = [Seen({"heads": n}, [("a", "experts", 7 * n + 1, True)]) for n in (4, 9, 30)]
    assert split_by(strange, "experts") is None


def test_what_another_setting_leaves_out_is_told_no_longer() -> None:
    told = split_by(CONFIGS, "linear")
    kept = still(told, seen(4, 16, 190, with_mlp=False), "linear")
    assert kept is not None
    assert kept["products"] == [["dim", "heads"]]
    assert still({"products": [["wide"]], "layers": []}, seen(4, 16, 190, with_mlp=False), "linear") is None
    assert still({"products": [], "layers": []}, seen(4, 16, 190), "experts") == {"products": [], "layers": []}
    assert still({"products": [], "layers": []}, seen(4, 16, 190), "linear") is None


def test_layers_are_few_and_what_is_listed_of_each_is_as_short() -> None:
    text = {"num_hidden_layers": 48, "layer_types": ["a"] * 48, "ids": [1, 2], "hidden_size": 48}
    few = with_few_layers({"text_config": text, "num_layers": 48}, ["text_config"])
    assert few == {
        "text_config": {"num_hidden_layers": 8, "layer_types": ["a"] * 8, "ids": [1, 2], "hidden_size": 48},
        "num_layers": 48,
    }
    assert with_few_layers({"num_layers": 4, "kinds": ["a"] * 4}, []) == {"num_layers": 4, "kinds": ["a"] * 4}


def test_of_two_products_with_one_length_neither_is_confirmed() -> None:
    entry = {"products": [["dim", "heads"], ["wide"], ["other"]], "layers": ["a"]}
    kept = unlike_others(entry, {"dim": 16, "heads": 4, "wide": 64})
    assert kept == {"products": [["other"]], "layers": ["a"]}
    assert unlike_others(entry, {"dim": 16, "heads": 4, "wide": 65}) == entry
    assert unlike_others({"products": [["wide"], ["other"]], "layers": []}, {"wide": 5, "other": 5}) is None
    assert unlike_others({"products": [], "layers": []}, {}) == {"products": [], "layers": []}


@given(st.lists(st.tuples(SIZES, SIZES, SIZES), min_size=3, max_size=5))
def test_each_product_gives_a_length_that_was_seen_in_each_config(sizes: list[tuple[int, int, int]]) -> None:
    configs = [seen(*one) for one in sizes]
    told = split_by(configs, "linear")
    for names in (told or {"products": []})["products"]:
        for one in configs:
            product = 1
            for name in names:
                product *= one.numbers[name]
            assert product in {size for _, _, size, _ in one.layers}


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    told = split_by(CONFIGS, "linear")
    types = {"some": {"architecture": "Some", "knows": ["dim", "heads", "wide"], FACT: told, "with": {}}}
    split = {
        "schema_version": "1.0.0",
        "engine_version": "1",
        "left_out": ["a.b"],
        "model_types": types,
        "spoken": spoken_in(types),
    }
    path = tmp_path / "layers.json"
    path.write_text(render_split(split))
    found = read_layers(path, "1")["some"][FACT]
    assert (found["products"], found["spoken"]) == ([["dim", "heads"], ["wide"]], ["dim", "heads", "wide"])
