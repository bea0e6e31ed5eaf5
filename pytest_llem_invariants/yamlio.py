"""YAML in and out: a bounded reader that knows every line, and a writer whose bytes depend on nothing but the data.

Composing nodes with libyaml and building plain data from them in one pass is both the fastest way to read and the only
one that keeps line numbers, refuses tags and duplicate keys, and can count before it allocates.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the stubs forget it

from pytest_llem_invariants.errors import CorpusError

KeyPath = tuple[str | int, ...]

_STR: Final = "tag:yaml.org,2002:str"
_MAP: Final = "tag:yaml.org,2002:map"
_SEQ: Final = "tag:yaml.org,2002:seq"
_PLAIN: Final = "tag:yaml.org,2002:plain"
"""Our own: a scalar without quotes, to be understood by `_scalar`."""


@final
@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may cost its reader."""

    size: int = 64 * 1024 * 1024
    depth: int = 64
    nodes: int = 8_000_000
    aliased_nodes: int = 200_000
    """How many nodes all aliases together may stand for."""


DEFAULT_LIMITS: Final = Limits()


@final
@dataclass(frozen=True, slots=True)
class Document:
    """A file's data, and where each part of it stands."""

    data: Any
    path: str | None
    _root: yaml.Node | None

    def line_of(self, path: KeyPath) -> int:
        """The line of the key (or list entry) at this path; where the file lacks it, of the nearest thing around."""
        return self.place_of(path)[0]

    def place_of(self, path: KeyPath) -> tuple[int, int]:
        """The same with the column."""
        node = key = self._root
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            key, node = found
        return (1, 1) if key is None else (_line(key), int(key.start_mark.column) + 1)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """The key (or list entry) of a step, and what stands there."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and _scalar_of(key) == step:
                return key, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
        return node.value[step], node.value[step]
    return None


def read_document(path: Path, limits: Limits = DEFAULT_LIMITS) -> Document:
    """Read a YAML file; CorpusError says what stands in the way."""
    try:
        if path.stat().st_size > limits.size:
            raise _too_large(path, limits)
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CorpusError(
            f"the file cannot be read: {reason}", path=path, mend="check the path and its permissions"
        ) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CorpusError("the file is not UTF-8", path=path, line=line, mend="save it as UTF-8") from error
    return load_yaml(text, path, limits)


def load_yaml(text: str, path: Path | str | None = None, limits: Limits = DEFAULT_LIMITS) -> Document:
    """Plain data from YAML text, without tags, duplicate keys or surprises of size."""
    if len(text) > limits.size:
        raise _too_large(path, limits)
    reader = _Reader(path, limits)
    root = reader.compose(text)
    return Document(reader.build(root), None if path is None else str(path), root)


def _too_large(path: Path | str | None, limits: Limits) -> CorpusError:
    return CorpusError(f"the file is larger than {limits.size:,} bytes", path=path, mend="split it, or raise the limit")


class _Composer(CParser):
    """libyaml's composer, with the part that Python may decide: how deep, how many, and what is a string."""

    def __init__(self, text: str, reader: _Reader) -> None:
        super().__init__(text)
        self._reader = reader
        self._depth = 0
        self._count = 0

    def descend_resolver(self, parent: yaml.Node | None, index: Any) -> None:
        self._depth += 1
        self._count += 1
        limits = self._reader.limits
        if self._depth > limits.depth:
            raise self._reader.fail(f"the file nests deeper than {limits.depth} levels", parent, "flatten it")
        if self._count > limits.nodes:
            raise self._reader.fail(f"the file has more than {limits.nodes:,} nodes", parent, "split it")

    def ascend_resolver(self) -> None:
        self._depth -= 1

    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else _STR
        return _MAP if kind is yaml.MappingNode else _SEQ


