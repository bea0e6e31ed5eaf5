from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.errors import CorpusError, EngineUnavailableError, MinerLandmarkMissingError
from pytest_llem_invariants.model import TypedValue
from pytest_llem_invariants.ssot import load_ssot
from tests.replay.fakes import SSOT, write_library


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with the fake library on the path, and no trace of it afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path / "root"))
    monkeypatch.setenv("FAKELIB_MODE", "before")
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "fakelib"}
    yield write_library(tmp_path / "root")
    for name in [name for name in sys.modules if name.partition(".")[0] == "fakelib"]:
        del sys.modules[name]
    sys.modules.update(before)


def adapter_of(root: Path, ssot: str = SSOT) -> EngineAdapter:
    (root / "engine_versions" / "fake.yaml").write_text(ssot, encoding="utf-8")
    return EngineAdapter(load_ssot("fake", root))


def test_the_environment_is_set_before_the_import(root: Path) -> None:
    source = root / "fakelib" / "__init__.py"
    source.write_text("import os\n__version__ = os.environ['FAKELIB_MODE']\n", encoding="utf-8")
    assert adapter_of(root).import_library() == "cpu"


def test_families_are_expanded_and_what_this_version_lacks_is_left_out(root: Path) -> None:
    assert adapter_of(root).native_types() == ("fakelib.Args", "fakelib.Config", "fakelib.Inner", "fakelib.Needy")


def test_an_allowed_class_that_this_version_lacks_is_a_missing_landmark(root: Path) -> None:
    with pytest.raises(MinerLandmarkMissingError, match=r"fakelib\.core:Gone"):
        adapter_of(root).native_class("fakelib.Gone")


@pytest.mark.parametrize("name", ["os.system", "fakelib.core.os", "fakelib.*", "", "fakelib.In.x", "fakelib.Other"])
def test_what_is_not_allowed_is_refused_and_nothing_is_imported(root: Path, name: str) -> None:
    adapter = adapter_of(root)
    with pytest.raises(CorpusError, match="not an allowed native type of fake"):
        adapter.build(name, {})
    assert "fakelib" not in sys.modules


def test_a_nested_type_goes_through_the_allowlist_too(root: Path) -> None:
    with pytest.raises(CorpusError, match=r"'os\.system' is not an allowed native type"):
        adapter_of(root).build("fakelib.Config", {"x": [{"y": TypedValue("os.system", {"command": "true"})}]})


def test_base_kwargs_are_laid_under_the_given_ones(root: Path) -> None:
    adapter = adapter_of(root)
    bare = adapter.build("fakelib.Needy", {})
    assert (bare.size, bare.inner.size) == (3, 2)
    assert adapter.build("fakelib.Needy", {"size": 4}).size == 4


def test_the_library_cannot_change_a_rule(root: Path) -> None:
    kwargs = {"x": [1, {"y": [2]}]}
    built = adapter_of(root).build("fakelib.Config", kwargs)
    built.x[1]["y"].append(3)
    assert kwargs == {"x": [1, {"y": [2]}]}


def test_a_build_step_may_give_the_object(root: Path) -> None:
    assert type(adapter_of(root).build("fakelib.Args", {"size": 2})).__name__ == "Whole"


def test_a_missing_library_is_told_with_the_fix(root: Path) -> None:
    adapter = adapter_of(root, SSOT.replace("fakelib.core:", "nowhere_to_be_found.core:"))
    with pytest.raises(EngineUnavailableError, match=r"fakelib is not installed here — pip install fakelib==1\.0"):
        adapter.import_library()


def test_a_broken_installation_says_what_is_missing_once(root: Path) -> None:
    source = root / "fakelib" / "core.py"
    source.write_text("import fakelib._compiled\n", encoding="utf-8")
    adapter = adapter_of(root)
    with pytest.raises(EngineUnavailableError, match=r"is broken: .*No module named 'fakelib\._compiled'") as first:
        adapter.import_library()
    source.write_text("", encoding="utf-8")
    with pytest.raises(EngineUnavailableError) as second:
        adapter.native_types()
    assert second.value is first.value


def test_a_module_that_this_version_lacks_does_not_break_the_rest(root: Path) -> None:
    adapter = adapter_of(root, SSOT.replace("fakelib.core:Gone", "fakelib.later:Gone"))
    assert adapter.import_library() == "1.0"


def test_a_missing_landmark_is_named(root: Path) -> None:
    adapter_of(root).check_landmarks()
    with pytest.raises(MinerLandmarkMissingError, match=r"fakelib\.core:Config\.vanished"):
        adapter_of(root, SSOT.replace("Config.validate", "Config.vanished")).check_landmarks()


def test_a_landmark_of_one_role_is_no_other_roles(root: Path) -> None:
    landmarks = next(line for line in SSOT.splitlines() if line.startswith("landmarks:"))
    adapter = adapter_of(root, SSOT.replace(landmarks, 'landmarks: {static: ["fakelib.core:Vanished"]}'))
    adapter.check_landmarks("invariants")
    with pytest.raises(MinerLandmarkMissingError, match=r"fakelib\.core:Vanished"):
        adapter.check_landmarks("static")


