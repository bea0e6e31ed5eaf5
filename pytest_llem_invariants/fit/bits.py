"""What a quantisation makes of a model's numbers: the bits of each, and which modules it leaves as they are."""

from __future__ import annotations

import re
from typing import NamedTuple

from pytest_llem_invariants.fit.laws import UnknownSizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_MIXED = ("dynamic", "extra_config", "layer_config", "quantized_layers")
_FEWEST = 2.0
"""The bits of a number where layers have bits of their own, at least."""
_MOST_OF_GPTQ = 8.75
"""With eight bits and groups of 32, where no file that is read says so."""
_BITS = {
    "fp8": 8,
    "fbgemm_fp8": 8,
    "ptpc_fp8": 8,
    "mxfp8": 8,
    "awq": 4,
    "awq_marlin": 4,
    "gptq": 4,
    "gptq_marlin": 4,
    "mxfp4": 4,
    "gpt_oss_mxfp4": 4,
    "bitsandbytes": 4,
    "inc": 4,
    "auto-round": 4,
    "auto_round": 4,
    "modelopt": 8,
    "modelopt_mixed": 8,
    "modelopt_fp4": 4,
    "petit_nvfp4": 4,
}
"""The bits of a number where the model's files do not say them."""
_GROUP = {"mxfp4": 32, "gpt_oss_mxfp4": 32, "mxfp8": 32, "modelopt_fp4": 16, "petit_nvfp4": 16}
_SCALE_BITS = {"mxfp4": 8, "gpt_oss_mxfp4": 8, "mxfp8": 8, "fp8": 32, "modelopt_fp4": 8, "petit_nvfp4": 8}
"""The bits of what is kept beside each group: a scale, and a zero where there is one."""
_EXPERTS_ALONE = ("mxfp4", "gpt_oss_mxfp4")
"""What takes hold of experts, and of nothing else."""
_BLOCK_OF_64 = 0.5
"""Bits a number for the greatest value of each 64, which bitsandbytes keeps; quantised once more it is an eighth."""
_BROAD = ("awq", "awq_marlin", "bitsandbytes")
"""What looks for a name anywhere in that of a module; others name each module whole."""
_KEPT = ("modules_to_not_convert", "ignored_layers", "ignore", "exclude_modules", "llm_int8_skip_modules")
_MOST_KEPT = 20_000
_NEVER = re.compile(r"lm_head|norm|embed|router|gate\b|visual|vision|audio|projector|mtp|\Are:")
"""What no part of a model may be called: heads of another type, and rules that are written for many models."""
_PREFIX = re.compile(r"(?:\A|(?<=\.))(?:model|language_model|transformer)\.")


class Bits(NamedTuple):
    """What a number of a quantised layer takes."""

    least: float
    most: float
    kept: tuple[str, ...] = ()
    """What the files say is left as it is: names, patterns after `re:`, or with stars."""
    kinds: tuple[str, ...] = ("linear", "experts")
    """What of a model it takes hold of."""
    is_broad: bool = False
    """Whether what is left as it is may be named by something that it is in, too."""


def quantisation(config: Mapping[str, Any], asked: str | None) -> Bits | None:
    """What a number of a layer takes, as the model's files say it, or the argument; None where it is not quantised."""
    said = config.get("quantization_config") or config.get("compression_config")
    text = next((part for part in config.values() if type(part) is dict and "quantization_config" in part), {})
    said = said or text.get("quantization_config")
    if said is None and asked is None:
        return None
    said = said if isinstance(said, dict) else {}
    method = str(said.get("quant_method") or asked or "").lower()
    sparse = said.get("sparsity_config")
    if isinstance(sparse, dict) and sparse.get("format", "dense") != "dense":
        raise UnknownSizeError("weights without their zeros")
    if not said and method.startswith("gptq"):
        return Bits(_FEWEST, _MOST_OF_GPTQ)
    kept = _kept(said)
    if method == "compressed-tensors" or (
        method.startswith("modelopt") and isinstance(said.get("config_groups"), dict)
    ):
        return _of_groups(said, kept)
    if method == "bitsandbytes":
        return _of_bitsandbytes(said, kept)
    bits = said.get("bits", said.get("w_bit", said.get("wbits")))
    if method == "modelopt" and "FP4" in str(said.get("quant_algo", "")):
        method, bits = "modelopt_fp4", 4
    bits = _BITS.get(method) if bits is None else bits
    if not isinstance(bits, (int, float)) or not 0 < bits <= 16:
        raise UnknownSizeError(f"quantisation {method}")
    group = said.get("group_size", said.get("q_group_size", _GROUP.get(method, 0)))
    block = said.get("weight_block_size")
    if isinstance(block, list) and len(block) == 2 and all(type(one) is int and one > 0 for one in block):
        group = block[0] * block[1]
    of_group = _SCALE_BITS.get(method, 16 + (bits if bits <= 8 else 0))
    beside = of_group / group if isinstance(group, int) and group > 0 else 0
    is_mixed = any(said.get(key) for key in _MIXED) or "MIXED" in str(said.get("quant_algo", ""))
    kinds = ("experts",) if method in _EXPERTS_ALONE else Bits(0, 0).kinds
    return Bits(_FEWEST if is_mixed else bits + beside, bits + beside, kept, kinds, method in _BROAD)


