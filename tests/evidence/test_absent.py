"""What is not installed is looked for once, and found as soon as it may be there."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

from miners import absent


@pytest.fixture
def looked_for(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that were looked for on the paths, in order."""
    names: list[str] = []
    find = PathFinder.find_spec

    def noting(fullname: str, path: object = None, target: object = None) -> object:
        names.append(fullname)
        return find(fullname, path, target)

    monkeypatch.setattr(absent, "_find", noting)
    monkeypatch.setattr(absent, "_absent", set())
    monkeypatch.setattr(PathFinder, "find_spec", find)
    absent.remember_absent()
    return names


def test_an_absent_package_is_looked_for_once(looked_for: list[str]) -> None:
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_package_at_all'"):
            importlib.import_module("no_such_package_at_all")
        assert importlib.util.find_spec("no_such_package_at_all") is None
    assert looked_for == ["no_such_package_at_all"]


def test_it_is_found_on_another_path(looked_for: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert importlib.util.find_spec("comes_later") is None
    (tmp_path / "comes_later.py").write_text("here = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert importlib.import_module("comes_later").here
    del sys.modules["comes_later"]
    assert looked_for == ["comes_later"] * 2
