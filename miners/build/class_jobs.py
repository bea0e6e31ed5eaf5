"""What is done about one class of an engine: it is read, proven, probed, and its rules are challenged.

A bench is set up in one process and inherited by the workers that it forks: nothing of it is sent, but what they find.
"""

from __future__ import annotations

import inspect
import itertools
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, final

from miners.build.producers import budget_of, challenges_of, probe_class, read_class
from miners.candidates.candidate import Candidate
from miners.candidates.outcomes import Lost, Proven
from miners.code.imported import ImportedReader
from miners.dynamic.probe import FULL_BUDGET
from miners.examples.challenges import jointly
from miners.examples.detours import Checks
from miners.fronts.feeds import Feed, restate
from miners.gate.blind import probe_blind
from miners.gate.counterexamples import Counterexamples
from miners.gate.gate import Gate
from miners.gate.oracle import Oracle, Question, Tally, added
from miners.gate.setting import Origin, Setting
from miners.process.asking import asker
from miners.process.roles import NO_DYNAMIC_MINER
from miners.static import SiteFinding
from miners.surface.facts import ClassFacts
from miners.surface.fields import default_at
from pytest_llem_invariants.engines.base import ENV, EngineAdapter
from pytest_llem_invariants.model import AddedBy, Kwargs, Observation, Rule
from pytest_llem_invariants.replay.changes import plain
from pytest_llem_invariants.text.atomic import today

ASKERS: Final = 2
"""In so many shares the library is asked about what the rules of a front are challenged with."""
PROBERS: Final = 2
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


_NOTHING_ASKED: Final = Tally()


@dataclass(frozen=True, slots=True)
class ClassResult:
    """What came of a class, or of a part of it."""

    proven: tuple[Proven, ...]
    lost: tuple[Lost, ...]
    staged: Mapping[AddedBy, int]
    findings: tuple[SiteFinding, ...]
    blind: tuple[Candidate, ...] = ()
    """What was found again without knowing of it."""
    tally: Tally = _NOTHING_ASKED


def fronts(adapter: EngineAdapter, surface: Iterable[str]) -> tuple[str, ...]:
    """Classes that only collect what others validate: the SSOT gives them build steps that return another object."""
    return tuple(name for name in surface if _is_front(adapter, name))


def _is_front(adapter: EngineAdapter, name: str) -> bool:
    entry = adapter.ssot.native_type(name)
    return entry is not None and any(step.returns for step in entry.build)


