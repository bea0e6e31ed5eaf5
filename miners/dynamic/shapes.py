"""The shape of one field's rejected values: which types, which range, which members, which elements.

Evidence in, predicates out: every piece covers some of the rejected values and none of the accepted ones.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from miners.dynamic.allowed import allowed_types
from miners.dynamic.thresholds import Rejects, bisect
from pytest_llem_invariants.language.expressions import is_number
from pytest_llem_invariants.language.predicates import BOOL_IS_NUMBER, compile_match, same
from pytest_llem_invariants.language.values import SAMPLES, distinct, identity
from pytest_llem_invariants.model import EMPTY, Clause, Match, TypedValue

Fields = Mapping[str, tuple[Clause, ...]]
_X: Final = "x"
"""Stands for the field until its shape is known; no function of the expression language has the letter."""
_DEEPEST: Final = 2
_MOST_NAMED: Final = 24
_MOST_SINGLE: Final = 6
_COMMON_NUMBERS: Final = (*range(-2, 18), 20, 24, 32, 48, 64, 96, 100, 128, 256, 512, 1000, 1024, 2048, 4096, 2**20)
_PAIR: Final = 2
_LARGEST_DIVISOR: Final = 4096
_ENOUGH: Final = 2
_ELEMENTS: Final = ("int", "float", "str", "bool", "list", "dict")
_TELLING_TEXT: Final = (
    *("7", "-3", "4096", "1", "0", "3.0", "2.5", "0.5", "1e3", "inf", "yes", "off", "TRUE", "q7"),
    *("1.2.3", "v1.2", "1.2rc1", "1.0.post2", "1!2.0", "2.0+cpu", "1..2", "1.x", "7-7"),
)
_NUMERIC_TEXT: Final = (
    r"^\s*[+-]?\d+(_\d+)*\s*$",
    r"^\s*[+-]?(\d+(_\d+)*|0[\d_]*(-[\d_]+)?)(\.0*)?\s*$",
    r"^\s*[+-]?(\d+(_\d+)*\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$",
    r"(?i)^\s*[+-]?(\d+(_\d+)*\.?\d*|\.\d+|inf|infinity|nan)([eE][+-]?\d+)?\s*$",
    r"(?i)^(0|1|true|false|t|f|yes|no|y|n|on|off)$",
    r"(?i)^\s*v?(\d+!)?\d+(\.\d+)*([-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?\d*)?"
    r"(-\d+|[-_.]?(post|rev|r)[-_.]?\d*)?([-_.]?dev[-_.]?\d*)?(\+[a-z0-9]+([-_.][a-z0-9]+)*)?\s*$",
)
"""What text becomes a number, a truth value or a version where a library reads it, strictest first."""
_ANY_NUMBER: Final = _NUMERIC_TEXT[3]
_TRUTH_TEXT: Final = (r"(?i)^(1|true|t|yes|y|on)$", r"(?i)^(0|false|f|no|n|off)$")
_MOST_VARIED: Final = 6
_SEPARATORS: Final = (".", ":", "/", "=", "@", ",")
_PART: Final = "part"
_PARTED: Final = ("a|b", "a|b|c", "|b", "a|", "|", "||", "|a|b", "a", "", "a b")
"""Texts with a separator in every place, `|` standing for it."""
_MOST_KEYS: Final = 6
_OF_TEXT: Final = Clause("type_is", "str")
_DEVICE_INDEX: Final = r"(:\d+)?"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the library said of a field's values, everything else equal."""

    rejected: tuple[Any, ...]
    accepted: tuple[Any, ...]
    rejects: Rejects
    """Asks about one more value."""
    named: tuple[Any, ...] = ()
    """Values that the library's message names, or the whole domain: an allowlist of them may be claimed."""
    members: tuple[str, ...] = ()
    """The names of all members of the enum that the field is declared to hold."""
    domain_is_whole: bool = False
    open_text: bool = False
    """Whether text may be anything: that a certain one is rejected says nothing."""
    neutral: tuple[Any, ...] = ()
    """Values that another guard rejects: they say nothing of this one, and nothing of a whole type."""
    rejects_foreign: Rejects | None = None
    """Asks about a value of a type that no corpus holds; None where such a value may be meant."""


