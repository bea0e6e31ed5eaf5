"""YAML in and out: a bounded reader that knows every line, and a writer whose bytes depend on the data only.

Data is built directly from libyaml's events: this is the fastest way, and the only one that can reject tags, duplicate
keys, depth and size before they cost anything. Nodes, which know every place, are built only when a place is needed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn, final

import yaml
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.text import bounded
from pytest_llem_invariants.text.collector import quiet_collector
from pytest_llem_invariants.text.yaml_parser import CParser
from pytest_llem_invariants.text.yaml_scalars import plain_scalar
from pytest_llem_invariants.text.yaml_writer import dump_yaml

__all__ = [
    "DEFAULT_LIMITS",
    "Document",
    "KeyPath",
    "Limits",
    "dump_yaml",
    "load_yaml",
    "read_document",
    "read_text",
]

KeyPath = tuple[str | int, ...]


@final
@dataclass(frozen=True, slots=True)
class Limits:
    """The limits for reading a file."""

    size: int = 64 * 1024 * 1024
    depth: int = 64
    nodes: int = 8_000_000
    aliased_nodes: int = 200_000
    """The most nodes that all aliases together may represent."""


DEFAULT_LIMITS: Final = Limits()


@final
class Document:
    """A file's data, and the place of each part."""

    __slots__ = ("_children", "_entry_lines", "_root", "_text", "data", "path")

    def __init__(
        self, data: Any, path: str | None, text: str = "", entry_lines: dict[KeyPath, int] | None = None
    ) -> None:
        self.data = data
        self.path = path
        self._text = text
        self._entry_lines = entry_lines or {}
        self._root: yaml.Node | None = None
        self._children: dict[int, dict[Any, tuple[yaml.Node, yaml.Node]]] = {}
        """The children of each node that was looked up, by its identity: the root keeps them all alive."""

    def line_of(self, path: KeyPath) -> int:
        """The line of the key (or list entry) at this path; if the file lacks it, of the nearest part above."""
        return self._entry_lines.get(path) or self.place_of(path)[0]

    def place_of(self, path: KeyPath) -> tuple[int, int]:
        """The same with the column."""
        if self._root is None and self._text:
            self._root = Composer(self._text).get_single_node()
        node = key = self._root
        for step in path:
            found = self._child(node, step)
            if found is None:
                break
            key, node = found
        return (1, 1) if key is None else (int(key.start_mark.line) + 1, int(key.start_mark.column) + 1)

    def _child(self, node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, yaml.Node] | None:
        """The key (or list entry) of a step, and its value."""
        if not isinstance(node, yaml.MappingNode):
            if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
                return node.value[step], node.value[step]
            return None
        if id(node) not in self._children:
            self._children[id(node)] = {
                plain_scalar(key.value) if key.tag == PLAIN else key.value: (key, value)
                for key, value in reversed(node.value)
            }
        return self._children[id(node)].get(step)


class Composer(CParser):
    """libyaml's composer for text that was read before: a node's tag says only whether it had quotes."""

    def descend_resolver(self, parent: yaml.Node | None, index: Any) -> None:
        pass

    def ascend_resolver(self) -> None:
        pass

    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: Any) -> str:
        return PLAIN if kind is yaml.ScalarNode and implicit[0] else QUOTED


PLAIN: Final = "plain"
QUOTED: Final = "quoted"


def read_document(path: Path, limits: Limits = DEFAULT_LIMITS) -> Document:
    """Read a YAML file; CorpusError says what is wrong."""
    return load_yaml(read_text(path, limits), path, limits)


def read_text(path: Path, limits: Limits = DEFAULT_LIMITS) -> str:
    """The text of a file within the size limit."""
    return bounded.read_text(path, limits.size, _SPLIT)


def load_yaml(text: str, path: Path | str | None = None, limits: Limits = DEFAULT_LIMITS) -> Document:
    """Plain data from YAML text, without tags or duplicate keys, within the limits."""
    if len(text) > limits.size:
        raise bounded.too_large(path or "the text", limits.size, _SPLIT)
    reader = _Reader(path, limits)
    with quiet_collector():
        data = reader.read(text)
    return Document(data, None if path is None else str(path), text, reader.entry_lines)


