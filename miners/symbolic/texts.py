"""Texts that code splits: questions about the pieces, as a regular expression for the whole text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, final

from miners.logic.formulas import FALSE, TRUE, Atom, Formula, Or, all_of, any_of, atom, negate
from pytest_llem_invariants.model import Clause

TESTS: Final[dict[str, str]] = {
    "isdigit": r"\d+",
    "isnumeric": r"\d+",
    "isdecimal": r"\d+",
    "isalpha": r"[^\W\d_]+",
    "isalnum": r"[^\W_]+",
    "isidentifier": r"[^\W\d]\w*",
    "isspace": r"\s+",
}
"""The tests of `str` as patterns for a whole text."""
_WHOLE: Final = re.compile(r"\A\^(?P<body>.+)\$\Z", re.DOTALL)


def _without(separator: str) -> str:
    """A letter that begins no separator."""
    escaped = re.escape(separator)
    return f"[^{escaped}]" if len(separator) == 1 else rf"(?:(?!{escaped})[\s\S])"


@final
@dataclass(frozen=True, slots=True)
class Pieces:
    """The result of `text.split(separator)`; `most` is the maximum number of cuts, if there is one."""

    subject: str
    separator: str
    most: int | None = None

    def at_least(self, count: int) -> Formula:
        """Whether there are that many pieces."""
        cuts = count - 1
        if cuts <= 0:
            return TRUE
        if self.most is not None and cuts > self.most:
            return FALSE
        separator = re.escape(self.separator)
        if cuts == 1:
            return atom(self.subject, "matches", separator)
        return atom(self.subject, "matches", rf"\A(?:{_without(self.separator)}*{separator}){{{cuts}}}")

    def some(self, formula: Formula, piece: str) -> Formula | None:
        """Whether some piece satisfies a condition on `name`; None if no pattern expresses it."""
        match formula:
            case Or(parts=parts):
                answers = [self.some(part, piece) for part in parts]
                return None if None in answers else any_of(answer for answer in answers if answer is not None)
            case Atom(subject=subject, clause=Clause(op=op, rhs=rhs)) if subject == piece and self.most is None:
                if op == "absent":
                    return FALSE
                body = self._body(op, rhs)
                if body is None:
                    return None
                return self._one(body) if op in ("matches", "==") else negate(self._each(body))
            case _:
                return None

    def _body(self, op: str, rhs: object) -> str | None:
        if op in ("==", "!=") and isinstance(rhs, str) and self.separator not in rhs and not rhs.startswith("@"):
            return re.escape(rhs)
        whole = _WHOLE.match(rhs) if op in ("matches", "not_matches") and isinstance(rhs, str) else None
        if whole is None or whole["body"] not in TESTS.values():
            return None
        # A piece contains no separator: a pattern that could match one would describe two pieces at once.
        return None if any(re.fullmatch(whole["body"], f"a{one}") for one in self.separator) else whole["body"]

    def _one(self, body: str) -> Formula:
        separator = re.escape(self.separator)
        return atom(self.subject, "matches", rf"(?:\A|{separator})(?:{body})(?:{separator}|\Z)")

    def _each(self, body: str) -> Formula:
        return atom(self.subject, "matches", rf"\A(?:{body})(?:{re.escape(self.separator)}(?:{body}))*\Z")


@final
@dataclass(frozen=True, slots=True)
class PieceCount:
    """`len(text.split(separator))`."""

    of: Pieces

    def compared(self, op: str, limit: int) -> Formula:
        match op:
            case ">=":
                return self.of.at_least(limit)
            case ">":
                return self.of.at_least(limit + 1)
            case "<":
                return negate(self.of.at_least(limit))
            case "<=":
                return negate(self.of.at_least(limit + 1))
            case _:
                return all_of((self.of.at_least(limit), negate(self.of.at_least(limit + 1))))


@final
@dataclass(frozen=True, slots=True)
class TextLength:
    """`len(text)` of an element that can only be a text, or of the first piece of a text."""

    subject: str
    unit: str = r"[\s\S]"
    end: str = r"\Z"

    def compared(self, op: str, limit: int) -> Formula:
        match op:
            case ">=":
                return atom(self.subject, "matches", rf"\A{self.unit}{{{max(limit, 0)},}}")
            case ">":
                return self.compared(">=", limit + 1)
            case "<":
                return FALSE if limit <= 0 else self._at_most(limit - 1)
            case "<=":
                return self.compared("<", limit + 1)
            case _:
                return all_of((self.compared(">=", limit), self.compared("<=", limit)))

    def _at_most(self, limit: int) -> Formula:
        return atom(self.subject, "matches", rf"\A{self.unit}{{0,{limit}}}{self.end}")


@final
@dataclass(frozen=True, slots=True)
class FirstLetter:
    """`text[0]`."""

    subject: str

    def equals(self, value: object) -> Formula:
        if not isinstance(value, str) or len(value) != 1:
            return FALSE
        return atom(self.subject, "matches", rf"\A{re.escape(value)}")


@final
@dataclass(frozen=True, slots=True)
class FirstPiece:
    """`text.split(separator)[0]`."""

    of: Pieces

    def equals(self, value: object) -> Formula:
        if not isinstance(value, str) or self.of.separator in value:
            return FALSE
        return atom(self.of.subject, "matches", rf"\A{re.escape(value)}(?:{re.escape(self.of.separator)}|\Z)")

    @property
    def length(self) -> TextLength:
        """The length of the piece: it ends before the first separator."""
        separator = re.escape(self.of.separator)
        return TextLength(self.of.subject, rf"(?:(?!{separator})[\s\S])", rf"(?:{separator}|\Z)")

    @property
    def lowered(self) -> FirstPiece | None:
        """`.lower()`: for the first piece of a text, the first piece of the lowered text."""
        separator = self.of.separator
        if separator.lower() != separator or separator.upper() != separator:
            return None
        return FirstPiece(Pieces(f"lower({self.of.subject})", separator, self.of.most))
