"""Which of the ways out of a rule to tell somebody who wrote a certain config, and in which words."""

from __future__ import annotations

from pytest_llem_invariants.checker.changes import LEFT_OUT, RENAMED, SET, Edit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    return joined(
        _one_key(of[0], written, values, target[1:])
        if target is not None and target[0] == "keys"
        else _spelled(text if bound is None else _solved(text, of, bound, written, values), written, leaves_out)
        for text, of, _, bound, leaves_out, target in _chosen(ways, written, values)
    )


def edits(ways: Iterable[Sequence[Any]], written: Mapping[str, str], values: Mapping[str, Any]) -> Iterator[Edit]:
    """The changes that the same ways ask for, of what was written; whether they free the config is for a check."""
    for _, of, _, bound, _, target in _chosen(ways, written, values):
        for field in of:
            if field in written and (target is not None or bound is not None):
                yield from _changes(field, of, bound, target, written, values)


def _changes(
    field: str,
    of: Sequence[str],
    bound: str | None,
    target: Sequence[Any] | None,
    written: Mapping[str, str],
    values: Mapping[str, Any],
) -> Iterator[Edit]:
    name = written[field]
    if target is not None and target[0] == "keys":
        for key in _strange(values.get(field), target[1:]):
            meant = _meant(key, target[1:])
            if meant is not None:
                yield Edit(RENAMED, meant, field=name, inner=key, is_certain=_is_sure(key, meant, target[1:]))
            yield Edit(LEFT_OUT, field=name, inner=key, is_certain=False)
        return
    found = [most] if bound is not None and (most := _most(of, bound, written, values)) else []
    for value in found if target is None else _values(target, values.get(field), values):
        yield Edit(SET, value, field=name, is_certain=False)


def _values(target: Sequence[Any], now: Any, values: Mapping[str, Any]) -> list[Any]:
    """What a target comes to, where this is written now and the facts are these."""
    kind, *rest = target
    if kind == "values":
        return rest
    if kind == "fact":
        fact = values.get(rest[0])
        return [fact + rest[1]] if type(fact) is int else [fact] if type(fact) in (float, str) and not rest[1] else []
    number = rest[0] if kind == "multiple" else values.get(rest[0])
    if type(now) is not int or type(number) is not int or not 0 < now <= _LARGEST or not 0 < number <= _LARGEST:
        return []
    if kind == "multiple":
        return [more for more in (now // number * number, -(-now // number) * number) if more]
    return next(([one] for one in range(min(now, number), 0, -1) if number % one == 0), [])


_LARGEST = 1_000_000
"""Up to which numbers a divisor is looked for."""


def _chosen(
    ways: Iterable[Sequence[Any]], written: Mapping[str, str], values: Mapping[str, Any]
) -> Sequence[Sequence[Any]]:
    """The ways to tell: of a mapping with keys that it may not have, which those are, and nothing else."""
    every = [(*way, None)[:_PARTS] for way in ways]
    touching = [way for way in every if any(field in written for field in way[1])]
    for way in touching:
        target = way[-1]
        if target is not None and target[0] == "keys" and any(_strange(values.get(way[1][0]), target[1:])):
            return [way]
    others = [way for way in every if way not in touching and way[2]]
    chosen = [*touching, *others][:_MOST_WAYS] or every
    return [(*way[:-1], None) if way[-1] is not None and way[-1][0] == "keys" else way for way in chosen]


_PARTS = 6


def _strange(value: Any, known: Sequence[str]) -> list[str]:
    """The keys of a mapping that are none of those that are known."""
    return [key for key in value if type(key) is str and key not in known] if type(value) is dict else []


def _one_key(field: str, written: Mapping[str, str], values: Mapping[str, Any], known: Sequence[str]) -> str:
    told = []
    for key in _strange(values.get(field), known):
        meant = _meant(key, known)
        told.append(f"leave {key} out" if meant is None else f"write {meant} instead of {key}")
    return f"in {written[field]} {' and '.join(told[:_MOST_WAYS])}"


def _meant(key: str, known: Sequence[str]) -> str | None:
    from pytest_llem_invariants.text.likeness import ALMOST_THE_SAME, nearest, slip_of

    names = _spelled_as(key, known)
    return slip_of(key, names) or nearest(key, names, ALMOST_THE_SAME)


def _is_sure(key: str, meant: str, known: Sequence[str]) -> bool:
    from pytest_llem_invariants.text.likeness import is_sure_slip

    return is_sure_slip(key, meant, _spelled_as(key, known))


def _spelled_as(key: str, known: Sequence[str]) -> list[str]:
    """The known keys with dashes or underscores, as this one is written, where a library takes both."""
    return [one for one in known if ("-" in one) == ("-" in key) or not {"-", "_"} & set(one)]


def is_negated(field: str, name: str) -> bool:
    """Whether a field was written as an option that says its opposite: `--no-enable-x`."""
    bare = name.lstrip("-").replace("-", "_")
    return bare.startswith("no_") and bare != field


def _solved(
    text: str, factors: Sequence[str], bound: str, written: Mapping[str, str], values: Mapping[str, Any]
) -> str:
    """A bound on a product as what that says of the one factor that was written, where the rest is known."""
    most = _most(factors, bound, written, values)
    return f"set {next(name for name in factors if name in written)} to at most {most}" if most else text


def _most(factors: Sequence[str], bound: str, written: Mapping[str, str], values: Mapping[str, Any]) -> int | None:
    """The most that the one factor that was written may be; None where there are several or something is unknown."""
    given = [name for name in factors if name in written]
    known = [values.get(name) for name in (bound, *factors) if name not in given]
    numbers = [value for value in known if type(value) is int and value > 0]
    if len(given) != 1 or len(numbers) < len(known):
        return None
    most, *rest = numbers
    for number in rest:
        most //= number
    return most


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
