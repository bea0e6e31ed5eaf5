"""The fuzz counts what it says it counts, and says the same twice."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from miners.examples.draws import Drawer
from miners.measure.fuzz import MODES, TYPE_CORRECT, WRONG_TYPED, Draw, Sides, exceeds, fuzz
from pytest_llem_invariants.language.values import fits
from pytest_llem_invariants.model import Kwargs, ObservedException
from tests.evidence.test_soundness import FACTS

SURFACE = {"lib.Config": FACTS}


def raises(native_type: str, kwargs: Kwargs) -> ObservedException | None:
    n = kwargs.get("n", 1)
    if isinstance(n, int) and n < 0:
        return ObservedException("ValueError", f"n is negative: {n}", raised_at="lib/config.py:7")
    if isinstance(n, str):
        return ObservedException("TypeError", f"n is text: {n!r}", raised_at="lib/config.py:9")
    return None


def everything(native_type: str, kwargs: Kwargs) -> bool:
    return True


def exactly(native_type: str, kwargs: Kwargs) -> bool:
    return raises(native_type, kwargs) is not None


def negative_only(native_type: str, kwargs: Kwargs) -> bool:
    n = kwargs.get("n", 1)
    return isinstance(n, int) and n < 0


def test_a_perfect_prediction() -> None:
    report = fuzz(SURFACE, Sides(raises, exactly), Draw(2000, 1))
    for mode in MODES:
        assert report.recall(mode) == 1
        assert report.false_rejections(mode) == 0
    always, often = report.guard_recall(WRONG_TYPED)
    assert always == often > 0
    assert exceeds(report, {TYPE_CORRECT: 0.99, WRONG_TYPED: 0.95}) == ()


def test_false_rejections_are_counted_and_shown() -> None:
    report = fuzz(SURFACE, Sides(raises, everything), Draw(500, 1))
    assert report.false_rejections(TYPE_CORRECT) > 0
    assert "rejected falsely" in report.to_text()
    assert len(exceeds(report, {})) == len(MODES)


def test_a_miss_names_its_guard_most_frequent_first() -> None:
    report = fuzz(SURFACE, Sides(raises, negative_only), Draw(3000, 1))
    assert report.recall(TYPE_CORRECT) == 1
    assert report.recall(WRONG_TYPED) < 1
    data = json.loads(report.to_json())
    misses = data["modes"][1]["classes"][0]["misses"]
    assert misses[0]["guard"] == "lib/config.py:9"
    assert "n is text: …" in report.to_text()
    assert exceeds(report, {WRONG_TYPED: 1.0}) != ()


def test_what_the_environment_lacks_is_no_verdict() -> None:
    report = fuzz(SURFACE, Sides(raises, negative_only, lambda exception: "not here"), Draw(1000, 1))
    assert all(entry.raised == 0 for entry in report.classes)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first, again, other = (fuzz(SURFACE, Sides(raises, negative_only), Draw(500, seed)).to_json() for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_the_constants_of_the_rules_are_drawn_with_their_neighbours(tmp_path: Path) -> None:
    met = tmp_path / "met"

    def noting(native_type: str, kwargs: Kwargs) -> ObservedException | None:
        with met.open("a", encoding="utf-8") as noted:  # it is another process that asks
            noted.write(f"{kwargs.get('n')}\n")
        return None

    draw = Draw(600, 2, modes=[TYPE_CORRECT], constants=(77_777, "turbo"))
    fuzz(SURFACE, Sides(noting, lambda *config: False), draw)
    assert {"77776", "77777", "77778"} <= set(met.read_text(encoding="utf-8").split())


def test_numbers_are_drawn_as_text_too() -> None:
    source = random.Random(9)
    drawer = Drawer(SURFACE)
    drawn = [drawer.config(source, FACTS, wrong_typed=True).get("n") for _ in range(600)]
    texts = {value for value in drawn if isinstance(value, str)}
    assert {text for text in texts if text.strip() != text}
    assert {text for text in texts if text.isdigit() and int(text) < 13}


def test_several_processes_find_what_one_finds() -> None:
    surface = {**SURFACE, "lib.Other": replace(FACTS, native_type="lib.Other")}
    one, two = (fuzz(surface, Sides(raises, negative_only), Draw(400, 3), workers=count).to_json() for count in (1, 2))
    assert one == two


def test_values_that_a_message_repeats_make_no_new_guard() -> None:
    def repeating(native_type: str, kwargs: Kwargs) -> ObservedException | None:
        mode = kwargs.get("mode")
        said = f"mode {mode.lower()} is unknown" if isinstance(mode, str) else ""
        return ObservedException("ValueError", said, raised_at="lib/config.py:3") if mode and said else None

    report = fuzz(SURFACE, Sides(repeating, lambda native_type, kwargs: False), Draw(400, 1, modes=[TYPE_CORRECT]))
    assert list(report.classes[0].guards) == ["ValueError: mode … is unknown at lib/config.py:3"]


@pytest.mark.parametrize("wrong_typed", [False, True])
def test_draws_have_one_to_four_fields_of_the_promised_types(wrong_typed: bool) -> None:
    source = random.Random(5)
    drawer = Drawer(SURFACE)
    for _ in range(500):
        kwargs = drawer.config(source, FACTS, wrong_typed=wrong_typed)
        assert 1 <= len(kwargs) <= 4
        assert all(fits(value, FACTS.fields[name]) for name, value in kwargs.items()) is not wrong_typed