def infer(name: str, evidence: Evidence) -> Iterator[Fields]:
    """Pieces whose union covers the rejected values of a field as far as they can be told, simplest first."""
    evidence = _with_parted_text(evidence)
    for piece in _cover(evidence, depth=0):
        yield {_renamed(subject, name): _rebound(clauses, name) for subject, clauses in piece.items()}


def _with_parted_text(evidence: Evidence) -> Evidence:
    """Where every text was rejected, alone or in a collection: what of text in two parts is accepted."""
    wraps: tuple[Callable[[str], Any], ...] = (str, lambda text: [text], lambda text: {_X: text})
    accepted: list[Any] = []
    for wrap in wraps:
        kind = type(wrap(_PART))
        if _has_some(evidence.rejected, kind) and not _has_some(evidence.accepted, kind):
            parted = (wrap(f"{_PART}{separator}{_PART}") for separator in _SEPARATORS)
            accepted.extend(value for value in parted if evidence.rejects(value) is False)
    return replace(evidence, accepted=(*evidence.accepted, *accepted)) if accepted else evidence


def _has_some(values: Iterable[Any], kind: type) -> bool:
    """Whether one of the values is of a kind and not empty."""
    return any(isinstance(value, kind) and bool(value) for value in values)


def _renamed(subject: str, name: str) -> str:
    return subject.replace(_X, name)


def _rebound(clauses: tuple[Clause, ...], name: str) -> tuple[Clause, ...]:
    return tuple(Clause(clause.op, f"@{name}") if clause.rhs == f"@{_X}" else clause for clause in clauses)


def _cover(evidence: Evidence, depth: int) -> Iterator[Fields]:
    left = list(evidence.rejected)
    for piece in _pieces(evidence, depth):
        triggers = _test(piece)
        if not left:
            return
        if not any(map(triggers, left)) or any(map(triggers, evidence.accepted)):
            continue
        left = [value for value in left if not triggers(value)]
        yield piece


def _test(piece: Fields) -> Callable[[Any], bool]:
    compiled = compile_match(Match("", piece))
    return lambda value: compiled({_X: value}, EMPTY)


def _pieces(evidence: Evidence, depth: int) -> Iterator[Fields]:
    kinds = _by_kind(evidence)
    numbers = _joined(kinds, ("int", "float"))
    if any(isinstance(value, str) for value in evidence.neutral):
        yield from _text_pieces(kinds, evidence)
    yield from _type_pieces(kinds, evidence)
    yield from _truth_pieces(kinds)
    yield from _one_number_pieces(numbers, evidence)
    yield from _number_pieces(numbers, kinds, evidence)
    yield from _bool_pieces(kinds)
    yield from _text_pieces(kinds, evidence)
    yield from _member_pieces(evidence)
    if depth < _DEEPEST:
        yield from _element_pieces(kinds, evidence, depth)
    yield from _length_pieces(kinds, evidence)
    yield from _single_values(evidence)


@dataclass(slots=True)
class _Kind:
    rejected: list[Any] = field(default_factory=list)
    accepted: list[Any] = field(default_factory=list)

    @property
    def mixed(self) -> bool:
        return bool(self.rejected and self.accepted)


def _kind_of(value: Any) -> str:
    if isinstance(value, TypedValue):
        return value.type
    return "none" if value is None else type(value).__name__


def _by_kind(evidence: Evidence) -> dict[str, _Kind]:
    kinds: dict[str, _Kind] = {}
    for value in evidence.rejected:
        kinds.setdefault(_kind_of(value), _Kind()).rejected.append(value)
    for value in evidence.accepted:
        kinds.setdefault(_kind_of(value), _Kind()).accepted.append(value)
    return kinds


def _joined(kinds: Mapping[str, _Kind], names: Iterable[str]) -> _Kind:
    joined = _Kind()
    for name in names:
        kind = kinds.get(name, _Kind())
        joined.rejected.extend(kind.rejected)
        joined.accepted.extend(kind.accepted)
    return joined


def _one(*clauses: Clause) -> Fields:
    return {_X: clauses}


