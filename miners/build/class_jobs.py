"""The jobs for one class of an engine: prove its candidates, probe it, and challenge its rules.

The jobs are a value that one process sets up and its forked workers inherit: only the results are sent. The results of
one round of workers are part of the jobs of the next.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, final

from miners.build.class_results import ClassResult, counted
from miners.build.producers import probe_class, probe_class_in_worlds
from miners.build.sources import Readings, Sources, is_front
from miners.candidates.candidate import Candidate
from miners.candidates.outcomes import Lost, Proven
from miners.dynamic.probe import FULL_BUDGET
from miners.dynamic.worlds import Worlds
from miners.examples.challenges import jointly
from miners.examples.checks import Checks
from miners.fronts.restate import restate
from miners.gate.blind import probe_blind
from miners.gate.gate import Gate
from miners.gate.oracle import Oracle, Question
from miners.gate.setting import Origin, Setting
from miners.process.asking import asker
from miners.process.roles import NO_DYNAMIC_MINER
from miners.static import SiteFinding
from miners.surface.facts import ClassFacts
from miners.surface.fields import default_at
from pytest_llem_invariants.engines.base import SERVED, EngineAdapter
from pytest_llem_invariants.model import EMPTY, Kwargs, Observation
from pytest_llem_invariants.native_types import NativeType
from pytest_llem_invariants.replay.changes import plain
from pytest_llem_invariants.text.atomic import today

ASKERS: Final = 2
"""The number of shares in which workers try the challenges of a front."""
PROBERS: Final = 2
"""The number of shares in which workers then probe the fields of a front for rejections that no rule explains."""
_MOST_PROBES: Final = 240
_LEAST_PROBES: Final = 24
_MOST_JOINT: Final = 9_000
_LEAST_JOINT: Final = 900
"""The most configs that combine constants of several rules, per class."""
_JOINT_A_FIELD: Final = 900
"""The limit per field: a class with few fields has few different configs."""
_GUESSES_A_CONDITION: Final = 10
"""A candidate that was read or probed takes about as long as this many candidates of a declared type."""


@final
@dataclass(frozen=True, slots=True)
class SoFar:
    """What is known about the classes when a round of jobs begins."""

    guesses: Mapping[str, Sequence[Candidate]]
    parts: Mapping[str, int] = field(default_factory=dict)
    """The number of parts in which the guesses about a class are proven."""
    known: Mapping[str, Sequence[Proven]] = field(default_factory=dict)
    """For a class that is proven in parts, the rules of all parts."""
    challenges: Mapping[str, Sequence[Kwargs]] = field(default_factory=dict)
    judged: Mapping[str, Mapping[Question, Observation]] = field(default_factory=dict)
    """The answers about a class that other workers already have."""


@final
@dataclass(frozen=True, slots=True)
class ClassJobs:
    """The tasks for a round of workers: each job is about one class or a part of it."""

    sources: Sources
    readings: Readings
    so_far: SoFar

    @property
    def adapter(self) -> EngineAdapter:
        return self.sources.adapter

    @property
    def surface(self) -> Mapping[str, ClassFacts]:
        return self.sources.surface

    def after(self, **found: Any) -> ClassJobs:
        """The jobs of the next round, with the results of this one."""
        return replace(self, so_far=replace(self.so_far, **found))

    def ask(self, name: str, share: int) -> Mapping[Question, Observation]:
        """The library's answers to a share of the challenges of a class; if its rules are known, to those that a rule
        claims.
        """
        oracle = Oracle(asker(self.adapter), name, default=self.adapter.default_context())
        challenges: Iterable[Kwargs] = itertools.islice(self.so_far.challenges[name], share, None, ASKERS)
        if name in self.so_far.known:
            gate = self._gate(name, oracle)
            gate.adopt(self.so_far.known[name])
            challenges = filter(gate.rejects, challenges)
        for kwargs in challenges:
            oracle.accepts(kwargs)
        return oracle.judged

    def prove(self, name: str, part: int) -> ClassResult:
        """Prove a class, or a part of its guesses. The first part also includes what was read; a whole class is also
        probed.
        """
        parts = self.so_far.parts[name]
        oracle = self._oracle(name)
        gate = self._gate(name, oracle)
        guesses = self.share_of(name, part)
        findings: tuple[SiteFinding, ...] = ()
        if part == 0:
            findings = self.readings.of(name)
            guesses = [*(candidate for finding in findings for candidate in finding.candidates), *guesses]
        gate.prove(guesses)
        challenges = tuple(self.sources.challenges_of(name))
        gate.challenge(challenges)
        probed: list[Candidate] = []
        if parts == 1:
            worldly = self._beside_facts(name, oracle, guesses, gate.rejects_in)
            gate.prove(worldly)
            probed = probe_class(self.sources.one(name), oracle, guesses, explained=gate.rejects, company=challenges)
            gate.prove(probed)
            probed = [*worldly, *probed]
            gate.challenge((*challenges, *self.joint_challenges_of(name, gate.proven)))
        proven = gate.finished() if parts == 1 else gate.proven
        blind = self._blind(name, oracle) if parts == 1 else ()
        return ClassResult(proven, tuple(gate.lost), counted((*guesses, *probed)), findings, blind, oracle.tally())

    def _blind(self, name: str, oracle: Oracle) -> tuple[Candidate, ...]:
        if NO_DYNAMIC_MINER in self.adapter.ssot.adapter:
            return ()
        return probe_blind(self.surface[name], oracle, self.surface, self.sources.one(name).budget)

    def probe(self, name: str, part: int) -> ClassResult:
        """Probe a share of the fields of a class that was proven in parts, for rejections that no part explains."""
        oracle = self._oracle(name)
        gate, before = (self._gate(name, oracle) for _ in range(2))
        before.adopt(self.so_far.known[name])
        challenges = tuple(self.sources.challenges_of(name))
        probed = probe_class(
            self.sources.one(name),
            oracle,
            self.so_far.guesses[name],
            explained=before.rejects,
            company=challenges,
            share=(part, PROBERS),
        )
        gate.prove(probed)
        gate.challenge(challenges)
        blind = self._blind(name, oracle) if part == 0 else ()
        return ClassResult(gate.proven, tuple(gate.lost), counted(probed), (), blind, oracle.tally())

    def probe_in_worlds(self, name: str, part: int) -> ClassResult:
        """Probe a share of the fields of a class that was proven in parts, for rules that depend on a fact.

        A rejection that a fact explains is not probed again in the default world.
        """
        oracle = self._oracle(name)
        gate, before = (self._gate(name, oracle) for _ in range(2))
        before.adopt(self.so_far.known[name])
        guesses = self.so_far.guesses[name]
        probed = self._beside_facts(name, oracle, guesses, before.rejects_in, share=(part, PROBERS))
        gate.prove(probed)
        gate.challenge(tuple(self.sources.challenges_of(name)))
        return ClassResult(gate.proven, tuple(gate.lost), counted(probed), (), (), oracle.tally())

    def _beside_facts(
        self,
        name: str,
        oracle: Oracle,
        guesses: Sequence[Candidate],
        explained: Callable[[Kwargs, Mapping[str, Any]], bool],
        share: tuple[int, int] = (0, 1),
    ) -> list[Candidate]:
        facts = self.sources.facts_of(name)
        worlds = Worlds(oracle.raises, oracle.accepts, self.adapter.ssot.context, facts, explained)
        return probe_class_in_worlds(self.sources.one(name), worlds, guesses, share=share)

    def reconcile(self, name: str) -> tuple[tuple[Proven, ...], tuple[Lost, ...]]:
        """Try the challenges on the rules of all parts of a class, and compare the rules with each other."""
        gate = self._gate(name, self._oracle(name))
        gate.adopt(self.so_far.known[name])
        gate.challenge(self.so_far.challenges[name])
        return gate.finished(), tuple(gate.lost)

    def work_on(self, name: str, part: int) -> int:
        """About how long a part of a class takes; the first part includes what was read."""
        findings = self.readings.of(name) if part == 0 else ()
        read = [candidate for finding in findings for candidate in finding.candidates]
        guesses = (*read, *self.share_of(name, part))
        return sum(1 if guess.added_by.is_lift else _GUESSES_A_CONDITION for guess in guesses)

    def share_of(self, name: str, part: int) -> Sequence[Candidate]:
        """A part of the guesses about a class. Neighbours are about the same fields, so they share questions."""
        guesses = self.so_far.guesses[name]
        size = math.ceil(len(guesses) / self.so_far.parts[name])
        return guesses[part * size : (part + 1) * size]

    def joint_challenges_of(self, name: str, proven: Sequence[Proven]) -> Iterator[Kwargs]:
        """Challenges made from all rules of the class together."""
        facts = self.surface[name]
        most = min(_MOST_JOINT * self.sources.one(name).budget // FULL_BUDGET, _JOINT_A_FIELD * len(facts.fields))
        yield from jointly([entry.rule for entry in proven], facts, max(_LEAST_JOINT, most), self.surface)

    def _oracle(self, name: str) -> Oracle:
        def stands_there(field: str, value: Any) -> bool:
            # `auto` asks the library to choose. But to change a given False to True is to ignore it.
            return isinstance(value, str) and plain(default_at(field, self.surface[name], self.surface)) == value

        judged, context = self.so_far.judged.get(name), self.adapter.default_context()
        return Oracle(asker(self.adapter), name, judged, context, stands_there)

    def _gate(self, name: str, oracle: Oracle) -> Gate:
        adapter, ssot = self.adapter, self.adapter.ssot
        others = tuple(adapter.other_kwargs(name))
        setting = Setting(
            self.surface[name],
            Origin(ssot.engine, ssot.library, today()),
            self.surface,
            ssot.context,
            self.sources.contexts_read(name),
            others,
            tuple(adapter.facts_beside(one) for one in others),
            tuple(fact for fact in self.sources.facts_of(name) if fact.startswith(SERVED)),
            len(adapter.machines()),
            _switches(ssot.native_type(name)),
            ssot.adapter.get("comes_with", EMPTY),
            adapter.unlike,
        )
        return Gate(
            setting,
            oracle,
            probe_limit=max(_LEAST_PROBES, _MOST_PROBES * self.sources.one(name).budget // FULL_BUDGET),
            checks=self._checks(name),
            earlier=(rule for rule in self.sources.earlier if rule.native_type == name),
        )

    def _checks(self, name: str) -> Checks:
        """The conditions that reject a config of the class, from any place in the code; for a front, in its own field
        names.
        """
        facts, context = self.surface[name], self.adapter.ssot.context

        def handed_on(check: Candidate) -> Candidate | None:
            return restate(check, facts, self.sources.feeds, context=context)

        restated = handed_on if is_front(self.adapter, name) else None
        return Checks(facts, self.surface, self.readings.of, restated, context)


def _switches(entry: NativeType | None) -> Mapping[str, Any]:
    """The fields of which a truth value keeps a step of the validation from being called, each with that value."""
    conditions = [condition for step in (entry.validate if entry else ()) for condition in step.when.items()]
    return {name: not values[0] for name, values in conditions if values in ((True,), (False,))}
