"""The discovered parsers beside the live ones: the lines that were once read otherwise, and a few drawn ones."""

from __future__ import annotations

import pytest

from miners.discovery.parsers import LiveParser
from miners.measure.commands import difference, fuzz_commands
from pytest_llem_invariants import Checker
from pytest_llem_invariants.checker.argv import CommandParser
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.ssot import data_root, installed_version


@pytest.fixture(scope="module")
def checker(adapter: EngineAdapter) -> Checker:
    return Checker.load("vllm", version=installed_version(adapter.ssot), root=data_root())


def reader_of(checker: Checker, name: str) -> CommandParser:
    reader = checker.parser(name)
    assert reader is not None
    return reader


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bench serve", ["--random-mm-limit-mm-per-prompt.a", "32k"]),
        ("bench serve", ["--extra-body.", "32k", "--no-oversample"]),
        ("bench serve", ["--request-id-prefix=", "--goodput", "-0.5", "-O3"]),
        ("bench serve", ["-O3"]),
        ("run-batch", ["-i", "i", "-o", "o", "--lora_modules", "None"]),
        ("serve", ["m", "--lora-modules", "a=b", "None"]),
        ("serve", ["m", "--model="]),
        ("serve", ["--model="]),
        ("bench latency", ["--ignore-patterns", "None", "--kv_cache_metrics "]),
    ],
)
def test_a_line_is_read_as_the_live_parser_reads_it(
    adapter: EngineAdapter, checker: Checker, name: str, words: list[str]
) -> None:
    live, reader = LiveParser(adapter, name), reader_of(checker, name)
    baseline = vars(live.parse([]) or live.parse(live.bare))
    assert difference(live.parse(words), reader.read(words, is_command=reader.has_places), baseline) is None


@pytest.mark.parametrize("name", ["serve", "bench serve", "run-batch"])
def test_drawn_lines_are_read_as_the_live_parser_reads_them(
    adapter: EngineAdapter, checker: Checker, name: str
) -> None:
    assert fuzz_commands(adapter, name, reader_of(checker, name), 100, 7).differences == []
