"""`x in y` of symbolic values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from functools import partial

from miners.logic.formulas import FALSE, Formula, Truth, all_of, any_of, atom
from miners.symbolic.cases import alike, over_cases, over_entries
from miners.symbolic.comparisons import compare
from miners.symbolic.constants import as_constant, as_operand, is_sayable, plain
from miners.symbolic.terms import (
    Choice,
    Const,
    Entry,
    Given,
    Items,
    Table,
    Term,
    in_any_order,
    opaque,
    subject_of,
)
from miners.symbolic.texts import FirstLetter, FirstPiece
from pytest_llem_invariants.language.expressions import opens_elements


def contains(
    container: Term, item: Term, text: str, place: str, *, never_text: bool = False, may_map: bool = False
) -> Formula:
    """`item in container`. With `may_map` the container may be a mapping, of which a name is a key."""
    again = partial(contains, text=text, place=place, never_text=never_text, may_map=may_map)
    container = in_any_order(container)
    if isinstance(container, Choice):
        return over_cases(container, lambda value: again(value, item))
    if isinstance(item, Choice):
        return over_cases(item, lambda value: again(container, value))
    if isinstance(item, Entry):
        return over_entries(item, lambda value: again(container, value))
    container, item = as_constant(container), as_constant(item)
    if isinstance(container, Given) and isinstance(item, Const) and isinstance(item.value, str):
        return atom(container.prefix + item.value, "present")
    if isinstance(container, Table) and isinstance(item, Const):
        return any_of(guard for key, guard, _ in container.entries if alike(key, item))
    if isinstance(container, Table) and all(isinstance(key, Const) for key, _, _ in container.entries):
        return any_of(all_of((guard, compare("==", item, key, text, place))) for key, guard, _ in container.entries)
    if isinstance(item, (FirstPiece, FirstLetter)) and isinstance(container, Const):
        values = container.value if isinstance(container.value, (list, tuple, set, frozenset)) else ()
        return any_of(item.equals(value) for value in sorted(values, key=repr))
    if isinstance(container, Items):
        return any_of(compare("==", item, member, text, place) for member in container.items)
    subject = subject_of(item)
    if isinstance(container, Const):
        values = container.value
        if isinstance(values, type) and issubclass(values, Enum):
            values = [*values, *(member.value for member in values)]
        if isinstance(values, (list, tuple, set, frozenset, Mapping)) and not values:
            return FALSE
        if isinstance(item, Const):
            try:
                return Truth(item.value in values)
            except Exception:
                return FALSE
        if subject is not None and isinstance(values, (list, tuple, set, frozenset, Mapping)):
            members = plain(list(values) if isinstance(values, (Mapping, list, tuple)) else values)
            if all(is_sayable(member) for member in members):
                return atom(subject, "in", members)
        return opaque(item if subject is None else container, text, place, "membership of a foreign constant")
    where = subject_of(container)
    if where is None or opens_elements(where):
        return opaque(container, text, place)
    if isinstance(item, Const) and is_sayable(item.value):
        element = atom(f"each({where})", "==", as_operand(item.value))
        if isinstance(item.value, str) and not where.endswith(")") and not never_text:
            element = any_of((element, atom(where, "matches", re.escape(item.value))))
        if may_map and "(" not in where and isinstance(item.value, str) and item.value.isidentifier():
            is_key = all_of((atom(where, "type_is", "dict"), atom(f"{where}.{item.value}", "present")))
            return any_of((is_key, all_of((atom(where, "type_is_not", "dict"), element))))
        return element
    if subject is not None and not opens_elements(subject):
        return atom(f"each({where})", "==", f"@{subject}")
    return opaque(item, text, place)
