"""Messages with a hole for each variable part."""

from __future__ import annotations

import re

from miners.symbolic.terms import Const, Field, Term, Text


def template_of(term: Term, text: str) -> str:
    """A term inside a message: its text if it is known, else a hole."""
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
    """The expression in a hole, without characters that would end the hole or the line."""
    return re.sub(r"\s+", " ", text.replace("self.", "")).replace("{", "(").replace("}", ")")[:60]
