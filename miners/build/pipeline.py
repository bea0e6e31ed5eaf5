"""Mine an engine: read its code and its types, probe it, then gate → merge → proposed corpus.

Each class is proven separately, so forked workers share the work after one import of the library. The results are
joined in the order of the surface, whichever worker finishes first.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import pickle
import textwrap
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from miners.build.class_jobs import ASKERS, PROBERS, ClassJobs, SoFar
from miners.build.class_results import ClassResult, joined
from miners.build.earlier import NOTHING_EARLIER, Earlier
from miners.build.memory import Memory
from miners.build.mined import Mined
from miners.build.sources import Readings, Sources, fronts
from miners.candidates.candidate import Candidate
from miners.candidates.declared import asked_at_start, none_twice
from miners.candidates.handwritten import taken_over
from miners.candidates.merge import carry_over, merge
from miners.candidates.naming import named
from miners.candidates.places import with_method
from miners.candidates.rules import to_candidate
from miners.code.imported import ImportedReader
from miners.dynamic.probe import template_of
from miners.dynamic.rows import Row
from miners.fronts.feeds import Feed, discover_feeds
from miners.fronts.handed import handed_on, in_text, ways
from miners.fronts.mappings import keys_of_mappings, with_examples
from miners.fronts.restate import restate
from miners.gate.blind import agreed
from miners.gate.counterexamples import known_to
from miners.lift import lift
from miners.process.progress import Progress
from miners.process.workers import PATIENCE, AnswerLimits, Watch, forked
from miners.static.findings import StaticResult
from miners.surface import engine_surface
from miners.surface.facts import ClassFacts
from pytest_llem_invariants.corpus.files import version_of
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.model import AddedBy, Corpus, Kwargs, ObservedException, Rule
from pytest_llem_invariants.replay.observe import Observer
from pytest_llem_invariants.text.atomic import now
from pytest_llem_invariants.text.collector import quiet_collector

_WORKERS: Final = 2
_FRONT_PARTS: Final = 4
"""A front takes long to build and comes last: its candidates are proven in this many parts."""
_Found = TypeVar("_Found")
_Task = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Crew:
    """The workers, and the progress line that reports on them."""

    progress: Progress
    workers: int = _WORKERS
    limits: AnswerLimits = PATIENCE
    """How long the library may take to answer."""
    memory: Memory | None = None
    """What is remembered of the build's jobs, if anything."""

    @contextmanager
    def each(
        self, stage: str, work: Callable[..., _Found], tasks: Sequence[_Task], watch: Watch = lambda calls: None
    ) -> Iterator[Iterator[_Found]]:
        """The result of each task of a stage, in order; the work starts at once, unless its result is remembered.

        One worker is forked, too: a task that takes all memory must not end this process.
        """
        known: dict[_Task, _Found] = {} if self.memory is None else self.memory.of(stage, tasks)
        open_ = [task for task in tasks if task not in known]

        def finished(task: int, body: bytes, seconds: float) -> None:
            if self.memory is not None:
                self.memory.keep(stage, open_[task], body, seconds)

        if not open_:
            yield iter([known[task] for task in tasks])
            return
        with forked(self.workers, self.limits, watch) as pool:
            fresh = pool.map(lambda task: work(*task), open_, finished=finished)
            yield (known[task] if task in known else next(fresh) for task in tasks)

    def here(self, stage: str, work: Callable[..., _Found], tasks: Sequence[_Task]) -> list[_Found]:
        """The result of each task of a stage, done in this process where it is not remembered."""
        known: dict[_Task, _Found] = {} if self.memory is None else self.memory.of(stage, tasks)
        for task in tasks:
            if task not in known:
                began = time.perf_counter()
                known[task] = work(*task)
                if self.memory is not None:
                    self.memory.keep(stage, task, pickle.dumps(known[task]), time.perf_counter() - began)
        return [known[task] for task in tasks]

    def each_shown(
        self, stage: str, title: str, work: Callable[..., _Found], tasks: Sequence[_Task]
    ) -> dict[_Task, _Found]:
        """The results by task, while the progress line shows them."""
        found = {}
        with self.progress.step(title, total=len(tasks)) as step, self.each(stage, work, tasks, step.asked) as results:
            for task, result in zip(tasks, results, strict=True):
                found[task] = result
                step.advance()
        return found


