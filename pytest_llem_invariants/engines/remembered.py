"""What a library reads from a folder that does not change, read once: every later answer is a copy of the first."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Collection
from typing import Any

from pytest_llem_invariants.values import holdable, identity


def remember(owner: type[Any], name: str, folders: Callable[[], Collection[str]]) -> None:
    """Let a class method that is given one of these folders read it once for the same plain arguments.

    What raised or warned is part of the answer to a config, and asked for anew each time.
    """
    read: Callable[..., Any] = getattr(owner, name)
    answers: dict[str, Any] = {}

    def remembered(*arguments: Any, **options: Any) -> Any:
        plain = all(map(holdable, (*arguments, *options.values())))
        if not plain or not arguments or arguments[0] not in folders():
            return read(*arguments, **options)
        key = identity((arguments, options))
        if key in answers:
            return copy.deepcopy(answers[key])
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            answer = read(*arguments, **options)
        for one in said:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
        if not said:
            answers[key] = copy.deepcopy(answer)
        return answer

    setattr(owner, name, staticmethod(remembered))
