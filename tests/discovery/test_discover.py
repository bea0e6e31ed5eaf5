from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.discovery.toy import CODE, install, mine

MACHINE = "toyengine.MachineConfig"
CHECKED = "toyengine.CheckedConfig"
LEGACY = "toyengine.LegacyConfig"


def limitations(schema: dict[str, Any], native_type: str) -> dict[str, tuple[str, str]]:
    return {
        one["field"]: (one["reason"], one["detail"])
        for one in schema["discovery_limitations"]
        if one["native_type"] == native_type
    }


def test_the_envelope_says_what_was_read_when_and_where(toy_schema: dict[str, Any]) -> None:
    envelope = {key: value for key, value in toy_schema.items() if not isinstance(value, (dict, list))}
    assert envelope == {
        "schema_version": "1.1.0",
        "engine": "toy",
        "engine_version": "1.2.3",
        "engine_commit_sha": "0123abc",
        "image_ref": None,
        "base_image_ref": "docker.io/library/toy:1.2.3",
        "discovered_at": "2026-01-02T03:04:05Z",
        "discovery_method": "import",
    }


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("workers", "differs on another machine"),
        ("half", "differs on another machine"),
        ("scratch", "differs on another machine"),
        ("home", "reads $HOME"),
        ("here", "differs on another machine"),
        ("order", "differs on another machine"),
        ("token", "differs from one time to the next"),
        ("seed", "differs from one time to the next"),
        ("level", "reads $TOY_LEVEL"),
        ("early", "reads $TOY_EARLY"),
        ("mode", "reads $TOY_MODE"),
        ("device", "cannot be computed alone: OSError"),
    ],
)
def test_a_default_that_depends_on_the_machine_is_no_value(toy_schema: dict[str, Any], field: str, reason: str) -> None:
    parameter = toy_schema["engine_params"][MACHINE][field]
    assert parameter["default_kind"] == "computed"
    assert "default" not in parameter
    assert reason in parameter["default_because"]
    kind, detail = limitations(toy_schema, MACHINE)[field]
    assert kind == "computed_default"
    assert reason in detail


def test_a_computed_default_tells_how_it_is_written(toy_schema: dict[str, Any]) -> None:
    parameters = toy_schema["engine_params"][MACHINE]
    assert parameters["workers"]["default_text"] == "PROCESSORS"
    assert parameters["half"]["default_text"] == "lambda: os.cpu_count() // 2"


@pytest.mark.parametrize(("field", "value"), [("plain", 3), ("words", ["a", "b"]), ("colour", "red"), ("given", 5)])
def test_a_default_that_stands_still_is_a_value(toy_schema: dict[str, Any], field: str, value: Any) -> None:
    parameter = toy_schema["engine_params"][MACHINE][field]
    assert (parameter["default_kind"], parameter["default"]) == ("value", value)
    assert field not in limitations(toy_schema, MACHINE)


def test_an_object_is_told_by_its_class_and_never_by_its_address(toy_project: Path, toy_schema: dict[str, Any]) -> None:
    parameters = toy_schema["engine_params"][MACHINE]
    told = {name: (parameters[name]["default_kind"], parameters[name]["default_text"]) for name in ("handle", "inner")}
    assert told == {"handle": ("object", "Opaque"), "inner": ("object", "InnerConfig")}
    assert "0x" not in (toy_project / "corpora/toy/schema.discovered.json").read_text()


def test_every_public_field_is_a_parameter_or_a_limitation(toy_schema: dict[str, Any]) -> None:
    parameters = toy_schema["engine_params"][MACHINE]
    assert "_hidden" not in parameters
    assert "derived" not in parameters
    assert limitations(toy_schema, MACHINE)["derived"][0] == "not_settable"
    assert parameters["given"]["init_only"] is True
    assert parameters["plain"]["init_only"] is False


def test_a_type_that_nobody_has_met_is_a_limitation_with_its_text(toy_schema: dict[str, Any]) -> None:
    parameter = toy_schema["engine_params"][CHECKED]["strange"]
    assert "any" not in json.dumps(parameter["shape"])
    reason, detail = limitations(toy_schema, CHECKED)["strange"]
    assert reason == "unknown_type"
    assert "Elusive" in detail


