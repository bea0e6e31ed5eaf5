"""The shape of one field's rejected values: which types, which range, which members, which elements.

Answers about a field in, predicates out: every piece covers some of the rejected values and none of the accepted ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from miners.dynamic.allowed import allowed_types
from miners.dynamic.field_answers import (
    ENOUGH,
    FIELD,
    Domain,
    FieldAnswers,
    Fields,
    Kind,
    all_named,
    alone,
    by_kind,
    joined,
    kind_of,
    triggers_of,
)
from miners.dynamic.number_shapes import number_pieces, one_number_pieces
from miners.dynamic.text_shapes import PART, SEPARATORS, text_pieces
from miners.dynamic.thresholds import Rejects
from pytest_llem_invariants.language.expressions import is_number
from pytest_llem_invariants.language.values import SAMPLES, distinct, identity
from pytest_llem_invariants.model import Clause, TypedValue

_DEEPEST: Final = 2
_MOST_NAMED: Final = 24
_MOST_SINGLE: Final = 6
_PAIR: Final = 2
_ELEMENTS: Final = ("int", "float", "str", "bool", "list", "dict")
_MOST_KEYS: Final = 6


def infer(name: str, answers: FieldAnswers) -> Iterator[Fields]:
    """Pieces whose union covers the rejected values of a field as far as they can be told, simplest first."""
    answers = _with_parted_text(answers)
    for piece in _cover(answers, depth=0):
        yield {_renamed(subject, name): _rebound(clauses, name) for subject, clauses in piece.items()}


def _with_parted_text(answers: FieldAnswers) -> FieldAnswers:
    """Where every text was rejected, alone or in a collection: what of text in two parts is accepted."""
    wraps: tuple[Callable[[str], Any], ...] = (str, lambda text: [text], lambda text: {FIELD: text})
    accepted: list[Any] = []
    for wrap in wraps:
        kind = type(wrap(PART))
        if _has_some(answers.rejected, kind) and not _has_some(answers.accepted, kind):
            parted = (wrap(f"{PART}{separator}{PART}") for separator in SEPARATORS)
            accepted.extend(value for value in parted if answers.rejects(value) is False)
    return replace(answers, accepted=(*answers.accepted, *accepted)) if accepted else answers


def _has_some(values: Iterable[Any], kind: type) -> bool:
    """Whether one of the values is of a kind and not empty."""
    return any(isinstance(value, kind) and bool(value) for value in values)


def _renamed(subject: str, name: str) -> str:
    return subject.replace(FIELD, name)


def _rebound(clauses: tuple[Clause, ...], name: str) -> tuple[Clause, ...]:
    return tuple(Clause(clause.op, f"@{name}") if clause.rhs == f"@{FIELD}" else clause for clause in clauses)


def _cover(answers: FieldAnswers, depth: int) -> Iterator[Fields]:
    left = list(answers.rejected)
    for piece in _pieces(answers, depth):
        triggers = triggers_of(piece)
        if not left:
            return
        if not any(map(triggers, left)) or any(map(triggers, answers.accepted)):
            continue
        left = [value for value in left if not triggers(value)]
        yield piece


def _pieces(answers: FieldAnswers, depth: int) -> Iterator[Fields]:
    kinds = by_kind(answers)
    numbers = joined(kinds, ("int", "float"))
    if any(isinstance(value, str) for value in answers.neutral):
        yield from text_pieces(kinds, answers)
    yield from _type_pieces(kinds, answers)
    yield from _truth_pieces(kinds)
    yield from one_number_pieces(numbers, answers)
    yield from number_pieces(numbers, kinds, answers)
    yield from _bool_pieces(kinds)
    yield from text_pieces(kinds, answers)
    yield from _member_pieces(answers)
    if depth < _DEEPEST:
        yield from _element_pieces(kinds, answers, depth)
    yield from _length_pieces(kinds, answers)
    yield from _single_values(answers)


def _type_pieces(kinds: Mapping[str, Kind], answers: FieldAnswers) -> Iterator[Fields]:
    """All types of which every value was rejected, as one claim; a type is judged by more than one of its values.

    Where everything but some types is rejected, these are named. Of mappings some are rejected for another reason:
    they are told apart by their keys.
    """
    neutral = {kind_of(value) for value in answers.neutral}
    open_kinds = neutral & {"dict"}
    whole = sorted(
        kind
        for kind, seen in kinds.items()
        if kind not in ("none", *open_kinds) and not seen.accepted and len(seen.rejected) >= ENOUGH
    )
    if whole:
        accepted = [kind for kind, seen in kinds.items() if seen.accepted]
        allowed = allowed_types(accepted, whole, neutral, answers.rejects_foreign)
        if allowed:
            yield alone(Clause("type_is_not", allowed[0] if len(allowed) == 1 else list(allowed)))
        yield alone(Clause("type_is", whole[0] if len(whole) == 1 else whole))
    if "none" in kinds and not kinds["none"].accepted:
        yield alone(Clause("==", None))


def _truth_pieces(kinds: Mapping[str, Kind]) -> Iterator[Fields]:
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
                yield alone(Clause(op, True))
            types = Clause("type_is", split[0] if len(split) == 1 else split)
            yield alone(Clause(op, True), types)
            for kind in split:
                yield alone(Clause(op, True), Clause("type_is", kind))


def _truth(value: Any) -> bool:
    return True if isinstance(value, TypedValue) else bool(value)


def _bool_pieces(kinds: Mapping[str, Kind]) -> Iterator[Fields]:
    for value in kinds.get("bool", Kind()).rejected:
        yield alone(Clause("==", value))


def _member_pieces(answers: FieldAnswers) -> Iterator[Fields]:
    """An allowlist over all types, only where the message names its members or the whole domain was probed."""
    numbers = [value for value in answers.domain.named if is_number(value)]
    accepted = [value for value in answers.accepted if is_number(value)]
    if numbers and accepted and all_named(accepted, numbers):
        yield alone(Clause("not_in", numbers), Clause("type_is", ["float", "int"]))
        yield alone(Clause("not_in", numbers), Clause("type_is", "int"))
    if answers.domain.is_whole and answers.accepted:
        allowed = [value for value in answers.accepted if value is not None]
        if len(allowed) == 1:
            yield alone(Clause("!=", allowed[0]))
        elif allowed and len(allowed) <= _MOST_NAMED:
            yield alone(Clause("not_in", allowed))
    members = [value for value in answers.accepted if value is not None]
    if members and all_named(members, answers.domain.named):
        yield alone(Clause("not_in", list(answers.domain.named)))


def _element_pieces(kinds: Mapping[str, Kind], answers: FieldAnswers, depth: int) -> Iterator[Fields]:
    lists = kinds.get("list", Kind())
    dicts = kinds.get("dict", Kind())
    yield from _opened("each(x)", lists, answers, depth, list, lambda item: [item])
    yield from _opened("each(keys(x))", dicts, answers, depth, list, lambda key: {key: 1}, ("int", "str"))
    yield from _value_pieces(dicts, answers, depth)


def _value_pieces(dicts: Kind, answers: FieldAnswers, depth: int) -> Iterator[Fields]:
    """What is wrong with the values of mappings, whichever key they stand under.

    Where an accepted mapping tells which keys are known, a mapping with another one may be rejected for that, and a
    value is wrong only if it is so under each key: else it is the key that makes it wrong.
    """
    keys = list(dict.fromkeys(key for value in dicts.accepted for key in value))[:_MOST_KEYS] or [FIELD]

    def under_each(mappings: Iterable[Any]) -> bool | None:
        said = {answers.rejects(mapping) for mapping in mappings}
        return said.pop() if len(said) == 1 else None

    def wrap(item: Any) -> Any:
        return [{key: item} for key in keys]

    known = [value for value in dicts.rejected if set(value) <= set(keys)]
    rejected = [value for value in known if len(value) != 1 or under_each(wrap(*value.values())) is True]
    seen = Kind(rejected if dicts.accepted else dicts.rejected, dicts.accepted)
    asked = replace(answers, rejects=under_each)
    yield from _opened("each(values(x))", seen, asked, depth, lambda v: list(v.values()), wrap)


def _opened(
    subject: str,
    seen: Kind,
    answers: FieldAnswers,
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
            return answers.rejects(wrap(item))
        return _everywhere(item, shortest, answers.rejects)

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
    for piece in _cover(FieldAnswers(rejected, accepted, rejects, Domain(open_text=True)), depth + 1):
        for inner, clauses in piece.items():
            if len(piece) == 1 and inner in (FIELD, "each(x)") and all(clause.rhs != f"@{FIELD}" for clause in clauses):
                yield {subject if inner == FIELD else f"each({subject})": clauses}


def _everywhere(item: Any, model: Sequence[Any], rejects: Rejects) -> bool | None:
    """Whether an accepted list is rejected with the item in whichever place; None where the place decides."""
    answers = {rejects([*model[:place], item, *model[place + 1 :]]) for place in range(len(model))}
    return answers.pop() if len(answers) == 1 else None


def _length_pieces(kinds: Mapping[str, Kind], answers: FieldAnswers) -> Iterator[Fields]:
    for kind in ("list", "dict", "str"):
        seen = kinds.get(kind, Kind())
        if not seen.rejected:
            continue
        sizes = {len(value) for value in seen.rejected}
        fine = {len(value) for value in seen.accepted}
        if kind == "str" and not (fine and _only_length_counts(sizes, fine, answers.rejects)):
            continue
        types = alone(Clause("type_is", kind))
        if fine and min(sizes) > max(fine):
            yield {"len(x)": (Clause(">", max(fine)),), **types}
        if fine and max(sizes) < min(fine):
            yield {"len(x)": (Clause("<", min(fine)),), **types}
        if len(fine) == 1 and len(sizes - fine) >= ENOUGH:
            yield {"len(x)": (Clause("!=", next(iter(fine))),), **types}


def _only_length_counts(sizes: Collection[int], fine: Collection[int], rejects: Rejects) -> bool:
    """Whether texts of one letter are judged as their length alone would have it, not as the words that were tried."""
    return all(rejects("q" * size) is True for size in sizes) and all(rejects("q" * size) is False for size in fine)


def _single_values(answers: FieldAnswers) -> Iterator[Fields]:
    """Single scalars that are rejected while others like them are not: claimed as exactly those values.

    Many of them are no set of forbidden values but a shape that was not understood, and a list of what happened to be
    probed says nothing to anybody.
    """
    scalars = [v for v in answers.rejected if isinstance(v, (str, bool)) or (is_number(v) and math.isfinite(v))]
    if answers.domain.open_text:
        scalars = [value for value in scalars if not isinstance(value, str)]
    for value in scalars if len(scalars) <= _MOST_SINGLE else ():
        yield alone(Clause("==", "@" + value if isinstance(value, str) and value.startswith("@") else value))
    for value in answers.rejected:
        if is_number(value) and math.isinf(value):
            yield alone(Clause("==", value))
