"""A shell script in tokens: words in pieces, operators, here-documents. Every step goes forward, whatever the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, final

_PLAIN: Final = re.compile(r"[^\s'\"\\$`;&|<>(){}#]+")
_NEXT: Final = re.compile(
    r"(?:[ \t\r\f\v]|\\\r?\n|\\(?=\r))*"
    r"(?:(?P<simple>[A-Za-z./_:,@%+~=-][A-Za-z0-9./_:,@%+~=-]*(?=[ \t\n]))|(?P<line>\n)|(?P<comment>#[^\n]*)"
    r"|(?P<operator>&&|\|\||;;|&(?!>)|[;|()])|(?P<redirect>[0-9]*(?:<<<|<<-?|>>|>\||[<>]&[0-9-]?|[<>])|&>>?)"
    r"|(?P<other>[^\n])|\Z)"
)
"""Blanks, and what stands behind them: of anything else than a simple word only where it begins."""
_BLANK: Final = re.compile(r"(?:[ \t\r\f\v]|\\\r?\n)+")
_IN_QUOTES: Final = re.compile(r'[^"\\$`]+')
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]")
_DEFAULT: Final = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<all>\[[@*]\])?(?P<how>:?[-=+?])?")
_LOOKED_FOR: Final = re.compile(r"\s*(?:which|command -v|type -P)\s+([A-Za-z0-9./_-]+)\s*")
_MOST_DEEP: Final = 20


@final
class Variable:
    """`$NAME`, with what stands for it where it is not set; a name that is empty stands for what cannot be known."""

    __slots__ = ("default", "is_list", "name", "offset", "quoted")

    def __init__(self, name: str, offset: int, quoted: bool, default: str | None = None, is_list: bool = False) -> None:
        self.name = name
        self.offset = offset
        self.quoted = quoted
        self.default = default
        self.is_list = is_list


@final
class Token:
    """`kind` is word, operator, redirect or document; `offset` is where it begins."""

    __slots__ = ("end", "kind", "offset", "pieces", "text", "varies")

    def __init__(
        self,
        kind: str,
        offset: int,
        end: int,
        text: str,
        pieces: list[str | Variable] | None = None,
        *,
        varies: bool = False,
    ) -> None:
        self.kind = kind
        self.offset = offset
        self.end = end
        self.text = text
        """Of a word: the letters, if no variable is in it; of a document: its body begins at `offset`."""
        self.pieces = pieces or []
        self.varies = varies
        """Whether a variable is in it."""


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a script; a new line is the operator `\\n`."""
    at = 0
    waiting: list[str] = []  # the ends of here-documents that begin on the next line
    while (found := _NEXT.match(text, at)) is not None and (kind := found.lastgroup) is not None:
        start, at = found.span(found.lastindex or 0)
        if kind == "simple":
            shown = text[start:at]
            yield Token("word", start, at, shown, [shown])
        elif kind == "line":
            yield Token("operator", start, at, "\n")
            for end in waiting:
                document = _document(text, at, end)
                yield document
                at = document.end
            waiting.clear()
        elif kind == "operator" or kind == "redirect":
            shown = text[start:at]
            yield Token(kind, start, at, shown)
            if kind == "redirect" and shown.endswith(("<<", "<<-")):
                name = _BLANK.match(text, at)
                word = _word(text, name.end() if name else at)
                if word.end > word.offset:
                    waiting.append(word.text)
                    at = word.end
        elif kind == "other":
            word = _word(text, start)
            yield word
            at = word.end


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _document(text: str, start: int, end: str) -> Token:
    """The body of a here-document, up to the line that is its end, or to the end of the text."""
    at = start
    while at < len(text):
        line_end = _end_of_line(text, at)
        if text[at:line_end].strip() == end:
            return Token("document", start, min(line_end + 1, len(text)), text[start:at])
        at = line_end + 1
    return Token("document", start, len(text), text[start:])


