"""What a command line's parser makes of the text of an option, by the names under which a discovered parser keeps it.

Each takes text and gives a value, or raises ValueError. Which of them a library's own function is, discovery finds out
by asking both the same.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Conversion = Callable[[str], Any]

_DECIMAL = {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_BINARY = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_LONGEST_NUMBER = 100


def text(value: str) -> str:
    return value


def lowered(value: str) -> str:
    """`flash-attn` and `FLASH_ATTN` are one name."""
    return value.lower().replace("-", "_")


def short_number(value: str, suffixes: str = "kKmMgGtT") -> int:
    """`2k` is 2,000, `2K` is 2,048; a fraction may be of thousands, not of powers of two."""
    value = value.strip()
    number, suffix = value[:-1], value[-1:]
    if suffix and suffix in suffixes:
        whole, dot, part = number.partition(".")
        if _is_digits(whole) and (not dot or _is_digits(part)) and len(value) < _LONGEST_NUMBER:
            if suffix in _DECIMAL:
                return int(float(number) * _DECIMAL[suffix])
            return int(number) * _BINARY[suffix]
    return int(value)


def short_number_to_giga(value: str) -> int:
    """A short number, of which none is in trillions."""
    return short_number(value, "kKmMgG")


def _is_digits(value: str) -> bool:
    return value.isdecimal()


def short_or_auto(value: str) -> int:
    """A short number, or -1 for `auto`."""
    value = value.strip()
    return -1 if value.lower() == "auto" else short_number(value)


def object_or_text(value: str) -> Any:
    """JSON where braces surround it, else the text itself."""
    stripped = value.strip()
    return json.loads(value) if stripped[:1] == "{" and stripped[-1:] == "}" else value


def bare_object_or_text(value: str) -> Any:
    """JSON where the text begins with one brace and ends with the other on one line, else the text itself."""
    is_object = value[:1] == "{" and value.rstrip("\n")[-1:] == "}" and "\n" not in value.rstrip("\n")
    return json.loads(value) if is_object else value


def numbers_or_names(value: str) -> list[Any]:
    """What commas separate; digits are numbers."""
    parts = [part.strip() for part in value.split(",")]
    return [int(part) if part.isdecimal() else part for part in parts]


def optional(inner: Conversion) -> Conversion:
    """Nothing, and the word None, are no value."""
    return lambda value: None if value in ("", "None") else inner(value)


def expanded(value: str) -> str:
    """JSON in which short numbers outside of quotes are written out."""
    import re

    parts = re.split(r'("(?:[^"\\]|\\.)*")', value)
    for number in range(0, len(parts), 2):
        parts[number] = re.sub(r"\b\d+(?:\.\d+)?[kKmMgGtT]\b", lambda found: str(short_number(found[0])), parts[number])
    return "".join(parts)


def an_object(value: str) -> Any:
    """A JSON object, from which a class is built."""
    data = json.loads(value)
    if type(data) is not dict:
        raise ValueError("no object")
    return data


def short_object(value: str) -> Any:
    """A JSON object in which numbers may be short."""
    return an_object(expanded(value))


PLAIN: dict[str, Conversion] = {
    "str": text,
    "int": int,
    "float": float,
    "json": json.loads,
    "short_number": short_number,
    "short_number_to_giga": short_number_to_giga,
    "short_or_auto": short_or_auto,
    "lowered": lowered,
    "object_or_text": object_or_text,
    "bare_object_or_text": bare_object_or_text,
    "numbers_or_names": numbers_or_names,
}
OBJECTS: dict[str, Conversion] = {"object": an_object, "short_object": short_object}
OPTIONAL = "optional "
CONVERSIONS: dict[str, Conversion] = {
    **PLAIN,
    **OBJECTS,
    **{f"{OPTIONAL}{name}": optional(inner) for name, inner in {**PLAIN, **OBJECTS}.items()},
}
