"""Where an object of a library keeps a fact: the first of its paths that there is."""

from __future__ import annotations

from types import SimpleNamespace as Object

import pytest

from pytest_llem_invariants.engines.held import held_facts


class Model:
    arch = Object(heads=4, quantization={"method": "fp8"}, nothing=None)

    def experts(self) -> int:
        return 8

    @property
    def broken(self) -> int:
        raise RuntimeError("no such model")


@pytest.mark.parametrize(
    ("paths", "value"),
    [
        (("arch.heads",), 4),
        (("heads", "arch.heads"), 4),
        (("arch.quantization.method",), "fp8"),
        (("experts()",), 8),
        (("arch.nothing.at.all", "arch.heads"), None),
        (("broken", "arch.quantization.other", "get_heads()", "arch.heads"), 4),
        (("heads", "0"), 0),
    ],
)
def test_the_first_path_that_there_is_tells(paths: tuple[str, ...], value: object) -> None:
    assert held_facts(Model(), {"fact": paths}) == {"fact": value}


def test_a_fact_that_is_nowhere_is_left_out() -> None:
    assert held_facts(Model(), {"one": ("heads", "broken", "arch.broken()"), "two": ("arch.heads",)}) == {"two": 4}