def _type_pieces(kinds: Mapping[str, _Kind], evidence: Evidence) -> Iterator[Fields]:
    """All types of which every value was rejected, as one claim; a type is judged by more than one of its values.

    Where everything but some types is rejected, these are named. Of mappings some are rejected for another reason:
    they are told apart by their keys.
    """
    neutral = {_kind_of(value) for value in evidence.neutral}
    open_kinds = neutral & {"dict"}
    whole = sorted(
        kind
        for kind, seen in kinds.items()
        if kind not in ("none", *open_kinds) and not seen.accepted and len(seen.rejected) >= _ENOUGH
    )
    if whole:
        accepted = [kind for kind, seen in kinds.items() if seen.accepted]
        allowed = allowed_types(accepted, whole, neutral, evidence.rejects_foreign)
        if allowed:
            yield _one(Clause("type_is_not", allowed[0] if len(allowed) == 1 else list(allowed)))
        yield _one(Clause("type_is", whole[0] if len(whole) == 1 else whole))
    if "none" in kinds and not kinds["none"].accepted:
        yield _one(Clause("==", None))


def _number_pieces(numbers: _Kind, kinds: Mapping[str, _Kind], evidence: Evidence) -> Iterator[Fields]:
    if not numbers.mixed:
        for kind in ("int", "float"):
            if kind in kinds and kinds[kind].mixed:
                yield from _ranges(kinds[kind], kinds, evidence)
        return
    yield from _ranges(numbers, kinds, evidence)
    for kind in ("float", "int"):
        if kind in kinds and kinds[kind].mixed:
            yield from _ranges(kinds[kind], kinds, evidence, only=kind)


def _ranges(
    numbers: _Kind, kinds: Mapping[str, _Kind], evidence: Evidence, only: str | None = None
) -> Iterator[Fields]:
    accepted = sorted(value for value in numbers.accepted if value == value)
    rejected = sorted(value for value in numbers.rejected if value == value)
    guard = () if only is None else (Clause("type_is", only),)
    if accepted:
        for edge, beyond in (
            (accepted[0], [value for value in rejected if value < accepted[0]]),
            (accepted[-1], [value for value in rejected if value > accepted[-1]]),
        ):
            if beyond:
                nearest = beyond[-1] if beyond[-1] < edge else beyond[0]
                clause = bisect(nearest, edge, evidence.rejects)
                if clause is not None and _holds_throughout(clause, evidence.rejects):
                    yield from _with_bools((clause, *guard), kinds)
        for low, high in itertools.pairwise(accepted):
            between = [value for value in rejected if low < value < high]
            if between:
                lower = bisect(between[0], low, evidence.rejects)
                upper = bisect(between[-1], high, evidence.rejects)
                if lower is not None and upper is not None:
                    if lower.op == ">=" and upper.op == "<=" and lower.rhs == upper.rhs:
                        yield _one(Clause("==", lower.rhs))
                    else:
                        yield _one(lower, upper, *guard)
    if any(value != value for value in numbers.rejected):
        yield _one(Clause("!=", f"@{_X}"))


def _holds_throughout(clause: Clause, rejects: Rejects) -> bool:
    """Whether the clause claims no common number that the library accepts: a range, not an allowlist."""
    holds = _test(_one(clause))
    return not any(holds(number) and rejects(number) is False for number in _COMMON_NUMBERS)


def _with_bools(clauses: tuple[Clause, ...], kinds: Mapping[str, _Kind]) -> Iterator[Fields]:
    """The range for bools too, where the library's verdict on them says that it counts them as numbers."""
    bools = kinds.get("bool", _Kind())
    piece = _one(*clauses)
    if bools.rejected:
        counted = _one(*clauses, Clause(BOOL_IS_NUMBER, True))
        triggers = _test(counted)
        if all(triggers(value) for value in bools.rejected) and not any(triggers(value) for value in bools.accepted):
            yield counted
    yield piece


