"""What an answer hangs on: the files that its process had touched by then, by what is in them.

A file of the library that was written again with the same bytes is the same. Of a folder the names count, without that
of the library's own distribution: it names the version, and what of a version matters is in the files.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from pytest_llem_invariants.runs.surroundings import ABSENT, LIBRARY, fingerprint, names_in

_MOST: Final = 4 << 20
"""Bytes of a file whose content is told: a larger one is another if anything of it was touched."""
_BESIDE: Final = "|"


@final
@dataclass(frozen=True, slots=True)
class Touched:
    """Tells files of one library's processes, and whether they are as they were told."""

    distribution: str
    whole: str
    """A digest of all of the library, taken before anything was asked."""
    places: tuple[str, ...]
    """The folders and files of the library: of all others it is enough whether anybody wrote them."""

    def told(self, path: str) -> str:
        if path == LIBRARY:
            return self.whole
        if os.path.isdir(path):
            return names_in(path, self.distribution)
        stat = fingerprint(path)
        return stat if stat == ABSENT else f"{stat}{_BESIDE}{self._content(path)}"

    def is_as_told(self, path: str, told: str) -> bool:
        """Whether a file has the bytes that it had, or a folder the names."""
        was, _, digest = told.partition(_BESIDE)
        if digest and was == fingerprint(path):
            return True
        if digest and os.path.isfile(path):
            return self._content(path) == digest
        return self.told(path) == told

    def changed(self, files: Mapping[str, str]) -> str | None:
        """The first file that is not as it was told."""
        return next((path for path, told in files.items() if not self.is_as_told(path, told)), None)

    def _content(self, path: str) -> str:
        if not any(path == place or path.startswith(f"{place}/") for place in self.places):
            return ""
        try:
            with open(path, "rb") as file:
                return "" if os.fstat(file.fileno()).st_size > _MOST else hashlib.sha256(file.read()).hexdigest()
        except OSError:
            return ""
