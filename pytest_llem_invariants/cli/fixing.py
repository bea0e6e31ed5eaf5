"""`--fix`: what is certain is written into the files, each change by itself, and read and checked again before."""

from __future__ import annotations

import difflib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

from pytest_llem_invariants.checker.documents import Config
from pytest_llem_invariants.cli.files import Files, in_paths
from pytest_llem_invariants.cli.formats.common import where
from pytest_llem_invariants.cli.surroundings import Surroundings
from pytest_llem_invariants.errors import CorpusError, LlemError
from pytest_llem_invariants.readers import edits
from pytest_llem_invariants.readers.edits import Change, UnsureError
from pytest_llem_invariants.readers.found import COMMAND, Found
from pytest_llem_invariants.readers.registry import reader_of
from pytest_llem_invariants.text import bounded
from pytest_llem_invariants.text.atomic import write_atomically
from pytest_llem_invariants.text.terminal import say

if TYPE_CHECKING:
    import argparse

    from pytest_llem_invariants.checker.verdict import Violation
    from pytest_llem_invariants.cli.checked import Checked

_LEFT_ALONE: Final = frozenset({"python", "notebook", "template"})
"""Kinds of files in which nothing is changed."""
_MARK: Final = "\ufeff"
_LARGEST: Final = 2 * 1024 * 1024
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
    names = dict.fromkeys(one.name for one in checked if any(found.edit for found in one.verdict.violations))
    texts = [_Text(name, files) for name in names]
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
            found = next(((number, one) for number, one in _certain(docs) if _key(number, one) not in left), None)
            if found is None:
                return
            number, violation = found
            place = where(docs[number], violation)
            try:
                self._text = self._changed(docs, number, violation)
                self.changes += 1
                self.told.append(f"{place}: fixed: {_said(violation)}")
            except (UnsureError, LlemError) as error:
                left.add(_key(number, violation))
                self.told.append(f"{place}: not fixed: {violation.fields[0]}: {error}")

    def _changed(self, docs: Sequence[Checked], number: int, violation: Violation) -> str:
        """The text with one change, if that is all that is other in it."""
        reader = reader_of(self.name)
        kind = "" if reader is None else reader.name
        if kind in _LEFT_ALONE:
            raise UnsureError(f"nothing is changed in a {kind}")
        change = _change(self._text, self.name, docs[number], violation)
        text = change.span.applied(self._text)
        if change.is_in_variable and not (
            kind == "shell" and edits.is_for_engines(self._text, text, self._files.engines())
        ):
            raise UnsureError("it is in a variable, which something else may use")
        parts = edits.outline(kind, self._text)
        if parts is not None and not edits.differs_once(parts, edits.outline(kind, text) or []):
            raise UnsureError("something else would change")
        after = self._files.of_text(self.name, text)
        if [_told(one) for one in after] != [
            _expected(one, change, violation if at == number else None) for at, one in enumerate(docs)
        ]:
            raise UnsureError("something else would change")
        if _rejected(after) - _rejected(docs) or _key(number, violation) in {_key(*one) for one in _certain(after)}:
            raise UnsureError("it would be rejected for something else")
        return text

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


def _certain(docs: Sequence[Checked]) -> Iterator[tuple[int, Violation]]:
    for number, one in enumerate(docs):
        for violation in one.verdict.violations:
            # A name that is not refused has no effect; with another name it would get one.
            if violation.edit is not None and (violation.edit.new is None or violation.severity == "error"):
                yield number, violation


def _key(number: int, violation: Violation) -> tuple[Any, ...]:
    return number, violation.rule_id, violation.fields, violation.path


def _said(violation: Violation) -> str:
    name, edit = violation.fields[0], violation.edit
    if edit is None or edit.new is None:
        return f"{name} is left out"
    return f"{name} is {edits.spelled_like(edit.new, name)}"


def _change(text: str, name: str, checked: Checked, violation: Violation) -> Change:
    """What to change for a finding."""
    edit, source = violation.edit, checked.source
    if edit is None or source is None or checked.place_of is None:
        raise UnsureError("its place is not known")
    written = str(violation.fields[0])
    new = None if edit.new is None else edits.spelled_like(edit.new, written)
    if isinstance(source, Found) and source.form == COMMAND:
        if new is None:
            return edits.without_option(text, source.words, written, edit.takes)
        return edits.renamed_option(text, source.words, written, new)
    key = str(violation.path[-1]) if violation.path else ""
    place = checked.place_of(violation.path)
    if new is None:
        return edits.without_key(text, key, place, is_json=name.endswith(".json"))
    new = new.rpartition(".")[2] if "." in written else new.removeprefix("--")
    if "." in new or new == key or new in _beside(source, violation.path):
        raise UnsureError("the new name is no key of this mapping, or is there already")
    return edits.renamed_key(text, key, place, new)


def _beside(source: Found | Config, path: Sequence[str | int]) -> frozenset[str]:
    """The keys of the mapping in which the last of a path stands, in every spelling."""
    here: Any = source.data
    for step in path[:-1]:
        here = here[step]
    return frozenset(
        name for key in here for name in (str(key), str(key).replace("-", "_"), str(key).replace("_", "-"))
    )


# Whether it is the same but for the change ----------------------------------------------------------------------------


def _told(checked: Checked) -> Any:
    """What was read, without the places."""
    source = checked.source
    if isinstance(source, Found):
        words = [(str(word), word.known, word.given, word.several) for word in source.words]
        return source.engine, source.form, words, _plain(source.data), source.beside
    return None if source is None else _plain(source.data)


def _plain(data: Any) -> str:
    return json.dumps(data, default=repr)


def _expected(checked: Checked, change: Change, violation: Violation | None) -> Any:
    """The same of what is read of the new text; `violation` is of this config."""
    source = checked.source
    if isinstance(source, Found) and source.form == COMMAND:
        return source.engine, source.form, change.words(source.words), _plain(source.data), source.beside
    if violation is None or source is None:
        return _told(checked)
    data = _other_data(source.data, violation.path, change.span.text)
    if isinstance(source, Found):
        return source.engine, source.form, [], _plain(data), source.beside
    return _plain(data)


def _other_data(data: Any, path: Sequence[str | int], new: str) -> Any:
    """Data without a key, or with another name for it."""
    whole = deepcopy(dict(data))
    here: Any = whole
    for step in path[:-1]:
        here = here[step]
    items = [(new if key == path[-1] else key, value) for key, value in here.items() if new or key != path[-1]]
    here.clear()
    here.update(items)
    return whole


def _rejected(docs: Sequence[Checked]) -> set[tuple[Any, ...]]:
    """What is rejected, whatever the facts are."""
    return {_key(at, one) for at, doc in enumerate(docs) for one in doc.verdict.errors}
