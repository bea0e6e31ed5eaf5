"""`--llem-reuse` where a whole run cannot be reused: the library's single answers, kept in the store as they come.

Each hangs on the files that its process had touched until then, by their content: those of the modules of its class
and of all before it. While they are as they were, the same process would give the same answer, whatever else of the
library changed, its version too. The packages beside it, Python, machine, variables, the code of this project and what
is declared of the engine are the same for all that is kept together. A process asks the library only for what is not
there; one that has everything never imports it.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, final

from pytest_llem_invariants.model import Divergence, Observation, Rule, Soundness
from pytest_llem_invariants.plugin.evidence import (
    CheckResult,
    Evidence,
    divergence_from_data,
    divergence_to_data,
    soundness_from_data,
    soundness_to_data,
)
from pytest_llem_invariants.runs.store import Drawer, Store
from pytest_llem_invariants.runs.surroundings import changed_since, process_began

if TYPE_CHECKING:
    from pytest_llem_invariants.plugin.shelf import Volume
    from pytest_llem_invariants.replay.capture import Channels
    from pytest_llem_invariants.runs.surroundings import Reads
    from pytest_llem_invariants.runs.touched import Touched

KIND: Final = "answers"
_FILES: Final = "files "
"""What one process touched between two answers: `files PROCESS NUMBER`."""
_KEPT: Final = 4
"""Of an engine: another environment, or another state of this project's code, has answers of its own."""
_SECONDS: Final = 2.0
"""How long answers wait at least, so that a kill costs little."""
_SHARE: Final = 0.2
"""Of the time of a run, how long they wait: each time, all files are looked at."""
_encoded: Final = json.JSONEncoder(allow_nan=False).encode
"""Made once: `json.dumps` makes one for each of ten thousand answers."""
_Agreed = tuple[Soundness, tuple[Divergence, ...]]


