"""Facts that a file states by their names: a mapping of dotted names to values, nested as one likes."""

from __future__ import annotations

from pytest_llem_invariants.checker.core import FactError
from pytest_llem_invariants.checker.documents import read
from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.text.terminal import shortened
from pytest_llem_invariants.worlds.world import GROUPS, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import Any

    from pytest_llem_invariants.checker.checker import Checker

_DEVICE = ("device.platform", "device.capability", "device.count", "device.memory", "device.name", "platform")
_AS_WRITTEN = (
    *("model.config.", "model.text.", "model.generation.", "model.tokenizer.", "model.adapter."),
    *("env.", "packages."),
)
"""What is in these groups is named by somebody else."""


class Stated:
    """The facts of a file, each with the line that states it."""

    def __init__(self, name: str) -> None:
        config = read(name)
        self.name = config.name
        self.facts: dict[str, Any] = {}
        self._lines: dict[str, int] = {}
        for fact, path, value in _flat("", (), config.data):
            line = config.place_of(path)[0]
            if fact in self.facts:
                raise CorpusError(f"the fact {shortened(fact)} is stated twice", path=self.name, line=line)
            self.facts[fact] = value
            self._lines[fact] = line

    def check(self, checker: Checker) -> None:
        """Refuse, in one line, a fact that the corpus does not declare and no file could tell, or of another type."""
        self._check_names(checker.declared_context, f"{checker.engine} {checker.version}")
        try:
            checker.known(World(facts=self.facts).context(checker.declared_context))
        except FactError as error:
            raise CorpusError(str(error), path=self.name, line=self._lines.get(error.fact)) from error

    def _check_names(self, declared: Collection[str], corpus: str) -> None:
        known = tuple(dict.fromkeys((*declared, *_DEVICE, "model.files")))
        for fact in self.facts:
            if fact in known or fact.startswith(_AS_WRITTEN):
                continue
            if not fact.startswith(GROUPS):
                message = f"no fact {shortened(repr(fact))}: a fact begins with {', '.join(GROUPS)}"
            else:
                message = f"no fact {shortened(repr(fact))}: no rule of {corpus} asks for it"
            from pytest_llem_invariants.text.likeness import said_names

            raise CorpusError(message, path=self.name, line=self._lines[fact], fix=said_names(fact, known))


def _flat(prefix: str, path: tuple[str | int, ...], data: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for key, value in data.items():
        name, place = f"{prefix}{key}", (*path, key)
        if isinstance(value, dict) and value:
            yield from _flat(f"{name}.", place, value)
        else:
            yield name, place, value
