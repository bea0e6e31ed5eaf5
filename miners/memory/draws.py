"""Configs of one type of model that differ in what they count, so that each length tells what it is made of."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

_LAYERS: Final = re.compile(r"(?:layers?|depth|num_blocks)\Z")
NOT_COUNTED: Final = re.compile(
    r"token_id|token_index|(?:\A|\.)(?:rope_\w+|quantization_config|id2label|label2id|use_cache|chunk_size_feed_forward)(?:\.|\Z)"
)
_HIDDEN: Final = re.compile(r"(?:\A|_)(?:hidden_size|n_embd|d_model|embed_dim|hidden_dim|dim)\Z")
_OF_HEADS: Final = re.compile(r"head(?!.*(?:dim|size))")
_OF_KEYS: Final = re.compile(r"kv|key|(?:\A|_)k_")
_REPLICATED: Final = re.compile(r"kv|key_value")
_FEWER_THAN_RANKS: Final = 2
_TEXT_LAYERS: Final = (8, 12, 13, 9, 16, 11, 14, 10)
_SHARED: Final = (1, 2, 3, 1, 2, 3, 1, 2)
RANKS: Final = (1, 2, 1, 4, 2, 1, 2, 4)
_ROUNDED: Final = re.compile("vocab|position")
_SMALL: Final = 8
_FEW_LAYERS: Final = 3
"""So many are a part of all."""


def counted(whole: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, int]]:
    """What a config counts, by its dotted name."""
    for name, value in whole.items():
        path = f"{prefix}{name}"
        if NOT_COUNTED.search(path):
            continue
        if isinstance(value, Mapping):
            yield from counted(value, f"{path}.")
        elif type(value) is int and value >= 0:
            yield path, value


def drawn(kind: str, path: str, default: int, number: int, attempt: int) -> int:
    """A value of a key in the draw of this number; keys of which one divides another stay so."""
    leaf, shared = path.rpartition(".")[2], _SHARED[number]
    plainly = attempt == 1  # some libraries want one key to be a multiple of others

    def pick(*options: int) -> int:
        order = list(options)
        random.Random(f"{kind}/{path}/{attempt}").shuffle(order)
        return order[number % len(order)]

    if _LAYERS.search(leaf) and default > _FEW_LAYERS:
        return pick(2, 3, 4, 5, 6, 7) if "." in path and "text" not in path else _TEXT_LAYERS[number]
    if _HIDDEN.search(leaf):
        return default * shared * 2 * (1 if plainly else pick(1, 2, 3, 4))
    if _OF_HEADS.search(leaf):
        if _REPLICATED.search(leaf) and RANKS[number] > _FEWER_THAN_RANKS and not attempt:
            return _FEWER_THAN_RANKS
        return default * shared * (1 if _OF_KEYS.search(leaf) else 2 if plainly else pick(1, 2))
    if "group" in leaf or "patch_size" in leaf:
        return default * shared
    if plainly and (default <= _SMALL or leaf.endswith(("dim", "expand"))):
        return default
    if "image_size" in leaf:
        return default * shared * pick(1, 2, 3)
    if "experts" in leaf and default > _SMALL:
        return default * shared * pick(1, 2, 3, 5)
    if default <= _SMALL:
        return default + pick(1, 2, 3)
    odd = 2 if _ROUNDED.search(leaf) and not plainly else 0  # a length that is rounded up must differ from what it was
    return default * pick(1, 2, 3, 4, 5, 6, 7) + odd


def listed(kind: str, path: str, kinds: Sequence[str], length: int) -> list[str] | str:
    """A list of so many layers, or a word of so many letters, in which each kind stands where it is long enough."""
    source = random.Random(f"{kind}/{path}/{length}")
    found = [*kinds[:length], *(source.choice(kinds) for _ in range(length - len(kinds)))]
    source.shuffle(found)
    return "".join(found) if isinstance(kinds, str) else found


def written(bare: Mapping[str, Any], whole: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A config with values at dotted names; a part that it begins says of which type it is."""
    config: dict[str, Any] = json.loads(json.dumps(bare))
    for path, value in values.items():
        *parents, last = path.split(".")
        at, there = config, whole
        for parent in parents:
            there = there.get(parent, {}) if isinstance(there, Mapping) else {}
            begun = {"model_type": there["model_type"]} if there.get("model_type") else {}
            at = at.setdefault(parent, begun)
        at[last] = value
    return config