@final
class Answers:
    """The answers that are kept for one corpus's engine, as each process of a run sees them."""

    def __init__(self, volume: Volume, drawers: Drawers, reads: Reads, *, may_answer: bool) -> None:
        self._volume = volume
        self._drawers = drawers
        self._reads = reads
        self._may_answer = may_answer

    @cached_property
    def _kept(self) -> Mapping[str, bytes]:
        """Read once, when the first rule asks."""
        return self._drawers.store.read(self._drawers.drawer) if self._may_answer else {}

    @cached_property
    def _known(self) -> Mapping[str, bytes]:
        """The answers alone: what a controller let stay holds."""
        given = ((name, body.partition(b"\n")) for name, body in self._kept.items() if not name.startswith(_FILES))
        return {name: answer for name, (_, _, answer) in given}

    @property
    def are_any(self) -> bool:
        """Whether some may answer: else the engine is needed in any case."""
        return bool(self._known)

    @property
    def depends_on(self) -> Mapping[str, str]:
        """The files that some of the answers may depend on, and what was told of them."""
        return {path: told for files in _files(self._kept).values() for path, told in files.items()}

    def forget_what_changed(self) -> tuple[str | None, int]:
        """Let the answers go that hang on a file that changed; which file that is, and how many they are."""
        changed, holds = None, _Holding()
        for (process, number), files in sorted(_files(self._kept).items()):
            found = self._drawers.touched.changed(files) if holds.until(process) == number else None
            if holds.until(process) == number and found is None:
                holds.further(process)
            changed = changed or found
        gone = [name for name, body in self._kept.items() if not holds.all_of(name, body)]
        gone += _of_nobody(self._kept, gone)
        if gone:
            self._drawers.store.drop(self._drawers.drawer, gone)
            without = set(gone)
            self.__dict__["_kept"] = {name: body for name, body in self._kept.items() if name not in without}
        return changed, sum(not name.startswith(_FILES) for name in gone)

    def examples(self, rule: Rule, context: Mapping[str, Any]) -> tuple[Observation, Observation] | None:
        """What the library did with both examples of a rule, if that is known."""
        if not self._known:  # a first run: to name each question would take a hundredth of its time
            return None
        from pytest_llem_invariants.replay.capture import ALL, read_of_negative

        positive = self._example(rule, rule.kwargs_positive, context, ALL)
        if positive is None:
            return None
        other = self._of_negative(rule, context)
        negative = self._example(rule, rule.kwargs_negative, other, read_of_negative(rule))
        return None if negative is None else (positive, negative)

    def _example(
        self, rule: Rule, kwargs: Mapping[str, Any], context: Mapping[str, Any], channels: Channels
    ) -> Observation | None:
        from pytest_llem_invariants.replay.capture import captured
        from pytest_llem_invariants.replay.wire import observation_from_data

        body = self._known.get(example_name(rule.native_type, kwargs, context, channels))
        if body is None:
            return None
        try:
            found = observation_from_data(json.loads(body))
        except (ValueError, RecursionError):
            return None
        return found if channels <= captured(found) else None

    def _of_negative(self, rule: Rule, context: Mapping[str, Any]) -> Mapping[str, Any]:
        """The world of the negative example, which may be another one."""
        from pytest_llem_invariants.replay.contexts import negative_context_of

        return negative_context_of(rule, self._volume.ssot.context) if rule.world_negative else context

    def agreement(self, rule: Rule, context: Mapping[str, Any]) -> _Agreed | None:
        """What probing said of a rule, if that is known of it and all others of its class as they are."""
        if not self._known:
            return None
        body = self._known.get(self._agreement_name(rule, context))
        if body is None:
            return None
        try:
            said, divergences = json.loads(body)
            soundness = soundness_from_data(said)
            return None if soundness is None else (soundness, tuple(map(divergence_from_data, divergences)))
        except (ValueError, TypeError, KeyError, RecursionError):
            return None

    def entries(self, evidence: Evidence, rule: Rule, context: Mapping[str, Any]) -> dict[str, bytes]:
        """What is kept of a piece of evidence; what says that something went wrong here is not."""
        from pytest_llem_invariants.replay.capture import ALL, read_of_negative
        from pytest_llem_invariants.replay.wire import observation_to_data

        found: dict[str, Any] = {}
        examples = (
            (rule.kwargs_positive, evidence.positive, context, ALL),
            (rule.kwargs_negative, evidence.negative, self._of_negative(rule, context), read_of_negative(rule)),
        )
        for kwargs, seen, world, channels in examples:
            if seen is not None and seen.skipped_reason is None:
                found[example_name(rule.native_type, kwargs, world, channels)] = observation_to_data(seen)
        if evidence.soundness is not None and evidence.result is not CheckResult.SKIPPED:
            told = soundness_to_data(evidence.soundness), [divergence_to_data(one) for one in evidence.divergences]
            found[self._agreement_name(rule, context)] = told
        return {name: _encoded(data).encode() for name, data in found.items()}

    def _agreement_name(self, rule: Rule, context: Mapping[str, Any]) -> str:
        return f"agreement {_digest(rule.id, self._classes[rule.native_type], context)}"

    @cached_property
    def _classes(self) -> Mapping[str, str]:
        """A digest of all rules of each class: probing combines them."""
        members: dict[str, list[Rule]] = {}
        for rule in self._volume.corpus.rules:
            members.setdefault(rule.native_type, []).append(rule)
        return {name: _digest(repr(rules), repr(self._volume.corpus.context)) for name, rules in members.items()}

    def files(self) -> tuple[str, ...]:
        """What this process read since it was last asked."""
        return self._reads.fresh()


@final
@dataclass(frozen=True, slots=True)
class Drawers:
    """Where the answers of one engine are, and how it is told of a file whether it is the same."""

    store: Store
    drawer: Drawer
    touched: Touched


@final
class _Holding:
    """Of each process, how many of its steps hold: what came after one that does not may hang on it."""

    def __init__(self) -> None:
        self._until: dict[str, int] = {}

    def until(self, process: str) -> int:
        return self._until.get(process, 0)

    def further(self, process: str) -> None:
        self._until[process] = self.until(process) + 1

    def all_of(self, name: str, body: bytes) -> bool:
        """Whether an entry of the drawer hangs on steps that hold."""
        if name.startswith(_FILES):
            _, process, number = name.split(" ")
            return int(number) < self.until(process)
        process, _, count = body.partition(b"\n")[0].decode().partition(" ")
        return count.isdecimal() and 0 < int(count) <= self.until(process)


def _files(entries: Mapping[str, bytes]) -> dict[tuple[str, int], dict[str, str]]:
    """What processes touched, by process and number."""
    found = {}
    for name, body in entries.items():
        if name.startswith(_FILES):
            _, process, number = name.split(" ")
            found[process, int(number)] = json.loads(body)
    return found


