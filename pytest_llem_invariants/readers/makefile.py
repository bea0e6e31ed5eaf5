"""What the recipes of a Makefile start: each line goes to a shell of its own, with make's variables put in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, final

from pytest_llem_invariants.readers.declared import Engine, traces
from pytest_llem_invariants.readers.found import FILLED, Beside, Found, Word
from pytest_llem_invariants.readers.launches import in_script, with_env
from pytest_llem_invariants.readers.shell_words import closed
from pytest_llem_invariants.readers.source import Source
from pytest_llem_invariants.readers.spliced import LONGEST, Spliced

_LINE: Final = re.compile(r"(?:[^\n\\]|\\\n|\\)+")
_SET: Final = re.compile(
    r"(?P<export>export[ \t]+)?(?:override[ \t]+)?(?P<name>[\w.-]+)[ \t]*(?P<how>[?+!]|:{0,3})=[ \t]*"
)
_SET_FOR_ONE: Final = re.compile(r"[^=#\n]+:[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)[ \t]*[?+!:]*=")
_REFERENCE: Final = re.compile(r"\$(?:\$|\((?P<round>[\w.-]+)\)|\{(?P<curly>[\w.-]+)\}|(?P<open>[({])|[^\s])")
_COMMENT: Final = re.compile(r"(?<!\\)#.*", re.DOTALL)
_PREFIX: Final = re.compile(r"[ \t]*[@+-]*")
_MOST_DEEP: Final = 5


def read(source: Source, known: Sequence[Engine]) -> Iterator[Found]:
    """The engine commands of all recipes."""
    variables = _Variables()
    recipes: list[tuple[int, int]] = []
    conditions, is_definition = 0, False
    for found in _LINE.finditer(source.text):
        line = found[0]
        first = line.split(maxsplit=1)[0] if line.strip() else ""
        if is_definition or first == "define":
            is_definition = first != "endef"
        elif line.startswith("\t"):
            recipes.append(found.span())
        elif first in ("ifeq", "ifneq", "ifdef", "ifndef"):
            conditions += 1
        elif first == "endif":
            conditions = max(0, conditions - 1)
        else:
            variables.note(source, found.start(), line, is_sure=not conditions)
    beside = with_env(Beside(), variables.exported())
    marks = tuple(traces(known))
    for start, end in recipes:
        skipped = _PREFIX.match(source.text, start, end)
        script = variables.put_in(source, skipped.end() if skipped else start, end)
        if any(mark in script.text for mark in marks):
            yield from in_script(script, known, beside)


@final
class _Variables:
    """What a Makefile itself sets; None is what a condition, another program or whoever calls decides."""

    def __init__(self) -> None:
        self._set: dict[str, str | None] = {}
        self._exported: dict[str, Word] = {}

    def note(self, source: Source, at: int, line: str, *, is_sure: bool) -> None:
        """A line that is no recipe's."""
        found = _SET.match(line)
        if found is None:
            other = _SET_FOR_ONE.match(line)
            if other is not None:  # for some target only
                self._set[other["name"]] = None
            return
        name, how = found["name"], found["how"]
        text = re.sub(r"[ \t]*\\\n[ \t]*", " ", _COMMENT.sub("", line[found.end() :])).strip()
        before = self._set.get(name, "")
        if not is_sure or how == "!" or before is None or (name in self._set and how not in ("+", "?")):
            self._set[name] = None
        elif how == "+":
            self._set[name] = f"{before} {text}"[:LONGEST].strip()
        else:
            self._set.setdefault(name, text)
        if found["export"]:
            self._exported[name] = Word(name, source.place(at + found.start("name")))

    def exported(self) -> dict[str, Word]:
        """The variables that each recipe has in its environment."""
        told: dict[str, Word] = {}
        for name, word in self._exported.items():
            value = self._value(name, 0)
            is_known = value is not None and FILLED not in value
            told[name] = Word(value if value is not None and is_known else "", word.place, known=is_known)
        return told

    def put_in(self, source: Source, start: int, end: int) -> Source:
        """A recipe's line as its shell gets it."""
        script = Spliced(source)
        text, at = source.text, start
        while (found := _REFERENCE.search(text, at, end)) is not None:
            script.kept(at, found.start())
            at, value = self._told(text, found, 0)
            if value is None:
                script.unknown(found.start(), min(at, end))
            else:
                script.put(value, found.start())
        script.kept(min(at, end), end)
        return script.source()

    def _told(self, text: str, found: re.Match[str], depth: int) -> tuple[int, str | None]:
        """The place behind a reference, and what it stands for."""
        if found[0] == "$$":
            return found.end(), "$"
        if found["open"]:  # a function
            return closed(text, found.end() - 1, found["open"], ")" if found["open"] == "(" else "}"), None
        return found.end(), self._value(found["round"] or found["curly"] or "", depth)

    def _value(self, name: str, depth: int) -> str | None:
        """The text of a variable with others put in."""
        text = self._set.get(name)
        if text is None or depth > _MOST_DEEP or len(text) > LONGEST:
            return None
        told, at = "", 0
        while (found := _REFERENCE.search(text, at)) is not None:
            told += text[at : found.start()]
            at, value = self._told(text, found, depth + 1)
            told += FILLED * (at - found.start()) if value is None else value
            if len(told) > LONGEST:
                return None
        return told + text[at:]
