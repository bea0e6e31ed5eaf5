"""A fact that a rule names is left out of it where the library refuses the same beside each other value, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miners.candidates.rules import to_candidate
from miners.gate.gate import Gate
from miners.gate.oracle import Oracle
from miners.gate.setting import Origin, Setting
from pytest_llem_invariants.language.expressions import is_number
from pytest_llem_invariants.model import AddedBy, Clause, ContextField, Kwargs, Observation, ObservedException
from pytest_llem_invariants.replay.contexts import default_context
from tests.evidence.test_handwritten import rule
from tests.evidence.test_rules_of_facts import Library as Accepting
from tests.evidence.test_soundness import FACTS, MESSAGE

KIND, FLAG, HEADS = "model.kind", "model.odd", "model.heads"
DECLARED = {
    "platform": ContextField("cpu", ("cpu", "cuda"), False),
    KIND: ContextField(None, (None, "packed", "plain"), False, "str"),
    FLAG: ContextField(False, (False, True), False, "bool"),
    HEADS: ContextField(4, (4, 12), False, "int"),
}
WORDS = ("fast", "slow")
BELOW = {"n": {"<": 0}}, {"n": -1}
UNKNOWN = {"mode": {"type_is": "str", "not_in": list(WORDS)}}, {"mode": "fastx"}
KNOWN = {"mode": {"in": ["swift", "sluggish"]}}, {"mode": "swift"}
Line = Callable[[Mapping[str, Any]], int | None]
"""The line that refuses a number below zero, or a mode without a name, in a world, if any does."""


class Library(Accepting):
    """Refuses a number below zero and a mode without a name, at the line that a world has for it."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def raises(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> ObservedException | None:
        n, mode = kwargs.get("n", 1), kwargs.get("mode", "fast")
        line = self._line({**default_context(DECLARED), **context})
        if line is None or not ((is_number(n) and n < 0) or (isinstance(mode, str) and mode not in WORDS)):
            return None
        said = MESSAGE if line == 3 else "n is not what the model asks for"
        return ObservedException("ValueError", said, raised_at=f"lib.py:{line}")

    def observe(self, native_type: str, kwargs: Kwargs, context: Mapping[str, Any]) -> Observation:
        return Observation(exception=self.raises(native_type, kwargs, context))


def proven(
    line: Line, guess: tuple[Any, Any] = BELOW, unlike: frozenset[str] = frozenset(), **facts: Any
) -> list[dict[str, Any]]:
    """What each rule that stays asks of facts, of one guess that asks for these; `unlike` no world can be made."""
    names = {"platform": "platform", "kind": KIND, "odd": FLAG, "heads": HEADS}
    told = rule("refused", AddedBy.DYNAMIC_MINER, *guess)
    asked = {names[name]: (Clause("==", value),) for name, value in facts.items()}
    match = replace(told.match, fields={**told.match.fields, **asked})
    stands_in: Any = Library(line)
    setting = Setting(FACTS, Origin("lib", "lib", "2026-01-01"), context=DECLARED, unlike=lambda context: unlike)
    gate = Gate(setting, Oracle(stands_in, "lib.Config", default=default_context(DECLARED)))
    gate.prove([to_candidate(replace(told, match=match))])
    return [
        {name: (clauses[0].op, clauses[0].rhs) for name, clauses in entry.rule.match.fields.items() if name in DECLARED}
        for entry in gate.finished()
    ]


def test_an_unknown_word_is_refused_beside_a_model_that_has_some_too_but_not_beside_an_unknown_one() -> None:
    """A plugin may know the word, and then the model says nothing of it."""
    none, some = {KIND: ("==", None)}, {KIND: ("in", ["packed", "plain"])}
    assert proven(lambda world: 3 if world[KIND] is None else 9, UNKNOWN, kind=None) == [none, some]
    assert proven(lambda world: {None: 3, "packed": 9}.get(world[KIND]), UNKNOWN, kind=None) == [none]


@pytest.mark.parametrize("guess", [BELOW, KNOWN])
def test_a_number_and_a_word_that_another_model_may_have_stay_beside_none(guess: Any) -> None:
    assert proven(lambda world: 3, guess, kind=None) == [{KIND: ("==", None)}]


@pytest.mark.parametrize(
    ("there", "asked"), [(3, {}), (9, {"platform": ("==", "cuda")}), (None, {"platform": ("==", "cuda")})]
)
def test_a_platform_is_left_out_where_the_same_check_refuses_on_another(there: int | None, asked: object) -> None:
    assert proven(lambda world: 3 if world["platform"] == "cuda" else there, platform="cuda") == [asked]


def test_a_flag_is_left_out_and_a_number_is_not_for_there_are_more_than_were_tried() -> None:
    assert proven(lambda world: 3, odd=True) == [{}]
    assert proven(lambda world: 3, heads=4) == [{HEADS: ("==", 4)}]


def test_one_fact_is_left_out_since_two_were_not_tried_together() -> None:
    assert proven(lambda world: 3, platform="cuda", odd=True) == [{FLAG: ("==", True)}]


@given(st.tuples(*[st.sampled_from((None, 3, 9))] * 2), st.sampled_from((None, 3, 9)), st.booleans())
def test_no_world_that_takes_it_is_claimed(lines: tuple[int | None, int | None], packed: int | None, odd: bool) -> None:
    told = proven(lambda world: packed if world[KIND] == "packed" else lines[world[FLAG]], UNKNOWN, kind=None, odd=odd)
    for asked in told:
        flags = [odd] if FLAG in asked else [False, True]
        kinds = {"==": [None], "in": ["packed"]}[asked[KIND][0]]
        assert None not in [packed if kind else lines[flag] for flag in flags for kind in kinds]


@pytest.mark.parametrize(("unlike", "asked"), [([], {}), ([HEADS], {}), ([FLAG], {FLAG: ("==", True)})])
def test_a_flag_stays_where_the_world_without_it_cannot_be_made(unlike: list[str], asked: object) -> None:
    """What stands for that world has the flag all the same, and refuses for that reason."""
    assert proven(lambda world: 3, unlike=frozenset(unlike), odd=True) == [asked]