def _one_number_pieces(numbers: _Kind, evidence: Evidence) -> Iterator[Fields]:
    fractional = [value for value in numbers.rejected if isinstance(value, float) and math.isfinite(value)]
    if fractional and all(not value.is_integer() for value in fractional):
        yield _one(Clause("not_divisible_by", 1), Clause("type_is", "float"))
    positive = [value for value in numbers.accepted if isinstance(value, int) and value > 1]
    if len(positive) >= _ENOUGH:
        divisor = math.gcd(*positive)
        smaller = (part for part in range(2, min(divisor, _LARGEST_DIVISOR)) if divisor % part == 0)
        divisor = next((part for part in smaller if evidence.rejects(part) is False), divisor)
        if divisor > 1:
            yield _one(Clause("not_divisible_by", divisor))


def _truth_pieces(kinds: Mapping[str, _Kind]) -> Iterator[Fields]:
    """Types of which the library rejects just the truthy, or just the falsy, values."""
    for op in ("truthy", "falsy"):
        wanted = op == "truthy"
        split = sorted(
            kind
            for kind, seen in kinds.items()
            if kind != "none"
            and seen.rejected
            and all(_truth(value) is wanted for value in seen.rejected)
            and all(_truth(value) is not wanted for value in seen.accepted)
        )
        if split != ["bool"] and any(kinds[kind].mixed for kind in split):
            if op == "falsy":
                yield _one(Clause(op, True))
            types = Clause("type_is", split[0] if len(split) == 1 else split)
            yield _one(Clause(op, True), types)
            for kind in split:
                yield _one(Clause(op, True), Clause("type_is", kind))


def _truth(value: Any) -> bool:
    return True if isinstance(value, TypedValue) else bool(value)


def _bool_pieces(kinds: Mapping[str, _Kind]) -> Iterator[Fields]:
    for value in kinds.get("bool", _Kind()).rejected:
        yield _one(Clause("==", value))


def _text_pieces(kinds: Mapping[str, _Kind], evidence: Evidence) -> Iterator[Fields]:
    texts = kinds.get("str", _Kind())
    if not texts.rejected:
        return
    asked = {text: evidence.rejects(text) is True for text in _TELLING_TEXT}
    for pattern in _NUMERIC_TEXT:
        if not all(asked.values()) and all(
            rejected is not bool(re.search(pattern, t)) for t, rejected in asked.items()
        ):
            yield _one(Clause("not_matches", pattern))
    for pattern in _TRUTH_TEXT:
        if all(re.search(pattern, text) for text in texts.rejected):
            yield _one(Clause("matches", pattern))
    yield from _parted_text_pieces(evidence.rejects)
    yield from _member_names(texts, evidence)
    if any(re.search(_ANY_NUMBER, text) for text in texts.accepted):
        return  # what reads a number from text reads others too: no list of texts is closed
    named = [value for value in evidence.named if isinstance(value, str)]
    if named and not _all_named(texts.accepted, named):
        folded = distinct(value.lower() for value in named)
        others = [text for text in distinct(value.lower() for value in texts.accepted) if text not in folded]
        if any(evidence.rejects(f"{word}:1") is False for word in named[:_MOST_VARIED]):
            yield from _indexed_pieces(texts, named)
        elif texts.accepted and len(others) <= _ENOUGH:
            yield {"lower(x)": (Clause("not_in", [*folded, *others]),)}
            yield _one(Clause("not_in", [*named, *(text for text in texts.accepted if text not in named)]), _OF_TEXT)
            return
    strings = [value for value in distinct([*named, *texts.accepted]) if isinstance(value, str)]
    if texts.accepted and strings and (evidence.domain_is_whole or _all_named(texts.accepted, evidence.named)):
        yield _one(Clause("not_in", strings), _OF_TEXT)


def _member_names(texts: _Kind, evidence: Evidence) -> Iterator[Fields]:
    """Text by which the members of an enum are looked up: none but their names, in any case where case is nothing."""
    members = evidence.members
    folded = distinct(name.lower() for name in members)
    others = [text for text in texts.accepted if text.lower() not in folded]
    if not members or others or any(evidence.rejects(name) is not False for name in members):
        return
    if all(evidence.rejects(name.swapcase()) is False for name in members):
        yield {"lower(x)": (Clause("not_in", list(folded)),)}
    elif not any(evidence.rejects(name.swapcase()) is False for name in members):
        yield _one(Clause("not_in", list(members)), _OF_TEXT)