_SPLIT: Final = "split it, or raise the limit"
_NO_KEY: Final = object()
_OWN_TAGS: Final = frozenset(
    {None, "!", *(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq"))}
)
_STR: Final = "tag:yaml.org,2002:str"
_BRACKETS: Final = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*"|[\[\]{}]""")
"""The brackets of flow collections, and quoted text, in which brackets do not count."""
_DEEPER: Final = {"[": 1, "{": 1, "]": -1, "}": -1}


def _depth_of_line(text: str, end: int) -> int:
    """How deep brackets nest in the line before a place.

    libyaml reads up to a line ahead, and would reject there what we reject next, in words that vary.
    """
    deepest = depth = 0
    for found in _BRACKETS.finditer(text, text.rfind("\n", 0, end) + 1, end):
        depth += _DEEPER.get(found[0], 0)
        deepest = max(deepest, depth)
    return deepest


class _Collection:
    """A mapping or a list that has not ended yet."""

    __slots__ = ("anchor", "data", "height", "is_mapping", "key", "size_before")

    def __init__(self, is_mapping: bool, anchor: str | None, size_before: int) -> None:
        self.is_mapping = is_mapping
        self.data: Any = {} if is_mapping else []
        self.key: Any = _NO_KEY
        """The key of the next value."""
        self.anchor = anchor
        self.size_before = size_before
        self.height = 1


@dataclass(frozen=True, slots=True)
class _Anchored:
    """The value of an alias, and its cost."""

    data: Any
    size: int
    height: int


class _Reader:
    """One pass over one text."""

    def __init__(self, path: Path | str | None, limits: Limits) -> None:
        self.path = path
        self.limits = limits
        self.entry_lines: dict[KeyPath, int] = {}
        """The lines of the entries of a top-level list: the rules of a corpus."""
        self._anchors: dict[str, _Anchored | None] = {}
        """None while the anchored value is still being read."""
        self._size = 0
        self._aliased = 0
        self._scalars: dict[str, Any] = {}

    def read(self, text: str) -> Any:
        parser = None
        try:
            parser = CParser(text)
            return self._document(parser)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            if mark is not None and _depth_of_line(text, mark.index) > self.limits.depth:
                raise self._too_deep(mark.line + 1) from error
            problem = ", ".join(part for part in (error.context, error.problem) if part)
            line = None if mark is None else mark.line + 1
            raise CorpusError(
                f"not YAML: {problem}", path=self.path, line=line, fix="fix the syntax on this line"
            ) from error
        except (yaml.YAMLError, UnicodeEncodeError) as error:
            raise CorpusError(
                "not YAML: it holds a character that YAML does not allow", path=self.path, fix="escape or remove it"
            ) from error
        finally:
            if parser is not None:
                parser.dispose()

    def _document(self, parser: Any) -> Any:
        get_event = parser.get_event
        get_event()  # the stream begins
        if isinstance(get_event(), yaml.StreamEndEvent):
            return None
        outermost = _Collection(False, None, 0)
        stack: list[_Collection] = []
        current = outermost
        most = self.limits.nodes
        while True:
            event = get_event()
            kind = type(event)
            if kind is ScalarEvent:
                self._size += 1
                value = self._scalar(event)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                stack.append(current)
                current = self._begin(event, stack)
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                ended, current = current, stack.pop()
                value = self._end(ended, current)
            elif kind is AliasEvent:
                value = self._alias(event, current, len(stack))
            else:
                break
            if not current.is_mapping:
                current.data.append(value)
            elif current.key is _NO_KEY:
                current.key = self._key(event, value, current.data)
            else:
                current.data[current.key] = value
                current.key = _NO_KEY
            if self._size > most:
                self._fail(f"the file has more than {most:,} nodes", event, "split it")
        if not isinstance(get_event(), yaml.StreamEndEvent):
            self._fail("the file holds more than one document", event, "keep one of them")
        return outermost.data[0]

    def _too_deep(self, line: int) -> CorpusError:
        message = f"the file nests deeper than {self.limits.depth} levels"
        return CorpusError(message, path=self.path, line=line, fix="flatten it")

    def _fail(self, message: str, event: Any, fix: str) -> NoReturn:
        raise CorpusError(message, path=self.path, line=event.start_mark.line + 1, fix=fix)

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.tag not in _OWN_TAGS:
            self._foreign_tag(event)
        value: Any = text
        if event.implicit[0] or (event.tag is not None and event.tag not in ("!", _STR)):
            value = self._scalars.get(text, _NO_KEY)
            if value is _NO_KEY:
                try:
                    value = self._scalars[text] = plain_scalar(text)
                except ValueError:
                    self._fail("a number has too many digits", event, "write it in hexadecimal, or quote it")
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(value, 1, 0)
        return value

    def _begin(self, event: Any, stack: list[_Collection]) -> _Collection:
        if event.tag not in _OWN_TAGS:
            self._foreign_tag(event)
        depth = len(stack)
        if depth > self.limits.depth:
            raise self._too_deep(event.start_mark.line + 1)
        parent = stack[-1]
        if parent.is_mapping and parent.key is _NO_KEY:
            self._fail("a key is not a plain value", event, "use a string as the key")
        if depth == 3 and not parent.is_mapping and stack[1].is_mapping:
            self.entry_lines[stack[1].key, len(parent.data)] = event.start_mark.line + 1
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        self._size += 1
        return _Collection(type(event) is MappingStartEvent, event.anchor, self._size - 1)

    def _end(self, ended: _Collection, parent: _Collection) -> Any:
        if ended.height >= parent.height:
            parent.height = ended.height + 1
        if ended.anchor is not None:
            self._anchors[ended.anchor] = _Anchored(ended.data, self._size - ended.size_before, ended.height)
        return ended.data

    def _alias(self, event: Any, parent: _Collection, depth: int) -> Any:
        """The value of the alias, shared: a reader of a document does not change it."""
        name = event.anchor
        if name not in self._anchors:
            self._fail(f"the alias {name!r} has no anchor", event, "write the value out")
        meant = self._anchors[name]
        if meant is None:
            self._fail("an alias refers to a node that contains it", event, "write the value out")
        self._size += meant.size
        self._aliased += meant.size
        if self._aliased > self.limits.aliased_nodes:
            message = f"its aliases expand to more than {self.limits.aliased_nodes:,} nodes"
            self._fail(message, event, "write the values out")
        if depth + meant.height > self.limits.depth:
            self._fail(f"its aliases nest deeper than {self.limits.depth} levels", event, "write the values out")
        parent.height = max(parent.height, meant.height + 1)
        return meant.data

    def _key(self, event: Any, key: Any, data: dict[Any, Any]) -> Any:
        try:
            is_double = key in data
        except TypeError:
            self._fail("a key is not a plain value", event, "use a string as the key")
        if is_double:
            self._fail(f"duplicate key {key!r}", event, "keep one of them")
        if key == "<<" and type(event) is ScalarEvent and event.implicit[0]:
            self._fail("merge keys ('<<') are not supported", event, "write the keys out")
        return key

    def _foreign_tag(self, event: Any) -> NoReturn:
        self._fail(f"the tag {event.tag!r} is not allowed: corpora hold plain data", event, "remove the tag")
