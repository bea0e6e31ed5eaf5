"""A script with the documents in it: what it writes into a file, or gives to another program, is read as what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from pytest_llem_invariants.readers import yaml_files
from pytest_llem_invariants.readers.declared import Engine
from pytest_llem_invariants.readers.found import Beside, Found
from pytest_llem_invariants.readers.launches import of_command
from pytest_llem_invariants.readers.python_calls import read as read_python
from pytest_llem_invariants.readers.shell import commands
from pytest_llem_invariants.readers.source import Source

KEY: Final = re.compile(r"^[ \t-]*[A-Za-z][\w.-]*:(?:[ \t]|$)", re.MULTILINE)
"""A key of a mapping, at the beginning of its line."""


def read(source: Source, known: Sequence[Engine], beside: Beside | None = None) -> Iterator[Found]:
    """What a script starts, and what its here-documents hold."""
    for command in commands(source):
        if command.document is None:
            yield from of_command(command, known, beside or Beside())
        elif command.words and str(command.words[0]).rpartition("/")[2].startswith("python"):
            yield from read_python(command.document, known)
        elif command.words and str(command.words[0]).rpartition("/")[2] in ("bash", "sh", "ssh"):
            yield from read(command.document, known, beside)
        elif KEY.search(command.document.text):
            yield from yaml_files.read(command.document, known, depth=1)
