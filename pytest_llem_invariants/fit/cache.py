"""How the engine shares the memory for its caches out: pages, groups of layers, blocks, and the length that they hold.

Of each layer there is a specification. `tests/real/vllm/test_fit.py` compares every number here with what the library's
own functions return.
"""

from __future__ import annotations

from typing import NamedTuple

from pytest_llem_invariants.fit.laws import UnknownSizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

FULL = "full"
SLIDING = "sliding"
CHUNKED = "chunked"
STATE = "state"
CROSS = "cross"
_BASES = {"mla": FULL}
"""Kinds that need as many blocks as another kind, though their pages differ."""
_SPARE = 1.5
"""A type with less than so many times the layers of the smallest is not split: padding costs less."""


class Spec(NamedTuple):
    """The cache of one layer: `page` bytes for `block` tokens, of which the last ones are padding."""

    kind: str
    block: int
    page: int
    heads: int = 0
    reach: int = 0
    """The tokens of a window or a chunk."""
    padded: int = 0

    @property
    def size(self) -> int:
        """The bytes of a page."""
        return self.padded or self.page

    @property
    def base(self) -> str:
        return _BASES.get(self.kind, self.kind)


class Use(NamedTuple):
    """How the caches are used: what of the engine's settings their sizes depend on."""

    length: int
    in_flight: int
    """The most tokens that are computed and not yet settled."""
    context_parallel: int = 1
    states: int = 1
    """The blocks of a state that a request holds."""
    encoder: int = 0
    """The most tokens of an encoder."""


def blocks_of(spec: Spec, use: Use) -> int:
    """The blocks that one request of the greatest length holds in a layer."""
    if spec.base == FULL:
        return _ceil(_ceil(use.length, use.context_parallel), spec.block)
    if spec.kind == SLIDING:
        if use.context_parallel > 1:
            raise UnknownSizeError("a sliding window with context parallelism")
        return _ceil(min(spec.reach - 1 + use.in_flight, use.length), spec.block) + 1
    if spec.kind == CHUNKED:
        return _ceil(min(spec.reach + use.in_flight, use.length), spec.block)
    if spec.kind == STATE:
        return use.states
    if spec.kind == CROSS:
        return _ceil(use.encoder, spec.block)
    raise UnknownSizeError(spec.kind)


Group = dict[str, Spec]
"""Layers that share a table of blocks, each with its specification."""


def groups_of(specs: Mapping[str, Spec], *, hybrid: bool = True) -> list[Group]:
    """The layers in groups; without `hybrid`, all as if they attended to everything."""
    if not hybrid:
        specs = _promoted(specs)
    if not specs:
        return []
    if _is_one_type(specs.values()):
        return [dict(specs)]
    return _of_one_size(_of_one_page(specs))


def bytes_of_block(groups: Iterable[Group]) -> int:
    """The bytes that one block takes: those of the largest group, for all share one pool."""
    return max((sum(spec.size for spec in group.values()) for group in groups), default=0)


def needed(groups: Sequence[Group], use: Use) -> int:
    """The bytes that one request of the greatest length takes."""
    pages = sum(max((blocks_of(spec, use) for spec in group.values()), default=0) for group in groups)
    return bytes_of_block(groups) * pages


