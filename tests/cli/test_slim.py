"""The small schemas for editors: what one rejects, the checker rejects; and they stay small."""

from __future__ import annotations

import json
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_llem_invariants import Checker
from pytest_llem_invariants.checker.slim import beginnings
from pytest_llem_invariants.cli import main
from tests.checker.accepting import accepts, at
from tests.checker.test_export import SAME_FIELD, WRITTEN_KEYS
from tests.cli.language_server import Client, server

VALUES = [None, True, False, 0, 1, -1, 7, 0.5, 2.0, 1e20, 2**63, "", "auto", "x", "1", "$X", "{{ a }}", "...", "`x`"]
# No untold text inside of what is of the wrong type: the engine rejects it all the same, the checker leaves it open.
VALUES += [[], [1], ["a"], {}, {"block_size": 7}, {"x": 1}]
LARGEST = 150_000


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("schemas")
    assert main(["export", "--slim", "--to", str(folder), "--url", "https://example.org/schemas/"]) == 0
    return folder


@cache
def schema_at(path: Path) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


def test_no_shipped_schema_is_large_and_each_is_in_the_catalogue(shipped: Path) -> None:
    catalogue = json.loads((shipped / "catalog.json").read_text())
    files = {path.name: path.stat().st_size for path in shipped.glob("*.schema.json")}
    assert {one["url"] for one in catalogue["schemas"]} == {f"https://example.org/schemas/{name}" for name in files}
    assert {name for name, size in files.items() if size > LARGEST} == set()
    by_name = {one["name"]: one for one in catalogue["schemas"]}
    assert by_name["transformers generation"]["fileMatch"] == ["generation_config.json"]
    assert {"vllm serve", "tensorrt llm_args", "transformers quantize"} <= by_name.keys()
    assert all({"name", "description", "fileMatch", "url"} == one.keys() for one in catalogue["schemas"])


def some_value(schema: dict[str, Any], field: dict[str, Any]) -> st.SearchStrategy[Any]:
    """A value around what the schema says of a field, or in a mapping that its class takes."""
    field = at(schema, field["$ref"]) if "$ref" in field else field  # another spelling
    ways = field.get("anyOf", [field])
    words = [member for way in ways for member in way.get("enum", ())]
    bounds = [way[word] for way in ways for word in ("minimum", "maximum", "exclusiveMinimum") if word in way]
    near = [bound + step for bound in bounds for step in (-1, -0.5, 0, 0.5, 1)]
    inside = [at(schema, way["$ref"])["properties"] for way in ways if "$ref" in way and "untold" not in way["$ref"]]
    values = st.sampled_from([*VALUES, *words, *near])
    return st.one_of(values, *(st.dictionaries(st.sampled_from(sorted(one)), values, max_size=2) for one in inside))