def _parted_text_pieces(rejects: Rejects) -> Iterator[Fields]:
    """Text that is taken apart at a separator and must have one, or two parts, or a first part."""
    if rejects(_PART) is not True:
        return
    for separator in _SEPARATORS:
        if rejects(f"{_PART}{separator}{_PART}") is True:
            continue
        other, escaped = f"[^{re.escape(separator)}]", re.escape(separator)
        asked = {text: rejects(text) is True for text in (shape.replace("|", separator) for shape in _PARTED)}
        for pattern in (escaped, rf"^{other}*{escaped}{other}*\Z", rf"^{other}+{escaped}", rf"(?s).{escaped}"):
            if all(rejected is not bool(re.search(pattern, text)) for text, rejected in asked.items()):
                yield _one(Clause("not_matches", pattern))
                break


def _indexed_pieces(texts: _Kind, named: Sequence[str]) -> Iterator[Fields]:
    """Words that the library names, with or without a number behind a colon, and what else it was seen to accept."""
    words = "|".join(re.escape(word) for word in named)
    others = [value for value in texts.accepted if not re.search(f"^({words}){_DEVICE_INDEX}$", value)]
    if texts.accepted and len(others) < len(texts.accepted) and len(others) <= _ENOUGH:
        more = "".join(f"|{re.escape(value)}" for value in others)
        yield _one(Clause("not_matches", f"^(({words}){_DEVICE_INDEX}{more})$"))


def _all_named(accepted: Iterable[Any], named: Sequence[Any]) -> bool:
    return bool(named) and all(any(same(value, member) for member in named) for value in accepted)


def _member_pieces(evidence: Evidence) -> Iterator[Fields]:
    """An allowlist over all types, only where the message names its members or the whole domain was probed."""
    numbers = [value for value in evidence.named if is_number(value)]
    accepted = [value for value in evidence.accepted if is_number(value)]
    if numbers and accepted and _all_named(accepted, numbers):
        yield _one(Clause("not_in", numbers), Clause("type_is", ["float", "int"]))
        yield _one(Clause("not_in", numbers), Clause("type_is", "int"))
    if evidence.domain_is_whole and evidence.accepted:
        allowed = [value for value in evidence.accepted if value is not None]
        if len(allowed) == 1:
            yield _one(Clause("!=", allowed[0]))
        elif allowed and len(allowed) <= _MOST_NAMED:
            yield _one(Clause("not_in", allowed))
    members = [value for value in evidence.accepted if value is not None]
    if members and _all_named(members, evidence.named):
        yield _one(Clause("not_in", list(evidence.named)))


def _element_pieces(kinds: Mapping[str, _Kind], evidence: Evidence, depth: int) -> Iterator[Fields]:
    lists = kinds.get("list", _Kind())
    dicts = kinds.get("dict", _Kind())
    yield from _opened("each(x)", lists, evidence, depth, list, lambda item: [item])
    yield from _opened("each(keys(x))", dicts, evidence, depth, list, lambda key: {key: 1}, ("int", "str"))
    yield from _value_pieces(dicts, evidence, depth)


def _value_pieces(dicts: _Kind, evidence: Evidence, depth: int) -> Iterator[Fields]:
    """What is wrong with the values of mappings, whichever key they stand under.

    Where an accepted mapping tells which keys are known, a mapping with another one may be rejected for that, and a
    value is wrong only if it is so under each key: else it is the key that makes it wrong.
    """
    keys = list(dict.fromkeys(key for value in dicts.accepted for key in value))[:_MOST_KEYS] or [_X]

    def under_each(mappings: Iterable[Any]) -> bool | None:
        answers = {evidence.rejects(mapping) for mapping in mappings}
        return answers.pop() if len(answers) == 1 else None

    def wrap(item: Any) -> Any:
        return [{key: item} for key in keys]

    known = [value for value in dicts.rejected if set(value) <= set(keys)]
    rejected = [value for value in known if len(value) != 1 or under_each(wrap(*value.values())) is True]
    seen = _Kind(rejected if dicts.accepted else dicts.rejected, dicts.accepted)
    asked = replace(evidence, rejects=under_each)
    yield from _opened("each(values(x))", seen, asked, depth, lambda v: list(v.values()), wrap)


