"""The single source of truth on versions: read strictly, asked for pins and classes."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from pytest_llem_invariants.errors import (
    CorpusError,
    EngineUnavailableError,
    LlemError,
    MinerError,
    MinerVersionMismatchError,
)
from pytest_llem_invariants.model import TypedValue
from pytest_llem_invariants.native_types import Call, Step
from pytest_llem_invariants.ssot import check_installed_version, data_root, known_engines, load_ssot

HOUSE = Path(__file__).parents[2]
TEXT = """\
engine: fake
library: packaging
version: "1.0"
image: example.invalid/x:1
miner_pins: {static: ">=1,<2", invariants: ">=1"}
native_types:
  lib.Config: {class: "lib:Config", namespace: lib.deep}
  lib.family.*: {class: "lib.family:*Config", exclude: [BaseConfig]}
landmarks: ["lib:Config"]
loggers: [lib]
context:
  platform: {default: cpu, values: [cpu, cuda]}
history: ["0.9", "1.0"]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "engine_versions").mkdir()
    (tmp_path / "corpora").mkdir()
    (tmp_path / "engine_versions" / "fake.yaml").write_text(TEXT)
    return tmp_path


@pytest.mark.parametrize("engine", known_engines(HOUSE))
def test_every_file_of_the_house_is_read(engine: str) -> None:
    ssot = load_ssot(engine, HOUSE)
    assert ssot.version in ssot.history or not ssot.history
    assert ssot.miner_pins["invariants"].contains(ssot.version)


