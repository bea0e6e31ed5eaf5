"""Regular expressions that answer in a time that grows with the text, and no faster.

Python's matcher tries one way after another. A pattern is taken here only if at each repetition the next two letters
say whether it goes on, so that a wrong way ends at once; only a few choices outside of repetitions may stay open.
Everything else is refused when a corpus is read: nested or overlapping repetitions, references to groups.
"""

from __future__ import annotations

import re
import re._constants as sre  # type: ignore[import-not-found]  # what the standard library's own matcher reads; hypothesis does the same
import re._parser as sre_parser  # type: ignore[import-not-found]
from functools import lru_cache, reduce

TYPE_CHECKING = False  # a check of a config comes here: `typing` would cost it more than the answer
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    Start = tuple[int, ...]
    """The first two letters of a text, as sets; fewer where the text ends there."""
    Rest = tuple[frozenset[Start], int, bool]
    """What comes behind a place: how it may start, its greatest length, and whether it holds only where text begins."""

LONGEST_TEXT = 32_768
"""Of a longer text nothing is said: it neither matches nor fails to match."""
_LONGEST_PATTERN = 2_000
_MOST_WAYS = 512
"""How often a letter of the text may be looked at."""
_MOST_WORK = 100_000
_SHORT = 64
"""How long may be what is tried at each letter of a text."""
_MOST_STARTS = 256
_ENDLESS = 1 << 40
_SAMPLES = frozenset(map(ord, "\u0661\u2003\u00e9\u20ac\u0131\u0130\u017f\u212a\x85"))
"""Beyond ASCII: a digit, a space, a letter, a sign, what is another case of an ASCII letter, a separator."""
_LETTERS = frozenset({sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN})
_REPEATS = frozenset({sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT})
_LOOKS = frozenset({sre.ASSERT, sre.ASSERT_NOT})
_NOTHING: Rest = (frozenset({()}), 0, False)

_EXPONENT = r"(_?[eE](_?[+-])?_?\d+(_\d+)*)?"
DECIMAL = (
    rf"^\s*([+-]_?)?(\d+(_\d+)*(_?\.\d*(_\d+)*)?{_EXPONENT}|\._?\d+(_\d+)*{_EXPONENT}"
    r"|(?i:i_?n_?f(_?i_?n_?i_?t_?y)?|n_?a_?n))\s*$"
)
"""All text that some library reads as a number, also `1_.e_5`."""
_REWRITTEN = (
    (
        r"^\s*(?!_|.*__|.*_\s*$)[+-]?((?=[._]*\d)[\d_]*\.?[\d_]*([eE]_?[+-]?[\d_]+)?"
        r"|(?i:_?(i_?n_?f(_?i_?n_?i_?t_?y)?|n_?a_?n)))\s*$",
        DECIMAL,
    ),
)
"""Spellings of earlier corpora, and the linear ones that match the same texts."""


