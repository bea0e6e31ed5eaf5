"""The operators as Python source, for the compiled checker: of a value of a known kind, and of any.

The code stands apart from the records in `language/operators/`, as a check of one small config must start fast and so
imports none of them. An operator that has no code here is right all the same: its record is asked at each check.
"""

from __future__ import annotations

from pytest_llem_invariants.checker import plain
from pytest_llem_invariants.checker.plain import NUMBERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Test = Callable[[Any, Any], bool]
    Settled = Callable[[Any, str, str], str | None]
    Inline = Callable[[str, str, Any, bool], str | None]

TYPE, PAIRS = "$type", "$pairs"
"""The keys of a typed value, and of a mapping whose keys JSON cannot hold."""
SAMPLES: dict[str, Any] = {"int": 1, "float": 1.0, "str": "", "bool": True, "None": None}
"""The kinds of value for which tests are made of their own, with a value of each."""
SETTLED_KINDS: dict[type, str] = {type(sample): kind for kind, sample in SAMPLES.items()}


def name_literal(name: Any) -> str:
    """Python source of a name."""
    if type(name) is not str:
        raise ValueError(name)
    return repr(name)


def literal(value: Any) -> str:
    """Python source of a value as a compiled corpus holds it."""
    kind = type(value)
    if kind is float and value - value != 0:
        return "NAN" if value != value else "INF" if value > 0 else "-INF"
    if kind in SETTLED_KINDS:
        return repr(value)
    if kind is list:
        return f"[{', '.join(map(literal, value))}]"
    if kind is not dict:
        raise ValueError(value)
    if TYPE in value:
        return f"typed({name_literal(value[TYPE])}, {literal(value['kwargs'])})"
    pairs = value[PAIRS] if PAIRS in value else value.items()
    return "{" + ", ".join(f"{_key(key)}: {literal(item)}" for key, item in pairs) + "}"


def _key(key: Any) -> str:
    if type(key) not in SETTLED_KINDS:
        raise ValueError(key)
    return literal(key)


def _is_number(rhs: Any) -> bool:
    return type(rhs) in NUMBERS


def _is_orderable(rhs: Any) -> bool:
    return type(rhs) in (int, float, str)


def _is_divisor(rhs: Any) -> bool:
    return _is_number(rhs) and rhs != 0


def _is_list(rhs: Any) -> bool:
    return type(rhs) is list


def _is_flag(rhs: Any) -> bool:
    return type(rhs) is bool


def _is_count(rhs: Any) -> bool:
    return type(rhs) is int and rhs >= 0


def _is_kinds(rhs: Any) -> bool:
    return type(rhs) is str or (type(rhs) is list and all(type(name) is str for name in rhs))


def _is_text(rhs: Any) -> bool:
    return type(rhs) is str


def _anything(rhs: Any) -> bool:
    return True


def _never(rhs: Any) -> bool:
    return False


def _no_source(name: str, first: str, rhs: Any, counts_bools: bool) -> None:
    return None


class Fast:
    """What the compiled checker knows of an operator.

    `test` answers about a value of any kind, `call` opens a call of it in generated code. `accepts` says what may
    stand on the right. `settled` gives source for `v`, or what is made of it, of a known kind: '' where the operator
    always holds, None where it never does. `inline` gives source for a value of unknown kind, from its name and the
    expression that first reads it: the usual kinds without a call. `tells_none` says with which right-hand sides a
    None that is given satisfies it while a missing value does not; `symbol` is Python's own operator for two numbers.
    """

    __slots__ = ("accepts", "call", "inline", "settled", "symbol", "tells_none", "test")

    def __init__(
        self,
        test: Test,
        settled: Settled | None = None,
        accepts: Callable[[Any], bool] = _anything,
        *,
        inline: Inline = _no_source,
        symbol: str | None = None,
        call: str | None = None,
        tells_none: Callable[[Any], bool] = _never,
    ) -> None:
        self.test = test
        self.call = call or f"{test.__name__}("
        self.settled = settled or self._called
        self.accepts = accepts
        self.inline = inline
        self.symbol = symbol
        self.tells_none = tells_none

    def _called(self, rhs: Any, kind: str, value: str) -> str:
        return f"{self.call}{value}, {literal(rhs)})"


def fast_of(op: Any) -> Fast:
    """The operator's part here; one that has none is asked through its record. ValueError where there is no such."""
    if type(op) is not str:
        raise ValueError(op)
    return FAST.get(op) or _asked(op)


def _asked(op: str) -> Fast:
    from pytest_llem_invariants.language.operators import OPERATORS

    record = OPERATORS.get(op)
    if record is None or record.is_modifier:
        raise ValueError(op)
    return Fast(
        lambda value, rhs: plain.reference(op, value, rhs),
        call=f"reference({op!r}, ",
        tells_none=record.tells_none,
    )


def _by_kind(test: Test) -> Settled:
    """An operator that only looks at the kind of a value."""
    return lambda rhs, kind, value: "" if test(SAMPLES[kind], rhs) else None


def _ordered(test: Test, symbol: str) -> Fast:
    def settled(rhs: Any, kind: str, value: str) -> str | None:
        fits = _is_number(rhs) if kind in ("int", "float") else kind == "str" and type(rhs) is str
        return f"{value} {symbol} {literal(rhs)}" if fits else None

    def inline(name: str, first: str, rhs: Any, counts_bools: bool) -> str | None:
        if not _is_number(rhs):
            return None
        call = f"{test.__name__}({f'as_number({name})' if counts_bools else name}, {literal(rhs)})"
        return f"{first} is not None and ({name} {symbol} {literal(rhs)} if type({name}) in NUMBERS else {call})"

    return Fast(test, settled, _is_orderable, inline=inline, symbol=symbol)


