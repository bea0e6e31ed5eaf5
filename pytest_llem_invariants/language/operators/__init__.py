"""The operators of the corpus format: one record each, in one table. To add one, see CONTRIBUTING."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pytest_llem_invariants.language.operators import (
    division,
    equality,
    length,
    modifiers,
    nested,
    order,
    parts,
    presence,
    text,
    types,
)
from pytest_llem_invariants.language.operators.modifiers import BOOL_IS_NUMBER
from pytest_llem_invariants.language.operators.record import Negated, Operator, UnsayableError

FAMILIES: Final = (equality, order, presence, types, division, length, parts, nested, text, modifiers)

OPERATORS: Final[Mapping[str, Operator]] = {one.name: one for family in FAMILIES for one in family.OPERATORS}
ALIASES: Final[Mapping[str, str]] = {alias: one.name for one in OPERATORS.values() for alias in one.aliases}
MIRROR: Final[Mapping[str, str]] = {one.name: one.mirror for one in OPERATORS.values() if one.mirror is not None}

__all__ = ["ALIASES", "BOOL_IS_NUMBER", "MIRROR", "OPERATORS", "Negated", "Operator", "UnsayableError"]