def blocks_in(memory: int, groups: Sequence[Group]) -> int:
    """The blocks that so much memory holds."""
    size = bytes_of_block(groups)
    return max(0, memory // size) if size else 1


def longest(memory: int, groups: Sequence[Group], use: Use, most: int) -> int:
    """The greatest length of which one request fits; one block is held back. 0 where none does."""
    memory -= bytes_of_block(groups)
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if needed(groups, use._replace(length=middle)) <= memory:
            low = middle
        else:
            high = middle - 1
    return low


def concurrency(memory: int, groups: Sequence[Group], use: Use) -> float:
    """How many requests of the greatest length fit at once."""
    pages = sum(max((blocks_of(spec, use) for spec in group.values()), default=0) for group in groups)
    return blocks_in(memory, groups) / pages if pages else 0.0


def aligned(specs: Mapping[str, Spec], token: int, kernel: int, at_least: int) -> tuple[dict[str, Spec], int]:
    """The caches of a model with states and attention: a block holds so many tokens that its page holds a state.

    `token` is the bytes of one token in a layer of attention, `kernel` what a block is a multiple of.
    """
    state = max((spec.page for spec in specs.values() if spec.kind == STATE), default=0)
    if not state or not token:
        return dict(specs), at_least
    step = max(kernel, at_least)
    block = _ceil(step * _ceil(state, step * token), kernel) * kernel
    block = max(block, at_least)
    size = block * token
    return {
        name: spec._replace(padded=size if size != spec.page else 0) if spec.kind == STATE else _resized(spec, block)
        for name, spec in specs.items()
    }, block


def _resized(spec: Spec, block: int) -> Spec:
    return spec if spec.kind == STATE else spec._replace(block=block, page=spec.page // spec.block * block)


def _is_one_type(specs: Iterable[Spec]) -> bool:
    """Whether all layers need as many blocks as the first."""
    specs = list(specs)
    first = specs[0]
    return all(
        spec.base == first.base
        and spec.block == first.block
        and (spec.reach == first.reach or first.base == FULL)
        and (spec.kind != STATE or spec.size == first.size)
        for spec in specs
    )


def _of_one_page(specs: Mapping[str, Spec]) -> dict[str, Spec]:
    """The layers with pages of one size: more tokens in a block, or padding where that does not do."""
    size = max(spec.size for spec in specs.values())
    return {name: _grown(spec, size) for name, spec in specs.items()}


def _grown(spec: Spec, size: int) -> Spec:
    if spec.size == size:
        return spec
    if spec.kind != STATE and size % spec.size == 0:
        times = size // spec.size
        return spec._replace(block=spec.block * times, page=spec.page * times, padded=spec.padded * times)
    if spec.kind == "mla":
        raise UnknownSizeError("pages of sizes that do not go together")
    return spec._replace(padded=size)


def _of_one_size(specs: Mapping[str, Spec]) -> list[Group]:
    """Groups of as many layers each, so far as that goes."""
    alike: dict[Spec, list[str]] = {}
    for name, spec in specs.items():
        alike.setdefault(spec._replace(reach=0) if spec.base == FULL else spec, []).append(name)
    least, most = min(map(len, alike.values())), max(map(len, alike.values()))
    size = most if most < least * _SPARE else least
    groups = []
    for names in alike.values():
        count = _ceil(len(names), size)
        groups += [{name: specs[name] for name in names[at::count]} for at in range(count)]
    return groups


def _promoted(specs: Mapping[str, Spec]) -> Mapping[str, Spec]:
    """All layers as if they attended to everything, where some do."""
    kinds = {spec.base for spec in specs.values()}
    if FULL not in kinds or not kinds & {SLIDING, CHUNKED}:
        return specs
    found = {
        name: spec._replace(kind=FULL) if spec.kind in (SLIDING, CHUNKED) else spec for name, spec in specs.items()
    }
    if not _is_one_type(found.values()):
        raise UnknownSizeError("caches of several types without the manager for them")
    return found


def _ceil(one: int, other: int) -> int:
    return -(-one // other)


def stage(
    specs: Mapping[str, Any], stages: int, rank: int, layers: Mapping[str, int | None], count: int
) -> dict[str, Any]:
    """What of the layers the rank of a pipeline holds."""
    first, last = stage_bounds(count, stages, rank)
    return {name: spec for name, spec in specs.items() if first <= (layers[name] or 0) < last}


def stage_bounds(layers: int, stages: int, rank: int) -> tuple[int, int]:
    """The layers of a stage: what remains of an even share goes to those before the last."""
    shares = [layers // stages] * stages
    for at in range(2, layers % stages + 2):
        shares[-at] += 1
    return sum(shares[:rank]), sum(shares[: rank + 1])
