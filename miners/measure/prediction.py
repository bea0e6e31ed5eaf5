"""The checker's answer to a config of the fuzz: exactly the verdict that users get."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from typing import Any, final

from pytest_llem_invariants.checker import Checker
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.model import Kwargs, Severity, TypedValue


@final
class Prediction:
    """Whether the checker rejects a config, or an object inside it."""

    def __init__(self, checker: Checker, adapter: EngineAdapter) -> None:
        self._checker = checker
        self._known = frozenset(checker.native_types)
        self._base = {name: adapter.base_kwargs(name) for name in adapter.native_types()}
        self._context: Mapping[str, Any] = adapter.default_context()

    def beside(self, context: Mapping[str, Any]) -> Prediction:
        """The same in another world; a fact that is not given is unknown, unless the corpus assumes it."""
        other = copy(self)
        other._context = context
        return other

    def __call__(self, native_type: str, kwargs: Kwargs) -> bool:
        config = {name: self._as_built(value) for name, value in kwargs.items()}
        return self._rejects(native_type, {**self._base.get(native_type, {}), **config})

    def rules(self, native_type: str, kwargs: Kwargs) -> tuple[str, ...]:
        """The rules that reject a config, or an object inside it."""
        config = {name: self._as_built(value) for name, value in kwargs.items()}
        return tuple(dict.fromkeys(self._broken(native_type, {**self._base.get(native_type, {}), **config})))

    def _broken(self, native_type: str, config: Kwargs) -> Iterator[str]:
        if native_type in self._known:
            verdict = self._checker.check(native_type, config, context=self._context)
            yield from (one.rule_id for one in verdict.violations if one.severity == Severity.ERROR)
        for inner in _objects(config.values()):
            yield from self._broken(inner.type, inner.kwargs)

    def _rejects(self, native_type: str, config: Kwargs) -> bool:
        if native_type in self._known and not self._checker.check(native_type, config, context=self._context).ok:
            return True
        return any(self._rejects(inner.type, inner.kwargs) for inner in _objects(config.values()))

    def _as_built(self, value: Any) -> Any:
        """The value with its objects as the adapter builds them: with the arguments that the class requires."""
        if isinstance(value, TypedValue):
            given = {name: self._as_built(inner) for name, inner in value.kwargs.items()}
            return TypedValue(value.type, {**self._base.get(value.type, {}), **given})
        if isinstance(value, Mapping):
            return {key: self._as_built(inner) for key, inner in value.items()}
        return [self._as_built(inner) for inner in value] if isinstance(value, list) else value


def _objects(values: Iterable[Any]) -> Iterator[TypedValue]:
    """The objects inside a config, at any depth of lists and mappings."""
    for value in values:
        if isinstance(value, TypedValue):
            yield value
        elif isinstance(value, Mapping):
            yield from _objects(value.values())
        elif isinstance(value, list):
            yield from _objects(value)
