"""The finding of a check that a model cannot fit: only where the lower bounds alone are too large."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_llem_invariants.checker.checker import Checker
    from pytest_llem_invariants.checker.core import World
    from pytest_llem_invariants.checker.routed import Routed
    from pytest_llem_invariants.checker.verdict import Verdict
    from pytest_llem_invariants.fit.answer import Question

RULE = "does_not_fit"
STATES = "too_many_states"


def with_memory(verdict: Verdict, checker: Checker, routed: Sequence[Routed], world: World) -> Verdict:
    """The verdict, with one more violation where model and device are known and the model certainly does not fit."""
    if not verdict.ok or "model.config" not in world.facts or "device.memory" not in world.facts:
        return verdict  # what is rejected anyhow is never loaded
    from pytest_llem_invariants.checker.verdict import Violation, remark_of
    from pytest_llem_invariants.fit.answer import TOO_LARGE, answer
    from pytest_llem_invariants.fit.asked import question_of
    from pytest_llem_invariants.fit.estimate import at_least
    from pytest_llem_invariants.fit.laws import UnknownSizeError
    from pytest_llem_invariants.fit.telling import summary, too_many_states

    try:
        question = question_of(checker, routed, world)
        if question is None or not question.is_confirmed or not _is_whole(question):
            return verdict
        found = answer(question, smallest=False)
    except UnknownSizeError:
        return verdict
    too_many = too_many_states(found, at_least(question.settings, question.device.memory))
    if found.verdict == TOO_LARGE:
        more = "llem-invariants fit tells what does: fewer tokens, more GPUs, fewer bits"
        remark = remark_of(RULE, "error", summary(found), more, "none")
    elif too_many:
        most = max(found.blocks.most, 1)
        remark = remark_of(
            STATES, "warning", too_many, f"set {question.fields['requests']} to at most {most:,}", "none"
        )
    else:
        return verdict
    engine = next(part for part in routed if part.native_type is not None)
    violation = Violation(remark, str(engine.native_type), (), dict(engine.kwargs))
    return verdict.with_more(violation)


def _is_whole(question: Question) -> bool:
    """Whether so many devices are there: of a machine with fewer, another one may be meant."""
    count = question.device.devices
    return count is None or question.settings.gpus <= count
