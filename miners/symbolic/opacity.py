"""The shapes of what stays opaque: why no predicate says it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from miners.logic.formulas import And, Formula, Opaque, Or

MACHINE: Final = "asks the machine"
"""What no keyword argument has a part in: an installed package, a device, a file."""
RUN_TIME: Final = "known at run time"
"""What a model, a tokenizer or a running engine says, whatever the config: declared, engine by engine."""
_OF_THE_WORLD: Final = frozenset({RUN_TIME, MACHINE})


@lru_cache(maxsize=65536)
def shapes_in(formula: Formula) -> frozenset[str]:
    """The shapes of all that is opaque in a formula."""
    match formula:
        case Opaque(shape=shape):
            return frozenset({shape})
        case And(parts=parts) | Or(parts=parts):
            return frozenset().union(*map(shapes_in, parts))
        case _:
            return frozenset()


def world_of(shapes: Iterable[str]) -> frozenset[str]:
    """Who answers guards that are left unsaid, where that is a model, a running engine or the machine.

    No config is known to satisfy such a guard: what this machine shows of it is its own.
    """
    return _OF_THE_WORLD.intersection(shapes)


CLASS_GIVEN: Final = "class given as a value"
"""The shape of what a class says that somebody gives as a value: no file holds one."""


PATH: Final = "path of a file"
"""The shape of a path that the code makes: what is asked of the file there, the machine answers."""


OF_FILES: Final = frozenset(
    {"absolute", "exists", "expanduser", "glob", "is_dir", "is_file", "iterdir", "open", "read_text", "resolve", "stat"}
)
"""The methods of a path that ask the machine."""


EXTREME: Final = "least or greatest of several"
"""The shape of what `min` or `max` picks of several values: that is never None, which has no place in an order."""


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
"""Shapes of what the machine or a running engine answers, whatever the config."""
