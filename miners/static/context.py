"""What code reads that is no keyword argument: the platform, environment variables. Declared in the SSOT."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cached_property, lru_cache
from typing import Any, Final, final

from miners.logic.formulas import Formula, atom
from miners.symbolic.terms import Bool, Field, Term, Told, Unknown
from pytest_llem_invariants.ssot import Ssot


@final
@dataclass(frozen=True)
class ContextReads:
    """How attribute chains on module-level names map to context fields.

    `reads` maps a chain as it is written (`current_platform.is_cuda`) either to the name of a context field, whose
    value it then is, or to `{field: [values]}`, for which it is true. `environments` names the modules whose
    attributes are environment variables; `declared` the context fields that a rule may speak of. `run_time` holds
    patterns of the dotted names of functions and attributes whose value a model, or a running engine, decides;
    `told` says of some such names, or of what is reached through them, which fact it is that they give.
    `of_packages` holds the words in which the library speaks of what is installed, `noise` those in which it only
    tells so.
    """

    reads: Mapping[str, str | Mapping[str, Any]] = field(default_factory=dict)
    environments: tuple[str, ...] = ()
    declared: Collection[str] = frozenset()
    run_time: tuple[str, ...] = ()
    of_packages: str | None = None
    noise: str | None = None
    told: Mapping[str, str] = field(default_factory=dict)

    def told_at(self, name: str) -> Field | Told | None:
        """What an attribute or, with `()`, a function of that name gives, where that is a fact or leads to one."""
        fact = self.told.get(name)
        if fact is not None and fact in self.declared:
            return Field(fact)
        return Told(name) if name in self._ways else None

    @cached_property
    def _ways(self) -> frozenset[str]:
        """The names on the way to what is told."""
        pieces = (name.split(".") for name in self.told)
        return frozenset(".".join(parts[:length]) for parts in pieces for length in range(1, len(parts)))

    def is_of_run_time(self, name: str) -> bool:
        """Whether no config says what the function or attribute of that dotted name gives."""
        return bool(self.run_time) and _among_names(self.run_time, name)

    def is_of_packages(self, message: str, *, announced: bool) -> bool:
        """Whether a message speaks of what is installed, and not of a config."""
        words = (self.of_packages, self.noise if announced else None)
        return any(one is not None and re.search(one, message) for one in words)

    def read(self, chain: str, place: str) -> Term | None:
        """The term behind a chain; None where it is no matter of the context."""
        found = self.reads.get(chain)
        if isinstance(found, str):
            return Field(found) if found in self.declared else None
        if isinstance(found, Mapping):
            ((name, values),) = found.items()
            return Bool(_among(name, values)) if name in self.declared else None
        root, _, rest = chain.partition(".")
        if root in self.environments and rest.isupper():
            return self.environment(rest, place)
        if any(known.partition(".")[0] == root for known in self.reads):
            return Unknown(chain, place, "platform")
        return None

    def environment(self, variable: str, place: str) -> Term:
        name = f"env.{variable}"
        return Field(name) if name in self.declared else Unknown(name, place, "environment")


def _among(name: str, values: Any) -> Formula:
    return atom(name, "in", list(values))


@lru_cache(maxsize=65536)
def _among_names(patterns: tuple[str, ...], name: str) -> bool:
    return _any_of(patterns).match(name) is not None


@lru_cache(maxsize=64)
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, patterns)))


NO_CONTEXT: Final = ContextReads()


def context_reads(ssot: Ssot) -> ContextReads:
    """What the SSOT declares of the library's ways to ask for its platform and its environment variables."""
    declared = ssot.adapter
    return ContextReads(
        declared.get("reads", {}),
        tuple(declared.get("environments", ())),
        declared=ssot.context,
        run_time=tuple(declared.get("run_time", ())),
        of_packages=declared.get("asks_for_package"),
        noise=declared.get("noise"),
        told=declared.get("told", {}),
    )
