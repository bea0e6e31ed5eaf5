"""The Python code of a field's rules, made in this process from the clauses that a compiled corpus holds as data.

No text of a file is executed: of the data only names, by `repr`, and checked plain values reach the code, and every
other word of it stands in this module and in `fast`. A function is made for one field and one kind of value, when
the two first meet: for one kind most rules are settled beforehand.
"""

from __future__ import annotations

from pytest_llem_invariants.checker import plain, runtime
from pytest_llem_invariants.checker.fast import SETTLED_KINDS, fast_of, literal, name_literal
from pytest_llem_invariants.checker.plain import NUMBERS
from pytest_llem_invariants.errors import CorpusError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    Test = Callable[[Any, Mapping[str, Any], Mapping[str, Any]], list[int] | None]
    Always = Callable[[Mapping[str, Any], Mapping[str, Any]], list[int] | None]
    Rules = list[tuple[int, list[Any], list[str]]]
    """Each rule's number, its subjects, and the fields that it reads (told only where nothing need be given)."""

_ANY = "any"
_BINARY = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "//": "floor", "%": "modulo"}
_FUNCTIONS = frozenset(
    {
        *("abs", "distinct", "first", "keys", "last", "len", "lower", "max"),
        *("min", "number", "steps", "strip", "sum", "upper", "values"),
    }
)
_OPEN = {"unassumed": "UNKNOWN", "whole": "WHOLE", "count": "COUNT", "positive": "POSITIVE"}
"""A fact of which no default is assumed, and what it is where it is not given."""
_UNSURE = {"field": "unsure field", "element": "unsure element"}
"""Trees that read a config, and what they are called where the config does not tell all of its values."""
_READ = ("field", "context", "unsure field", *_OPEN)
"""Trees that are one name."""
_BOUNDED = ("<", "<=", ">", ">=", "==")
"""What a number may not satisfy of which it is known that it is not less than some other."""
_FREE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
"""What a number must be so that the comparison does not hold."""
_SCOPE = {**vars(plain), **vars(runtime)}
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
        if kind not in SETTLED_KINDS and kind is not object:
            general = self[object]
            if kind in plain.PLAIN:  # classes of somebody else are not kept alive for it
                self[kind] = general
            return general
        try:
            rules = self._rules
            if rules is None:
                rules = self._rules = _read(self._text)
            test: Test | None = _defined("v, c, x", _body(self._field, rules, SETTLED_KINDS.get(kind, _ANY)))
        except _BROKEN as error:
            raise _damaged() from error
        self[kind] = test
        return test


def unsure_test(field: str, text: str) -> Test | None:
    """The test of one field in a config that does not tell all of its values: what these may trigger is triggered."""
    try:
        rules = [
            (number, [_unsure_subject(*one) for one in subjects], roots) for number, subjects, roots in _read(text)
        ]
        test: Test | None = _defined("v, c, x", _body(field, rules, _ANY))
    except _BROKEN as error:
        raise _damaged() from error
    return test


def _unsure_subject(tree: Any, counts_bools: Any, clauses: Any) -> list[Any]:
    asked = [[op, form, _unsure(rhs) if form == "other" else rhs] for op, form, rhs in clauses]
    return [_unsure(tree), counts_bools, asked]


def _unsure(tree: Any) -> Any:
    """A tree, or several, in which what reads the config may meet what is unknown."""
    if type(tree) is not list or not tree:
        return tree
    if type(tree[0]) is not str:
        return [_unsure(part) for part in tree]
    if tree[0] in _UNSURE:
        return [_UNSURE[tree[0]], *tree[1:]]
    return [tree[0], *(_unsure(part) for part in tree[1:])]


def always(text: str) -> Always | None:
    """The test of what a config may trigger by giving none of a rule's fields."""
    lines = []
    try:
        for number, subjects, roots in _read(text):
            given = " or ".join(f"{name_literal(root)} in c" for root in roots)
            guard = f"not ({given}) and " if given else ""
            lines.append(f"if {guard}{_condition(subjects, None, _ANY)}: h = hit(h, {number})")
        test: Always | None = _defined("c, x", lines)
    except _BROKEN as error:
        raise _damaged() from error
    return test


def _damaged() -> CorpusError:
    return CorpusError("the compiled corpus contains a rule of an unknown form", fix="llem-invariants compile")


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


def _clause(clause: Any) -> tuple[str, bool, Any]:
    """An operator, whether it compares with another expression, and that or a checked value."""
    op, form, rhs = clause
    fast = fast_of(op)
    if form not in ("value", "other") or (form == "value" and not fast.accepts(rhs)):
        raise ValueError(clause)
    return op, form == "other", rhs


