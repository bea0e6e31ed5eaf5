"""One change of a file's text for a finding, read and checked again: what else would change is not changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pytest_llem_invariants.checker.changes import LEFT_OUT, RENAMED, SET, SWITCHED, Edit
from pytest_llem_invariants.checker.checker import ENVIRONMENT
from pytest_llem_invariants.readers import edits, outline, variables
from pytest_llem_invariants.readers.edits import Change, UnsureError
from pytest_llem_invariants.readers.found import COMMAND, Beside, Found
from pytest_llem_invariants.readers.registry import reader_of

if TYPE_CHECKING:
    from pytest_llem_invariants.checker.documents import Config
    from pytest_llem_invariants.checker.verdict import Violation
    from pytest_llem_invariants.cli.checked import Checked
    from pytest_llem_invariants.cli.files import Files
    from pytest_llem_invariants.readers.source import Place

    Path = tuple[str | int, ...]

_LEFT_ALONE: Final = frozenset({"python", "notebook", "template"})
"""Kinds of files in which nothing is changed."""


def name_of(violation: Violation, edit: Edit) -> str:
    """What an edit changes, as it is written."""
    return str(violation.fields[0] if edit.field is None else edit.field)


def spelled(violation: Violation, edit: Edit) -> Edit:
    """The same edit with its new name in the spelling of the old one."""
    if edit.kind != RENAMED or edit.inner is not None:
        return edit
    new = edits.spelled_like(edit.new, name_of(violation, edit))
    return Edit(RENAMED, new, field=edit.field, takes=edit.takes, is_certain=edit.is_certain)


def key_of(number: int, violation: Violation) -> tuple[Any, ...]:
    """What makes a finding the same in another text."""
    return number, violation.rule_id, violation.fields, violation.path


def with_edit(
    files: Files, name: str, text: str, docs: Sequence[Checked], finding: tuple[int, Violation], edit: Edit
) -> str:
    """The text with one edit for a finding of the document of that number.

    UnsureError where something else would change, or the finding would stay or another one come.
    """
    number, violation = finding
    reader = reader_of(name)
    kind = "" if reader is None else reader.name
    if kind in _LEFT_ALONE:
        raise UnsureError(f"nothing is changed in a {kind}")
    edit = spelled(violation, edit)
    change, path = _change(text, name, docs[number], violation, edit)
    after = change.span.applied(text)
    if change.is_in_variable and not (kind == "shell" and outline.is_for_engines(text, after, files.engines())):
        raise UnsureError("it is in a variable, which something else may use")
    parts = outline.outline(kind, text)
    if parts is not None and not outline.differs_once(parts, outline.outline(kind, after) or []):
        raise UnsureError("something else would change")
    now = files.of_text(name, after)
    edited = [(path, edit) if at == number else None for at in range(len(docs))]
    if list(map(_told, now)) != [_expected(one, change, what) for one, what in zip(docs, edited, strict=True)]:
        raise UnsureError("something else would change")
    if _rejected(now) - _rejected(docs) or key_of(number, violation) in _findings(now):
        raise UnsureError("it would be rejected for something else")
    return after


# The change of the text -----------------------------------------------------------------------------------------------


def _change(text: str, name: str, checked: Checked, violation: Violation, edit: Edit) -> tuple[Change, Path]:
    """What to change for a finding, and where that is in a mapping."""
    source = checked.source
    if source is None or checked.place_of is None:
        raise UnsureError("its place is not known")
    written = name_of(violation, edit)
    if violation.native_type == ENVIRONMENT:
        return _of_variable(text, source, written, edit), ()
    if isinstance(source, Found) and source.form == COMMAND:
        return _of_command(text, source, written, edit), ()
    path = _path(source, violation, written, edit)
    key, place = str(path[-1]), checked.place_of(path)
    is_json = name.endswith(".json")
    if edit.kind == LEFT_OUT:
        return edits.without_key(text, key, place, is_json=is_json), path
    if edit.kind == SET:
        return edits.valued_key(text, key, place, edit.new, is_json=is_json), path
    if edit.kind == SWITCHED:
        raise UnsureError("no command line is written there")
    new = edit.new if edit.inner is not None else _key_for(edit.new, written)
    if "." in new or new == key or new in _beside(source, path):
        raise UnsureError("the new name is no key of this mapping, or is there already")
    return edits.renamed_key(text, key, place, new), path


def _of_variable(text: str, source: Found | Config, name: str, edit: Edit) -> Change:
    if not isinstance(source, Found) or name not in source.beside.places or edit.kind != LEFT_OUT:
        raise UnsureError("it is not set in this file")
    change = variables.without_variable(text, name, source.beside.places[name])
    return replace(change, variable=(name, source.beside.places[name]))


def _of_command(text: str, found: Found, option: str, edit: Edit) -> Change:
    if edit.inner is not None:
        return edits.within_option(text, found.words, option, edit.inner, edit.new)
    if edit.kind == LEFT_OUT:
        return edits.without_option(text, found.words, option, edit.takes)
    if edit.kind == SET:
        return edits.valued_option(text, found.words, option, edit.new)
    if edit.kind == SWITCHED:
        return edits.switched_option(text, found.words, option, edit.new)
    return edits.renamed_option(text, found.words, option, edit.new)


def _key_for(new: str, written: str) -> str:
    return new.rpartition(".")[2] if "." in written else new.removeprefix("--")


def _path(source: Found | Config, violation: Violation, written: str, edit: Edit) -> Path:
    """Where what is changed stands in the mapping that was read."""
    path: Path = violation.path
    if edit.field is not None and violation.fields and edit.field != violation.fields[0]:
        path = (*path[:-1], written.rpartition(".")[2])
    if edit.inner is not None:
        path = (*path, edit.inner)
    here: Any = source.data if path else None
    for step in path[:-1]:
        here = here[step] if isinstance(here, Mapping) and step in here else None
    if not isinstance(here, Mapping) or path[-1] not in here:
        raise UnsureError("its place is not known")
    return path


def _beside(source: Found | Config, path: Path) -> frozenset[str]:
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


def _expected(checked: Checked, change: Change, edited: tuple[Path, Edit] | None) -> Any:
    """The same of what is read of the new text; `edited` is what is changed of this one, and where."""
    source = checked.source
    if change.variable is not None and isinstance(source, Found):
        engine, form, words, data, _ = _told(checked)
        return engine, form, words, data, _without(source.beside, *change.variable)
    if isinstance(source, Found) and source.form == COMMAND:
        return source.engine, source.form, change.words(source.words), _plain(source.data), source.beside
    if change.variable is not None or edited is None or source is None:
        return _told(checked)
    data = _other_data(source.data, *edited, change.span.text)
    if isinstance(source, Found):
        return source.engine, source.form, [], _plain(data), source.beside
    return _plain(data)


def _without(beside: Beside, name: str, place: Place) -> Beside:
    """The facts without a variable, where it is that place which sets it."""
    if beside.places.get(name) != place:
        return beside
    env = {other: value for other, value in beside.env.items() if other != name}
    return replace(beside, env=env, unknown_env=beside.unknown_env - {name})


def _other_data(data: Any, path: Path, edit: Edit, new: str) -> Any:
    """Data without a key, or with another name or value for it."""
    whole = deepcopy(dict(data))
    here: Any = whole
    for step in path[:-1]:
        here = here[step]
    if edit.kind == SET:
        here[path[-1]] = edit.new
        return whole
    items = [(new if key == path[-1] else key, value) for key, value in here.items() if new or key != path[-1]]
    here.clear()
    here.update(items)
    return whole


def _findings(docs: Sequence[Checked]) -> set[tuple[Any, ...]]:
    """What is said, whether or not facts decide it."""
    return {
        key_of(at, one)
        for at, doc in enumerate(docs)
        for one in (*doc.verdict.violations, *(depending.violation for depending in doc.verdict.depends))
    }


def _rejected(docs: Sequence[Checked]) -> set[tuple[Any, ...]]:
    """What is rejected, whatever the facts are."""
    return {key_of(at, one) for at, doc in enumerate(docs) for one in doc.verdict.errors}