def _word(text: str, start: int) -> Token:
    pieces: list[str | Variable] = []
    at, size = start, len(text)
    while at < size:
        letter = text[at]
        plain = _PLAIN.match(text, at)
        if plain:
            pieces.append(plain[0])
            at = plain.end()
        elif letter == "'":
            end = text.find("'", at + 1)
            end = size if end < 0 else end
            pieces.append(text[at + 1 : end])
            at = end + 1
        elif letter == '"':
            at = _quoted(text, at + 1, pieces)
        elif letter == "\\":
            if text[at + 1 : at + 2] in ("\n", "\r"):
                break  # the line goes on, the word does not
            pieces.append(text[at + 1 : at + 2])
            at += 2
        elif letter in "$`":
            at = _variable(text, at, pieces, quoted=False)
        elif letter == "#" or letter in "{}":
            pieces.append(letter)
            at += 1
        else:
            break
    if at == start:
        at += 1  # never the same place twice
    return word_of(start, min(at, size), pieces)


def word_of(start: int, end: int, pieces: list[str | Variable]) -> Token:
    """A word between two places, in its pieces."""
    texts = [piece for piece in pieces if isinstance(piece, str)]
    return Token("word", start, end, "".join(texts), pieces, varies=len(texts) < len(pieces))


def _quoted(text: str, at: int, pieces: list[str | Variable]) -> int:
    """Text in double quotes; the place behind them."""
    pieces.append("")  # an empty text in quotes is a word
    size = len(text)
    while at < size and text[at] != '"':
        plain = _IN_QUOTES.match(text, at)
        if plain:
            pieces.append(plain[0])
            at = plain.end()
        elif text[at] == "\\":
            after = text[at + 1 : at + 2]
            pieces.append("" if after == "\n" else after if after in '"\\$`' else f"\\{after}")
            at += 2
        else:
            at = _variable(text, at, pieces, quoted=True)
    return at + 1


def _variable(text: str, at: int, pieces: list[str | Variable], *, quoted: bool) -> int:
    """What `$` or a backtick begins; the place behind it."""
    if text[at] == "`":
        end = text.find("`", at + 1)
        pieces.append(_made_by(text[at + 1 : end], at, quoted))
        return len(text) if end < 0 else end + 1
    after = text[at + 1 : at + 2]
    if after == "(":
        end = closed(text, at + 1, "(", ")")
        pieces.append(_made_by(text[at + 2 : end - 1], at, quoted))
        return end
    if after == "{":
        end = closed(text, at + 1, "{", "}")
        inner = text[at + 2 : end - 1]
        pieces.append(_braced(inner, at, quoted))
        return end
    if after in "'\"" and after and not quoted:
        return at + 1  # $'…' and $"…"
    name = _NAME.match(text, at + 1)
    if name is None:
        pieces.append("$")
        return at + 1
    pieces.append(Variable(name[0], at, quoted, is_list=name[0] in "@*"))
    return name.end()


def _made_by(command: str, at: int, quoted: bool) -> str | Variable:
    """What a command in place of a word gives: nobody knows, but where it looks for a program, that one's path."""
    looked_for = _LOOKED_FOR.fullmatch(command)
    return Variable("", at, quoted) if looked_for is None else looked_for[1]


def _braced(inner: str, at: int, quoted: bool) -> Variable:
    """`${NAME}`, `${NAME:-text}`, `${NAME[@]}`; of anything else nobody knows the value."""
    found = _DEFAULT.match(inner)
    if found is None:
        return Variable("@" if inner[:1] in ("@", "*") else "", at, quoted, is_list=inner[:1] in ("@", "*"))
    how, rest = found["how"], inner[found.end() :]
    if how is None:
        return Variable(found["name"] if not rest else "", at, quoted, is_list=found["all"] is not None)
    if how in (":-", "-", ":=", "="):
        return Variable(found["name"], at, quoted, rest, found["all"] is not None)
    if how in ("?", ":?"):
        return Variable(found["name"], at, quoted)
    # `+` gives its text only where the variable is set
    return Variable("", at, quoted, is_list=True)


def closed(text: str, at: int, opening: str, closing: str) -> int:
    """The place behind what closes the bracket at a place; the end of the text where nothing does."""
    depth, size = 0, len(text)
    while at < size:
        letter = text[at]
        if letter == "\\":
            at += 1
        elif letter == "'" and opening == "(":
            end = text.find("'", at + 1)
            at = size if end < 0 else end
        elif letter == opening:
            depth += 1
        elif letter == closing:
            depth -= 1
            if not depth:
                return at + 1
        at += 1
    return size
