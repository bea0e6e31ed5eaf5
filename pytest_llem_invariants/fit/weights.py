"""The bytes of a model's weights on one rank: counted by its laws, in the bits of its quantisation, or from files."""

from __future__ import annotations

import os
from typing import NamedTuple

from pytest_llem_invariants.fit.bits import Bits, Kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from pytest_llem_invariants.fit.models import Part, Sizes

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"
_LONGEST_HEADER = 100_000_000


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
    main = main_family(parts)
    shares = _kept_shares(parts, sizes.entry, quantised) if quantised and quantised.kept else {}
    totals = [_of_rank(parts, share, width, quantised, shares, main, rank) for rank in range(share.pipeline)]
    return Range(max(one.least for one in totals), max(one.most for one in totals))


def _of_rank(
    parts: Iterable[Part],
    share: Share,
    width: int,
    quantised: Bits | None,
    shares: Mapping[int, tuple[float, float]],
    main: str | None,
    rank: int,
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
        if part.item.get("of") == "experts":
            number /= share.data
        usual = number * (part.item.get("bytes") or width)
        if share.pipeline > 1 and part.family is None:
            most += usual  # an embedding is on the first stage or on the last, or on both
            least += usual / 2
        elif quantised is None or not _is_quantised(part, quantised):
            least, most = least + usual, most + usual
        else:
            kept, open_ = shares.get(id(part), (0.0, 0.0))
            least += kept * usual + (1 - kept) * number * quantised.least / 8
            most += (kept + open_) * usual + (1 - kept - open_) * number * quantised.most / 8
    return Range(int(least), int(most))


def _is_quantised(part: Part, bits: Bits) -> bool:
    return part.item.get("of") in bits.kinds and "bytes" not in part.item and len(part.sizes) > 1


def _kept_shares(parts: Iterable[Part], entry: Mapping[str, Any], bits: Bits) -> dict[int, tuple[float, float]]:
    """Of each part the share that a quantisation leaves as it is, and that of which this is not known."""
    kept = Kept(bits, entry.get("packed", {}), entry.get("renamed", {}))
    if not kept:
        return {}
    found = {}
    for part in parts:
        if _is_quantised(part, bits):
            said = [kept.keeps(_name(part, name)) for name in part.item.get("names", ())]
            found[id(part)] = (said.count(True) / max(len(said), 1), said.count(None) / max(len(said), 1))
    if kept.is_open:  # it may be any of what is not said to be kept, but no expert
        for part in parts:
            if id(part) in found and part.item["of"] != "experts":
                found[id(part)] = (found[id(part)][0], 1 - found[id(part)][0])
    return found


def _name(part: Part, name: str) -> str:
    return name if part.layer is None else f"{str(part.family).removesuffix('#')}{part.layer}.{name}"


def main_family(parts: Iterable[Part]) -> str | None:
    """The family of layers that a pipeline cuts: the one that holds most."""
    held: dict[str, int] = {}
    for part in parts:
        if part.family is not None:
            number = part.item["n"]
            for one in part.sizes:
                number *= one
            held[part.family] = held.get(part.family, 0) + number
    return max(held, key=lambda name: held[name], default=None)


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
