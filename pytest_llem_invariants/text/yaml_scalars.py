"""The meaning of a YAML scalar without quotes."""

from __future__ import annotations

import math
import re
from typing import Any, Final

WORDS: Final[dict[str, Any]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_NUMBER_STARTS: Final = frozenset("0123456789+-.")
_DECIMAL: Final = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)\Z")
_BASED: Final = re.compile(r"[-+]?0(?:x[0-9a-fA-F_]+|o[0-7_]+|b[01_]+)\Z")
_OLD_OCTAL: Final = re.compile(r"([-+]?)0([0-7_]+)\Z")
_FLOAT: Final = re.compile(r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?\Z")


def plain_scalar(text: str) -> Any:
    """The value of an unquoted scalar: YAML 1.1 as PyYAML writes it, plus `1e-05`; dates and `1:30` stay strings."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if _DECIMAL.match(text):
        return int(text.replace("_", ""))
    if _BASED.match(text):
        return _integer(text, 0)
    octal = _OLD_OCTAL.match(text)
    if octal:
        return _integer(octal[1] + octal[2], 8)
    if _FLOAT.match(text):
        return float(text.replace("_", ""))
    return text


def _integer(text: str, base: int) -> Any:
    digits = text.replace("_", "")
    return int(digits, base) if digits.lstrip("+-0xob") or "0" in digits[1:] else text