def test_bounds_choices_and_requirement_are_told(toy_schema: dict[str, Any]) -> None:
    parameters = toy_schema["engine_params"][CHECKED]
    assert parameters["ratio"]["bounds"] == {"ge": 0, "le": 1}
    assert parameters["speed"]["bounds"] == {"gt": 0}
    assert (parameters["mode"]["enum"], parameters["mode"]["nullable"]) == (["fast", "slow"], True)
    assert (parameters["needed"]["required"], parameters["needed"]["default_kind"]) == (True, "none")
    assert parameters["told"]["required"] is False


def test_a_description_comes_from_wherever_the_library_gives_one(toy_schema: dict[str, Any]) -> None:
    checked, legacy = toy_schema["engine_params"][CHECKED], toy_schema["engine_params"][LEGACY]
    assert checked["ratio"]["description"] == "How much of it. In two paragraphs."
    assert checked["told"]["description"] == "Told by the field."
    assert legacy["bits"]["description"] == "The number of bits to use."
    assert toy_schema["native_types"]["toyengine.InnerConfig"]["description"] == "What lies inside."


def test_what_the_documentation_says_of_types_stands_beside_the_annotation(toy_schema: dict[str, Any]) -> None:
    legacy = toy_schema["engine_params"][LEGACY]
    assert (legacy["bits"]["type"], legacy["bits"]["documented_type"], legacy["bits"]["documented_default"]) == (
        "int",
        "int",
        "4",
    )
    assert (legacy["version"]["type"], legacy["version"]["documented_type"]) == ("", "str | Colour")
    assert limitations(toy_schema, LEGACY)["version"][0] == "untyped"


def test_what_is_deprecated_names_its_successor(toy_schema: dict[str, Any]) -> None:
    checked = toy_schema["engine_params"][CHECKED]
    assert checked["mode"]["deprecated"]["by"] == "speed"
    assert checked["ratio"]["deprecated"] is None


def test_an_argument_out_of_kwargs_is_a_parameter(toy_schema: dict[str, Any]) -> None:
    legacy = toy_schema["engine_params"][LEGACY]
    assert legacy["group"]["default"] == 128
    assert legacy["names"]["default_kind"] == "computed"
    assert legacy["level"]["default_kind"] == "computed"


def test_requests_are_parted_from_the_engine(toy_schema: dict[str, Any]) -> None:
    assert set(toy_schema["sampling_params"]) == {"toyengine.Request"}
    assert toy_schema["native_types"]["toyengine.Request"]["kind"] == "msgspec"


def test_a_place_is_a_path_and_a_line_of_the_library(toy_schema: dict[str, Any]) -> None:
    path, _, line = toy_schema["engine_params"][CHECKED]["ratio"]["defined_at"].partition(":")
    assert path == "toyengine/__init__.py"
    assert "ratio" in CODE.splitlines()[int(line) - 1]


def test_another_hash_seed_folder_and_user_give_the_same_bytes(toy_project: Path, tmp_path: Path) -> None:
    other = install(tmp_path / "elsewhere")
    run = mine(
        other,
        "discover",
        "toy",
        hash_seed="99",
        HOME=str(tmp_path),
        TOY_LEVEL="debug",
        TOY_EARLY="yes",
        TMPDIR=str(tmp_path),
    )
    assert run.returncode == 0, run.stderr
    file = Path("corpora/toy/schema.discovered.json")
    assert (other / file).read_bytes() == (toy_project / file).read_bytes()


def test_check_passes_on_what_was_just_written_whenever_that_was(toy_project: Path) -> None:
    run = mine(toy_project, "discover", "toy", "--check", LLEM_FROZEN_AT="2027-01-01T00:00:00Z")
    assert (run.returncode, run.stdout) == (0, "")


