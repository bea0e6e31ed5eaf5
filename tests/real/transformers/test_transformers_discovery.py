from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from miners.discovery.render import load_schema, render_schema
from miners.discovery.walk import discover
from pytest_llem_invariants.engines import get_adapter
from pytest_llem_invariants.ssot import data_root
from tests.real.written import annotated_fields, class_statement, constructor_arguments

BEYOND_IMPORT_S = 5.0
CLASSES, FIELDS = 30, 246


@pytest.fixture(scope="module")
def schema() -> Mapping[str, Any]:
    return discover(get_adapter("transformers"))


def written(name: str) -> set[str]:
    """The public fields that a class itself writes, by the source alone."""
    node = class_statement(get_adapter("transformers").native_class(name))
    found = list(constructor_arguments(node)) or [field for field, _ in annotated_fields(node)]
    return {field for field in found if not field.startswith("_")}


def test_every_public_field_is_a_parameter_or_a_limitation(schema: Mapping[str, Any]) -> None:
    limited = {(one["native_type"], one["field"]) for one in schema["discovery_limitations"]}
    found = {
        (name, field) for name, entry in schema["native_types"].items() for field in schema[entry["group"]][name]
    } | limited
    fields = {(name, field) for name in schema["native_types"] for field in written(name)}
    assert fields - found == set()
    assert (len(schema["native_types"]), len(fields)) == (CLASSES, FIELDS)


def test_generation_fields_are_documented_where_the_source_gives_no_type(schema: Mapping[str, Any]) -> None:
    parameters = schema["sampling_params"]["transformers.GenerationConfig"]
    documented = [name for name, parameter in parameters.items() if parameter["documented_type"]]
    assert len(documented) >= 0.8 * len(parameters)
    assert parameters["top_k"]["documented_type"] == "int"


def test_discovery_takes_little_more_than_the_import() -> None:
    adapter = get_adapter("transformers")
    adapter.import_library()
    begin = time.process_time()
    discover(adapter)
    assert time.process_time() - begin < BEYOND_IMPORT_S


def test_the_committed_schema_is_what_the_library_has(schema: Mapping[str, Any]) -> None:
    committed = load_schema(data_root() / "corpora" / "transformers")
    told = {key: committed[key] for key in ("discovered_at", "image_ref")}
    assert render_schema({**schema, **told}) == render_schema(committed)
