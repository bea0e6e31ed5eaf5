"""Read one library twice, by import and from source: which candidates and fields are equal, and which differ."""

from __future__ import annotations

import argparse
import importlib.util
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from miners.candidates.candidate import Candidate
from miners.candidates.outcomes import DOUBTS
from miners.code.imported import ImportedReader
from miners.lift import lift
from miners.lift.source import lift_source
from miners.static import mine
from miners.static.context import context_reads
from miners.static.findings import StaticResult
from miners.static.roots import Reader
from miners.surface import engine_surface
from miners.surface.facts import ClassFacts, FieldFact
from miners.surface.source import source_surface
from miners.surface.source_classes import Skeletons, skeletons_of
from pytest_llem_invariants.errors import EngineUnavailableError
from pytest_llem_invariants.language.operators import OPERATORS
from pytest_llem_invariants.language.predicates import referenced_fields
from pytest_llem_invariants.language.values import by_identity, identity
from pytest_llem_invariants.language.wording import say_rule
from pytest_llem_invariants.model import AddedBy, Clause, Match
from pytest_llem_invariants.text.terminal import say

if TYPE_CHECKING:
    from pytest_llem_invariants.engines.base import EngineAdapter
    from pytest_llem_invariants.ssot import Ssot


@final
@dataclass(frozen=True, slots=True)
class ModeResult:
    """The result of one mode."""

    surface: Mapping[str, ClassFacts]
    candidates: tuple[Candidate, ...]
    doubted: tuple[str, ...] = ()
    """Why each candidate was dropped that only the library could have settled."""


@final
@dataclass(frozen=True, slots=True)
class OneSided:
    """A candidate that only one mode found."""

    side: str
    """`import` or `source`."""
    candidate: Candidate
    why: str
    """What the other mode found in its place."""