def _names_none(op: str, is_other: bool, rhs: Any) -> bool:
    """Whether a clause holds for a None that is given, and not for a field that is left out."""
    return not is_other and fast_of(op).tells_none(rhs)


# Code -----------------------------------------------------------------------------------------------------------------


def _body(field: str, rules: Rules, kind: str) -> list[str]:
    bounded: list[tuple[str, str, int]] = []
    lines = []
    for number, subjects, _ in rules:
        condition = _condition(subjects, field, kind)
        if condition is None:
            continue
        bound = condition.split(" ") if kind in ("int", "float") else []
        if len(bound) == 3 and bound[0] == "v" and bound[1] in _FREE:
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
        is_element = node[0] in ("element", "unsure element")
        given = None if not is_element else "e" if not node[1] else _value(node, anchor, "ABSENT")
        asked = []
        for op, is_other, rhs in clauses:
            test = _asked("e", [node], (op, is_other, rhs), anchor, _ANY, counts_bools)
            asked.append(f"({given} is None or {test})" if given and _names_none(op, is_other, rhs) else test)
        elements = _elements(opened, anchor)
        is_bare = is_element and not node[1]
        value, source = ("e in", elements) if is_bare else (f"d in {elements} for e in", f"({_value(node, anchor)},)")
        test = _perhaps(f"any({' and '.join(asked) or 'True'} for {value} {source})", opened)
        yield f"(unsure({_value(opened[0], anchor)}) or {test})" if _is_unsure(opened[0]) else test
        return
    value = _value(tree, anchor)
    for op, is_other, rhs in clauses:
        test = _asked(value, [tree], (op, is_other, rhs), anchor, kind, counts_bools)
        if tree[0] in _READ and _names_none(op, is_other, rhs):
            test = f"({_value(tree, anchor, 'ABSENT')} is None or {test})"
        yield test


def _perhaps(test: str, trees: Sequence[Any]) -> str:
    """The test, met as well where a fact that it asks for is not given: it may be met then."""
    facts = dict.fromkeys(leaf[1] for tree in trees for leaf in _open_leaves(tree) if leaf[0] in _OPEN)
    unknown = "".join(f"{name_literal(fact)} not in x or " for fact in facts)
    return f"({unknown}{test})" if unknown else test


def _open_leaves(tree: Any) -> Iterator[Any]:
    """The parts of a tree that may be unknown: facts of which no default is assumed, and what is read from a config
    that does not tell all of its values."""
    match tree:
        case [str(kind), _, *_] if kind in _OPEN or kind in _UNSURE.values():
            yield tree
        case ["call", _, [*arguments]]:
            for argument in arguments:
                yield from _open_leaves(argument)
        case [str(kind), *operands] if kind == "negative" or kind in _BINARY:
            for operand in operands:
                yield from _open_leaves(operand)


def _is_unsure(tree: Any) -> bool:
    """Whether a part of it is read from a config that does not tell all of its values."""
    return any(leaf[0] in _UNSURE.values() for leaf in _open_leaves(tree))


def _asked(
    value: str, trees: Sequence[Any], clause: tuple[str, bool, Any], anchor: str | None, kind: str, counts_bools: Any
) -> str:
    """A clause; it is met as well where a fact is unknown that may meet it, whatever is known beside it."""
    op, is_other, rhs = clause
    is_open = any(True for tree in trees for _ in _open_leaves(tree))
    name, first = _bound(value, "s") if is_open else (value, value)
    if is_other:
        return _compared(name, first if is_open else None, (op, rhs), anchor, kind, counts_bools)
    unset = _of_typed_default(trees, op, rhs)
    if unset is not None:
        field = name_literal(trees[0][1][0])
        return f"({field} {'not in c or' if unset else 'in c and'} {_inline(f'c[{field}]', op, rhs, counts_bools)})"
    if any(map(_is_unsure, trees)):
        return f"(unsure({first}) or {_inline(name, op, rhs, counts_bools)})"
    if is_open and fast_of(op).test(None, _plain(rhs)):
        return _perhaps(_inline(value, op, rhs, counts_bools), trees)
    test = _inline(name, op, rhs, counts_bools)
    if is_open and op in _BOUNDED and isinstance(rhs, (int, float)):  # of other values nothing bounds the unknown
        return f"(may({op!r}, {name}, {literal(rhs)}) if type({first}) is Unknown else {test})"
    return f"(type({first}) is Unknown or {test})" if is_open else test


