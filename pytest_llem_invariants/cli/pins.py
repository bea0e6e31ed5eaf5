"""The version of an engine that the files beside a program require."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_llem_invariants.readers.declared import Engine

_KINDS = ("python", "notebook", "shell", "makefile", "justfile")
"""What runs in an environment that is described elsewhere."""
_NAMES = ("requirements.txt", "pyproject.toml", "config.yaml", "environment.yml", "environment.yaml", "Dockerfile")
"""Where it is described; the third is a Truss, whose program has a folder of its own."""
_LARGEST = 256 * 1024


class Pins:
    """Looks in the folder of a file and the one above; each file is read once."""

    def __init__(self) -> None:
        self._read: dict[str, str] = {}

    def version(self, name: str, engine: Engine) -> tuple[str, str] | None:
        """The one version that is required, and the file that says so."""
        from pytest_llem_invariants.readers.pins import based_on, pinned
        from pytest_llem_invariants.readers.registry import reader_of

        reader = reader_of(name)
        if reader is None or reader.name not in _KINDS:
            return None
        for path in _beside(name):
            text = self._text(path)
            versions = pinned(engine.package, text) or based_on(engine, text)
            if len(versions) == 1:
                return versions[0], path
            if versions:
                return None
        return None

    def _text(self, path: str) -> str:
        if path not in self._read:
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    self._read[path] = file.read(_LARGEST)
            except OSError:
                self._read[path] = ""
        return self._read[path]


def _beside(name: str) -> Iterator[str]:
    folder = os.path.dirname(name)
    for one in (folder, os.path.join(folder, os.pardir)):
        for other in _NAMES:
            yield os.path.normpath(os.path.join(one, other))
