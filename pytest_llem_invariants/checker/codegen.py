"""The Python code of a field's rules, made in this process from the clauses that a compiled corpus holds as data.

No text of a file is executed: of the data only names, by `repr`, and checked plain values reach the code, and every
other word of it stands in this module. A function is made for one field and one kind of value, when the two first
meet: for one kind most rules are settled beforehand.
"""

from __future__ import annotations

from pytest_llem_invariants.checker import runtime
from pytest_llem_invariants.errors import CorpusError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    Test = Callable[[Any, Mapping[str, Any], Mapping[str, Any]], list[int] | None]
    Always = Callable[[Mapping[str, Any], Mapping[str, Any]], list[int] | None]
    Rules = list[tuple[int, list[Any], list[str]]]
    """Each rule's number, its subjects, and the fields that it reads (told only where nothing need be given)."""

TYPE, PAIRS = "$type", "$pairs"
"""The keys of a typed value, and of a mapping whose keys JSON cannot hold."""

_ANY = "any"
_SAMPLES: dict[str, Any] = {"int": 1, "float": 1.0, "str": "", "bool": True, "None": None}
_KINDS: dict[type, str] = {type(sample): kind for kind, sample in _SAMPLES.items()}
_BINARY = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "//": "floor", "%": "modulo"}
_FUNCTIONS = frozenset(
    {
        *("abs", "distinct", "first", "keys", "last", "len", "lower", "max"),
        *("min", "number", "steps", "strip", "sum", "upper", "values"),
    }
)
_READ = ("field", "context", "unassumed")
"""Trees that are one name."""
_ORDER = frozenset({"<", "<=", ">", ">="})
_FREE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
"""What a number must be so that the comparison does not hold."""
_SCOPE = dict(vars(runtime))
_BROKEN = (ValueError, TypeError, LookupError, AttributeError, SyntaxError, RecursionError, MemoryError)
"""What reading and compiling data of another form can end in."""


class KindTests(dict[type, "Test | None"]):
    """Kind of value → the test of one field for values of it; None where no rule can trigger."""

    __slots__ = ("_field", "_rules", "_text")

    def __init__(self, field: str, text: str) -> None:
        super().__init__()
        self._field = field
        self._text = text
        self._rules: Rules | None = None

    def __missing__(self, kind: type) -> Test | None:
        if kind not in _KINDS and kind is not object:
            general = self[object]
            if kind in runtime.PLAIN:  # classes of somebody else are not kept alive for it
                self[kind] = general
            return general
        try:
            rules = self._rules
            if rules is None:
                rules = self._rules = _read(self._text)
            test: Test | None = _defined("v, c, x", _body(self._field, rules, _KINDS.get(kind, _ANY)))
        except _BROKEN as error:
            raise _damaged() from error
        self[kind] = test
        return test


def always(text: str) -> Always | None:
    """The test of what a config may trigger by giving none of a rule's fields."""
    lines = []
    try:
        for number, subjects, roots in _read(text):
            given = " or ".join(f"{_name(root)} in c" for root in roots)
            guard = f"not ({given}) and " if given else ""
            lines.append(f"if {guard}{_condition(subjects, None, _ANY)}: h = hit(h, {number})")
        test: Always | None = _defined("c, x", lines)
    except _BROKEN as error:
        raise _damaged() from error
    return test


def _damaged() -> CorpusError:
    return CorpusError("a compiled corpus holds a rule of a form that nobody writes", mend="llem-invariants compile")


def _defined(parameters: str, lines: list[str]) -> Any:
    if not lines:
        return None
    body = "".join(f" {line}\n" for line in lines)
    scope: dict[str, Any] = {}
    exec(compile(f"def test({parameters}):\n h = None\n{body} return h\n", "<rules>", "exec"), _SCOPE, scope)
    return scope["test"]


# Data -----------------------------------------------------------------------------------------------------------------


def _read(text: str) -> Rules:
    import json

    rules = []
    for number, subjects, *roots in json.loads(text):
        if type(number) is not int or number < 0 or type(subjects) is not list:
            raise ValueError(number)
        rules.append((number, subjects, roots[0] if roots else []))
    return rules


def _name(name: Any) -> str:
    if type(name) is not str:
        raise ValueError(name)
    return repr(name)


