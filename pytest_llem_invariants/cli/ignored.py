"""Which files of a folder git would leave out: `.gitignore` of the folder and of those in it."""

from __future__ import annotations

import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

NEVER = frozenset({".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", ".tox", ".mypy_cache", ".ruff_cache"})
"""Folders in which nobody keeps configs."""


class Ignored:
    """The patterns of one folder, and of those above it."""

    def __init__(self, folder: str = "", above: Ignored | None = None, lines: list[str] | None = None) -> None:
        self._folder = folder
        self._above = above
        self._patterns = [pattern for line in lines or () if (pattern := _pattern(line)) is not None]

    def at(self, path: str, *, is_folder: bool) -> bool:
        """Whether a path is left out; the last pattern that fits counts, the nearest file first."""
        inner = os.path.relpath(path, self._folder).replace(os.sep, "/") if self._patterns else ""
        for keeps, only_folders, pattern in reversed(self._patterns):
            if (is_folder or not only_folders) and pattern.fullmatch(inner):
                return not keeps
        return self._above is not None and self._above.at(path, is_folder=is_folder)

    def below(self, folder: str) -> Ignored:
        """With the patterns of a folder in it."""
        try:
            with open(os.path.join(folder, ".gitignore"), encoding="utf-8", errors="replace") as file:
                return Ignored(folder, self, file.read(1 << 20).splitlines())
        except OSError:
            return self


def _pattern(line: str) -> tuple[bool, bool, re.Pattern[str]] | None:
    """Whether it takes back, whether it is for folders alone, and the expression for a path."""
    text = line.rstrip()
    if not text or text.startswith("#") or len(text) > 500:
        return None
    keeps = text.startswith("!")
    text = text.lstrip("!")
    only_folders = text.endswith("/")
    text = text.rstrip("/")
    anchored = "/" in text
    text = text.lstrip("/")
    pattern = "" if anchored else "(?:.*/)?"
    at = 0
    while at < len(text):
        if text.startswith("**/", at):
            pattern += "(?:[^/]+/)*"
            at += 3
        elif text.startswith("**", at):
            pattern += ".*"
            at += 2
        elif text[at] == "*":
            pattern += "[^/]*"
            at += 1
        elif text[at] == "?":
            pattern += "[^/]"
            at += 1
        elif text[at] == "[" and "]" in text[at + 2 :]:
            end = text.index("]", at + 2)
            inside = text[at + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
            pattern += f"[{'^' + inside[1:] if inside.startswith('!') else inside}]"
            at = end + 1
        else:
            at += text[at] == "\\"
            pattern += re.escape(text[at : at + 1])
            at += 1
    try:
        return keeps, only_folders, re.compile(pattern)
    except re.error:
        return None


def files_in(folder: str) -> Iterator[tuple[str, bool]]:
    """Each file of a folder and of those below it, in order, and whether git leaves it out."""
    waiting = [(folder, Ignored())]
    while waiting:
        here, above = waiting.pop()
        ignored = above.below(here)
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError:
            continue
        folders = []
        for entry in entries:
            if entry.is_symlink():
                continue
            if entry.is_dir():
                if entry.name not in NEVER and not ignored.at(entry.path, is_folder=True):
                    folders.append((entry.path, ignored))
            elif entry.is_file():
                yield entry.path, ignored.at(entry.path, is_folder=False)
        waiting.extend(reversed(folders))