@pytest.mark.parametrize("file", ["vllm-serve", "vllm-llm", "tensorrt-llm_args", "transformers-generation"])
def test_what_a_shipped_schema_rejects_the_checker_rejects(shipped: Path, file: str) -> None:
    schema = schema_at(shipped / f"{file}.schema.json")
    engine, _, form = file.partition("-")
    checker = Checker.load(engine)

    @settings(max_examples=250, deadline=None)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(schema["properties"])))
        config = {key: data.draw(some_value(schema, schema["properties"][key]))}
        if data.draw(st.integers(0, 4)) == 4:  # by itself: of an option that is given twice the last one counts
            config = {data.draw(st.sampled_from([key[:-1], key[: len(key) // 2], f"{key}x", "{{ a }}", f"{key}.a"])): 1}
        assert accepts(schema, config) or not checker.check_config(config, form=form).ok, config

    holds()


def test_the_schema_of_a_form_rejects_only_what_the_checker_rejects(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "--root", ".", "--engine", "demo", "--slim", "--type", "serve"]) == 0
    schema = json.loads(capsys.readouterr().out)
    for config, ok in (
        ({"tensor-parallel-size": 0}, False),
        ({"tensor_parallel_size": 0}, False),
        ({"tensor-parallel-size": "0"}, True),  # which the command reads as a number: no editor knows
        ({"tensor-paralel-size": 1}, False),
        ({"tensor-par": 1}, True),  # options may be written by their beginnings
        ({"cache": {"block_size": "$B"}}, True),
        ({"{{ a }}": "$X", "cache.block_size": 7}, True),
    ):
        assert accepts(schema, config) is ok, config
    checker = Checker.load("demo", root=".")
    keys = [*WRITTEN_KEYS, "tensor-paralel-size", "graph"]

    @settings(max_examples=300, deadline=None)
    @given(
        st.dictionaries(st.sampled_from(keys), st.sampled_from(VALUES), max_size=3).filter(
            lambda config: all(len(config.keys() & ways) < 2 for ways in SAME_FIELD)
        )
    )
    def holds(config: dict[str, Any]) -> None:
        assert accepts(schema, config) or not checker.check_config(config, form="serve").ok

    holds()


def test_fields_say_what_they_are_for_and_what_they_take(shipped: Path) -> None:
    fields = schema_at(shipped / "vllm-serve.schema.json")["properties"]
    size = fields["tensor-parallel-size"]
    assert size["description"].startswith("Number of tensor parallel groups")  # as ParallelConfig has it
    assert size["anyOf"][0] == {"type": ["integer", "string", "array"], "minimum": 1}
    assert "half" in fields["dtype"]["anyOf"][0]["enum"]
    assert fields["tensor_parallel_size"] == {"$ref": "#/properties/tensor-parallel-size"}
    tokens = schema_at(shipped / "transformers-generation.schema.json")["properties"]["max_new_tokens"]
    assert tokens["anyOf"][0] == {"type": ["null", "number"], "exclusiveMinimum": 0}


@given(st.lists(st.from_regex(r"\A[a-c]{1,3}(-[a-c]{1,2})?\Z"), min_size=1), st.from_regex(r"\A[a-d_-]{1,6}\Z"))
def test_a_pattern_of_beginnings_takes_these_and_no_others(names: list[str], word: str) -> None:
    pattern = beginnings(names)
    assert all(re.search(pattern, name[:end]) for name in names for end in range(1, len(name) + 1))
    assert bool(re.search(pattern, word)) is any(name.startswith(word.replace("_", "-")) for name in names)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--slim"], "name an engine with --engine, or a folder for all with --to"),
        (["--slim", "--engine", "demo", "--url", "https://x"], "--url is where the folder of --to will be found"),
        (["--slim", "--engine", "demo", "--format", "markdown"], "leave --format out"),
        (["--slim", "--engine", "demo", "--type", "nested"], "nested is no form with a class of its own — known: "),
        (["--engine", "demo", "--to", "x"], "--to writes the schemas of --slim"),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(
    project: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main(["export", "--root", ".", *words]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert err.count("\n") == 1


BAD = """\
model: m
tensor-parallel-size: 0
dtype: fp99
compilation-config:
  mode: 9
  nosuch: 1
gpu-memory-util: ${SHARE}
no-such-option: 1
"""


def test_an_editor_tells_it_at_its_line(shipped: Path) -> None:
    node = shutil.which("node")
    program = server(node) if node else None
    if node is None or program is None:
        pytest.skip("there is no node here that finds yaml-language-server: set NODE_PATH to the modules that have it")
    client = Client(node, program)
    try:
        found = client.findings(shipped / "vllm-serve.schema.json", BAD)
    finally:
        client.close()
    assert [line for line, _ in found] == [1, 2, 4, 5, 7]
    assert found[0][1] == "Value is below the minimum of 1."
    assert '"auto", "half"' in found[1][1]
    assert found[4][1] == "Property no-such-option is not allowed."
