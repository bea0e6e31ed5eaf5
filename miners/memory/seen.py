"""What was seen of configs of one type, as laws: each tensor and cache with its sizes, and the layers that it is in."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from miners.memory.expressions import Search
from miners.memory.places import place_law
from pytest_llem_invariants.fit.models import LINEAR, flat

_NUMBER: Final = re.compile(r"(?<=\.)\d+(?=[. ]|\Z)")


@final
@dataclass(frozen=True, slots=True)
class Sample:
    """A config as it was written, and what the library would hold of it on one rank."""

    written: Mapping[str, Any]
    ranks: int
    found: Mapping[str, Any]

    @property
    def numbers(self) -> dict[str, Any]:
        """What the library reads in the config; what it leaves out, and lists, as they were written.

        It may call what stands in a list by other names, which no config has.
        """
        read, written = dict(flat(self.found["config"])), dict(flat(self.written))
        lists = {name: value for name, value in written.items() if isinstance(value, list)}
        return {**{name: value for name, value in written.items() if read.get(name) is None}, **read, **lists}


class NoLawError(Exception):
    """No law was found for something that was seen."""


@final
@dataclass(slots=True)
class _Thing:
    """One kind of tensor or cache in one sample: the layers that it is in, each with its sizes."""

    what: str
    sizes: Any
    layers: list[int]


def laws_of(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """The laws of all that was seen; NoLawError where there is none for something."""
    numbers = _of_free_keys(samples)
    search = Search(numbers, [sample.ranks for sample in samples])
    depths = [depths_of(sample) for sample in samples]
    merged: dict[str, dict[str, Any]] = {}
    patterns = [_patterns(sample) for sample in samples]
    names = dict.fromkeys(name for one in patterns for name in one)
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        family = _family(name)
        seen = [[(thing.what, thing.sizes, thing.layers) for thing in one.get(name, ())] for one in patterns]
        alike[json.dumps([family, seen])].append(name)
    for group in alike.values():
        for at in range(min(len(one.get(group[0], ())) for one in patterns)):
            _look([one[group[0]][at].sizes for one in patterns], search)
    for group in alike.values():
        name = group[0]
        counts = {len(one.get(name, ())) for one in patterns}
        if len(counts) != 1 or 0 in counts:
            raise NoLawError(f"{name} is not in each config")
        for at in range(counts.pop()):
            item = _item(name, [one[name][at] for one in patterns], search, depths, numbers)
            known = merged.setdefault(json.dumps(item, sort_keys=True), {**item, "n": 0})
            known["n"] += len(group)
            if item.get("of") in LINEAR and len(item["shape"]) > 1:
                known["names"] = sorted({*known.get("names", ()), *map(_module, group)})
    return [merged[key] for key in sorted(merged)]


def _module(name: str) -> str:
    """The module in its layer that a tensor is of: a quantisation may name it to leave it as it is."""
    return name.rpartition("#.")[2].rpartition(".")[0]


def _of_free_keys(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """The numbers of each config without those that the library made of others."""
    numbers = [sample.numbers for sample in samples]
    written = [dict(flat(sample.written)) for sample in samples]
    bound = {
        name
        for name in numbers[0]
        if type(numbers[0][name]) is int
        and any(of.get(name) != numbers[0][name] for of in numbers)
        and not all(own.get(name) == of.get(name) for own, of in zip(written, numbers, strict=True))
    }
    return [{name: value for name, value in of.items() if name not in bound} for of in numbers]


def _item(
    name: str, things: Sequence[_Thing], search: Search, depths: Sequence[Mapping[str, int]], numbers: Sequence[Any]
) -> dict[str, Any]:
    item: dict[str, Any] = json.loads(things[0].what)
    if any(thing.what != things[0].what for thing in things):
        raise NoLawError(f"{name} is another thing in another config")
    item["shape" if "cache" not in item else "sizes"] = _sizes(name, [thing.sizes for thing in things], search)
    family = _family(name)
    if family is None:
        return item
    layers = search.law(tuple(depth[family] for depth in depths))
    if layers is None:
        raise NoLawError(f"{family}: {[depth[family] for depth in depths]} layers")
    at = place_law(
        [(frozenset(thing.layers), depth[family], of) for thing, depth, of in zip(things, depths, numbers, strict=True)]
    )
    if at is None:
        raise NoLawError(f"{name} stands in {[thing.layers for thing in things]}")
    return {**item, "family": family, "layers": layers, "at": at}


def _sizes(name: str, sizes: Sequence[Any], search: Search) -> Any:
    first = sizes[0]
    if isinstance(first, dict):
        if any(one.keys() != first.keys() for one in sizes):
            raise NoLawError(f"{name} has other sizes in another config")
        return {key: _sizes(f"{name} {key}", [one[key] for one in sizes], search) for key in first}
    if isinstance(first, list):
        if any(len(one) != len(first) for one in sizes):
            raise NoLawError(f"{name} has another number of sizes in another config")
        return [_sizes(name, [one[at] for one in sizes], search) for at in range(len(first))]
    if type(first) is int:
        law = search.law(tuple(sizes))
        if law is None:
            raise NoLawError(f"{name}: {list(sizes)}")
        return law
    if any(one != first for one in sizes):
        raise NoLawError(f"{name} is {first} and something else")
    return first


def _look(sizes: Sequence[Any], search: Search) -> None:
    """Let the search see each length once before laws are asked for."""
    for one in zip(*map(_ints, sizes), strict=False):
        search.look(one)


def _ints(sizes: Any) -> Iterator[int]:
    if type(sizes) is int:
        yield sizes
    for one in sizes.values() if isinstance(sizes, dict) else sizes if isinstance(sizes, list) else ():
        yield from _ints(one)


def _family(name: str) -> str | None:
    found = _NUMBER.search(name) or re.search("#", name)
    return None if found is None else name[: found.start()] + "#"


def depths_of(sample: Sample) -> dict[str, int]:
    """How many layers each family has."""
    depths: dict[str, int] = {}
    for name in (*(one[0] for one in sample.found["tensors"]), *(one[0] for one in sample.found["caches"])):
        found = _NUMBER.search(name)
        if found:
            family = name[: found.start()] + "#"
            depths[family] = max(depths.get(family, 0), int(found[0]) + 1)
    return depths


def _patterns(sample: Sample) -> dict[str, list[_Thing]]:
    """What is seen, by its name without the number of the layer; what has several sizes, apart."""
    found: dict[str, dict[str, _Thing]] = {}
    for name, what, sizes in _things(sample):
        number = _NUMBER.search(name)
        pattern = name if number is None else f"{name[: number.start()]}#{name[number.end() :]}"
        key = json.dumps([what, sizes])
        thing = found.setdefault(pattern, {}).setdefault(key, _Thing(json.dumps(what, sort_keys=True), sizes, []))
        thing.layers.append(0 if number is None else int(number[0]))
    return {name: list(of.values()) for name, of in found.items()}


def _things(sample: Sample) -> Iterator[tuple[str, dict[str, Any], Any]]:
    for name, shape, width, kind in sample.found["tensors"]:
        what = {**({"bytes": width} if width else {}), **({"of": kind} if kind else {})}
        yield name, what, shape
    for name, kind, sizes in sample.found["caches"]:
        yield f"{name} cache", {"cache": kind}, sizes


def number_of(name: str) -> int | None:
    """The layer that a name tells."""
    found = _NUMBER.search(name)
    return None if found is None else int(found[0])


def named_by(items: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> dict[str, list[Any]]:
    """Of each list that says something of each layer, what was seen in it: of anything else nothing is known."""
    found: dict[str, set[Any]] = {name: set() for name in _of_layers(samples)}
    for item in items:
        law = item.get("at", ())
        for one in law[1:] if law and law[0] == "first" else (law,):
            if one and one[0] == "named":
                found.setdefault(one[1], set())
    for name, values in found.items():
        for sample in samples:
            values.update(one for one in sample.numbers.get(name) or () if isinstance(one, (str, int)))
    return {name: sorted(values, key=str) for name, values in sorted(found.items())}


def _of_layers(samples: Sequence[Sample]) -> list[str]:
    """The lists of words that are as long as some layers are many, in each config."""
    names = [name for name, value in samples[0].numbers.items() if isinstance(value, list)] if samples else []
    return [name for name in names if all(_is_of_layers(sample.numbers.get(name), sample) for sample in samples)]


def _is_of_layers(value: Any, sample: Sample) -> bool:
    is_words = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return is_words and len(value) in depths_of(sample).values()
