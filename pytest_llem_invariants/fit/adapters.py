"""What an engine keeps free for adapters: of each linear layer two thin matrices a slot, of the greatest rank."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytest_llem_invariants.fit.models import Part, Sizes
    from pytest_llem_invariants.fit.settings import Settings


def adapters(sizes: Sizes, settings: Settings) -> int:
    """The most bytes of them on one device: of every linear layer, and of the whole vocabulary on each rank.

    A library gives some of these layers none, so the least is nothing. Those of experts are not counted.
    """
    if settings.adapters is None:
        return 0
    slots, rank = settings.adapters
    numbers = 0
    for part in sizes.tensors(settings.tensor):
        if len(part.sizes) != 2:
            continue
        wide, narrow = part.sizes
        if part.item.get("of") == "linear":
            numbers += part.item["n"] * wide + _slices(part, sizes) * narrow
        elif part.item.get("of") == "vocabulary":
            numbers += part.item["n"] * (wide * settings.tensor + narrow)
    return slots * rank * numbers * settings.width


def has_experts(sizes: Sizes, settings: Settings) -> bool:
    """Whether some adapters are not counted."""
    return any(part.item.get("of") == "experts" for part in sizes.tensors(settings.tensor))


def _slices(part: Part, sizes: Sizes) -> int:
    """How many layers of a checkpoint these are: each has an adapter of its own, though they are kept as one."""
    packed = sizes.entry.get("packed", {})
    named = [max(1, len(packed.get(name.rpartition(".")[2], ()))) for name in part.item.get("names", ())]
    return sum(named) + max(0, int(part.item["n"]) - len(named))
