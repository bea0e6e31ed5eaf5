"""The discovered parser of `transformers serve` beside the live one, which click makes."""

from __future__ import annotations

import pytest

from miners.discovery.parsers import discover_commands, live_click, render_commands
from miners.measure.commands import difference, fuzz_commands
from pytest_llem_invariants import Checker
from pytest_llem_invariants.checker.argv import CommandParser
from pytest_llem_invariants.checker.layout import COMMANDS
from pytest_llem_invariants.engines import get_adapter
from pytest_llem_invariants.ssot import data_root, installed_version


@pytest.fixture(scope="module")
def reader() -> CommandParser:
    ssot = get_adapter("transformers").ssot
    found = Checker.load("transformers", version=installed_version(ssot), root=data_root()).parser("serve")
    assert found is not None
    return found


def test_the_parser_is_discovered_as_it_is_kept() -> None:
    path = data_root() / "corpora" / "transformers" / COMMANDS
    assert render_commands(discover_commands(get_adapter("transformers"))) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "m",
        "m n",
        "m --port 80 --no-compile --compile",
        "m --port abc --port 80",
        "m --port 80 --port abc",
        "--device --port 80",
        "--device -- m",
        "-- --port",
        "m --port",
        "m --compile=true",
        "m --cb_block_size 3",
        "m --quant bnb-4bit",
        "m --reasoning on",
        "m --reasoning ON",
        "m --cb-max-memory-percent .5",
        "--force-model m",
        "-1",
        "-h",
        "-hh",
        "-hx",
        "m n --help",
        "m --port abc --help",
        "m --nonsense --help",
    ],
)
def test_a_line_is_read_as_the_live_parser_reads_it(reader: CommandParser, line: str) -> None:
    live = live_click(get_adapter("transformers"), "serve")
    assert live is not None
    bare = live.parse([])
    assert bare is not None
    assert difference(live.parse(line.split()), reader.read(line.split()), vars(bare)) is None


@pytest.mark.parametrize("line", ["m --json", "m --format json", "m --quiet", "m -q", "m --no-truncate"])
def test_what_is_taken_out_of_a_line_before_is_not_judged(reader: CommandParser, line: str) -> None:
    live = live_click(get_adapter("transformers"), "serve")
    assert live is not None
    assert live.parse(line.split()) is not None
    assert not reader.read([*line.split(), "--port", "abc"]).is_refused


def test_drawn_lines_are_read_as_the_live_parser_reads_them(reader: CommandParser) -> None:
    report = fuzz_commands(get_adapter("transformers"), "serve", reader, 500, 1)
    assert report.differences == []
    assert 0 < report.refused < report.lines
