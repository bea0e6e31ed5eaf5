"""Of each type of model, the lengths that ranks split among them, as products of what its files say.

The library makes each model without weights, in several configs that differ in what they count. A length is told only
where one product gave it in each of them, among the quantised layers, and gave none of a layer that is not quantised.
"""

from __future__ import annotations

import contextlib
import importlib
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from miners.discovery import models
from miners.discovery.model_facts import text_path
from miners.memory.child import looked_at
from miners.memory.draws import counted, drawn, written
from miners.process.progress import Progress
from miners.process.workers import AnswerLimits, forked
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.engines.stand_ins import standing_in
from pytest_llem_invariants.fit.models import flat
from pytest_llem_invariants.replay.state import silent_streams

SCHEMA_VERSION: Final = "1.0.0"
_RANKS: Final = 2
_DRAWS: Final = 5
_ATTEMPTS: Final = 4
_SET: Final = 96
_SMALL: Final = 8
_FEW: Final = 8
_MANY: Final = 4096
_LAYERS: Final = re.compile(r"num_(?:hidden_)?layers|n_layers?\Z")
_WHOLE: Final = re.compile(r"(?:dim|rank)\Z")
_LEAST_SEEN: Final = 4
_LEAST_ATOM: Final = 2
_MOST_FACTORS: Final = 3
_SECONDS: Final = 900.0
_NUMBER: Final = re.compile(r"(?<=\.)\d+(?=\.|\Z)")
_Layer = tuple[str, str, int, bool]
"""The name of a layer, what it is, the length that is split, and whether it is quantised."""


@final
@dataclass(frozen=True, slots=True)
class Seen:
    """One config of a type: what a reader takes from its file, and the layers that the library makes of it."""

    numbers: Mapping[str, int]
    layers: Sequence[_Layer]

    def has(self, kind: str) -> bool:
        return any(of == kind for _, of, _, _ in self.layers)

    def lengths(self, kind: str, *, quantised: bool) -> set[int]:
        return {size for _, of, size, is_quantised in self.layers if of == kind and is_quantised is quantised}


@final
@dataclass(frozen=True, slots=True)
class _Type:
    """Looks at one type of model in a child."""

    adapter: EngineAdapter
    declared: Mapping[str, Any]
    types: Mapping[str, str]

    def __call__(self, name: str) -> dict[str, Any]:
        return looked_at(lambda: self._entry(name), _SECONDS)

    def _entry(self, name: str) -> dict[str, Any]:
        with self.adapter.context(self.declared["in"]):
            study = _Study(self, name)
            usual = study.told({})
            entry: dict[str, Any] = {"architecture": self.types[name], "knows": study.keys, **usual}
            others = {key: study.told({key: _SET}) for key in study.optional}
            entry["with"] = {key: told for key, told in others.items() if told}
        return entry if usual or entry["with"] else {"none": study.trouble[-1]}

    def layers(self, config: Mapping[str, Any]) -> list[_Layer]:
        module = importlib.import_module(f"pytest_llem_invariants.engines.{self.adapter.ssot.engine}_layers")
        found: list[_Layer] = module.split_inputs(config, _RANKS)
        return found


