"""Models that some devices, or none, take whatever the arguments: what the bare class shows in worlds."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from miners.dynamic.explain import Explanation
from miners.dynamic.field_answers import Fields
from miners.dynamic.rows import Row, before_echo
from miners.dynamic.world_rows import Facts, WorldLibrary, fact_pieces, in_rows
from pytest_llem_invariants.engines.base import DEVICE, MODEL
from pytest_llem_invariants.language.expressions import is_number
from pytest_llem_invariants.model import EMPTY, Clause, Kwargs

_OF_MODEL: Final = in_rows(MODEL)
_OF_DEVICE: Final = in_rows(DEVICE)


def refused_bare(library: WorldLibrary, facts: Facts) -> Iterator[Explanation]:
    """Predicates of facts alone: a word about the model, and what the device must then be.

    A number of a model is compared with arguments, and is no kind of model.
    """
    kinds = [name for name in facts.defaults if name.startswith(_OF_MODEL) and facts.is_tried(name)]
    devices = [name for name in facts.defaults if name.startswith(_OF_DEVICE) and facts.is_tried(name)]
    gates = [name for name in facts.defaults if facts.is_gate(name)]
    homes: list[Kwargs] = [{gate: value} for gate in gates for value in facts.others(gate)]
    for home, (kind, device) in itertools.product(homes, itertools.product(kinds, devices)):
        for value in facts.others(kind):
            there = {**home, kind: value}
            if not is_number(value) and library.accepts(there):
                yield from _told(library, facts, there, device, home)
    for home, kind in itertools.product(homes, kinds):
        words = [value for value in facts.others(kind) if isinstance(value, str)]
        yield from (one for word in words for one in _refused_anywhere(library, facts, {**home, kind: word}, word))


def _refused_anywhere(library: WorldLibrary, facts: Facts, there: Kwargs, word: str) -> Iterator[Explanation]:
    """A word about the model that is refused on every device, in a message that names it: else it may be the
    placeholder that does not go with it.
    """
    devices = [name for name in facts.defaults if name.startswith(_OF_DEVICE) and facts.is_tried(name)]
    everywhere = ({**there, device: other} for device in devices for other in facts.values(device))
    rows = tuple(library(kwargs) for kwargs in (there, *everywhere))
    guards = {row.guard for row in rows}
    guard, exception = rows[0].guard, rows[0].exception
    said = "" if exception is None else before_echo(exception.message)
    if guard is not None and guards == {guard} and re.search(rf"\b{re.escape(word)}\b", said):
        yield Explanation(guard, {name: (Clause("==", value),) for name, value in there.items()}, EMPTY, rows)


def _told(library: WorldLibrary, facts: Facts, there: Kwargs, device: str, home: Kwargs) -> Iterator[Explanation]:
    rows = [library({**there, device: other}) for other in facts.values(device)]
    refused = [row for row in rows if row.guard is not None and library.accepts({**home, device: row.kwargs[device]})]
    for guard in dict.fromkeys(row.guard or "" for row in refused):
        mine = [row for row in refused if row.guard == guard]
        taken = [row.kwargs[device] for row in library.taken(rows)]
        named: Fields = {name: (Clause("==", value),) for name, value in there.items()}
        between = _asks(library, there, device, guard)
        for piece in fact_pieces(device, [row.kwargs[device] for row in mine], taken, between):
            yield Explanation(guard, {**named, **piece}, EMPTY, tuple(mine))
            break


def _asks(library: WorldLibrary, there: Kwargs, device: str, guard: str) -> Callable[[Any], bool | None]:
    def rejects(value: Any) -> bool | None:
        row: Row = library({**there, device: value})
        if row.guard == guard:
            return True
        return False if library.accepts({**there, device: value}) else None

    return rejects
