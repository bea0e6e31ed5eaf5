"""The readers, each with the files it takes and how it reads one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, final

from pytest_llem_invariants.readers.declared import Engine, plugins, traces
from pytest_llem_invariants.readers.found import Found
from pytest_llem_invariants.readers.launches import says_something
from pytest_llem_invariants.readers.source import Source, whole

Read = Callable[[Source, Sequence[Engine]], Iterator[Found]]


_KEY: Final = re.compile(r"^[A-Za-z][\w-]*:[ \t]*(?:#.*)?$", re.MULTILINE)
"""A key of a mapping, alone in its line."""


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


def _yaml(source: Source, known: Sequence[Engine]) -> Iterator[Found]:
    from pytest_llem_invariants.readers import yaml_files

    yield from yaml_files.read(source, known)


def _shell(source: Source, known: Sequence[Engine]) -> Iterator[Found]:
    from pytest_llem_invariants.readers import scripts

    yield from scripts.read(source, known)


def _template(source: Source, known: Sequence[Engine]) -> Iterator[Found]:
    """A template whose ending does not say of what: of YAML where it has lines that are keys, else of a script."""
    from pytest_llem_invariants.readers.yaml_tree import filled

    if source.text.startswith("#!") or not _KEY.search(source.text):
        yield from _shell(source.part(0, len(source.text), filled(source.text)), known)
    else:
        yield from _yaml(source, known)


def _markdown(source: Source, known: Sequence[Engine]) -> Iterator[Found]:
    from pytest_llem_invariants.readers import markdown, scripts, yaml_files

    yield from markdown.read(source, known, yaml_files.read, scripts.read)


def _python(source: Source, known: Sequence[Engine]) -> Iterator[Found]:
    from pytest_llem_invariants.readers import python_calls

    yield from python_calls.read(source, known)


def _notebook(source: Source, known: Sequence[Engine]) -> Iterator[Found]:
    from pytest_llem_invariants.readers import notebook

    yield from notebook.read(source, known)


def _dockerfile(source: Source, known: Sequence[Engine]) -> Iterator[Found]:
    from pytest_llem_invariants.readers import dockerfile

    yield from dockerfile.read(source, known)


READERS: Final = (
    Reader("yaml", "containers, engine sections and command lines", _yaml, (".yaml", ".yml")),
    Reader("shell", "command lines", _shell, (".sh", ".bash", ".zsh", ".slurm", ".sbatch", ".env", ".service")),
    Reader(
        "markdown", "command lines, YAML and Python in fenced blocks", _markdown, (".md", ".markdown", ".mdx", ".qmd")
    ),
    Reader("notebook", "calls and command lines in code cells", _notebook, (".ipynb",)),
    Reader("python", "calls of an engine's classes, and lists of words that start one", _python, (".py",)),
    Reader("template", "containers and command lines", _template, (".tpl", ".j2", ".jinja", ".jinja2", ".tmpl")),
    Reader("dockerfile", "CMD and ENTRYPOINT", _dockerfile, (".dockerfile",), ("dockerfile", "containerfile")),
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
    added = {engine.name: plugins(engine, text) for engine in known}
    found = (
        replace(one, beside=replace(one.beside, plugins=added[one.engine])) if added[one.engine] else one
        for one in reader.read(whole(text), known)
        if says_something(one)
    )
    return sorted(found, key=lambda one: one.place)
