"""YAML as it is kept: several documents, templates, keys that stand twice, and the place of every part.

Only structure is read here: tags are left aside, merge keys are followed, and a document that is broken gives the parts
of it that are whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final, final

import yaml

from pytest_llem_invariants.readers.found import FILLED, UnknownValue, Word
from pytest_llem_invariants.readers.source import Place, Source
from pytest_llem_invariants.text.yaml_reader import PLAIN, Composer
from pytest_llem_invariants.text.yaml_scalars import plain_scalar

_MOST_PARTS: Final = 200_000
_TEMPLATE: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_STEP: Final = re.compile(r"(?:\{\{|\{%)[-~]?\s*(if|with|range|for|define|block|else|elif|end\w*)\b")
_DOCUMENTS: Final = re.compile(r"^---(?=\s|\Z)", re.MULTILINE)
_CONTAINERS: Final = re.compile(r"^([ \t]*)containers:[ \t]*$", re.MULTILINE)


Node = yaml.Node


@final
class Tree:
    """The documents of a text."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self._depths: list[int] = []
        """How many conditions of a template are open in each line; empty where there is no template."""
        self._entries: dict[int, dict[str, tuple[Node, Node]]] = {}
        self.roots = list(self._composed())

    def _composed(self) -> Iterator[Node]:
        text = self.text
        if "{{" in text or "{%" in text:
            try:
                yield from _nodes(text)
                return
            except (yaml.YAMLError, UnicodeEncodeError):
                self._depths = _depths(text)
                text = self.text = filled(text)
        try:
            yield from _nodes(text)
        except (yaml.YAMLError, UnicodeEncodeError):
            yield from _whole_parts(text)

    def entries(self, node: Node) -> dict[str, tuple[Node, Node]]:
        """Key → the nodes of key and value; what is merged in stands below what is written."""
        found = self._entries.get(id(node))
        if found is None:
            found = self._entries[id(node)] = {}
            if isinstance(node, yaml.MappingNode):
                for key, value in node.value:
                    if not isinstance(key, yaml.ScalarNode):
                        continue
                    if key.value == "<<":
                        for merged in value.value if isinstance(value, yaml.SequenceNode) else (value,):
                            for name, pair in self.entries(merged).items():
                                found.setdefault(name, pair)
                for key, value in node.value:
                    if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                        found[key.value] = (key, value)
        return found

    def get(self, node: Node | None, *path: str) -> Node | None:
        """The value at a path of keys."""
        for key in path:
            if node is None:
                return None
            pair = self.entries(node).get(key)
            node = None if pair is None else pair[1]
        return node

    def place(self, node: Node) -> Place:
        return self.source.place(node.start_mark.index)

    def word(self, node: Node, first_depth: int | None = None) -> Word:
        """A scalar as a word; where it is a block, with its lines as a script."""
        text = str(node.value)
        known = FILLED not in text
        given = first_depth is None or self.depth(node) <= first_depth
        shown = text if known else text.replace(FILLED, "…")
        # What is plain stands where it begins, as a word does without a source.
        source = None if known and getattr(node, "style", None) is None else self.script(node)
        return Word(shown, self.place(node), known=known, given=given, source=source)

    def depth(self, node: Node) -> int:
        line = node.start_mark.line
        return self._depths[line] if line < len(self._depths) else 0

    def script(self, node: Node) -> Source:
        """The text of a scalar, with the place of each line."""
        value = str(node.value)
        style = getattr(node, "style", None)
        start, end = node.start_mark.index, node.end_mark.index
        if style not in ("|", ">"):
            quote = 1 if style in ("'", '"') else 0
            return Source(value, [(0, *self.source.place(start + quote))])
        raw = self.text[start:end]
        head = raw.find("\n") + 1
        if not head:
            return Source(value, [(0, *self.place(node))])
        starts: list[tuple[int, int, int]] = []
        lines: list[str] = []
        at, length, margin = start + head, 0, -1
        for line in raw[head:].split("\n"):
            body = line.lstrip(" ")
            if margin < 0 and body:
                margin = len(line) - len(body)
            cut = min(max(margin, 0), len(line) - len(body))
            starts.append((length, *self.source.place(min(at + cut, max(end - 1, 0)))))
            lines.append(line[cut:])
            length += len(line) - cut + 1
            at += len(line) + 1
        text = "\n".join(lines)
        if style == ">":
            # One line, also where a line further right keeps its end: programs split such a command at any blank.
            text = re.sub(r"(?<=[^\n])\n(?=[ \t]*\S)", " ", text)
        return Source(text, starts or [(0, *self.place(node))])

    def plain(self, node: Node, depth: int = 0) -> Any:
        """The data of a node; what a template or a variable decides is an UnknownValue."""
        if isinstance(node, yaml.ScalarNode):
            text = str(node.value)
            if FILLED in text or "${" in text or text.startswith("$"):
                return UnknownValue(text.replace(FILLED, "…"))
            try:
                return plain_scalar(text) if node.tag == PLAIN else text
            except ValueError:
                return UnknownValue(text[:20])
        if depth > 60:
            return UnknownValue("…")
        if isinstance(node, yaml.MappingNode):
            return {name: self.plain(value, depth + 1) for name, (_, value) in self.entries(node).items()}
        return [self.plain(item, depth + 1) for item in node.value]

    def place_in(self, node: Node) -> Any:
        """A function from paths below a node to places."""

        def place_of(path: tuple[str | int, ...]) -> Place:
            here, key = node, node
            for step in path:
                if isinstance(here, yaml.SequenceNode):
                    if not isinstance(step, int) or not 0 <= step < len(here.value):
                        break
                    here = key = here.value[step]
                    continue
                pair = self.entries(here).get(str(step))
                if pair is None:
                    break
                key, here = pair
            return self.place(key)

        return place_of


