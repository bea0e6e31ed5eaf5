"""The readers, each with the files it takes and how it reads one."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, final

from pytest_llem_invariants.readers.declared import Engine, plugins, traces
from pytest_llem_invariants.readers.found import Found
from pytest_llem_invariants.readers.launches import says_something
from pytest_llem_invariants.readers.pins import pinned
from pytest_llem_invariants.readers.source import Source, whole
from pytest_llem_invariants.text.collector import quiet_collector

Read = Callable[[Source, Sequence[Engine]], Iterator[Found]]


_KEY: Final = re.compile(r"^[A-Za-z][\w-]*:[ \t]*(?:#.*)?$", re.MULTILINE)
"""A key of a mapping, alone in its line."""
_COMMENT: Final = re.compile(r"(?<!\$)\{#(?:[^#]|#(?!\}))*#\}")
"""A comment of a template; `${#NAME}` is a shell's."""


@final
@dataclass(frozen=True, slots=True)
class Reader:
    """One format: by which names its files are known, and what it looks for."""

    name: str
    looks_for: str
    read: Read
    endings: Sequence[str] = ()
    names: Sequence[str] = ()
    """Beginnings of the names of its files, in lower case."""


def _read_by(module: str) -> Read:
    """The reader in a module beside this one, which is imported for the first file of its kind: start-up is bounded."""

    def read(source: Source, known: Sequence[Engine]) -> Iterator[Found]:
        reader: Read = importlib.import_module(f"pytest_llem_invariants.readers.{module}").read
        yield from reader(source, known)

    return read


_yaml: Final = _read_by("yaml_files")
_shell: Final = _read_by("scripts")


def _template(source: Source, known: Sequence[Engine]) -> Iterator[Found]:
    """A template whose ending does not say of what: of YAML where it has lines that are keys, else of a script."""
    from pytest_llem_invariants.readers.yaml_tree import filled

    source = source.part(0, len(source.text), _COMMENT.sub(_blank, source.text))
    if source.text.startswith("#!") or not _KEY.search(source.text):
        yield from _shell(source.part(0, len(source.text), filled(source.text)), known)
    else:
        yield from _yaml(source, known)


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])


def _markdown(source: Source, known: Sequence[Engine]) -> Iterator[Found]:
    from pytest_llem_invariants.readers import markdown, scripts, yaml_files

    yield from markdown.read(source, known, yaml_files.read, scripts.read)


READERS: Final = (
    Reader("yaml", "containers, engine sections and command lines", _yaml, (".yaml", ".yml")),
    Reader("shell", "command lines", _shell, (".sh", ".bash", ".zsh", ".slurm", ".sbatch", ".env"), (".env",)),
    Reader(
        "markdown", "command lines, YAML and Python in fenced blocks", _markdown, (".md", ".markdown", ".mdx", ".qmd")
    ),
    Reader("notebook", "calls and command lines in code cells", _read_by("notebook"), (".ipynb",)),
    Reader(
        "python", "calls of an engine's classes, and lists of words that start one", _read_by("python_calls"), (".py",)
    ),
    Reader("template", "containers and command lines", _template, (".tpl", ".j2", ".jinja", ".jinja2", ".tmpl")),
    Reader(
        "dockerfile", "CMD and ENTRYPOINT", _read_by("dockerfile"), (".dockerfile",), ("dockerfile", "containerfile")
    ),
    Reader("unit", "ExecStart, and Image with Exec", _read_by("units"), (".service", ".container")),
    Reader("makefile", "command lines of recipes", _read_by("makefile"), (".mk",), ("makefile", "gnumakefile")),
    Reader("justfile", "command lines of recipes", _read_by("justfile"), (".just",), ("justfile", ".justfile")),
)
JSON: Final = ".json"
"""Holds one mapping, which needs no reader."""


def reader_of(name: str) -> Reader | None:
    """The reader for a file of this name."""
    base = name.replace("\\", "/").rpartition("/")[2].lower()
    for reader in READERS:
        if base.endswith(tuple(reader.endings)) or (reader.names and base.startswith(tuple(reader.names))):
            return reader
    return None


def read(name: str, text: str, known: Sequence[Engine], *, is_named: bool = False) -> list[Found]:
    """Every engine config that the reader for this file finds in its text, in the order of the text.

    A text without a trace of an engine is read only if somebody named the file.
    """
    reader = reader_of(name)
    if reader is None or not (is_named or any(trace in text for trace in traces(known))):
        return []
    with quiet_collector():
        found = [one for one in reader.read(whole(text), known) if says_something(one)]
    named = {one.engine for one in found}
    added = {engine.name: plugins(engine, text) for engine in known if engine.name in named}
    asked = {engine.name: pinned(engine.package, text) for engine in known if engine.name in named}
    told = (
        _with_version(replace(one, beside=replace(one.beside, plugins=added[one.engine])), asked[one.engine])
        if added[one.engine] or asked[one.engine]
        else one
        for one in found
    )
    return sorted(told, key=lambda one: one.place)


def _with_version(found: Found, versions: Sequence[str]) -> Found:
    """With the version that the text requires, where nothing nearer tells one; of several it may be any."""
    beside = found.beside
    if not versions or beside.version is not None or beside.image is not None:
        return found
    if len(versions) > 1:
        return replace(found, beside=replace(beside, is_built=True))
    return replace(found, beside=replace(beside, version=versions[0], is_built=False))
