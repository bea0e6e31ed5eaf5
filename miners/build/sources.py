"""An engine before any rule of it is proven: its classes, what they hand on, and what their code says."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import final

from miners.build.producers import challenges_of, read_class
from miners.code.imported import ImportedReader
from miners.fronts.feeds import Feed
from miners.gate.counterexamples import Counterexamples
from miners.static import SiteFinding
from miners.surface.facts import ClassFacts
from pytest_llem_invariants.engines.base import ENV, EngineAdapter
from pytest_llem_invariants.model import EMPTY, Kwargs, Rule


def fronts(adapter: EngineAdapter, surface: Iterable[str]) -> tuple[str, ...]:
    """Classes that only collect what others validate: the SSOT gives them build steps that return another object."""
    return tuple(name for name in surface if is_front(adapter, name))


def is_front(adapter: EngineAdapter, name: str) -> bool:
    """Whether a class only collects what others validate."""
    entry = adapter.ssot.native_type(name)
    return entry is not None and any(step.returns for step in entry.build)


@final
@dataclass(frozen=True, slots=True)
class Sources:
    """The engine, and what is known of it from elsewhere than its answers."""

    adapter: EngineAdapter
    surface: Mapping[str, ClassFacts]
    feeds: Sequence[Feed]
    counterexamples: Counterexamples
    earlier: Sequence[Rule]
    reader: ImportedReader

    def lines_of(self, name: str) -> int:
        """How long the code of a class is: about what reading it takes."""
        read = self.reader.class_at(self.surface[name].target)
        return 0 if read is None else (read.node.end_lineno or read.node.lineno) - read.node.lineno

    def challenges_of(self, name: str) -> Iterator[Kwargs]:
        """What the rules of a class are challenged with, whichever they are."""
        yield from self.counterexamples.get(name, ())
        yield from challenges_of(self.adapter, self.surface, name)

    def contexts_read(self, name: str) -> tuple[str, ...]:
        """The context fields that the module of a class asks for; of a front, which runs many modules, all.

        Facts are not among them: they are tried in other worlds, and where a rule names them.
        """
        ssot = self.adapter.ssot
        fields = [field for field, declared in ssot.context.items() if not declared.is_fact]
        if is_front(self.adapter, name):
            return tuple(fields)
        try:
            source = inspect.getsource(sys.modules[self.adapter.native_class(name).__module__])
        except (OSError, TypeError, KeyError):
            return ()
        asked = ssot.adapter.get("reads", {})
        roots = {
            field: {chain.partition(".")[0] for chain, read in asked.items() if read == field or field in read}
            for field in fields
        }
        return tuple(
            field
            for field in fields
            if any(root in source for root in roots[field])
            or (field.startswith(ENV) and field.removeprefix(ENV) in source)
        )

    def facts_of(self, name: str) -> tuple[str, ...]:
        """The context fields beside which a class is probed: what its module asks for, and what is declared for it.

        Of a front these are all. None where no typed fact is among them: what the platform and the environment decide
        is read.
        """
        ssot = self.adapter.ssot
        entry = ssot.native_type(name)
        declared = ("*",) if is_front(self.adapter, name) else () if entry is None else entry.facts
        asked = set(self.contexts_read(name))
        named = tuple(one for one in ssot.context if one in asked or any(fnmatchcase(one, like) for like in declared))
        return named if any(ssot.context[one].type is not None for one in named) else ()


@final
class Readings:
    """What the code of each class says, read when it is first asked for."""

    def __init__(self, sources: Sources, known: Mapping[str, tuple[SiteFinding, ...]] = EMPTY) -> None:
        self._sources = sources
        self._known = dict(known)

    def of(self, name: str) -> tuple[SiteFinding, ...]:
        """What the code of a class says; of one that is not mined itself, read once in each worker."""
        if name not in self._known:
            sources = self._sources
            self._known[name] = read_class(sources.adapter, sources.surface, name, sources.reader)
        return self._known[name]
