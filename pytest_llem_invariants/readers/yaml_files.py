"""Engine configs in YAML, found by structure: containers, sections, and texts that are scripts, pages or YAML again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Final

import yaml

from pytest_llem_invariants.readers import containers, products
from pytest_llem_invariants.readers.accelerators import kind_of_node
from pytest_llem_invariants.readers.declared import Engine
from pytest_llem_invariants.readers.found import Beside, Found, Word
from pytest_llem_invariants.readers.launches import in_script, with_env, with_image
from pytest_llem_invariants.readers.markdown import pages
from pytest_llem_invariants.readers.source import Source
from pytest_llem_invariants.readers.yaml_tree import Node, Tree

_PROSE: Final = frozenset({"description", "title", "summary", "notes", "note", "comment", "doc", "message", "reason"})
_SEVERAL_NODES: Final = frozenset({"leaderWorkerTemplate", "workerGroupSpecs", "worker", "raySpec", "workerTemplate"})
_FACTS: Final = frozenset({"base_image", "image", "model", "nodeSelector", *containers.ENVIRONMENTS})
"""The keys under which a mapping gives facts for all below it."""
_NEXT: Final = re.compile(r"^---(?=[ \t\r]*(?:#.*)?$)", re.MULTILINE)
_IMAGE: Final = re.compile(r"image:(?<!\wimage:)[ \t]*([^\s#]+)")
_MOST_DEEP: Final = 3
_MOST_PARTS: Final = 300_000


def read(source: Source, known: Sequence[Engine], depth: int = 0, beside: Beside | None = None) -> Iterator[Found]:
    """Every engine config in the documents of a text; those without a trace of an engine are not parsed."""
    for part in _documents(source, known):
        tree = Tree(part)
        for root in tree.roots:
            yield from _Walk(tree, known, depth).below(root, beside)


def _documents(source: Source, known: Sequence[Engine]) -> Iterator[Source]:
    """The documents that may hold something; to look for names costs much less than to parse."""
    text = source.text
    starts = [found.start() for found in _NEXT.finditer(text)] if "\n---" in text else []
    worth = _worth(
        tuple({head[-1] for engine in known for head in engine.heads}),
        tuple(image.name for engine in known for image in engine.images),
        tuple(key for engine in known for key in engine.sections),
    )
    for start, end in pairwise([0, *starts, len(text)]):
        if worth.search(text, start, end):
            yield source.part(start, end) if starts else source


@cache
def _any_of(texts: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, dict.fromkeys(texts))) or "(?!)")


@cache
def _worth(commands: tuple[str, ...], images: tuple[str, ...], sections: tuple[str, ...]) -> re.Pattern[str]:
    words = "|".join(map(re.escape, (*commands, *sections)))
    parts = "|".join(map(re.escape, (*images, *products.HINTS)))
    return re.compile(rf"\b(?:{words or '(?!)'})\b|{parts}|modelCommand")


class _Walk:
    """One way through a document; what was met by an alias before is not met again."""

    def __init__(self, tree: Tree, known: Sequence[Engine], depth: int) -> None:
        self._tree = tree
        self._known = known
        self._depth = depth
        self._met: set[int] = set()
        self._words = _any_of(
            (
                *(head[-1] for engine in known for head in engine.heads),
                *(image.name for engine in known for image in engine.images),
            )
        )
        self._sections = _any_of(tuple(f"{key}:" for engine in known for key in engine.sections))

    def below(self, root: Node, beside: Beside | None = None) -> Iterator[Found]:
        start = beside or self._of_one_image(root)
        waiting: list[tuple[Node, Beside, str, bool]] = [(root, start, "", False)]
        while waiting and len(self._met) < _MOST_PARTS:
            node, here, key, is_one_of_several = waiting.pop()
            if id(node) in self._met:
                continue
            self._met.add(id(node))
            if isinstance(node, yaml.ScalarNode):
                yield from self._text(node, here, key)
            elif isinstance(node, yaml.SequenceNode):
                waiting.extend((item, here, key, is_one_of_several) for item in reversed(node.value))
            else:
                entries = self._tree.entries(node)
                here = self._beside(node, here)
                several = is_one_of_several or not _SEVERAL_NODES.isdisjoint(entries)
                if containers.is_container(entries):
                    found = containers.read(self._tree, node, self._known, here)
                    if found:
                        self._met.update(map(id, containers.commands_below(self._tree, entries)))
                    for one in found:
                        yield replace(one, beside=replace(one.beside, gpus=None)) if several else one
                yield from products.read(self._tree, node, self._known, here)
                waiting.extend((value, here, name, several) for name, (_, value) in reversed(entries.items()))

    def _of_one_image(self, root: Node) -> Beside:
        """The facts of the one image of the engine that a document names, whatever in it that runs."""
        text = self._tree.text[root.start_mark.index : root.end_mark.index]
        names = {found[1].strip("\"'") for found in _IMAGE.finditer(text)}
        images = [name for name in names if any(engine.image(name) for engine in self._known)]
        return with_image(Beside(), images[0], self._known) if len(images) == 1 and "$" not in images[0] else Beside()

    def _beside(self, node: Node, beside: Beside) -> Beside:
        """The facts that a mapping gives for all below it."""
        tree, entries = self._tree, self._tree.entries(node)
        if _FACTS.isdisjoint(entries):
            return beside
        for word in (
            _scalar(tree, tree.get(node, "base_image", "image")),
            containers.image_of(tree, node),
            _scalar(tree, tree.get(node, "model", "container")),
        ):
            if word is not None:
                beside = with_image(beside, str(word), self._known, is_known=word.known and "$" not in word)
                break
        if not entries.keys().isdisjoint(containers.ENVIRONMENTS):
            beside = with_env(beside, containers.environment(tree, node))
        selector = tree.get(node, "nodeSelector")
        if selector is not None:
            labels = {name: str(value.value) for name, (_, value) in tree.entries(selector).items()}
            beside = replace(beside, gpu=kind_of_node(labels) or beside.gpu)
        return beside

    def _text(self, node: Node, beside: Beside, key: str) -> Iterator[Found]:
        """A text that may be a script, a page with scripts, or YAML in YAML."""
        text = str(node.value)
        if len(text) < 8 or key in _PROSE or self._depth >= _MOST_DEEP:
            return
        if "\n" in text and self._sections.search(text):
            yield from read(self._tree.script(node), self._known, self._depth + 1, beside)
            return
        if not self._words.search(text):
            return
        source = self._tree.script(node)
        if "```" in text or "~~~" in text:
            yield from pages(source, self._known, beside, read, self._depth + 1)
        else:
            yield from in_script(source, self._known, beside)


def _scalar(tree: Tree, node: Node | None) -> Word | None:
    return tree.word(node) if isinstance(node, yaml.ScalarNode) and node.value else None