@pytest.mark.parametrize("engine", known_engines(HOUSE))
def test_any_reader_of_yaml_reads_a_file_of_the_house(engine: str) -> None:
    text = (HOUSE / "engine_versions" / f"{engine}.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["engine"] == engine


def test_pins_are_specifier_sets(root: Path) -> None:
    pin = load_ssot("fake", root).miner_pins["static"]
    assert pin.contains("1.5")
    assert not pin.contains("2.0")


def test_a_role_without_a_pin_says_where_to_add_it(root: Path) -> None:
    with pytest.raises(MinerError, match=r"miner_pins\.discovery"):
        check_installed_version(load_ssot("fake", root), "discovery")


def test_the_installed_version_is_held_against_the_pin(root: Path) -> None:
    installed = importlib.metadata.version("packaging")
    assert check_installed_version(load_ssot("fake", root), "invariants") == installed
    with pytest.raises(MinerVersionMismatchError) as caught:
        check_installed_version(load_ssot("fake", root), "static")
    assert installed in str(caught.value)
    assert "<2,>=1" in str(caught.value)
    assert isinstance(caught.value, MinerError)
    assert isinstance(caught.value, LlemError)


def test_a_library_that_is_not_installed_says_how_to_get_it(root: Path) -> None:
    path = root / "engine_versions" / "fake.yaml"
    path.write_text(TEXT.replace("library: packaging", "library: no-such-library"))
    with pytest.raises(EngineUnavailableError, match=r"pip install no-such-library==1\.0"):
        check_installed_version(load_ssot("fake", root), "invariants")


def test_an_unknown_engine_names_the_known_ones(root: Path) -> None:
    with pytest.raises(LlemError, match="fake"):
        load_ssot("nobody", root)


@pytest.mark.parametrize("name", ["../fake", "fake/../fake", "/etc/passwd"])
def test_an_engine_is_a_name_and_no_path(root: Path, name: str) -> None:
    with pytest.raises(LlemError):
        load_ssot(name, root)


def test_landmarks_are_everybodys_or_a_roles(root: Path) -> None:
    assert load_ssot("fake", root).landmarks_of("dynamic") == ("lib:Config",)
    (root / "engine_versions" / "fake.yaml").write_text(
        TEXT.replace('["lib:Config"]', '{all: [lib], static: ["lib:A", "lib:B"], dynamic: ["lib:B"]}')
    )
    ssot = load_ssot("fake", root)
    assert ssot.landmarks_of("static") == ("lib", "lib:A", "lib:B")
    assert ssot.landmarks_of("schemas") == ("lib",)
    assert ssot.landmarks_of() == ("lib", "lib:A", "lib:B")


def test_only_the_allowlist_is_allowed(root: Path) -> None:
    ssot = load_ssot("fake", root)
    found = ssot.native_type("lib.Config")
    assert found is not None
    assert (found.module, found.class_name, found.namespace) == ("lib", "Config", "lib.deep")
    for name in ("os.system", "lib.family.*", "lib.family.BaseConfig", "lib.family._Config", "lib.family.x.YConfig"):
        assert ssot.native_type(name) is None


def test_a_family_takes_in_the_classes_of_its_pattern(root: Path) -> None:
    found = load_ssot("fake", root).native_type("lib.family.CacheConfig")
    assert found is not None
    assert found.target == "lib.family:CacheConfig"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('static: ">=1,<2"', 'static: "about 1"', 5),
        ("library: packaging", "libary: packaging", 2),
        ('version: "1.0"', "version: 1.0", 3),
        ('history: ["0.9", "1.0"]', 'history: ["1.0", "0.9"]', None),
        ("default: cpu", "default: tpu", None),
        ('class: "lib:Config"', 'class: "lib.Config"', 7),
        ('class: "lib:Config"', 'class: "lib:*Config"', 7),
        ('class: "lib.family:*Config"', 'class: "lib.family:Config"', 8),
        ('class: "lib:Config"', 'class: "lib:Config", validate: [3]', 7),
        ('class: "lib:Config"', 'class: "lib:Config", build: ["a.b"]', 7),
        ('class: "lib:Config"', 'class: "lib:Config", build: [{method: go, returns: 1}]', 7),
        ('class: "lib:Config"', 'class: "lib:Config", probes: 0', 7),
        ('class: "lib:Config"', 'class: "lib:Config", base_kwargs: [1]', 7),
        ('class: "lib:Config", ', "", 7),
        ("static: ", "statik: ", 5),
        ('landmarks: ["lib:Config"]', 'landmarks: ["lib:Config.x y"]', 9),
        ('landmarks: ["lib:Config"]', 'landmarks: {static: ["lib:Config.x y"]}', 9),
        ('landmarks: ["lib:Config"]', 'landmarks: {statik: ["lib:Config"]}', 9),
        ('landmarks: ["lib:Config"]', 'landmarks: {static: "lib:Config"}', 9),
        ('landmarks: ["lib:Config"]', "landmarks: lib", 9),
        ("loggers: [lib]", "loggers: lib", 10),
        ("loggers: [lib]", "loggers: [lib]\nclusters: {lib.Config: [a]}", 11),
        ("loggers: [lib]", "loggers: [lib]\nenviron: {LIB_MODE: 1}", 11),
        ('history: ["0.9"', 'history: ["about 0.9"', 13),
        ("loggers: [lib]", "loggers: [lib]\nrecipe: [lib]", 11),
        ("loggers: [lib]", 'loggers: [lib]\nrecipe: [{when: "about 1", install: [lib]}]', 11),
        ("loggers: [lib]", 'loggers: [lib]\nrecipe: [{when: "<1", install: []}]', 11),
        ("loggers: [lib]", "loggers: [lib]\nrecipe: [{install: [lib]}]", 11),
        ("loggers: [lib]", 'loggers: [lib]\nrecipe: [{when: "<1", instal: [lib]}]', 11),
        ("engine: fake", "engine: other", 1),
    ],
)
def test_malformed_is_told_with_its_line(root: Path, old: str, new: str, line: int | None) -> None:
    (root / "engine_versions" / "fake.yaml").write_text(TEXT.replace(old, new, 1))
    with pytest.raises(CorpusError) as caught:
        load_ssot("fake", root)
    assert caught.value.path is not None
    if line is not None:
        assert caught.value.line == line