@final
@dataclass(slots=True)
class Bench:
    """The engine, what is known of it before any rule is proven, and what was found since."""

    adapter: EngineAdapter
    surface: Mapping[str, ClassFacts]
    feeds: Sequence[Feed]
    counterexamples: Counterexamples
    earlier: Sequence[Rule]
    reader: ImportedReader
    readings: dict[str, tuple[SiteFinding, ...]] = field(default_factory=dict)
    guesses: Mapping[str, Sequence[Candidate]] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)
    """In how many parts the guesses about a class are proven."""
    known: Mapping[str, Sequence[Proven]] = field(default_factory=dict)
    """Of a class that is proven in parts, what came of all of them."""
    challenges: Mapping[str, Sequence[Kwargs]] = field(default_factory=dict)
    judged: dict[str, dict[Question, Observation]] = field(default_factory=dict)
    """What the library was asked about a class by other workers."""

    def read(self, name: str) -> tuple[SiteFinding, ...]:
        """What the code of a class says; of one that is not mined itself, read once in each worker."""
        if name not in self.readings:
            self.readings[name] = read_class(self.adapter, self.surface, name, self.reader)
        return self.readings[name]

    def ask(self, name: str, share: int) -> Mapping[Question, Observation]:
        """What the library says to a share of the challenges of a class: where its rules are known, what they claim."""
        oracle = Oracle(asker(self.adapter), name, default=self.adapter.default_context())
        challenges: Iterable[Kwargs] = itertools.islice(self.challenges[name], share, None, ASKERS)
        if name in self.known:
            gate = self._gate(name, oracle)
            gate.adopt(self.known[name])
            challenges = filter(gate.rejects, challenges)
        for kwargs in challenges:
            oracle.accepts(kwargs)
        return oracle.judged

    def prove(self, name: str, part: int) -> ClassResult:
        """Prove a class, or a part of the guesses about it, of which the first is read, too; a whole one is probed."""
        parts = self.parts[name]
        oracle = self._oracle(name)
        gate = self._gate(name, oracle)
        guesses = self.share_of(name, part)
        findings: tuple[SiteFinding, ...] = ()
        if part == 0:
            findings = self.read(name)
            guesses = [*(candidate for finding in findings for candidate in finding.candidates), *guesses]
        gate.prove(guesses)
        challenges = tuple(self.challenges_of(name))
        gate.challenge(challenges)
        probed: list[Candidate] = []
        if parts == 1:
            probed += probe_class(
                self.adapter, self.surface, name, oracle, guesses, explained=gate.rejects, company=challenges
            )
            gate.prove(probed)
            gate.challenge((*challenges, *self.joint_challenges_of(name, gate.proven)))
        proven = gate.finished() if parts == 1 else gate.proven
        blind = self._blind(name, oracle) if parts == 1 else ()
        return ClassResult(proven, tuple(gate.lost), counted((*guesses, *probed)), findings, blind, oracle.tally())

    def _blind(self, name: str, oracle: Oracle) -> tuple[Candidate, ...]:
        if NO_DYNAMIC_MINER in self.adapter.ssot.adapter:
            return ()
        return probe_blind(self.surface[name], oracle, self.surface, budget_of(self.adapter, name))

    def probe(self, name: str, part: int) -> ClassResult:
        """Probe a share of the fields of a class that was proven in parts, for what no part of it explains."""
        oracle = self._oracle(name)
        gate, before = (self._gate(name, oracle) for _ in range(2))
        before.adopt(self.known[name])
        challenges = tuple(self.challenges_of(name))
        probed = probe_class(
            self.adapter,
            self.surface,
            name,
            oracle,
            self.guesses[name],
            explained=before.rejects,
            company=challenges,
            share=(part, PROBERS),
        )
        gate.prove(probed)
        gate.challenge(challenges)
        blind = self._blind(name, oracle) if part == 0 else ()
        return ClassResult(gate.proven, tuple(gate.lost), counted(probed), (), blind, oracle.tally())

    def reconcile(self, name: str) -> tuple[tuple[Proven, ...], tuple[Lost, ...]]:
        """Put what came of all the parts of a class to their challenges, and to each other."""
        gate = self._gate(name, self._oracle(name))
        gate.adopt(self.known[name])
        gate.challenge(self.challenges[name])
        return gate.finished(), tuple(gate.lost)

    def work_on(self, name: str, part: int) -> int:
        """About how long a part of a class takes, of which the first has what was read."""
        read = [candidate for finding in self.read(name) for candidate in finding.candidates] if part == 0 else []
        guesses = (*read, *self.share_of(name, part))
        return sum(1 if guess.added_by.is_lift else _GUESSES_A_CONDITION for guess in guesses)

    def lines_of(self, name: str) -> int:
        """How long the code of a class is: about what reading it takes."""
        read = self.reader.class_at(self.surface[name].target)
        return 0 if read is None else (read.node.end_lineno or read.node.lineno) - read.node.lineno

    def share_of(self, name: str, part: int) -> Sequence[Candidate]:
        """Of the guesses about a class neighbours, which are about the same fields, and share what was asked."""
        guesses = self.guesses[name]
        size = math.ceil(len(guesses) / self.parts[name])
        return guesses[part * size : (part + 1) * size]

    def challenges_of(self, name: str) -> Iterator[Kwargs]:
        """What the rules of a class are challenged with, whichever they are."""
        yield from self.counterexamples.get(name, ())
        yield from challenges_of(self.adapter, self.surface, name)

    def joint_challenges_of(self, name: str, proven: Sequence[Proven]) -> Iterator[Kwargs]:
        """What is made of all the rules of a class together."""
        facts = self.surface[name]
        most = min(_MOST_JOINT * budget_of(self.adapter, name) // FULL_BUDGET, _JOINT_A_FIELD * len(facts.fields))
        yield from jointly([entry.rule for entry in proven], facts, max(_LEAST_JOINT, most), self.surface)

    def _oracle(self, name: str) -> Oracle:
        def stands_there(field: str, value: Any) -> bool:
            # A word: `auto` asks the library to choose. To make True of a False that was given is to ignore it.
            return isinstance(value, str) and plain(default_at(field, self.surface[name], self.surface)) == value

        judged, context = self.judged.get(name), self.adapter.default_context()
        return Oracle(asker(self.adapter), name, judged, context, stands_there)

    def _gate(self, name: str, oracle: Oracle) -> Gate:
        adapter, ssot = self.adapter, self.adapter.ssot
        setting = Setting(
            self.surface[name],
            Origin(ssot.engine, ssot.library, today()),
            self.surface,
            ssot.context,
            self._contexts_read(name),
            tuple(adapter.other_kwargs(name)),
            len(adapter.machines()),
        )
        return Gate(
            setting,
            oracle,
            probe_limit=max(_LEAST_PROBES, _MOST_PROBES * budget_of(adapter, name) // FULL_BUDGET),
            checks=self._checks(name),
            earlier=(rule for rule in self.earlier if rule.native_type == name),
        )

    def _checks(self, name: str) -> Checks:
        """What rejects a config of the class, wherever it is written; of a front, in the names that it hands on."""
        facts = self.surface[name]
        handed_on = (lambda check: restate(check, facts, self.feeds)) if _is_front(self.adapter, name) else None
        return Checks(facts, self.surface, self.read, handed_on, self.adapter.ssot.context)

    def _contexts_read(self, name: str) -> tuple[str, ...]:
        """The context fields that the module of a class asks for; of a front, which runs many modules, all."""
        ssot = self.adapter.ssot
        if _is_front(self.adapter, name):
            return tuple(ssot.context)
        try:
            source = inspect.getsource(sys.modules[self.adapter.native_class(name).__module__])
        except (OSError, TypeError, KeyError):
            return ()
        asked = ssot.adapter.get("reads", {})
        roots = {
            field: {chain.partition(".")[0] for chain, read in asked.items() if read == field or field in read}
            for field in ssot.context
        }
        return tuple(
            field
            for field in ssot.context
            if any(root in source for root in roots[field])
            or (field.startswith(ENV) and field.removeprefix(ENV) in source)
        )


def joined(results: Sequence[ClassResult]) -> ClassResult:
    """The parts of a class as one."""
    return ClassResult(
        tuple(entry for result in results for entry in result.proven),
        tuple(lost for result in results for lost in result.lost),
        total(result.staged for result in results),
        tuple(finding for result in results for finding in result.findings),
        tuple(candidate for result in results for candidate in result.blind),
        added(result.tally for result in results),
    )


def total(counts: Iterable[Mapping[AddedBy, int]]) -> dict[AddedBy, int]:
    """How many there are of each producer in all."""
    found: dict[AddedBy, int] = {}
    for one in counts:
        for producer, count in one.items():
            found[producer] = found.get(producer, 0) + count
    return found


def counted(candidates: Iterable[Candidate]) -> dict[AddedBy, int]:
    """How many of the candidates are of each producer."""
    return total({candidate.added_by: 1} for candidate in candidates)
