"""Mine an unknown class: its rules, or one sentence about why there are none."""

from __future__ import annotations

import importlib
import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from miners.build.first_look import FirstLook, is_lost, look, plain_values, validations
from miners.build.mined import Mined
from miners.build.named_class import IMPORT_MEMORY, IMPORT_SECONDS, adapter_for, base_kwargs_of, split, why_not_imported
from miners.build.pipeline import Crew, build
from miners.process.progress import Progress
from miners.process.workers import AnswerLimits, Watch, forked
from miners.surface import engine_surface
from miners.surface.facts import ClassFacts
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.errors import EngineUnavailableError, MinerError
from pytest_llem_invariants.model import Corpus, Kwargs
from pytest_llem_invariants.native_types import Step
from pytest_llem_invariants.process.forks import in_child

LIMITS: Final = AnswerLimits(5.0, 80.0)
"""The time limits for one answer and for all of them: two minutes should be enough for an unknown class."""
_SLOW: Final = ((0.02, 300), (0.002, 3_000))
"""From this many seconds per answer on, ask only so many questions: coarse steps, or a busy machine changes rules."""
_SHORTENED: Final = 300
_LISTED: Final = 8


@dataclass(frozen=True, slots=True)
class Examined:
    """The result of mining a class."""

    corpus: Corpus
    notes: tuple[str, ...]
    """What the user should know besides the rules, one sentence each."""


def examine(target: str, *, base: str | None = None, progress: Progress | None = None) -> Examined:
    """The confirmed rules of a class (`module:Class` or its dotted name), with notes; MinerError if there are none."""
    given = base_kwargs_of(base)
    progress = progress or Progress()
    with progress.step("importing, in a process of its own"):
        _rehearse(split(target)[0])
    bare = adapter_for(target, base_kwargs=given, steps=())
    (name,) = bare.native_types()
    facts = engine_surface(bare)[name]
    if not any(fact.settable for fact in facts.fields.values()):
        raise MinerError(_of_no_field(facts))
    steps, asking = validations(bare.native_class(name))
    with progress.step("a first look", total=1) as step:
        seen = _first_look(target, facts, steps, given, step.asked)
        step.advance()
    if seen.base is None:
        raise MinerError(_why_not_built(facts, seen, given))
    needed = seen.base if _required(facts, given) else given
    probes = next((most for seconds, most in _SLOW if seen.seconds > seconds), None)
    adapter = adapter_for(target, base_kwargs=needed, steps=seen.steps, probes=probes)
    mined = build(adapter, Crew(progress, workers=1, limits=LIMITS))
    notes = tuple(_notes(facts, seen, given, asking, mined))
    if not mined.corpus.rules and not mined.tally.accepted:
        raise MinerError("; ".join((f"{name}: nothing that was tried is accepted, so no rule can be found", *notes)))
    return Examined(mined.corpus, notes)


def _rehearse(module_name: str) -> None:
    """Import the module in a child process first: if it hangs, crashes or takes all memory, this process survives."""

    def imported() -> bytes:
        try:
            importlib.import_module(module_name)
        except Exception as error:  # a module's import may fail in any way
            return why_not_imported(module_name, type(error).__name__, error).encode("utf-8", "backslashreplace")
        except BaseException as error:
            return f"the import of {module_name} ends with {type(error).__name__}: {error}".encode()
        return b"."

    said, reason = in_child(imported, IMPORT_SECONDS, IMPORT_MEMORY)
    if reason is not None:
        raise EngineUnavailableError(f"the import of {module_name} was stopped: {reason}")
    if said != b".":
        raise EngineUnavailableError(said.decode())


def _first_look(target: str, facts: ClassFacts, steps: tuple[Step, ...], given: Kwargs, watch: Watch) -> FirstLook:
    def prepared(steps: tuple[Step, ...], base: Kwargs) -> EngineAdapter:
        return adapter_for(target, base_kwargs=base, steps=steps)

    with forked(1, LIMITS, watch) as pool:
        (seen,) = pool.map(look, [facts], [steps], [given], [prepared])
    return seen


