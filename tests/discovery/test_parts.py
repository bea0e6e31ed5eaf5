"""One part of the types of models at a time: each type belongs to one, whatever other types there are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miners.discovery.command import part_of
from miners.discovery.models import Part
from pytest_llem_invariants.errors import LlemError


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=50)
@given(st.text(max_size=8), st.integers(1, 40), st.integers(0, 1000))
def test_each_type_is_of_one_part_and_the_turns_go_round(name: str, of: int, turn: int) -> None:
    parts = [Part(number, of, {}) for number in range(of)]
    assert sum(part.has(name) for part in parts) == 1
    assert Part(turn, of, {}).has(name) == parts[turn % of].has(name)


def test_of_the_other_parts_the_file_is_taken_as_it_is(tmp_path: Path) -> None:
    schema = tmp_path / "schema.discovered.json"
    assert part_of("3/8", schema).others == {}
    table = {"schema_version": "1.1.0", "model_types": {"llama": {"model.arch.heads": 32}}}
    (tmp_path / "models.discovered.json").write_text(json.dumps(table))
    assert part_of("3/8", schema) == Part(3, 8, table["model_types"])
    assert part_of(None, schema).has("llama")


@pytest.mark.parametrize("asked", ["3", "a/8", "3/0", "-1/8", "3/8/9", ""])
def test_a_part_that_is_no_number_of_a_number_is_one_clear_line(tmp_path: Path, asked: str) -> None:
    with pytest.raises(LlemError, match=f"--part is '{asked}' — write it like 3/8: the third of eight parts"):
        part_of(asked, tmp_path / "schema.discovered.json")
