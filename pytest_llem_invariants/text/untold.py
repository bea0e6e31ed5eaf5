"""Text that stands for a value which it does not tell: `$VAR`, `$(command)`, `{{ template }}`, an ellipsis.

What a shell, a template or a reader would put there is not known: a value is unknown as a whole if any part of it is.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

ELLIPSES = ("...", "…")
_TEMPLATES = (("{{", "}}"), ("{%", "%}"))
_LONGEST_TEMPLATE = 12
"""The most words of one template."""
_OPENERS = "{(@*_"


def is_untold(text: str) -> bool:
    """Whether a text has a part that somebody else fills in."""
    # One test after the other: this is asked of every word and value, and most have none of these.
    if "$" in text or "{" in text or "`" in text or "..." in text or "…" in text:
        return _is_untold(text)
    return False


def _is_untold(text: str) -> bool:
    if any(begin in text and end in text for begin, end in _TEMPLATES) or text.count("`") > 1:
        return True
    stripped = text.strip()
    if stripped in ELLIPSES or (stripped[:1] in ("{", "[") and any(mark in stripped for mark in ELLIPSES)):
        return True
    return any(is_expanded(text, at) for at, letter in enumerate(text) if letter == "$")


def is_expanded(text: str, at: int) -> bool:
    """Whether a shell would put something in the place of the dollar at a position."""
    following = text[at + 1 : at + 2]
    return following != "" and (following in _OPENERS or following.isalnum()) and text[at - 1 : at] != "\\"


def is_many(text: str) -> bool:
    """Whether a word stands for any number of words: all arguments, the elements of an array, an ellipsis."""
    if text in ELLIPSES or text[:2] in ("$@", "$*") or text[:3] in ("${@", "${*"):
        return True
    return text[:2] == "${" and ("[@]" in text or "[*]" in text)


def whole_templates(words: Sequence[str]) -> Sequence[str]:
    """The words, with a template that a shell or a split took apart (`{{`, `tp`, `}}`) as one."""
    if not any("{{" in word and "}}" not in word for word in words if type(word) is str):
        return words
    found: list[str] = []
    at = 0
    while at < len(words):
        end = at
        if "{{" in words[at]:
            behind = range(at, min(at + _LONGEST_TEMPLATE, len(words)))
            end = next((number for number in behind if "}}" in words[number]), at)
        found.append(" ".join(words[at : end + 1]))
        at = end + 1
    return found


HYPHENS = ("\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2015", "\u2212")
"""What a text processor makes of the hyphens of an option."""

_OF_SENTENCES = frozenset({"the", "to", "is", "are", "and", "of", "for", "with", "in", "it", "be", "must"})
_OF_NAMES = frozenset("-_./:@=+~")


def is_sentence(words: Sequence[str]) -> bool:
    """Whether bare words are prose that speaks of a command: no names of models and no paths."""
    if sum(word in _OF_SENTENCES for word in words) > 1:
        return True
    return any(
        word[-1:] in ".," or not all(one.isalnum() or one in _OF_NAMES for one in word) or word == "+" for word in words
    )
