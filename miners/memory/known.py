"""What was found of another version: kept where this one holds the same, so that not everything is studied anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from miners.memory.seen import NoLawError, Sample, named_by
from miners.memory.study import DRAWS, MANY_RANKS, NULL_SET, Study, confirm
from pytest_llem_invariants.fit.laws import UnknownSizeError
from pytest_llem_invariants.fit.models import Sizes

_LEAST: Final = 3
"""So many configs must be answered for laws to be believed."""
_OPPOSITE: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None, "set": NULL_SET}


def check_known(study: Study, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What more is known now of the laws of another version; NoLawError where the library holds something else.

    Asked are the bare config, drawn ones on several ranks, and each setting that the laws know at what it is not by
    default; what they do not speak of is turned over, all at once, and must change nothing.
    """
    answered: list[Sample] = []
    for sample in _samples(study, entry):
        try:
            Sizes(entry, sample.written)
        except UnknownSizeError:
            continue
        confirm(entry, sample)
        answered.append(sample)
    if len(answered) < _LEAST:
        raise NoLawError(f"{len(answered)} configs are answered")
    seen = named_by(entry["items"], answered)
    return {"named": seen} if seen else {}


def _samples(study: Study, entry: Mapping[str, Any]) -> Iterator[Sample]:
    fixed = entry.get("fixed", {})
    able = [name for name in study.keys if name not in fixed]
    base = study.sample({}, 1)
    if base is None:
        raise NoLawError(study.trouble[-1])
    yield base
    first = study.draw(able, {}, 0)
    if first is None:
        raise NoLawError(study.trouble[-1])
    yield first
    for number in range(1, DRAWS + 2):
        yield from _taken(study.draw(able, {}, number))
    yield from _taken(study.sample({}, MANY_RANKS))
    yield from _taken(study.draw([name for name in able if name not in entry.get("derived", {})], {}, 1))
    yield from _taken(study.draw(able, dict.fromkeys(study.unset), 0))
    for switch in entry.get("switches", ()):
        others = [name for name in able if name != switch["key"]]
        yield from _taken(study.draw(others, {switch["key"]: _OPPOSITE[switch["is"]]}, 0))
    spoken = {*fixed, *(switch["key"] for switch in entry.get("switches", ()))}
    turned = {name: not value for name, value in study.defaults.items() if type(value) is bool and name not in spoken}
    if turned:
        yield from _taken(study.draw(able, turned, 0))


def _taken(sample: Sample | None) -> Iterator[Sample]:
    if sample is not None:
        yield sample
