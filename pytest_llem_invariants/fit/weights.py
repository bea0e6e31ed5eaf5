"""The bytes of a model's weights on one rank: counted by its laws, in the bits of its quantisation, or from files."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from pytest_llem_invariants.fit.laws import UnknownSizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from pytest_llem_invariants.fit.models import Part, Sizes

LINEAR = ("linear", "experts")
"""What a quantisation takes hold of."""
INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"
_MIXED = ("dynamic", "extra_config", "layer_config", "quantized_layers")
_FEWEST = 2.0
"""The bits of a number where layers have bits of their own, at least."""
_NEVER = re.compile(r"lm_head|norm|embed|router|gate\b|visual|vision|audio|projector")
"""Layers that no quantisation takes hold of here: they are counted as they are anyhow, or hardly count."""
_LONGEST_HEADER = 100_000_000
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
_GROUP = {"mxfp4": 32, "gpt_oss_mxfp4": 32}
_SCALE_BITS = {"mxfp4": 8, "gpt_oss_mxfp4": 8, "fp8": 32, "modelopt_fp4": 8}
"""The bits of what is kept beside each group: a scale, and a zero where there is one."""


class Bits(NamedTuple):
    """What a number of a quantised layer takes."""

    least: float
    most: float
    kept: tuple[str, ...] = ()
    """Names of layers that stay as they are. The laws know no names, so that there are two bounds then."""


class Range(NamedTuple):
    """A size that is known between two bounds."""

    least: int
    most: int

    def plus(self, other: Range) -> Range:
        return Range(self.least + other.least, self.most + other.most)


class Share(NamedTuple):
    """How the model is cut: ranks share each layer, stages have layers of their own, replicas share experts alone."""

    tensor: int = 1
    pipeline: int = 1
    data: int = 1


def counted(sizes: Sizes, share: Share, width: int, quantised: Bits | None) -> Range:
    """The bytes on the fullest rank. What a quantisation leaves as it is widens the bounds."""
    parts = list(sizes.tensors(share.tensor))
    main = _main_family(parts)
    totals = [_of_rank(parts, share, width, quantised, main, rank) for rank in range(share.pipeline)]
    return Range(max(one.least for one in totals), max(one.most for one in totals))


def _of_rank(
    parts: Iterable[Part], share: Share, width: int, quantised: Bits | None, main: str | None, rank: int
) -> Range:
    from pytest_llem_invariants.fit.cache import stage_bounds

    least = most = 0.0
    for part in parts:
        if part.family == main and part.layer is not None:
            first, last = stage_bounds(part.layers, share.pipeline, rank)
            if not first <= part.layer < last:
                continue
        elif share.pipeline > 1 and part.family is None and rank not in (0, share.pipeline - 1):
            continue
        number = float(part.item["n"])
        for one in part.sizes:
            number *= one
        kind = part.item.get("of", "")
        if kind == "experts":
            number /= share.data
        usual = number * (part.item.get("bytes") or width)
        if share.pipeline > 1 and part.family is None:
            most += usual  # an embedding is on the first stage or on the last, or on both
            least += usual / 2
        elif quantised is None or kind not in LINEAR or "bytes" in part.item or len(part.sizes) < 2:
            least, most = least + usual, most + usual
        else:
            least += number * quantised.least / 8
            most += usual if quantised.kept and kind != "experts" else number * quantised.most / 8
    return Range(int(least), int(most))


def _main_family(parts: Iterable[Part]) -> str | None:
    """The family of layers that a pipeline cuts: the one that holds most."""
    held: dict[str, int] = {}
    for part in parts:
        if part.family is not None:
            number = part.item["n"]
            for one in part.sizes:
                number *= one
            held[part.family] = held.get(part.family, 0) + number
    return max(held, key=lambda name: held[name], default=None)


def quantisation(config: Mapping[str, Any], asked: str | None) -> Bits | None:
    """What a number of a layer takes, as the model's files say it, or the argument; None where it is not quantised."""
    said = config.get("quantization_config") or config.get("compression_config")
    text = next((part for part in config.values() if type(part) is dict and "quantization_config" in part), {})
    said = said or text.get("quantization_config")
    if said is None and asked is None:
        return None
    said = said if isinstance(said, dict) else {}
    method = str(said.get("quant_method") or asked or "").lower()
    if method == "compressed-tensors":
        return _of_groups(said)
    bits = said.get("bits", said.get("w_bit", said.get("wbits", 4 if said.get("load_in_4bit") else None)))
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
    names = _kept(said.get("modules_to_not_convert", said.get("ignored_layers")))
    is_mixed = any(said.get(key) for key in _MIXED) or "MIXED" in str(said.get("quant_algo", ""))
    return Bits(_FEWEST if is_mixed else bits + beside, bits + beside, names)


def _kept(said: Any) -> tuple[str, ...]:
    """What of the layers that a quantisation takes hold of stays as it is; the rest of the names never is quantised."""
    names = tuple(str(one) for one in said) if isinstance(said, (list, tuple)) else ()
    return tuple(name for name in names if not _NEVER.search(name))


def _of_groups(said: Mapping[str, Any]) -> Bits:
    groups = said.get("config_groups")
    found = []
    for group in groups.values() if isinstance(groups, dict) else ():
        weights = group.get("weights") if isinstance(group, dict) else None
        bits = weights.get("num_bits") if isinstance(weights, dict) else None
        if isinstance(weights, dict) and isinstance(bits, int) and 0 < bits <= 16:
            size = weights.get("group_size")
            found.append(bits + (16 / size if isinstance(size, int) and size > 0 else 0))
    if not found:
        raise UnknownSizeError("quantisation without bits")
    return Bits(min(found), max(found), _kept(said.get("ignore")))


def in_files(folder: str, files: Iterable[str]) -> int | None:
    """The bytes of the tensors of a folder, as its index or the header of its file says; None where neither does."""
    from pytest_llem_invariants.checker.documents import read

    names = set(files)
    if INDEX in names:
        total = read(os.path.join(folder, INDEX)).data.get("metadata", {})
        size = total.get("total_size") if isinstance(total, dict) else None
        return int(size) if isinstance(size, (int, float)) and size > 0 else None
    return _of_header(os.path.join(folder, SINGLE)) if SINGLE in names else None


def _of_header(path: str) -> int | None:
    """The bytes after the header of a file of tensors: its first eight bytes tell how long that is."""
    try:
        size = os.path.getsize(path)
        with open(path, "rb") as file:
            header = int.from_bytes(file.read(8), "little")
    except OSError:
        return None
    return size - 8 - header if 0 < header < min(size, _LONGEST_HEADER) else None