def _required(facts: ClassFacts, given: Kwargs) -> list[str]:
    return [fact.keyword for fact in facts.fields.values() if fact.required and fact.keyword not in given]


def _of_no_field(facts: ClassFacts) -> str:
    takes = (
        "its constructor takes any keyword and names none"
        if facts.accepts_extra
        else "its constructor takes no keyword argument"
    )
    return f"{facts.native_type}: nothing can be tried: {takes}"


def _why_not_built(facts: ClassFacts, seen: FirstLook, given: Kwargs) -> str:
    name, error = facts.native_type, seen.error
    assert error is not None
    arguments = f"with {_as_base(given)}" if given else "without arguments"
    if is_lost(error):
        return f"{name} cannot be mined: it gives no answer {arguments} ({error.message})"
    if seen.undecided is not None:
        return f"{name} cannot be built on this machine ({_shortened(seen.undecided)}) — install what it needs"
    missing = _required(facts, given)
    if missing:
        example = {**given, **{name: plain_values(facts.fields[name])[0] for name in missing if name in facts.fields}}
        return (
            f"{name} cannot be built without {', '.join(missing)}, "
            "and it accepts none of the values tried for it — "
            f"give one, in the form --base {_as_base(example)} ({error.type}: {_shortened(error.message)})"
        )
    return (
        f"{name} cannot be built {arguments} ({error.type}: {_shortened(error.message)}) — "
        "give what it needs with --base '{name: value}'"
    )


def _notes(
    facts: ClassFacts, seen: FirstLook, given: Kwargs, asking: Mapping[str, tuple[str, ...]], mined: Mined
) -> Iterator[str]:
    name, tally = facts.native_type, mined.tally
    if seen.error is not None and seen.base is not None:
        missing = _required(facts, given)
        if missing:
            yield (
                f"{name} cannot be built without {', '.join(missing)}: it was mined with --base {_as_base(seen.base)}, "
                "which was found by trying — give your own with --base"
            )
        else:
            yield (
                f"{name} rejects the arguments with which it was first built "
                f"({seen.error.type}: {_shortened(seen.error.message)}) — "
                f"to mine past that check, give e.g. --base {_as_base(seen.base)}"
            )
    if not mined.corpus.rules:
        yield (
            f"{name}: no rule was found: of {tally.asked:,} configs of {len(facts.fields)} fields that were tried, "
            f"{_said_of_all(tally.accepted, tally.rejected)}"
        )
    if asking:
        told = [f"{method}({', '.join(needed)})" for method, needed in sorted(asking.items())]
        more = f" and {len(told) - _LISTED} more" if len(told) > _LISTED else ""
        yield f"{name}: not called, because they need arguments: {', '.join(told[:_LISTED])}{more}"
    for method, error in seen.failed.items():
        yield (
            f"{name}: {method}() was left out, because it rejects a newly built object "
            f"({error.type}: {_shortened(error.message)})"
        )
    for reason, count in tally.unanswered.items():
        yield f"{name}: {count:,} configs had no answer and decide nothing: {reason}"
    if not mined.corpus.rules:
        for reason, count in list(tally.undecided.items())[:_LISTED]:
            yield f"{name}: {count:,} configs cannot be decided on this machine: {_shortened(reason)}"


def _said_of_all(accepted: int, rejected: int) -> str:
    if not rejected:
        return "it accepts every one" if accepted else "it accepts none"
    return f"it accepts {accepted:,} and rejects {rejected:,} for reasons in which no rule was found"


def _as_base(kwargs: Kwargs) -> str:
    return shlex.quote(json.dumps(dict(kwargs), ensure_ascii=False, default=str))


def _shortened(text: str) -> str:
    first = text.strip().partition("\n")[0]
    return first if len(first) <= _SHORTENED else first[: _SHORTENED - 1] + "…"
