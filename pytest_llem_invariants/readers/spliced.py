"""A text with others put into it: each letter is found where it was written, or where the other text was put in."""

from __future__ import annotations

from typing import Final, final

from pytest_llem_invariants.readers.found import FILLED
from pytest_llem_invariants.readers.source import Source

LONGEST: Final = 64 * 1024
"""Letters of what is put together; what is longer, as a variable is that holds itself twice, is cut off."""


@final
class Spliced:
    """Puts a text together from parts of a source and from texts that stand for other parts of it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._parts: list[str] = []
        self._starts: list[tuple[int, int, int]] = []
        self._length = 0

    def kept(self, start: int, end: int) -> None:
        """A part as it is."""
        part = self._source.part(start, end)
        self._starts += [(self._length + at, line, column) for at, line, column in part.starts]
        self._add(part.text)

    def put(self, text: str, start: int) -> None:
        """A text in the place of what begins there."""
        self._starts.append((self._length, *self._source.place(start)))
        self._add(text)

    def unknown(self, start: int, end: int) -> None:
        """Something that nobody knows, in the place of a part."""
        self.put(FILLED * (end - start), start)

    def source(self) -> Source:
        return Source("".join(self._parts), self._starts or [(0, 1, 1)])

    def _add(self, text: str) -> None:
        text = text[: max(0, LONGEST - self._length)]
        self._parts.append(text)
        self._length += len(text)
