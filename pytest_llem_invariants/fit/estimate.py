"""What a process holds on a device beside weights and caches: estimated, from measurements that were published.

No formula tells it: it depends on kernels, libraries and the driver. So it is a range, and its lower end is nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from pytest_llem_invariants.fit.weights import Range, main_family

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytest_llem_invariants.fit.models import Sizes
    from pytest_llem_invariants.fit.settings import Settings

GIB = 1024**3
_LEAST_SEEN = 0.9
"""The least share that a driver shows of the memory as sold: 14.6 of 16 GiB on a T4, 44.4 of 48 on an L40S."""
_LEAST_SEEN_OF_LARGE = 0.98
"""The same of large devices: 79.1 of 80 GiB on an H100, 139.7 of 141 on an H20."""
_HIDDEN_COPIES = 12
_WIDE_COPIES = 4
_LOGITS_COPIES = 6
_PATCHES = 4 * 16384
"""What an encoder of images is measured with: the patches of the largest picture."""
_CONTEXT = 3.5
_RANKS = 2.0
_GRAPHS = 1.0
_LARGE = 70 * GIB
_LARGEST = 160 * GIB
_USUAL = 0.5
"""The usual need as a share of the most."""


class Beside(NamedTuple):
    """The estimate: activations at their peak, graphs, and what the libraries keep; its most, and what is usual."""

    most: int
    usual: int

    @property
    def range(self) -> Range:
        return Range(0, self.most)


def beside(sizes: Sizes, settings: Settings, memory: int) -> Beside:
    """What is held beside weights and caches on one device of so much memory."""
    hidden = vocabulary = wide = 0
    parts = list(sizes.tensors(settings.tensor))
    main = main_family(parts)
    encoders: dict[str, tuple[int, int]] = {}
    for part in parts:
        kind = part.item.get("of", "")
        if kind == "linear" and len(part.sizes) == 2 and part.family not in (None, main):
            narrow, widest = encoders.get(part.family, (2**62, 0))
            encoders[part.family] = (min(narrow, *part.sizes), max(widest, *part.sizes))
            continue
        if kind == "vocabulary" and len(part.sizes) == 2:
            vocabulary, hidden = max(vocabulary, part.sizes[0] * settings.tensor), max(hidden, part.sizes[1])
        elif kind == "linear" and len(part.sizes) == 2:
            wide = max(wide, *part.sizes)
    tokens = settings.batch or (8192 if memory >= _LARGE else 2048)
    requests = at_once(settings, memory)
    activations = tokens * 2 * (_HIDDEN_COPIES * hidden + _WIDE_COPIES * wide)
    pictures = [_PATCHES * 2 * (_HIDDEN_COPIES * least + _WIDE_COPIES * most) for least, most in encoders.values()]
    activations += max(pictures, default=0)
    logits = min(requests, tokens) * vocabulary * 4 * _LOGITS_COPIES
    kept = _CONTEXT + (_RANKS if settings.tensor > 1 else 0) + (0 if settings.eager else _GRAPHS)
    most = activations + logits + int(kept * GIB)
    return Beside(most, int(most * _USUAL))


def at_once(settings: Settings, memory: int) -> int:
    """How many requests may run at once: what the config says, or what large devices are given by default."""
    return settings.requests or (1024 if memory >= _LARGE else 256)


def at_least(settings: Settings, memory: int) -> int:
    """How many requests run at once whatever the device is called: some of these sizes are given fewer by default."""
    return settings.requests or (1024 if memory >= _LARGEST else 256)


def seen(memory: int, *, is_measured: bool) -> Range:
    """What a driver shows of the memory of a device: what was measured, or at least this of what it is sold with."""
    share = 1.0 if is_measured else _LEAST_SEEN_OF_LARGE if memory >= _LARGE else _LEAST_SEEN
    return Range(int(memory * share), memory)
