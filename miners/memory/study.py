"""Study one type of model: draw configs, look at what the library would hold, and keep the laws that it confirms."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, final

from miners.memory.draws import RANKS, counted, drawn, listed, written
from miners.memory.expressions import Search
from miners.memory.seen import NoLawError, Sample, laws_of, named_by
from pytest_llem_invariants.fit.laws import UnknownSizeError
from pytest_llem_invariants.fit.models import Sizes, flat, lengths, spoken_by
from pytest_llem_invariants.model import EMPTY

Asks = Callable[[Mapping[str, Any], int], Mapping[str, Any]]
"""What the library holds of a config on one of so many ranks; it raises whatever it raises."""
Lists = Mapping[str, tuple[str, Sequence[str]]]
"""Key → the key that says how long its list is, and what may stand in it."""
DRAWS: Final = 5
_ATTEMPTS: Final = 3
_MOST_ASKED: Final = 130
_MOST_APART: Final = 16
NULL_SET: Final = 96
MANY_RANKS: Final = 4


@final
class Study:
    """One type of model. `bare` is the least that its config says, `whole` all that its class holds by default."""

    def __init__(
        self,
        kind: str,
        asks: Asks,
        bare: Mapping[str, Any],
        whole: Mapping[str, Any],
        optional: Sequence[str],
        usual: frozenset[str],
        lists: Lists = EMPTY,
    ) -> None:
        """`optional` keys may be null; `usual` ones every type has, and they change no size.

        `lists` say of each layer what it is, where a type has no such list by default.
        """
        self._kind, self._asks, self._bare, self._whole = kind, asks, bare, whole
        self.defaults = {name: value for name, value in flat(whole) if name not in usual}
        self.keys = {name: value for name, value in counted(whole) if name not in usual}
        self._optional = [name for name in optional if name not in usual and "token" not in name]
        self._usual, self._lists = usual, lists
        self._asked = 0
        self.trouble: list[str] = []

    def entry(self) -> dict[str, Any]:
        """The laws of this type; NoLawError where they were not found, or not confirmed."""
        base = self.sample({}, 1)
        if base is None:
            raise NoLawError(self.trouble[-1])
        able = self._able(list(self.keys))
        samples = self._samples(able, {})
        items, tied = self._items(able, samples)
        entry: dict[str, Any] = {"defaults": self._plain_defaults(), "items": items, **base.found["names"]}
        entry["tied"] = tied
        entry["fixed"] = self._fixed(able, samples)
        entry["derived"] = self._derived(able, entry["defaults"])
        self._add_switches(entry, able, samples[0])
        entry["named"] = named_by(entry["items"], samples)
        for sample in (self.draw(able, {}, DRAWS), self.draw(able, {}, DRAWS + 1)):
            if sample is not None:
                confirm(entry, sample)
        self._confirm_base(entry, base)
        entry["flat"] = self._flat(samples[0])
        shared = self.sample({}, MANY_RANKS)
        if shared is not None and "required" not in entry:
            confirm(entry, shared)
        return _tidy(entry)

    def _confirm_base(self, entry: dict[str, Any], base: Sample) -> None:
        """A part that is not written at all may have other defaults than one that is begun: then it must be whole."""
        try:
            confirm(entry, base)
        except NoLawError:
            spoken = spoken_by(entry)
            inner = [name for name in self.keys if "." in name and name in spoken and name not in entry["fixed"]]
            if not inner:
                raise
            entry["required"] = inner

    def _fixed(self, able: Sequence[str], samples: Sequence[Sample]) -> dict[str, Any]:
        """What was never seen at another value: the laws hold for that one alone."""
        seen = [dict(flat(sample.written)) for sample in samples]
        values = {name: {of[name] for of in seen if name in of} for name in able}
        same = {name: found.pop() for name, found in values.items() if len(found) == 1}
        return {**{name: value for name, value in self.keys.items() if name not in able}, **same}

    # Asking

    def sample(self, values: Mapping[str, Any], ranks: int) -> Sample | None:
        if self._asked >= _MOST_ASKED:
            self.trouble.append("asked too often")
            return None
        self._asked += 1
        config = written(self._bare, self._whole, values)
        for name, (of, kinds) in self._lists.items():
            config[name] = listed(self._kind, name, kinds, config.get(of, self._whole[of]))
        return self._seen(config, ranks)

    @property
    def unset(self) -> list[str]:
        """The keys that may be null, and are not written by default."""
        return [name for name in self._optional if self.defaults.get(name) is None]

    def beside(self, sample: Sample, more: Mapping[str, Any]) -> Sample | None:
        """The same config with more written in it."""
        return self._seen(written(sample.written, self._whole, more), sample.ranks)

    def _seen(self, config: dict[str, Any], ranks: int) -> Sample | None:
        try:
            return Sample(config, ranks, self._asks(config, ranks))
        except Exception as error:
            self.trouble.append(f"{type(error).__name__}: {str(error)[:160]}")
            return None

    def _values(self, able: Sequence[str], number: int, attempt: int) -> dict[str, Any]:
        return {name: drawn(self._kind, name, self.keys[name], number, attempt) for name in able}

    def draw(self, able: Sequence[str], more: Mapping[str, Any], number: int) -> Sample | None:
        for attempt in range(_ATTEMPTS):
            ranks = RANKS[number] if attempt < _ATTEMPTS - 1 else 1
            found = self.sample({**self._values(able, number, attempt), **more}, ranks)
            if found is not None:
                return found
        return None

    def _samples(self, able: Sequence[str], more: Mapping[str, Any]) -> list[Sample]:
        found = [self.draw(able, more, number) for number in range(DRAWS)]
        taken = [sample for sample in found if sample is not None]
        if len(taken) < DRAWS - 1:
            raise NoLawError(f"{len(taken)} of {DRAWS} configs are taken: {self.trouble[-1]}")
        return taken

    def _flat(self, sample: Sample) -> list[str]:
        """The parts of which the library reads the settings beside the parts, too, where there is no such part."""
        found = []
        for name, part in sample.written.items():
            if isinstance(part, Mapping) and part:
                rest = {one: value for one, value in sample.written.items() if one != name}
                own = {one: value for one, value in part.items() if one != "model_type"}
                try:
                    beside = Sample({**own, **rest}, sample.ranks, self._asks({**own, **rest}, sample.ranks))
                except Exception:  # it says nothing of such a form
                    continue
                if same(beside, sample):
                    found.append(name)
        return found

    def _items(self, able: Sequence[str], samples: list[Sample]) -> tuple[list[dict[str, Any]], list[list[Any]]]:
        """The laws of all samples and of some more, and the keys that must go together for them to hold."""
        groups = _alike(able, samples)
        more = self._apart(able, samples, groups)
        with contextlib.suppress(NoLawError):  # some part may be there only where keys differ that went together
            items = laws_of([*samples, *more])
            samples += more
            return items, []
        items = laws_of(samples)
        failing: set[str] = set()
        for name in (name for names in groups for name in names):
            one = self._doubled(able, samples[0], [name])
            if one is not None:
                try:
                    items = laws_of([*samples, one])
                    samples.append(one)
                except NoLawError:
                    failing.add(name)
        first = dict(flat(samples[0].written))
        pairs = [[one for one in names if one in failing] for names in groups]
        return items, [[name, first[name], names[0], first[names[0]]] for names in pairs for name in names[1:]]

    def _doubled(self, able: Sequence[str], sample: Sample, names: Sequence[str]) -> Sample | None:
        base = dict(flat(sample.written))
        values = {name: base[name] for name in able if name in base}
        return self.sample({**values, **{name: base[name] * 2 for name in names}}, sample.ranks)

    def _apart(self, able: Sequence[str], samples: Sequence[Sample], groups: Sequence[Sequence[str]]) -> list[Sample]:
        """More configs: in them differ the keys that went together in all of these, and could stand for each other."""
        halves = [
            [name for names in groups for at, name in enumerate(names) if at >> bit & 1]
            for bit in range((max(map(len, groups), default=1) - 1).bit_length())
        ]
        found: list[Sample] = []
        left = _MOST_APART
        while halves and left:
            names, left = halves.pop(0), left - 1
            sample = self._doubled(able, samples[0], names)
            if sample is not None:
                found.append(sample)
            elif len(names) > 1:
                halves += [names[: len(names) // 2], names[len(names) // 2 :]]
        return found

    def _able(self, names: list[str]) -> list[str]:
        """The keys that can be changed together; by halves where the library does not take them."""
        if not names or self.draw(names, {}, 1) is not None:
            return names
        if len(names) == 1:
            return []
        half = len(names) // 2
        one, other = self._able(names[:half]), self._able(names[half:])
        both = [*one, *other]
        if not one or not other or self.draw(both, {}, 1) is not None:
            return both
        kept = list(one)
        for name in other:  # what one half takes may not go with the other
            if self.draw([*kept, name], {}, 1) is not None:
                kept.append(name)
        return kept

    # What is not written

    def _plain_defaults(self) -> dict[str, Any]:
        return {name: value for name, value in self.defaults.items() if isinstance(value, (bool, int)) or value is None}

    def _derived(self, able: Sequence[str], defaults: dict[str, Any]) -> dict[str, Any]:
        """The laws of what the library takes for an optional key that is not written, where it depends on others."""
        optional = [name for name in self._optional if name in able]
        others = [name for name in able if name not in optional]
        if not optional:
            return {}
        found = [self.draw(others, {}, number) for number in (1, 2, 3)]
        samples = [sample for sample in found if sample is not None]
        if not samples:
            return {}  # one value alone is taken, and the configs that confirm the laws show whether it is the default
        laws: dict[str, Any] = {}
        for name in optional:
            values = [sample.numbers.get(name) for sample in samples]
            if values and all(value == self.defaults[name] for value in values):
                continue
            if not any(values):
                defaults[name] = None
                continue
            counts = [value for value in values if type(value) is int]
            if len(samples) < len(found) or len(counts) < len(values):
                raise NoLawError(f"{name} is {values} where it is not written")
            numbers = [{key: of.get(key) for key in (*others, *defaults)} for of in (one.numbers for one in samples)]
            law = Search([{**of, name: None} for of in numbers], [1, 1, 1]).law(tuple(counts))
            if law is None:
                raise NoLawError(f"{name} is {values} where it is not written")
            laws[name] = law
            del defaults[name]
        return laws

    # Settings that are on or off

    def _add_switches(self, entry: dict[str, Any], able: Sequence[str], base: Sample) -> None:
        flips: dict[str, tuple[str, Any]] = {}
        for name, value in self.defaults.items():
            if type(value) is bool:
                flips[name] = ("false" if value else "true", not value)
        for name in self._optional:
            if self.defaults.get(name) is None:
                flips[name] = ("set", NULL_SET)
            elif name in self.keys:
                flips[name] = ("null", None)
        nulls = self._nulls([name for name in flips if flips[name][0] == "null"], able)
        others = [name for name in flips if flips[name][0] != "null"]
        relevant = [*nulls, *self._relevant(others, flips, able, base, entry["fixed"])]
        for name in relevant:
            self._add_switch(entry, name, *flips[name], able)
        for name in self._nulls([name for name in flips if flips[name][0] == "set"], able):
            self._add_switch(entry, name, "null", None, able)  # a part that is begun has another default than a null

    def _nulls(self, names: list[str], able: Sequence[str]) -> list[str]:
        """The keys of which a null is another thing than not to write them."""
        if not names:
            return []
        values = {name: value for name, value in self._values(able, 0, 0).items() if name not in names}
        absent, null = self.sample(values, 1), self.sample({**values, **dict.fromkeys(names)}, 1)
        if absent is not None and null is not None and same(absent, null):
            return []
        half = len(names) // 2
        return names if len(names) == 1 else [*self._nulls(names[:half], able), *self._nulls(names[half:], able)]

    def _relevant(
        self, names: list[str], flips: Mapping[str, Any], able: Sequence[str], base: Sample, fixed: dict[str, Any]
    ) -> list[str]:
        """The settings that change something; those that cannot be changed are fixed."""
        if not names:
            return []
        values = self._values(able, 0, 0)
        sample = self.sample({**values, **{name: flips[name][1] for name in names}}, 1)
        if sample is not None and same(sample, base):
            return []
        if len(names) == 1:
            if sample is None:
                fixed[names[0]] = self.defaults.get(names[0])
            return names if sample is not None else []
        half = len(names) // 2
        return [
            *self._relevant(names[:half], flips, able, base, fixed),
            *self._relevant(names[half:], flips, able, base, fixed),
        ]

    def _add_switch(self, entry: dict[str, Any], name: str, what: str, value: Any, able: Sequence[str]) -> None:
        others = [one for one in able if one != name]
        try:
            if what == "set":
                drawn_values = [value * (2 + number) for number in range(DRAWS)]
                found = [self.draw(others, {name: drawn_values[number]}, number) for number in range(DRAWS)]
                samples = [one for one in found if one is not None]
                if len(samples) < DRAWS - 1:
                    raise NoLawError(name)
            else:
                samples = self._samples(others, {name: value})
            items = [_as_known(item, entry["items"], samples) for item in laws_of(samples)]
        except NoLawError:
            if what == "null":
                entry.setdefault("never_null", []).append(name)
            else:
                entry["fixed"][name] = self.defaults.get(name)
            return
        known = {json.dumps(item, sort_keys=True): at for at, item in enumerate(entry["items"])}
        new = {json.dumps({**item, "added": True}, sort_keys=True): item for item in items}
        adds = []
        for key, item in new.items():
            if json.dumps(item, sort_keys=True) in known and not entry["items"][
                known[json.dumps(item, sort_keys=True)]
            ].get("added"):
                continue
            if key not in known:
                known[key] = len(entry["items"])
                entry["items"].append({**item, "added": True})
            adds.append(known[key])
        kept = {json.dumps(item, sort_keys=True) for item in items}
        removes = [
            at
            for at, item in enumerate(entry["items"])
            if not item.get("added") and json.dumps(item, sort_keys=True) not in kept
        ]
        entry.setdefault("switches", []).append({"key": name, "is": what, "adds": adds, "removes": removes})


def _alike(able: Sequence[str], samples: Sequence[Sample]) -> list[list[str]]:
    """The keys of which each is so many times another in all samples."""
    seen = [dict(flat(sample.written)) for sample in samples]
    found: dict[tuple[float, ...], list[str]] = {}
    for name in able:
        first = seen[0].get(name)
        if first and all(type(of.get(name)) is int for of in seen):
            found.setdefault(tuple(of[name] / first for of in seen), []).append(name)
    return [names for names in found.values() if len(names) > 1]


def _as_known(item: Mapping[str, Any], known: Sequence[Mapping[str, Any]], samples: Sequence[Sample]) -> dict[str, Any]:
    """A known item that says the same of all samples, where there is one: few samples may have several laws."""
    for one in known:
        one = {name: value for name, value in one.items() if name != "added"}
        if _apart_from_sizes(one) == _apart_from_sizes(item) and _sized(one, samples) == _sized(item, samples):
            return one
    return dict(item)


def _apart_from_sizes(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in ("shape", "sizes", "layers")}


def _sized(item: Mapping[str, Any], samples: Sequence[Sample]) -> Any:
    laws = [item.get("shape"), item.get("sizes"), item.get("layers")]
    try:
        return [[lengths(law, sample.numbers, sample.ranks) for law in laws] for sample in samples]
    except UnknownSizeError:
        return laws


def confirm(entry: Mapping[str, Any], sample: Sample) -> None:
    """Raise NoLawError where the laws say another thing of a config than the library."""
    try:
        sizes = Sizes(entry, sample.written)
        tensors, caches = said(sizes, sample.ranks)
    except UnknownSizeError as error:
        raise NoLawError(f"not answered: {error}") from error
    if (tensors, caches) != held(sample):
        raise NoLawError(f"the library holds {held(sample)[0]}, the laws say {tensors}: {_difference(sizes, sample)}")


def said(sizes: Sizes, ranks: int) -> tuple[int, list[str]]:
    total = 0
    for part in sizes.tensors(ranks):
        total += part.item["n"] * _product(part.sizes)
    caches = [
        json.dumps([part.layer, part.item["cache"], part.sizes], sort_keys=True)
        for part in sizes.caches(ranks)
        for _ in range(part.item["n"])
    ]
    return total, sorted(caches)


def held(sample: Sample) -> tuple[int, list[str]]:
    from miners.memory.seen import number_of

    caches = [
        json.dumps([number_of(name), kind, sizes], sort_keys=True) for name, kind, sizes in sample.found["caches"]
    ]
    return sum(_product(shape) for _, shape, _, _ in sample.found["tensors"]), sorted(caches)


def _difference(sizes: Sizes, sample: Sample) -> str:
    """What alone the library holds and what alone the laws say, in a few sizes."""
    ours = Counter(str(part.sizes) for part in sizes.tensors(sample.ranks) for _ in range(part.item["n"]))
    theirs = Counter(str(shape) for _, shape, _, _ in sample.found["tensors"])
    ours.update(str(part.sizes) for part in sizes.caches(sample.ranks) for _ in range(part.item["n"]))
    theirs.update(str(cache) for _, _, cache in sample.found["caches"])
    return f"{list((theirs - ours).items())[:3]} against {list((ours - theirs).items())[:3]}"


def _product(shape: Sequence[int]) -> int:
    total = 1
    for one in shape:
        total *= one
    return total


def same(one: Sample, other: Sample) -> bool:
    return bool(one.found["tensors"] == other.found["tensors"] and one.found["caches"] == other.found["caches"])


def _tidy(entry: dict[str, Any]) -> dict[str, Any]:
    """Without the defaults of keys of which no law speaks."""
    spoken = json.dumps([entry["items"], entry.get("switches", []), entry["derived"]])
    entry["defaults"] = {name: value for name, value in entry["defaults"].items() if name in spoken}
    return {name: value for name, value in entry.items() if value}
