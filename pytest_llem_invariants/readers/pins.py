"""The version of an engine that a text requires, as pip, uv and lists of requirements have it, or a base image."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from pytest_llem_invariants.readers.declared import Engine, tag_of, version_of


def pinned(package: str, text: str) -> Sequence[str]:
    """Each version of a package that a text asks for and no other, once; of a range nobody knows which it is."""
    if not package or "==" not in text:
        return ()
    asked = "\n".join(line for line in text.split("\n") if "==" in line)  # most of a program compares nothing
    found = (version_of(version) for version in _pin(package).findall(asked))
    return list(dict.fromkeys(version for version in found if version is not None))


def based_on(engine: Engine, text: str) -> Sequence[str]:
    """Each version of an engine whose image a text is built upon or names, once."""
    images = [image for image in _IMAGE.findall(text) if (told := engine.image(image)) is not None and told.tagged]
    return list(dict.fromkeys(version for version in map(version_of, map(tag_of, images)) if version is not None))


_IMAGE = re.compile(r"^[ \t]*(?:image:|FROM)[ \t]+[\"']?([\w./:@-]{1,300})", re.MULTILINE)


@cache
def _pin(package: str) -> re.Pattern[str]:
    name = re.escape(package).replace("_", "[-_]")
    is_asked = r"(?:\[[\w, -]{0,80}\])?[ \t]{0,4}==[ \t]{0,4}([\w.]{1,40})"
    return re.compile(rf"(?<![\w.-]){name}{is_asked}", re.IGNORECASE)
