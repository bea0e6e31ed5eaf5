"""A whole class is probed: what it rejects is explained, and nothing else is claimed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from miners.dynamic.probe import probe, template_of
from miners.dynamic.rows import Row, abstract, message_class
from miners.examples.draws import Drawer
from miners.surface.facts import ClassFacts, ClassKind, FieldFact
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.language.values import holdable
from pytest_llem_invariants.model import Kwargs, Match, ObservedException


def class_of(**fields: Any) -> ClassFacts:
    return ClassFacts(
        native_type="lib.Config",
        target="lib:Config",
        kind=ClassKind.PLAIN,
        fields={
            name: FieldFact(
                name=name,
                annotation="",
                types=(type(default).__name__,) if default is not None else (),
                nullable=default is None,
                default=default,
            )
            for name, default in fields.items()
        },
        path="lib/config.py",
        line=1,
    )


FACTS = class_of(heads=8, kv_heads=8, low=0, high=10, mode="fast", greedy=False, temperature=1.0, stop=None, size=1)


def check(config: Kwargs) -> tuple[int, str] | None:
    """A validator by hand: the line that rejects, and what it says."""
    c = {**{name: fact.default for name, fact in FACTS.fields.items()}, **config}
    if c["heads"] <= 0 or c["kv_heads"] <= 0:
        return 10, f"heads must be positive, got {c['heads']} and {c['kv_heads']}"
    if c["heads"] % c["kv_heads"]:
        return 12, f"heads={c['heads']} must be divisible by kv_heads={c['kv_heads']}"
    if c["low"] > c["high"]:
        return 14, f"low={c['low']} must not exceed high={c['high']}"
    if c["mode"] not in ("fast", "slow"):
        return 16, f"mode must be one of 'fast', 'slow', got {c['mode']!r}"
    if not c["greedy"] and not 0 <= c["temperature"] <= 2:
        return 18, f"temperature must be in [0, 2] unless greedy, got {c['temperature']}"
    if c["stop"] and any(not item for item in c["stop"]):
        return 20, "stop cannot contain an empty string"
    return None


def raises(config: Kwargs) -> ObservedException | None:
    try:
        found = check(config)
    except Exception as error:  # a wrong type trips the validator, as it does in a library
        return ObservedException(type(error).__name__, str(error), raised_at=f"lib/config.py:{_line_of(error)}")
    return None if found is None else ObservedException("ValueError", found[1], raised_at=f"lib/config.py:{found[0]}")


def _line_of(error: Exception) -> int:
    assert error.__traceback__ is not None
    assert error.__traceback__.tb_next is not None
    return error.__traceback__.tb_next.tb_lineno


def test_a_field_of_text_alone_says_what_it_may_be_and_no_object_is_learnt_from() -> None:
    def refuses(config: Kwargs) -> ObservedException | None:
        mode = config.get("mode", "fast")
        if isinstance(mode, str):
            return None
        return ObservedException("TypeError", "mode must be text", raised_at="lib/config.py:3")

    found = list(probe(class_of(mode="fast", size=1), refuses))
    told = {
        repr(clauses) for one in found for clauses in [{k: [(c.op, c.rhs) for c in v] for k, v in one.fields.items()}]
    }
    assert "{'mode': [('type_is_not', 'str')]}" in told
    assert all(holdable(value) for one in found for kwargs in one.hints for value in kwargs.values())


@pytest.fixture(scope="module")
def predicates() -> dict[str, Callable[[Any, Any], bool]]:
    return {
        repr(candidate.fields): compile_match(Match("", candidate.fields, candidate.defaults))
        for candidate in probe(FACTS, raises)
    }


@pytest.mark.parametrize("wrong_typed", [False, True])
def test_random_configs_that_nobody_prepared(
    predicates: dict[str, Callable[[Any, Any], bool]], wrong_typed: bool
) -> None:
    source = random.Random(77)
    drawer = Drawer({"lib.Config": FACTS}, ("fast", "slow"))
    raised = missed = 0
    for _ in range(3000):
        config = drawer.config(source, FACTS, wrong_typed=wrong_typed)
        predicted = [text for text, predicate in predicates.items() if predicate(config, {})]
        if raises(config) is None:
            assert not predicted, config
        else:
            raised += 1
            missed += not predicted
    assert raised > 500
    assert missed / raised < 0.01


@pytest.mark.parametrize(
    "config",
    [
        {"heads": 12, "kv_heads": 5},
        {"low": 11},
        {"low": 700, "high": 650},
        {"mode": "medium"},
        {"temperature": 2.5},
        {"temperature": float("nan")},
        {"temperature": "hot"},
        {"stop": ["a", ""]},
        {"stop": 3},
    ],
)
def test_what_the_templates_must_find(predicates: dict[str, Callable[[Any, Any], bool]], config: Kwargs) -> None:
    assert any(predicate(config, {}) for predicate in predicates.values())


@pytest.mark.parametrize(
    "config",
    [{}, {"temperature": 2.5, "greedy": True}, {"heads": 12, "kv_heads": 4}, {"low": 11, "high": 11}, {"stop": ""}],
)
def test_what_no_template_may_claim(predicates: dict[str, Callable[[Any, Any], bool]], config: Kwargs) -> None:
    assert [text for text, predicate in predicates.items() if predicate(config, {})] == []


def test_twice_probed_gives_the_same_candidates() -> None:
    assert list(probe(FACTS, raises)) == list(probe(FACTS, raises))


def test_what_confirmed_rules_explain_is_left_alone() -> None:
    assert list(probe(FACTS, raises, explained=lambda kwargs: raises(kwargs) is not None)) == []


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("n must be at least 1, got -3.", "n must be at least …, got …."),
        ("Invalid mode 'x'. Choose one of ('a', 'b')", "Invalid mode …. Choose one of …"),
        ("got None, not {'a': [1, 2]}", "got …, not …"),
    ],
)
def test_values_are_abstracted(message: str, expected: str) -> None:
    assert abstract(message) == expected


def test_the_message_class_names_the_guard() -> None:
    exception = ObservedException("ValueError", "n is 3", raised_at="lib/config.py:7")
    assert message_class(exception) == "ValueError: n is … at lib/config.py:7"


def test_the_template_keeps_what_the_messages_share() -> None:
    rows = [
        Row({"n": value}, ObservedException("ValueError", f"n={value} is {{bad}} for low"), "g") for value in (-3, -71)
    ]
    assert template_of(rows) == "{…} is {{bad}} for low"


def test_the_template_ends_before_what_pydantic_repeats_of_its_input_and_cuts_where_it_is_long() -> None:
    rows = [
        Row(
            {"n": value},
            ObservedException(
                "ValidationError",
                "1 validation error for C\n"
                f"  n is too large [type=value_error, input_value={shown}, input_type=ArgsKwargs]"
                "\n    For further information visit x",
            ),
            "g",
        )
        for value, shown in ((3, "ArgsKwargs((), {'n': 3})"), (30.5, "ArgsKwargs((), {'n...0.5})"))
    ]
    assert template_of(rows) == "1 validation error for C\n  n is too large"
