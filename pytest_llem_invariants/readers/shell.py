"""The commands of a shell script, with the variables that the script itself sets put in.

No script is run and none is followed through its branches: what a condition decides is a word that is not given for
sure, and a variable that somebody else may set is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, final

from pytest_llem_invariants.readers.found import FILLED, Word
from pytest_llem_invariants.readers.shell_words import Token, Variable, tokens, word_of
from pytest_llem_invariants.readers.source import Source
from pytest_llem_invariants.text.between import BETWEEN

_ASSIGNED: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+?)=")
_PLACEHOLDER: Final = re.compile(r"(?<=[\s=\"'/])<(?=[^<>\n]*[A-Za-z])\w[\w.:/-]{0,60}>(?![&>])|\{\{[^{}\n]*\}\}")
"""What a reader or a template puts something in for; a redirection has no letters on both sides."""
_DOUBLED: Final = re.compile(r"&[0-9-]\Z")
"""What is redirected to another stream, and not into the file that is named next."""
_DECLARING: Final = frozenset({"export", "local", "declare", "readonly", "typeset"})
_OPENS: Final = frozenset({"if", "case", "for", "while", "until", "select"})
_CLOSES: Final = frozenset({"fi", "esac", "done"})
_STEPS: Final = frozenset({"then", "do", "else", "elif", "!", "{", "}", "time", "$", "%", ">"})
"""Words before a command that are no part of it; the last are prompts of a terminal."""
_MOST_DEEP: Final = 8
_MOST_WORDS: Final = 20_000
_LONGEST: Final = 64 * 1024
"""Letters of a value; of what is longer, as a variable is that is put into itself again and again, nobody knows."""


@final
class Command:
    """A simple command: its words, the variables set before it, and the here-document that it gets."""

    __slots__ = ("document", "env", "target", "words")

    def __init__(self, words: list[Word], env: dict[str, Word]) -> None:
        self.words = words
        self.env = env
        self.document: Source | None = None
        self.target: Word | None = None
        """The file into which it writes."""


def commands(
    source: Source, arguments: Sequence[Word] = (), variables: Mapping[str, Sequence[Word]] | None = None
) -> Iterator[Command]:
    """Each command of a script, in order. `arguments` are what `$@` stands for."""
    if "<" in source.text or "{{" in source.text:
        filled = _PLACEHOLDER.sub(lambda found: FILLED * len(found[0]), source.text)
        source = source.part(0, len(filled), filled)
    script = _Script(source, arguments, variables or {})
    yield from script.read()


def split(source: Source) -> list[Word]:
    """The words of one line, as a shell takes it apart."""
    return [word for command in commands(source) for word in command.words]


@final
class _Script:
    def __init__(self, source: Source, arguments: Sequence[Word], variables: Mapping[str, Sequence[Word]]) -> None:
        self._source = source
        self._arguments = list(arguments)
        self._set: dict[str, list[Word]] = {name: list(words) for name, words in variables.items()}
        self._exported: dict[str, Word] = {}
        self._depth = 0
        """How many conditions and loops are open."""
        self._written = 0

    def read(self) -> Iterator[Command]:
        line: list[Token] = []
        documents: list[Command] = []
        last = "\n"
        for token in tokens(self._source.text):
            if token.kind == "document":
                if documents:
                    command = documents.pop(0)
                    command.document = self._source.part(token.offset, token.offset + len(token.text))
                    yield command
                continue
            if token.kind == "operator" and _is_list(line, token):
                if token.text != "\n":
                    line.append(token)
            elif token.kind == "operator" and token.text in BETWEEN:
                simple = self._command(line, is_sure=last not in ("&&", "||"))
                if simple is not None:
                    if any(one.kind == "redirect" and one.text.endswith(("<<", "<<-")) for one in line):
                        documents.append(simple)
                    yield simple
                last = token.text
                line = []
            else:
                line.append(token)
        ended = self._command(line, is_sure=last not in ("&&", "||"))
        if ended is not None:
            yield ended

    def _command(self, line: list[Token], *, is_sure: bool) -> Command | None:
        """One simple command; what it sets is kept."""
        if not line:
            return None
        while line and line[0].kind == "word" and self._is_step(line[0].text):
            line = line[1:]
        if not line:
            return None
        first = line[0].text if line[0].kind == "word" else ""
        if first in ("for", "select", "case", "[[", "[", "((") or self._written > _MOST_WORDS:
            if first in ("for", "select") and len(line) > 1:
                self._set[line[1].text] = [_unknown(self._place(line[1]))]
            return None
        if first == "read":
            for token in line[1:]:
                self._set[token.text] = [_unknown(self._place(token))]
        declares = first in _DECLARING
        words: list[Word] = []
        env: dict[str, Word] = {}
        target: Word | None = None
        at = 1 if declares else 0
        while at < len(line):
            token = line[at]
            at += 1
            if token.kind == "redirect":
                if not token.text.endswith(("<<", "<<-")) and at < len(line) and not _DOUBLED.search(token.text):
                    told = self._expanded(line[at])
                    target = told[0] if told and ">" in token.text else target
                    at += 1
                continue
            if token.kind != "word":
                continue
            named = _ASSIGNED.match(token.text) if (declares or not words) and _starts(token) else None
            if named is None:
                if not declares and len(words) < _MOST_WORDS:
                    words.extend(self._expanded(token))
                continue
            at = self._assign(named, token, line, at, env, is_sure=is_sure and not self._depth)
        self._written += len(words)
        for name, value in env.items() if not words else ():
            if name in self._exported or declares:
                self._exported[name] = value
        if not words:
            return None
        command = Command(words, {**self._exported, **env})
        command.target = target
        return command

    def _is_step(self, text: str) -> bool:
        if text in _OPENS:
            self._depth += 1
            return text not in ("for", "case", "select")
        if text in _CLOSES:
            self._depth = max(0, self._depth - 1)
            return True
        return text in _STEPS

    def _assign(
        self,
        named: re.Match[str],
        token: Token,
        line: list[Token],
        at: int,
        env: dict[str, Word],
        *,
        is_sure: bool,
    ) -> int:
        """What a word sets, or the list behind it; the place behind that."""
        name, adds, more = named[1], bool(named[2]), None
        before = self._set.get(name, [])
        if at < len(line) and line[at].kind == "operator" and line[at].text == "(" and line[at].offset == token.end:
            value: list[Word] = []
            at += 1
            while at < len(line) and not (line[at].kind == "operator" and line[at].text == ")"):
                if line[at].kind == "word" and len(value) < _MOST_WORDS:
                    value.extend(self._expanded(line[at]))
                at += 1
            at += 1
        else:
            pieces = _without(token.pieces, named.end())
            value = [self._set_to(token, named.end(), pieces)]
            env[name] = value[0].but(place=self._place(token))
            more = None if is_sure else _added(pieces, name)
            if more is not None:  # `X="$X more"`: what it was stays, whatever decides
                before = before or [_unknown(self._place(token), f"${name}")]
                value = [self._set_to(token, named.end(), more)]
        for word in value:
            word.held = True
        if len(before) + len(value) > _MOST_WORDS:
            self._set[name] = [_unknown(self._place(token), f"${name}")]
        elif not is_sure:
            kept = before if adds or more is not None else [word.but(given=False) for word in before]
            self._set[name] = [*kept, *(word.but(given=False) for word in value)] or [_unknown((1, 1))]
        else:
            self._set[name] = [*before, *value] if adds else value
        return at

    def _set_to(self, token: Token, start: int, pieces: list[str | Variable]) -> Word:
        """What a variable is set to by what stands behind `NAME=`."""
        rest = word_of(token.offset + start, token.end, pieces)
        return _joined(self._expanded(rest, is_one=True), self._place(rest))

    def _place(self, token: Token) -> tuple[int, int]:
        return self._source.place(token.offset)

    def _expanded(self, token: Token, *, is_one: bool = False, depth: int = 0) -> list[Word]:
        """The words that a word becomes: a variable without quotes may be none or several."""
        place = self._place(token)
        if not token.varies:
            return [_literal(token.text, place, self._source.aligned(token.offset, token.end, token.text))]
        if len([piece for piece in token.pieces if piece != ""]) == 1:
            (only,) = (piece for piece in token.pieces if isinstance(piece, Variable))
            told = self._value(only, depth)
            if only.quoted and not only.is_list:
                return [_joined(told, place)]
            return told if only.is_list or is_one else [part for word in told for part in _parts(word)]
        text, known, given, several = "", True, True, False
        for piece in token.pieces:
            if len(text) > _LONGEST:
                return [_unknown(place)]
            if isinstance(piece, str):
                text += piece
                known = known and FILLED not in piece and "…" not in piece
                continue
            told = self._value(piece, depth)
            one = _joined(told, place)
            # Whoever reads the text again, as `eval` does, is not to take for certain what a condition decides.
            shown = one if one.given else " ".join([*(part for part in told if part.given), f"${piece.name}"])
            text, known, given = text + shown, known and one.known, given and one.given
            several = several or (one.several and not piece.quoted)
        source = self._source.aligned(token.offset, token.end, text)
        return [Word(text, place, known=known and given, several=several, source=source)]

    def _value(self, variable: Variable, depth: int) -> list[Word]:
        place = self._source.place(variable.offset)
        if variable.name in ("@", "*") and self._arguments:
            return self._arguments
        held = self._set.get(variable.name) if variable.name else None
        if held is not None and not (variable.default is not None and _is_empty(held)):
            return held
        if variable.default is not None and depth < _MOST_DEEP:
            told = [
                part
                for token in tokens(variable.default)
                if token.kind == "word"
                for part in self._moved(token, variable.offset, depth)
            ]
            if not told:  # set by whoever calls, or nothing
                return [_unknown(place, f"${variable.name}")]
            return [_spaced(told, place)] if len(told) > 1 else told
        return [_unknown(place, f"${variable.name or '(…)'}")]

    def _moved(self, token: Token, offset: int, depth: int) -> list[Word]:
        """A word of a default, at the place of the variable."""
        for piece in token.pieces:
            if isinstance(piece, Variable):
                piece.offset = offset
        token.offset = offset
        return self._expanded(token, is_one=True, depth=depth + 1)


def _is_list(line: Sequence[Token], token: Token) -> bool:
    """Whether an operator belongs to `NAME=(…)`, which may have several lines."""
    if token.text not in ("(", ")", "\n"):
        return False
    if token.text == "(":
        return bool(line) and line[-1].kind == "word" and line[-1].end == token.offset and line[-1].text.endswith("=")
    return sum((one.text == "(") - (one.text == ")") for one in line if one.kind == "operator") > 0


def _starts(token: Token) -> bool:
    return bool(token.pieces) and isinstance(token.pieces[0], str) and _ASSIGNED.match(token.pieces[0]) is not None


def _without(pieces: Sequence[str | Variable], length: int) -> list[str | Variable]:
    first = pieces[0]
    return [first[length:] if isinstance(first, str) else first, *pieces[1:]]


def _added(pieces: Sequence[str | Variable], name: str) -> list[str | Variable] | None:
    """What is put behind a variable's own value, as words of their own; None where it is given another."""
    own = [piece for piece in pieces if isinstance(piece, Variable) and piece.name == name]
    if len(own) != 1 or own[0].default is not None:
        return None
    more = [piece for piece in pieces if piece is not own[0]]
    first = next(piece for piece in pieces if piece)
    is_apart = own[0] is first and "".join(piece for piece in more if isinstance(piece, str))[:1].isspace()
    return more if is_apart else None


def _unknown(place: tuple[int, int], text: str = "$") -> Word:
    return Word(text, place, known=False, several=True)


def _literal(text: str, place: tuple[int, int], source: Source | None) -> Word:
    if FILLED not in text and "…" not in text:  # the second is what became of the first, in a script within a script
        return Word(text, place, source=source)
    return Word(text.replace(FILLED, "…"), place, known=False, several=not text.strip(FILLED))


def _joined(words: Sequence[Word], place: tuple[int, int]) -> Word:
    """Several words as one, in quotes."""
    if not words:
        return Word("", place)
    if sum(map(len, words)) > _LONGEST:
        return _unknown(place)
    return Word(
        " ".join(words),
        place,
        known=all(word.known for word in words),
        given=all(word.given for word in words),
        several=any(word.several for word in words),
    )


_spaced = _joined


def _is_empty(words: Sequence[Word]) -> bool:
    return all(word.known and not word for word in words)


def _parts(word: Word) -> list[Word]:
    """What is left of a value without quotes: its parts between blanks."""
    return [word.but(part) for part in word.split()]