def literal(value: Any) -> str:
    """Python source of a value as a compiled corpus holds it."""
    kind = type(value)
    if kind is float and value - value != 0:
        return "NAN" if value != value else "INF" if value > 0 else "-INF"
    if kind in _KINDS:
        return repr(value)
    if kind is list:
        return f"[{', '.join(map(literal, value))}]"
    if kind is not dict:
        raise ValueError(value)
    if TYPE in value:
        return f"typed({_name(value[TYPE])}, {literal(value['kwargs'])})"
    pairs = value[PAIRS] if PAIRS in value else value.items()
    return "{" + ", ".join(f"{_key(key)}: {literal(item)}" for key, item in pairs) + "}"


def _key(key: Any) -> str:
    if type(key) not in _KINDS:
        raise ValueError(key)
    return literal(key)


def _is_number(rhs: Any) -> bool:
    return type(rhs) in runtime.NUMBERS


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


_ACCEPTS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("<", "<=", ">", ">="), _is_orderable),
    **dict.fromkeys(("in", "not_in"), _is_list),
    **dict.fromkeys(("present", "absent", "truthy", "falsy"), _is_flag),
    **dict.fromkeys(("type_is", "type_is_not"), _is_kinds),
    **dict.fromkeys(("divisible_by", "not_divisible_by"), _is_divisor),
    **dict.fromkeys(("min_len", "max_len"), _is_count),
    **dict.fromkeys(("matches", "not_matches"), _is_text),
}
"""What stands on the right of an operator; of one that is not named here, any value may."""


def _clause(clause: Any) -> tuple[str, bool, Any]:
    """An operator, whether it compares with another expression, and that or a checked value."""
    op, form, rhs = clause
    if op not in runtime.OPERATORS or form not in ("value", "other"):
        raise ValueError(clause)
    if form == "value" and op in _ACCEPTS and not _ACCEPTS[op](rhs):
        raise ValueError(clause)
    return op, form == "other", rhs


def _names_none(op: str, is_other: bool, rhs: Any) -> bool:
    """Whether a clause holds for a None that is given, and not for a field that is left out."""
    return op == "type_is" and not is_other and "none" in ([rhs] if type(rhs) is str else rhs)


# Code -----------------------------------------------------------------------------------------------------------------


def _body(field: str, rules: Rules, kind: str) -> list[str]:
    bounded: list[tuple[str, str, int]] = []
    lines = []
    for number, subjects, _ in rules:
        condition = _condition(subjects, field, kind)
        if condition is None:
            continue
        bound = condition.split(" ") if kind in ("int", "float") else []
        if len(bound) == 3 and bound[0] == "v" and bound[1] in _ORDER:
            bounded.append((bound[1], bound[2], number))
        else:
            lines.append(f"if {condition}: h = hit(h, {number})")
    tests = [f"if v {op} {limit}: h = hit(h, {number})" for op, limit, number in bounded]
    if len(tests) > 1:
        free = " and ".join(dict.fromkeys(f"v {_FREE[op]} {limit}" for op, limit, _ in bounded))
        tests = [f"if not ({free}):", *(f" {test}" for test in tests)]
    return tests + lines


def _condition(subjects: Sequence[Any], anchor: str | None, kind: str) -> str | None:
    """A rule as an expression, where the anchor's value is `v` and of this kind; None if it cannot hold."""
    first: list[str] = []
    later: list[str] = []
    for tree, counts_bools, clauses in subjects:
        is_settled = anchor is not None and kind != _ANY and tree[0] == "field" and tree[1] == [anchor]
        rest = []
        for op, is_other, rhs in map(_clause, clauses):
            if is_settled and not is_other:
                piece = _settled(op, rhs, kind, counts_bools)
                if piece is None:
                    return None
                if piece:
                    first.append(piece)
            elif is_settled and op == "!=" and rhs == tree:  # only nan differs from itself
                if kind != "float":
                    return None
                first.append("v != v")
            else:
                rest.append((op, is_other, rhs))
        if rest or tree[0] == "each":
            later.extend(_generic(tree, rest, anchor, kind, counts_bools))
    return " and ".join([*first, *later]) or "True"


