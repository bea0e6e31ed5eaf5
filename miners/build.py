"""Mining an engine: what its code says and its types declare, then probes → gate → merge → the proposed corpus.

Each class is proven by itself, so the work is shared between forked workers after one import of the library; the
results are put together in the order of the surface, whoever was first.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import math
import sys
import textwrap
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from miners.candidate import Candidate
from miners.challenges import jointly
from miners.counterexamples import Counterexamples, known_to
from miners.detours import Checks
from miners.facts import ClassFacts
from miners.feeds import Feed, discover_feeds, restate
from miners.handwritten import taken_over
from miners.lift import lift
from miners.mappings import keys_of_mappings, with_examples
from miners.merge import carry_over, merge
from miners.naming import unique_name
from miners.oracle import Oracle, Question
from miners.places import with_method
from miners.producers import FULL_BUDGET, budget_of, challenges_of, probe_class, read_class
from miners.progress import Progress
from miners.proof import Gate
from miners.stage import to_candidate
from miners.static import SiteFinding, StaticResult
from miners.static.reader import ImportedReader
from miners.surface import engine_surface
from miners.verdicts import Lost, Proven
from miners.workers import forked
from pytest_llem_invariants.corpus import SCHEMA_VERSION, fingerprint
from pytest_llem_invariants.engines.base import ENV, EngineAdapter
from pytest_llem_invariants.files import now, today
from pytest_llem_invariants.model import EMPTY, AddedBy, Corpus, Kwargs, Observation, Rule, Severity
from pytest_llem_invariants.replay.observe import Observer

_WORKERS: Final = 2
_FRONT_PARTS: Final = 4
"""A front is slow to build and stands alone at the end: its candidates are proven in so many parts."""
_ASKERS: Final = 2
"""In so many shares the library is asked about what the rules of a front are challenged with."""
_FRONT_PROBERS: Final = 2
"""What nothing proven explains of a front is then probed for, the fields shared among so many."""
_MOST_PROBES: Final = 240
_LEAST_PROBES: Final = 24
_MOST_JOINT: Final = 9_000
_LEAST_JOINT: Final = 900
"""How many configs made of the constants of several rules are put to the rules of a class."""
_JOINT_A_FIELD: Final = 900
"""A class of few fields has few configs that differ."""
_GUESSES_A_CONDITION: Final = 10
"""What was read or probed for takes about as long as so many candidates of a declared type."""
_SEVERITIES: Final = tuple(Severity)
_Task = TypeVar("_Task")
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Mined:
    """What mining an engine gave."""

    corpus: Corpus
    lost: tuple[Lost, ...]
    proven: tuple[Proven, ...]
    feeds: tuple[Feed, ...]
    staged: Mapping[AddedBy, int]
    read: StaticResult
    """Every site in the code of the surface that may have an effect, for the ledger."""


@dataclass(frozen=True, slots=True)
class _ClassResult:
    proven: tuple[Proven, ...]
    lost: tuple[Lost, ...]
    staged: Mapping[AddedBy, int]
    findings: tuple[SiteFinding, ...]


def build(
    adapter: EngineAdapter,
    *,
    previous: Corpus | None,
    progress: Progress,
    workers: int = _WORKERS,
    classes: Collection[str] | None = None,
    counterexamples: Counterexamples = EMPTY,
    earlier: Sequence[Rule] = (),
) -> Mined:
    """Mine the installed library. The version has been checked against its pin by the caller.

    With `classes` only those are mined, and the rules of all others stay as they were. `counterexamples` are put to the
    rules beside the challenges that are made for them; the examples of `earlier` rules, of another version, are the
    first that are tried.
    """
    version = adapter.import_library()
    adapter.check_landmarks()
    with progress.step("reading the surface") as step:
        surface = engine_surface(adapter)
        step.note = f"{len(surface)} classes, {sum(len(facts.fields) for facts in surface.values())} fields"
    feeds = tuple(_feeds(adapter, surface))
    surface = {**surface, **{name: with_examples(surface[name], feeds, surface) for name in fronts(adapter, surface)}}
    _Forked.counterexamples = known_to(surface, counterexamples)
    _Forked.earlier = earlier
    wanted = [name for name in surface if classes is None or name in classes]
    kept = [] if classes is None or previous is None else [r for r in previous.rules if r.native_type not in wanted]
    # The default context is entered once: most is asked in it, and to enter it anew takes a third of that.
    with adapter.context(adapter.default_context()):
        guesses = _read_and_guess(adapter, surface, wanted, previous, feeds, progress, workers)
        results = _prove_all(adapter, surface, wanted, guesses, kept, feeds, progress, workers)
    proven = tuple(entry for result in results for entry in result.proven)
    found = merge(with_method(entry.rule, adapter.package) for entry in proven)
    rules = _named(taken_over(_named([*carry_over(found, previous), *kept]), surface, adapter.ssot.context))
    corpus = Corpus(
        schema_version=SCHEMA_VERSION,
        engine=adapter.ssot.engine,
        engine_version=version,
        mined_at=now(),
        rules=rules,
        context=adapter.ssot.context,
    )
    staged: dict[AddedBy, int] = {}
    for result in results:
        for producer, count in result.staged.items():
            staged[producer] = staged.get(producer, 0) + count
    read = StaticResult(tuple(finding for result in results for finding in result.findings))
    return Mined(corpus, tuple(lost for result in results for lost in result.lost), proven, feeds, staged, read)


def _written_by_hand(previous: Corpus | None, surface: Mapping[str, ClassFacts]) -> Iterator[Candidate]:
    """Hand-written rules are proven like any guess, so that one stays for as long as no miner finds its constraint."""
    for rule in () if previous is None else previous.rules:
        if rule.added_by is AddedBy.MANUAL_SEED and rule.native_type in surface:
            yield to_candidate(rule)


def _feeds(adapter: EngineAdapter, surface: Mapping[str, ClassFacts]) -> Iterator[Feed]:
    """What the front classes (those that are built in steps) hand on to the classes behind them."""
    for name in fronts(adapter, surface):
        source = textwrap.dedent(inspect.getsource(adapter.native_class(name)))
        (definition,) = ast.parse(source).body
        if isinstance(definition, ast.ClassDef):
            yield from discover_feeds(definition, surface, surface[name].fields)


def fronts(adapter: EngineAdapter, surface: Mapping[str, ClassFacts]) -> tuple[str, ...]:
    """Classes that only collect what others validate: the SSOT gives them build steps that return another object."""
    return tuple(
        name
        for name in surface
        if (entry := adapter.ssot.native_type(name)) is not None and any(step.returns for step in entry.build)
    )


def _prove_all(
    adapter: EngineAdapter,
    surface: Mapping[str, ClassFacts],
    names: Sequence[str],
    candidates: Iterable[Candidate],
    kept: Iterable[Rule],
    feeds: Sequence[Feed],
    progress: Progress,
    workers: int,
) -> list[_ClassResult]:
    """The classes that validate first; then the fronts, on which what was proven behind them is tried again."""
    guesses: dict[str, list[Candidate]] = {name: [] for name in surface}
    for candidate in candidates:
        guesses[candidate.native_type].append(candidate)
    front_names = [name for name in fronts(adapter, surface) if name in names]
    behind = [name for name in names if name not in front_names]
    results = _share_out(adapter, surface, guesses, behind, progress, workers)
    proven = [*kept, *(entry.rule for result in results.values() for entry in result.proven)]
    for name in front_names:
        judging = map(to_candidate, proven)
        context = adapter.ssot.context
        restated = (restate(candidate, surface[name], feeds, surface, context) for candidate in judging)
        guesses[name].extend(candidate for candidate in restated if candidate is not None)
        guesses[name].extend(keys_of_mappings(surface[name], feeds, surface))
    results.update(_share_out(adapter, surface, guesses, front_names, progress, workers, _FRONT_PARTS))
    return [results[name] for name in names]


def _read_and_guess(
    adapter: EngineAdapter,
    surface: Mapping[str, ClassFacts],
    names: Sequence[str],
    previous: Corpus | None,
    feeds: Sequence[Feed],
    progress: Progress,
    workers: int,
) -> list[Candidate]:
    """What the code of each class says, before any is proven: each asks what the checks of the others are.

    One class takes half as long as all: meanwhile this process lifts, and builds and imports what all others inherit.
    """
    _Forked.adapter, _Forked.surface, _Forked.feeds = adapter, surface, feeds
    _Forked.reader = ImportedReader(adapter.package)
    _Forked.readings = {}
    longest_first = sorted(names, key=lambda name: -_lines_of(surface[name]))
    with _each(_Forked.read, longest_first, workers) as readings:
        with progress.step("lifts") as step:
            lifted = [candidate for facts in surface.values() for candidate in lift(adapter, facts)]
            step.note = f"{len(lifted)} candidates"
        for name in fronts(adapter, surface):
            Observer(adapter).prepare(name)
        importlib.import_module("hypothesis.strategies")  # what makes a text of a pattern
        with progress.step("reading the code", total=len(names)) as step:
            found = {}
            for name, findings in zip(longest_first, readings, strict=True):
                found[name] = findings
                step.advance()
    _Forked.readings = found
    return [*lifted, *_written_by_hand(previous, surface)]


class _Forked:
    """What forked workers inherit instead of having it sent."""

    adapter: EngineAdapter
    reader: ImportedReader
    surface: Mapping[str, ClassFacts]
    guesses: Mapping[str, Sequence[Candidate]]
    parts: Mapping[str, int]
    known: Mapping[str, Sequence[Proven]]
    challenges: Mapping[str, Sequence[Kwargs]]
    judged: dict[str, dict[Question, Observation]]
    counterexamples: Counterexamples
    earlier: Sequence[Rule]
    feeds: Sequence[Feed]
    readings: dict[str, tuple[SiteFinding, ...]]

    @classmethod
    def read(cls, name: str) -> tuple[SiteFinding, ...]:
        """What the code of a class says; of one that is not mined itself, read once in each worker."""
        if name not in cls.readings:
            cls.readings[name] = read_class(cls.adapter, cls.surface, name, cls.reader)
        return cls.readings[name]

    @classmethod
    def ask(cls, task: tuple[str, int]) -> tuple[str, Mapping[Question, Observation]]:
        """What the library says to a share of the challenges of a class: where its rules are known, what they claim."""
        name, share = task
        oracle = _oracle(cls.adapter, name)
        challenges: Iterable[Kwargs] = itertools.islice(cls.challenges[name], share, None, _ASKERS)
        if name in cls.known:
            gate = _gate(cls.adapter, cls.surface, name, oracle)
            gate.adopt(cls.known[name])
            challenges = filter(gate.rejects, challenges)
        for kwargs in challenges:
            oracle.accepts(kwargs)
        return name, oracle.judged

    @classmethod
    def prove(cls, task: tuple[str, int]) -> tuple[str, _ClassResult]:
        name, part = task
        return name, _prove_class(cls.adapter, cls.surface, name, cls.guesses[name], part, cls.parts[name])

    @classmethod
    def probe(cls, task: tuple[str, int]) -> tuple[str, _ClassResult]:
        name, part = task
        return name, _probe_further(cls.adapter, cls.surface, name, cls.guesses[name], cls.known[name], part)

    @classmethod
    def reconcile(cls, name: str, proven: Sequence[Proven]) -> tuple[tuple[Proven, ...], tuple[Lost, ...]]:
        gate = _gate(cls.adapter, cls.surface, name, _oracle(cls.adapter, name, cls.judged[name]))
        gate.adopt(proven)
        gate.challenge(cls.challenges[name])
        return gate.finished(), tuple(gate.lost)


def _share_out(
    adapter: EngineAdapter,
    surface: Mapping[str, ClassFacts],
    guesses: Mapping[str, Sequence[Candidate]],
    names: Sequence[str],
    progress: Progress,
    workers: int,
    parts: int = 1,
) -> dict[str, _ClassResult]:
    """Prove the named classes, each in so many parts, those that take longest first: no worker shall wait long."""
    _Forked.guesses = guesses
    _Forked.parts = dict.fromkeys(names, parts)
    tasks = [(name, part) for name in names for part in range(parts)]
    work = {(name, part): _work_on(name, _share_of(guesses[name], part, parts), part) for name, part in tasks}
    tasks.sort(key=lambda task: -work[task])
    _Forked.judged = {name: {} for name in names}
    if parts > 1:
        _Forked.known = {}
        _ask({name: tuple(_challenges(adapter, surface, name)) for name in names}, workers)
    with progress.step("proving", total=len(tasks)) as step, _each(_Forked.prove, tasks, workers) as results:
        done: dict[tuple[str, int], _ClassResult] = {}
        for task, (_, result) in zip(tasks, results, strict=True):
            done[task] = result
            step.advance()
    found = {name: [done[name, part] for part in range(parts)] for name in names}
    if parts == 1:
        return {name: result for name, (result,) in found.items()}
    _Forked.known = {name: _joined(results).proven for name, results in found.items()}
    tasks = [(name, part) for name in names for part in range(_FRONT_PROBERS)]
    with progress.step("probing", total=len(tasks)) as step, _each(_Forked.probe, tasks, workers) as further:
        for name, result in further:
            found[name].append(result)
            step.advance()
    whole = {name: _joined(results) for name, results in found.items()}
    _Forked.known = {name: result.proven for name, result in whole.items()}
    _ask({name: tuple(_jointly(adapter, surface, result.proven, name)) for name, result in whole.items()}, workers)
    return {name: _reconciled(name, result) for name, result in whole.items()}


def _ask(challenges: Mapping[str, Sequence[Kwargs]], workers: int) -> None:
    """Ask about what is put to the rules of a front: once for all of its parts, in shares."""
    _Forked.challenges = challenges
    tasks = [(name, share) for name in challenges for share in range(_ASKERS)]
    with _each(_Forked.ask, tasks, workers) as answers:
        for name, judged in answers:
            _Forked.judged[name].update(judged)


@contextmanager
def _each(work: Callable[[_Task], _Found], tasks: Sequence[_Task], workers: int) -> Iterator[Iterator[_Found]]:
    """What comes of each task, in their order; the work begins at once."""
    if workers < 2:
        yield map(work, tasks)
        return
    with forked(workers) as pool:
        yield pool.map(work, tasks)


def _share_of(guesses: Sequence[Candidate], part: int, parts: int) -> Sequence[Candidate]:
    """Neighbours, which are about the same fields, and share what was asked."""
    size = math.ceil(len(guesses) / parts)
    return guesses[part * size : (part + 1) * size]


def _work_on(name: str, guesses: Iterable[Candidate], part: int) -> int:
    """About how long a part of a class takes, of which the first has what was read."""
    read = [candidate for finding in _Forked.read(name) for candidate in finding.candidates] if part == 0 else []
    return sum(1 if guess.added_by.is_lift else _GUESSES_A_CONDITION for guess in (*read, *guesses))


def _lines_of(facts: ClassFacts) -> int:
    """How long the code of a class is: about what reading it takes."""
    read = _Forked.reader.class_at(facts.target)
    return 0 if read is None else (read.node.end_lineno or read.node.lineno) - read.node.lineno


def _reconciled(name: str, joined: _ClassResult) -> _ClassResult:
    with forked(1) as pool:
        proven, lost = pool.submit(_Forked.reconcile, name, joined.proven).result()
    return replace(joined, proven=proven, lost=(*joined.lost, *lost))


def _joined(results: Sequence[_ClassResult]) -> _ClassResult:
    staged: dict[AddedBy, int] = {}
    for result in results:
        for producer, count in result.staged.items():
            staged[producer] = staged.get(producer, 0) + count
    return _ClassResult(
        tuple(entry for result in results for entry in result.proven),
        tuple(lost for result in results for lost in result.lost),
        staged,
        tuple(finding for result in results for finding in result.findings),
    )


def _prove_class(
    adapter: EngineAdapter,
    surface: Mapping[str, ClassFacts],
    name: str,
    guesses: Sequence[Candidate],
    part: int,
    parts: int,
) -> _ClassResult:
    """Prove a class, or one part of the guesses about it, of which the first is read, too; a whole class is probed."""
    oracle = _oracle(adapter, name, _Forked.judged[name])
    gate = _gate(adapter, surface, name, oracle)
    guesses = _share_of(guesses, part, parts)
    findings: tuple[SiteFinding, ...] = ()
    if part == 0:
        findings = _Forked.read(name)
        guesses = [*(candidate for finding in findings for candidate in finding.candidates), *guesses]
    gate.prove(guesses)
    challenges = tuple(_challenges(adapter, surface, name))
    gate.challenge(challenges)
    probed: list[Candidate] = []
    if parts == 1:
        probed += probe_class(adapter, surface, name, oracle, guesses, explained=gate.rejects, company=challenges)
        gate.prove(probed)
        gate.challenge((*challenges, *_jointly(adapter, surface, gate.proven, name)))
    proven = gate.finished() if parts == 1 else gate.proven
    return _ClassResult(proven, tuple(gate.lost), _counted((*guesses, *probed)), findings)


def _probe_further(
    adapter: EngineAdapter,
    surface: Mapping[str, ClassFacts],
    name: str,
    guesses: Iterable[Candidate],
    known: Sequence[Proven],
    part: int,
) -> _ClassResult:
    """Probe a share of the fields of a class that was proven in parts, for what no part of it explains."""
    oracle = _oracle(adapter, name, _Forked.judged[name])
    gate, before = (_gate(adapter, surface, name, oracle) for _ in range(2))
    before.adopt(known)
    challenges = tuple(_challenges(adapter, surface, name))
    share = (part, _FRONT_PROBERS)
    probed = probe_class(
        adapter, surface, name, oracle, guesses, explained=before.rejects, company=challenges, share=share
    )
    gate.prove(probed)
    gate.challenge(challenges)
    return _ClassResult(gate.proven, tuple(gate.lost), _counted(probed), ())


def _challenges(adapter: EngineAdapter, surface: Mapping[str, ClassFacts], name: str) -> Iterator[Kwargs]:
    yield from _Forked.counterexamples.get(name, ())
    yield from challenges_of(adapter, surface, name)


def _oracle(adapter: EngineAdapter, name: str, judged: Mapping[Question, Observation] | None = None) -> Oracle:
    return Oracle(Observer(adapter), name, judged, adapter.default_context())


def _jointly(
    adapter: EngineAdapter, surface: Mapping[str, ClassFacts], proven: Sequence[Proven], name: str
) -> Iterator[Kwargs]:
    most = min(_MOST_JOINT * budget_of(adapter, name) // FULL_BUDGET, _JOINT_A_FIELD * len(surface[name].fields))
    most = max(_LEAST_JOINT, most)
    yield from jointly([entry.rule for entry in proven], surface[name], most, surface)


def _gate(adapter: EngineAdapter, surface: Mapping[str, ClassFacts], name: str, oracle: Oracle) -> Gate:
    return Gate(
        surface[name],
        oracle,
        engine=adapter.ssot.engine,
        library=adapter.ssot.library,
        added_at=today(),
        surface=surface,
        context=adapter.ssot.context,
        contexts=_contexts_read(adapter, name),
        probe_limit=max(_LEAST_PROBES, _MOST_PROBES * budget_of(adapter, name) // FULL_BUDGET),
        other_kwargs=adapter.other_kwargs(name),
        checks=_checks(adapter, surface, name),
        earlier=(rule for rule in _Forked.earlier if rule.native_type == name),
    )


def _checks(adapter: EngineAdapter, surface: Mapping[str, ClassFacts], name: str) -> Checks:
    """What rejects a config of the class, wherever it is written; of a front, in the names that it hands on."""
    is_front = name in fronts(adapter, surface)
    feeds = _Forked.feeds
    return Checks(
        surface[name],
        surface,
        _Forked.read,
        (lambda check: restate(check, surface[name], feeds)) if is_front else None,
        adapter.ssot.context,
    )


def _contexts_read(adapter: EngineAdapter, name: str) -> tuple[str, ...]:
    """The context fields that the module of a class asks for; of a front, which runs many modules, all."""
    entry = adapter.ssot.native_type(name)
    if entry is not None and any(step.returns for step in entry.build):
        return tuple(adapter.ssot.context)
    try:
        source = inspect.getsource(sys.modules[adapter.native_class(name).__module__])
    except (OSError, TypeError, KeyError):
        return ()
    asked = adapter.ssot.adapter.get("reads", {})
    roots = {
        field: {chain.partition(".")[0] for chain, read in asked.items() if read == field or field in read}
        for field in adapter.ssot.context
    }
    return tuple(
        field
        for field in adapter.ssot.context
        if any(root in source for root in roots[field]) or (field.startswith(ENV) and field.removeprefix(ENV) in source)
    )


def _counted(candidates: Iterable[Candidate]) -> dict[AddedBy, int]:
    counts: dict[AddedBy, int] = {}
    for candidate in candidates:
        counts[candidate.added_by] = counts.get(candidate.added_by, 0) + 1
    return counts


def _named(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules under unique names, in the order of the corpus: by class, severity, place and name."""
    ordered = sorted(
        rules, key=lambda rule: (rule.native_type, _SEVERITIES.index(rule.severity), rule.id, fingerprint(rule))
    )
    taken: set[str] = set()
    named = []
    for rule in ordered:
        name = unique_name(rule.id, taken)
        taken.add(name)
        named.append(rule if name == rule.id else replace(rule, id=name))
    return tuple(named)