def test_a_class_that_moved_is_found_where_it_is_now(root: Path) -> None:
    landmarks = next(line for line in SSOT.splitlines() if line.startswith("landmarks:"))
    adapter = adapter_of(root, SSOT.replace(landmarks, 'landmarks: ["fakelib:Config"]'))
    with pytest.raises(MinerLandmarkMissingError, match=r"nearest: fakelib\.core:Config"):
        adapter.check_landmarks()


def test_an_unknown_placeholder_is_an_error(root: Path) -> None:
    adapter = adapter_of(root, SSOT.replace("{size: 3,", '{size: "${moon}",'))
    with pytest.raises(EngineUnavailableError, match=r"unknown placeholder \$\{moon\}"):
        adapter.build("fakelib.Needy", {})


def test_an_environment_context_is_entered_and_left(root: Path) -> None:
    adapter = adapter_of(root)
    assert adapter.default_context() == {"env.SWITCH": None}
    with adapter.context({"env.SWITCH": "1"}):
        assert os.environ["SWITCH"] == "1"
        with adapter.context({"env.SWITCH": None}):
            assert "SWITCH" not in os.environ
    assert "SWITCH" not in os.environ


def test_a_variable_at_its_default_is_not_set(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = adapter_of(root, SSOT.replace("{default: null, values: [null,", '{default: "0", values: ["0",'))
    assert adapter.default_context() == {"env.SWITCH": "0"}
    monkeypatch.setenv("SWITCH", "1")
    with adapter.context(adapter.default_context()):
        assert "SWITCH" not in os.environ
    assert os.environ["SWITCH"] == "1"


PACKAGES = """  packages.fast_maths: {default: null, assumed: false, values: [null, "2.0"]}
environ:"""


def test_a_package_is_there_or_not_as_the_functions_that_look_for_it_say(root: Path) -> None:
    source = root / "fakelib" / "core.py"
    source.write_text(
        source.read_text(encoding="utf-8") + "\n\ndef sees():\n    return 'as it is here'\n", encoding="utf-8"
    )
    places = "  seen_of: {packages.fast_maths: ['fakelib.core:sees', 'fakelib.core:of_a_later_version']}\n"
    adapter = adapter_of(root, SSOT.replace("environ:", PACKAGES, 1) + places)
    adapter.import_library()
    sees = sys.modules["fakelib.core"]
    assert sees.sees() is False
    with adapter.context({"packages.fast_maths": "2.0", "env.SWITCH": "1"}):
        assert (sees.sees(), os.environ["SWITCH"]) == (True, "1")
    with adapter.context({"packages.fast_maths": None}):
        assert sees.sees() is False
    assert (sees.sees(), "SWITCH" in os.environ) == (False, False)
    with pytest.raises(EngineUnavailableError, match=r"cannot enter the context packages\.slow='1'"):
        adapter.context({"packages.slow": "1"})


def test_a_context_that_nobody_knows_to_enter_is_an_error(root: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="cannot enter the context moon='full'"):
        adapter_of(root).context({"moon": "full"})


def test_what_the_engine_asks_when_it_starts_is_asked_at_the_declared_values_alone(root: Path) -> None:
    asks = "    startup: [{call: fakelib.core:logger.check, with: [size], when: {env.SWITCH: [VALUE]}}]\n"
    ssot = SSOT.replace("    validate: [validate]\n", f"    validate: [validate]\n{asks}")
    for value, is_asked in (("null", True), ('"1"', False)):
        adapter = adapter_of(root, ssot.replace("VALUE", value))
        adapter.import_library()
        seen: list[int] = []
        sys.modules["fakelib.core"].logger.check = seen.append
        built = adapter.build("fakelib.Config", {"size": 3})
        adapter.validate("fakelib.Config", built, strict=False)
        assert seen == ([3] if is_asked else [])
        adapter.validate("fakelib.Config", built, strict=True)
        assert seen == ([3] if is_asked else [])


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("with: [size.bit_length(), size]", [(2, 3)]),
        ("with: [size], within: fakelib.core:logger.using", ["in", (3,), "out"]),
        ("with: [size], unless: [size]", []),
        ("with: [size], unless: [size.denominator.imag]", [(3,)]),
        ("with: [size], only: {size: [3, 4]}", [(3,)]),
        ("with: [size], only: {size: [4]}", []),
        ("with: [size], only: {size: [3], size.imag: [1]}", []),
        ('with: [size], versions: ">=100"', []),
        ('with: [size], versions: "<100"', [(3,)]),
    ],
)
def test_what_the_engine_asks_is_told_what_it_is_asked_about_and_where(
    root: Path, more: str, expected: list[Any]
) -> None:
    asks = f"    startup: [{{call: fakelib.core:logger.check, {more}}}]\n"
    adapter = adapter_of(root, SSOT.replace("    validate: [validate]\n", f"    validate: [validate]\n{asks}"))
    adapter.import_library()
    seen: list[Any] = []

    @contextmanager
    def using(built: Any) -> Iterator[None]:
        seen.append("in")
        yield
        seen.append("out")

    logger = sys.modules["fakelib.core"].logger
    logger.check, logger.using = lambda *arguments: seen.append(arguments), using
    adapter.validate("fakelib.Config", adapter.build("fakelib.Config", {"size": 3}), strict=False)
    assert seen == expected