def _generic(
    tree: Any, clauses: Sequence[tuple[str, bool, Any]], anchor: str | None, kind: str, counts_bools: Any
) -> Iterator[str]:
    if tree[0] == "each":
        _, opened, node = tree
        given = None if node[0] != "element" else "e" if not node[1] else _value(node, anchor, "ABSENT")
        asked = []
        for op, is_other, rhs in clauses:
            test = _test("e", op, is_other, rhs, anchor, _ANY, counts_bools)
            asked.append(f"({given} is None or {test})" if given and _names_none(op, is_other, rhs) else test)
        elements = _elements(opened, anchor)
        is_bare = node == ["element", []]
        value, source = ("e in", elements) if is_bare else (f"d in {elements} for e in", f"({_value(node, anchor)},)")
        rhs_trees = [rhs for _, is_other, rhs in clauses if is_other]
        yield _perhaps(f"any({' and '.join(asked) or 'True'} for {value} {source})", [*opened, node, *rhs_trees])
        return
    value = _value(tree, anchor)
    for op, is_other, rhs in clauses:
        test = _test(value, op, is_other, rhs, anchor, kind, counts_bools)
        if tree[0] in _READ and _names_none(op, is_other, rhs):
            test = f"({_value(tree, anchor, 'ABSENT')} is None or {test})"
        yield _perhaps(test, [tree, rhs] if is_other else [tree])


def _perhaps(test: str, trees: Sequence[Any]) -> str:
    """The test, met as well where a fact that it asks for is not given: it may be met then."""
    facts = dict.fromkeys(fact for tree in trees for fact in _unassumed(tree))
    unknown = "".join(f"{_name(fact)} not in x or " for fact in facts)
    return f"({unknown}{test})" if unknown else test


def _unassumed(tree: Any) -> Iterator[Any]:
    """The facts in a tree of which no default is assumed."""
    match tree:
        case ["unassumed", name, *_]:
            yield name
        case ["call", _, [*arguments]]:
            for argument in arguments:
                yield from _unassumed(argument)
        case [str(kind), *operands] if kind == "negative" or kind in _BINARY:
            for operand in operands:
                yield from _unassumed(operand)


def _test(value: str, op: str, is_other: bool, rhs: Any, anchor: str | None, kind: str, counts_bools: Any) -> str:
    if not is_other:
        return _inline(value, op, rhs, counts_bools)
    other = _value(rhs, anchor)
    if other != "v" or kind == _ANY:
        return f"(r := {other}) is not None and {_against(value, op, 'r', kind, counts_bools)}"
    if kind == "None":  # nothing is compared with a None, not even itself
        return "False"
    return _against(value, op, "v", kind, counts_bools)


def _value(tree: Any, anchor: str | None, absent: str = "None") -> str:
    """Source of what a tree stands for; `absent` is what a field without a default gives where it is not given."""
    match tree:
        case ["number", value] if _is_number(value):
            return literal(value)
        case ["field", [*names], *default] if names and len(default) <= 1:
            if names == [anchor]:
                return "v"
            if default:
                absent = literal(default[0])
            if len(names) > 1:
                return f"path({absent}, c, {', '.join(map(_name, names))})"
            return f"c.get({_name(names[0])}{'' if absent == 'None' else f', {absent}'})"
        case ["context" | "unassumed", name, *default] if len(default) <= 1:
            if default:
                absent = literal(default[0])
            return f"x.get({_name(name)}{'' if absent == 'None' else f', {absent}'})"
        case ["element", []]:
            return "d"
        case ["element", [*names]]:
            return f"path({absent}, d, {', '.join(map(_name, names))})"
        case ["negative", operand]:
            return f"negative({_value(operand, anchor)})"
        case ["call", str(name), [first, *more]] if name in _FUNCTIONS and (not more or name in ("min", "max")):
            return f"call({name!r}, {', '.join(_value(argument, anchor) for argument in (first, *more))})"
        case [str(symbol), left, right] if symbol in _BINARY:
            return f"{_BINARY[symbol]}({_value(left, anchor)}, {_value(right, anchor)})"
    raise ValueError(tree)


def _elements(opened: Any, anchor: str | None) -> str:
    """Source of the elements that stand for what is opened, collection by collection, the innermost first."""
    first, *more = opened
    elements = f"each({_value(first, anchor)})"
    for collection in more:
        if collection != ["element", []]:
            elements = f"({_value(collection, anchor)} for d in {elements})"
        elements = f"nested({elements})"
    return elements


def _bound(value: str) -> tuple[str, str]:
    """A name for a value, and the expression that gives it the name where it is first read."""
    return (value, value) if value.isidentifier() else ("w", f"(w := {value})")


