"""Did you mean: the known name that a wrong one is most likely meant to be."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

ALIKE = 0.75
ALMOST_THE_SAME = 0.88
"""Where an unknown name may well be meant, only one that differs by a letter or two is taken for a slip."""


MOST_GUESSES = 50
"""For how many unknown names of one config the likeliest is looked for: whoever has more has not made a slip."""
_LONGEST = 200


def nearest(name: str, known: Iterable[str], least: float = ALIKE) -> str | None:
    """The likeliest of the known names; None where none is like it: a wrong guess costs more than none."""
    if not isinstance(name, str) or len(name) > _LONGEST:  # a key of YAML may be a number
        return None
    from difflib import SequenceMatcher  # of no use to a config without a slip

    wanted = name.lower()
    best, most = None, least
    for other in known:
        # Twice the shorter length is the most that two texts can share.
        if 2 * min(len(name), len(other)) < most * (len(name) + len(other)):
            continue
        matcher = SequenceMatcher(None, wanted, other.lower(), autojunk=False)
        if matcher.quick_ratio() < most:
            continue
        likeness = matcher.ratio()
        if likeness > most or (best is None and likeness >= most):
            best, most = other, likeness
    return best


def near_names(name: str, known: Iterable[str], *, most: int = 1, cutoff: float = 0.6) -> list[str]:
    """`difflib.get_close_matches` of a name of bounded length."""
    from difflib import get_close_matches

    if len(name) > _LONGEST:
        return []
    return get_close_matches(name, [other for other in known if len(other) <= _LONGEST], n=most, cutoff=cutoff)
