"""Random validators: whatever they are made of, what the miner reads in them is what they do."""

from __future__ import annotations

import itertools
import sys
import textwrap
from collections.abc import Iterator, Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miners.code.imported import ImportedReader
from miners.logic.formulas import FALSE, any_of
from miners.static.context import NO_CONTEXT
from miners.static.roots import walk
from tests.static.harness import Judge, facts_of, judge, raising_lines

FIELDS = ("a", "b", "c")
VALUES = (-1, 0, 1, 2, None, "x")
NUMBERS = st.sampled_from(["-1", "0", "1", "2"])
SOME_FIELD = st.sampled_from([f"self.{name}" for name in FIELDS])
SETS = st.sampled_from(["(0, 1)", "[1, 'x']", "{2}", "(None, 2)", "NAMES", "('x', 'y')"])

PLAIN = st.one_of(
    st.builds("{} {} {}".format, SOME_FIELD, st.sampled_from(["<", "<=", ">", ">="]), NUMBERS),
    st.builds("{} {} {}".format, NUMBERS, st.sampled_from(["<", ">="]), SOME_FIELD),
    st.builds("{} < {} <= {}".format, NUMBERS, SOME_FIELD, NUMBERS),
    st.builds("{} {} {}".format, SOME_FIELD, st.sampled_from(["==", "!="]), NUMBERS | st.sampled_from(["'x'", "None"])),
    st.builds("{} {} None".format, SOME_FIELD, st.sampled_from(["is", "is not"])),
    st.builds("{} {} {}".format, SOME_FIELD, st.sampled_from(["in", "not in"]), SETS),
    st.builds("{} {} {}".format, SOME_FIELD, st.sampled_from(["<", ">"]), SOME_FIELD),
    st.builds("isinstance({}, {})".format, SOME_FIELD, st.sampled_from(["str", "int", "(int, str)"])),
    st.builds("({} or {}) == {}".format, SOME_FIELD, NUMBERS, NUMBERS),
    st.builds("any(v == {} for v in (self.a, self.b))".format, NUMBERS),
    st.builds("all([self.{} == {}, self.c != {}])".format, st.sampled_from(FIELDS), NUMBERS, NUMBERS),
    st.sampled_from(["self.small", "self.is_odd()", "within(self.b, 1)", "flag", "other == 1"]),
    SOME_FIELD,
)


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
    )


CONDITIONS = st.recursive(PLAIN, _combined, max_leaves=4)
LEAVES = st.sampled_from(
    [
        'raise ValueError("wrong")',
        "return",
        "pass",
        "flag = True",
        "other = self.c",
        "self.a = 1",
        "self.b = self.a",
        "check_one(self.b)",
        "assert self.c != 2",
    ]
)


def _indented(block: str) -> str:
    return textwrap.indent(block, "    ")


def _statements(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    block = st.lists(inner, min_size=1, max_size=3).map("\n".join)
    branch = st.builds(lambda test, body: f"if {test}:\n{_indented(body)}", CONDITIONS, block)
    both = st.builds(lambda first, body: f"{first}\nelse:\n{_indented(body)}", branch, block)
    three = st.builds(
        lambda first, test, body, last: f"{first}\nelif {test}:\n{_indented(body)}\nelse:\n{_indented(last)}",
        branch,
        CONDITIONS,
        block,
        block,
    )
    loop = st.builds(
        lambda number, how, body: (
            f"for v in (self.a, self.c):\n    if v == {number}:\n        {how}\n{_indented(_indented(body))}"
        ).replace(f"{how}\n        ", f"{how}\n    ", 1),
        NUMBERS,
        st.sampled_from(["continue", "break", 'raise ValueError("in the loop")']),
        st.just("if v == 'x':\n    raise ValueError('text')"),
    )
    guarded = st.builds(
        lambda body, handler: f"try:\n{_indented(body)}\nexcept KeyError:\n{_indented(handler)}",
        st.builds(lambda test: f"if {test}:\n    raise KeyError('key')", CONDITIONS),
        inner,
    )
    return st.one_of(branch, both, three, loop, guarded)


BODIES = st.lists(st.recursive(LEAVES, _statements, max_leaves=6), min_size=1, max_size=4).map("\n".join)
HEAD = """\
from dataclasses import dataclass

NAMES = ("x", 0)


def within(value, most):
    if value is None:
        return False
    return value == most or value == "x"


def check_one(value):
    if value == 1:
        raise ValueError("one")


@dataclass
class Config:
    a: object = 0
    b: object = None
    c: object = 1

    @property
    def small(self):
        return self.a in (0, 1)

    def is_odd(self):
        if self.b == 2:
            return False
        return self.b == 1 or self.c == 1

    def __post_init__(self):
        flag = False
        other = self.a
"""


def _config_class(body: str, folder: Path, number: int) -> type:
    text = HEAD + textwrap.indent(body, " " * 8) + "\n"
    path = folder / f"program{number}.py"
    path.write_text(text)
    name = f"tests.programs.program{number}"
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    cls: type = module.Config
    return cls


CONFIGS = [{}, *(dict(zip(FIELDS, row, strict=True)) for row in itertools.product(VALUES, repeat=len(FIELDS)))]


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return itertools.count()


@settings(
    derandomize=True, deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=BODIES)
def test_what_is_read_is_what_is_done(body: str, tmp_path_factory: pytest.TempPathFactory, numbers: Any) -> None:
    cls = _config_class(body, tmp_path_factory.getbasetemp(), next(numbers))
    try:
        facts = facts_of.__wrapped__(cls)
        walked = walk(facts, {"Config": facts}, ImportedReader("tests"), NO_CONTEXT)
        assert walked is not None
        guards: dict[int, Any] = {}
        for effect in walked.effects:
            if effect.kind in ("raise", "assert") and not effect.handled:
                guards[effect.site.line] = any_of((guards.get(effect.site.line, FALSE), effect.guard))
        raising = raising_lines.__wrapped__(sys.modules[cls.__module__])
        judges = {line: judge(guard, {"a": 0, "c": 1}, {}) for line, guard in guards.items()}
        for config in CONFIGS:
            _agree(cls, judges, config, raising)
    finally:
        del sys.modules[cls.__module__]


def _agree(cls: type, judges: Mapping[int, Judge], config: Mapping[str, Any], raising: Mapping[int, int]) -> None:
    said = {line: verdict(config) for line, verdict in judges.items()}
    try:
        cls(**config)
    except Exception as error:
        line = raising.get(_last_line(error))
        if line is not None:
            assert said.get(line, False) is not False, f"line {line} raises for {config}: {said}"
    else:
        assert True not in said.values(), f"{config} is accepted, and {said} says otherwise"


def _last_line(error: Exception) -> int:
    trace = error.__traceback__
    assert trace is not None
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_lineno
