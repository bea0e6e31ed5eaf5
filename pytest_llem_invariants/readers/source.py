"""A text that was cut out of a file, and where in the file each part of it stands."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import final

Place = tuple[int, int]
"""Line and column in the file, from 1."""


@final
class Source:
    """Text with the place of each of its lines: (offset in the text, line, column), ascending."""

    __slots__ = ("_offsets", "_places", "text")

    def __init__(self, text: str, starts: Sequence[tuple[int, int, int]]) -> None:
        self.text = text
        self._offsets = [start[0] for start in starts]
        self._places = [(start[1], start[2]) for start in starts]

    def place(self, offset: int) -> Place:
        """Line and column of a character."""
        at = bisect_right(self._offsets, offset) - 1
        if at < 0:
            at = 0
        line, column = self._places[at]
        return line, column + offset - self._offsets[at]

    @property
    def starts(self) -> list[tuple[int, int, int]]:
        """The offset of each line, and its place."""
        return [(at, *place) for at, place in zip(self._offsets, self._places, strict=True)]

    def replaced(self, old: str, new: str) -> Source:
        """It with every `old` on a line replaced; what follows on that line is found as far off as that moves it."""
        starts: list[tuple[int, int, int]] = []
        lines: list[str] = []
        at = length = 0
        for line in self.text.split("\n"):
            starts.append((length, *self.place(at)))
            at += len(line) + 1
            lines.append(line.replace(old, new))
            length += len(lines[-1]) + 1
        return Source("\n".join(lines), starts)

    def aligned(self, start: int, end: int, text: str) -> Source | None:
        """A text that was read out of a part of it, line by line; None where nobody knows where its letters stand."""
        is_quoted = self.text[start : start + 1] in ("'", '"')
        if not is_quoted and "\n" not in text:
            return None
        raw = self.text[start:end]
        if is_quoted and raw[1:-1] == text:
            return self.part(start + 1, end - 1)
        if "\n" not in text or raw.count("\n") != text.count("\n"):
            return None
        starts: list[tuple[int, int, int]] = []
        at = length = 0
        for line, shown in zip(raw.split("\n"), text.split("\n"), strict=True):
            starts.append((length, *self.place(start + at)))
            at += len(line) + 1
            length += len(shown) + 1
        return Source(text, starts)

    def part(self, start: int, end: int, text: str | None = None) -> Source:
        """A piece of it, read as `text` of the same length where that is given."""
        shown = self.text[start:end] if text is None else text
        line, column = self.place(start)
        starts = [(0, line, column)]
        inner = slice(bisect_right(self._offsets, start), bisect_left(self._offsets, end))
        starts += [
            (offset - start, *place) for offset, place in zip(self._offsets[inner], self._places[inner], strict=True)
        ]
        return Source(shown, starts)


def whole(text: str) -> Source:
    """A file."""
    return lines_of(text, 1, 1)


def lines_of(text: str, line: int, column: int) -> Source:
    """A block of whole lines, each of which begins in the same column of the file."""
    lengths = accumulate(map(len, text.split("\n")[:-1]), initial=0)
    return Source(text, [(length + number, line + number, column) for number, length in enumerate(lengths)])