def build(
    adapter: EngineAdapter, crew: Crew, earlier: Earlier = NOTHING_EARLIER, *, classes: Collection[str] | None = None
) -> Mined:
    """Mine the installed library, which the caller has checked (`miners.process.roles`).

    With `classes` only those are mined, and the rules of all others stay as they were.
    """
    version, previous = adapter.import_library(), earlier.previous
    for entry in adapter.ssot.native_types.values():
        none_twice(entry, version)
    with crew.progress.step("reading the surface") as step:
        surface = engine_surface(adapter)
        step.note = f"{len(surface)} classes, {sum(len(facts.fields) for facts in surface.values())} fields"
    sources = sources_of(adapter, surface, earlier)
    surface = sources.surface
    wanted = [name for name in surface if classes is None or name in classes]
    kept = [] if classes is None or previous is None else [r for r in previous.rules if r.native_type not in wanted]
    # Enter the default context once: most questions need it, and entering it each time costs a third of the time.
    with adapter.context(adapter.default_context()):
        readings, lifted = _read_and_lift(crew, sources, wanted)
        said = [*_asked_at_start(adapter, wanted), *_written_by_hand(previous, surface)]
        guesses = _by_class(surface, [*lifted, *said])
        results = _prove_all(crew, ClassJobs(sources, readings, SoFar(guesses)), wanted, kept)
    proven = tuple(entry for result in results for entry in result.proven)
    whole = joined(results)
    merged = merge(with_method(entry.rule, adapter.package) for entry in proven)
    found = agreed(merged, whole.blind, surface, adapter.ssot.context)
    carried = named([*carry_over(found, previous), *kept], previous)
    mined_before = () if previous is None else previous.rules
    settled = frozenset(rule.id for rule in mined_before if not rule.added_by.is_by_hand)
    inherited = taken_over(carried, surface, adapter.ssot.context, settled=settled, classes=wanted)
    rules = named(inherited.rules, previous)
    corpus = Corpus(
        schema_version=version_of(rules),
        engine=adapter.ssot.engine,
        engine_version=version,
        mined_at=now(),
        rules=rules,
        context=adapter.ssot.context,
    )
    return Mined(
        corpus,
        whole.lost,
        proven,
        whole.staged,
        StaticResult(whole.findings),
        heirs=inherited.heirs,
        tally=whole.tally,
    )


def sources_of(adapter: EngineAdapter, surface: Mapping[str, ClassFacts], earlier: Earlier) -> Sources:
    """What the jobs of a build read: the classes and their code, how fronts feed them, and what was known before."""
    feeds = tuple(_feeds(adapter, surface))
    whole = {**surface, **{name: with_examples(surface[name], feeds, surface) for name in fronts(adapter, surface)}}
    known = known_to(whole, earlier.counterexamples)
    reader = ImportedReader(adapter.package)
    return Sources(adapter, whole, feeds, known, earlier.rules, reader, handed_on(adapter, whole))


def _written_by_hand(previous: Corpus | None, surface: Mapping[str, ClassFacts]) -> Iterator[Candidate]:
    """Handwritten rules go through the gate like candidates, so each one stays until a miner finds its constraint.

    Not those of the engine's file, which is asked again: a claim that is taken out takes its rule along.
    """
    for rule in () if previous is None else previous.rules:
        if rule.added_by is AddedBy.MANUAL_SEED and rule.native_type in surface:
            yield to_candidate(rule)


def _asked_at_start(adapter: EngineAdapter, surface: Iterable[str]) -> Iterator[Candidate]:
    """What the engine's file says that a check hangs on, or a question at the start."""
    observer = Observer(adapter)

    def asks(name: str, kwargs: Kwargs, world: Mapping[str, Any]) -> ObservedException | None:
        seen = observer.observe(name, kwargs, context=world)
        return None if seen.skipped_reason is not None else seen.exception

    def tells(met: Sequence[tuple[Kwargs, ObservedException]]) -> str | None:
        return template_of([Row(kwargs, error, None) for kwargs, error in met])

    for name in surface:
        entry = adapter.ssot.native_type(name)
        if entry is not None and (entry.startup or entry.claims):
            yield from asked_at_start(entry, adapter.import_library(), adapter.ssot.context, asks, tells)


