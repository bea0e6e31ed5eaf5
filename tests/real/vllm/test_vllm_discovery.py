from __future__ import annotations

import ast
import time
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from miners.discovery.render import load_schema, render_schema
from miners.discovery.walk import discover
from pytest_llem_invariants.engines import get_adapter
from pytest_llem_invariants.ssot import data_root
from tests.real.written import annotated_fields

BEYOND_IMPORT_S = 5.0
PLACES = ("config", "sampling_params.py", "pooling_params.py", "engine/arg_utils.py")
CLASSES, PUBLIC, PRIVATE, INIT_VARS = 50, 850, 10, 20
"""At least so many are read: 0.32.0 has 56, 908, 18 and 26."""


@pytest.fixture(scope="module")
def schema() -> Mapping[str, Any]:
    return discover(get_adapter("vllm"))


def written() -> dict[str, dict[str, bool]]:
    """Class → field → whether it is an InitVar, by the source alone."""
    root = Path(str(import_module("vllm").__file__)).parent
    files = [
        file for place in PLACES for file in ([root / place] if place[-3:] == ".py" else (root / place).glob("*.py"))
    ]
    found = {}
    for file in sorted(files):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and "Protocol" not in map(ast.unparse, node.bases):
                fields = dict(annotated_fields(node))
                if fields:
                    found[node.name] = fields
    return found


def test_every_public_field_is_a_parameter_or_a_limitation(schema: Mapping[str, Any]) -> None:
    parameters = {
        (entry["target"].partition(":")[2], field)
        for name, entry in schema["native_types"].items()
        for field in schema[entry["group"]][name]
    }
    limited = {(one["native_type"].rpartition(".")[2], one["field"]) for one in schema["discovery_limitations"]}
    fields = [(name, field) for name, own in written().items() for field in own]
    public = {place for place in fields if not place[1].startswith("_")}
    assert public - parameters - limited == set()
    assert len(written()) >= CLASSES
    assert len(public) >= PUBLIC
    assert len(fields) - len(public) >= PRIVATE


def test_the_init_vars_are_told_apart(schema: Mapping[str, Any]) -> None:
    expected = {(name, field) for name, own in written().items() for field, init in own.items() if init}
    found = {
        (parameter["native_class"].partition(":")[2], field)
        for group in ("engine_params", "sampling_params")
        for parameters in schema[group].values()
        for field, parameter in parameters.items()
        if parameter["init_only"]
    }
    assert found == expected
    assert len(found) >= INIT_VARS


def test_discovery_takes_little_more_than_the_import() -> None:
    adapter = get_adapter("vllm")
    adapter.import_library()
    begin = time.process_time()
    discover(adapter)
    assert time.process_time() - begin < BEYOND_IMPORT_S


def test_what_depends_on_platform_or_environment_is_no_value(schema: Mapping[str, Any]) -> None:
    parameters = schema["engine_params"]
    assert parameters["vllm.config.KVTransferConfig"]["kv_buffer_device"]["default_because"] == [
        "depends on the context 'platform'"
    ]
    assert parameters["vllm.config.LoggingConfig"]["log_level"]["default_because"] == ["reads $VLLM_LOGGING_LEVEL"]


def test_the_committed_schema_is_what_the_library_has(schema: Mapping[str, Any]) -> None:
    committed = load_schema(data_root() / "corpora" / "vllm")
    told = {key: committed[key] for key in ("discovered_at", "image_ref")}
    assert render_schema({**schema, **told}) == render_schema(committed)