class NonLinearError(ValueError):
    """A pattern that may take more than linear time, or that is no regular expression."""


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern ready to be searched for; NonLinearError says why it is refused."""
    text = rewritten(pattern)
    if len(text) > _LONGEST_PATTERN:
        raise NonLinearError(f"it is longer than {_LONGEST_PATTERN:,} letters")
    try:
        _Proof(sre_parser.parse(text)).hold()
        return re.compile(text)
    except (re.error, OverflowError) as error:
        raise NonLinearError(f"it is no regular expression: {error}") from error
    except RecursionError as error:
        raise NonLinearError("it nests too deep") from error


def rewritten(pattern: str) -> str:
    """The pattern in its linear spelling."""
    return reduce(lambda text, pair: text.replace(*pair), _REWRITTEN, pattern)


def is_found(pattern: str, text: str) -> bool | None:
    """Whether the pattern is found in the text; None where it cannot be told in bounded time."""
    if len(text) > LONGEST_TEXT:
        return None
    try:
        return compiled(pattern).search(text) is not None
    except NonLinearError:
        return None


class _Proof:
    """That one pattern takes linear time."""

    def __init__(self, tree: Any) -> None:
        self._tree = tree
        beyond = (letter for letter in _literals(tree) if letter > 127)
        self._alphabet = sorted({*range(128), *_SAMPLES, *beyond})
        self._all = (1 << len(self._alphabet)) - 1
        self._known: dict[tuple[str, int], int] = {}
        self._work = 0

    def hold(self) -> None:
        """Go through the whole pattern, from behind."""
        items, flags = list(self._tree), self._tree.state.flags
        ways = self._ways(items, _NOTHING, flags, is_repeated=False)
        _, width, is_anchored = self._before(items, _NOTHING, flags)
        if is_anchored:
            return
        width = min(width, self._fallible(items, flags))
        if width > _SHORT and self._starts_anew(items, flags):
            width = _SHORT
        if width > _SHORT:
            raise NonLinearError("it may start anywhere and has no bounded length; begin it with \\A")
        if ways * max(width, 1) > _MOST_WAYS:
            raise NonLinearError("too many of its choices overlap")

    def _fallible(self, items: Sequence[Any], flags: int) -> int:
        """How long what may fail can be: a repetition at the end has succeeded once it has its least number."""
        if not items or items[-1][0] not in _REPEATS:
            return self._before(items, _NOTHING, flags)[1]
        least, _, inner = items[-1][1]
        least_width = self._before(list(inner), _NOTHING, flags)[1] * int(least)
        return self._before(items[:-1], _NOTHING, flags)[1] + least_width

    def _starts_anew(self, items: Sequence[Any], flags: int) -> bool:
        """Whether no repetition goes past a letter with which the pattern may start: then no two tries share one."""
        firsts = 0
        for way in self._free_beginnings(items):
            for start in self._before(way, _NOTHING, flags)[0]:
                firsts |= start[0] if start else self._all
        return not firsts & self._repeated(items, flags, is_repeated=False)

    def _free_beginnings(self, items: Sequence[Any]) -> Iterator[Sequence[Any]]:
        """The ways to begin a pattern other than where the text begins."""
        (op, value), *others = items
        if op is sre.SUBPATTERN and not value[1] and not value[2]:
            yield from self._free_beginnings([*value[3], *others])
        elif op is sre.BRANCH:
            for branch in value[1]:
                yield from self._free_beginnings([*branch, *others])
        elif op is not sre.AT or value is not sre.AT_BEGINNING_STRING:
            yield items

    def _repeated(self, items: Iterable[Any], flags: int, *, is_repeated: bool) -> int:
        """Every letter that stands in a repetition or in what looks ahead."""
        letters = 0
        for op, value in items:
            if op in _LETTERS:
                letters |= self._letters(op, value, flags) if is_repeated else 0
            elif op is sre.BRANCH:
                for branch in value[1]:
                    letters |= self._repeated(branch, flags, is_repeated=is_repeated)
            elif op is sre.SUBPATTERN:
                _, added, removed, inner = value
                letters |= self._repeated(inner, (flags | added) & ~removed, is_repeated=is_repeated)
            elif op in _REPEATS:
                letters |= self._repeated(value[2], flags, is_repeated=is_repeated or value[1] > _SHORT)
            elif op is not sre.AT:
                letters |= self._all
        return letters

    def _spend(self, work: int) -> None:
        self._work += work
        if self._work > _MOST_WORK:
            raise NonLinearError("it is too complicated")

    # How many ways lead through, where each repetition is decided

    def _ways(self, items: Sequence[Any], rest: Rest, flags: int, *, is_repeated: bool) -> int:
        ways = 1
        for item in reversed(items):
            ways *= self._ways_of(item, rest, flags, is_repeated)
            rest = self._before_one(item, rest, flags)
            if ways > _MOST_WAYS:
                raise NonLinearError("too many of its choices overlap")
        return ways

    def _ways_of(self, item: Any, rest: Rest, flags: int, is_repeated: bool) -> int:
        op, value = item
        if op in _REPEATS:
            return self._ways_of_repeat(value, rest, flags, is_repeated)
        if op is sre.BRANCH:
            return self._ways_of_branch(value[1], rest, flags, is_repeated)
        if op is sre.SUBPATTERN:
            _, added, removed, inner = value
            return self._ways(list(inner), rest, (flags | added) & ~removed, is_repeated=is_repeated)
        if op is sre.ATOMIC_GROUP:
            return self._ways(list(value), rest, flags, is_repeated=is_repeated)
        if op in _LOOKS:
            inner = list(value[1])
            if is_repeated and self._before(inner, _NOTHING, flags)[1] > _SHORT:
                raise NonLinearError("a repetition looks ahead without a bound")
            return self._ways(inner, _NOTHING, flags, is_repeated=False)
        if op is sre.AT and is_repeated:
            raise NonLinearError("an anchor stands in a repetition")
        return 1

    def _ways_of_branch(self, branches: Sequence[Any], rest: Rest, flags: int, is_repeated: bool) -> int:
        each = [self._ways(list(branch), rest, flags, is_repeated=is_repeated) for branch in branches]
        starts = [self._before(list(branch), rest, flags)[0] for branch in branches]
        most = 1
        for one in starts:
            alike = (ways for ways, other in zip(each, starts, strict=True) if one is other or self._meet(one, other))
            most = max(most, sum(alike))
        if is_repeated and most > max(each):
            raise NonLinearError("alternatives in a repetition begin alike")
        return most

    def _ways_of_repeat(self, repeat: Any, rest: Rest, flags: int, is_repeated: bool) -> int:
        least, most, inner = repeat
        body = list(inner)
        is_loop = most is sre.MAXREPEAT or most > 1
        if is_loop and inner.getwidth()[0] == 0:
            raise NonLinearError("what is repeated may be empty")
        behind = self._behind_a_round(body, rest, flags) if is_loop else rest
        ways = self._ways(body, behind, flags, is_repeated=is_repeated or is_loop)
        if least == most or not self._meet(self._before(body, behind, flags)[0], rest[0]):
            return ways
        if is_repeated:
            raise NonLinearError("a repetition in a repetition may end in several ways")
        if most is not sre.MAXREPEAT and most - least <= _SHORT:
            return ways * int(most - least + 1)
        if rest[2]:
            return ways
        if rest[1] > _SHORT:
            raise NonLinearError("two repetitions one after the other may share the same text")
        return ways * max(rest[1], 1)

    def _behind_a_round(self, body: Sequence[Any], rest: Rest, flags: int) -> Rest:
        """What may come behind one round of a repetition: another one, or what follows."""
        starts = rest[0]
        for _ in range(2):
            starts = self._bounded(rest[0] | self._before(body, (starts, _ENDLESS, False), flags)[0])
        return starts, _ENDLESS, False

    # How what begins at a place may start

    def _before(self, items: Sequence[Any], rest: Rest, flags: int) -> Rest:
        for item in reversed(items):
            rest = self._before_one(item, rest, flags)
        return rest

    def _before_one(self, item: Any, rest: Rest, flags: int) -> Rest:
        op, value = item
        starts, width, is_anchored = rest
        self._spend(len(starts))
        if op in _LETTERS:
            letters = self._letters(op, value, flags)
            return frozenset({(letters, *start[:1]) for start in starts}), min(width + 1, _ENDLESS), False
        if op is sre.SUBPATTERN:
            _, added, removed, inner = value
            return self._before(list(inner), rest, (flags | added) & ~removed)
        if op is sre.ATOMIC_GROUP:
            return self._before(list(value), rest, flags)
        if op is sre.BRANCH:
            ways = [self._before(list(branch), rest, flags) for branch in value[1]]
            every = self._bounded(frozenset().union(*(way[0] for way in ways)))
            return every, max(way[1] for way in ways), all(way[2] for way in ways)
        if op in _REPEATS:
            return self._before_repeat(value, rest, flags)
        if op in _LOOKS:
            if op is sre.ASSERT_NOT and value[0] > 0:
                starts = self._unlike(starts, list(value[1]), flags)
            return starts, min(width + self._before(list(value[1]), _NOTHING, flags)[1], _ENDLESS), False
        if op is sre.AT:
            begins = value is sre.AT_BEGINNING_STRING or (value is sre.AT_BEGINNING and not flags & re.MULTILINE)
            return starts, width, begins or is_anchored
        raise NonLinearError("it refers to a group" if "GROUPREF" in str(op) else f"it holds {str(op).lower()}")

    def _before_repeat(self, repeat: Any, rest: Rest, flags: int) -> Rest:
        least, most, inner = repeat
        body = list(inner)
        rounds = 1 << 20 if most is sre.MAXREPEAT else int(most)
        width = min(rest[1] + self._before(body, _NOTHING, flags)[1] * rounds, _ENDLESS)
        starts = frozenset() if least else rest[0]
        behind = rest[0]
        for _ in range(min(rounds, 2)):
            once = self._before(body, (behind, width, False), flags)[0]
            starts |= once
            behind = self._bounded(once | rest[0])
        return self._bounded(starts), width, False

    def _unlike(self, starts: frozenset[Start], inner: Sequence[Any], flags: int) -> frozenset[Start]:
        """The starts without those that a text of one or two letters, which must not follow, would have."""
        if not 1 <= len(inner) <= 2 or any(op not in _LETTERS for op, _ in inner):
            return starts
        refused = [self._letters(op, value, flags) for op, value in inner]
        left = {(start[0] & ~refused[0], *start[1:]) for start in starts if start}
        if len(refused) == 2:
            left |= {(first & refused[0], second & ~refused[1]) for first, second in filter(_is_pair, starts)}
            left |= {start for start in starts if len(start) == 1}
        return frozenset({*(start for start in left if all(start)), *(start for start in starts if not start)})

    def _meet(self, one: Iterable[Start], other: Iterable[Start]) -> bool:
        """Whether the next two letters leave open which of two ways is meant. One that ends before them is no doubt."""
        pairs = [start for start in other if len(start) == 2]
        for start in one:
            if len(start) == 2:
                self._spend(len(pairs))
                if any(start[0] & first and start[1] & second for first, second in pairs):
                    return True
        return False

    def _bounded(self, starts: frozenset[Start]) -> frozenset[Start]:
        """Starts of which only the first letter is known, where there are too many to be compared."""
        if len(starts) <= _MOST_STARTS:
            return starts
        firsts = reduce(lambda known, start: known | start[0], filter(None, starts), 0)
        return frozenset({(firsts, self._all), *(start for start in starts if not start)})

    def _letters(self, op: Any, value: Any, flags: int) -> int:
        """The letters of the alphabet that an item matches, one bit each."""
        if op is sre.LITERAL and value < 128 and not flags & re.IGNORECASE:
            return 1 << int(value)
        key = f"{op}{value}", int(flags) & (re.IGNORECASE | re.ASCII | re.DOTALL)
        if key not in self._known:
            self._known[key] = self._letters_anew(op, value, flags)
        return self._known[key]

    def _letters_anew(self, op: Any, value: Any, flags: int) -> int:
        if op is sre.ANY:
            return self._all if flags & re.DOTALL else self._all & ~(1 << 10)
        is_negated = op is sre.NOT_LITERAL or (op is sre.IN and value[0][0] is sre.NEGATE)
        items = [item for item in value if item[0] is not sre.NEGATE] if op is sre.IN else [(sre.LITERAL, value)]
        self._spend(len(self._alphabet) * len(items))
        bits = 0
        for position, letter in enumerate(self._alphabet):
            held = any(_holds(item, letter, flags) for item in items)
            if held is not is_negated or (letter in _SAMPLES and any(map(_goes_beyond, items))):
                bits |= 1 << position
        return bits


def _is_pair(start: Start) -> bool:
    return len(start) == 2


def _goes_beyond(item: Any) -> bool:
    """Whether it is a range of which a sample says nothing."""
    return item[0] is sre.RANGE and item[1][1] > 127


def _holds(item: Any, letter: int, flags: int) -> bool:
    op, value = item
    text = chr(letter)
    if op is sre.CATEGORY:
        return _is_of(str(value), text, is_ascii=bool(flags & re.ASCII))
    cases = {letter}
    if flags & re.IGNORECASE:
        also = "i" if text in "\u0131\u0130" else text
        others = (text.lower(), text.upper(), also, also.upper(), text.casefold(), text.upper().lower())
        cases |= {ord(one) for one in others if len(one) == 1}
    if op is sre.LITERAL:
        return value in cases
    low, high = value
    return any(low <= case <= high for case in cases)


def _is_of(category: str, letter: str, *, is_ascii: bool) -> bool:
    known = letter.isascii() or not is_ascii
    if category.endswith("DIGIT"):
        holds = known and letter.isdecimal()
    elif category.endswith("SPACE"):
        holds = letter in " \t\n\r\f\v" if is_ascii else letter.isspace()
    else:
        holds = known and (letter.isalnum() or letter == "_")
    return holds is not ("_NOT_" in category)


def _literals(tree: Any) -> Iterator[int]:
    """Every letter that a parsed pattern names."""
    for item in tree if isinstance(tree, (list, tuple, sre_parser.SubPattern)) else ():
        if isinstance(item, tuple) and len(item) == 2 and item[0] in (sre.LITERAL, sre.NOT_LITERAL):
            yield item[1]
        elif isinstance(item, tuple) and len(item) == 2 and item[0] is sre.RANGE:
            yield from item[1]
        else:
            yield from _literals(item)
