"""The static miner: read the code that checks a configuration, and find each effect with its condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from miners.static.candidates import findings_of, without_defaults
from miners.static.context import NO_CONTEXT, ContextReads
from miners.static.doubts import Doubts
from miners.static.findings import SiteFinding, StaticResult
from miners.static.roots import Reader, walk
from miners.static.sites import unvisited
from miners.surface.facts import ClassFacts

__all__ = ["SiteFinding", "StaticResult", "mine", "mine_class"]


def mine(
    surface: Mapping[str, ClassFacts],
    reader: Reader,
    *,
    engine: str,
    context: ContextReads = NO_CONTEXT,
    entries: Mapping[str, Sequence[str]] | None = None,
    tried: bool = True,
) -> StaticResult:
    """Walk every class of a surface.

    `entries`: class → further methods that its users call to validate it. `tried`: whether a library will be asked
    about the results; if not, doubtful candidates are dropped.
    """
    entries = entries or {}
    findings: list[SiteFinding] = []
    for name, facts in surface.items():
        own = entries.get(name, ())
        findings += mine_class(facts, surface, reader, engine=engine, context=context, entries=own, tried=tried)
    return StaticResult(tuple(findings))


def mine_class(
    facts: ClassFacts,
    surface: Mapping[str, ClassFacts],
    reader: Reader,
    *,
    engine: str,
    context: ContextReads = NO_CONTEXT,
    entries: Sequence[str] = (),
    tried: bool = True,
) -> tuple[SiteFinding, ...]:
    """Walk one class; `surface` has the classes whose objects its fields may hold."""
    walked = walk(facts, surface, reader, context, entries, tried=tried)
    if walked is None:
        return ()
    sites = findings_of(facts, walked.effects, engine=engine, context=context.declared, surface=surface)
    found = (without_defaults(one, walked.trace.asked) for one in sites)
    met = tuple(found if tried else map(Doubts(facts, surface, walked.effects).settle, found))
    return (*met, *unvisited(walked, reader, {(one.site.path, one.site.line) for one in met}))
