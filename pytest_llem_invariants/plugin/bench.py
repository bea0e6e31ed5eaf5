"""Check rules in one process: import the engine once, and observe each example once for all rules that share it."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, final

from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.model import Check, Divergence, Observation, Rule, Soundness
from pytest_llem_invariants.plugin.evidence import CheckResult, Evidence, Spent
from pytest_llem_invariants.plugin.private import assertion_rewriters
from pytest_llem_invariants.plugin.trials import Trials, differing

if TYPE_CHECKING:
    from pytest_llem_invariants.engines.base import EngineAdapter
    from pytest_llem_invariants.model import Kwargs
    from pytest_llem_invariants.plugin.agreement import Agreement
    from pytest_llem_invariants.plugin.answers import Answers
    from pytest_llem_invariants.plugin.options import Settings
    from pytest_llem_invariants.plugin.shelf import Volume
    from pytest_llem_invariants.replay.capture import Channels
    from pytest_llem_invariants.replay.observe import Observer

PIN_ROLE: Final = "invariants"


@final
class Bench:
    """Checks the rules of one corpus in this process."""

    def __init__(self, volume: Volume, settings: Settings, kept: Answers | None = None) -> None:
        self._volume = volume
        self._settings = settings
        self._kept = kept
        self._installed: str | None = None
        self._reused: set[str] = set()
        """The rules of whose examples the library is not asked again."""
        self._trouble: LlemError | None = None
        self._observer: Observer | None = None
        self._adapter: EngineAdapter | None = None
        self._observed: dict[str, tuple[Observation, Observation]] = {}
        self._contexts: dict[str, dict[str, Any]] = {}
        self._answers: dict[tuple[str, str, str], Observation] = {}
        """By native type, arguments and context: a third of a corpus's examples occur in another rule, too."""
        self._agreement: Agreement | None = None
        self._importing = 0.0
        self._captures: dict[bool, tuple[int, float]] = {True: (0, 0.0), False: (0, 0.0)}
        """Of whole examples and of the others: how many were captured for the rule, and the seconds of it."""
        self._spent: Spent | None = None
        """What the last rule that was observed took, until it is told."""
        self._trials = Trials(volume, settings)
        self._differing: dict[str, tuple[Divergence | None, Divergence | None]] = {}
        """How an answer differed when the positive or the negative example of a rule was tried again."""
        self._classes: set[str] = set()
        """The classes that were found."""

    @property
    def is_ready(self) -> bool:
        return self._observer is not None or self._kept is not None

    def prepare(self) -> None:
        """Get ready for rules; where answers are known, the engine is imported for the first that is not there."""
        if self._kept is None or not self._kept.are_any:
            self._import_once()
        elif self._trouble is not None:
            raise self._trouble

    def _import_once(self) -> None:
        """Import the engine and check it against its pin and landmarks; raises an error if something is wrong."""
        if self._trouble is not None:
            raise self._trouble
        if self._observer is not None:
            return
        began = time.perf_counter()
        try:
            self._import()
            self._importing = time.perf_counter() - began
        except LlemError as trouble:
            self._trouble = trouble  # an import that fails may take as long as one that succeeds
            raise

    def _import(self) -> None:
        from pytest_llem_invariants.engines import get_adapter
        from pytest_llem_invariants.replay.observe import Observer
        from pytest_llem_invariants.ssot import check_installed_version

        adapter = get_adapter(self._volume.engine, self._volume.root)
        check_installed_version(adapter.ssot, PIN_ROLE)
        with unrewritten_imports():
            adapter.check_landmarks(PIN_ROLE)
            self._observer = Observer(adapter)
        gc.freeze()  # a library stays until the end, like the collected items
        self._adapter = adapter

    def examine(self, rule: Rule, check: Check) -> Evidence:
        """One check of one rule."""
        from pytest_llem_invariants.replay.contexts import default_context

        positive, negative = self._examples(rule)
        known = self._known_agreement(rule) if check is Check.PREDICATE_AGREES else None
        result, reason, divergences, soundness = self._judge(rule, check, positive, negative, known)
        first = check is Check.POSITIVE_RAISES  # data that the checks of a rule share is sent once
        spent, self._spent = self._spent, None
        return Evidence(
            corpus=str(self._volume.path),
            rule=rule.id,
            check=check,
            result=result,
            version=self._version(),
            reason=reason,
            divergences=divergences,
            positive=positive if first else None,
            negative=negative if first else None,
            soundness=soundness,
            spent=spent,
            simulated=self._context(rule) != default_context(self._volume.ssot.context),
            reused=rule.id in self._reused if check is not Check.PREDICATE_AGREES else known is not None,
            files=() if self._kept is None else self._kept.files(),
        )

    def _version(self) -> str:
        """Of the library; where it was not imported, that of its distribution, beside which the answers are kept."""
        from pytest_llem_invariants.ssot import installed_version

        if self._adapter is not None:
            return self._adapter.import_library()
        if self._installed is None:
            self._installed = installed_version(self._volume.ssot)
        return self._installed

    def _known_agreement(self, rule: Rule) -> tuple[Soundness, tuple[Divergence, ...]] | None:
        return None if self._kept is None else self._kept.agreement(rule, self._context(rule))

    def _check_classes(self, rule: Rule) -> None:
        """Raise an error about a class that the rule names: without it the library is never asked."""
        from pytest_llem_invariants.language.values import named_types

        assert self._adapter is not None
        for name in {rule.native_type, *named_types((rule.kwargs_positive, rule.kwargs_negative))} - self._classes:
            self._adapter.native_class(name)
            self._classes.add(name)

    def _context(self, rule: Rule) -> dict[str, Any]:
        from pytest_llem_invariants.replay.contexts import context_of

        if rule.id not in self._contexts:
            self._contexts[rule.id] = context_of(rule, self._volume.ssot.context)
        return self._contexts[rule.id]

    def _negative_context(self, rule: Rule) -> dict[str, Any]:
        from pytest_llem_invariants.replay.contexts import negative_context_of

        assert self._adapter is not None
        if not rule.world_negative:
            return self._context(rule)
        return negative_context_of(rule, self._adapter.ssot.context)

    def _examples(self, rule: Rule) -> tuple[Observation, Observation]:
        if rule.id not in self._observed:
            known = None if self._kept is None else self._kept.examples(rule, self._context(rule))
            if known is not None:
                self._reused.add(rule.id)
                self._observed[rule.id] = known
                return known
            self._import_once()
            self._check_classes(rule)
            self._observed[rule.id] = first = self._timed(rule)
            if self._settings.repeat > 1:
                again = [lambda: self.observe(rule, again=True)] * (self._settings.repeat - 1)
                self._differing[rule.id] = differing(rule, first, [*again, *self._trials.of(rule)])
        return self._observed[rule.id]

    def _timed(self, rule: Rule) -> tuple[Observation, Observation]:
        assert self._observer is not None
        began, built = time.perf_counter(), self._observer.building
        self._captures = {True: (0, 0.0), False: (0, 0.0)}
        found = self.observe(rule)
        taken = self._observer.building - built, time.perf_counter() - began
        self._spent = Spent(self._importing, *taken, *self._captures[True], *self._captures[False])
        self._importing = 0.0
        return found

    def close(self) -> None:
        """End the processes that this one started."""
        self._trials.close()

    def observe(self, rule: Rule, *, again: bool = False) -> tuple[Observation, Observation]:
        """What the library does with both examples; `again` asks it even if the answer is known."""
        from pytest_llem_invariants.replay.capture import ALL, read_of_negative
        from pytest_llem_invariants.replay.isolate import exhaustion, isolated, prepare

        observer = self._observer
        assert observer is not None
        context, other = self._context(rule), self._negative_context(rule)

        if again:
            for kwargs, world in ((rule.kwargs_positive, context), (rule.kwargs_negative, other)):
                self._answers.pop(_key(rule.native_type, kwargs, world), None)

        def both() -> tuple[Observation, ...]:
            return (
                self._answer(rule.native_type, rule.kwargs_positive, context, ALL),
                self._answer(rule.native_type, rule.kwargs_negative, other, read_of_negative(rule)),
            )

        if self._settings.isolate:
            for world in (context, other):
                prepare(observer, rule.native_type, world)
            found = isolated(both, 2, self._settings.timeout)
        else:
            found = both()
        positive, negative = (exhaustion(one) for one in found)
        return positive, negative

    def _answer(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any], channels: Channels) -> Observation:
        """The library's reaction to an example; it is the same each time, since observing changes nothing."""
        from pytest_llem_invariants.replay.capture import ALL, captured

        assert self._observer is not None
        key = _key(native_type, kwargs, context)
        known = self._answers.get(key)
        if known is None or not channels <= captured(known):
            channels = channels if known is None else channels | captured(known)
            began, built = time.perf_counter(), self._observer.building
            self._answers[key] = self._observer.observe(native_type, kwargs, context=context, channels=channels)
            count, seconds = self._captures[channels == ALL]
            seconds += time.perf_counter() - began - (self._observer.building - built)
            self._captures[channels == ALL] = count + 1, seconds
        return self._answers[key]

    def _judge(
        self,
        rule: Rule,
        check: Check,
        positive: Observation,
        negative: Observation,
        known: tuple[Soundness, tuple[Divergence, ...]] | None,
    ) -> tuple[CheckResult, str | None, tuple[Divergence, ...], Soundness | None]:
        from pytest_llem_invariants.replay import contracts

        tried = self._differing.get(rule.id, (None, None))
        differs = {Check.POSITIVE_RAISES: tried[0], Check.NEGATIVE_DOES_NOT_RAISE: tried[1]}.get(check)
        if differs is not None:
            return CheckResult.BROKEN, None, (differs,), None
        skipped = positive.skipped_reason or negative.skipped_reason
        if skipped is not None:
            return CheckResult.SKIPPED, skipped, (), None
        match check:
            case Check.POSITIVE_RAISES:
                found = contracts.positive_raises(rule, positive)
            case Check.MESSAGE_TEMPLATE_MATCH:
                if rule.message_template is None:
                    return CheckResult.SKIPPED, "the rule has no message template", (), None
                found = contracts.message_template_match(rule, positive)
            case Check.NEGATIVE_DOES_NOT_RAISE:
                found = contracts.negative_does_not_raise(rule, negative)
            case Check.PREDICATE_AGREES:
                soundness, probed = known or self._agreement_of(rule)
                is_broken = any(divergence.contradicts for divergence in probed)
                return (CheckResult.BROKEN if is_broken else CheckResult.CONFIRMED), None, probed, soundness
        if found is None:
            return CheckResult.CONFIRMED, None, (), None
        return CheckResult.BROKEN, None, (found,), None

    def _agreement_of(self, rule: Rule) -> tuple[Soundness, tuple[Divergence, ...]]:
        from pytest_llem_invariants.plugin.agreement import Agreement

        self._import_once()
        assert self._observer is not None
        assert self._adapter is not None
        if self._agreement is None:
            self._agreement = Agreement(self._volume.corpus, self._observer, self._adapter)
        return self._agreement.examine(rule, self._context(rule))


def _key(native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> tuple[str, str, str]:
    from pytest_llem_invariants.language.values import identity

    return native_type, identity(kwargs), identity(context)


@contextmanager
def unrewritten_imports() -> Iterator[None]:
    """Import without pytest's rewriting of asserts: it would examine thousands of modules, none of them tests."""
    hooks = assertion_rewriters()
    for hook in hooks:
        sys.meta_path.remove(hook)
    try:
        yield
    finally:
        sys.meta_path[:0] = hooks
