"""What the shipped rules say of a config: the checker's verdict, as the fuzz asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, final

from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.model import Kwargs, Rule, Severity, TypedValue
from pytest_llem_invariants.predicates import CompiledMatch, compile_match


@final
class Prediction:
    """Whether a config, or an object inside of it, is rejected by a rule."""

    def __init__(self, rules: Iterable[Rule], adapter: EngineAdapter) -> None:
        self._adapter = adapter
        self._context = adapter.default_context()
        self._matches: dict[str, list[CompiledMatch]] = {}
        for rule in rules:
            if rule.severity is Severity.ERROR:
                compiled = compile_match(rule.match, context_fields=self._context)
                self._matches.setdefault(rule.native_type, []).append(compiled)

    def __call__(self, native_type: str, kwargs: Kwargs) -> bool:
        matches = self._matches.get(native_type, ())
        config: Mapping[str, Any] = {**self._adapter.base_kwargs(native_type), **kwargs} if matches else kwargs
        return any(match(config, self._context) for match in matches) or any(
            self(inner.type, inner.kwargs) for inner in _objects(kwargs.values())
        )


def _objects(values: Iterable[Any]) -> Iterator[TypedValue]:
    """The objects that a config builds, at any depth of lists and mappings."""
    for value in values:
        if isinstance(value, TypedValue):
            yield value
        elif isinstance(value, Mapping):
            yield from _objects(value.values())
        elif isinstance(value, (list, tuple)):
            yield from _objects(value)
