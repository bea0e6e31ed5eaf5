"""HTML that is safe by its type: text becomes markup only through here, and is escaped on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Any, Final

_VOID: Final = frozenset({"br", "hr", "img", "input", "link", "meta", "source", "wbr"})
_NOT_SHOWN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
"""What HTML does not allow, and what turns the direction of a text: a rule could read otherwise than it is."""
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.-]|\A\.")


class Html(str):
    """Markup. Only `tag`, `text` and `join` make it."""

    __slots__ = ()


def text(value: object) -> Html:
    """Any text as markup."""
    if isinstance(value, Html):
        return value
    return Html(escape(_NOT_SHOWN.sub("\ufffd", str(value)), quote=True))


def join(parts: Iterable[object], between: object = "") -> Html:
    return Html(text(between).join(text(part) for part in parts if part is not None and part is not False))


def tag(name: str, /, *children: object, **attributes: Any) -> Html:
    """An element. An attribute that is None or False is left out; `class_` and `for_` are written without the dash."""
    head = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        shown = key.rstrip("_").replace("_", "-")
        head.append(shown if value is True else f'{shown}="{text(value)}"')
    opened = f"<{' '.join(head)}>"
    return Html(opened if name in _VOID else f"{opened}{join(children)}</{name}>")


def link(address: str, /, *children: object, **attributes: Any) -> Html:
    return tag("a", *children, href=address, **attributes)


def rows(heads: Iterable[object], body: Iterable[Iterable[object]], **attributes: Any) -> Html:
    """A table with a head; the first cell of a row names it."""
    top = tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads)))
    lines = []
    for cells in body:
        first, *rest = cells
        lines.append(tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest)))
    table = tag("table", top, tag("tbody", *lines), **attributes)
    return wide(table, attributes.get("aria_label", "table"))


def wide(table: Html, name: str) -> Html:
    """A table that is moved sideways where it is broader than the page, with the keyboard too."""
    return tag("div", table, class_="wide", tabindex="0", role="region", aria_label=name)


def pairs(entries: Iterable[tuple[object, object]]) -> Html:
    """Names and what is said of each; what is empty is left out."""
    told = [(name, value) for name, value in entries if value not in (None, "", ())]
    return tag("dl", *(join((tag("dt", name), tag("dd", value))) for name, value in told)) if told else Html()


def slug(name: str) -> str:
    """A name as part of an address and of a file's name, another for every name."""
    return _UNSAFE.sub(lambda found: f"~{ord(found[0]):x}~", name) or "~"


def breakable(name: str) -> Html:
    """A long name that may be broken at its joints."""
    parts = re.split(r"(?<=[._,/])", name)
    return join(parts, Html("<wbr>"))