def _opened(
    subject: str,
    seen: _Kind,
    evidence: Evidence,
    depth: int,
    elements: Callable[[Any], list[Any]],
    wrap: Callable[[Any], Any],
    kinds: tuple[str, ...] = _ELEMENTS,
) -> Iterator[Fields]:
    """The shape of the elements, learnt from the collections of one element and from those that were accepted."""
    shortest = min((items for items in map(elements, seen.accepted) if items), key=len, default=[])
    accepted = distinct(item for value in seen.accepted for item in elements(value))
    fine = {identity(item) for item in accepted}

    def rejects(item: Any) -> bool | None:
        if len(shortest) == 1:
            return evidence.rejects(wrap(item))
        return _everywhere(item, shortest, evidence.rejects)

    if len(shortest) == 1:
        single = distinct(items[0] for items in map(elements, seen.rejected) if len(items) == 1)
        rejected = tuple(item for item in single if identity(item) not in fine)
        if not rejected:
            return
    elif len(shortest) == _PAIR and subject == "each(x)":
        rejected = ()
    else:
        return  # not the element may be at fault, but how many there are
    asked = [(item, rejects(item)) for kind in kinds for item in SAMPLES[kind]]
    rejected = distinct([*rejected, *(item for item, answer in asked if answer and identity(item) not in fine)])
    accepted = distinct([*accepted, *(item for item, answer in asked if answer is False)])
    for piece in _cover(Evidence(rejected, accepted, rejects, open_text=True), depth + 1):
        for inner, clauses in piece.items():
            if len(piece) == 1 and inner in (_X, "each(x)") and all(clause.rhs != f"@{_X}" for clause in clauses):
                yield {subject if inner == _X else f"each({subject})": clauses}


def _everywhere(item: Any, model: Sequence[Any], rejects: Rejects) -> bool | None:
    """Whether an accepted list is rejected with the item in whichever place; None where the place decides."""
    answers = {rejects([*model[:place], item, *model[place + 1 :]]) for place in range(len(model))}
    return answers.pop() if len(answers) == 1 else None


def _length_pieces(kinds: Mapping[str, _Kind], evidence: Evidence) -> Iterator[Fields]:
    for kind in ("list", "dict", "str"):
        seen = kinds.get(kind, _Kind())
        if not seen.rejected:
            continue
        sizes = {len(value) for value in seen.rejected}
        fine = {len(value) for value in seen.accepted}
        if kind == "str" and not (fine and _only_length_counts(sizes, fine, evidence.rejects)):
            continue
        types = _one(Clause("type_is", kind))
        if fine and min(sizes) > max(fine):
            yield {"len(x)": (Clause(">", max(fine)),), **types}
        if fine and max(sizes) < min(fine):
            yield {"len(x)": (Clause("<", min(fine)),), **types}
        if len(fine) == 1 and len(sizes - fine) >= _ENOUGH:
            yield {"len(x)": (Clause("!=", next(iter(fine))),), **types}


def _only_length_counts(sizes: Collection[int], fine: Collection[int], rejects: Rejects) -> bool:
    """Whether texts of one letter are judged as their length alone would have it, not as the words that were tried."""
    return all(rejects("q" * size) is True for size in sizes) and all(rejects("q" * size) is False for size in fine)


def _single_values(evidence: Evidence) -> Iterator[Fields]:
    """Single scalars that are rejected while others like them are not: claimed as exactly those values.

    Many of them are no set of forbidden values but a shape that was not understood, and a list of what happened to be
    probed says nothing to anybody.
    """
    scalars = [v for v in evidence.rejected if isinstance(v, (str, bool)) or (is_number(v) and math.isfinite(v))]
    if evidence.open_text:
        scalars = [value for value in scalars if not isinstance(value, str)]
    for value in scalars if len(scalars) <= _MOST_SINGLE else ():
        yield _one(Clause("==", "@" + value if isinstance(value, str) and value.startswith("@") else value))
    for value in evidence.rejected:
        if is_number(value) and math.isinf(value):
            yield _one(Clause("==", value))
