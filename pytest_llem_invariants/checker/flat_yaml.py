"""YAML of the usual kind, `field: scalar` a line, read without what a YAML library costs to import.

Whatever is beyond that is left to the real reader: a text gives the same data by both ways, or None here.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LINE = re.compile(
    r"""(?:(?P<key>[A-Za-z_][A-Za-z0-9_.-]*):[ ]+
        (?:(?P<int>-?(?:0|[1-9][0-9]{0,17}))
          |(?P<float>-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15})
          |(?P<text>[A-Za-z_/.][A-Za-z0-9_/.-]*)
        ))?[ ]*(?:(?<![^ ])\#[\x20-\x7e]*)?\Z""",
    re.VERBOSE,
)
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}
_SPECIAL = re.compile(r"(?:yes|no|on|off|true|false|null|\.?(?:nan|inf))\Z|\.[0-9]|.*\.\Z", re.IGNORECASE)
"""Words that some YAML reader takes for something else than text."""


def read(text: str) -> tuple[dict[str, Any], dict[str, int]] | None:
    """The data and the line of each key; None where the text asks for the real reader."""
    data: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        found = _LINE.match(line)
        if found is None:
            return None
        key = found["key"]
        if key is None:
            continue
        if key in data or _SPECIAL.match(key):
            return None
        if found["int"] is not None:
            data[key] = int(found["int"])
        elif found["float"] is not None:
            data[key] = float(found["float"])
        else:
            word = found["text"]
            if word in _WORDS:
                data[key] = _WORDS[word]
            elif _SPECIAL.match(word):
                return None
            else:
                data[key] = word
        lines[key] = number
    return (data, lines) if data else None