def _kept(said: Mapping[str, Any]) -> tuple[str, ...]:
    found = [one for key in _KEPT if isinstance(said.get(key), (list, tuple)) for one in said[key]]
    return tuple(str(one) for one in found[:_MOST_KEPT])


def _of_bitsandbytes(said: Mapping[str, Any], kept: tuple[str, ...]) -> Bits:
    if said.get("load_in_8bit"):
        return Bits(8, 8, kept, is_broad=True)
    beside = _BLOCK_OF_64 / 3 if said.get("bnb_4bit_use_double_quant") else _BLOCK_OF_64
    return Bits(4, 4 + beside, kept, is_broad=True)


def _of_groups(said: Mapping[str, Any], kept: tuple[str, ...]) -> Bits:
    groups = said.get("config_groups")
    found = []
    for group in groups.values() if isinstance(groups, dict) else ():
        weights = group.get("weights") if isinstance(group, dict) else None
        bits = weights.get("num_bits") if isinstance(weights, dict) else None
        if isinstance(weights, dict) and isinstance(bits, int) and 0 < bits <= 16:
            found.append(bits + _beside_group(weights, bits))
    if not found:
        raise UnknownSizeError("quantisation without bits")
    return Bits(min(found), max(found), kept)


def _beside_group(weights: Mapping[str, Any], bits: int) -> float:
    """The scale of a group, and its zero: small groups of floats have a scale of eight bits."""
    size = weights.get("group_size")
    if not isinstance(size, int) or size <= 0:
        return 0.0
    is_small = weights.get("type") == "float" and size <= 32
    return ((8 if is_small else 16) + (bits if weights.get("symmetric") is False else 0)) / size


class Kept:
    """Which modules a quantisation leaves as they are, by what its files say.

    `packed` and `renamed` say how the engine calls what the files name.
    """

    def __init__(self, bits: Bits, packed: Mapping[str, Any], renamed: Mapping[str, str]) -> None:
        self._packed = packed
        self._within = True if bits.is_broad else None
        self._names: set[str] = set()
        self._patterns: list[re.Pattern[str]] = []
        self._open: set[str] = set()
        """What was not found in the model yet."""
        for one in bits.kept:
            if one.startswith("re:") or "*" in one:
                self._patterns.append(_pattern(one, renamed))
            else:
                name = _plain(_renamed(one, renamed))
                self._names.add(name)
                if not _NEVER.search(one):
                    self._open.add(name)

    def __bool__(self) -> bool:
        return bool(self._names or self._patterns)

    @property
    def is_open(self) -> bool:
        """Whether it names something that was found nowhere: then it may be any of what is left."""
        return bool(self._open)

    def keeps(self, name: str) -> bool | None:
        """Whether a module is left as it is; None where only a part of it is named, or something that it is in."""
        whole = _plain(name)
        parent, _, last = whole.rpartition(".")
        parts = [f"{parent}.{one}" if parent else str(one) for one in self._packed.get(last, ()) if one != last]
        own = self._says(whole, name)
        if own or not parts:
            return own
        found = {self._says(part, f"{name.rpartition('.')[0]}.{part.rpartition('.')[2]}") for part in parts}
        return found.pop() if len(found) == 1 else None

    def _says(self, name: str, full: str) -> bool | None:
        if name in self._names:
            self._open.discard(name)
            return True
        if any(pattern.match(one) for pattern in self._patterns for one in (full, name, f"model.{name}")):
            return True
        within = [part for part in _infixes(name) if part in self._names]
        self._open.difference_update(within)
        return self._within if within else False


def _infixes(name: str) -> Iterable[str]:
    parts = name.split(".")
    for start in range(len(parts)):
        for stop in range(start + 1, len(parts) + 1):
            yield ".".join(parts[start:stop])


def _plain(name: str) -> str:
    """A name without what models are wrapped in, which files and engines call otherwise."""
    return _PREFIX.sub("", name)


def _renamed(name: str, renamed: Mapping[str, str]) -> str:
    dotted = f".{name}."
    for old, new in renamed.items():
        if old.startswith(".") and old.endswith("."):
            dotted = re.sub(re.escape(old[:-1]) + r"(?=[.*])", new[:-1], dotted)
    return dotted.strip(".")


def _pattern(one: str, renamed: Mapping[str, str]) -> re.Pattern[str]:
    text = one[3:] if one.startswith("re:") else None
    if text is None:
        text = re.escape(_renamed(one, renamed)).replace(r"\*", ".*") + r"(?:\..*)?\Z"
    try:
        return re.compile(text)
    except re.error:
        return re.compile(r"(?!)")
