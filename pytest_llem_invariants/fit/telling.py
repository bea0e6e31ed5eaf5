"""An answer about memory in words, as a table with a bar, and as data."""

from __future__ import annotations

from pytest_llem_invariants.fit.answer import CLOSE, FITS, TOO_LARGE, Answer, gibibytes
from pytest_llem_invariants.fit.estimate import GIB
from pytest_llem_invariants.fit.weights import Range

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

_WIDTH = 50
_BECAUSE = {
    FITS: "also with the most that the rest was seen to take",
    CLOSE: "it depends on what activations, graphs and libraries take",
    TOO_LARGE: "weights and caches alone are too large",
}


def told(found: Answer, device: str, fields: Mapping[str, str] | None = None) -> Iterator[str]:
    """The lines of the text output; `fields` is what the engine calls our settings."""
    gpus = "1 GPU" if found.gpus == 1 else f"{found.gpus} GPUs"
    because = "how long a request may be is not known" if found.lacks_length else _BECAUSE[found.verdict]
    yield f"{found.verdict} on {gpus} of {device}: {because}"
    yield ""
    yield f"{'per GPU':<24} {'at least':>12} {'at most':>12}"
    rows = [
        ("memory to use", found.budget),
        ("weights", found.weights),
        ("activations, graphs, …", found.beside.range),
        ("left for caches", found.left),
    ]
    if found.adapters:
        rows.insert(3, ("room for adapters", Range(0, found.adapters)))
    if found.asked is not None:
        rows.append((f"one request of {found.asked:,}", found.needed))
    for name, size in rows:
        yield f"  {name:<22} {_short(size.least):>12} {_short(size.most):>12}"
    yield ""
    yield _bar(found)
    yield ""
    yield f"  caches: {found.per_token:,} bytes a token{_fixed(found)}, {found.groups} group(s)"
    yield f"  blocks: {_between(found.blocks)} of {found.block} tokens, {found.block_bytes:,} bytes each"
    yield f"  longest request: {_between(found.longest)} tokens"
    if found.asked is not None:
        yield f"  at once at {found.asked:,} tokens: {found.at_once[0]:.2f} to {found.at_once[1]:.2f} requests"
    if found.sequences is not None:
        yield f"  states: {found.sequences:,} requests at once, each in a block{_too_many(found, fields or {})}"
    if found.smallest is not None:
        yield f"  smallest tensor parallelism that fits: {found.smallest}"
    if found.open:
        yield f"  not counted: {', '.join(found.open)}"
    if not found.is_confirmed:
        yield "  the sizes are those of another engine: this one was not asked about such a model"
    yield "  weights and caches are exact where both bounds agree; the rest is estimated"


def summary(found: Answer) -> str:
    """One sentence with the figures that decide."""
    needed = f"{gibibytes(found.needed.least)} of caches for {found.asked:,} tokens" if found.asked else "caches"
    longest = found.longest.most
    fits = f"at most {longest:,} tokens fit" if longest else "no request fits"
    return (
        f"does not fit: {gibibytes(found.weights.least)} of weights and {needed} on each of {found.gpus} GPU(s), "
        f"of which {gibibytes(found.budget.most)} may be used — {fits}, and less with activations and graphs"
    )


def too_many_states(found: Answer, sequences: int) -> str | None:
    """One sentence where so many requests cannot have a block of their own each; None where they may."""
    if found.sequences is None or sequences <= found.blocks.most:
        return None
    return (
        f"{sequences:,} requests at once each hold a block for their states, and at most {found.blocks.most:,} fit: "
        "the engine refuses to start, or runs fewer"
    )


def as_dict(found: Answer) -> dict[str, Any]:
    """The answer as data: sizes in bytes, of one GPU."""
    return {
        "verdict": found.verdict,
        "gpus": found.gpus,
        "budget": found.budget._asdict(),
        "weights": found.weights._asdict(),
        "beside": {"least": 0, "most": found.beside.most, "usual": found.beside.usual, "is_estimated": True},
        "adapters": {"least": 0, "most": found.adapters, "is_estimated": True},
        "left_for_caches": found.left._asdict(),
        "cache": {
            "bytes_per_token": found.per_token,
            "bytes_per_request": found.fixed,
            "groups": found.groups,
            "block_tokens": found.block,
            "block_bytes": found.block_bytes,
            "blocks": found.blocks._asdict(),
        },
        "asked_length": found.asked,
        "needed_for_asked_length": found.needed._asdict(),
        "longest": found.longest._asdict(),
        "concurrency": {"least": found.at_once[0], "most": found.at_once[1]},
        "requests_with_states": found.sequences,
        "smallest_tensor_parallel": found.smallest,
        "not_counted": list(found.open),
        "is_confirmed": found.is_confirmed,
    }


def _too_many(found: Answer, fields: Mapping[str, str]) -> str:
    """What to do where there are fewer blocks than requests."""
    name = fields.get("requests", "the requests at once")
    least, most = found.blocks
    if found.sequences is None or found.sequences <= least:
        return ""
    if found.sequences > most:
        return f" — too many: lower {name} to {most:,} or less"
    return f" — may be too many: {name} of {max(least, 1):,} is safe"


def _bar(found: Answer) -> str:
    """Weights, the usual rest, and what is left, as shares of what may be used."""
    whole = max(found.budget.most, 1)
    parts = [(found.weights.most, "#"), (found.beside.usual, "+")]
    if found.asked is not None:
        parts.append((found.needed.least, "="))
    bar = "".join(sign * max(1, round(_WIDTH * size / whole)) for size, sign in parts if size > 0)
    over = " over" if len(bar) > _WIDTH else ""
    return f"  [{bar[:_WIDTH]:.<{_WIDTH}}]{over}  # weights  + usual rest  = one request  . free"


def _fixed(found: Answer) -> str:
    return f" and {found.fixed:,} a request" if found.fixed else ""


def _between(size: Range) -> str:
    return f"{size.most:,}" if size.least == size.most else f"{size.least:,} to {size.most:,}"


def _short(size: int) -> str:
    return f"{size / GIB:,.2f} GiB"
