"""What pydantic accepts for a bool, a number, a string or a choice, measured with pydantic-core 2.50."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from miners.lift.rejections import KINDS, NUMBERS, Rejections, always, any_rejects, on
from miners.logic.formulas import FALSE, Formula, any_of, atom, is_nan
from pytest_llem_invariants.language.expressions import opens_elements
from pytest_llem_invariants.language.operators import OPERATORS
from pytest_llem_invariants.language.patterns import DECIMAL

TRUE_OR_FALSE: Final = r"^(?i:0|off|f|false|n|no|1|on|t|true|y|yes)\Z"
WHOLE: Final = r"^\s*[+-]?(\d+(_\d+)*|0[\d_]*(-[\d_]+)?)(\.0+)?\s*$"
NUMBER: Final = DECIMAL
"""All text that is read as a number, and little more: what a rule claims must be rejected."""
_LARGEST: Final = 2**63

INT: Final = "Input should be a valid integer"
INT_FROM_TEXT: Final = "Input should be a valid integer, unable to parse string as an integer"
INT_FROM_FRACTION: Final = "Input should be a valid integer, got a number with a fractional part"
FINITE: Final = "Input should be a finite number"
INT_TOO_LARGE: Final = "Unable to parse input string as an integer, exceeded maximum size"
FLOAT: Final = "Input should be a valid number"
FLOAT_FROM_TEXT: Final = "Input should be a valid number, unable to parse string as a number"
BOOL: Final = "Input should be a valid boolean"
BOOL_FROM_VALUE: Final = "Input should be a valid boolean, unable to interpret input"
STRING: Final = "Input should be a valid string"
BYTES: Final = "Input should be a valid bytes"

_BOUNDS: Final = (
    ("ge", "<", "greater than or equal to"),
    ("gt", "<=", "greater than"),
    ("le", ">", "less than or equal to"),
    ("lt", ">=", "less than"),
)


def integer(schema: Mapping[str, Any], subject: str, *, strict: bool) -> Rejections:
    if strict:
        return any_rejects(always(INT, but=("int",)), _bounds(schema, subject, ("int",)))
    return any_rejects(
        always(INT, but=("bool", "int", "float", "str", "bytes")),
        on(("str",), atom(subject, "not_matches", WHOLE), INT_FROM_TEXT),
        on(("float",), _infinite(subject), FINITE),
        on(("float",), atom(subject, "not_divisible_by", 1), INT_FROM_FRACTION),
        on(("float",), any_of((atom(subject, ">=", _LARGEST), atom(subject, "<=", -_LARGEST))), INT_TOO_LARGE),
        _bounds(schema, subject, NUMBERS),
        _bounds_of_text(schema, subject),
    )


def number(schema: Mapping[str, Any], subject: str, *, strict: bool, allow_inf_nan: bool) -> Rejections:
    kinds = NUMBERS if strict else ("bool", *NUMBERS, "str", "bytes")
    text = any_rejects() if strict else on(("str",), atom(subject, "not_matches", NUMBER), FLOAT_FROM_TEXT)
    finite = any_rejects() if allow_inf_nan else _finite(subject, text=not strict)
    written = any_rejects() if strict else _bounds_of_text(schema, subject)
    return any_rejects(always(FLOAT, but=kinds), text, finite, _bounds(schema, subject, NUMBERS), written)


def _finite(subject: str, *, text: bool) -> Rejections:
    told = on(("float",), _infinite(subject), FINITE)
    if not text or "(" in subject:
        return told
    return any_rejects(told, on(("str",), atom(f"number({subject})", "in", [float("inf"), float("-inf")]), FINITE))


def _infinite(subject: str) -> Formula:
    return any_of((_nan(subject), atom(subject, "in", [float("inf"), float("-inf")])))


def _nan(subject: str) -> Formula:
    """Whether the subject is nan: it differs from itself. Keys and computed values are not compared."""
    return FALSE if "(" in subject and not opens_elements(subject) else is_nan(subject)


def _bounds(schema: Mapping[str, Any], subject: str, kinds: Sequence[str]) -> Rejections:
    tables: list[Rejections] = []
    if schema.get("multiple_of") is not None and "float" not in schema["type"]:
        step = schema["multiple_of"]
        message = f"Input should be a multiple of {step}"
        tables.append(on(kinds, atom(subject, "not_divisible_by", step), message))
        if "float" in kinds and 1 % step:
            tables.append(on(("bool",), atom(subject, "==", True), message))
    for violated, bound, message in _said_bounds(schema):
        tables.append(on(kinds, atom(subject, violated, bound), message))
        if schema["type"] == "float":
            tables.append(on(("float",), _nan(subject), message))
        if "int" in kinds and tuple(kinds) == NUMBERS:
            rejected = [value for value in (False, True) if _violates(value, violated, bound)]
            if rejected:
                tables.append(on(("bool",), atom(subject, "in", rejected), message))
    return any_rejects(*tables)


def _bounds_of_text(schema: Mapping[str, Any], subject: str) -> Rejections:
    """The bounds on a number that is given as text; an element has no name under which it could be read."""
    if "(" in subject:
        return {}
    spelled = f"number({subject})"
    tables = [on(("str",), atom(spelled, violated, bound), said) for violated, bound, said in _said_bounds(schema)]
    if schema.get("multiple_of") is not None and "float" not in schema["type"]:
        step = schema["multiple_of"]
        tables.append(on(("str",), atom(spelled, "not_divisible_by", step), f"Input should be a multiple of {step}"))
    return any_rejects(*tables)


def _said_bounds(schema: Mapping[str, Any]) -> Iterator[tuple[str, float, str]]:
    """What violates a bound, the bound, and the message."""
    for name, violated, words in _BOUNDS:
        bound = schema.get(name)
        if isinstance(bound, (int, float)):
            yield violated, bound, f"Input should be {words} {_number_text(bound)}"


def _violates(value: bool, violated: str, bound: float) -> bool:
    match violated:
        case "<":
            return value < bound
        case "<=":
            return value <= bound
        case ">":
            return value > bound
        case _:
            return value >= bound


def _number_text(bound: float) -> str:
    return str(int(bound)) if isinstance(bound, float) and bound.is_integer() else str(bound)


def boolean(subject: str, *, strict: bool) -> Rejections:
    if strict:
        return always(BOOL, but=("bool",))
    return any_rejects(
        always(BOOL, but=("bool", *NUMBERS, "str", "bytes")),
        on(("int",), atom(subject, "not_in", [0, 1]), BOOL_FROM_VALUE),
        on(("float",), atom(subject, "not_in", [0.0, 1.0]), BOOL),
        on(("str",), atom(subject, "not_matches", TRUE_OR_FALSE), BOOL_FROM_VALUE),
    )


def string(schema: Mapping[str, Any], subject: str, *, strict: bool, from_numbers: bool) -> Rejections:
    kinds = ["str"] if strict else ["str", "bytes"]
    if from_numbers and not strict:
        kinds += ["int", "float"]
    tables = [always(STRING, but=kinds)]
    if not schema.get("strip_whitespace"):
        tables += [
            *length(schema, subject, ("str",), "String should have at {} {} character"),
            _pattern(schema.get("pattern"), subject),
        ]
    return any_rejects(*tables)


def length(schema: Mapping[str, Any], subject: str, kinds: Sequence[str], words: str) -> list[Rejections]:
    tables: list[Rejections] = []
    least, most = schema.get("min_length"), schema.get("max_length")
    if least:
        tables.append(on(kinds, atom(subject, "max_len", least - 1), words.format("least", least)))
    if most is not None:
        tables.append(on(kinds, atom(subject, "min_len", most + 1), words.format("most", most)))
    return tables


def _pattern(pattern: Any, subject: str) -> Rejections:
    text = getattr(pattern, "pattern", pattern)
    if not OPERATORS["not_matches"].accepts(text):
        return {}
    return on(("str",), atom(subject, "not_matches", text), f"String should match pattern '{_braced(text)}'")


def _braced(text: str) -> str:
    """Text inside a template, where single braces are holes."""
    return text.replace("{", "{{").replace("}", "}}")


def choice(values: Sequence[Any], subject: str) -> Rejections:
    """A Literal: equality, in which True equals 1."""
    message = choice_message(values)
    tables: list[Rejections] = [always(message, but=[kind for kind in KINDS if _may_equal(kind, values)])]
    texts = [value for value in values if isinstance(value, str)]
    numbers = [value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)]
    numbers += [int(value) for value in values if isinstance(value, bool) and int(value) not in numbers]
    if texts:
        tables.append(on(("str",), atom(subject, "not_in", texts), message))
    if numbers:
        tables.append(on(NUMBERS, atom(subject, "not_in", numbers), message))
        truths = [value for value in (False, True) if int(value) not in numbers]
        if truths:
            tables.append(on(("bool",), atom(subject, "in", truths), message))
    return any_rejects(*tables)


def _may_equal(kind: str, values: Sequence[Any]) -> bool:
    kinds = {"bool", "int", "float"} if kind in ("bool", *NUMBERS) else {kind}
    return any(type(value).__name__ in kinds or (value is None and kind == "none") for value in values)


def choice_message(values: Sequence[Any]) -> str:
    shown = [_braced(repr(value)) for value in values]
    return (
        f"Input should be {shown[0]}" if len(shown) == 1 else f"Input should be {', '.join(shown[:-1])} or {shown[-1]}"
    )


def enumeration(values: Sequence[Any], sub_type: str | None, subject: str) -> Rejections:
    """An enum by the values of its members; a typed enum converts first, so only certain kinds are claimed."""
    message = choice_message(values)
    if sub_type is None:
        return choice(values, subject)
    if sub_type == "str":
        return any_rejects(
            always(message, but=("str", "bytes")), on(("str",), atom(subject, "not_in", list(values)), message)
        )
    if sub_type == "int":
        truths = [value for value in (False, True) if int(value) not in values]
        return any_rejects(
            always(message, but=("bool", *NUMBERS, "str", "bytes")),
            on(NUMBERS, atom(subject, "not_in", [int(value) for value in values]), message),
            on(("bool",), atom(subject, "in", truths), message) if truths else {},
            on(("str",), atom(subject, "not_matches", WHOLE), message),
            on(("str",), atom(f"number({subject})", "not_in", list(values)), message) if "(" not in subject else {},
        )
    return always(message, but=("bool", *NUMBERS, "str", "bytes"))
