"""What the recipes of a justfile start: each line is a script of its own, or the whole recipe where it begins `#!`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pytest_llem_invariants.readers.declared import Engine, traces
from pytest_llem_invariants.readers.found import Beside, Found, Word
from pytest_llem_invariants.readers.launches import in_script, with_env
from pytest_llem_invariants.readers.source import Source
from pytest_llem_invariants.readers.spliced import Spliced

_TEXT: Final = r"(?P<quote>['\"])(?P<text>[^'\"\\\n]*)(?P=quote)"
_SET: Final = re.compile(
    r"^(?P<export>export[ \t]+)?(?P<name>[A-Za-z_][\w-]*)[ \t]*:=[ \t]*"
    rf"(?:env(?:_var_or_default)?\([ \t]*['\"]\w+['\"][ \t]*,[ \t]*)?(?:{_TEXT}\)?[ \t]*(?:#.*)?$)?",
    re.MULTILINE,
)
"""A variable, which the environment may overrule; the text is missing where it is more than one in quotes."""
_RECIPE: Final = re.compile(
    r"^@?[A-Za-z_][\w-]*(?P<parameters>(?:[ \t]+(?:[^:\n'\"]|'[^'\n]*'|\"[^\"\n]*\")*)?):(?!=).*\n"
    r"(?P<body>(?:[ \t]+\S.*(?:\n|\Z)|[ \t]*\n)+)",
    re.MULTILINE,
)
_PARAMETER: Final = re.compile(rf"(?P<name>[A-Za-z_][\w-]*)(?:=(?:{_TEXT}|(?P<bare>[^\s'\"]+)))?")
_LINE: Final = re.compile(r"(?:[^\n\\]|\\\n|\\)+")
_PREFIX: Final = re.compile(r"[ \t]*[@-]*")
_PLACE: Final = re.compile(r"\{\{[ \t]*(?P<name>[A-Za-z_][\w-]*)?[^{}\n]*?\}\}")


def read(source: Source, known: Sequence[Engine]) -> Iterator[Found]:
    """The engine commands of all recipes."""
    told: dict[str, str | None] = {}
    exported: dict[str, Word] = {}
    for found in _SET.finditer(source.text):
        told[found["name"]] = found["text"]
        if found["export"]:
            place = source.place(found.start("name"))
            exported[found["name"]] = Word(found["text"] or "", place, known=found["text"] is not None)
    beside = with_env(Beside(), exported)
    marks = tuple(traces(known))
    for recipe in _RECIPE.finditer(source.text):
        values = {**told, **{one["name"]: one["text"] or one["bare"] for one in _PARAMETER.finditer(recipe[1] or "")}}
        for start, end in _scripts(source.text, *recipe.span("body")):
            script = _put_in(source, start, end, values)
            if any(mark in script.text for mark in marks):
                yield from in_script(script, known, beside)


def _scripts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    if text[start:end].lstrip().startswith("#!"):
        yield start, end
        return
    for line in _LINE.finditer(text, start, end):
        skipped = _PREFIX.match(text, line.start(), line.end())
        yield skipped.end() if skipped else line.start(), line.end()


def _put_in(source: Source, start: int, end: int, values: Mapping[str, str | None]) -> Source:
    script = Spliced(source)
    at = start
    for found in _PLACE.finditer(source.text, start, end):
        script.kept(at, found.start())
        is_plain = found[0].strip("{} \t") == found["name"]
        value = values.get(found["name"]) if is_plain else None
        if value is None:
            script.unknown(*found.span())
        else:
            script.put(value, found.start())
        at = found.end()
    script.kept(at, end)
    return script.source()
