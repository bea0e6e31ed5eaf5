"""What is read of a release: options, fields and variables, from source that is never imported."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miners.releases.classes import Found
from miners.releases.reading import snapshot
from miners.releases.successors import check_successors, uncovered
from miners.releases.table import made, rendered, snapshot_of, with_release
from miners.releases.wheels import source_at
from pytest_llem_invariants.errors import CorpusError, MinerError

SOURCE = {
    "toy/__init__.py": "",
    "toy/config.py": '''
from dataclasses import InitVar, dataclass, field

@dataclass
class BaseConfig:
    inherited: bool = False

@dataclass
class ToyConfig(BaseConfig):
    size: int = 4
    """How large."""
    old: str | None = None
    """Deprecated: use size instead. It will be removed in v2."""
    names: list[str] = field(default_factory=list)
    passed: InitVar[int | None] = None
    flag: bool = True

class PlainConfig:
    def __init__(self, bits: int = 8, **kwargs):
        self.group = kwargs.pop("group", 128)
''',
    "toy/args.py": """
import argparse
from toy.config import ToyConfig

_GONE = "--legacy is deprecated and will be removed in v2."

class Args:
    size: int = ToyConfig.size

    @staticmethod
    def add(parser):
        kwargs = arguments_of(ToyConfig)
        group = parser.add_argument_group("Toy")
        group.add_argument("--size", "-s", **kwargs["size"])
        group.add_argument("--flag", **kwargs["flag"])
        group.add_argument("--legacy", action=argparse.BooleanOptionalAction, help=_GONE)
        for name, kind in [("--listed-a", str), ("--listed-b", bool)]:
            group.add_argument(name, type=kind, deprecated=True)
        return parser

class Front:
    host_name: str | None = None
    quiet: bool = False

    @classmethod
    def add(cls, parser):
        kwargs = cls.customised(arguments_of(cls))
        for key, value in kwargs.items():
            parser.add_argument(f"--{key.replace('_', '-')}", **value)
        return parser
""",
    "toy/main.py": """
from toy.args import Args, Front

class Serve:
    def build(self, subparsers):
        parser = subparsers.add_parser("serve")
        parser.add_argument("model")
        parser.add_argument("--port", type=int, default=8000)
        parser = Front.add(parser)
        return Args.add(parser)
""",
    "toy/envs.py": """
import os
if TYPE_CHECKING:
    TOY_LEVEL: int = 3
variables = {"TOY_LEVEL": lambda: int(os.getenv("TOY_LEVEL", "3")), "OTHER_PATH": lambda: None}
""",
    "toy/elsewhere.py": """
import os
direct = os.environ["TOY_DIRECT"] or os.environ.get("THEIRS_X")
said = "TOY_NOT_READ"
""",
}
DECLARED = {
    "options": {"serve": ["toy.main.Serve.build"]},
    "fields": {"config": ["toy.config:*Config", "toy.args:Args"]},
    "environment": {"table": "toy.envs.variables", "prefix": "TOY_"},
}


def test_the_options_are_those_that_the_command_adds_wherever_the_parser_is_handed_to() -> None:
    options = snapshot(SOURCE, DECLARED)["serve"]
    assert options.keys() == {
        "--port", "--host-name", "--quiet", "--size", "--flag", "--legacy", "--listed-a", "--listed-b"
    }  # fmt: skip
    assert options["--port"] == Found("int", "8000")
    assert (options["--size"], options["--flag"].kind, options["--quiet"].kind) == (
        Found("int", "4"),
        "switch",
        "switch",
    )
    assert options["--legacy"].note == "--legacy is deprecated and will be removed in v2."
    assert options["--listed-a"].note == "It is deprecated."


def test_the_fields_are_those_of_the_class_and_its_bases_with_the_defaults_that_are_meant() -> None:
    fields = snapshot(SOURCE, DECLARED)["config"]
    assert {name for name in fields if name.startswith("ToyConfig.")} == {
        f"ToyConfig.{name}" for name in ("inherited", "size", "old", "names", "passed", "flag")
    }
    assert (fields["ToyConfig.passed"].kind, fields["ToyConfig.names"].default) == ("int | None", "list()")
    assert (fields["Args.size"], fields["PlainConfig.group"].default) == (Found("int", "4"), "128")
    assert fields["ToyConfig.old"].note == "Deprecated: use size instead. It will be removed in v2."


def test_the_variables_are_those_of_the_table_and_those_that_are_asked_for() -> None:
    assert snapshot(SOURCE, DECLARED)["env"] == {
        "TOY_LEVEL": Found("int", "3"),
        "OTHER_PATH": Found(),
        "TOY_DIRECT": Found(),
    }


def test_a_wheel_is_read_like_a_folder(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as wheel:
        for name, text in SOURCE.items():
            wheel.writestr(name, text)
    (tmp_path / "toy.whl").write_bytes(archive.getvalue())
    assert source_at(tmp_path / "toy.whl", "toy") == SOURCE
    with pytest.raises(MinerError, match="has no folder toy"):
        source_at(tmp_path, "toy")


FOUND = st.builds(Found, st.sampled_from(["int", "bool"]), st.sampled_from([None, "1"]), st.sampled_from([None, "old"]))
NAMES = st.dictionaries(st.sampled_from(["--a", "--b", "--c"]), FOUND)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=50)
@given(st.lists(NAMES, min_size=1, max_size=5), st.permutations(range(5)))
def test_the_table_says_of_each_release_what_was_read_in_whatever_order_they_were_added(
    per_release: list[dict[str, Found]], order: list[int]
) -> None:
    releases = {f"0.{number}.0": {"serve": names} for number, names in enumerate(per_release, 8)}
    table = made("toy", releases)
    grown = made("toy", {})
    for number in order:
        if number < len(per_release):
            version = f"0.{number + 8}.0"
            grown = with_release(grown, version, releases[version])
    assert rendered(grown) == rendered(table)
    for version, names in releases.items():
        assert snapshot_of(table, version).get("serve", {}) == names["serve"]


def test_a_successor_that_no_release_has_is_refused_and_a_name_of_which_nobody_tells_is_named() -> None:
    table = made("toy", {"1.0": {"serve": {"--old": Found()}}, "2.0": {"serve": {"--new": Found()}}})
    entry = {"names": ["--old"], "use": ["`--newer`"], "out": "nothing"}
    with pytest.raises(CorpusError, match="no release has --newer"):
        check_successors([entry], table["names"], Path("successors.yaml"))
    assert uncovered([], table) == ["--old"]
    assert uncovered([entry], table) == []