def _could_equal(rhs: Any, kind: str) -> bool:
    if kind in ("int", "float"):
        return _is_number(rhs)
    return SETTLED_KINDS.get(type(rhs)) == kind


def _equality(symbol: str) -> Settled:
    def settled(rhs: Any, kind: str, value: str) -> str | None:
        if _could_equal(rhs, kind):
            return f"{value} {symbol} {literal(rhs)}"
        return None if symbol == "==" else ""

    return settled


def _membership(symbol: str) -> Settled:
    def settled(rhs: Any, kind: str, value: str) -> str | None:
        members = [member for member in rhs if _could_equal(member, kind)]
        if not members:
            return None if symbol == "in" else ""
        return f"{value} {symbol} ({', '.join(map(literal, members))},)"

    return settled


def _one_of_few(test: Test, name: str, first: str, members: Any, rhs: Any) -> str | None:
    """Equality with None, True or False, which are one object each."""
    if not members or not all(member is None or type(member) is bool for member in members):
        return None
    equal = " or ".join(f"{name} is {member}" for member in members).replace(name, first, 1)
    return f"({equal} or (type({name}) not in PLAIN and {test.__name__}({name}, {literal(rhs)})))"


def _equal_inline(name: str, first: str, rhs: Any, counts_bools: bool) -> str | None:
    if counts_bools:
        return None
    return _one_of_few(plain.eq, name, first, [rhs], rhs) or _same_kind(plain.eq, "==", name, first, rhs)


def _differs_inline(name: str, first: str, rhs: Any, counts_bools: bool) -> str | None:
    return None if counts_bools else _same_kind(plain.ne, "!=", name, first, rhs)


def _same_kind(test: Test, symbol: str, name: str, first: str, rhs: Any) -> str | None:
    """Numbers beside a number, text beside text: Python's own operator."""
    if not _is_orderable(rhs):
        return None
    kinds = "is str" if type(rhs) is str else "in NUMBERS"
    return f"({name} {symbol} {literal(rhs)} if type({first}) {kinds} else {test.__name__}({name}, {literal(rhs)}))"


def _in_inline(name: str, first: str, rhs: Any, counts_bools: bool) -> str | None:
    return None if counts_bools else _one_of_few(plain.is_in, name, first, rhs, rhs)


def _given(test: Test, when: bool) -> Fast:
    def inline(name: str, first: str, rhs: Any, counts_bools: bool) -> str:
        return f"{first} is {'not ' if when is rhs else ''}None"

    return Fast(test, _by_kind(test), _is_flag, inline=inline)


def _division(test: Test, symbol: str) -> Fast:
    def settled(rhs: Any, kind: str, value: str) -> str | None:
        if kind == "int" and type(rhs) is int:
            return f"{value} % {rhs!r} {symbol} 0"
        return f"{test.__name__}({value}, {literal(rhs)})" if kind in ("int", "float") else None

    return Fast(test, settled, _is_divisor)


def _sized(test: Test, symbol: str) -> Fast:
    return Fast(test, lambda rhs, kind, value: f"len(v) {symbol} {rhs!r}" if kind == "str" else None, _is_count)


def _truth(test: Test, negation: str) -> Fast:
    def inline(name: str, first: str, rhs: Any, counts_bools: bool) -> str:
        return f"({negation}{name} if type({first}) in PLAIN else {test.__name__}({name}, True))"

    return Fast(test, lambda rhs, kind, value: f"{negation}{value}", _is_flag, inline=inline)


def _text(test: Test) -> Fast:
    def settled(rhs: Any, kind: str, value: str) -> str | None:
        return f"{test.__name__}(v, {literal(rhs)})" if kind == "str" else None

    return Fast(test, settled, _is_text)


def _names_none(rhs: Any) -> bool:
    return "none" in ([rhs] if type(rhs) is str else rhs)


FAST: dict[str, Fast] = {
    "==": Fast(plain.eq, _equality("=="), inline=_equal_inline),
    "!=": Fast(plain.ne, _equality("!="), inline=_differs_inline),
    "<": _ordered(plain.lt, "<"),
    "<=": _ordered(plain.le, "<="),
    ">": _ordered(plain.gt, ">"),
    ">=": _ordered(plain.ge, ">="),
    "in": Fast(plain.is_in, _membership("in"), _is_list, inline=_in_inline),
    "not_in": Fast(plain.not_in, _membership("not in"), _is_list),
    "present": _given(plain.present, True),
    "absent": _given(plain.absent, False),
    "type_is": Fast(plain.type_is, _by_kind(plain.type_is), _is_kinds, tells_none=_names_none),
    "type_is_not": Fast(plain.type_is_not, _by_kind(plain.type_is_not), _is_kinds),
    "divisible_by": _division(plain.divisible_by, "=="),
    "not_divisible_by": _division(plain.not_divisible_by, "!="),
    "min_len": _sized(plain.min_len, ">="),
    "max_len": _sized(plain.max_len, "<="),
    "truthy": _truth(plain.truthy, ""),
    "falsy": _truth(plain.falsy, "not "),
    "matches": _text(plain.matches),
    "not_matches": _text(plain.not_matches),
}
