"""When two readings of a library count as equal."""

from __future__ import annotations

from typing import Any

import pytest

from miners.measure.compare_modes import ModeResult, compare
from miners.surface.facts import ClassFacts, ClassKind, FieldFact


def reading(**fact: Any) -> ModeResult:
    fields = {"mode": FieldFact("mode", "str", **fact)}
    return ModeResult(
        {"lib.Config": ClassFacts("lib.Config", "lib:Config", ClassKind.PLAIN, fields, "lib/x.py", 1)}, ()
    )


@pytest.mark.parametrize(
    ("imported", "source", "unlike"),
    [
        ({"words": ("fast", "slow")}, {"words": ("slow",)}, []),
        ({"words": ("slow", "fast")}, {"words": ("fast", "slow")}, []),
        ({"words": ("fast",)}, {"words": ("slow",)}, [("lib.Config", "mode", ("words",))]),
        ({"words": ("fast",), "line": 2}, {"words": (), "line": 3}, [("lib.Config", "mode", ("line",))]),
    ],
)
def test_source_mode_may_know_fewer_words_than_import_mode_and_no_others(
    imported: dict[str, Any], source: dict[str, Any], unlike: list[Any]
) -> None:
    assert list(compare(reading(**imported), reading(**source)).field_differences) == unlike
