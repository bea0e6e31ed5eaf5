"""Which of the ways out of a rule to tell somebody who wrote a certain config, and in which words."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

_MOST_WAYS = 3
_BOUND = " to at most "


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
    return joined(_spelled(_solved(text, of, written, values), written) for text, of, _ in told)


def is_negated(field: str, name: str) -> bool:
    """Whether a field was written as an option that says its opposite: `--no-enable-x`."""
    bare = name.lstrip("-").replace("-", "_")
    return bare.startswith("no_") and bare != field


def _solved(text: str, of: Sequence[str], written: Mapping[str, str], values: Mapping[str, Any]) -> str:
    """`set a * b to at most fact` as what that says of the one of them that was written, where the rest is known."""
    product, sign, fact = text.removeprefix("set ").partition(_BOUND)
    factors = product.split(" * ")
    given = [name for name in factors if name in written]
    if not sign or len(factors) < 2 or set(factors) != set(of) or len(given) != 1 or type(values.get(fact)) is not int:
        return text
    rest = 1
    for name in factors:
        if name not in given:
            if type(values.get(name)) is not int:
                return text
            rest *= values[name]
    most = values[fact] // rest if rest > 0 else 0
    return f"set {given[0]}{_BOUND}{most}" if most > 0 else text


def _spelled(text: str, written: Mapping[str, str]) -> str:
    """The text with each written field in the words of the document."""
    is_left_out = text.startswith("leave ")
    others = {
        field: name
        for field, name in written.items()
        if field != name and field in text and (is_left_out or not is_negated(field, name))
    }
    if not others:
        return text
    import re

    pattern = "|".join(map(re.escape, sorted(others, key=len, reverse=True)))
    return re.sub(rf"(?<![\w.'\"-])(?:{pattern})(?![\w'\"-])", lambda found: others[found[0]], text)
