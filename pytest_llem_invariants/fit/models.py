"""What a model holds in memory by the laws of its type: its tensors and caches, each with the layer that it is in."""

from __future__ import annotations

from pytest_llem_invariants.fit.laws import PLACES, UnknownSizeError, length, number, stands

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

_MOST_LAYERS = 4096
_OF_A_RANK = "/tp"
_IGNORED = ("architectures", "model_type")
LINEAR = ("linear", "experts")
"""What a quantisation takes hold of."""


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
        for part, kinds in strange_parts(entry.get("parts", {}), config).items():
            raise UnknownSizeError(f"{part} is of the type {kinds[0]!r}, which was only seen as {kinds[1]!r}")
        for name, several in entry.get("counted", {}).items():
            if numbers.get(name) is None and isinstance(config.get(several), (dict, list)):
                numbers[name] = len(config[several])
        for part in entry.get("flat", ()):
            _move_into(part, config, numbers, entry)
        for other, own in entry.get("aliases", {}).items():
            if numbers.get(own) is None and numbers.get(other) is not None:
                numbers[own] = numbers[other]
        self._check_keys(numbers, config)
        for name, values in entry.get("named", {}).items():
            if not {*(numbers.get(name) or ())} <= {*values}:
                raise UnknownSizeError(f"{name} has what was never seen in it")
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
        for one, its, other, others in entry.get("tied", ()):
            if number(one, numbers) * others != number(other, numbers) * its:
                raise UnknownSizeError(f"{one} was only seen together with {other}")
        for name, value in entry.get("fixed", {}).items():
            if numbers.get(name, value) != value:
                raise UnknownSizeError(f"{name} was only seen as {value}")
        self.items = self._items(active)

    def check_ranks(self, ranks: int) -> None:
        """A type that was seen on one device alone has no length that is shared."""
        if ranks > 1 and _OF_A_RANK not in repr(self.entry["items"]):
            raise UnknownSizeError("its parts were only seen on one device")

    def _check_keys(self, numbers: Mapping[str, Any], config: Mapping[str, Any]) -> None:
        """What this type does not know, and other types count with, may mean something here, too.

        It is not read beside all the parts that there are; where one is not written, it may stand for that part's own.
        """
        knows = {*self.entry.get("knows", ()), *self.entry.get("aliases", ())}
        spoken, unread = frozenset(self.entry.get("spoken", ())), frozenset(self.entry.get("unread", ()))
        parts = {name.partition(".")[0] for name in knows if "." in name}
        missing = {part for part in parts if part not in config}
        for name, value in numbers.items():
            if type(value) is not int or name.rpartition(".")[2] not in spoken or name in knows:
                continue
            if name not in unread or any(f"{part}.{name}" in knows for part in missing):
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
        sizes = lengths(laws, self.numbers, ranks)
        if "layers" not in item:
            yield Part(item, None, 0, sizes)
            return
        layers = length(item["layers"], self.numbers, 1)
        if layers > _MOST_LAYERS:
            raise UnknownSizeError("layers beyond all bounds")
        for layer in range(layers):
            if stands(item["at"], layer, layers, self.numbers):
                yield Part(item, layer, layers, sizes)


def _move_into(part: str, config: Mapping[str, Any], numbers: dict[str, Any], entry: Mapping[str, Any]) -> None:
    """Settings that stand beside a part that is not there are its own."""
    if part in config:
        return
    own = {*entry.get("knows", ()), *entry["defaults"]}
    for name in [one for one in numbers if f"{part}.{one}" in own and one not in own]:
        numbers[f"{part}.{name}"] = numbers.pop(name)


def strange_parts(parts: Mapping[str, str], config: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The parts of a config that say to be of another type than the one that the laws were seen with: both types."""
    written = {name: config[name].get("model_type") for name in parts if isinstance(config.get(name), dict)}
    return {name: (kind, parts[name]) for name, kind in written.items() if kind is not None and kind != parts[name]}


def lengths(laws: Any, numbers: Mapping[str, Any], ranks: int) -> Any:
    """All lengths in a structure of laws."""
    if type(laws) is dict:
        return {name: lengths(law, numbers, ranks) for name, law in laws.items()}
    if type(laws) is list and not _is_law(laws):
        return [lengths(law, numbers, ranks) for law in laws]
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
        found.update(laws.removesuffix(_OF_A_RANK).partition("^")[0].split("//"))
    elif type(laws) is dict:
        for name, law in laws.items():
            if name not in ("family", "cache", "of", "names"):
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
