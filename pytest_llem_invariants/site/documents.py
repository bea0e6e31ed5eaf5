"""The documentation as pages of the site, set by markdown-it and escaped like every other text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from posixpath import normpath
from typing import TYPE_CHECKING, Final, final

from pytest_llem_invariants.checker import store
from pytest_llem_invariants.site.frame import Page, Plans
from pytest_llem_invariants.site.markup import Html, join, link, tag, wide
from pytest_llem_invariants.site.markup import text as escaped
from pytest_llem_invariants.text.bounded import read_text

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

FOLDER: Final = "docs"
_GENERATED: Final = "reference/engines/"
"""What the site's own pages tell: rules, fields and versions."""
_PLAIN: Final = "The extra sets this text: pip install 'pytest-llem-invariants[site]'"
_WEB: Final = re.compile(r"https?://")
_NOT_IN_ANCHOR: Final = re.compile(r"[^\w\- ]")
_SAME: Final = {
    "blockquote": "blockquote",
    "bullet_list": "ul",
    "em": "em",
    "hr": "hr",
    "list_item": "li",
    "ordered_list": "ol",
    "strong": "strong",
    "tbody": "tbody",
    "td": "td",
    "th": "th",
    "thead": "thead",
    "tr": "tr",
}
"""Parts of a text that are one element with the same contents."""


@final
@dataclass(frozen=True, slots=True)
class Section:
    """What stands below one heading, as the search reads it."""

    anchor: str
    heading: str
    text: str


@final
@dataclass(frozen=True, slots=True)
class Document:
    """One page of the documentation."""

    place: str
    """From the root of the site."""
    title: str
    body: Html
    sections: tuple[Section, ...]


def pages() -> Plans:
    for place, read in documents().items():
        yield place, partial(_page, read)


def documents() -> Mapping[str, Callable[[], Document]]:
    """Where each lies on the site, and what reads it; the engines' generated pages are the site itself."""
    folder = Path(store.data_root()) / FOLDER
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.md"))
    return {_place(name): partial(_document, folder, name) for name in names if not name.startswith(_GENERATED)}


def search_lines() -> Iterator[tuple[str, str, str, str]]:
    """Address, page, heading and text of each section."""
    for place, read in documents().items():
        found = read()
        for section in found.sections:
            address = f"{place}#{section.anchor}" if section.anchor else place
            yield address, found.title, section.heading, section.text


def _place(name: str) -> str:
    return f"{FOLDER}/{name.removesuffix('.md')}.html"


@cache
def _document(folder: Path, name: str) -> Document:
    return document(name, read_text(folder / name))


def document(name: str, text: str) -> Document:
    """A text as a page; without markdown-it as it is written."""
    title = text.partition("\n")[0].removeprefix("# ").strip()
    try:
        from markdown_it import MarkdownIt
        from markdown_it.tree import SyntaxTreeNode
    except ModuleNotFoundError:
        plain = join((tag("p", _PLAIN, class_="note"), tag("pre", text, tabindex="0")))
        return Document(_place(name), title, plain, (Section("", "", text),))
    setter = _Setter(name)
    parsed = MarkdownIt("commonmark", {"html": False}).enable("table").parse(text)
    body = join(setter.of(node) for node in SyntaxTreeNode(parsed).children)
    return Document(_place(name), title, body, tuple(setter.sections))


def _page(read: Callable[[], Document]) -> Page:
    found = read()
    crumbs = [] if found.place == f"{FOLDER}/index.html" else [(f"{FOLDER}/", "Documentation")]
    return Page(found.place, found.title, found.body, crumbs, main="text")


class _Setter:
    """Sets one text, and keeps what stands below each of its headings."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._anchors = Counter[str]()
        self.sections: list[Section] = []

    def of(self, node: SyntaxTreeNode) -> Html:
        kind = node.type
        if kind in _SAME:
            return tag(_SAME[kind], *self._children(node))
        if kind in ("text", "code_inline"):
            return tag("code", node.content) if kind == "code_inline" else escaped(node.content)
        if kind in ("softbreak", "hardbreak"):
            return escaped("\n") if kind == "softbreak" else tag("br")
        if kind in ("fence", "code_block"):
            self._hear(node.content)
            return tag("pre", tag("code", node.content), tabindex="0")
        if kind == "inline":
            self._hear(_words(node))
            return join(self._children(node))
        if kind == "paragraph":
            return join(self._children(node)) if node.hidden else tag("p", *self._children(node))
        if kind == "heading":
            return self._heading(node)
        if kind == "table":
            return wide(tag("table", *self._children(node)), "table")
        if kind == "link":
            return self._link(str(node.attrs["href"]), self._children(node))
        raise ValueError(f"{FOLDER}/{self._name}: nothing here sets a {kind}")

    def _children(self, node: SyntaxTreeNode) -> list[Html]:
        return [self.of(child) for child in node.children]

    def _heading(self, node: SyntaxTreeNode) -> Html:
        words = _words(node)
        anchor = _NOT_IN_ANCHOR.sub("", words.lower()).replace(" ", "-")
        again = self._anchors[anchor]
        self._anchors[anchor] += 1
        anchor = f"{anchor}-{again}" if again else anchor
        inside = [part for inline in node.children for part in self._children(inline)]  # its words are no text of it
        self.sections.append(Section("" if node.tag == "h1" else anchor, words, ""))
        return tag(node.tag, *inside, id=anchor)

    def _hear(self, words: str) -> None:
        if self.sections:
            last = self.sections[-1]
            self.sections[-1] = Section(last.anchor, last.heading, f"{last.text} {words}".strip())

    def _link(self, address: str, shown: list[Html]) -> Html:
        """A page of the documentation, another site, or, for a file of the repository, no link."""
        place, mark, anchor = address.partition("#")
        if _WEB.match(address):
            return link(address, *shown, rel="noreferrer")
        if f"{normpath(f'{self._name}/../{place}')}/".startswith(_GENERATED):
            return link(f"{'../' * (self._name.count('/') + 1)}rules/index.html", *shown)
        if place.startswith("../" * (self._name.count("/") + 1)):
            return join(shown)
        return link(f"{place.removesuffix('.md')}.html{mark}{anchor}" if place else address, *shown)


def _words(node: SyntaxTreeNode) -> str:
    return "".join(" " if one.type == "softbreak" else one.content for one in node.walk() if one.type != "inline")
