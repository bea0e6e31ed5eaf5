"""A message template made ready to be filled: which value stands in which hole is decided when the corpus is compiled.

A hole that names a field holds its value. Most others can only mean one thing: what the rule is about is the field
that the fixed text does not name. A hole that none of this tells stays open, and is shown as `…`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pytest_llem_invariants.checker.heard import OF_AN_OPERATOR, computed, heard
from pytest_llem_invariants.checker.verdict import OPEN, spelled
from pytest_llem_invariants.language.predicates import plain_value, reference_of, referenced_fields
from pytest_llem_invariants.model import EMPTY, Rule

Piece = str | list[str]
"""Fixed text, or a hole: how the value is shown (`str`, `repr`, `type`, `len`), and of which field."""

_LONG_BLANKS: Final = re.compile(r"\s{9,}")
_WRAPPING: Final = re.compile(r"\s*(?:\d+|\{…\}) validation errors? for \w+\n|\A\s+")
_KIND_AND_INPUT: Final = re.compile(r"\s*\[type=\w+,.*?(?:input_type=[^\]\n]*\]|(?=\n)|\Z)", re.DOTALL)
_LINK: Final = re.compile(r"\s*For further information visit \S+")
_LIFTED: Final = re.compile(r"\A([\w.]+)(?:\{…\})?\n\s*(?:(?:Value error|Assertion failed), )?")
_BARE_PREFIX: Final = re.compile(r"\A(?:Value error|Assertion failed), ")
_OF_TYPE: Final = re.compile(r"(?:type\((?P<a>.+?)\)|(?P<b>.+?)\.__class__)(?:\.__(?:qual)?name__)?\Z")
_OF_LENGTH: Final = re.compile(r"len\((.+?)\)\Z")
_NAME_HOLE: Final = re.compile(r"(?:\w+_)?(?:name|key|field|flag|arg|argument|param|parameter|attr|attribute|option)\Z")
_VALUE_HOLE: Final = re.compile(r"(?:\w+_)?(?:value|val|v|got|found|given|actual)\Z")
_CHOICES_HOLE: Final = re.compile(
    r"(?:valid|accepted|allowed|supported|available|possible|known)_\w+\Z|choices\Z", re.IGNORECASE
)
_BEFORE_VALUE: Final = re.compile(
    r"(?:\b(?:got|found|is|was|be|received|value|given|provided|set to|set as|input_value)|[=:(])[ ]?['\"`(]?\Z"
)
_LAST_WORD: Final = re.compile(r"\b(\w+)[`'\"]? \Z")
_WORD: Final = re.compile(r"[^\W_]+")
_BEFORE_TYPE: Final = re.compile(r"(?:input_type=|\btype:? |\binstance of |\bof type )['\"`]?\Z")


def told(
    rule: Rule, fields: Sequence[str], messages: Iterable[str] = (), facts: Mapping[str, Any] = EMPTY
) -> list[Piece] | None:
    """The pieces of the rule's message; None where the library is silent.

    `messages` are those of its example, `facts` those beside which it was observed.
    """
    template = rule.message_template
    if template is None or not template.strip():
        return None
    pieces = _pieces(_plain_words(template))
    fixed = " ".join(pieces[::2])
    if not set(_WORD.findall(fixed)) - {part for field in fields for part in _WORD.findall(field)}:
        return None  # it names the field at most
    pieces = heard(pieces, map(_plain_words, messages), rule, fields, facts)
    return _closed(_joined(_Holes(rule, fields, "".join(pieces[::2])).filled(pieces)))


def message_of(rule: Rule) -> str:
    """What the library says of any config that triggers the rule; empty where it is silent."""
    words = told(rule, referenced_fields(rule.match))
    return "" if words is None else spelled(words)


def _plain_words(template: str) -> str:
    """The library's own words, without what a validating library wraps them in, on one line where they are short."""
    template = _LONG_BLANKS.sub(_short_blanks, template).strip()
    if "\n" not in template:
        return template
    text = _WRAPPING.sub("", template, count=1)
    text = _LINK.sub("", _KIND_AND_INPUT.sub("", text))
    text = _LIFTED.sub(r"\1: ", text)
    text = _BARE_PREFIX.sub("", text.strip())
    return re.sub(r"\s*\n\s*", " ", text).strip()


def _short_blanks(blanks: re.Match[str]) -> str:
    """What long white space says: a pattern that looks for some may look at each of it again and again."""
    return "\n" if "\n" in blanks[0] else " "


