"""Which rules claim a config is the same whether those that cannot are asked or not."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from miners.claims import Claims, arguments_of
from pytest_llem_invariants.model import Clause
from pytest_llem_invariants.predicates import compile_match
from tests.evidence.test_soundness import rule

RULES = (
    rule({"n": (Clause("<", 1),)}, {"n": 0}, {"n": 1}),
    rule({"n": (Clause(">", "@beams"),)}, {"n": 2, "beams": 1}, {"n": 1}, beams=1),
    rule({"mode": (Clause("absent", True),)}, {}, {"mode": "x"}),
    rule({"inner.size": (Clause("==", 3),), "n": (Clause("present", True),)}, {"n": 1, "inner": {"size": 3}}, {}),
    rule({"beams": (Clause("falsy", True),), "n": (Clause(">", 2),)}, {"n": 3}, {}),
)
CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "n": st.integers(-1, 4),
        "beams": st.integers(0, 2),
        "mode": st.sampled_from([None, "x"]),
        "inner": st.fixed_dictionaries({}, optional={"size": st.integers(2, 3)}),
    },
)


def predicate_of(index: int) -> Any:
    compiled = compile_match(RULES[index].match)
    return lambda kwargs: compiled(kwargs, {})


@given(CONFIGS)
def test_the_rules_that_claim_a_config_are_found(kwargs: dict[str, Any]) -> None:
    pairs = [(one, predicate_of(index)) for index, one in enumerate(RULES)]
    expected = [one for one, claims in pairs if claims(kwargs)]
    found = list(Claims(pairs).on(kwargs))
    assert all(one in found for one in expected)
    assert all(one in expected for one in found)


def test_a_rule_that_lacks_its_arguments_is_not_asked() -> None:
    asked: list[dict[str, Any]] = []

    def claims(kwargs: Any) -> bool:
        asked.append(dict(kwargs))
        return False

    assert not list(Claims([(RULES[0], claims)]).on({"beams": 1}))
    assert asked == [{}]


def test_the_arguments_of_a_rule_are_whole_ones() -> None:
    assert arguments_of(RULES[3]) == {"inner", "n"}
    assert arguments_of(RULES[1]) == {"n", "beams"}
