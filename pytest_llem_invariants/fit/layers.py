"""The caches of a model under some settings: the specification of each layer, and how they are used."""

from __future__ import annotations

from pytest_llem_invariants.fit import cache
from pytest_llem_invariants.fit.cache import Spec, Use
from pytest_llem_invariants.fit.laws import UnknownSizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_llem_invariants.fit.models import Part, Sizes
    from pytest_llem_invariants.fit.settings import Settings

BLOCK = 16
"""The tokens of a block where nothing asks for others."""
_MOST_STATES = 3
"""The blocks of a state that a request holds at most: the last two, and for some layers one of the prompt."""
_OF_MLA = 128
"""With states beside a compressed cache, a block is a multiple of this."""


class Caches:
    """The caches of one replica: the groups of all stages, and what of them a stage holds."""

    def __init__(self, sizes: Sizes, settings: Settings, *, block: int | None = None, kernel: int = BLOCK) -> None:
        """`kernel` is what the backend wants a block to be a multiple of."""
        parts = sorted(sizes.caches(settings.tensor), key=lambda part: part.layer or 0)
        self.block = block or settings.block or BLOCK
        specs: dict[str, Spec] = {}
        self.layers: dict[str, int] = {}
        self.count = max((part.layers for part in parts), default=0)
        for number, part in enumerate(parts):
            for copy in range(part.item["n"]):
                name = f"{number}.{copy}"
                specs[name] = _spec(part, settings, self.block)
                self.layers[name] = part.layer or 0
        kinds = {spec.kind for spec in specs.values()}
        if cache.STATE in kinds and len(kinds) > 1:
            specs, self.block = cache.aligned(
                specs, _token(specs), kernel, max(self.block, _OF_MLA) if "mla" in kinds else self.block
            )
        self.specs = specs
        self.groups = cache.groups_of(specs, hybrid=settings.hybrid)
        self.has_state = cache.STATE in kinds

    def of_stage(self, stages: int, rank: int) -> list[cache.Group]:
        """The groups with the layers of one stage."""
        if stages == 1:
            return self.groups
        first, last = cache.stage_bounds(self.count, stages, rank)
        return [
            {name: spec for name, spec in group.items() if first <= self.layers[name] < last} for group in self.groups
        ]

    def use(self, settings: Settings, length: int, in_flight: int, encoder: int = 0) -> Use:
        """How a request of a length uses them."""
        states = _MOST_STATES if settings.prefix and self.has_state else 1
        return Use(length, in_flight, settings.context, states, encoder)

    @property
    def per_token(self) -> int:
        """The bytes of one more token of a long request, in the layers that keep all of them."""
        return sum(spec.size // spec.block for spec in self.specs.values() if spec.base == cache.FULL)

    @property
    def fixed(self) -> int:
        """The bytes that a request takes whatever its length: the states."""
        return sum(spec.size for spec in self.specs.values() if spec.kind == cache.STATE)


def _token(specs: Mapping[str, Spec]) -> int:
    return max(spec.page // spec.block for spec in specs.values() if spec.kind != cache.STATE)


def _spec(part: Part, settings: Settings, block: int) -> Spec:
    kind, sizes = part.item["cache"], part.sizes
    width = settings.cache_width or settings.width
    if kind == cache.STATE:
        return Spec(kind, 1, _bytes_of_state(sizes, settings))
    if kind not in (cache.FULL, "mla", cache.SLIDING, cache.CHUNKED, cache.CROSS):
        raise UnknownSizeError(f"a cache of the kind {kind}")
    if "state_content_bytes" in sizes or "tokens_per_state" in sizes or sizes.get("alignment"):
        raise UnknownSizeError("a cache that is packed")
    heads = sizes.get("num_head_slots", sizes["num_kv_heads"])
    row = (sizes["head_size"] + sizes.get("head_size_v", 0)) * width
    reach = sizes.get("sliding_window") or sizes.get("attention_chunk_size") or 0
    return Spec(kind, block, heads * row * block, heads, reach)


def _bytes_of_state(sizes: Mapping[str, object], settings: Settings) -> int:
    shapes, widths = sizes["shapes"], sizes["bytes"]
    if not isinstance(shapes, list) or not isinstance(widths, list):
        raise UnknownSizeError("a state without a shape")
    total = 0
    for at, (shape, width) in enumerate(zip(shapes, widths, strict=True)):
        is_running = at > 0 and at == len(shapes) - 1  # what stands before it is of the convolution
        number = (settings.state_width if is_running else None) or width or settings.width
        for one in shape:
            number *= one
        total += number
    return total
