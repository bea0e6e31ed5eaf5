"""The words of a line of shell, each with its place; what a shell or a template would fill in stays as it is written.

Enough of a shell's grammar to tell commands and their words apart, and no more: nothing is run, nothing is expanded.
"""

from __future__ import annotations

from pytest_llem_invariants.text.untold import is_expanded

_BLANKS = " \t\r"
_OPERATORS = ("&&", "||", ";;", ";", "|", "&", "(", ")", "\n")
_PLACEHOLDER = "-_./: "
"""What may stand inside `<…>` beside letters and digits where it stands for a value, not for a file to read."""


class Word(str):
    """A word without its quotes, and where it begins and ends in the text; or an operator between commands."""

    __slots__ = ("at", "end", "is_operator")
    at: int
    end: int
    is_operator: bool


def _word(text: str, at: int, end: int, *, is_operator: bool = False) -> Word:
    word = Word(text)
    word.at, word.end, word.is_operator = at, end, is_operator
    return word


def split(text: str) -> list[Word]:
    """The words and operators of a text; redirections and comments tell nothing and are left out.

    A quote or a bracket that nobody closes ends with the text.
    """
    words: list[Word] = []
    at = 0
    while at < len(text):
        letter = text[at]
        if letter in _BLANKS:
            at += 1
        elif text.startswith(("\\\n", "\\\r\n"), at):
            at = text.index("\n", at) + 1
        elif letter == "#":
            at = _until(text, "\n", at)
        elif _is_redirection(text, at):
            at = _behind_redirection(text, at)
        else:
            sign = next((one for one in _OPERATORS if text.startswith(one, at)), None)
            if sign is None:
                value, end = _one_word(text, at)
                words.append(_word(value, at, end))
            else:
                end = at + len(sign)
                words.append(_word(sign, at, end, is_operator=True))
            at = end
    return words


def _until(text: str, sign: str, at: int) -> int:
    found = text.find(sign, at)
    return len(text) if found < 0 else found


def _one_word(text: str, at: int) -> tuple[str, int]:
    parts: list[str] = []
    while at < len(text):
        letter = text[at]
        end = _filled_in(text, at)
        if end is not None:
            parts.append(text[at:end])
        elif letter == "'":
            end = _until(text, "'", at + 1)
            parts.append(text[at + 1 : end])
            end += 1
        elif letter == '"':
            part, end = _quoted(text, at + 1)
            parts.append(part)
        elif letter == "\\":
            following = text[at + 1 : at + 2]
            parts.append("" if following == "\n" else following)
            end = at + 2
        elif letter == "<" and _placeholder(text, at):
            end = _placeholder(text, at)
            parts.append(text[at:end])
        elif letter in _BLANKS or letter in "\n;|&()<>":
            break
        else:
            parts.append(letter)
            end = at + 1
        at = end
    return "".join(parts), min(at, len(text))


def _quoted(text: str, at: int) -> tuple[str, int]:
    """What stands between double quotes, and where it ends."""
    parts: list[str] = []
    while at < len(text) and text[at] != '"':
        end = _filled_in(text, at)
        if end is not None:
            parts.append(text[at:end])
        elif text[at] == "\\" and text[at + 1 : at + 2] in ('"', "\\", "$", "`", "\n"):
            end = at + 2
            # A dollar that is meant as one keeps its backslash: nobody puts anything in its place.
            parts.append({"\n": "", "$": r"\$"}.get(text[at + 1], text[at + 1]))
        else:
            end = at + 1
            parts.append(text[at])
        at = end
    return "".join(parts), at + 1


def _filled_in(text: str, at: int) -> int | None:
    """Where the part ends that begins here and is filled in by a shell or a template; None where there is none."""
    letter = text[at]
    if letter == "`":
        return _until(text, "`", at + 1) + 1
    for begin, end in (("{{", "}}"), ("{%", "%}")):
        if text.startswith(begin, at) and end in text[at:]:
            return text.index(end, at) + 2
    if letter == "$" and text[at + 1 : at + 2] in ("{", "(") and is_expanded(text, at):
        return _balanced(text, at + 1)
    return None


def _balanced(text: str, at: int) -> int:
    """Where the bracket closes that opens here, brackets and quotes inside it counted."""
    closing = {"{": "}", "(": ")"}
    open_ones = [closing[text[at]]]
    at += 1
    while at < len(text) and open_ones:
        letter = text[at]
        if letter == "'" and ")" in open_ones:
            at = _until(text, "'", at + 1)
        elif letter == "\\":
            at += 1
        elif letter in closing:
            open_ones.append(closing[letter])
        elif letter == open_ones[-1]:
            open_ones.pop()
        at += 1
    return min(at, len(text))


def _placeholder(text: str, at: int) -> int:
    """Where a `<name>` ends that stands for a value; 0 where it is no such."""
    end = text.find(">", at, at + 80)
    inside = text[at + 1 : end] if end > 0 else ""
    is_name = bool(inside) and inside == inside.strip() and all(one.isalnum() or one in _PLACEHOLDER for one in inside)
    return end + 1 if is_name else 0


def _is_redirection(text: str, at: int) -> bool:
    while at < len(text) and text[at].isdigit():
        at += 1
    if text.startswith("&>", at):
        return True
    return text[at : at + 1] in (">", "<") and not _placeholder(text, at)


def _behind_redirection(text: str, at: int) -> int:
    while at < len(text) and text[at] in "0123456789<>&|-":
        at += 1
    while at < len(text) and text[at] in _BLANKS:
        at += 1
    return _one_word(text, at)[1]
