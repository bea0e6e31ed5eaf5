"""What a discovered schema says of the fields of a class."""

from __future__ import annotations

from pytest_llem_invariants.corpus.schema_layout import parameters_of


def test_a_class_that_stands_in_both_groups_has_the_fields_of_both() -> None:
    a, b, c = ({"type": kind} for kind in ("int", "str", "bool"))
    schema = {"engine_params": {"lib.A": {"a": a}, "lib.B": {"b": b}}, "sampling_params": {"lib.A": {"c": c}}}
    assert parameters_of(schema) == {"lib.A": {"a": a, "c": c}, "lib.B": {"b": b}}
    assert parameters_of({}) == {}
