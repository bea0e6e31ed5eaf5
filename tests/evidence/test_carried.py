"""Which rules of the classes behind a front are heard of its arguments, and why the others are not."""

from __future__ import annotations

from dataclasses import replace

from miners.measure.carried import Heard, carried, told
from pytest_llem_invariants.checker.compiled import compile_corpus
from pytest_llem_invariants.model import MinerSource
from tests.checker.demo import SCHEMA, SERVE, checker_from, corpus_of, parameter, rule

INNER = "demo.Inner"


def test_each_rule_is_told_with_the_way_in_which_it_is_heard_or_the_reason_why_not() -> None:
    here, there = MinerSource("lib/a.py", "f", 3), MinerSource("lib/b.py", "f", 9)
    rules = [
        replace(rule("flat", {"size": {"<": 1}}, native_type=SERVE), miner_source=here),
        replace(rule("same_line", {"size": {"<": 1}}, native_type=INNER), miner_source=here),
        replace(rule("otherwise", {"size": {"<": 0}}, native_type=INNER), miner_source=there),
        replace(rule("hidden", {"depth": {"<": 1}}, native_type=INNER), miner_source=there),
        replace(rule("unseen", {"size": {">": 9}}, native_type=INNER), miner_source=there),
    ]
    examples = {"flat": {"size": 0}, "same_line": {"size": 0}, "otherwise": {"size": -1}, "hidden": {"depth": 0}}
    rules = [replace(one, kwargs_positive=examples.get(one.id, {"size": 10})) for one in rules]
    parameters = {SERVE: {"size": parameter("int")}, INNER: {"size": parameter("int"), "depth": parameter("int")}}
    schema = {**SCHEMA, "engine_params": parameters}
    checker = checker_from(compile_corpus(corpus_of(rules), schema=schema))
    found = list(carried(rules, checker, SERVE))
    assert {one.rule: one.how for one in found} == {
        "same_line": Heard.SAME_LINE,
        "otherwise": Heard.OTHERWISE,
        "hidden": Heard.NO_ARGUMENT,
        "unseen": Heard.NOT_SHOWN,
    }
    assert "  hidden: not heard: no argument gives what it reads (depth)" in list(told(found, every=True))
