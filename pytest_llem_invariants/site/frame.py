"""What every page has around it: its head, the ways to the other pages, and the policy of what may run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, final

from pytest_llem_invariants.site.markup import Html, join, link, tag

READING: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'self'"
)
"""What a page that is only read may do: nothing inline, nothing from elsewhere."""
CHECKING: Final = READING.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'")
"""The check runs this package's Python in WebAssembly."""
SEARCH: Final = "rules/index.html"
"""The page of the search: over all rules, and over the documentation."""
_PLACES: Final = (
    ("", "Check"),
    ("rules/", "Rules"),
    ("fields/", "Fields"),
    ("versions/", "Versions"),
    ("coverage/", "Coverage"),
    ("matrix/", "Matrix"),
    ("docs/", "Documentation"),
)


@final
@dataclass(frozen=True, slots=True)
class Page:
    """One page: where it lies, and what stands in it."""

    path: str
    title: str
    body: Html
    crumbs: Sequence[tuple[str, str]] = ()
    """The ways back, outermost first: address from the root, and name."""
    scripts: Sequence[str] = ()
    policy: str = READING
    main: str = ""
    """The class of the main part."""

    @property
    def up(self) -> str:
        """The way from this page to the root: the site may lie in any folder of a server."""
        return "../" * self.path.count("/")


Plans = Iterator[tuple[str, Callable[[], Page]]]
"""Where each page of a room lies, and what makes it: a server makes those that somebody opens."""


def whole(page: Page) -> str:
    """The page as the text of its file."""
    up = page.up
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=page.policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{page.title} · llem-invariants" if page.title else "llem-invariants"),
        tag("link", rel="icon", href=f"{up}assets/icon.svg", type="image/svg+xml"),
        tag("link", rel="stylesheet", href=f"{up}assets/site.css"),
        *(tag("script", src=f"{up}assets/{name}", type="module") for name in page.scripts),
    )
    here = page.path.rpartition("/")[0]
    ways = tag(
        "nav",
        *(
            link(_to(up, place), name, aria_current="page" if here.partition("/")[0] == place.rstrip("/") else None)
            for place, name in _PLACES
        ),
        aria_label="Pages",
    )
    crumbs = [link(_to(up, place), name) for place, name in page.crumbs]
    body = tag(
        "body",
        link("#main", "Skip to the content", class_="skip"),
        tag(
            "header", link(_to(up, _PLACES[0][0]), "llem-invariants", class_="home"), ways, _search(page), class_="top"
        ),
        tag(
            "main",
            tag("p", join(crumbs, " / "), class_="crumbs") if crumbs else None,
            page.body,
            id="main",
            class_=page.main or None,
        ),
        tag(
            "footer", "Made from the corpora by ", tag("code", "llem-invariants site"), ". No request leaves this site."
        ),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en', data_up=up)}\n"


def _search(page: Page) -> Html | None:
    """The way to the one search, from every page but its own."""
    if page.path == SEARCH:
        return None
    words = tag("input", type="search", name="q", placeholder="Search", aria_label="Search rules and documentation")
    return tag("form", words, action=f"{page.up}{SEARCH}", role="search", class_="seek")


def _to(up: str, place: str) -> str:
    """A file, not a folder: so the pages can be read from a disk as well."""
    return f"{up}{place}{'index.html' if not place or place.endswith('/') else ''}"
