"""Every layer of a model of vLLM, made without weights as the first rank would: what its code says of sizes.

The library's own model class makes them on the meta device, which holds no values. What speaks of sizes is the
library's word; anything else that is raised hangs on what is stood in for here, and says nothing.
"""

from __future__ import annotations

import importlib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, final

_OF_SIZES: Final = re.compile(r"(?i)\b(?:divisible|aligned)\b")
_OF_PACKAGES: Final = re.compile(r"(?i)\bnot installed\b")
"""Of several kernels that might do, one is not here: with it the sizes may be right."""
_GROUPS: Final = {
    "_WORLD": ("tensor_parallel_size",),
    "_TP": ("tensor_parallel_size",),
    "_DP": ("data_parallel_size",),
    "_EP": ("tensor_parallel_size", "data_parallel_size"),
    "_PP": (),
    "_DCP": (),
    "_PCP": (),
}
"""What the library calls a group of ranks → the sizes that make it up; the stages of a pipeline split layers alike."""
_EXPERTS: Final = {"FusedMoE", "RoutedExperts"}


@final
class _Members:
    """What the first of so many ranks asks of the others of its group."""

    def __init__(self, size: int) -> None:
        self._size = size

    def size(self) -> int:
        return self._size

    def rank(self) -> int:
        return 0


@final
class _Group:
    """The first of so many ranks, of which no other is there."""

    rank = rank_in_group = local_rank = 0
    is_first_rank = is_last_rank = True
    device_communicator = mq_broadcaster = None

    def __init__(self, size: int) -> None:
        self.world_size = size
        self.ranks = list(range(size))
        self.first_rank, self.last_rank = 0, size - 1
        self.next_rank = self.prev_rank = 0
        self.device_group = self.cpu_group = _Members(size)


@final
class _Operator:
    """A compiled operator, by any overload: it does nothing, and one that tells whether it can, can."""

    def __init__(self, name: str) -> None:
        self._can = "support" in name or None

    def __call__(self, *args: Any, **kwargs: Any) -> bool | None:
        return self._can

    def __getattr__(self, name: str) -> _Operator:
        if name.startswith("__"):
            raise AttributeError(name)
        return self


def check_sizes(vllm_config: Any) -> None:
    """Raise what the library's layers say of the sizes that they would have."""
    try:
        made(vllm_config)
    except Exception as error:  # any other hangs on what is stood in for
        if speaks_of_sizes(error):
            raise


def speaks_of_sizes(error: Exception) -> bool:
    """Whether it is the library's word about sizes, which it would say with every package installed, too."""
    said = str(error)
    is_of_sizes = isinstance(error, (ValueError, AssertionError)) and _OF_SIZES.search(said) is not None
    return is_of_sizes and _OF_PACKAGES.search(said) is None


def made(vllm_config: Any) -> Any:
    """The model of a whole config, without weights."""
    torch = importlib.import_module("torch")
    load = importlib.import_module("vllm.model_executor.model_loader.utils")
    config = importlib.import_module("vllm.config")
    with ExitStack() as stack:
        stack.enter_context(config.set_current_vllm_config(vllm_config))
        stack.enter_context(_ranks(vllm_config.parallel_config))
        stack.enter_context(_any_operator(torch))
        stack.enter_context(_streams(torch))
        stack.enter_context(_without_names(vllm_config))
        stack.enter_context(_usual_type(torch, vllm_config.model_config.dtype))
        stack.enter_context(torch.device("meta"))
        stack.enter_context(_without_device(torch))
        return load.initialize_model(vllm_config, model_config=vllm_config.model_config)


def split_of(vllm_config: Any) -> list[tuple[str, str, int, bool]]:
    """Of each layer whose input ranks split: its name, what it is, the whole length, whether it is quantised."""
    found = []
    for name, layer in made(vllm_config).named_modules():
        kinds = {cls.__name__ for cls in type(layer).__mro__}
        if "RowParallelLinear" in kinds and layer.tp_size > 1:
            found.append((name, "linear", layer.input_size, _is_quantised(layer)))
        elif kinds & _EXPERTS:
            ranks = getattr(layer, "tp_size", None) or layer.moe_config.tp_size
            if ranks > 1:
                whole = layer.intermediate_size_per_partition * ranks
                found.append((name, "experts", whole, _is_quantised(layer)))
    return found


def split_inputs(config: Mapping[str, Any], ranks: int) -> list[tuple[str, str, int, bool]]:
    """The same of a model by its config.json."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(config), encoding="utf-8")
        arguments = {"model": folder, "skip_tokenizer_init": True, "tensor_parallel_size": ranks}
        built = importlib.import_module("vllm.engine.arg_utils").EngineArgs(**arguments).create_engine_config()
        return split_of(built)


def _is_quantised(layer: Any) -> bool:
    method = getattr(layer, "quant_method", None)
    return method is not None and not type(method).__name__.startswith("Unquantized")


@contextmanager
def _ranks(parallel: Any) -> Iterator[None]:
    """Groups of as many ranks as the config asks for."""
    state = vars(importlib.import_module("vllm.distributed.parallel_state"))
    before = {name: state[name] for name in _GROUPS if name in state}
    for name in before:
        size = 1
        for part in _GROUPS[name]:
            size *= getattr(parallel, part)
        state[name] = _Group(size)
    try:
        yield
    finally:
        state.update(before)


@final
class _Stream:
    """A queue of a device on which nothing is run."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        return


@contextmanager
def _streams(torch: Any) -> Iterator[None]:
    """Queues of a device and their marks can be made where there is no device, and the first one is the current one."""
    before = {name: vars(torch.cuda)[name] for name in ("Stream", "Event", "current_device")}
    vars(torch.cuda).update({"Stream": _Stream, "Event": _Stream, "current_device": lambda: 0})
    try:
        yield
    finally:
        vars(torch.cuda).update(before)


def _without_device(torch: Any) -> Any:
    """What asks for a place on a device gets one without values, as all else does."""

    class Elsewhere(importlib.import_module("torch.overrides").TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            given = dict(kwargs or {})
            if given.get("device") is not None and str(given["device"]) != "cpu":
                given["device"] = "meta"
            return func(*args, **given)

    return Elsewhere()


@contextmanager
def _without_names(vllm_config: Any) -> Iterator[None]:
    """Layers leave their names in the config: it is to be as it was."""
    compilation = vllm_config.compilation_config
    before = dict(compilation.static_forward_context)
    try:
        yield
    finally:
        compilation.static_forward_context.clear()
        compilation.static_forward_context.update(before)


@contextmanager
def _usual_type(torch: Any, dtype: Any) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextmanager
def _any_operator(torch: Any) -> Iterator[None]:
    """Compiled operators that this build lacks are there."""
    namespace = type(torch.ops._C)
    before = namespace.__getattr__

    def answered(self: Any, name: str) -> Any:
        try:
            return before(self, name)
        except AttributeError:
            if not self.name.startswith(("_C", "_moe_C")) or name.startswith("__"):
                raise
            return _Operator(name)

    namespace.__getattr__ = answered
    try:
        yield
    finally:
        namespace.__getattr__ = before