@final
@dataclass(frozen=True, slots=True)
class ModeComparison:
    """The results of both modes for one library."""

    equal: Counter[AddedBy]
    differences: tuple[OneSided, ...]
    field_differences: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Native type, field, and which of its facts differ; of its words, only those that import does not know count."""
    fields: int

    @property
    def share(self) -> float:
        """The share of equal candidates among all that either mode found."""
        same = sum(self.equal.values())
        return same / (same + len(self.differences)) if same else 0.0

    def to_text(self) -> str:
        lines = [f"{'producer':16} {'equal':>7} {'import only':>12} {'source only':>12}"]
        for producer in sorted(set(self.equal) | {one.candidate.added_by for one in self.differences}):
            sides = Counter(one.side for one in self.differences if one.candidate.added_by is producer)
            lines.append(f"{producer:16} {self.equal[producer]:7} {sides['import']:12} {sides['source']:12}")
        lines.append(f"{self.share:.2%} of the candidates are equal")
        lines.append(f"{self.fields - len(self.field_differences)} of {self.fields} fields are equal")
        return "\n".join(lines)


def read_import(adapter: EngineAdapter) -> ModeResult:
    """Read the installed library."""
    adapter.import_library()
    surface = engine_surface(adapter)
    lifted = [candidate for facts in surface.values() for candidate in lift(adapter, facts)]
    found = _mined(surface, ImportedReader(adapter.package), adapter.ssot)
    return ModeResult(surface, (*lifted, *found.candidates))


def read_source(ssot: Ssot, skeletons: Skeletons, *, tried: bool = True) -> ModeResult:
    """Read a source tree or a wheel without importing any of it. `tried`: whether a library will be asked later."""
    surface = source_surface(skeletons, ssot)
    found = _mined(surface, skeletons.reader, ssot, tried=tried)
    dropped = (one.why for finding in found.findings for one in finding.dropped)
    doubted = tuple(why.sentence for why in dropped if why.cause in DOUBTS)
    return ModeResult(surface, (*lift_source(skeletons, surface), *found.candidates), doubted)


def _mined(surface: Mapping[str, ClassFacts], reader: Reader, ssot: Ssot, *, tried: bool = True) -> StaticResult:
    types = {name: ssot.native_type(name) for name in surface}
    entries = {
        name: [step.method for step in (*entry.build, *entry.validate, *entry.strict)]
        for name, entry in types.items()
        if entry is not None
    }
    return mine(surface, reader, engine=ssot.engine, context=context_reads(ssot), entries=entries, tried=tried)


def said_in_full(reading: ModeResult) -> ModeResult:
    """The reading without candidates with opaque guards: those cannot become rules unchanged."""
    return ModeResult(reading.surface, tuple(one for one in reading.candidates if not one.opaque))


def compare(imported: ModeResult, source: ModeResult) -> ModeComparison:
    left, right = _keyed(imported.candidates), _keyed(source.candidates)
    equal = Counter(candidate.added_by for key, candidate in left.items() if key in right)
    fields_apart = tuple(_field_differences(imported.surface, source.surface))
    only = [
        OneSided(side, one, _why(one, other.candidates, fields_apart))
        for side, own, there, other in (("import", left, right, source), ("source", right, left, imported))
        for key, one in own.items()
        if key not in there
    ]
    return ModeComparison(
        equal,
        tuple(only),
        fields_apart,
        sum(len(facts.fields) for facts in imported.surface.values()),
    )


def _why(
    candidate: Candidate, others: Iterable[Candidate], fields_apart: Iterable[tuple[str, str, tuple[str, ...]]]
) -> str:
    """Why only one mode has a candidate: its fields differ, or the other mode found something else at its line."""
    read = referenced_fields(Match("", candidate.fields))
    apart = [
        f"the {' and '.join(parts)} of {name} differ"
        for native_type, name, parts in fields_apart
        if native_type == candidate.native_type and name in {path.partition(".")[0] for path in read}
    ]
    there = [one for one in others if (one.native_type, one.source) == (candidate.native_type, candidate.source)]
    if apart:
        return "; ".join(apart)
    if not there:
        return "the other mode found no candidate at this line"
    unsaid = next((guard for one in there for guard in one.opaque if guard not in candidate.opaque), None)
    return f"the other mode has an opaque guard: {unsaid.wording}" if unsaid else "the other mode found other cases"


def _keyed(candidates: Iterable[Candidate]) -> dict[str, Candidate]:
    return {_key(candidate): candidate for candidate in candidates}


def _key(candidate: Candidate) -> str:
    """The claim of a candidate, and whether it has opaque guards: the wording of a guard is no claim."""
    predicate = {subject: [_said(one) for one in clauses] for subject, clauses in sorted(candidate.fields.items())}
    place = (candidate.source.path, candidate.source.method, candidate.source.line_at_scan)
    return identity(
        (
            *(candidate.native_type, candidate.severity.value, predicate, dict(candidate.defaults)),
            *(candidate.template, bool(candidate.opaque), place, candidate.added_by.value),
        )
    )


def _said(clause: Clause) -> tuple[str, Any]:
    """A clause, independent of the order of its alternatives."""
    listed = OPERATORS[clause.op].lists and isinstance(clause.rhs, list)
    return clause.op, sorted(clause.rhs, key=repr) if listed else clause.rhs


def _field_differences(
    imported: Mapping[str, ClassFacts], source: Mapping[str, ClassFacts]
) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    for name, facts in imported.items():
        other = source.get(name)
        for field_name, fact in facts.fields.items():
            known = None if other is None else other.fields.get(field_name)
            parts = ("missing",) if known is None else tuple(_unlike(fact, known))
            if parts:
                yield name, field_name, parts


def _unlike(imported: FieldFact, source: FieldFact) -> Iterator[str]:
    """The facts of a field that differ. The words that source mode knows are among those that import mode knows."""
    if not by_identity(source.words).keys() <= by_identity(imported.words).keys():
        yield "words"
    for name in (one.name for one in fields(FieldFact) if one.name != "words"):
        if getattr(imported, name) != getattr(source, name):
            yield name


def register(commands: Any) -> None:
    """Add `compare-modes` to a parser's subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "compare-modes", help="read an installed library both by import and from source; exit 1 if too much differs"
    )
    parser.add_argument("engine", help="the engine: the name of a file in engine_versions/")
    parser.add_argument(
        "--source", type=Path, metavar="PATH", help="a source tree or wheel (default: the installed files)"
    )
    parser.add_argument(
        "--least", type=float, default=95.0, metavar="PERCENT", help="exit 1 if a smaller share is equal (default 95)"
    )
    parser.add_argument("--show", action="store_true", help="list every candidate that differs, and why")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from miners.process.roles import READING, Installed, Terms, check_roles
    from pytest_llem_invariants.engines import get_adapter

    adapter = get_adapter(options.engine)
    check_roles(Installed(adapter), READING, Terms(other_version=True))
    root = options.source or _installed(adapter.package)
    source = read_source(adapter.ssot, skeletons_of(root, adapter.package))
    imported = read_import(adapter)
    found = compare(said_in_full(imported), said_in_full(source))
    say("every candidate\n" + compare(imported, source).to_text())
    say("\ncandidates without opaque guards\n" + found.to_text())
    for one in found.differences if options.show else ():
        said = say_rule(one.candidate.native_type, one.candidate.severity, Match("", one.candidate.fields))
        say(f"{one.side:7} {one.candidate.source.guard} {said}\n        {one.why}")
    return 0 if found.share * 100 >= options.least else 1


def _installed(package: str) -> Path:
    """The folder that holds an installed package, found without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EngineUnavailableError(f"{package} is not installed here — give its source with --source PATH")
    return Path(spec.origin).parent.parent
