"""Messages with holes for what varies."""

from __future__ import annotations

import re

from miners.symbolic.terms import Const, Field, Term, Text


def template_of(term: Term, text: str) -> str:
    """A term inside a message: its text where it is known, a hole where it varies."""
    match term:
        case Const(value=str() as value):
            return value.replace("{", "{{").replace("}", "}}")
        case Const(value=bool() | int() | float() | None as value):
            return str(value)
        case Text(template=template):
            return template
        case Field(path=path):
            return f"{{{path}}}"
        case _:
            return f"{{{hole_text(text)}}}"


def hole_text(text: str) -> str:
    """The expression in a hole, without what would end the hole or the line."""
    return re.sub(r"\s+", " ", text.replace("self.", "")).replace("{", "(").replace("}", ")")[:60]
