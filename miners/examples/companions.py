"""Objects that an example lacks: if a library fails on None where it expects an object, pass one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from miners.surface.facts import ClassFacts
from miners.surface.fields import Surface, class_of
from pytest_llem_invariants.language.expressions import MISSING, read_path
from pytest_llem_invariants.model import Kwargs, ObservedException, TypedValue

_TRIPPED: Final = re.compile(r"'NoneType' object has no attribute '(?P<attribute>\w+)'")
_MOST: Final = 4


def companions(raised: ObservedException, kwargs: Kwargs, facts: ClassFacts, surface: Surface) -> tuple[str, ...]:
    """The fields without an object when the exception hit a None, likely ones first.

    Likely are those whose class has the attribute that the code looked up.
    """
    tripped = _TRIPPED.search(raised.message)
    if tripped is None:
        return ()
    lacking = dict(sorted(_lacking(kwargs, "", facts, surface), key=lambda found: found[0].count(".")))
    knowing = [path for path, held in lacking.items() if tripped["attribute"] in held.fields]
    return tuple(knowing or lacking)[:_MOST]


def _lacking(kwargs: Kwargs, parent: str, facts: ClassFacts, surface: Surface) -> Iterator[tuple[str, ClassFacts]]:
    """Path → class of every object that was not passed, in the class itself and in the objects that were passed."""
    for name, fact in facts.fields.items():
        held = class_of(fact, surface)
        if held is None or not fact.settable:
            continue
        path = f"{parent}{name}"
        value = read_path(kwargs, name)
        if isinstance(value, TypedValue):
            yield from _lacking(value.kwargs, f"{path}.", held, surface)
        elif (fact.nullable or fact.default is None) and (value is MISSING or value is None):
            yield path, held
