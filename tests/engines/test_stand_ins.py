"""Packages that are not there are stood in for, for a block: any module, any name, any version that is asked for."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
from functools import cache
from types import ModuleType

import pytest

from pytest_llem_invariants.engines.stand_ins import standing_in

ABSENT = "no_such_package"


def test_what_is_taken_from_a_stand_in_is_an_empty_class_the_same_each_time() -> None:
    with standing_in({ABSENT: "1.2"}):
        module = importlib.import_module(f"{ABSENT}.deep.down")
        assert module.Config is module.Config
        assert module.Mode.FAST is module.Mode.FAST
        assert module.Mode.FAST is not module.Mode.SLOW
        assert isinstance(type("Own", (module.Config,), {})(), module.Config)
        assert not hasattr(module, "__path_of_nobody__")
        assert not hasattr(module.Config, "__get_pydantic_core_schema__")
        assert importlib.metadata.version(ABSENT) == module.__version__ == "1.2"


def test_afterwards_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asking = ModuleType("asking")
    asking.__dict__["is_it_available"] = cache(lambda: importlib.util.find_spec(ABSENT) is not None)
    monkeypatch.setitem(sys.modules, "asking", asking)
    told = importlib.metadata.version
    assert not asking.is_it_available()
    with standing_in({ABSENT: "1.2"}):
        assert asking.is_it_available()
        importlib.import_module(ABSENT)
    assert not asking.is_it_available()
    assert ABSENT not in sys.modules
    assert importlib.metadata.version is told
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(ABSENT)


def test_an_installed_package_stays_itself() -> None:
    import yaml

    with standing_in({"yaml": "0", "pytest": "0"}):
        assert importlib.import_module("yaml") is yaml
        assert importlib.metadata.version("pytest") != "0"
    assert sys.modules["yaml"] is yaml