def _feeds(adapter: EngineAdapter, surface: Mapping[str, ClassFacts]) -> Iterator[Feed]:
    """Which fields the fronts (classes that are built in steps) pass on to the classes behind them."""
    for name in fronts(adapter, surface):
        source = textwrap.dedent(inspect.getsource(adapter.native_class(name)))
        (definition,) = ast.parse(source).body
        if isinstance(definition, ast.ClassDef):
            yield from discover_feeds(definition, surface, surface[name].fields)


def _read_and_lift(crew: Crew, sources: Sources, names: Sequence[str]) -> tuple[Readings, list[Candidate]]:
    """Read the code of each class and lift its types, before any candidate is proven: each class needs the checks of
    the others.

    Reading one class takes half as long as reading all. Meanwhile this process lifts the types, and imports and builds
    what the workers inherit.
    """
    adapter, surface, progress = sources.adapter, sources.surface, crew.progress
    longest_first = sorted(names, key=lambda name: -sources.lines_of(name))
    with crew.each("read", Readings(sources).of, [(name,) for name in longest_first]) as readings:
        with progress.step("lifts") as step:
            lifted = [candidate for found in lifted_by(crew, sources, surface) for candidate in found]
            step.note = f"{len(lifted)} candidates"
        for name in fronts(adapter, surface):
            Observer(adapter).prepare(name)
        with quiet_collector():  # what goes away in the middle of an import may import, which Python does not bear
            importlib.import_module("hypothesis.strategies")  # generates a text from a pattern
        with progress.step("reading the code", total=len(names)) as step:
            found = {}
            for name, findings in zip(longest_first, readings, strict=True):
                found[name] = findings
                step.advance()
    return Readings(sources, found), lifted


def lifted_by(crew: Crew, sources: Sources, names: Iterable[str]) -> list[tuple[Candidate, ...]]:
    """What the declared types of each class say."""

    def lifted(name: str) -> tuple[Candidate, ...]:
        return tuple(lift(sources.adapter, sources.surface[name]))

    return crew.here("lift", lifted, [(name,) for name in names])


def _by_class(names: Iterable[str], candidates: Iterable[Candidate]) -> dict[str, list[Candidate]]:
    guesses: dict[str, list[Candidate]] = {name: [] for name in names}
    for candidate in candidates:
        guesses[candidate.native_type].append(candidate)
    return guesses


def _prove_all(crew: Crew, jobs: ClassJobs, names: Sequence[str], kept: Iterable[Rule]) -> list[ClassResult]:
    """Prove the classes that validate first. Then prove the fronts, trying the rules of the classes behind them as
    well.
    """
    sources = jobs.sources
    front_names = [name for name in fronts(sources.adapter, sources.surface) if name in names]
    handing = [name for name in sources.handed if name in names and name not in front_names]
    results = _prove_whole(crew, "prove", jobs, [name for name in names if name not in {*front_names, *handing}])
    if handing:
        proven = [*kept, *(entry.rule for result in results.values() for entry in result.proven)]
        guesses = {name: [*jobs.so_far.guesses[name], *_handed(sources, name, proven)] for name in handing}
        results.update(_prove_whole(crew, "hand", jobs.after(guesses={**jobs.so_far.guesses, **guesses}), handing))
    if front_names:
        proven = [*kept, *(entry.rule for result in results.values() for entry in result.proven)]
        guesses = {name: [*jobs.so_far.guesses[name], *_behind(sources, name, proven)] for name in front_names}
        results.update(_prove_in_parts(crew, jobs.after(guesses={**jobs.so_far.guesses, **guesses}), front_names))
    return [results[name] for name in names]


def _behind(sources: Sources, name: str, proven: Iterable[Rule]) -> Iterator[Candidate]:
    """Candidates for a front, made from the rules of the classes to which it passes its fields."""
    facts, surface, context = sources.surface[name], sources.surface, sources.adapter.ssot.context
    restated = (restate(to_candidate(rule), facts, sources.feeds, surface, context) for rule in proven)
    yield from (candidate for candidate in restated if candidate is not None)
    yield from keys_of_mappings(facts, sources.feeds, surface)