def _inline(value: str, op: str, rhs: Any, counts_bools: Any) -> str:
    """A clause on a value of unknown kind: the usual kinds without a call, the rest through the operator."""
    name, first = _bound(value)
    function = runtime.OPERATORS[op].__name__
    asked = f"as_number({name})" if counts_bools else name
    if op in _ORDER and _is_number(rhs):
        call = f"{function}({asked}, {literal(rhs)})"
        return f"{first} is not None and ({name} {op} {literal(rhs)} if type({name}) in NUMBERS else {call})"
    if op in ("present", "absent"):
        return f"{first} is {'not ' if (op == 'present') is rhs else ''}None"
    members = rhs if op in ("in", "not_in") else [rhs]
    if op in ("in", "==") and members and all(member is None or type(member) is bool for member in members):
        equal = " or ".join(f"{name} is {member}" for member in members).replace(name, first, 1)
        if counts_bools:
            return f"{function}({asked.replace(name, first, 1)}, {literal(rhs)})"
        return f"({equal} or (type({name}) not in PLAIN and {function}({name}, {literal(rhs)})))"
    if op in ("truthy", "falsy"):
        negation = "not " if op == "falsy" else ""
        return f"({negation}{name} if type({first}) in PLAIN else {function}({name}, True))"
    return f"{function}({asked.replace(name, first, 1)}, {literal(rhs)})"


def _against(value: str, op: str, other: str, kind: str, counts_bools: Any) -> str:
    """A clause against another field's value, which is not None; `v` is a number where its kind says so."""
    function = runtime.OPERATORS[op].__name__
    if kind in ("int", "float") and op in _ORDER and "v" in (value, other):
        name, first = _bound(value)
        unknown = name if other == "v" else other
        call = f"{function}({f'as_number({name})' if counts_bools else name}, {other})"
        test = f"({name} {op} {other} if type({unknown}) in NUMBERS else {call})"
        return test if name == first else f"{first} is not None and {test}"
    return f"{function}({f'as_number({value})' if counts_bools else value}, {other})"


def _settled(op: str, rhs: Any, kind: str, counts_bools: Any) -> str | None:
    """A clause on `v` of a known kind: source, '' where it always holds, None where it never does."""
    value = "v"
    if kind == "bool" and counts_bools:
        kind, value = "int", "int(v)"
    test = runtime.OPERATORS[op]
    if kind == "None" and _names_none(op, False, rhs):
        return ""
    if kind == "None" or op in ("present", "absent", "type_is", "type_is_not"):
        return "" if test(_SAMPLES[kind], _plain(rhs)) else None
    number = kind in ("int", "float")
    if op in _ORDER:
        fits = _is_number(rhs) if number else kind == "str" and type(rhs) is str
        return f"{value} {op} {literal(rhs)}" if fits else None
    if op in ("==", "!="):
        return _equality(op, rhs, kind, value)
    if op in ("in", "not_in"):
        return _membership(op, rhs, kind, value)
    if op in ("divisible_by", "not_divisible_by"):
        if kind == "int" and type(rhs) is int:
            return f"{value} % {rhs!r} {'==' if op == 'divisible_by' else '!='} 0"
        return f"{test.__name__}({value}, {literal(rhs)})" if number else None
    if op in ("min_len", "max_len"):
        return f"len(v) {'>=' if op == 'min_len' else '<='} {rhs!r}" if kind == "str" else None
    if op in ("truthy", "falsy"):
        return value if op == "truthy" else f"not {value}"
    return f"{test.__name__}(v, {literal(rhs)})" if kind == "str" else None


def _plain(rhs: Any) -> Any:
    """A value that is compared with None or a sample: what JSON holds by other means equals none of these."""
    return rhs if type(rhs) in _KINDS or type(rhs) is list else ()


def _could_equal(rhs: Any, kind: str) -> bool:
    if kind in ("int", "float"):
        return _is_number(rhs)
    return _KINDS.get(type(rhs)) == kind


def _equality(op: str, rhs: Any, kind: str, value: str) -> str | None:
    if _could_equal(rhs, kind):
        return f"{value} {op} {literal(rhs)}"
    return None if op == "==" else ""


def _membership(op: str, rhs: Any, kind: str, value: str) -> str | None:
    members = [member for member in rhs if _could_equal(member, kind)]
    if not members:
        return None if op == "in" else ""
    return f"{value} {'in' if op == 'in' else 'not in'} ({', '.join(map(literal, members))},)"
