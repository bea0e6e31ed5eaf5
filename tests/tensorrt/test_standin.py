"""The third engine from end to end on a stand-in: read from source, proposed, proven as pytest items, checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.tensorrt.conftest import MINE, SOURCE, STANDINS, Run

BOTH = """
import json, sys
from pathlib import Path
from miners.measure.compare_modes import compare, read_import, read_source
from miners.discovery.source import discover_from_source
from miners.surface.source_classes import skeletons_of
from pytest_llem_invariants.engines import get_adapter

adapter = get_adapter("tensorrt")
skeletons = skeletons_of(Path(sys.argv[1]), adapter.package)
source = read_source(adapter.ssot, skeletons)
schema = discover_from_source(adapter.ssot, skeletons)
assert adapter.package not in sys.modules, "reading from source imported the library"
imported = read_import(adapter)
from miners.discovery.walk import discover
found = compare(imported, source)
live = discover(adapter)
schema["discovery_limitations"] = [one for one in schema["discovery_limitations"] if one["reason"] != "source_only"]
print(json.dumps({
    "share": found.share, "rules": sum(found.equal.values()), "fields": found.field_differences,
    "differences": [repr(one) for one in found.differences],
    "schema": {key: schema[key] == live[key] for key in ("native_types", "engine_params", "sampling_params",
                                                         "discovery_limitations", "engine_version")},
}))
"""


@pytest.fixture(scope="module")
def corpus(project: Path, run: Run) -> Path:
    """The corpus that source alone proposes."""
    done = run(*MINE, "build", "tensorrt", *SOURCE, installed=False)
    assert done.returncode == 0, done.stderr
    assert "none of them proven" in done.stdout
    assert "tensorrt has no dynamic miner: " in done.stdout
    return project / "corpora" / "tensorrt"


def test_source_and_import_give_the_same_rules_and_the_same_schema(run: Run) -> None:
    done = run("-c", BOTH, str(STANDINS), installed=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["share"], found["differences"], found["fields"]) == (1.0, [], [])
    assert found["rules"] > 300
    assert all(found["schema"].values()), found["schema"]


def test_what_is_read_from_source_is_proposed_and_not_proven(corpus: Path) -> None:
    rules = yaml.safe_load((corpus / "invariants.proposed.yaml").read_text(encoding="utf-8"))["invariants"]
    assert not (corpus / "invariants.validated.yaml").exists()
    assert all("tried on no library" in rule["walker_notes"] for rule in rules)
    assert {rule["added_by"] for rule in rules} == {"pydantic_lift", "static_miner"}


def test_past_a_validator_over_all_fields_no_type_is_claimed(corpus: Path) -> None:
    rules = yaml.safe_load((corpus / "invariants.proposed.yaml").read_text(encoding="utf-8"))["invariants"]
    plugin = [rule["match"]["fields"] for rule in rules if rule["native_type"] == "tensorrt_llm.PluginConfig"]
    assert plugin == [{"dtype": "auto"}]


def test_what_is_read_of_a_class_is_what_runs_in_the_order_in_which_it_runs(corpus: Path) -> None:
    rules = yaml.safe_load((corpus / "invariants.proposed.yaml").read_text(encoding="utf-8"))["invariants"]
    read = {
        (rule["native_type"].rpartition(".")[2], json.dumps(rule["match"]["fields"])): rule
        for rule in rules
        if rule["added_by"] == "static_miner"
    }
    assert [fields for name, fields in read if name == "EagleDecodingConfig"] == [
        '{"max_draft_len": {"absent": true}}',
        '{"num_layers": {"!=": "@max_draft_len", "type_is": "int"}, "max_draft_len": {"type_is": "int"}}',
    ]
    assert [fields for name, fields in read if name == "GemmConfig"] == [
        '{"allowed_backends": {"falsy": true}}',
        '{"each(allowed_backends)": {"not_in": ["fast", "plain"]}}',
    ]
    (given,) = (rule for (name, _), rule in read.items() if name == "MTPDecodingConfig")
    assert "defaults" not in given["match"]


def test_building_twice_gives_the_same_bytes(corpus: Path, run: Run) -> None:
    command = (*MINE, "build", "tensorrt", *SOURCE, "--check")
    done = run(*command, installed=False, LLEM_FROZEN_AT="2026-02-03T04:05:06Z")
    assert done.returncode == 0, done.stdout[-2000:]


def test_the_schema_is_discovered_without_the_library(project: Path, corpus: Path, run: Run) -> None:
    done = run(*MINE, "discover", "tensorrt", *SOURCE, installed=False)
    assert done.returncode == 0, done.stderr
    schema = json.loads((corpus / "schema.discovered.json").read_text(encoding="utf-8"))
    assert (schema["discovery_method"], schema["engine_version"]) == ("source", "1.2.1")
    blocks = schema["engine_params"]["tensorrt_llm.llmapi.KvCacheConfig"]["tokens_per_block"]
    assert (blocks["default"], blocks["bounds"]) == (32, {"ge": 1, "multiple_of": 2})


@pytest.mark.parametrize(("producer", "file"), [("static", "static_miner"), ("lift", "pydantic_lift")])
def test_one_producer_alone_reads_source_too(project: Path, run: Run, producer: str, file: str) -> None:
    done = run(*MINE, producer, "tensorrt", *SOURCE, installed=False)
    assert done.returncode == 0, done.stderr
    assert (project / "corpora" / "tensorrt" / "_staging" / f"tensorrt_{file}.yaml").exists(), done.stdout


def test_pytest_proves_the_corpus_and_says_that_the_library_was_simulated(corpus: Path, run: Run) -> None:
    done = run("-m", "pytest", "--llem-engine=tensorrt", "-q", "-p", "no:cacheprovider", installed=True)
    assert done.returncode in (0, 1), done.stdout[-3000:] + done.stderr
    validated = yaml.safe_load((corpus / "invariants.validated.yaml").read_text(encoding="utf-8"))
    assert validated["environment"]["kind"] == "simulated"
    cases = validated["cases"]
    confirmed = [case for case in cases if case["positive_confirmed"] and case["negative_confirmed"]]
    assert len(confirmed) == len(cases) > 300, done.stdout[-3000:]


def test_without_the_library_pytest_says_where_it_is(corpus: Path, run: Run) -> None:
    done = run("-m", "pytest", "--llem-engine=tensorrt", "-q", "-p", "no:cacheprovider", installed=False)
    assert done.returncode == 2
    assert "nvcr.io/nvidia/tensorrt-llm/release:1.2.1" in done.stdout + done.stderr
