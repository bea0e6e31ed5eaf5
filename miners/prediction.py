"""What the checker says of a config, as the fuzz asks for it: the very verdict that users get."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, final

from pytest_llem_invariants.checker import Checker
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.model import Kwargs, TypedValue


@final
class Prediction:
    """Whether a config, or an object inside of it, is rejected by the checker."""

    def __init__(self, checker: Checker, adapter: EngineAdapter) -> None:
        self._checker = checker
        self._known = frozenset(checker.native_types)
        self._base = {name: adapter.base_kwargs(name) for name in adapter.native_types()}
        self._context = adapter.default_context()

    def __call__(self, native_type: str, kwargs: Kwargs) -> bool:
        if native_type in self._known:
            config = {**self._base.get(native_type, {}), **kwargs}
            if not self._checker.check(native_type, config, context=self._context).ok:
                return True
        return any(self(inner.type, inner.kwargs) for inner in _objects(kwargs.values()))


def _objects(values: Iterable[Any]) -> Iterator[TypedValue]:
    """The objects that a config builds, at any depth of lists and mappings."""
    for value in values:
        if isinstance(value, TypedValue):
            yield value
        elif isinstance(value, Mapping):
            yield from _objects(value.values())
        elif isinstance(value, (list, tuple)):
            yield from _objects(value)
