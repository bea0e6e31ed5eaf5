"""What the library put into the holes of a message when the rule's example was observed.

A hole in which the example's value was heard holds the value of that field, or of what the rule computes of several
and compares; one that lists constants of the library holds them. Of what is left, only the words around it can tell
something.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from pytest_llem_invariants.language.expressions import MISSING, parse, read_path
from pytest_llem_invariants.language.predicates import plain_value, reference_of
from pytest_llem_invariants.model import EMPTY, Rule

_BEFORE: Final = re.compile(r"\W*(?:\w+=)?\W*")
_GOT: Final = re.compile(r"\b(?:got|found|is|received|given)[ ]?['\"`(]?\Z")
_AFTER: Final = re.compile(r"\W*")
_CONSTANT: Final = re.compile(
    r"\{(?:\w+\()*[A-Z][A-Z0-9_]+\)*\}|\{(?:valid|accepted|allowed|supported|available|possible|known)_\w+\}"
)
_WHOLE: Final = re.compile(r"(?<=[0-9])\.0(?![0-9])")
OF_AN_OPERATOR: Final = " not supported between"
"""What Python says behind the sign of an operator."""
_LONGEST: Final = 600
_PLAIN: Final = (bool, int, float, str, list, dict)


def heard(
    pieces: Sequence[str],
    messages: Iterable[str],
    rule: Rule,
    fields: Sequence[str],
    facts: Mapping[str, Any] = EMPTY,
) -> list[str]:
    """The pieces of a template, text and holes in turn, with what the messages of the rule's example tell of them.

    `facts` are those of the world in which the example was observed.
    """
    patterns = _patterns(pieces)
    found = next((found for found in (_captured(patterns, one) for one in messages) if found is not None), None)
    if found is None:
        return list(pieces)
    results = _results(rule, facts)
    told = [pieces[0]]
    for number, captured in enumerate(found):
        hole, after = pieces[2 * number + 1 : 2 * number + 3]
        if facts:  # a library counts what a file says, and may show it as it computed it
            captured = _WHOLE.sub("", captured)
        values = {field: _value(rule, field, facts) for field in fields} | results
        is_sign = after.startswith(OF_AN_OPERATOR)
        value = None if is_sign else _value_in(captured, rule, values, is_expected=_GOT.search(told[-1]) is not None)
        if value is not None:
            before, name, behind = value
            told[-1] += before
            told += [name, behind + after]
        elif _CONSTANT.fullmatch(hole) and len(captured) <= _LONGEST:
            told[-1] += captured + after
        else:
            told += [hole, after]
    return told


def _patterns(pieces: Sequence[str]) -> list[re.Pattern[str]]:
    """Each fixed text as it may stand in a message, whatever its case and white space."""
    texts = (r"\s+".join(map(re.escape, re.split(r"\s+", text))) for text in pieces[::2])
    return [re.compile(text, re.IGNORECASE) for text in texts]


def _captured(patterns: Sequence[re.Pattern[str]], message: str) -> list[str] | None:
    """What stands between the fixed texts, each at its first place behind the one before it."""
    captured: list[str] = []
    end = 0
    for number, pattern in enumerate(patterns):
        if number and number == len(patterns) - 1 and not pattern.pattern:
            return [*captured, message[end:]]
        found = pattern.search(message, end)
        if found is None:
            return None
        if number:
            captured.append(message[end : found.start()])
        end = found.end()
    return captured


def _value_in(
    captured: str, rule: Rule, values: Mapping[str, Any], *, is_expected: bool
) -> tuple[str, str, str] | None:
    """The text before the one field's value that was heard, a hole that shows it so, and the text behind.

    A value that the rule itself names tells nothing, but where a value is expected.
    """
    known = set() if is_expected else set(_constants(rule))
    found: dict[str, tuple[str, str, str]] = {}
    for field, value in values.items():
        for hole, text in _shown(field, value):
            before, sign, behind = captured.partition(text)
            if (
                sign
                and (text not in known or "type(" in hole)
                and _BEFORE.fullmatch(before)
                and _AFTER.fullmatch(behind)
            ):
                found.setdefault(field, (before, hole, behind))
    if len(found) > 1:  # a sum or a product may be as large as one of its parts: what is compared is what is told
        whole = [name for name in found if all(part == name or part in parse(name).fields for part in found)]
        return found[whole[0]] if len(whole) == 1 else None
    return next(iter(found.values()), None)


def computed(rule: Rule) -> tuple[str, ...]:
    """What a rule computes of several fields and compares."""
    references = (reference_of(one.rhs) for clauses in rule.match.fields.values() for one in clauses)
    texts = sorted({*rule.match.fields, *filter(None, references)})
    return tuple(text for text in texts if len(parse(text).fields) > 1 and not parse(text).has_each)


def _results(rule: Rule, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The value that each had; 0 and 1 tell nothing."""
    results = {text: parse(text).evaluate(lambda field: _value(rule, field, facts)) for text in computed(rule)}
    return {text: value for text, value in results.items() if isinstance(value, int) and value > 1}


def _value(rule: Rule, field: str, facts: Mapping[str, Any]) -> Any:
    if field in facts:
        return facts[field]
    given = read_path(rule.kwargs_positive, field)
    return rule.match.defaults.get(field, MISSING) if given is MISSING else given


def _shown(field: str, value: Any) -> Iterator[tuple[str, str]]:
    """How a message may show a value, as a hole and as the text in it."""
    if value is not None and not isinstance(value, _PLAIN):
        return
    if repr(value) != str(value):
        yield f"{{{field}!r}}", repr(value)
    if str(value):
        yield f"{{{field}}}", str(value)
    yield f"{{type({field}).__name__}}", type(value).__name__


def _constants(rule: Rule) -> Iterator[str]:
    """What a message may show of the rule itself."""
    for clauses in rule.match.fields.values():
        for clause in clauses:
            value = plain_value(clause.rhs)
            for one in value if isinstance(value, (list, tuple)) else (value,):
                yield from (str(one), repr(one))