@final
class _Study:
    """One type of model: the configs that are tried, and what the library makes of them."""

    def __init__(self, of: _Type, name: str) -> None:
        forms = models._forms(name, of.types[name])
        memory = of.adapter.ssot.adapter["memory"]
        beside = {**memory["written"].get(name, {}), **of.declared["written"].get(name, {})}
        self._of, self._name = of, name
        self._path = text_path(forms.whole)
        self._whole, self._bare = (written(form, forms.whole, beside) for form in (forms.whole, forms.bare))
        self._counted = dict(counted(self._whole))
        self._prefix = "".join(f"{part}." for part in self._path)
        self.keys = sorted(key.removeprefix(self._prefix) for key in self._counted if key.startswith(self._prefix))
        self.optional = [key for key in of.declared["optional"] if key not in self.keys]
        self.trouble = ["no product gives a length"]
        few = with_few_layers(self._whole, self._path)
        if self._see(few) is not None:
            self._whole = few

    def told(self, more: Mapping[str, int]) -> dict[str, Any]:
        """Fact → its products and layers, with further keys written."""
        more = {f"{self._prefix}{key}": value for key, value in more.items()}
        seen = [one for number in range(_DRAWS) if (one := self._drawn(number, more)) is not None]
        if len(seen) < _LEAST_SEEN:
            return {}
        facts = self._of.declared["facts"]
        found = {fact: split_by(seen, kind) for fact, kind in facts.items()}
        apart = self._apart(seen[0], [entry for entry in found.values() if entry is not None])
        if apart is None:
            found = {fact: entry and unlike_others(entry, self._counted_text()) for fact, entry in found.items()}
        for config in self._changed(more, apart or {}):
            one = self._see(config)
            if one is not None:
                found = {fact: still(entry, one, facts[fact]) for fact, entry in found.items()}
        return {fact: entry for fact, entry in found.items() if entry is not None}

    def _drawn(self, number: int, more: Mapping[str, int]) -> Seen | None:
        for attempt in range(_ATTEMPTS):
            values = {key: drawn(self._name, key, value, number, attempt) for key, value in self._counted.items()}
            if attempt == _ATTEMPTS - 1:  # there may be few of these that its layers can be made with
                values.update((key, value) for key, value in self._counted.items() if _WHOLE.search(key))
            added = {key: value * (number + 1) for key, value in more.items()}
            one = self._see(written(self._bare, self._whole, {**values, **added}))
            if one is not None:
                return one
        return None

    def _apart(self, drawn: Seen, entries: Sequence[Mapping[str, Any]]) -> dict[str, int] | None:
        """The lengths of a draw for the keys of the products: in the default config two that differ may be the same.

        None where the library does not take these in the default config.
        """
        names = {name for entry in entries for names in entry["products"] for name in names}
        values = {f"{self._prefix}{name}": drawn.numbers[name] for name in sorted(names)}
        return values if self._see(written(self._whole, self._whole, values)) is not None else None

    def _counted_text(self) -> Mapping[str, int]:
        return self._numbers(self._whole)

    def _changed(self, more: Mapping[str, int], apart: Mapping[str, int]) -> Iterator[dict[str, Any]]:
        """The default config, also with the lengths of a draw, and then with each setting changed that may leave out
        layers, or make others of them.
        """
        yield written(self._whole, self._whole, more)
        more = {**apart, **more}
        yield written(self._whole, self._whole, more)
        part: Any = self._whole
        for step in self._path:
            part = part[step]
        for key, value in flat(part):
            for other in _others(key, value):
                yield written(self._whole, self._whole, {**more, f"{self._prefix}{key}": other})

    def _see(self, config: Mapping[str, Any]) -> Seen | None:
        config = {**config, **self._of.declared["beside"]}
        try:
            return Seen(self._numbers(config), self._of.layers(config))
        except Exception as error:  # what the library does not take says nothing
            self.trouble.append(f"{type(error).__name__}: {str(error)[:160]}")
            return None

    def _numbers(self, config: Mapping[str, Any]) -> dict[str, int]:
        """What the part that speaks of text counts, by its keys."""
        part: Any = config
        for step in self._path:
            part = part.get(step, {})
        return {key: value for key, value in flat(part) if type(value) is int and value >= _LEAST_ATOM}


def _others(key: str, value: Any) -> Iterator[Any]:
    """Other values of a setting that says which layers there are, or what they are."""
    if type(value) is bool:
        yield not value
    elif type(value) is int and value <= _SMALL and not _LAYERS.search(key):
        yield from (other for other in (0, 1) if other != value)
    elif isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        yield from ([one] * len(value) for one in dict.fromkeys(value))
    elif isinstance(value, list) and "layers" in key:
        yield from ([], list(range(_MANY)))


def still(entry: dict[str, Any] | None, one: Seen, kind: str) -> dict[str, Any] | None:
    """What of the products gives a length there, too; those of which a key is not written are not asked.

    None where nothing is known of such layers: of a type that has none, there are none there, either.
    """
    if entry is None or not entry["products"]:
        return None if entry is None or one.has(kind) else entry
    held, others = one.lengths(kind, quantised=True), one.lengths(kind, quantised=False)
    kept = [
        names
        for names in entry["products"]
        if not one.numbers.keys() >= set(names)
        or (_product(one.numbers, names) in held and _product(one.numbers, names) not in others)
    ]
    return {**entry, "products": kept} if kept else None


def with_few_layers(whole: Mapping[str, Any], path: Sequence[str]) -> dict[str, Any]:
    """A config with few layers of text, and what it lists of each layer cut as short: many take long to make."""
    config: dict[str, Any] = json.loads(json.dumps(whole))
    part: Any = config
    for step in path:
        part = part[step]
    count = next((part[key] for key in part if _LAYERS.search(key) and type(part[key]) is int), 0)
    if count > _FEW:
        part.update({key: _FEW for key, value in part.items() if _LAYERS.search(key) and value == count})
        part.update({key: of[:_FEW] for key, of in part.items() if isinstance(of, list) and len(of) == count})
    return config


