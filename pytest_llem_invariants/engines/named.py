"""Which of several names has facts that are wanted: an architecture brings many at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_NOT_TOLD: Final = object()


def name_with(wanted: Mapping[str, Any], told: Mapping[str, Mapping[str, Any]], usual: Mapping[str, Any]) -> str | None:
    """The first name that has all of these facts and the fewest others that are not usual; None where none has them."""
    fitting = {
        name: sum(facts[fact] != usual[fact] for fact in facts)
        for name, facts in told.items()
        if all(facts.get(fact, _NOT_TOLD) == value for fact, value in wanted.items())
    }
    return min(fitting, key=lambda name: fitting[name], default=None)
