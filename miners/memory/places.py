"""Find in which layers a thing stands, from the layers in which it stood in several configs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pytest_llem_invariants.fit.laws import UnknownSizeError, stands

Seen = Sequence[tuple[frozenset[int], int, Mapping[str, Any]]]
"""The layers in which it stood, of how many, and the numbers of that config; of each config that was seen."""
_STEPS: Final = (2, 3, 4, 5, 6, 8)
_MOST_KEY: Final = 64
_START: Final = re.compile(r"offset|start|begin|first")
_BY_LIST: Final = ("in", "not in")
_FROM: Final = ("from every", "not from every")


def place_law(seen: Seen) -> Any:
    """The plainest law of a place that every config confirms, or None.

    A list that names each layer comes first, or one of layers; what follows is for configs that do not write it.
    """
    named = next((law for law in _of_lists(seen) if _holds(law, seen)), None)
    plain = next((law for law in _plain(seen) if _holds(law, seen)), None)
    if named is None and plain is not None and plain[0] in _BY_LIST:
        named = plain
        plain = next((law for law in _plain(seen) if law[0] not in _BY_LIST and _holds(law, seen)), None)
        return named if plain is None else ["first", named, plain]
    if named is None:
        return plain
    return named if plain is None else ["first", named, plain]


def _holds(law: Any, seen: Seen) -> bool:
    try:
        return all(
            {layer for layer in range(layers) if stands(law, layer, layers, numbers)} == at
            for at, layers, numbers in seen
        )
    except (UnknownSizeError, IndexError, TypeError):
        return False


def _of_lists(seen: Seen) -> Iterator[Any]:
    _, _, first = seen[0]
    for name, value in first.items():
        if not isinstance(value, (list, str)) or not value or _is_word(value):
            continue
        held: set[Any] = set()
        others: set[Any] = set()
        for at, layers, numbers in seen:
            value = numbers.get(name)
            if not isinstance(value, (list, str)) or len(value) < layers:
                break
            for layer in range(layers):
                one = value[layer]
                if not isinstance(one, (str, int)):
                    break
                (held if layer in at else others).add(one)
        else:
            if held and others and not held & others:
                yield ["named", name, sorted(held, key=str)]


def _is_word(value: list[Any] | str) -> bool:
    """Whether it is a name or a version, whose letters say nothing of layers."""
    return isinstance(value, str) and any(one.islower() or one.isdigit() for one in value)


def _plain(seen: Seen) -> Iterator[Any]:
    _, _, first = seen[0]
    yield ["all"]
    for constant in (1, 2, 3):
        yield ["below", constant]
        yield ["from", constant]
    yield ["last"]
    yield ["but last"]
    keys = [name for name, value in first.items() if type(value) is int and 0 <= value <= _MOST_KEY]
    lists = [name for name, value in first.items() if isinstance(value, list)]
    for name in keys:
        yield ["from", name]
        yield ["below", name]
    for name in lists:
        yield ["in", name]
        yield ["not in", name]
    starts = [name for name in keys if _START.search(name)]
    for step in (*keys, *_STEPS):
        for offset in (0, 1):
            for rest in (0, *range(1, 8), *starts):
                yield ["every", step, offset, rest]
                yield ["not every", step, offset, rest]
                if offset == 0 or rest == 0:
                    yield from ([what, step, offset, rest, start] for start in starts for what in _FROM)