def _of_nobody(entries: Mapping[str, bytes], gone: Collection[str]) -> list[str]:
    """What processes touched of whom no answer is left: else it would grow with each run."""
    left = entries.keys() - set(gone)
    answering = {entries[name].split(b" ", 1)[0].decode() for name in left if not name.startswith(_FILES)}
    return [name for name in left if name.startswith(_FILES) and name.split(" ")[1] not in answering]


@final
class _Process:
    """What one process touched, step by step, and what it answered since the last write."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.steps = 0
        self.told: set[str] = set()
        self.fresh: list[list[str]] = []
        """The steps that are not written yet."""

    def note(self, paths: list[str]) -> None:
        if paths:
            self.told.update(paths)
            self.fresh.append(paths)
            self.steps += 1


@final
class Keeper:
    """Puts answers into the store as they arrive, in the one process that writes."""

    def __init__(self, answers: Answers, drawers: Drawers, volume: Volume, is_own: Callable[[str], bool]) -> None:
        self._answers = answers
        self._drawers = drawers
        self._volume = volume
        self._is_own = is_own
        """Whether a file is one that a run reads of itself."""
        self._began = process_began()
        self._run = uuid.uuid4().hex
        self._processes: dict[str, _Process] = {}
        self._fingerprints: dict[str, str] = {}
        self._pending: dict[str, bytes] = {}
        self._started = self._flushed = time.monotonic()
        self.changed: str | None = None
        """The file that changed while the run was under way: from then on nothing is kept."""

    @cached_property
    def _rules(self) -> Mapping[str, Rule]:
        return {rule.id: rule for rule in self._volume.corpus.rules}

    def note(self, evidence: Evidence, worker: str = "") -> None:
        """Take in a piece of evidence; its process, a worker of the run, had touched its files by then."""
        process = self._processes.setdefault(worker, _Process(f"{self._run}{worker}"))
        process.note([path for path in evidence.files if path not in process.told and not self._is_own(path)])
        from pytest_llem_invariants.replay.contexts import context_of

        if evidence.reused or self.changed is not None:
            return
        if evidence.positive is not None or evidence.soundness is not None:
            rule = self._rules[evidence.rule]
            hangs_on = f"{process.name} {process.steps}\n".encode()
            found = self._answers.entries(evidence, rule, context_of(rule, self._volume.ssot.context))
            self._pending.update({name: hangs_on + body for name, body in found.items()})
        now = time.monotonic()
        if now - self._flushed > max(_SECONDS, _SHARE * (now - self._started)):
            self.flush()

    def flush(self) -> None:
        """Write what came in, with the files that were touched until then; nothing if one of them changed meanwhile."""
        self._flushed = time.monotonic()
        if not self._pending or self.changed is not None:
            return
        steps = self._steps()  # told before it is seen whether they changed: what changes later is told otherwise then
        everything = {path for process in self._processes.values() for path in process.told}
        self.changed = next((path for path in sorted(everything) if changed_since(path, self._began)), None)
        store, drawer = self._drawers.store, self._drawers.drawer
        if self.changed is not None:
            store.drop(drawer, store.read(drawer))
            return
        store.write(drawer, {**steps, **self._pending})
        self._pending.clear()

    def _steps(self) -> dict[str, bytes]:
        """The steps of the processes that are not written yet."""
        found = {}
        for process in self._processes.values():
            first = process.steps - len(process.fresh)
            for number, paths in enumerate(process.fresh, first):
                found[f"{_FILES}{process.name} {number}"] = json.dumps(
                    {path: self._told(path) for path in paths}
                ).encode()
            process.fresh.clear()
        return found

    def _told(self, path: str) -> str:
        """Told once for all processes: the larger part they share."""
        if path not in self._fingerprints:
            self._fingerprints[path] = self._drawers.touched.told(path)
        return self._fingerprints[path]

    def close(self) -> None:
        self.flush()
        self._drawers.store.tidy(self._drawers.drawer, _KEPT)


def example_name(native_type: str, kwargs: Mapping[str, Any], context: Mapping[str, Any], channels: Channels) -> str:
    """The name of an answer: of the class, the arguments, the world, and what was captured."""
    return f"example {_digest(native_type, kwargs, context, ','.join(sorted(channels)))}"


def _digest(*parts: Any) -> str:
    from pytest_llem_invariants.language.values import identity

    told = "\0".join(part if isinstance(part, str) else identity(part) for part in parts)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
