"""What a model holds in memory by the laws of its type: its tensors and caches, each with the layer that it is in."""

from __future__ import annotations

from pytest_llem_invariants.fit.laws import PLACES, UnknownSizeError, length, stands

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

_MOST_LAYERS = 4096
_IGNORED = ("architectures", "model_type")


class Part:
    """Some tensors or caches of one size: how many of them, in which layer, and of what they are part."""

    __slots__ = ("family", "item", "layer", "layers", "sizes")

    def __init__(self, item: Mapping[str, Any], layer: int | None, layers: int, sizes: Any) -> None:
        self.item = item
        self.family = item.get("family")
        self.layer = layer
        self.layers = layers
        self.sizes = sizes


class Sizes:
    """The laws of a type of model, asked about one config of it."""

    def __init__(self, entry: Mapping[str, Any], config: Mapping[str, Any]) -> None:
        """Raise UnknownSizeError where the laws were not seen to hold for such a config."""
        self.numbers = numbers = dict(flat(config))
        self.entry = entry
        for other, own in entry.get("aliases", {}).items():
            if numbers.get(own) is None and numbers.get(other) is not None:
                numbers[own] = numbers[other]
        self._check_keys(numbers)
        for name in entry.get("required", ()):
            if numbers.get(name) is None:
                raise UnknownSizeError(f"{name} is not written")
        for name in entry.get("never_null", ()):
            if numbers.get(name, name) is None:
                raise UnknownSizeError(f"{name} was never seen as null")
        active = [one for one in entry.get("switches", ()) if _is_on(one, numbers, entry["defaults"])]
        for name, law in entry["defaults"].items():
            if numbers.get(name) is None and type(law) is not list:
                numbers[name] = law
        for name, law in entry.get("derived", {}).items():
            if numbers.get(name) is None:
                numbers[name] = length(law, numbers, 1)
        for name, value in entry.get("fixed", {}).items():
            if numbers.get(name, value) != value:
                raise UnknownSizeError(f"{name} was only seen as {value}")
        self.items = self._items(active)

    def _check_keys(self, numbers: Mapping[str, Any]) -> None:
        """What this type does not know, and other types count with, may mean something here, too."""
        knows = {*self.entry.get("knows", ()), *self.entry.get("aliases", ())}
        spoken = frozenset(self.entry.get("spoken", ()))
        for name, value in numbers.items():
            if type(value) is int and name.rpartition(".")[2] in spoken and name not in knows:
                raise UnknownSizeError(f"{name} is not known of this type")

    def _items(self, active: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The items that hold where these settings are not at their defaults."""
        items = self.entry["items"]
        removed: list[int] = [at for one in active for at in one["removes"]]
        if len(removed) != len(set(removed)) and len({repr(one["adds"]) for one in active}) > 1:
            raise UnknownSizeError("two settings change the same part")
        base = [at for at, item in enumerate(items) if not item.get("added") and at not in removed]
        added = dict.fromkeys(at for one in active for at in one["adds"])
        return [items[at] for at in (*base, *added)]

    def tensors(self, ranks: int) -> Iterator[Part]:
        """The tensors of a rank."""
        for item in self.items:
            if "shape" in item:
                yield from self._parts(item, ranks, item["shape"])

    def caches(self, ranks: int) -> Iterator[Part]:
        """The caches of a rank."""
        for item in self.items:
            if "cache" in item:
                yield from self._parts(item, ranks, item["sizes"])

    def _parts(self, item: Mapping[str, Any], ranks: int, laws: Any) -> Iterator[Part]:
        sizes = _lengths(laws, self.numbers, ranks)
        if "layers" not in item:
            yield Part(item, None, 0, sizes)
            return
        layers = length(item["layers"], self.numbers, 1)
        if layers > _MOST_LAYERS:
            raise UnknownSizeError("layers beyond all bounds")
        for layer in range(layers):
            if stands(item["at"], layer, layers, self.numbers):
                yield Part(item, layer, layers, sizes)


def _lengths(laws: Any, numbers: Mapping[str, Any], ranks: int) -> Any:
    if type(laws) is dict:
        return {name: _lengths(law, numbers, ranks) for name, law in laws.items()}
    if type(laws) is list and not _is_law(laws):
        return [_lengths(law, numbers, ranks) for law in laws]
    return length(laws, numbers, ranks) if type(laws) in (int, list) else laws


def _is_law(laws: Any) -> bool:
    """Whether it is a sum of products, not a list of lengths: a product is a number and names."""
    return bool(laws) and all(
        type(term) is list and bool(term) and type(term[0]) is int and all(type(name) is str for name in term[1:])
        for term in laws
    )


def _is_on(switch: Mapping[str, Any], numbers: Mapping[str, Any], defaults: Mapping[str, Any]) -> bool:
    """Whether a setting is at what the switch says, not at its default."""
    name, wanted = switch["key"], switch["is"]
    if wanted == "null":
        return name in numbers and numbers[name] is None
    if wanted == "set":
        return numbers.get(name) is not None
    value = numbers.get(name)
    return (defaults.get(name) if value is None else value) is (wanted == "true")


def spoken_by(entry: Mapping[str, Any]) -> set[str]:
    """The keys of which the laws of a type speak."""
    found: set[str] = set()
    _add_names((entry["items"], entry.get("derived", {})), found)
    found.update(one["key"] for one in entry.get("switches", ()))
    return {name for name in found if name and name not in (*PLACES, "first")}


def _add_names(laws: Any, found: set[str]) -> None:
    if type(laws) is str:
        found.update(laws.removesuffix("/tp").partition("^")[0].split("//"))
    elif type(laws) is dict:
        for name, law in laws.items():
            if name not in ("family", "cache", "of"):
                _add_names(law, found)
    elif type(laws) in (list, tuple):
        for law in laws:
            _add_names(law, found)


def flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The settings of a config by their dotted names."""
    for name, value in config.items():
        if type(value) is dict:
            yield from flat(value, f"{prefix}{name}.")
        elif name not in _IGNORED:
            yield f"{prefix}{name}", value
