"""`--fix`: what is certain is written into the files, each change by itself, and read and checked again before."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from pytest_llem_invariants.cli.changing import key_of, name_of, spelled, with_edit
from pytest_llem_invariants.cli.files import Files, in_paths
from pytest_llem_invariants.cli.formats.common import where
from pytest_llem_invariants.cli.surroundings import Surroundings
from pytest_llem_invariants.errors import CorpusError, LlemError
from pytest_llem_invariants.readers.edits import UnsureError
from pytest_llem_invariants.text import bounded
from pytest_llem_invariants.text.atomic import write_atomically
from pytest_llem_invariants.text.terminal import say

if TYPE_CHECKING:
    import argparse

    from pytest_llem_invariants.checker.changes import Edit
    from pytest_llem_invariants.checker.verdict import Violation
    from pytest_llem_invariants.cli.checked import Checked

_MARK: Final = "\ufeff"
_LARGEST: Final = 2 * 1024 * 1024
_MOST_TRIED: Final = 20
"""In how many files is tried what a report only hints at."""
_MOST: Final = 500
"""How many changes of one file at most."""


def fix(options: argparse.Namespace) -> int:
    """Change what is certain in the files that are named, or show it as a patch; how many changes there are."""
    if not options.fix:
        raise LlemError("--diff shows what --fix would change — give both")
    if options.words or "-" in options.files:
        raise LlemError("--fix changes files: name one, or a folder")
    files = Files(options, Surroundings(options, options.gpu))
    checked = in_paths(files, options)
    texts = [_Text(name, files) for name in _with_certain(checked)]
    for text in texts:
        text.fix()
        say("\n".join(text.told), sys.stderr)
    for text in texts:
        if options.diff:
            sys.stdout.write(text.difference())
        else:
            text.write()
    number, changed = sum(text.changes for text in texts), sum(bool(text.changes) for text in texts)
    how = "would change" if options.diff else "changed"
    say(f"--fix: {how} {number} option{'s' * (number != 1)} in {changed} file{'s' * (changed != 1)}", sys.stderr)
    return number


def hint(checked: Sequence[Checked], options: argparse.Namespace) -> str:
    """How many of the findings `--fix` would mend, each tried; nothing where there is none."""
    names = [] if options.words or "-" in options.files else _with_certain(checked)
    files = Files(options, Surroundings(options, options.gpu))
    number = 0
    for name in names[:_MOST_TRIED]:
        try:
            text = _Text(name, files)
            text.fix()
        except LlemError:  # it changed meanwhile, or is too large
            continue
        number += text.changes
    least = "at least " if number and len(names) > _MOST_TRIED else ""
    return f"{least}{number} of these can be fixed: run with --fix (--diff shows the change)" if number else ""


def _with_certain(checked: Sequence[Checked]) -> list[str]:
    found = (one.name for one in checked if any(violation.certain for violation in one.verdict.violations))
    return list(dict.fromkeys(found))


@final
class _Text:
    """A file, changed step by step in memory."""

    def __init__(self, name: str, files: Files) -> None:
        self.name = name
        self._files = files
        self._raw = bounded.read_bytes(name, _LARGEST)
        self._before = self._text = bounded.decoded(self._raw, name)
        self.changes = 0
        self.told: list[str] = []
        """What was changed and what was not, with its place."""

    def fix(self) -> None:
        """Make each change that is certain; the place of the next is read anew."""
        left: set[tuple[Any, ...]] = set()
        while self.changes < _MOST:
            docs = self._files.of_text(self.name, self._text)
            found = next((one for one in _certain(docs) if key_of(*one[0]) not in left), None)
            if found is None:
                return
            finding, edit = found
            number, violation = finding
            place, name = where(docs[number], violation), name_of(violation, edit)
            try:
                self._text = with_edit(self._files, self.name, self._text, docs, finding, edit)
                self.changes += 1
                self.told.append(f"{place}: fixed: {spelled(violation, edit).done(name)}")
            except (UnsureError, LlemError) as error:
                left.add(key_of(*finding))
                self.told.append(f"{place}: not fixed: {name}: {error}")

    def difference(self) -> str:
        """The change as a patch."""
        before, after = (re.findall(r"[^\n]*\n|[^\n]+", text) for text in (self._before, self._text))
        told = difflib.unified_diff(before, after, self.name, self.name)
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in told)

    def write(self) -> None:
        """Put the new text in the place of the old, at once."""
        if not self.changes:
            return
        if bounded.read_bytes(self.name, _LARGEST) != self._raw:
            raise CorpusError("the file changed meanwhile", path=self.name, fix="run it again")
        mark = _MARK if self._raw.startswith(_MARK.encode()) else ""
        try:
            write_atomically(Path(self.name), mark + self._text)
        except OSError as error:
            reason = error.strerror or str(error)
            raise CorpusError(
                f"the file cannot be written: {reason}", path=self.name, fix="check its permissions"
            ) from error


def _certain(docs: Sequence[Checked]) -> Iterator[tuple[tuple[int, Violation], Edit]]:
    for number, one in enumerate(docs):
        for violation in one.verdict.violations:
            edit = violation.certain
            if edit is not None:
                yield (number, violation), edit
