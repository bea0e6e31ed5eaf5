from __future__ import annotations

import logging
import os
import random
import sys
import threading
import time
import warnings

import pytest

from pytest_llem_invariants.errors import NoSuchWorldError
from pytest_llem_invariants.model import Change, Channel, TypedValue
from pytest_llem_invariants.replay.capture import ALL, MINOR_ISSUES, heard
from pytest_llem_invariants.replay.observe import Observer

CONFIG = "fakelib.Config"


def test_an_exception_is_told_with_its_field_and_its_line(observer: Observer) -> None:
    seen = observer.observe(CONFIG, {"count": -1}).exception
    assert seen is not None
    assert (seen.type, seen.message, seen.locations) == ("FieldError", "count must be at least 0, not -1", ("count",))
    assert seen.bases[0] == "ValueError"
    path, _, line = (seen.raised_at or "").partition(":")
    assert path == "fakelib/core.py"
    assert int(line) > 0
    assert observer.raises(CONFIG, {"count": -1}) == seen
    assert observer.raises(CONFIG, {"count": 1}) is None


@pytest.mark.parametrize(
    ("kwargs", "reason"),
    [
        ({"package": 1}, "environment: ModuleNotFoundError: No module named 'a_package_that_is_nowhere'"),
        ({"undefined": 1}, "environment: NameError: name 'not_defined' is not defined"),
        ({"needs": 1}, "environment: ValueError: this needs gizmo to be installed"),
        ({"leave": 1}, "crashed: SystemExit: 3"),
        ({"recurse": 1}, "exhausted: RecursionError"),
    ],
)
def test_what_says_nothing_about_the_config_is_no_verdict(
    observer: Observer, kwargs: dict[str, int], reason: str
) -> None:
    assert observer.observe(CONFIG, kwargs).skipped_reason == reason


def test_an_ordinary_rejection_is_a_verdict(observer: Observer) -> None:
    assert observer.observe(CONFIG, {"count": -1}).skipped_reason is None


