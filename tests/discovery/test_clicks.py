"""A program that is made with click, as data by which its lines are read the same way."""

from __future__ import annotations

from typing import Any

import pytest

from miners.discovery.clicks import LiveClick, click_habits, click_option
from miners.discovery.parsers import _conversion
from miners.measure.commands import difference
from pytest_llem_invariants.checker.argv_click import ClickParser
from pytest_llem_invariants.checker.argv_compiled import compiled_parser

click: Any = pytest.importorskip("click")


def program() -> Any:
    @click.group()
    def main() -> None: ...

    @main.command()
    @click.argument("model")
    @click.argument("more", nargs=-1)
    @click.option("--port", "-p", type=int, default=80)
    @click.option("--size", type=(int, int))
    @click.option("--kind", type=click.Choice(["a", "b"]))
    @click.option("--any-case", type=click.Choice(["a", "b"], case_sensitive=False))
    @click.option("--on/--off", "is_on", default=None)
    @click.option("-v", "loud", count=True)
    @click.option("--name", multiple=True)
    def serve(**given: Any) -> None: ...

    return main


@pytest.fixture(scope="module")
def live() -> LiveClick:
    return LiveClick(program(), "serve", ["m"])


@pytest.fixture(scope="module")
def told(live: LiveClick) -> dict[str, dict[str, Any]]:
    return {param.name: click_option(live, param, _conversion) for param in live.params}


def test_each_option_is_told_as_those_of_argparse_are(told: dict[str, dict[str, Any]]) -> None:
    assert told["port"] == {
        "dest": "port",
        "action": "store",
        "nargs": None,
        "group": None,
        "strings": ["--port", "-p"],
        "type": "int",
        "default": 80,
    }
    assert told["is_on"]["values"] == {"--on": True, "--off": False}
    assert told["kind"]["choices"] == ["a", "b"]
    assert told["any_case"]["type"] == "unknown"
    assert (told["model"]["required"], told["more"]["nargs"], told["size"]["nargs"]) == (True, "*", 2)
    assert [told[name]["action"] for name in ("loud", "name")] == ["unknown", "unknown"]


def test_only_what_the_program_knows_is_taken_out_before(live: LiveClick) -> None:
    assert click_habits(live, ["--on", "--json"]) == {"library": "click", "taken_before": ["--on"]}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "m",
        "m n o",
        "m -p3",
        "m -p 3 -vv",
        "m -vp3",
        "m -p=3",
        "m --port=3 --on --off",
        "m --port x --port 3",
        "m --port --on",
        "m --kind A",
        "m --any-case A",
        "m --on=1",
        "m --por 3",
        "m -x",
        "m --name a --name --on",
        "m --port",
        "-- --port",
        "--help",
        "--help --x",
        "m -",
    ],
)
def test_a_line_is_read_as_the_program_reads_it(live: LiveClick, told: dict[str, dict[str, Any]], line: str) -> None:
    reader = ClickParser(compiled_parser([*told.values()], click_habits(live, [])))
    bare = live.parse(["m"])
    assert difference(live.parse(line.split()), reader.read(line.split()), vars(bare)) is None


@pytest.mark.parametrize("line", ["…", "m $PORT 3", "m --port $PORT", "m --port …", '"$@"'.strip('"')])
def test_what_nobody_tells_is_not_refused(live: LiveClick, told: dict[str, dict[str, Any]], line: str) -> None:
    reader = ClickParser(compiled_parser([*told.values()], click_habits(live, [])))
    assert not reader.read(line.split()).is_refused


def test_a_line_is_left_to_the_package_that_takes_words_out_of_it(
    live: LiveClick, told: dict[str, dict[str, Any]]
) -> None:
    reader = ClickParser(compiled_parser([*told.values()], {"library": "click", "taken_before": ["--json"]}))
    assert not reader.read(["m", "--port", "--json"]).is_refused
    assert reader.read(["--", "--json", "--port"]).values["more"] == ["--port"]
