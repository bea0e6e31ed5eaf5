"""Whether a pattern is found in a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from pytest_llem_invariants.language.operators.record import (
    Example,
    Negated,
    Operator,
    Schema,
    UnsayableError,
    nothing,
)
from pytest_llem_invariants.language.patterns import NonLinearError, compiled, is_found, rewritten
from pytest_llem_invariants.language.values import SAMPLES

_TEXT: Final = frozenset({"str"})
_PATTERN: Final = "a regular expression that takes linear time"


def _matches(value: Any, pattern: Any) -> bool:
    return isinstance(value, str) and is_found(pattern, value) is True


def _not_matches(value: Any, pattern: Any) -> bool:
    return isinstance(value, str) and is_found(pattern, value) is False


def _is_pattern(rhs: Any) -> bool:
    return isinstance(rhs, str) and _why_no_pattern(rhs) is None


def _why_no_pattern(rhs: Any) -> str | None:
    if not isinstance(rhs, str):
        return None
    try:
        compiled(rhs)
    except NonLinearError as error:
        return str(error)
    return None


def _elsewhere(rhs: str) -> str:
    """The pattern for another implementation of regular expressions."""
    pattern = rewritten(rhs)
    if "(?" in pattern or "\\Z" in pattern or "\\A" in pattern:
        raise UnsayableError("its regular expression means something else outside Python")
    return pattern


def _matching(rhs: Any, bools: bool) -> Schema:
    return {"type": "string", "pattern": _elsewhere(rhs)}


def _not_matching(rhs: Any, bools: bool) -> Schema:
    return {"type": "string", "not": {"pattern": _elsewhere(rhs)}}


def _texts(rhs: Any, typed: Iterable[str]) -> Iterator[Any]:
    yield from pattern_examples(rhs)


@lru_cache(maxsize=512)
def pattern_examples(pattern: str) -> tuple[str, ...]:
    """Short strings, some of which match the regular expression."""
    plain = [value for value in SAMPLES["str"] if isinstance(value, str)]
    matching = next((value for value in plain if is_found(pattern, value)), None)
    if matching is None:
        matching = _smallest_match(pattern)
    return tuple(dict.fromkeys([*([] if matching is None else [matching]), *plain]))


def _smallest_match(pattern: str) -> str | None:
    from hypothesis import HealthCheck, Phase, find, settings
    from hypothesis.errors import HypothesisException, NoSuchExample
    from hypothesis.strategies import characters, from_regex

    calm = settings(
        derandomize=True,
        database=None,
        max_examples=50,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    encodable = characters(exclude_categories=["Cs"])  # as by default, where each character is encoded to find out
    try:
        return find(from_regex(compiled(pattern), alphabet=encodable), lambda _: True, settings=calm)
    except (NoSuchExample, HypothesisException, NonLinearError):
        return None


OPERATORS: Final = (
    Operator(
        name="matches",
        test=_matches,
        examples=(Example("^a+$", ("a", "aa"), ("b", "", 1, None, ["a"])),),
        accepts=_is_pattern,
        wants=_PATTERN,
        refusal=_why_no_pattern,
        negation="not_matches",
        negated=Negated.JUDGED,
        takes=_TEXT,
        word="matches",
        phrase="matches {}",
        fix="change {field}",
        schema=_matching,
        near=_texts,
        constants=nothing,
    ),
    Operator(
        name="not_matches",
        test=_not_matches,
        examples=(Example("^a+$", ("b", ""), ("a", 1, None)),),
        accepts=_is_pattern,
        wants=_PATTERN,
        refusal=_why_no_pattern,
        negation="matches",
        negated=Negated.JUDGED,
        takes=_TEXT,
        word="not_matches",
        phrase="does not match {}",
        fix="change {field}",
        schema=_not_matching,
        near=_texts,
        constants=nothing,
    ),
)