class _Holes:
    """What is known of a rule's holes."""

    def __init__(self, rule: Rule, fields: Sequence[str], fixed: str) -> None:
        self._fields = tuple(fields)
        free = [field for field in fields if not re.search(rf"\b{re.escape(field.rpartition('.')[2])}\b", fixed)]
        self._topic = free[0] if len(free) == 1 else fields[0] if len(fields) == 1 else None
        self._is_named = not free
        self._choices = _choices(rule)
        self._computed = computed(rule)
        self._example: Mapping[str, Any] = rule.kwargs_positive

    def filled(self, pieces: list[str]) -> list[Piece]:
        done: list[Piece] = [pieces[0]]
        anonymous = pieces[1::2].count("{…}")
        for index in range(1, len(pieces), 2):
            hole, before = pieces[index][1:-1], pieces[index - 1]
            if hole == "…":
                found = self._anonymous(before, pieces[index + 1], anonymous, is_first=index == 1)
                # Of one field a message seldom tells twice; where it seems to, the other hole is something else.
                done.extend([OPEN] if any(piece in done for piece in found if not isinstance(piece, str)) else found)
            else:
                done.append(self._named(hole))
            done.append(pieces[index + 1])
        return done

    def _named(self, hole: str) -> Piece:
        shown = "repr" if hole.endswith("!r") or "!r:" in hole else "str"
        text = hole.partition("!")[0].partition(":")[0].strip()
        for pattern, kind in ((_OF_TYPE, "type"), (_OF_LENGTH, "len")):
            found = pattern.match(text)
            if found is not None:
                field = self._field(next(group for group in found.groups() if group))
                return [kind, field] if field else OPEN
        field = text if text in self._computed else self._field(text)
        if field is not None:
            return [shown, field]
        last = text.rpartition(".")[2]
        if self._choices and _CHOICES_HOLE.match(last):
            return self._choices
        if self._topic is not None:
            if last == "type":
                return ["type", self._topic]
            if _NAME_HOLE.match(last):
                return self._topic
            if _VALUE_HOLE.match(last) and not last.startswith(("correct", "expected", "default", "max", "min")):
                return [shown, self._topic]
        return OPEN

    def _field(self, text: str) -> str | None:
        for name in (text, text.partition(".")[2] if text.startswith(("self.", "config.", "cls.")) else ""):
            if name in self._fields:
                return name
        last = text.rpartition(".")[2]
        matching = [field for field in self._fields if field.rpartition(".")[2] == last]
        return matching[0] if len(matching) == 1 else None

    def _anonymous(self, before: str, after: str, count: int, *, is_first: bool) -> list[Piece]:
        word = _LAST_WORD.search(before)
        named = None if word is None else self._field(word[1])
        if named is not None:
            return ["(", ["str", named], ")"]
        if self._topic is None or count > 2 or after.startswith(OF_AN_OPERATOR):
            return [OPEN]
        if is_first and not before and not self._is_named:
            return [self._topic]
        if _BEFORE_TYPE.search(before):
            return [["type", self._topic]]
        alone = count == 1 and before.endswith(": ") and not after
        return [["str", self._topic] if alone or _BEFORE_VALUE.search(before) else OPEN]


def _choices(rule: Rule) -> str | None:
    """What the rule's one list of accepted values holds."""
    lists = [
        plain_value(clause.rhs)
        for clauses in rule.match.fields.values()
        for clause in clauses
        if clause.op == "not_in" and reference_of(clause.rhs) is None
    ]
    return repr([member for member in lists[0] if member is not None]) if len(lists) == 1 else None


def _pieces(template: str) -> list[str]:
    """Text and holes in turn; `{{` and `}}` stand for braces."""
    pieces: list[str] = [""]
    index = 0
    while index < len(template):
        if template[index : index + 2] in ("{{", "}}"):
            pieces[-1] += template[index]
            index += 2
            continue
        end = template.find("}", index) if template[index] == "{" else -1
        if end < 0:
            pieces[-1] += template[index]
            index += 1
            continue
        pieces.extend((template[index : end + 1], ""))
        index = end + 1
    return pieces


def _closed(pieces: list[Piece]) -> list[Piece]:
    """A bracket that the last hole swallowed is put back."""
    fixed = "".join(piece for piece in pieces if isinstance(piece, str))
    last = pieces[-1]
    if isinstance(last, str) and last.endswith(OPEN) and fixed.count("(") == fixed.count(")") + 1:
        return [*pieces[:-1], f"{last})"]
    return pieces


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Neighbouring pieces of text as one."""
    joined: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        elif piece:
            joined.append(piece)
    return joined
