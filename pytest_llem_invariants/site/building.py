"""Every file of the site, as text."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_llem_invariants.site import bundle, check, coverage, fields, matrix, rules, search, versions
from pytest_llem_invariants.site.frame import Page, whole
from pytest_llem_invariants.site.library import Library
from pytest_llem_invariants.site.publish import File, assets


def pages(library: Library) -> Iterator[Page]:
    for room in (check, rules, fields, coverage, matrix, versions):
        yield from room.pages(library)


def files(library: Library) -> Iterator[File]:
    """Path from the root, and contents."""
    yield from assets()
    yield from bundle.files(library)
    yield search.PLACE, search.search_data(library).encode("utf-8")
    for page in pages(library):
        yield page.path, whole(page).encode("utf-8")
