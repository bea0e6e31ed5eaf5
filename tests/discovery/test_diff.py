from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miners.cli import main
from miners.discovery.render import render_schema
from miners.discovery.shapes import shape_of
from miners.schema.change import ChangeKind
from miners.schema.diff import diff_schemas
from miners.schema.report import RENDERERS
from miners.surface.types import Bounded, ChoiceType, Either, Plain, TypeExpr, bounds_of, render
from pytest_llem_invariants.errors import MinerError

INT, STR = Plain("int"), Plain("str")


def parameter(type_: TypeExpr = INT, **told: Any) -> dict[str, Any]:
    return {
        "type": render(type_),
        "shape": shape_of(type_),
        "nullable": False,
        "required": False,
        "default_kind": "value",
        "default": 1,
        "enum": None,
        "bounds": dict(bounds_of(type_)),
        "description": None,
        "native_class": "lib:Config",
        "defined_at": "lib/config.py:1",
        "deprecated": None,
        "init_only": False,
        "alias": None,
    } | told


def schema(fields: dict[str, Any], *, version: str = "1.0", name: str = "lib.Config", **entry: Any) -> dict[str, Any]:
    facts = {"kind": "dataclass", "accepts_extra": False, "defined_at": "lib/config.py:1", "target": "lib:Config"}
    return {
        "schema_version": "1.1.0",
        "engine": "toy",
        "engine_version": version,
        "discovered_at": "2026-01-01T00:00:00Z",
        "native_types": {name: facts | entry},
        "engine_params": {name: fields},
        "sampling_params": {},
        "discovery_limitations": [],
    }


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[ChangeKind, Any, Any]]:
    return [(one.change, one.old, one.new) for one in diff_schemas(schema(old), schema(new)).differences]


SAFE = [
    ({}, {"a": parameter()}, ChangeKind.FIELD_ADDED),
    ({"a": parameter()}, {"a": parameter(default=2)}, ChangeKind.DEFAULT_CHANGED),
    ({"a": parameter(default=1)}, {"a": parameter(default=True)}, ChangeKind.DEFAULT_CHANGED),
    ({"a": parameter()}, {"a": parameter(description="New words.")}, ChangeKind.DESCRIPTION_CHANGED),
    ({"a": parameter()}, {"a": parameter(Either((INT, STR)))}, ChangeKind.TYPE_WIDENED),
    ({"a": parameter(Bounded(INT, {"ge": 1}))}, {"a": parameter(Bounded(INT, {"ge": 0}))}, ChangeKind.TYPE_WIDENED),
    ({"a": parameter(ChoiceType(("x",)))}, {"a": parameter(ChoiceType(("x", "y")))}, ChangeKind.ENUM_VALUE_ADDED),
    ({"a": parameter(ChoiceType(("x",)))}, {"a": parameter(STR)}, ChangeKind.TYPE_WIDENED),
    ({"a": parameter(required=True)}, {"a": parameter(required=False)}, ChangeKind.NO_LONGER_REQUIRED),
    ({"a": parameter()}, {"a": parameter(deprecated={"by": "b", "note": "use b"})}, ChangeKind.DEPRECATED),
]
BREAKING = [
    ({"a": parameter()}, {}, ChangeKind.FIELD_REMOVED),
    ({}, {"a": parameter(required=True)}, ChangeKind.FIELD_ADDED_REQUIRED),
    ({"a": parameter(Either((INT, STR)))}, {"a": parameter(INT)}, ChangeKind.TYPE_NARROWED),
    ({"a": parameter(INT)}, {"a": parameter(Bounded(INT, {"gt": 0}))}, ChangeKind.TYPE_NARROWED),
    ({"a": parameter(INT)}, {"a": parameter(STR)}, ChangeKind.TYPE_CHANGED),
    ({"a": parameter(ChoiceType(("x", "y")))}, {"a": parameter(ChoiceType(("x",)))}, ChangeKind.ENUM_VALUE_REMOVED),
    ({"a": parameter()}, {"a": parameter(required=True)}, ChangeKind.NOW_REQUIRED),
    ({"a": parameter()}, {"a": parameter(alias="b")}, ChangeKind.KEYWORD_CHANGED),
]


@pytest.mark.parametrize(("old", "new", "change"), SAFE, ids=[str(case[2]) for case in SAFE])
def test_a_safe_change_is_told_and_breaks_nothing(old: dict[str, Any], new: dict[str, Any], change: ChangeKind) -> None:
    assert [one[0] for one in changes(old, new)] == [change]
    assert not change.breaking


@pytest.mark.parametrize(("old", "new", "change"), BREAKING, ids=[str(case[2]) for case in BREAKING])
def test_a_breaking_change_is_told_as_such(old: dict[str, Any], new: dict[str, Any], change: ChangeKind) -> None:
    assert [one[0] for one in changes(old, new)] == [change]
    assert change.breaking


def test_values_that_went_and_values_that_came_are_told_one_by_one() -> None:
    old, new = parameter(ChoiceType(("x", "y"))), parameter(ChoiceType(("y", "z", "w")))
    assert changes({"a": old}, {"a": new}) == [
        (ChangeKind.ENUM_VALUE_REMOVED, "'x'", None),
        (ChangeKind.ENUM_VALUE_ADDED, None, "'w', 'z'"),
    ]


def test_a_removed_value_beside_a_narrowed_type_are_two_changes() -> None:
    old, new = parameter(Either((INT, ChoiceType(("x",))))), parameter(Bounded(INT, {"ge": 0}))
    assert [one[0] for one in changes({"a": old}, {"a": new})] == [
        ChangeKind.ENUM_VALUE_REMOVED,
        ChangeKind.TYPE_NARROWED,
    ]


