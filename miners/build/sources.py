"""The inputs for an engine before any rule is proven: its classes, the feeds of its fronts, and its code."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import final

from miners.build.producers import OneClass, challenges_of, read_class
from miners.code.imported import ImportedReader
from miners.fronts.feeds import Feed
from miners.gate.counterexamples import Counterexamples
from miners.static import SiteFinding
from miners.surface.facts import ClassFacts
from pytest_llem_invariants.engines.base import ENV, EngineAdapter
from pytest_llem_invariants.engines.packages import functions_seeing
from pytest_llem_invariants.model import EMPTY, Kwargs, Rule


def fronts(adapter: EngineAdapter, surface: Iterable[str]) -> tuple[str, ...]:
    """The fronts: classes whose SSOT build steps return another object."""
    return tuple(name for name in surface if is_front(adapter, name))


def is_front(adapter: EngineAdapter, name: str) -> bool:
    """Whether a class is a front: it only collects what other classes validate."""
    entry = adapter.ssot.native_type(name)
    return entry is not None and any(step.returns for step in entry.build)


@final
@dataclass(frozen=True, slots=True)
class Sources:
    """The engine, and all knowledge about it that does not come from its answers."""

    adapter: EngineAdapter
    surface: Mapping[str, ClassFacts]
    feeds: Sequence[Feed]
    counterexamples: Counterexamples
    earlier: Sequence[Rule]
    reader: ImportedReader
    handed: Mapping[str, Sequence[Feed]] = field(default_factory=dict)
    """What classes hand on to others when they are validated."""

    def one(self, name: str) -> OneClass:
        return OneClass(self.adapter, self.surface, name)

    def lines_of(self, name: str) -> int:
        """The length of a class's code: a measure of how long reading it takes."""
        read = self.reader.class_at(self.surface[name].target)
        return 0 if read is None else (read.node.end_lineno or read.node.lineno) - read.node.lineno

    def challenges_of(self, name: str) -> Iterator[Kwargs]:
        """The challenges for the rules of a class, whatever they are."""
        yield from self.counterexamples.get(name, ())
        yield from challenges_of(self.one(name))

    def contexts_read(self, name: str) -> tuple[str, ...]:
        """The context fields that the module of a class reads; for a front, which runs many modules, all.

        Facts are not among them: they are tried in other worlds, and by rules that name them.
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
            or any(place in source for place in functions_seeing(ssot, field))
        )

    def facts_of(self, name: str) -> tuple[str, ...]:
        """The context fields with which a class is probed: those that its module reads, and those declared for it; for
        a front of which none are declared, all.

        None unless a typed fact is among them: conditions on the platform and the environment are read from the code.
        """
        ssot = self.adapter.ssot
        entry = ssot.native_type(name)
        declared = () if entry is None else entry.facts
        if not declared and is_front(self.adapter, name):
            declared = ("*",)
        asked = set(self.contexts_read(name))
        named = tuple(one for one in ssot.context if one in asked or any(fnmatchcase(one, like) for like in declared))
        return named if any(ssot.context[one].type is not None for one in named) else ()


@final
class Readings:
    """The findings for each class, read on first use."""

    def __init__(self, sources: Sources, known: Mapping[str, tuple[SiteFinding, ...]] = EMPTY) -> None:
        self._sources = sources
        self._known = dict(known)

    def of(self, name: str) -> tuple[SiteFinding, ...]:
        """The findings of a class; a class that is not mined itself is read once in each worker."""
        if name not in self._known:
            sources = self._sources
            self._known[name] = read_class(sources.one(name), sources.reader)
        return self._known[name]