def _handed(sources: Sources, name: str, proven: Iterable[Rule]) -> Iterator[Candidate]:
    """Candidates for a class, made from the rules of the classes to which it hands its fields on.

    Not from those of declared types: it declares its own.
    """
    facts, surface, context = sources.surface[name], sources.surface, sources.adapter.ssot.context
    feeds = sources.handed[name]
    behind = {feed.native_type for feed in feeds}
    for rule in proven:
        if rule.native_type in behind and not rule.added_by.is_lift:
            restated = [restate(to_candidate(rule), facts, way, surface, context) for way in ways(feeds)]
            distinct = [one for number, one in enumerate(restated) if one is not None and one not in restated[:number]]
            yield from distinct
            yield from filter(None, (in_text(one, facts) for one in distinct))


def _prove_whole(crew: Crew, stage: str, jobs: ClassJobs, names: Sequence[str]) -> dict[str, ClassResult]:
    """One worker per class, the slowest classes first, so that no worker waits long at the end."""
    jobs = jobs.after(parts=dict.fromkeys(names, 1))
    found = crew.each_shown(stage, "proving", jobs.prove, _longest_first(jobs, [(name, 0) for name in names]))
    return {name: found[name, 0] for name in names}


def _prove_in_parts(crew: Crew, jobs: ClassJobs, names: Sequence[str]) -> dict[str, ClassResult]:
    """All workers share a class: its guesses in parts, then the rejections that no part explains, then everything."""
    jobs = jobs.after(parts=dict.fromkeys(names, _FRONT_PARTS))
    jobs = _asked(crew, "ask", jobs, {name: tuple(jobs.sources.challenges_of(name)) for name in names})
    tasks = _longest_first(jobs, list(itertools.product(names, range(_FRONT_PARTS))))
    done = crew.each_shown("front", "proving", jobs.prove, tasks)
    parts = {name: [done[name, part] for part in range(_FRONT_PARTS)] for name in names}
    jobs = jobs.after(known={name: joined(results).proven for name, results in parts.items()})
    tasks = list(itertools.product(filter(jobs.sources.facts_of, names), range(PROBERS)))
    in_worlds = crew.each_shown("worlds", "probing worlds", jobs.probe_in_worlds, tasks) if tasks else {}
    for (name, _), result in in_worlds.items():
        parts[name].append(result)
    jobs = jobs.after(known={name: joined(results).proven for name, results in parts.items()})
    probed = crew.each_shown("probe", "probing", jobs.probe, list(itertools.product(names, range(PROBERS))))
    whole = {name: joined([*parts[name], *(probed[name, part] for part in range(PROBERS))]) for name in names}
    jobs = jobs.after(known={name: result.proven for name, result in whole.items()})
    joint = {name: tuple(jobs.joint_challenges_of(name, result.proven)) for name, result in whole.items()}
    jobs = _asked(crew, "challenge", jobs, joint)
    with crew.each("reconcile", jobs.reconcile, [(name,) for name in names]) as reconciled:
        return {
            name: replace(whole[name], proven=proven, lost=(*whole[name].lost, *lost))
            for name, (proven, lost) in zip(names, reconciled, strict=True)
        }


def _longest_first(jobs: ClassJobs, tasks: list[_Task]) -> list[_Task]:
    return sorted(tasks, key=lambda task: -jobs.work_on(*task))


def _asked(crew: Crew, stage: str, jobs: ClassJobs, challenges: Mapping[str, Sequence[Kwargs]]) -> ClassJobs:
    """The jobs with the library's answers to the challenges of fronts, asked once for all parts of a front."""
    jobs = jobs.after(challenges=challenges)
    judged = {name: dict(answers) for name, answers in jobs.so_far.judged.items()}
    tasks = list(itertools.product(challenges, range(ASKERS)))
    with crew.each(stage, jobs.ask, tasks) as answered:
        for (name, _), answers in zip(tasks, answered, strict=True):
            judged.setdefault(name, {}).update(answers)
    return jobs.after(judged=judged)
