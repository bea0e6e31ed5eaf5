"""The shapes of opaque conditions: why no predicate expresses them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from miners.logic.formulas import And, Formula, Opaque, Or

MACHINE: Final = "asks the machine"
"""Depends on the machine, and on no keyword argument: an installed package, a device, a file."""
RUN_TIME: Final = "known at run time"
"""Depends on a model, a tokenizer or a running engine, and not on the config, as the engine's SSOT declares."""
_OF_THE_WORLD: Final = frozenset({RUN_TIME, MACHINE})


@lru_cache(maxsize=65536)
def shapes_in(formula: Formula) -> frozenset[str]:
    """The shapes of all opaque parts of a formula."""
    match formula:
        case Opaque(shape=shape):
            return frozenset({shape})
        case And(parts=parts) | Or(parts=parts):
            return frozenset().union(*map(shapes_in, parts))
        case _:
            return frozenset()


def world_of(shapes: Iterable[str]) -> frozenset[str]:
    """Which opaque guards a model, a running engine or the machine answers.

    No config is known to satisfy such a guard; the answer on this machine holds for this machine only.
    """
    return _OF_THE_WORLD.intersection(shapes)


CLASS_GIVEN: Final = "class given as a value"
"""A property of a class that is passed as a value: no file can hold a class."""


PATH: Final = "path of a file"
"""A path that the code computes: the machine knows whether the file exists."""


OF_FILES: Final = frozenset(
    {"absolute", "exists", "expanduser", "glob", "is_dir", "is_file", "iterdir", "open", "read_text", "resolve", "stat"}
)
"""The methods of a path that ask the machine."""


EXTREME: Final = "least or greatest of several"
"""The result of `min` or `max` of several values: it is never None, since None cannot be ordered."""


OUTSIDE: Final = frozenset(
    {
        CLASS_GIVEN,
        RUN_TIME,
        MACHINE,
        "platform",
        "environment",
        "import that may fail",
        "import at run time",
        "argument from elsewhere",
    }
)
"""Shapes of conditions that the machine or a running engine answers, and no config."""