def _of_typed_default(trees: Sequence[Any], op: str, rhs: Any) -> bool | None:
    """Whether a field that is not given satisfies a clause, where its default is a value of a class; None of any other.

    Such a value equals nothing but its like: that is known without it, and to make one costs a first check its start.
    """
    match trees:
        case [["field", [_], {"$type": _}]] if type(rhs) in SETTLED_KINDS or (
            type(rhs) is list and all(type(member) in SETTLED_KINDS for member in rhs)
        ):
            return {"==": False, "in": False, "!=": True, "not_in": True}.get(op)
    return None


def _compared(
    name: str, first: str | None, clause: tuple[str, Any], anchor: str | None, kind: str, counts_bools: Any
) -> str:
    """A clause against another expression; nothing is compared with a None, not even itself.

    `first` is what reads a value that may be unknown, and names it.
    """
    op, rhs = clause
    other = _value(rhs, anchor)
    is_settled = other == "v" and kind != _ANY
    if is_settled and kind == "None":
        return "False"
    against = "v" if is_settled else "r"
    unknown = [] if first is None else [f"unsure({first})"]
    unknown += ["unsure(r)" for _ in [*_open_leaves(rhs)][:1]]
    test = _against(name, op, against, kind, counts_bools)
    if unknown:
        test = f"(may({op!r}, {name}, {against}) if {' or '.join(unknown)} else {test})"
    return test if is_settled else f"((r := {other}) is not None and {test})"


def _value(tree: Any, anchor: str | None, absent: str = "None") -> str:
    """Source of what a tree stands for; `absent` is what a field without a default gives where it is not given."""
    match tree:
        case ["number", value] if type(value) in NUMBERS:
            return literal(value)
        case ["field" | "unsure field", [*names], *default] if names and len(default) <= 1:
            if names == [anchor]:
                return "v"
            if default:
                absent = literal(default[0])
            if len(names) > 1:
                return f"path({absent}, c, {', '.join(map(name_literal, names))})"
            return f"c.get({name_literal(names[0])}{'' if absent == 'None' else f', {absent}'})"
        case [str(kind), name] if kind in _OPEN:
            return f"x.get({name_literal(name)}, {_OPEN[kind]})"
        case ["context", name, *default] if len(default) <= 1:
            if default:
                absent = literal(default[0])
            return f"x.get({name_literal(name)}{'' if absent == 'None' else f', {absent}'})"
        case ["element" | "unsure element", []]:
            return "d"
        case ["element" | "unsure element", [*names]]:
            return f"path({absent}, d, {', '.join(map(name_literal, names))})"
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
        if collection[1:] != [[]]:
            elements = f"({_value(collection, anchor)} for d in {elements})"
        elements = f"nested({elements})"
    return elements


def _bound(value: str, name: str = "w") -> tuple[str, str]:
    """A name for a value, and the expression that gives it the name where it is first read."""
    return (value, value) if value.isidentifier() else (name, f"({name} := {value})")


def _inline(value: str, op: str, rhs: Any, counts_bools: Any) -> str:
    """A clause on a value of unknown kind: the usual kinds without a call, the rest through the operator."""
    name, first = _bound(value)
    fast = fast_of(op)
    asked = f"as_number({first})" if counts_bools else first
    return fast.inline(name, first, rhs, bool(counts_bools)) or f"{fast.call}{asked}, {literal(rhs)})"


def _against(value: str, op: str, other: str, kind: str, counts_bools: Any) -> str:
    """A clause against another field's value, which is not None; `v` is a number where its kind says so."""
    fast = fast_of(op)
    if kind in ("int", "float") and fast.symbol is not None and "v" in (value, other):
        name, first = _bound(value)
        unknown = name if other == "v" else other
        call = f"{fast.call}{f'as_number({name})' if counts_bools else name}, {other})"
        test = f"({name} {fast.symbol} {other} if type({unknown}) in NUMBERS else {call})"
        return test if name == first else f"{first} is not None and {test}"
    return f"{fast.call}{f'as_number({value})' if counts_bools else value}, {other})"


def _settled(op: str, rhs: Any, kind: str, counts_bools: Any) -> str | None:
    """A clause on `v` of a known kind: source, '' where it always holds, None where it never does."""
    value = "v"
    if kind == "bool" and counts_bools:
        kind, value = "int", "int(v)"
    fast = fast_of(op)
    if kind != "None":
        return fast.settled(rhs, kind, value)
    return "" if fast.tells_none(rhs) or fast.test(None, _plain(rhs)) else None


def _plain(rhs: Any) -> Any:
    """A value that is compared with None: what JSON holds by other means equals it no more than this does."""
    return rhs if type(rhs) in SETTLED_KINDS or type(rhs) is list else ()
