"""Did you mean: the known name most similar to a wrong one."""

from __future__ import annotations

from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

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


def slip_of(name: str, known: Iterable[str]) -> str | None:
    """The known name of which this one is a slip of letters; None where it may be another word, or several are as near.

    A name in which a whole word stands for another one is no slip: `disable_x` is never offered for `enable_x`.
    """
    if not isinstance(name, str) or len(name) > _LONGEST:
        return None
    return _slip_of(name, tuple(known))


@lru_cache(maxsize=512)
def _slip_of(name: str, known: tuple[str, ...]) -> str | None:
    """The same, remembered like `_nearest`."""
    allowed = 1 if len(name) < _SHORT else 2 if len(name) < _MIDDLING else 3
    near = _within(name, known, allowed)
    words = {word for other in known for word in _words(other)} if near else set()
    found = [(far, other) for far, other in near if not _is_other_word(_words(name), _words(other), words)]
    found.sort()
    if not found or (len(found) > 1 and found[0][0] == found[1][0]):
        return None
    return found[0][1]


def is_sure_slip(name: str, meant: str, known: Iterable[str]) -> bool:
    """Whether one letter is wrong, missing, too many or swapped in a long name, and no other known name is near."""
    if min(len(name), len(meant)) < _LONG or _distance(name.lower(), meant.lower(), 1) != 1:
        return False
    return all(other == meant for _, other in _within(name, tuple(known), 3))


_LONG = 8
_SHORT = 7
_SHORT_WORD = 4
_MIDDLING = 16


def _words(name: str) -> list[str]:
    return name.lower().replace("-", "_").strip("_").split("_")


def _is_other_word(meant: list[str], other: list[str], words: Collection[str]) -> bool:
    """Whether the names differ in a word of its own, or in one so short that a letter makes another of it."""
    if len(meant) != len(other):
        return False
    differing = [(one, two) for one, two in zip(meant, other, strict=True) if one != two]
    return any(one in words or _is_short(one, two) or {one, two} in _OPPOSITES for one, two in differing)


def _is_short(one: str, two: str) -> bool:
    return len(one) < _SHORT_WORD and len(one) == len(two) and sorted(one) != sorted(two)


_OPPOSITES = (
    {"enable", "disable"},
    {"min", "max"},
    {"with", "without"},
    {"in", "out"},
    {"on", "off"},
    {"include", "exclude"},
    {"allow", "disallow"},
    {"input", "output"},
)


def _distance(one: str, two: str, most: int) -> int:
    """How many letters are wrong, missing, too many or swapped with their neighbour; `most + 1` of more than that."""
    if abs(len(one) - len(two)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(two) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, other in enumerate(two, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == two[j - 2] and one[i - 2] == other:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def _within(name: str, known: tuple[str, ...], most: int) -> list[tuple[int, str]]:
    """The known names that are at most so many letters away, with how many.

    Each letter that only one of the two has costs an edit, which is quickly seen of most that are not near.
    """
    wanted = name.lower()
    letters = _letters(wanted)
    found: list[tuple[int, str]] = []
    for other, lower, theirs in _lowered(known):
        if abs(len(lower) - len(wanted)) > most or (letters & ~theirs).bit_count() > most:
            continue
        if (theirs & ~letters).bit_count() <= most:
            distance = _distance(wanted, lower, most)
            if distance <= most:
                found.append((distance, other))
    return found


@lru_cache(maxsize=64)
def _lowered(known: tuple[str, ...]) -> list[tuple[str, str, int]]:
    """Each name that is not too long, in lower case, and its letters."""
    return [(other, other.lower(), _letters(other.lower())) for other in known if len(other) <= _LONGEST]


def _letters(name: str) -> int:
    """The letters of a name as the bits of a number; letters that share a bit make two names look nearer."""
    bits = 0
    for letter in name:
        bits |= 1 << (ord(letter) & 63)
    return bits


def near_names(name: str, known: Iterable[str], *, most: int = 1, cutoff: float = 0.6) -> list[str]:
    """`difflib.get_close_matches` for a name of limited length."""
    from difflib import get_close_matches

    if len(name) > _LONGEST:
        return []
    return get_close_matches(name, [other for other in known if len(other) <= _LONGEST], n=most, cutoff=cutoff)


def said_names(name: str, known: Iterable[str], *, most: int = 6) -> str:
    """Which names are nearest to one that is not known or, where none is like it, which are known, not all of many."""
    every = sorted(known)
    close = near_names(name, every, most=3)
    if close:
        return f"nearest are {', '.join(close)}"
    more = f", … ({len(every)} in all)" if len(every) > most else ""
    return f"known are {', '.join(every[:most])}{more}"
