"""What would decide a rule over facts: its clauses about them, ready to be told with the values of one config."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any, Final

from pytest_llem_invariants.language.expressions import parse
from pytest_llem_invariants.language.operators import BOOL_IS_NUMBER, OPERATORS
from pytest_llem_invariants.language.predicates import plain_value, reference_of
from pytest_llem_invariants.language.wording import say_clause, say_value
from pytest_llem_invariants.model import Clause, Match

_NAME: Final = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_SYMBOLS: Final = {op: op for op in ("==", "!=", "<", "<=", ">", ">=")} | {"in": "in", "not_in": "not in"}


def deciding(match: Match, path: Callable[[str], str], facts: Collection[str]) -> list[list[Any]]:
    """For each clause about facts: these, and the clause in pieces, text and holes for fields and facts."""
    told = []
    for subject, clauses in match.fields.items():
        for clause in clauses:
            reference = reference_of(clause.rhs)
            names = dict.fromkeys((*parse(subject).fields, *(() if reference is None else parse(reference).fields)))
            asked = [name for name in names if name in facts]
            if asked and clause.op != BOOL_IS_NUMBER:
                told.append([asked, [*_pieces(subject, path), *_rest(clause, reference, path)]])
    return told


def _rest(clause: Clause, reference: str | None, path: Callable[[str], str]) -> list[Any]:
    symbol = _SYMBOLS.get(clause.op)
    if reference is None:
        return [f" {say_clause(clause)}" if symbol is None else f" {symbol} {say_value(plain_value(clause.rhs))}"]
    before, _, after = (f"{symbol} {{}}" if symbol else OPERATORS[clause.op].phrase).partition("{}")
    return [f" {before}", *_pieces(reference, path), *([after] if after else [])]


def _pieces(text: str, path: Callable[[str], str]) -> list[Any]:
    """An expression, with a hole for each name that it reads."""
    fields = parse(text).fields
    pieces: list[Any] = []
    end = 0
    for found in _NAME.finditer(text):
        if found[0] in fields:
            pieces += [text[end : found.start()], ["repr", path(found[0])]]
            end = found.end()
    return [piece for piece in (*pieces, text[end:]) if piece]
