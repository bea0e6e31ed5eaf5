"""Which defaults are stable: each is evaluated twice here, once in every declared context, and once elsewhere."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from miners.discovery.defaults import Evaluated, Source, environment_reads, sources_of, tell, tell_again
from pytest_llem_invariants.errors import EngineUnavailableError

if TYPE_CHECKING:
    from miners.discovery.elsewhere import Defaults
    from pytest_llem_invariants.engines.base import EngineAdapter

Place = tuple[str, str]
"""A native type and one of its fields."""


@final
@dataclass(frozen=True, slots=True)
class Default:
    """A default as the schema states it."""

    kind: str
    """`value`, `object` or `computed`."""
    value: Any
    text: str
    because: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        if self.kind == "value":
            return {"default_kind": "value", "default": self.value}
        data: dict[str, Any] = {"default_kind": self.kind, "default_text": self.text}
        return data | ({"default_because": list(self.because)} if self.because else {})


def defaults_of(adapter: EngineAdapter, elsewhere: Defaults | None) -> Mapping[Place, Default]:
    """Every default of every native type."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _defaults_of(adapter, elsewhere)


def _defaults_of(adapter: EngineAdapter, elsewhere: Defaults | None) -> Mapping[Place, Default]:
    sources = {
        (name, field): source
        for name in adapter.native_types()
        for field, source in sources_of(adapter.native_class(name)).items()
    }
    told = {place: tell(source) for place, source in sources.items()}
    reads = {place: _reads(source) for place, source in sources.items() if _is_made(source)}
    again = {place: tell_again(source) for place, source in sources.items() if _is_made(source)}
    by_context = dict(_in_contexts(adapter, {place: sources[place] for place in again}, again))
    found = {}
    for place, source in sources.items():
        because = [*reads.get(place, ()), *by_context.get(place, ())]
        if not because:  # the known variables explain every difference, and their values here are no fact
            because += _reasons(told[place], tell(source))
            if elsewhere is not None:
                because += _elsewhere_reasons(told[place], elsewhere.get(place[0], {}).get(place[1]))
        found[place] = _default(source, told[place], tuple(dict.fromkeys(because)))
    return found


def _is_made(source: Source) -> bool:
    return source.factory is not None or source.code is not None


def _default(source: Source, told: Evaluated, because: tuple[str, ...]) -> Default:
    if told.kind == "failed":
        return Default("computed", None, source.text, (*because, f"cannot be computed alone: {told.what}"))
    if because:
        return Default("computed", None, source.text, because)
    if told.kind == "object":
        return Default("object", None, str(told.what))
    return Default("value", told.what, "")


def _reads(source: Source) -> tuple[str, ...]:
    """The environment variables from which a plain default is made."""
    with environment_reads() as names:
        told = tell_again(source)
    return () if told.kind != "value" else tuple(f"reads ${name}" for name in sorted(names))


def _reasons(first: Evaluated, second: Evaluated) -> Iterator[str]:
    if first != second:
        yield "differs from one time to the next"


def _elsewhere_reasons(here: Evaluated, there: Any) -> Iterator[str]:
    if there != [here.kind, here.what]:
        yield "differs on another machine"


def _in_contexts(
    adapter: EngineAdapter, sources: Mapping[Place, Source], usual: Mapping[Place, Evaluated]
) -> Iterator[tuple[Place, tuple[str, ...]]]:
    """The defaults that differ under another platform, or another declared context."""
    reasons: dict[Place, tuple[str, ...]] = {}
    for name, field in sorted(adapter.ssot.context.items()):
        for value in field.values:
            if value == field.default:
                continue
            with suppress(EngineUnavailableError), adapter.context({name: value}):
                for place, source in sources.items():
                    if usual[place].kind == "value" and tell_again(source) != usual[place]:
                        reasons[place] = (*reasons.get(place, ()), f"depends on the context {name!r}")
    yield from reasons.items()
