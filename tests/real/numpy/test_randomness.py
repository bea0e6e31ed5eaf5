from __future__ import annotations

from collections.abc import Callable

import numpy
import pytest

from pytest_llem_invariants.replay.state import kept_process


def draw() -> list[float]:
    return [*numpy.random.rand(2).tolist(), *numpy.random.randn(3).tolist()]


@pytest.mark.parametrize("touch", [lambda: None, lambda: numpy.random.seed(5), draw, numpy.random.randn])
@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_drawn_next_is_what_would_have_been(touch: Callable[[], object], seed: int) -> None:
    numpy.random.seed(seed)
    expected = draw()
    numpy.random.seed(seed)
    with kept_process():
        touch()
    assert draw() == expected


@pytest.mark.parametrize("kind", [numpy.random.PCG64, numpy.random.MT19937])
def test_another_generator_is_put_back_too(kind: Callable[[int], numpy.random.BitGenerator]) -> None:
    before = numpy.random.get_bit_generator()
    try:
        numpy.random.set_bit_generator(kind(7))
        expected = draw()
        numpy.random.set_bit_generator(kind(7))
        with kept_process():
            draw()
        assert draw() == expected
    finally:
        numpy.random.set_bit_generator(before)
