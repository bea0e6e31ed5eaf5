"""Did you mean: the known name most similar to a wrong one."""

from __future__ import annotations

from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

ALIKE = 0.75
ALMOST_THE_SAME = 0.88
"""If an unknown name may be intended, only one that differs by a letter or two counts as a typo."""


MOST_GUESSES = 50
"""For how many unknown names of one config a suggestion is searched: a config with more has no typos."""
_LONGEST = 200


def nearest(name: str, known: Iterable[str], least: float = ALIKE) -> str | None:
    """The most similar known name; None if none is similar: a wrong guess costs more than none."""
    if not isinstance(name, str) or len(name) > _LONGEST:  # a key of YAML may be a number
        return None
    return _nearest(name, tuple(known), least)


@lru_cache(maxsize=512)
def _nearest(name: str, known: tuple[str, ...], least: float) -> str | None:
    """The same, remembered: in the files of one repository a mistake is made again and again."""
    from difflib import SequenceMatcher  # not needed for a config without typos

    wanted = name.lower()
    best, most = None, least
    for other in known:
        # Two texts share at most twice the shorter length.
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
    """`difflib.get_close_matches` for a name of limited length."""
    from difflib import get_close_matches

    if len(name) > _LONGEST:
        return []
    return get_close_matches(name, [other for other in known if len(other) <= _LONGEST], n=most, cutoff=cutoff)
