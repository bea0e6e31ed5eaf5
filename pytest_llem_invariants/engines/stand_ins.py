"""Empty stand-ins for packages that are not installed: enough to import a model's class, which is asked what it is.

Every module below such a package can be imported, and whatever is taken from it is an empty class.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final, final

_NO_NAME: Final = "__"


class _Anything(type):
    """The class of what is taken from a stand-in: it has what it is asked for, and is the same each time."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith(_NO_NAME):
            raise AttributeError(name)
        held = _Anything(name, (), {})
        setattr(cls, name, held)
        return held


@final
class _Module(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith(_NO_NAME):
            raise AttributeError(name)
        held = _Anything(name, (), {})
        setattr(self, name, held)
        return held


@final
class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, versions: Mapping[str, str]) -> None:
        self._versions = versions

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        is_one = fullname.partition(".")[0] in self._versions
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True) if is_one else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = _Module(spec.name)
        vars(module)["__version__"] = self._versions[spec.name.partition(".")[0]]
        return module

    def exec_module(self, module: ModuleType) -> None:
        return


@contextmanager
def standing_in(versions: Mapping[str, str]) -> Iterator[None]:
    """Let those of the packages that are not installed seem to be there, in these versions, for a block.

    What is imported meanwhile keeps what it took from them: for a process that ends soon.
    """
    take_away = stand_in(versions)
    try:
        yield
    finally:
        take_away()


def stand_in(versions: Mapping[str, str]) -> Callable[[], None]:
    """Let those of the packages that are not installed seem to be there from now on; gives what ends that."""
    absent = {name: version for name, version in versions.items() if importlib.util.find_spec(name) is None}
    finder = _Finder(absent)
    told = importlib.metadata.version
    sys.meta_path.insert(0, finder)
    importlib.metadata.version = lambda distribution_name: absent.get(distribution_name) or told(distribution_name)
    _ask_anew()

    def take_away() -> None:
        sys.meta_path.remove(finder)
        importlib.metadata.version = told
        for name in [name for name in sys.modules if name.partition(".")[0] in absent]:
            del sys.modules[name]
        _ask_anew()

    return take_away


def _ask_anew() -> None:
    """Forget what any module remembers of whether a package is available."""
    for module in list(sys.modules.values()):
        for name, value in list(vars(module).items()) if isinstance(module, ModuleType) else ():
            clear = getattr(value, "cache_clear", None) if name.startswith("is_") else None
            if "_available" in name and callable(clear):
                clear()
