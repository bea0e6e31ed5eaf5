"""Where each page lies, from the root of the site."""

from __future__ import annotations

from pytest_llem_invariants.site.markup import slug


def rule(engine: str, identity: str) -> str:
    return f"rules/{slug(engine)}/{slug(identity)}.html"


def of_class(engine: str, name: str) -> str:
    return f"classes/{slug(engine)}/{slug(name)}.html"


def field(engine: str, owner: str, name: str) -> str:
    return f"fields/{slug(engine)}/{slug(owner)}/{slug(name)}.html"


def fields(engine: str) -> str:
    return f"fields/{slug(engine)}.html"


def versions(engine: str, old: str, new: str) -> str:
    return f"versions/{slug(engine)}/{slug(old)}-to-{slug(new)}.html"


def coverage(engine: str, version: str) -> str:
    return f"coverage/{slug(engine)}-{slug(version)}.html"


def matrix(engine: str, version: str) -> str:
    return f"matrix/{slug(engine)}-{slug(version)}.html"