def test_the_same_finding_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    project = install(tmp_path)
    path = project / "corpora/toy/schema.discovered.json"
    assert mine(project, "discover", "toy").returncode == 0
    before = path.read_bytes()
    later = {"LLEM_FROZEN_AT": "2027-01-01T00:00:00Z"}
    again = mine(project, "discover", "toy", **later)
    assert again.returncode == 0, again.stderr
    assert path.read_bytes() == before
    path.write_text(path.read_text().replace('"size"', '"siz"'))
    assert mine(project, "discover", "toy", **later).returncode == 0
    assert "2027-01-01T00:00:00Z" in path.read_text()


def test_a_damaged_schema_is_written_anew(tmp_path: Path) -> None:
    project = install(tmp_path)
    path = project / "corpora/toy/schema.discovered.json"
    path.write_text("{")
    run = mine(project, "discover", "toy")
    assert run.returncode == 0, run.stderr
    assert json.loads(path.read_text())["engine"] == "toy"


def test_check_shows_what_differs_and_writes_nothing(tmp_path: Path) -> None:
    project = install(tmp_path, CODE.replace("top_k: int = 0", "top_k: int = 1"))
    file = project / "corpora/toy/schema.discovered.json"
    assert mine(project, "discover", "toy").returncode == 0
    before = file.read_bytes()
    module = project.parent / "site/toyengine/__init__.py"
    module.write_text(module.read_text().replace("top_k: int = 1", "top_k: int = 7"))
    run = mine(project, "discover", "toy", "--check")
    assert run.returncode == 1
    assert '+        "default": 7,' in run.stdout
    assert file.read_bytes() == before


def test_a_version_outside_its_pin_is_refused(tmp_path: Path) -> None:
    run = mine(install(tmp_path, version="2.0.0"), "discover", "toy")
    assert run.returncode == 2
    assert "'discovery' pin asks for '<2,>=1'" in run.stderr


def test_a_missing_landmark_is_refused(tmp_path: Path) -> None:
    project = install(tmp_path, CODE.replace("class MachineConfig", "class OtherConfig"))
    run = mine(project, "discover", "toy")
    assert run.returncode == 2
    assert "landmark 'toyengine:MachineConfig' is missing" in run.stderr
    assert not (project / "corpora/toy/schema.discovered.json").exists()


def test_a_second_look_that_fails_is_an_error_and_no_shorter_schema(tmp_path: Path) -> None:
    code = CODE + "\nif os.environ.get('USER') == 'elsewhere':\n    raise RuntimeError('not on this machine')\n"
    run = mine(install(tmp_path, code), "discover", "toy", USER="here")
    assert run.returncode == 2
    assert "the second look at the defaults failed" in run.stderr
    assert "not on this machine" in run.stderr


def test_a_source_tree_is_read_without_import_and_says_what_that_costs(tmp_path: Path) -> None:
    project = install(tmp_path, CODE + "\nraise RuntimeError('imported')\n")
    run = mine(project, "discover", "toy", "--source", str(tmp_path / "site"))
    assert run.returncode == 0, run.stderr
    schema = json.loads((project / "corpora/toy/schema.discovered.json").read_text())
    assert (schema["discovery_method"], schema["engine_version"]) == ("source", "1.2.3")
    assert schema["engine_params"][CHECKED]["ratio"]["bounds"] == {"ge": 0, "le": 1}
    assert schema["engine_params"][LEGACY]["group"]["default"] == 128
    costs = [one["detail"] for one in schema["discovery_limitations"] if one["reason"] == "source_only"]
    assert any("no default was asked a second time" in cost for cost in costs)


def test_source_and_import_find_the_same_types(toy_project: Path, toy_schema: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "source.json"
    run = mine(toy_project, "discover", "toy", "--source", str(toy_project.parent / "site"), "--out", str(out))
    assert run.returncode == 0, run.stderr
    source = json.loads(out.read_text())
    told = {
        (native_type, field): (parameter["type"], parameter["required"], parameter["description"])
        for native_type, fields in toy_schema["engine_params"].items()
        for field, parameter in fields.items()
    }
    for (native_type, field), expected in told.items():
        parameter = source["engine_params"][native_type][field]
        assert (parameter["type"], parameter["required"], parameter["description"]) == expected, field
