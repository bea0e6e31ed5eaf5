"""Which texts of a field are rejected: those that are no number, no version, in no list, or not in two parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from miners.dynamic.field_answers import ENOUGH, FieldAnswers, Fields, Kind, all_named, alone
from miners.dynamic.thresholds import Rejects
from pytest_llem_invariants.language.values import distinct
from pytest_llem_invariants.model import Clause

_TELLING_TEXT: Final = (
    *("7", "-3", "4096", "1", "0", "3.0", "2.5", "0.5", "1e3", "inf", "yes", "off", "TRUE", "q7"),
    *("1.2.3", "v1.2", "1.2rc1", "1.0.post2", "1!2.0", "2.0+cpu", "1..2", "1.x", "7-7"),
)
_NUMERIC_TEXT: Final = (
    r"^\s*[+-]?\d+(_\d+)*\s*$",
    r"^\s*[+-]?(\d+(_\d+)*|0[\d_]*(-[\d_]+)?)(\.0*)?\s*$",
    r"^\s*[+-]?(\d+(_\d+)*\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$",
    r"(?i)^\s*[+-]?(\d+(_\d+)*\.?\d*|\.\d+|inf|infinity|nan)([eE][+-]?\d+)?\s*$",
    r"(?i)^(0|1|true|false|t|f|yes|no|y|n|on|off)$",
    r"(?i)^\s*v?(\d+!)?\d+(\.\d+)*([-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?\d*)?"
    r"(-\d+|[-_.]?(post|rev|r)[-_.]?\d*)?([-_.]?dev[-_.]?\d*)?(\+[a-z0-9]+([-_.][a-z0-9]+)*)?\s*$",
)
"""What text becomes a number, a truth value or a version where a library reads it, strictest first."""
_ANY_NUMBER: Final = _NUMERIC_TEXT[3]
_TRUTH_TEXT: Final = (r"(?i)^(1|true|t|yes|y|on)$", r"(?i)^(0|false|f|no|n|off)$")
_MOST_VARIED: Final = 6
SEPARATORS: Final = (".", ":", "/", "=", "@", ",")
PART: Final = "part"
_PARTED: Final = ("a|b", "a|b|c", "|b", "a|", "|", "||", "|a|b", "a", "", "a b")
"""Texts with a separator in every place, `|` standing for it."""
_OF_TEXT: Final = Clause("type_is", "str")
_DEVICE_INDEX: Final = r"(:\d+)?"


def text_pieces(kinds: Mapping[str, Kind], answers: FieldAnswers) -> Iterator[Fields]:
    texts = kinds.get("str", Kind())
    if not texts.rejected:
        return
    asked = {text: answers.rejects(text) is True for text in _TELLING_TEXT}
    for pattern in _NUMERIC_TEXT:
        if not all(asked.values()) and all(
            rejected is not bool(re.search(pattern, t)) for t, rejected in asked.items()
        ):
            yield alone(Clause("not_matches", pattern))
    for pattern in _TRUTH_TEXT:
        if all(re.search(pattern, text) for text in texts.rejected):
            yield alone(Clause("matches", pattern))
    yield from _parted_text_pieces(answers.rejects)
    yield from _member_names(texts, answers)
    if any(re.search(_ANY_NUMBER, text) for text in texts.accepted):
        return  # what reads a number from text reads others too: no list of texts is closed
    named = [value for value in answers.domain.named if isinstance(value, str)]
    if named and not all_named(texts.accepted, named):
        folded = distinct(value.lower() for value in named)
        others = [text for text in distinct(value.lower() for value in texts.accepted) if text not in folded]
        if any(answers.rejects(f"{word}:1") is False for word in named[:_MOST_VARIED]):
            yield from _indexed_pieces(texts, named)
        elif texts.accepted and len(others) <= ENOUGH:
            yield {"lower(x)": (Clause("not_in", [*folded, *others]),)}
            yield alone(Clause("not_in", [*named, *(text for text in texts.accepted if text not in named)]), _OF_TEXT)
            return
    strings = [value for value in distinct([*named, *texts.accepted]) if isinstance(value, str)]
    if texts.accepted and strings and (answers.domain.is_whole or all_named(texts.accepted, answers.domain.named)):
        yield alone(Clause("not_in", strings), _OF_TEXT)


def _member_names(texts: Kind, answers: FieldAnswers) -> Iterator[Fields]:
    """Text by which the members of an enum are looked up: none but their names, in any case where case is nothing."""
    members = answers.domain.members
    folded = distinct(name.lower() for name in members)
    others = [text for text in texts.accepted if text.lower() not in folded]
    if not members or others or any(answers.rejects(name) is not False for name in members):
        return
    if all(answers.rejects(name.swapcase()) is False for name in members):
        yield {"lower(x)": (Clause("not_in", list(folded)),)}
    elif not any(answers.rejects(name.swapcase()) is False for name in members):
        yield alone(Clause("not_in", list(members)), _OF_TEXT)


def _parted_text_pieces(rejects: Rejects) -> Iterator[Fields]:
    """Text that is taken apart at a separator and must have one, or two parts, or a first part."""
    if rejects(PART) is not True:
        return
    for separator in SEPARATORS:
        if rejects(f"{PART}{separator}{PART}") is True:
            continue
        other, escaped = f"[^{re.escape(separator)}]", re.escape(separator)
        asked = {text: rejects(text) is True for text in (shape.replace("|", separator) for shape in _PARTED)}
        for pattern in (escaped, rf"^{other}*{escaped}{other}*\Z", rf"^{other}+{escaped}", rf"(?s).{escaped}"):
            if all(rejected is not bool(re.search(pattern, text)) for text, rejected in asked.items()):
                yield alone(Clause("not_matches", pattern))
                break


def _indexed_pieces(texts: Kind, named: Sequence[str]) -> Iterator[Fields]:
    """Words that the library names, with or without a number behind a colon, and what else it was seen to accept."""
    words = "|".join(re.escape(word) for word in named)
    others = [value for value in texts.accepted if not re.search(f"^({words}){_DEVICE_INDEX}$", value)]
    if texts.accepted and len(others) < len(texts.accepted) and len(others) <= ENOUGH:
        more = "".join(f"|{re.escape(value)}" for value in others)
        yield alone(Clause("not_matches", f"^(({words}){_DEVICE_INDEX}{more})$"))
