"""An edit changes one value of an engine's file, and not a byte beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from miners.refresh.edits import widened, with_history, with_pin, with_version
from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.ssot import ROLES, known_engines, load_ssot

ROOT = Path(__file__).parents[2]
VERSIONS = st.builds(
    lambda parts: ".".join(map(str, parts)), st.lists(st.integers(0, 30), min_size=1, max_size=3).filter(any)
)
PARTS = st.one_of(
    st.builds(str.__add__, st.sampled_from([">=", "<", "<=", ">", "==", "!="]), VERSIONS),
    VERSIONS.filter(lambda text: "." in text).map("~={}".format),
    VERSIONS.map("=={}.*".format),
)


def changed(before: str, after: str) -> list[str]:
    old, new = before.splitlines(), after.splitlines()
    assert len(old) == len(new)
    return [two for one, two in zip(old, new, strict=True) if one != two]


@pytest.mark.parametrize("engine", known_engines(ROOT))
def test_a_bump_of_a_real_file_changes_the_lines_of_the_version_and_the_history_alone(engine: str) -> None:
    ssot = load_ssot(engine, ROOT)
    text = ssot.path.read_text(encoding="utf-8")
    after = with_version(text, "99.1")
    lines = changed(text, after)
    assert lines[0] == 'version: "99.1"'
    assert [line for line in lines[1:] if not line.startswith("image: ")] == []
    before, data = yaml.safe_load(text), yaml.safe_load(after)
    assert {key for key in data if data[key] != before[key]} <= {"version", "image"}
    kept = with_history(text, [ssot.version, "99.1"])
    assert yaml.safe_load(kept)["history"] == sorted({*ssot.history, ssot.version, "99.1"}, key=Version)
    assert yaml.safe_load(kept) | {"history": None} == before | {"history": None}


@pytest.mark.parametrize("engine", known_engines(ROOT))
@pytest.mark.parametrize("role", ROLES)
def test_a_pin_of_a_real_file_is_the_only_line_that_changes(engine: str, role: str) -> None:
    ssot = load_ssot(engine, ROOT)
    text = ssot.path.read_text(encoding="utf-8")
    if role not in ssot.miner_pins:
        with pytest.raises(MinerError, match=f"no miner_pins.{role}"):
            with_pin(text, role, ">=1")
    else:
        assert changed(text, with_pin(text, role, ">=98,<99")) == [f'  {role}: ">=98,<99"']


def test_a_history_that_is_written_line_by_line_keeps_what_follows_it() -> None:
    text = 'a: 1\nhistory:  # kept\n  - "1.0"\n  - "1.1"\n\n# about b\nb: 2\n'
    after = with_history(text, ["1.2"])
    assert yaml.safe_load(after) == {"a": 1, "history": ["1.0", "1.1", "1.2"], "b": 2}
    assert after.endswith("\n\n# about b\nb: 2\n")


@pytest.mark.parametrize(
    ("pin", "version", "wider"),
    [
        (">=4.57,<6", "6.0.0", ">=4.57,<7"),
        (">=0.11,<0.34", "0.34.1", ">=0.11,<0.35"),
        (">=1.2,<1.3,!=1.2.5", "1.2.5", ">=1.2,<1.3"),
        ("~=1.4.2", "1.5.0", ">=1.4.2,<1.6"),
        ("==1.0", "2.1", ">=1.0,<2.2"),
        (">=2", "1.9", ">=1.9"),
        (">=1,<2", "1.5", ">=1,<2"),
    ],
)
def test_a_pin_gives_way_where_it_leaves_the_version_out(pin: str, version: str, wider: str) -> None:
    assert widened(pin, version) == wider


@given(st.lists(PARTS, min_size=1, max_size=3), VERSIONS, VERSIONS)
def test_a_wider_pin_allows_the_version_and_whatever_was_allowed(parts: list[str], version: str, other: str) -> None:
    pin = ",".join(parts)
    wider = SpecifierSet(widened(pin, version))
    assert wider.contains(version)
    if SpecifierSet(pin).contains(other):
        assert wider.contains(other)
