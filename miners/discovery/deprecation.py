"""Whether a field is deprecated: its declaration says so, or a sentence about this field alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from miners.discovery.docs import FieldDoc

_MARK: Final = r"\W*deprecated(?=\W*\Z|\s*[\])}:,.;!-]|\s+(?:alias|since|in|as of|and|please|use)\b)"
"""`[DEPRECATED] …`, `Deprecated: …`, `deprecated, use …`, `Deprecated alias for …`: how such a note begins."""
_SELF: Final = (
    r"(?:th(?:is|e)\s+(?:field|parameter|param|option|flag|arg|argument|attribute|setting|value|key)|this|it)"
)
_SAID: Final = r"(?:\b[^.;]*?\band)?\s+(?:is|was|has\s+been|is\s+being|will\s+be)(?:\s+(?:now|also))?\s+deprecated\b"
_DEPRECATED: Final = re.compile(r"\bdeprecated\b", re.IGNORECASE)
_INSTEAD: Final = re.compile(
    r"\b(?:use|favou?r\s+of|replaced\s+(?:by|with)|alias\s+(?:for|of))\s+"
    r"(?:(?:the\s+)?[`\"']+(?P<quoted>[A-Za-z_]\w*)|(?P<bare>[A-Za-z_]\w*)(?=\s+instead\b|\s*[.,;)]|\s*\Z))",
    re.IGNORECASE,
)


def deprecation(name: str, doc: FieldDoc | None) -> Mapping[str, str | None] | None:
    """The note on a deprecated field, with its replacement; None for any other field."""
    if doc is None:
        return None
    text = " ".join(part for part in (doc.deprecated, doc.text) if part)
    if doc.deprecated is None and not _says_so(name, text):
        return None
    instead = _INSTEAD.search(text)
    return {"by": instead and (instead["quoted"] or instead["bare"]), "note": text or None}


def _says_so(name: str, text: str) -> bool:
    if _DEPRECATED.search(text) is None:
        return False
    # `The "x" backend is deprecated` speaks of a value of `backend`.
    own = rf"(?<![\w.])(?<![`\"']\s)(?:{_SELF}|[`\"']*{re.escape(name)}[`\"']*)"
    return re.search(rf"(?:\A|[.;:!?]\s+){_MARK}|{own}{_SAID}", text, re.IGNORECASE) is not None
