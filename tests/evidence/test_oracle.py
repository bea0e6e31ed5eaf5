"""The library is asked once for a config, whoever asks and in whichever worker."""

from __future__ import annotations

from typing import Any

import pytest

from miners.gate.oracle import Oracle
from pytest_llem_invariants.model import Change, Observation, ObservedException
from pytest_llem_invariants.replay.exceptions import no_answer, timed_out, why_no_verdict

REFUSED = ObservedException("ValueError", "too small", ("n",), "lib/config.py:3", ("Exception",))


class _Counting:
    """An observer that counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.entered: list[Any] = []

    def raises(self, native_type: str, kwargs: Any, context: Any) -> ObservedException | None:
        self.asked.append(kwargs)
        self.entered.append(dict(context))
        return REFUSED if kwargs.get("n", 1) < 1 else None

    def no_verdict(self, error: ObservedException) -> str | None:
        return None


class _Changing(_Counting):
    """An observer of a library that makes another size of every size."""

    def observe(self, native_type: str, kwargs: Any, context: Any) -> Observation:
        return Observation(normalisations={"size": Change(kwargs["size"], 7)})


def test_another_value_for_what_stands_there_anyway_is_no_change_of_a_config() -> None:
    observer: Any = _Changing()
    oracle = Oracle(observer, "lib.Config", stands_there=lambda field, value: (field, value) == ("size", "auto"))
    assert not oracle.observe({"size": "auto"}).normalisations
    assert oracle.observe({"size": 3}).normalisations == {"size": Change(3, 7)}


def test_one_answer_does_for_every_question_about_a_config() -> None:
    observer: Any = _Counting()
    oracle = Oracle(observer, "lib.Config")
    assert oracle.raises({"n": 0}) is REFUSED
    assert not oracle.accepts({"n": 0})
    assert oracle.accepts({"n": 1})
    assert oracle.accepts({"n": True})
    assert observer.asked == [{"n": 0}, {"n": 1}, {"n": True}]


def test_an_oracle_knows_what_another_was_told() -> None:
    first: Any = _Counting()
    told = Oracle(first, "lib.Config")
    told.accepts({"n": 0})
    second: Any = _Counting()
    oracle = Oracle(second, "lib.Config", told.judged)
    assert oracle.raises({"n": 0}) is REFUSED
    assert oracle.accepts({"n": 2})
    assert second.asked == [{"n": 2}]
    assert len(told.judged) == 1


class _Silent(_Counting):
    """An observer of a library that gives no answer to any config, in one way."""

    def __init__(self, instead: ObservedException) -> None:
        super().__init__()
        self.instead = instead

    def raises(self, native_type: str, kwargs: Any, context: Any) -> ObservedException | None:
        self.asked.append(kwargs)
        return self.instead

    def no_verdict(self, error: ObservedException) -> str | None:
        return why_no_verdict(error)


@pytest.mark.parametrize(("instead", "asked"), [(timed_out(5), 8), (no_answer("timeout? no, it crashed"), 20)])
def test_a_class_that_times_out_too_often_is_asked_no_more(instead: ObservedException, asked: int) -> None:
    observer: Any = _Silent(instead)
    oracle = Oracle(observer, "lib.Config")
    for number in range(20):
        assert not oracle.accepts({"n": number})
    assert len(observer.asked) == asked


def test_the_default_context_is_not_entered_again() -> None:
    observer: Any = _Counting()
    oracle = Oracle(observer, "lib.Config", default={"platform": "cpu"})
    for context in ({}, {"platform": "cpu"}, {"platform": "cuda"}):
        oracle.raises({"n": 0}, context)
    assert observer.entered == [{}, {"platform": "cuda"}]