def test_metadata_and_places_never_count() -> None:
    old, new = schema({"a": parameter()}), schema({"a": parameter(defined_at="lib/other.py:9", native_class="x:Y")})
    new |= {"discovered_at": "2027-01-01T00:00:00Z", "engine_commit_sha": "abc", "schema_version": "1.2.0"}
    new["native_types"]["lib.Config"] |= {"defined_at": "lib/other.py:3", "target": "lib.other:Config"}
    assert diff_schemas(old, new).differences == ()


def test_a_class_that_refuses_or_enforces_more_than_before_is_breaking() -> None:
    old = schema({}, accepts_extra=True, kind="dataclass")
    new = schema({}, accepts_extra=False, kind="pydantic_dataclass")
    there, back = diff_schemas(old, new), diff_schemas(new, old)
    assert [one.change for one in there.breaking] == [ChangeKind.EXTRA_REFUSED, ChangeKind.NOW_ENFORCED]
    assert [one.change for one in back.safe] == [ChangeKind.EXTRA_TAKEN, ChangeKind.NO_LONGER_ENFORCED]


def test_a_class_that_moved_to_the_other_group_is_the_same_class() -> None:
    old, new = schema({"a": parameter()}), schema({"a": parameter()})
    new["sampling_params"], new["engine_params"] = new["engine_params"], {}
    assert diff_schemas(old, new).differences == ()


def test_two_engines_are_not_compared() -> None:
    with pytest.raises(MinerError, match="different engines"):
        diff_schemas(schema({}), schema({}) | {"engine": "other"})


def renames(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.old, one.new) for one in diff_schemas(schema(old), schema(new)).renames]


def test_a_removed_field_that_named_its_successor_was_renamed() -> None:
    old = parameter(deprecated={"by": "far_other", "note": "use far_other"})
    assert renames({"x": old}, {"far_other": parameter(STR)}) == [("x", "far_other")]


def test_fields_named_or_described_alike_are_proposed_and_others_are_not() -> None:
    words = "How many tokens are scheduled in one step of the engine."
    assert renames({"cuda_graph_size": parameter()}, {"cudagraph_size": parameter()}) == [
        ("cuda_graph_size", "cudagraph_size")
    ]
    assert renames({"x": parameter(description=words)}, {"budget": parameter(description=words + " Now.")}) == [
        ("x", "budget")
    ]
    assert renames({"alpha": parameter()}, {"omega": parameter()}) == []
    assert renames({"graph_size": parameter(INT)}, {"graph_sizes": parameter(STR)}) == []


def test_each_name_is_proposed_once_for_its_likest() -> None:
    old = {"max_len": parameter(), "max_lens": parameter()}
    assert renames(old, {"max_length": parameter()}) == [("max_len", "max_length")]


def test_a_class_with_most_fields_in_common_was_perhaps_renamed() -> None:
    fields = {name: parameter() for name in "abcd"}
    found = diff_schemas(schema(fields, name="lib.Old"), schema(fields, name="lib.New"))
    assert [(one.native_type, one.old, one.new) for one in found.renames] == [(None, "lib.Old", "lib.New")]
    assert [one.change for one in found.differences] == [ChangeKind.CLASS_REMOVED, ChangeKind.CLASS_ADDED]


FIELDS = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d"]),
    st.builds(
        lambda type_, required, default, **told: parameter(
            type_, required=required, default=None if required else default, **told
        ),
        st.sampled_from(
            [INT, STR, ChoiceType(("x", "y")), ChoiceType(("y",)), Either((INT, STR)), Bounded(INT, {"ge": 1})]
        ),
        st.booleans(),
        default=st.integers(0, 2),
        description=st.sampled_from([None, "words"]),
    ),
)


@settings(deadline=None, max_examples=150)
@given(FIELDS, FIELDS)
def test_a_diff_is_empty_only_between_schemas_that_take_the_same_and_turns_round(old: Any, new: Any) -> None:
    there, back = diff_schemas(schema(old), schema(new)), diff_schemas(schema(new), schema(old))
    assert {one.place for one in there.differences} == {one.place for one in back.differences}
    assert (not there.differences) == (old == new)
    assert diff_schemas(schema(old), schema(old)).differences == ()
    assert len(there.breaking) + len(there.safe) == len(there.differences)


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    old, new = tmp_path / "old.json", tmp_path / "new"
    new.mkdir()
    old.write_text(render_schema(schema({"a": parameter(), "b": parameter(STR)})))
    text = render_schema(schema({"a": parameter(Either((INT, STR))), "b": parameter(INT)}, version="2.0"))
    (new / "schema.discovered.json").write_text(text)
    return str(old), str(new)


def test_the_command_fails_on_what_it_is_told_to(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    old, new = files
    assert main(["schema-diff", old, new]) == 0
    assert main(["schema-diff", old, new, "--fail-on", "breaking"]) == 1
    assert main(["schema-diff", old, old, "--fail-on", "any"]) == 0
    assert "toy 1.0 to 2.0: 1 breaking, 1 safe, 0 perhaps renamed" in capsys.readouterr().out


def test_every_format_tells_every_change(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    for form in RENDERERS:
        assert main(["schema-diff", *files, "--format", form]) == 0
        text = capsys.readouterr().out
        assert "lib.Config" in text
        assert "widened" in text
    assert main(["schema-diff", *files, "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["summary"] == {"breaking": 1, "safe": 1, "renames": 0}
    assert [one["class"] for one in data["differences"]] == ["safe", "breaking"]


def test_a_file_that_is_no_schema_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.json"
    for text, said in (("{", "cannot be read"), ("[]", "version reads"), ('{"schema_version": "2.0.0"}', "'2.0.0'")):
        other.write_text(text)
        assert main(["schema-diff", str(other), str(other)]) == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1
