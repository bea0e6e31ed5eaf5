"""Whether a model fits: exact sizes of weights and caches, an estimate of the rest, and what follows from both."""

from __future__ import annotations

from typing import NamedTuple

from pytest_llem_invariants.fit import cache
from pytest_llem_invariants.fit.adapters import adapters, has_experts
from pytest_llem_invariants.fit.bits import quantisation
from pytest_llem_invariants.fit.estimate import GIB, Beside, at_once, beside, seen
from pytest_llem_invariants.fit.laws import UnknownSizeError
from pytest_llem_invariants.fit.layers import Caches
from pytest_llem_invariants.fit.models import Sizes
from pytest_llem_invariants.fit.weights import Range, Share, counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
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
    valid: Callable[[int], bool] | None = None
    """Whether the engine takes so much tensor parallelism at all."""
    fields: Mapping[str, str] = {}
    """What the engine calls our settings."""
    is_confirmed: bool = True
    """Whether the laws were confirmed in the engine itself; else they are those of another one."""


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
    sequences: int | None
    """How many requests each hold a block of their states at once; None where states and graphs ask for none."""
    smallest: int | None
    """The least power of two of tensor parallelism with which it fits; None where none does."""
    open: tuple[str, ...]
    """What takes more memory and is not counted."""
    is_confirmed: bool = True
    adapters: int = 0
    """The most that is kept free for adapters."""
    lacks_length: bool = False
    """Whether it would fit, were it known how long a request may be."""


def answer(question: Question, *, smallest: bool = True) -> Answer:
    """The answer; UnknownSizeError where the laws do not hold for such a model or such settings."""
    settings, device = question.settings, question.device
    sizes = Sizes(question.entry, question.config)
    sizes.check_ranks(settings.tensor)
    weights = _weights(question, sizes)
    caches = Caches(sizes, settings)
    share = settings.utilization or question.utilization
    memory = seen(device.memory, is_measured=device.is_measured)
    budget = Range(int(memory.least * share), int(memory.most * share))
    rest = beside(sizes, settings, device.memory)
    thin = adapters(sizes, settings)
    if thin and has_experts(sizes, settings):
        settings = settings._replace(more=(*settings.more, "adapters of experts"))
    left = Range(budget.least - weights.most - rest.most - thin, budget.most - weights.least)
    if settings.of_rest is not None:
        left = Range(int(left.least * settings.of_rest), int(left.most * settings.of_rest))
    if settings.cache_bytes is not None:  # whatever is left then
        left = Range(settings.cache_bytes, min(settings.cache_bytes, memory.most - weights.least))
    asked = None if settings.shortened else settings.length or question.most_length
    most = asked or question.most_length or _LONGEST
    stages = [caches.of_stage(settings.pipeline, rank) for rank in range(settings.pipeline)]
    groups = max(stages, key=cache.bytes_of_block)
    low, high = _uses(caches, settings, asked or 1)
    needed = Range(cache.needed(groups, low), cache.needed(groups, high))
    block_bytes = cache.bytes_of_block(groups)
    longest = Range(
        cache.longest(left.least, groups, high, most) if groups else 0,
        cache.longest(left.most, groups, low, most) if groups else 0,
    )
    blocks = Range(cache.blocks_in(left.least, groups), cache.blocks_in(left.most, groups))
    sequences = at_once(settings, device.memory) if caches.has_state and not settings.eager else None
    verdict = _verdict(left, needed, block_bytes, settings, too_many=(sequences or 0) > blocks.least)
    is_of_any_length = bool(groups) and asked is None and not settings.shortened
    lacks_length = verdict == FITS and is_of_any_length and longest.least < most
    return Answer(
        verdict=CLOSE if lacks_length else verdict,
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
        sequences=sequences,
        smallest=_smallest(question) if smallest and question.fields.get("tensor", not question.fields) else None,
        open=settings.more,
        is_confirmed=question.is_confirmed,
        adapters=thin,
        lacks_length=lacks_length,
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


def _verdict(left: Range, needed: Range, block_bytes: int, settings: Settings, *, too_many: bool) -> str:
    """One block is held back. Only what the lower bounds say is certain: nothing beside weights and caches."""
    if needed.least + block_bytes > left.most or left.most <= 0:
        return TOO_LARGE
    if settings.more or too_many or needed.most + block_bytes > left.least:
        return CLOSE
    return FITS


def _smallest(question: Question) -> int | None:
    """The least power of two of tensor parallelism with which it fits, of the devices that there are."""
    most = question.device.devices or 8
    tensor = 1
    while tensor <= most:
        if question.valid is not None and not question.valid(tensor):
            tensor *= 2
            continue
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
