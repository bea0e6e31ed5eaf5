"""Regular expressions: the pattern of a compiled one, and when it matches."""

from __future__ import annotations

import re
from typing import Final

from miners.logic.formulas import atom, negate
from miners.symbolic.cases import choose
from miners.symbolic.terms import NONE, Const, Found, Term
from pytest_llem_invariants.language.operators import OPERATORS

WRAPS: Final = {"match": "^(?:{})", "fullmatch": r"\A(?:{})\Z", "search": "{}"}
_FLAGS: Final = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x", re.ASCII: "a"}


def pattern_of(term: Term) -> str | None:
    """A regular expression as text with its flags in front, whichever package compiled it."""
    value = term.value if isinstance(term, Const) else None
    if isinstance(value, str):
        return value
    text, compiled = getattr(value, "pattern", None), getattr(value, "flags", None)
    if (
        not isinstance(text, str)
        or not isinstance(compiled, int)
        or not OPERATORS["matches"].accepts(rf"\A(?:{text})\Z")
    ):
        return None
    flags = "".join(letter for flag, letter in _FLAGS.items() if compiled & flag)
    return f"(?{flags}:{text})" if flags else text


def match_or_none(subject: str, text: str, how: str) -> Term:
    matches = atom(subject, "matches", WRAPS[how].format(text))
    return choose(((matches, Found()), (negate(matches), NONE)))