class _Reader:
    """One reading of one text."""

    def __init__(self, path: Path | str | None, limits: Limits) -> None:
        self.path = path
        self.limits = limits
        self._sizes: dict[int, int] = {}
        """Collections already built, by identity: meeting one again means that an alias stands for it."""
        self._aliased = 0

    def fail(self, message: str, node: yaml.Node | None, mend: str | None = None) -> CorpusError:
        return CorpusError(message, path=self.path, line=None if node is None else _line(node), mend=mend)

    def compose(self, text: str) -> yaml.Node | None:
        try:
            composer = _Composer(text, self)
            try:
                return composer.get_single_node()
            finally:
                composer.dispose()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            problem = ", ".join(part for part in (error.context, error.problem) if part)
            line = None if mark is None else mark.line + 1
            raise CorpusError(
                f"not YAML: {problem}", path=self.path, line=line, mend="mend the syntax there"
            ) from error
        except (yaml.YAMLError, UnicodeEncodeError) as error:
            raise CorpusError(
                "not YAML: it holds a character that YAML does not allow", path=self.path, mend="escape or remove it"
            ) from error

    def build(self, node: yaml.Node | None) -> Any:
        return None if node is None else self._data(node, 1)[0]

    def _data(self, node: yaml.Node, depth: int) -> tuple[Any, int]:
        """The data of a node, and of how many nodes it is made once its aliases are opened."""
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node), 1
        if depth > self.limits.depth:
            raise self.fail(f"its aliases nest deeper than {self.limits.depth} levels", node, "write the values out")
        known = self._sizes.get(id(node))
        if known is not None:
            self._aliased += known
            if known == _UNDER_WAY:
                raise self.fail("an alias stands inside what it stands for", node, "write the value out")
            if self._aliased > self.limits.aliased_nodes:
                message = f"its aliases stand for more than {self.limits.aliased_nodes:,} nodes"
                raise self.fail(message, node, "write the values out")
        self._sizes[id(node)] = _UNDER_WAY
        outer_aliased = self._aliased
        data, size = self._mapping(node, depth) if isinstance(node, yaml.MappingNode) else self._sequence(node, depth)
        self._sizes[id(node)] = size
        if known is not None:
            self._aliased = outer_aliased  # what lies within was counted as a whole
        return data, size

    def _mapping(self, node: yaml.MappingNode, depth: int) -> tuple[dict[Any, Any], int]:
        if node.tag != _MAP:
            raise self._foreign_tag(node)
        data: dict[Any, Any] = {}
        size = 1
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self.fail("a key is not a plain value", key_node, "use a string as the key")
            key = self._scalar(key_node)
            if key in data:
                raise self.fail(f"the key {key!r} stands twice in one mapping", key_node, "keep one of them")
            if key == "<<" and key_node.tag == _PLAIN:
                raise self.fail("merge keys ('<<') are not read", key_node, "write the keys out")
            data[key], value_size = self._data(value_node, depth + 1)
            size += value_size + 1
        return data, size

    def _sequence(self, node: yaml.Node, depth: int) -> tuple[list[Any], int]:
        if node.tag != _SEQ:
            raise self._foreign_tag(node)
        data = []
        size = 1
        for item in node.value:
            value, value_size = self._data(item, depth + 1)
            data.append(value)
            size += value_size
        return data, size

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        tag = node.tag
        if tag == _STR:
            return node.value
        if tag == _PLAIN:
            try:
                return plain_scalar(node.value)
            except ValueError as error:
                raise self.fail("a number has too many digits", node, "write it in hexadecimal, or quote it") from error
        raise self._foreign_tag(node)

    def _foreign_tag(self, node: yaml.Node) -> CorpusError:
        return self.fail(f"the tag {node.tag!r} is refused: corpora hold plain data", node, "remove the tag")


_UNDER_WAY: Final = -1


def _scalar_of(node: yaml.ScalarNode) -> Any:
    return plain_scalar(node.value) if node.tag == _PLAIN else node.value


# Scalars -------------------------------------------------------------------------------------------------------------

_WORDS: Final[dict[str, Any]] = {
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
    """What an unquoted scalar means: YAML 1.1 as PyYAML writes it, plus `1e-05`; dates and `1:30` stay strings."""
    if text in _WORDS:
        return _WORDS[text]
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


# Writing -------------------------------------------------------------------------------------------------------------

_BARE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[ ./-]{1,2}[A-Za-z0-9_(]+\)?)*\Z")
"""Text that no YAML reader can take for anything but a string, once `_WORDS` are excluded."""
_UNSAFE_IN_QUOTES: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_WIDTH: Final = 100
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
        _write_value(value, indent, lines, f"{lead}{_inline(key)}:")
        lead = " " * indent


def _write_sequence(data: list[Any] | tuple[Any, ...], indent: int, lines: list[str]) -> None:
    dash = " " * indent + "- "
    for item in data:
        if isinstance(item, Mapping) and item and not _fits(item, indent):
            _write_mapping(item, indent + 2, lines, dash)
        else:
            _write_value(item, indent, lines, dash[:-1])


def _write_value(value: Any, indent: int, lines: list[str], lead: str) -> None:
    if isinstance(value, (Mapping, list, tuple)) and value and not _fits(value, len(lead)):
        lines.append(lead)
        if isinstance(value, Mapping):
            _write_mapping(value, indent + 2, lines, "")
        else:
            _write_sequence(value, indent + 2, lines)
    else:
        lines.append(f"{lead} {_inline(value)}")


def _fits(value: Mapping[Any, Any] | list[Any] | tuple[Any, ...], indent: int) -> bool:
    """Whether a collection is small and flat enough for one line."""
    items = value.values() if isinstance(value, Mapping) else value
    if len(value) > 8 or any(isinstance(item, (Mapping, list, tuple)) and item for item in items):
        return False
    return indent + len(_inline(value)) <= _WIDTH


def _inline(value: Any) -> str:
    writer = _WRITERS.get(type(value))
    if writer is not None:
        return writer(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_inline(key)}: {_inline(item)}" for key, item in value.items()) + "}"
    raise TypeError(f"{type(value).__name__} is not plain data and cannot be written as YAML: {value!r:.200}")


def _write_str(text: str) -> str:
    if _BARE.match(text) and text not in _WORDS:
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


_WRITERS: Final[dict[type, Callable[[Any], str]]] = {
    str: _write_str,
    int: _write_int,
    float: _write_float,
    bool: lambda flag: "true" if flag else "false",
    type(None): lambda _: "null",
    list: _write_list,
    tuple: _write_list,
}
