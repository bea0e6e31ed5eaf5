"""Every file of the site, and what makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain

from pytest_llem_invariants.site import bundle, check, coverage, documents, fields, matrix, rules, search, versions
from pytest_llem_invariants.site.frame import Page, whole
from pytest_llem_invariants.site.library import Library
from pytest_llem_invariants.site.publish import File, assets

Make = Callable[[], bytes]


def plans(library: Library) -> Iterator[tuple[str, Make]]:
    """Path from the root, and what makes the contents."""
    for name, data in chain(assets(), bundle.files(library)):
        yield name, partial(bytes, data)
    yield search.RULES, lambda: search.rules(library).encode("utf-8")
    yield search.TEXTS, lambda: search.texts().encode("utf-8")
    rooms = (room.pages(library) for room in (check, rules, fields, coverage, matrix, versions))
    for path, page in chain(*rooms, documents.pages()):
        yield path, partial(_written, page)


def _written(page: Callable[[], Page]) -> bytes:
    return whole(page()).encode("utf-8")


def files(library: Library) -> Iterator[File]:
    """All of it, made."""
    return ((path, make()) for path, make in plans(library))
