"""The shapes of what is opaque that other parts than the one that finds them ask for."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from miners.logic import And, Formula, Opaque, Or

MACHINE: Final = "asks the machine"
"""What no keyword argument has a part in: an installed package, a device, a file."""
RUN_TIME: Final = "known at run time"
"""What a model, a tokenizer or a running engine says, whatever the config: declared, engine by engine."""


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
