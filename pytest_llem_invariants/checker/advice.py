"""Which of the ways out of a rule to tell somebody who wrote a certain config, and in which words."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

_MOST_WAYS = 3


def joined(texts: Iterable[str]) -> str:
    """Alternatives in one sentence."""
    return " or ".join(texts)


def advice(ways: Sequence[Sequence[Any]], written: Mapping[str, str], values: Mapping[str, Any]) -> str:
    """What to change of what was written first, then what the library itself proposes; of a rule, not of a config, all.

    `written` are the fields that the config gives, with the names under which they stand there. What stands at its
    default and is not spoken of is no cause.
    """
    touching = [way for way in ways if any(field in written for field in way[1])]
    others = [way for way in ways if way not in touching and way[2]]
    told = [*touching, *others][:_MOST_WAYS] or list(ways)
    return joined(
        _spelled(text if bound is None else _solved(text, of, bound, written, values), written, leaves_out)
        for text, of, _, bound, leaves_out in told
    )


def is_negated(field: str, name: str) -> bool:
    """Whether a field was written as an option that says its opposite: `--no-enable-x`."""
    bare = name.lstrip("-").replace("-", "_")
    return bare.startswith("no_") and bare != field


def _solved(
    text: str, factors: Sequence[str], bound: str, written: Mapping[str, str], values: Mapping[str, Any]
) -> str:
    """A bound on a product as what that says of the one factor that was written, where the rest is known."""
    given = [name for name in factors if name in written]
    known = [values.get(name) for name in (bound, *factors) if name not in given]
    numbers = [value for value in known if type(value) is int and value > 0]
    if len(given) != 1 or len(numbers) < len(known):
        return text
    most, *rest = numbers
    for number in rest:
        most //= number
    return f"set {given[0]} to at most {most}" if most else text


def _spelled(text: str, written: Mapping[str, str], leaves_out: bool) -> str:
    """The text with each written field in the words of the document."""
    others = {
        field: name
        for field, name in written.items()
        if field != name and field in text and (leaves_out or not is_negated(field, name))
    }
    if not others:
        return text
    import re

    pattern = "|".join(map(re.escape, sorted(others, key=len, reverse=True)))
    return re.sub(rf"(?<![\w.'\"-])(?:{pattern})(?![\w'\"-])", lambda found: others[found[0]], text)
