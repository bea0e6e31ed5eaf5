"""A CUDA platform of vLLM where there is none, for config checks only: eight devices of one common kind, or others."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final, final

from pytest_llem_invariants.model import EMPTY

_COMPILED: Final = re.compile(r"vllm\.(?:\w+\.)?_(?:\w+_)?C(?:_\w+)?\Z")
USUAL: Final[Mapping[str, Any]] = {
    "device.count": 8,
    "device.capability": 9.0,
    "device.memory": 80 * 1024**3,
    "device.name": "NVIDIA H100 80GB HBM3",
}
"""The facts of the devices of which nothing else is said."""


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
def without_compiled_modules() -> Iterator[None]:
    """Let compiled modules be found empty for a block: what asks whether there is one takes it for a build with all."""
    finder = _EmptyModules()
    before = set(sys.modules)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if _COMPILED.match(name) and name not in before]:
            del sys.modules[name]


def simulated_cuda(facts: Mapping[str, Any] = EMPTY) -> Any:
    """An instance of the library's own CUDA platform, with the answers that devices of these facts would give.

    A build for CUDA has the allocator that sleep mode asks for.
    """
    facts = {**USUAL, **facts}
    held = _as_pair(facts["device.capability"])
    with without_compiled_modules():
        cuda = importlib.import_module("vllm.platforms.cuda")
    interface = importlib.import_module("vllm.platforms.interface")
    capability = interface.DeviceCapability(*held)

    def constant(value: Any) -> Any:
        return classmethod(lambda cls, *args, **kwargs: value)

    answers = {
        "get_device_capability": constant(capability),
        "has_device_capability": classmethod(lambda cls, wanted, device_id=0: _as_pair(wanted) <= held),
        "is_device_capability": classmethod(lambda cls, wanted, device_id=0: _as_pair(wanted) == held),
        "is_device_capability_family": classmethod(lambda cls, wanted, device_id=0: _as_pair(wanted)[0] == held[0]),
        "get_device_name": constant(facts["device.name"]),
        "get_device_uuid": constant("GPU-00000000-0000-0000-0000-000000000000"),
        "get_device_total_memory": constant(facts["device.memory"]),
        "device_count": constant(facts["device.count"]),
        "is_cumem_allocator_available": constant(True),
        "is_fully_connected": constant(True),
        "num_compute_units": constant(132),
        "log_warnings": constant(None),
        "__module__": cuda.__name__,
    }
    return type("SimulatedCudaPlatform", (cuda.NonNvmlCudaPlatform,), answers)()


def _as_pair(capability: tuple[int, int] | int | float) -> tuple[int, int]:
    """Major and minor of 8.9, or of what the library takes as well: 89 and (8, 9)."""
    if isinstance(capability, float):
        major, _, minor = str(capability).partition(".")
        return int(major), int(minor)
    return divmod(capability, 10) if isinstance(capability, int) else capability