def test_steps_and_clusters_are_read(root: Path) -> None:
    (root / "engine_versions" / "fake.yaml").write_text(
        TEXT.replace(
            'class: "lib:Config"',
            'class: "lib:Config", base_kwargs: {other: {$type: lib.family.OneConfig, kwargs: {x: 1}}}, '
            "other_kwargs: {size: 2}, validate: [check], build: [{method: make, returns: true}], "
            "strict: [{method: check, kwargs: {hard: true}}]",
        )
        + "clusters: {lib.Config: [[a, b], [c]]}\nenviron: {LIB_MODE: quiet}\n"
    )
    ssot = load_ssot("fake", root)
    found = ssot.native_type("lib.Config")
    assert found is not None
    assert found.base_kwargs == {"other": TypedValue("lib.family.OneConfig", {"x": 1})}
    assert found.other_kwargs == ({"size": 2},)
    assert found.validate == (Step("check", {}),)
    assert found.build == (Step("make", {}, returns=True),)
    assert found.strict == (Step("check", {"hard": True}),)
    assert ssot.clusters == {"lib.Config": (("a", "b"), ("c",))}
    assert ssot.environ == {"LIB_MODE": "quiet"}


def test_a_class_may_have_several_places_examples_and_steps_with_what_it_holds(root: Path) -> None:
    path = root / "engine_versions" / "fake.yaml"
    more = (
        'class: ["lib:Config", "lib.old:Config"], examples: {tools: [[{name: f}]]}, '
        "validate: [{method: to_params, kwargs: {size: 4}, taken: {size: [most, size]}, when: {beam: [false]}}]"
    )
    path.write_text(TEXT.replace('class: "lib:Config"', more))
    found = load_ssot("fake", root).native_type("lib.Config")
    assert found is not None
    assert found.targets == ("lib:Config", "lib.old:Config")
    assert found.examples == {"tools": ([{"name": "f"}],)}
    assert found.validate == (Step("to_params", {"size": 4}, False, {"size": ("most", "size")}, {"beam": (False,)}),)
    for wrong in ("class: [], ", "class: [lib:Config, lib], ", "class: lib:Config, examples: {tools: 1}, "):
        path.write_text(TEXT.replace('class: "lib:Config"', wrong + "namespace: x"))
        with pytest.raises(CorpusError):
            load_ssot("fake", root)


def test_what_an_engine_asks_when_it_starts_is_read(root: Path) -> None:
    path = root / "engine_versions" / "fake.yaml"
    asks = (
        'startup: [{call: "lib.platforms:now.check", with: [size.of()], when: {platform: [cuda]}, unless: [is_small],'
        ' only: {kind: [FAST]}, within: "lib.config:current", versions: ">=2"}]'
    )
    path.write_text(TEXT.replace('class: "lib:Config"', f'class: "lib:Config", {asks}'))
    found = load_ssot("fake", root).native_type("lib.Config")
    assert found is not None
    (call,) = found.startup
    assert call == Call(
        "lib.platforms:now.check",
        ("size.of()",),
        {"platform": ("cuda",)},
        ("is_small",),
        {"kind": ("FAST",)},
        "lib.config:current",
        SpecifierSet(">=2"),
    )
    for old, wrong, named in (
        ("lib.platforms:now.check", "lib.platforms.now", "is not a function"),
        ("lib.config:current", "lib.config", "is not a function"),
        ("{platform: [cuda]}", "{platform: cuda}", "write a list of values"),
        (">=2", "new", "not a PEP 440 specifier"),
    ):
        path.write_text(TEXT.replace('class: "lib:Config"', f'class: "lib:Config", {asks.replace(old, wrong)}'))
        with pytest.raises(CorpusError, match=named):
            load_ssot("fake", root)


def test_the_data_root_is_the_projects_or_the_packages(root: Path, tmp_path: Path) -> None:
    assert data_root(root) == root.resolve()
    below = root / "corpora"
    assert data_root(below) == root.resolve()


def test_there_may_be_several_other_kinds_of_base_arguments(root: Path) -> None:
    several = 'class: "lib:Config", other_kwargs: [{size: 2}, {size: 3, kind: {$type: lib.family.OneConfig}}]'
    (root / "engine_versions" / "fake.yaml").write_text(TEXT.replace('class: "lib:Config"', several))
    found = load_ssot("fake", root).native_type("lib.Config")
    assert found is not None
    assert found.other_kwargs == ({"size": 2}, {"size": 3, "kind": TypedValue("lib.family.OneConfig", {})})
