"""Laws of sizes: what a length is made of, and in which layers a thing stands. They are data; here is what they mean.

A length is a number, or a sum of products: `[[2, "intermediate_size/tp"], [1, "num_attention_heads/tp", "head_dim"]]`.
An atom is the name of a key; `a//b` is a quotient, `^64` rounds up, `/tp` is the share of a rank, never less than one,
and by itself at the end of a product the share of that.

A place is `[what, …]`: `["all"]`, `["from", k]`, `["below", k]`, `["last"]`, `["but last"]`; of each so many layers
`["every", k, offset, rest]`, `["not every", …]`, `["from every", k, offset, rest, start]`, `["not from every", …]`; by
a list of the config `["in", list]`, `["not in", list]`, `["named", list, values]`; `["first", …]` is the first of
several of which the keys are written.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Numbers = Mapping[str, Any]
    """Dotted name of a key of a config → its value."""

_MOST = 2**62


class UnknownSizeError(Exception):
    """A law cannot be asked: what it needs is not known. Never shown: the answer is that nothing is known."""


def length(law: Any, numbers: Numbers, tensor_parallel: int) -> int:
    """A length by its law."""
    if type(law) is int:
        return law
    total = 0
    for coefficient, *names in law:
        product = coefficient
        for name in names:
            product = product // tensor_parallel if name == "/tp" else product * atom(name, numbers, tensor_parallel)
        total += product
    if not abs(total) < _MOST:
        raise UnknownSizeError("a length beyond all bounds")
    return int(total)


def atom(name: str, numbers: Numbers, tensor_parallel: int) -> int:
    """The value of an atom."""
    name, shared, _ = name.partition("/tp") if name.endswith("/tp") else (name, "", "")
    name, rounds, step = name.partition("^")
    one, divides, other = name.partition("//")
    value = number(one, numbers)
    if divides:
        value //= number(other, numbers)
    if rounds:
        value = -(-value // int(step)) * int(step)
    return max(1, value // tensor_parallel) if shared and value else value


def number(name: str, numbers: Numbers) -> int:
    """The value of a key that counts something."""
    value = numbers.get(name)
    if type(value) is float and abs(value) < _MOST and value == int(value):
        value = int(value)
    if type(value) is not int or not 0 <= value < _MOST:
        raise UnknownSizeError(name)
    return value


def stands(law: Any, layer: int, layers: int, numbers: Numbers) -> bool:
    """Whether a thing stands in a layer of so many."""
    if law[0] == "first":
        return _first(law[1:], layer, layers, numbers)
    found = PLACES.get(law[0])
    if found is None:
        raise UnknownSizeError(law[0])
    return found(law, layer, layers, numbers)


def _first(laws: Any, layer: int, layers: int, numbers: Numbers) -> bool:
    for law in laws:
        try:
            return stands(law, layer, layers, numbers)
        except UnknownSizeError:
            continue
    raise UnknownSizeError(str(laws))


def _value(one: Any, numbers: Numbers) -> int:
    return one if type(one) is int else number(one, numbers)


def _list(name: str, layers: int, numbers: Numbers) -> Any:
    found: Any = numbers.get(name)
    if type(found) not in (list, str) or (layers and len(found) < layers):
        raise UnknownSizeError(name)
    return found


def _every(law: Any, layer: int, numbers: Numbers) -> bool:
    step = _value(law[1], numbers)
    if not step:
        raise UnknownSizeError(str(law[1]))
    return bool((layer + law[2]) % step == _value(law[3], numbers) % step)


def _from_every(law: Any, layer: int, numbers: Numbers) -> bool:
    return layer >= _value(law[4], numbers) and _every(law, layer, numbers)


PLACES: Mapping[str, Callable[[Any, int, int, Numbers], bool]] = {
    "all": lambda law, layer, layers, numbers: True,
    "from": lambda law, layer, layers, numbers: layer >= _value(law[1], numbers),
    "below": lambda law, layer, layers, numbers: layer < _value(law[1], numbers),
    "last": lambda law, layer, layers, numbers: layer == layers - 1,
    "but last": lambda law, layer, layers, numbers: layer != layers - 1,
    "every": lambda law, layer, layers, numbers: _every(law, layer, numbers),
    "not every": lambda law, layer, layers, numbers: not _every(law, layer, numbers),
    "in": lambda law, layer, layers, numbers: layer in _list(law[1], 0, numbers),
    "not in": lambda law, layer, layers, numbers: layer not in _list(law[1], 0, numbers),
    "named": lambda law, layer, layers, numbers: _list(law[1], layers, numbers)[layer] in law[2],
    "from every": lambda law, layer, layers, numbers: _from_every(law, layer, numbers),
    "not from every": lambda law, layer, layers, numbers: not _from_every(law, layer, numbers),
}