@pytest.mark.parametrize("action", ["ignore", "error", "default"])
def test_warnings_are_told_whatever_the_filters(observer: Observer, action: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter(action)  # type: ignore[arg-type]
        assert observer.observe(CONFIG, {"warn": "careful"}).warnings == ("careful",)
        assert observer.raises(CONFIG, {"warn": "careful"}) is None


@pytest.mark.parametrize("name", ["log", "once"])
@pytest.mark.parametrize("level", [logging.NOTSET, logging.CRITICAL])
def test_log_records_are_told_by_channel_every_time(observer: Observer, name: str, level: int) -> None:
    logger = logging.getLogger("fakelib")
    channel = Channel.LOGGER_WARNING_ONCE if name == "once" else Channel.LOGGER_WARNING
    before = logger.level
    logger.setLevel(level)
    try:
        for _ in range(2):
            (log,) = observer.observe(CONFIG, {name: "mind this"}).logs
            assert (log.channel, log.logger, log.message) == (channel, "fakelib.core", "mind this")
    finally:
        logger.setLevel(before)


@pytest.mark.parametrize("level", ["DEBUG", "CRITICAL"])
def test_what_is_logged_is_told_though_the_config_sets_up_the_logging(observer: Observer, level: str) -> None:
    logger = logging.getLogger("fakelib")
    before = logger.level, list(logger.handlers), logger.propagate
    for _ in range(2):
        (log,) = observer.observe(CONFIG, {"set_up": level}).logs
        assert log.message == "set up"
        assert (logger.level, list(logger.handlers), logger.propagate) == before
        observer.raises(CONFIG, {"set_up": "ERROR"})
        assert (logger.level, list(logger.handlers), logger.propagate) == before


def test_what_is_logged_below_a_warning_is_not_told(observer: Observer) -> None:
    assert observer.observe(CONFIG, {"info": "hello"}).logs == ()


def test_minor_issues_come_from_strict_validation_alone(observer: Observer) -> None:
    strict = observer.observe(CONFIG, {"odd": True})
    assert strict.minor_issues == {"odd": "odd is ignored here"}
    assert strict.exception is None
    assert heard(observer.observe(CONFIG, {"odd": True}, channels=ALL - {MINOR_ISSUES})).minor_issues == {}


def test_a_value_that_the_object_does_not_hold_is_a_normalisation(observer: Observer) -> None:
    assert observer.observe(CONFIG, {"ratio": 0.1}).normalisations == {"ratio": Change(0.1, 0.5)}
    assert observer.observe(CONFIG, {"ratio": 0.75, "mode": "fast", "x": float("nan")}).normalisations == {}


def test_a_normalisation_inside_a_nested_value_has_a_dotted_name(observer: Observer) -> None:
    nested = {"inner": TypedValue("fakelib.Inner", {"size": 50})}
    assert observer.observe("fakelib.Needy", nested).normalisations == {"inner.size": Change(50, 10)}


def test_a_normalisation_is_found_in_the_part_that_holds_the_field(observer: Observer) -> None:
    assert observer.observe("fakelib.Args", {"size": 50}).normalisations == {"size": Change(50, 10)}
    assert observer.observe("fakelib.Args", {"size": 5}).normalisations == {}


@pytest.mark.parametrize(
    "kwargs",
    [
        {"environ": "1"},
        {"showwarning": 1},
        {"rng": 5},
        {"cwd": "/"},
        {"path": "elsewhere"},
        {"handlers": 1},
        {"flood": 100},
        {"thread": 0.05},
        {"count": -1, "environ": "1", "cwd": "/"},
    ],
    ids=lambda kwargs: "+".join(kwargs),
)
def test_the_process_is_afterwards_as_before(observer: Observer, kwargs: dict[str, object]) -> None:
    before = _process()
    failed = observer.observe(CONFIG, kwargs).exception
    assert failed is None or kwargs.get("count") == -1
    assert _process() == before


def test_the_fast_path_leaves_environment_warnings_and_loggers_alone(observer: Observer) -> None:
    for kwargs in ({"environ": "1"}, {"showwarning": 1}, {"log": "x"}, {"count": -1}):
        before = _process()
        observer.raises(CONFIG, kwargs)
        assert _process() == before


def _process() -> tuple[object, ...]:
    logger = logging.getLogger("fakelib")
    return (
        dict(os.environ),
        random.getstate(),
        os.getcwd(),
        sys.path,
        list(sys.path),
        (logger.level, list(logger.handlers), logger.propagate),
        warnings.showwarning,
        list(warnings.filters),
        (sys.stdout, sys.stderr),
        (os.fstat(1).st_ino, os.fstat(2).st_ino),
        threading.active_count(),
    )


def test_a_context_sets_an_environment_variable_for_the_build_alone(observer: Observer) -> None:
    def said(context: dict[str, object]) -> str:
        seen = observer.observe(CONFIG, {"show_env": 1}, context=context).exception
        fast = observer.raises(CONFIG, {"show_env": 1}, context)
        assert seen is not None
        assert fast is not None
        assert seen.message == fast.message
        return seen.message

    assert said({"env.SWITCH": "1"}) == "SWITCH=1"
    assert said({"env.SWITCH": None}) == "SWITCH=unset"
    assert "SWITCH" not in os.environ


def test_outcomes_do_not_depend_on_order(observer: Observer) -> None:
    sample = [
        {"count": -1},
        {"once": "mind this"},
        {"warn": "careful"},
        {"showwarning": 1},
        {"handlers": 1},
        {"set_up": "DEBUG"},
        {"set_up": "CRITICAL"},
        {"environ": "1"},
        {"show_env": 1},
        {"ratio": 0.1},
        {"odd": True},
        {"rng": 5},
    ] * 2
    first = [observer.observe(CONFIG, kwargs) for kwargs in sample]
    for seed in (1, 2, 3):
        order = list(range(len(sample)))
        random.Random(seed).shuffle(order)
        again = {index: observer.observe(CONFIG, sample[index]) for index in order}
        assert [again[index] for index in range(len(sample))] == first


def test_what_a_library_waits_for_is_not_waited_for(observer: Observer) -> None:
    sleep, began = time.sleep, time.monotonic()
    seen = observer.observe(CONFIG, {"wait": 60}).exception
    assert seen is not None
    assert seen == observer.raises(CONFIG, {"wait": 60})
    assert time.monotonic() - began < 30
    assert time.sleep is sleep


def test_in_a_world_that_there_is_not_nothing_is_answered(observer: Observer, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(values: object) -> None:
        raise NoSuchWorldError("there is no model to stand for model.info.odd=True")

    monkeypatch.setattr(observer.adapter, "context", refuse)
    observer.prepare(CONFIG, {"model.info.odd": True})
    seen = observer.observe(CONFIG, {"count": -1}, context={"model.info.odd": True})
    assert seen.skipped_reason == "there is no model to stand for model.info.odd=True"
    raised = observer.raises(CONFIG, {"count": -1}, {"model.info.odd": True})
    assert raised is not None
    assert observer.no_verdict(raised) == seen.skipped_reason