def unlike_others(entry: dict[str, Any], numbers: Mapping[str, int]) -> dict[str, Any] | None:
    """The products of which no other gives the same length in a config: of two that do, one may be of no layer."""
    lengths = Counter(_product(numbers, names) for names in entry["products"] if numbers.keys() >= set(names))
    kept = [
        names
        for names in entry["products"]
        if not numbers.keys() >= set(names) or lengths[_product(numbers, names)] == 1
    ]
    return {**entry, "products": kept} if kept or not entry["products"] else None


def split_by(seen: Sequence[Seen], kind: str) -> dict[str, Any] | None:
    """The products that give a length of quantised layers of a kind in each config, and the names of these layers.

    No products where there are no such layers, and None where there are some and no product is known.
    """
    if not any(one.has(kind) for one in seen):
        return {"products": [], "layers": []}
    quantised = [one.lengths(kind, quantised=True) for one in seen]
    others = [one.lengths(kind, quantised=False) for one in seen]
    known = set.intersection(*(set(one.numbers) for one in seen))
    atoms = sorted(name for name in known if len({one.numbers[name] for one in seen}) > 1)
    found: dict[tuple[int, ...], list[str]] = {}
    for count in range(1, _MOST_FACTORS + 1):
        for names in itertools.combinations(atoms, count):
            values = tuple(_product(one.numbers, names) for one in seen)
            if values in found or not all(value in held for value, held in zip(values, quantised, strict=True)):
                continue
            if not any(value in held for value, held in zip(values, others, strict=True)):
                found[values] = list(names)
    if not found:
        return None
    named: dict[str, None] = {}
    for at, one in enumerate(seen):
        told = {values[at] for values in found}
        named.update((_NUMBER.sub("#", name), None) for name, of, size, _ in one.layers if of == kind and size in told)
    return {"products": sorted(found.values()), "layers": sorted(named)}


def _product(numbers: Mapping[str, int], names: Sequence[str]) -> int:
    total = 1
    for name in names:
        total *= numbers[name]
    return total


def discover_split(
    adapter: EngineAdapter, names: Sequence[str], progress: Progress, *, workers: int = 1
) -> tuple[dict[str, Any], dict[str, str]]:
    """What is split of each type of model, or of those that are named; and of the others, why nothing is told.

    For a process that ends soon: packages are stood in for.
    """
    version = adapter.import_library()
    declared = adapter.ssot.adapter["layers"]
    named = adapter.ssot.adapter["memory"].get("architectures", {})
    types = {**models._types(adapter), **named, **declared["architectures"]}
    chosen = [name for name in types if not names or name in names]
    found: dict[str, Any] = {}
    without: dict[str, str] = {}
    with models.apart(adapter), standing_in(declared["stand_ins"]):
        models.warm(adapter)
        for module in declared["imports"]:
            with contextlib.suppress(Exception), silent_streams():
                importlib.import_module(module)
        look = _Type(adapter, declared, types)
        with progress.step("types of models", len(chosen)) as step, forked(workers, AnswerLimits(_SECONDS * 2)) as pool:
            for name, entry in zip(chosen, pool.map(look, chosen), strict=True):
                (without if "none" in entry else found)[name] = entry.get("none", entry)
                step.advance()
    head = {"schema_version": SCHEMA_VERSION, "engine": adapter.ssot.engine, "engine_version": version}
    return {**head, "left_out": declared["left_out"], "model_types": found}, without


def spoken_in(types: Mapping[str, Any]) -> list[str]:
    """The keys that some product is made of."""
    told = [of for entry in types.values() for of in (entry, *entry["with"].values())]
    products = [
        names for of in told for fact in of.values() if isinstance(fact, dict) for names in fact.get("products", ())
    ]
    return sorted({name for names in products for name in names})


def render_split(split: Mapping[str, Any]) -> str:
    """What was found as text that is the same twice: a line for each type."""
    head = json.dumps({**split, "model_types": {}}, indent=1, sort_keys=True)
    lines = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(of, sort_keys=True, separators=(',', ':'))}"
        for name, of in sorted(split["model_types"].items())
    )
    return head.replace('"model_types": {}', '"model_types": {\n' + lines + "\n }") + "\n"
