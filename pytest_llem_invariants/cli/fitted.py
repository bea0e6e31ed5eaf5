"""Which combinations of a grid fit the devices, where model and device are known."""

from __future__ import annotations

import json
from itertools import product

from pytest_llem_invariants.checker.sweep import read_grid
from pytest_llem_invariants.fit.answer import TOO_LARGE, answer
from pytest_llem_invariants.fit.asked import questions
from pytest_llem_invariants.fit.laws import UnknownSizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from pytest_llem_invariants.checker.checker import Checker
    from pytest_llem_invariants.checker.core import World
    from pytest_llem_invariants.checker.sweep import Pruned


class Fitted:
    """The valid combinations of a grid without those that certainly do not fit; each verdict is asked for once."""

    def __init__(self, checker: Checker, grid: Mapping[str, Any], pruned: Pruned, how: Mapping[str, Any]) -> None:
        self._checker, self._grid, self._pruned, self._how = checker, grid, pruned, how
        world: World = checker.world_of({}, how["world"])
        asked = questions(checker, pruned.native_type, world)
        fields = frozenset[str]() if asked is None else asked[0]
        self._ask = None if asked is None else asked[1]
        self._deciding = [axis for axis in read_grid(dict(grid)) if any(not fields.isdisjoint(one) for one in axis)]
        self._fields = sorted({field for axis in self._deciding for one in axis for field in one} & fields)
        self._known: dict[str, str | None] = {}

    @property
    def is_asked(self) -> bool:
        """Whether model, device and laws are known."""
        return self._ask is not None

    def verdict(self, combination: Mapping[str, Any]) -> str | None:
        """Whether a combination fits; None where this is not known."""
        if self._ask is None:
            return None
        given = {field: combination[field] for field in self._fields if field in combination}
        key = json.dumps(given, sort_keys=True, default=repr)
        if key not in self._known:
            try:
                self._known[key] = answer(self._ask(given), smallest=False).verdict
            except UnknownSizeError:
                self._known[key] = None
        return self._known[key]

    def __iter__(self) -> Iterator[tuple[dict[str, Any], str | None]]:
        """The combinations that may fit, each with its verdict."""
        for combination in self._pruned:
            verdict = self.verdict(combination)
            if verdict != TOO_LARGE:
                yield combination, verdict

    def counts(self) -> dict[str, int]:
        """Verdict → how many valid combinations have it, without going through what decides nothing."""
        if self._ask is None:
            return {}
        rest = {name: values for name, values in self._grid.items() if not self._is_deciding(name, values)}
        found: dict[str, int] = {}
        for chosen in product(*self._deciding):
            verdict = self.verdict({field: value for one in chosen for field, value in one.items()})
            if verdict is not None:
                fixed = {f"zip {at}": [dict(one)] for at, one in enumerate(chosen)}
                part = self._checker.prune({**rest, **fixed}, native_type=self._pruned.native_type, **self._how)
                found[verdict] = found.get(verdict, 0) + part.valid
        return found

    def _is_deciding(self, name: str, values: Any) -> bool:
        return read_grid({name: values})[0] in self._deciding