def _nodes(text: str) -> list[Node]:
    composer = Composer(text)
    found: list[Node] = []
    try:
        while composer.check_node():
            node = composer.get_node()
            if node is not None:
                found.append(node)
    finally:
        composer.dispose()
    return found


def _whole_parts(text: str) -> Iterator[Node]:
    """The documents that can be read; of one that cannot, its lists of containers."""
    starts = [0, *(found.start() for found in _DOCUMENTS.finditer(text)), len(text)]
    for start, end in pairwise(starts):
        try:
            yield from _nodes(_kept(text, start, end))
        except (yaml.YAMLError, UnicodeEncodeError):
            for found in list(_CONTAINERS.finditer(text, start, end))[:20]:
                stop = _end_of_block(text, found.end(), len(found[1]), end)
                try:
                    yield from _nodes(_kept(text, found.start(), stop))
                except (yaml.YAMLError, UnicodeEncodeError):
                    continue


def _kept(text: str, start: int, end: int) -> str:
    """A part of a text at its place: what is before it is empty lines and blanks."""
    part = text[start:end]
    if part.startswith("---"):
        part = "   " + part[3:]
    before = text[:start]
    line = before.rfind("\n") + 1
    return re.sub(r"[^\n]", " ", before[:line]) + " " * (start - line) + part


def _end_of_block(text: str, at: int, indent: int, end: int) -> int:
    """Where the lines end that stand further right, or begin an entry of the list at the same place."""
    for found in re.finditer(r"\n([ \t]*)([^\s#])", text[at:end]):
        deep = len(found[1])
        if deep < indent or (deep == indent and found[2] != "-"):
            return at + found.start() + 1
    return end


def filled(text: str) -> str:
    """A template with each line that is but a step of it emptied, and the rest filled up letter by letter."""

    def fill(found: re.Match[str]) -> str:
        return re.sub(r"[^\n]", FILLED, found[0])

    return _TEMPLATE.sub(fill, "\n".join(_emptied_lines(text)))


def _emptied_lines(text: str) -> Iterator[str]:
    inside = False
    for line in text.split("\n"):
        bare = line.strip()
        if inside:
            inside = "}}" not in line and "%}" not in line
            yield " " * len(line)
        elif bare.startswith(("{{", "{%")):
            inside = line.count("{{") > line.count("}}") or line.count("{%") > line.count("%}")
            left = _TEMPLATE.sub("", bare).strip()
            yield line if left and not inside else " " * len(line)
        else:
            yield line


def _depths(text: str) -> list[int]:
    depth = 0
    depths: list[int] = []
    for line in text.split("\n"):
        steps = [found[1] for found in _STEP.finditer(line)] if "{" in line else []
        ends = sum(step.startswith("end") for step in steps)
        begins = sum(step in ("if", "with", "range", "for", "define", "block") for step in steps)
        depth = max(0, depth - max(0, ends - begins))
        depths.append(depth)
        depth += max(0, begins - ends)
    return depths
