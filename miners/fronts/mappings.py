"""The mappings that a front passes on whole: what builds the class behind them, and the keys that are required."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from miners.candidates.candidate import Candidate
from miners.fronts.feeds import Feed
from miners.lift.candidates import RAISES
from miners.lift.declared import ADDED_BY
from miners.surface.facts import ClassFacts
from miners.surface.fields import Surface
from miners.surface.nested import mappings_of
from pytest_llem_invariants.model import Clause, MinerSource, Severity


def with_examples(front: ClassFacts, feeds: Iterable[Feed], surface: Surface) -> ClassFacts:
    """The front, with examples for each field that takes such a mapping: without one every mapping is rejected."""
    fields = dict(front.fields)
    for source, feed in _whole(front, feeds).items():
        fields[source] = replace(fields[source], examples=tuple(mappings_of(surface[feed.native_type])))
    return replace(front, fields=fields)


def keys_of_mappings(front: ClassFacts, feeds: Iterable[Feed], surface: Surface) -> Iterator[Candidate]:
    """A candidate for the unknown keys of each such mapping, and one for each required key.

    A front may read a dash as an underscore: a key with a dash is unknown only if both forms are.
    """
    for source, feed in _whole(front, feeds).items():
        inner = surface[feed.native_type]
        if inner.kind not in ADDED_BY:
            continue
        names = dict.fromkeys(name for fact in inner.fields.values() for name in (fact.name, fact.keyword))
        known = names | dict.fromkeys(name.replace("_", "-") for name in names)
        if not inner.accepts_extra:
            yield _of_keys(front, feed, inner, source, f"each(keys({source}))", Clause("not_in", list(known)))
        for fact in inner.fields.values():
            if fact.required:
                yield _of_keys(front, feed, inner, source, f"{source}.{fact.keyword}", Clause("absent", True))


def _whole(front: ClassFacts, feeds: Iterable[Feed]) -> Mapping[str, Feed]:
    """One feed per such mapping, by the field that takes it."""
    whole: dict[str, Feed] = {}
    for feed in feeds:
        source, _, key = (feed.source or "").partition(".")
        if key and key == feed.field and source in front.fields and "dict" in front.fields[source].types:
            whole.setdefault(source, feed)
    return whole


def _of_keys(front: ClassFacts, feed: Feed, inner: ClassFacts, mapping: str, subject: str, clause: Clause) -> Candidate:
    fields: Mapping[str, tuple[Clause, ...]] = {mapping: (Clause("type_is", "dict"),), subject: (clause,)}
    return Candidate(
        native_type=front.native_type,
        severity=Severity.ERROR,
        fields=fields,
        expected=RAISES,
        template=None,
        source=MinerSource(front.path, front.target.partition(":")[2], feed.line),
        added_by=ADDED_BY[inner.kind],
        references=(f"{inner.path}:{inner.line}",),
    )
