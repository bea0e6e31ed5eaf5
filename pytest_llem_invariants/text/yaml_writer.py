"""Canonical YAML: its bytes depend on nothing but the data, and it is written faster than by an emitter."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pytest_llem_invariants.text.yaml_scalars import WORDS

_BARE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[ ./-]{1,2}[A-Za-z0-9_(]+\)?)*\Z")
"""Text that no YAML reader can take for anything but a string, once `WORDS` are excluded."""
_UNSAFE_IN_QUOTES: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_YAML_1_0_BOOLS: Final = frozenset("yYnN")
"""Quoted for the readers that still take them for true and false."""
_WIDTH: Final = 100
_LONGEST_KEY: Final = 1000
"""YAML wants the colon of a key within 1024 characters, unless a question mark announces the key."""
_HEX_FROM_BITS: Final = 8192
"""Python refuses to print much larger integers in decimal."""


def dump_yaml(data: Any) -> str:
    """Canonical block YAML of plain data; mappings keep their order, floats read back exactly."""
    lines: list[str] = []
    if isinstance(data, Mapping) and data:
        _write_mapping(data, 0, lines, "")
    elif isinstance(data, (list, tuple)) and data:
        _write_sequence(data, 0, lines)
    else:
        lines.append(_inline(data))
    return "\n".join(lines) + "\n"


def _write_mapping(data: Mapping[Any, Any], indent: int, lines: list[str], first: str) -> None:
    """`first` is what already stands on the line of the first key: the dash of a list entry."""
    lead = first or " " * indent
    for key, value in data.items():
        text = _inline(key)
        if len(text) > _LONGEST_KEY:
            lines.append(f"{lead}? {text}")
            lead, text = " " * indent, ""
        _write_value(value, indent, lines, f"{lead}{text}:")
        lead = " " * indent


def _write_sequence(data: list[Any] | tuple[Any, ...], indent: int, lines: list[str]) -> None:
    dash = " " * indent + "- "
    for item in data:
        if isinstance(item, Mapping) and item and _in_one_line(item, indent) is None:
            _write_mapping(item, indent + 2, lines, dash)
        else:
            _write_value(item, indent, lines, dash[:-1])


def _write_value(value: Any, indent: int, lines: list[str], lead: str) -> None:
    if type(value) in _SCALARS or not isinstance(value, (Mapping, list, tuple)) or not value:
        lines.append(f"{lead} {_inline(value)}")
        return
    text = _in_one_line(value, len(lead))
    if text is not None:
        lines.append(f"{lead} {text}")
        return
    lines.append(lead)
    if isinstance(value, Mapping):
        _write_mapping(value, indent + 2, lines, "")
    else:
        _write_sequence(value, indent + 2, lines)


def _in_one_line(value: Mapping[Any, Any] | list[Any] | tuple[Any, ...], indent: int) -> str | None:
    """The text of a collection that is small and flat enough for one line."""
    items = value.values() if isinstance(value, Mapping) else value
    if len(value) > 8:
        return None
    for item in items:
        if type(item) not in _SCALARS and isinstance(item, (Mapping, list, tuple)) and item:
            return None
    text = _inline(value)
    return text if indent + len(text) <= _WIDTH else None


def _inline(value: Any) -> str:
    writer = _WRITERS.get(type(value))
    if writer is not None:
        return writer(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_inline(key)}: {_inline(item)}" for key, item in value.items()) + "}"
    raise TypeError(f"{type(value).__name__} is not plain data and cannot be written as YAML: {value!r:.200}")


def _write_str(text: str) -> str:
    if _BARE.match(text) and text not in WORDS and text not in _YAML_1_0_BOOLS:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNSAFE_IN_QUOTES.sub(_escape, quoted)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    # A lone surrogate has no place in any encoding; its number is kept as text.
    return f"\\\\u{code:04x}" if 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"


def _write_int(number: int) -> str:
    return str(number) if number.bit_length() < _HEX_FROM_BITS else hex(number)


def _write_float(number: float) -> str:
    if math.isnan(number):
        return ".nan"
    if math.isinf(number):
        return ".inf" if number > 0 else "-.inf"
    text = repr(number)
    mantissa, e, exponent = text.partition("e")
    # YAML 1.1 readers take 1e-05 for a string: the dot and the sign of the exponent make it a float for everyone.
    return text if not e else f"{mantissa if '.' in mantissa else mantissa + '.0'}e{exponent}"


def _write_list(items: list[Any] | tuple[Any, ...]) -> str:
    return "[" + ", ".join(map(_inline, items)) + "]"


_SCALARS: Final = frozenset({str, int, float, bool, type(None)})
_WRITERS: Final[dict[type, Callable[[Any], str]]] = {
    str: _write_str,
    int: _write_int,
    float: _write_float,
    bool: lambda flag: "true" if flag else "false",
    type(None): lambda _: "null",
    list: _write_list,
    tuple: _write_list,
}
