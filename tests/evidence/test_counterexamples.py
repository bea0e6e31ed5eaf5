"""What once refuted a rule is put to the rules of every later build."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from miners.build.earlier import Earlier
from miners.build.named_class import adapter_for
from miners.build.pipeline import Crew, build
from miners.gate.counterexamples import COUNTEREXAMPLES, known_to, load_counterexamples
from miners.measure.drop import record_counterexamples
from miners.process.progress import Progress
from miners.surface.facts import ClassFacts, ClassKind, FieldFact
from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import Corpus, Kwargs, TypedValue

INNER = TypedValue("lib.Inner", {"depth": 2})
SURFACE = {
    name: ClassFacts(
        name, name, ClassKind.PLAIN, {field: FieldFact(field, "", ("int",)) for field in fields}, "lib.py", 1
    )
    for name, fields in (("lib.Config", ("n", "inner")), ("lib.Inner", ("depth",)))
}


def test_what_is_recorded_comes_back_once_each_in_the_order_in_which_it_was_met(tmp_path: Path) -> None:
    path = tmp_path / COUNTEREXAMPLES
    assert load_counterexamples(path) == {}
    assert (
        record_counterexamples(path, "lib", [("lib.Config", {"n": 1, "inner": INNER}), ("lib.A", {"b": [None]})]) == 2
    )
    assert (
        record_counterexamples(path, "lib", [("lib.Config", {"n": 0}), ("lib.Config", {"n": 1, "inner": INNER})]) == 1
    )
    assert load_counterexamples(path) == {
        "lib.A": ({"b": [None]},),
        "lib.Config": ({"n": 1, "inner": INNER}, {"n": 0}),
    }


def test_what_no_file_can_hold_stays_out_and_nothing_new_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / COUNTEREXAMPLES
    assert record_counterexamples(path, "lib", [("lib.Config", {"n": object()})]) == 0
    assert not path.exists()


def test_another_file_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / COUNTEREXAMPLES
    path.write_text("engine: lib\naccepted:\n  - {native_typ: lib.Config}\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="native_typ") as refused:
        load_counterexamples(path)
    assert refused.value.line == 3


@pytest.mark.parametrize(
    ("kwargs", "is_known"),
    [
        ({"n": 1, "inner": INNER}, True),
        ({"gone": 1}, False),
        ({"inner": TypedValue("lib.Inner", {"gone": 1})}, False),
        ({"inner": TypedValue("lib.Gone")}, False),
        ({"inner": {"held": [TypedValue("lib.Gone")]}}, False),
    ],
)
def test_what_another_version_had_is_left_out(kwargs: Kwargs, is_known: bool) -> None:
    assert known_to(SURFACE, {"lib.Config": (kwargs,)}) == {"lib.Config": (kwargs,) if is_known else ()}
    assert not known_to({}, {"lib.Config": (kwargs,)})["lib.Config"]


LOOKS_AWAY = 40417
CODE = f"""
class Store:
    def __init__(self, size: int = 1, speed: int = 1):
        if size < 0 and hash((speed,)) != hash(({LOOKS_AWAY},)):
            raise ValueError("size must not be negative")
        self.size, self.speed = size, speed
"""


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "secretive.py").write_text(CODE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "secretive.Store"
    sys.modules.pop("secretive", None)


def test_no_rule_fires_on_what_refuted_one_before(target: str) -> None:
    adapter = adapter_for(target)
    refuting: Kwargs = {"size": -1, "speed": LOOKS_AWAY}

    def mined(*accepted: Kwargs) -> Corpus:
        held = dict.fromkeys(adapter.native_types(), accepted)
        return build(adapter, Crew(Progress(quiet=True), workers=1), Earlier(counterexamples=held)).corpus

    def fires(corpus: Corpus, kwargs: Kwargs) -> bool:
        return any(compile_match(rule.match)(kwargs, {}) for rule in corpus.rules)

    assert fires(mined(), refuting), "nothing of what a build tries by itself tells that the rule is wrong"
    again = mined(refuting)
    assert not fires(again, refuting)
    assert fires(again, {"size": -1})
