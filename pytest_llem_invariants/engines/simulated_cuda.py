"""A CUDA platform of vLLM where there is none: eight devices of one common kind, for config checks only."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final, final

_COMPILED: Final = re.compile(r"vllm\._(?:\w+_)?C(?:_\w+)?\Z")
_CAPABILITY: Final = (9, 0)
_DEVICES: Final = 8
_MEMORY: Final = 80 * 1024**3


@final
class _EmptyModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the library's compiled modules, and loads nothing for them."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.machinery.ModuleSpec(fullname, self) if _COMPILED.match(fullname) else None

    def exec_module(self, module: ModuleType) -> None:
        return


@contextmanager
def _without_compiled_modules() -> Iterator[None]:
    finder = _EmptyModules()
    before = set(sys.modules)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if _COMPILED.match(name) and name not in before]:
            del sys.modules[name]


def simulated_cuda() -> Any:
    """An instance of the library's own CUDA platform, with the answers that a device would give."""
    with _without_compiled_modules():
        cuda = importlib.import_module("vllm.platforms.cuda")
    interface = importlib.import_module("vllm.platforms.interface")
    capability = interface.DeviceCapability(*_CAPABILITY)

    def constant(value: Any) -> Any:
        return classmethod(lambda cls, *args, **kwargs: value)

    answers = {
        "get_device_capability": constant(capability),
        "has_device_capability": classmethod(lambda cls, wanted, device_id=0: _as_pair(wanted) <= _CAPABILITY),
        "is_device_capability": classmethod(lambda cls, wanted, device_id=0: _as_pair(wanted) == _CAPABILITY),
        "is_device_capability_family": classmethod(
            lambda cls, wanted, device_id=0: _as_pair(wanted)[0] == _CAPABILITY[0]
        ),
        "get_device_name": constant("NVIDIA H100 80GB HBM3"),
        "get_device_uuid": constant("GPU-00000000-0000-0000-0000-000000000000"),
        "get_device_total_memory": constant(_MEMORY),
        "device_count": constant(_DEVICES),
        "is_fully_connected": constant(True),
        "num_compute_units": constant(132),
        "log_warnings": constant(None),
        "__module__": cuda.__name__,
    }
    return type("SimulatedCudaPlatform", (cuda.NonNvmlCudaPlatform,), answers)()


def _as_pair(capability: tuple[int, int] | int) -> tuple[int, int]:
    return divmod(capability, 10) if isinstance(capability, int) else capability
