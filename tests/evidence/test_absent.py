"""What is not installed is looked for once, and found as soon as it may be there."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

import pytest

from miners.process.absent import remember_absent

Times = Callable[[str], int]


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Times:
    """How often a name was looked for on the paths."""
    names: list[str] = []
    find = PathFinder.find_spec

    def noting(fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        names.append(fullname)
        return find(fullname, path, target)

    monkeypatch.setattr(PathFinder, "find_spec", noting)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    remember_absent()
    return names.count


def test_an_absent_package_is_looked_for_once(times: Times) -> None:
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_package_at_all'"):
            importlib.import_module("no_such_package_at_all")
        assert importlib.util.find_spec("no_such_package_at_all") is None
    assert times("no_such_package_at_all") == 1


def test_it_is_found_on_another_path(times: Times, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert importlib.util.find_spec("comes_later") is None
    (tmp_path / "comes_later.py").write_text("here = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert importlib.import_module("comes_later").here
    del sys.modules["comes_later"]
    assert times("comes_later") == 2


def test_it_is_looked_for_again_where_the_caches_are_invalid(
    times: Times, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    assert importlib.util.find_spec("installed_now") is None
    (tmp_path / "installed_now.py").write_text("here = True\n")
    importlib.invalidate_caches()
    assert importlib.util.find_spec("installed_now") is not None


def test_distributions_are_found_as_before(times: Times) -> None:
    assert importlib.metadata.version("pytest") == pytest.__version__
