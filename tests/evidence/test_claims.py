"""Which rules claim a config is the same whether those that cannot are asked or not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from miners.candidates.claims import Claims, claim_of, roots_of
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import Clause, ContextField, Kwargs, Rule
from tests.evidence.test_soundness import rule

RULES = (
    rule({"n": (Clause("<", 1),)}, {"n": 0}, {"n": 1}),
    rule({"n": (Clause(">", "@beams"),)}, {"n": 2, "beams": 1}, {"n": 1}, beams=1),
    rule({"mode": (Clause("absent", True),)}, {}, {"mode": "x"}),
    rule({"inner.size": (Clause("==", 3),), "n": (Clause("present", True),)}, {"n": 1, "inner": {"size": 3}}, {}),
    rule({"beams": (Clause("falsy", True),), "n": (Clause(">", 2),)}, {"n": 3}, {}),
    rule({"platform": (Clause("==", "cuda"),), "n": (Clause("present", True),)}, {"n": 1}, {}),
)
DECLARED = {"platform": ContextField("cpu", ("cpu", "cuda"))}
CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "n": st.integers(-1, 4),
        "beams": st.integers(0, 2),
        "mode": st.sampled_from([None, "x"]),
        "inner": st.fixed_dictionaries({}, optional={"size": st.integers(2, 3)}),
    },
)


@given(CONFIGS, st.sampled_from(["cpu", "cuda"]), st.sampled_from([{}, {"n": 3}, {"mode": "x"}]))
def test_the_rules_that_claim_a_config_are_found(kwargs: dict[str, Any], platform: str, base: dict[str, Any]) -> None:
    context = {"platform": platform}

    def fires(one: Rule) -> bool:
        return compile_match(one.match, context_fields=DECLARED)({**base, **kwargs}, context)

    expected = [one for one in RULES if fires(one)]
    found = list(Claims(claim_of(one, context, DECLARED, base) for one in RULES).on(kwargs))
    assert all(one in found for one in expected)
    assert all(one in expected for one in found)


def test_a_rule_is_asked_only_about_what_gives_an_argument_that_it_cannot_do_without() -> None:
    asked: list[Kwargs] = []
    claim = claim_of(RULES[4], {})
    assert claim.asks_for == {"n"}  # what is not given is falsy already

    def fires(kwargs: Kwargs) -> bool:
        asked.append(kwargs)
        return claim.fires(kwargs)

    claims = Claims([replace(claim, fires=fires)])
    assert not list(claims.on({"beams": 0}))
    assert list(claims.on({"beams": 0, "n": 3})) == [RULES[4]]
    assert asked == [{"beams": 0, "n": 3}]


def test_what_asks_for_nothing_and_what_another_context_asks_for_are_told_apart() -> None:
    assert claim_of(RULES[2], {}).asks_for is None
    assert claim_of(RULES[5], {"platform": "cpu"}, DECLARED).asks_for == frozenset()
    assert claim_of(RULES[5], {"platform": "cuda"}, DECLARED).asks_for == {"n"}
    assert claim_of(RULES[5], {"platform": "cuda"}, DECLARED, base={"n": 1}).asks_for is None


def test_the_arguments_of_a_rule_are_whole_ones() -> None:
    assert roots_of(RULES[3].match.fields) == {"inner", "n"}
    assert roots_of(RULES[1].match.fields) == {"n", "beams"}


def test_a_fact_of_a_model_is_no_part_of_an_argument_of_that_name() -> None:
    fact = "model.arch.num_experts"
    declared = {fact: ContextField(4, (4, 8), assumed=False, type="int")}
    of_fact = rule({fact: (Clause(">", 4),), "n": (Clause(">", 0),)}, {"n": 1}, {})
    assert roots_of(of_fact.match.fields, declared) == {"n"}
    assert claim_of(of_fact, {fact: 8}, declared).asks_for == {"n"}
    assert claim_of(of_fact, {fact: 4}, declared).asks_for == frozenset()
