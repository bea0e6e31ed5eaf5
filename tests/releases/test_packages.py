"""Which names of models the releases of a package have, and which of them a requirement allows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from miners.discovery.architectures import requirement_on
from miners.releases.classes import Found
from miners.releases.packages import names_of, rendered
from miners.releases.table import made
from pytest_llem_invariants.corpus.packages_layout import PACKAGES, allowed_by, names_in, read_packages
from pytest_llem_invariants.errors import CorpusError

DECLARED = {"types": "toy.auto.*:*Config", "classes": "toy.models.*"}
SOURCE = {
    "toy/auto/table.py": """
NAMES = OrderedDict([("old", "OldConfig"), ("old", "OldForCausalLM")])
NAMES.update({"odd": "OddConfig", **more})
""",
    "toy/models/old.py": "class OldForCausalLM:\n    class InnerModel: ...\nclass Helper: ...\n",
    "toy/other.py": 'A = {"no": "NoConfig"}\nclass NoModel: ...\n',
}


def releases(*versions: str, **names: tuple[str, ...]) -> dict[str, object]:
    """Versions, oldest first, and which of them have a type."""
    return made("toy", {one: {"types": {n: Found() for n in names if one in names[n]}} for one in versions})


def test_types_stand_beside_the_class_of_their_config_and_families_are_of_classes_of_models() -> None:
    found = names_of(SOURCE, DECLARED)
    assert {kind: sorted(names) for kind, names in found.items()} == {"types": ["odd", "old"], "families": ["Old"]}


@pytest.mark.parametrize(
    ("required", "allowed"),
    [("<2,>=1.1", ["1.1", "1.2"]), (">=1.1", []), ("==1.0", ["1.0"]), ("<1", []), ("!=2.0", ["1.0", "1.1", "1.2"])],
)
def test_what_a_requirement_allows_is_known_where_it_leaves_out_the_newest_release(
    required: str, allowed: list[str]
) -> None:
    assert allowed_by(SpecifierSet(required), releases("1.0", "1.1", "1.2", "2.0")) == allowed


@given(st.dictionaries(st.sampled_from("abc"), st.sets(st.sampled_from(["1.0", "1.1", "1.10", "2.0"])), max_size=3))
def test_a_name_is_there_in_the_releases_that_have_it_and_in_no_others(has: dict[str, set[str]]) -> None:
    versions = ["1.0", "1.1", "1.10", "2.0"]
    table = releases(*versions, **{name: tuple(of) for name, of in has.items()})
    for one in versions:
        assert names_in(table, [one]).get("types", set()) == {name for name in has if one in has[name]}
    assert names_in(table, versions).get("types", set()) == {name for name in has if has[name]}


def test_the_file_is_read_as_it_was_written_and_a_broken_one_is_told(tmp_path: Path) -> None:
    table = releases("1.0", "1.1", old=("1.0",), new=("1.1",))
    path = tmp_path / PACKAGES
    assert read_packages(path) == {}
    path.write_text(rendered({"packages": {"toy": table}}))
    assert read_packages(path) == {"toy": table}
    for broken in (
        "{",
        "[]",
        json.dumps({"packages": {"toy": {"releases": ["1.0"], "names": {"types": {"a": [["3", "3"]]}}}}}),
    ):
        path.write_text(broken)
        with pytest.raises(CorpusError, match="not a table"):
            read_packages(path)


def test_a_requirement_that_hangs_on_an_extra_is_none() -> None:
    assert requirement_on("pytest-llem-invariants", "transformers") is None
    asked = requirement_on("pytest-xdist", "pytest")
    assert asked is not None
    assert not asked.contains("1.0")
    assert requirement_on("nobody-has-this", "pytest") is None
