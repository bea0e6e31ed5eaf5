"""Whether a model fits: exact sizes of weights and caches, an estimate of the rest, and what follows from both."""

from __future__ import annotations

from typing import NamedTuple

from pytest_llem_invariants.fit import cache
from pytest_llem_invariants.fit.estimate import GIB, Beside, beside, seen
from pytest_llem_invariants.fit.laws import UnknownSizeError
from pytest_llem_invariants.fit.layers import Caches
from pytest_llem_invariants.fit.models import Sizes
from pytest_llem_invariants.fit.weights import Range, Share, counted, quantisation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pytest_llem_invariants.fit.settings import Settings

FITS = "fits"
CLOSE = "close"
TOO_LARGE = "does not fit"
_MOST_IN_FLIGHT = 16384
_LONGEST = 2**27
_ABOUT = 0.03


class Device(NamedTuple):
    """The memory of one device, and how many there are, so far as that is known."""

    memory: int
    devices: int | None = None
    is_measured: bool = False
    """Whether a driver told the memory; else it is what the device is sold with."""


class Question(NamedTuple):
    """A model, the arguments, and the device."""

    entry: Mapping[str, Any]
    config: Mapping[str, Any]
    settings: Settings
    device: Device
    utilization: float
    """What the engine takes of the memory where the config does not say it."""
    most_length: int | None = None
    """The length that the model itself allows."""
    in_files: int | None = None
    """The bytes of the tensors in the model's folder."""


class Answer(NamedTuple):
    """All figures, in bytes and tokens; of one device unless they say otherwise."""

    verdict: str
    weights: Range
    per_token: int
    fixed: int
    asked: int | None
    """The length that was asked for, or that the model allows."""
    needed: Range
    """The caches of one request of that length."""
    beside: Beside
    budget: Range
    left: Range
    """What is left for caches."""
    longest: Range
    at_once: tuple[float, float]
    block: int
    block_bytes: int
    blocks: Range
    groups: int
    gpus: int
    smallest: int | None
    """The least power of two of tensor parallelism with which it fits; None where none does."""
    open: tuple[str, ...]
    """What takes more memory and is not counted."""


def answer(question: Question, *, smallest: bool = True) -> Answer:
    """The answer; UnknownSizeError where the laws do not hold for such a model or such settings."""
    settings, device = question.settings, question.device
    sizes = Sizes(question.entry, question.config)
    weights = _weights(question, sizes)
    caches = Caches(sizes, settings)
    share = settings.utilization or question.utilization
    memory = seen(device.memory, is_measured=device.is_measured)
    budget = Range(int(memory.least * share), int(memory.most * share))
    rest = beside(sizes, settings, device.memory)
    left = Range(budget.least - weights.most - rest.most, budget.most - weights.least)
    if settings.cache_bytes is not None:
        left = Range(settings.cache_bytes, settings.cache_bytes)
    asked = settings.length or question.most_length
    stages = [caches.of_stage(settings.pipeline, rank) for rank in range(settings.pipeline)]
    groups = max(stages, key=cache.bytes_of_block)
    low, high = _uses(caches, settings, asked or 1)
    needed = Range(cache.needed(groups, low), cache.needed(groups, high))
    block_bytes = cache.bytes_of_block(groups)
    longest = Range(
        cache.longest(left.least, groups, high, asked or _LONGEST) if groups else 0,
        cache.longest(left.most, groups, low, asked or _LONGEST) if groups else 0,
    )
    blocks = Range(cache.blocks_in(left.least, groups), cache.blocks_in(left.most, groups))
    return Answer(
        verdict=_verdict(left, needed, block_bytes, settings),
        weights=weights,
        per_token=caches.per_token,
        fixed=caches.fixed,
        asked=asked,
        needed=needed,
        beside=rest,
        budget=budget,
        left=left,
        longest=longest,
        at_once=(cache.concurrency(left.least, groups, high), cache.concurrency(left.most, groups, low)),
        block=caches.block,
        block_bytes=block_bytes,
        blocks=blocks,
        groups=len(groups),
        gpus=settings.gpus,
        smallest=_smallest(question) if smallest else None,
        open=settings.more,
    )


def _weights(question: Question, sizes: Sizes) -> Range:
    settings = question.settings
    bits = quantisation(question.config, settings.quantization)
    share = Share(settings.tensor, settings.pipeline, settings.data)
    found = counted(sizes, share, settings.width, bits)
    if question.in_files is not None and settings.gpus == 1 and settings.quantization is None and settings.data == 1:
        found = _as_in_files(found, question.in_files)
    if settings.narrowed:
        found = Range(0, found.most)
    return Range(max(0, found.least - settings.offload), max(0, found.most - settings.offload))


def _as_in_files(found: Range, exact: int) -> Range:
    """What the files hold, where that is about what was counted: they may hold more than is loaded, or be wider."""
    if found.least * (1 - _ABOUT) <= exact <= found.most * (1 + _ABOUT):
        return Range(exact, exact)
    return Range(min(exact, found.least), found.most)


def _uses(caches: Caches, settings: Settings, length: int) -> tuple[cache.Use, cache.Use]:
    """How one request uses the caches, at the least and at the most: how many tokens are under way is not known."""
    batch = settings.batch
    low = caches.use(settings, length, batch or 1)._replace(states=1)
    high = caches.use(settings, length, (settings.pipeline + 1) * (batch or _MOST_IN_FLIGHT))
    return low, high


def _verdict(left: Range, needed: Range, block_bytes: int, settings: Settings) -> str:
    """One block is held back. Only what the lower bounds say is certain: nothing beside weights and caches."""
    if needed.least + block_bytes > left.most or left.most <= 0:
        return TOO_LARGE
    if settings.more or needed.most + block_bytes > left.least:
        return CLOSE
    return FITS


def _smallest(question: Question) -> int | None:
    """The least power of two of tensor parallelism with which it fits, of the devices that there are."""
    most = question.device.devices or 8
    tensor = 1
    while tensor <= most:
        settings = question.settings._replace(tensor=tensor, pipeline=1)
        try:
            found = answer(question._replace(settings=settings, in_files=None), smallest=False)
        except UnknownSizeError:
            return None
        if found.verdict == FITS:
            return tensor
        tensor *= 2
    return None


def gibibytes(size: float) -> str:
    """A size as people read it."""
    return f"{size / GIB:,.2f} GiB"
