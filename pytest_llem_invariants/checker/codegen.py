"""Predicates turned into Python source: for each field one function that knows which rules its value can trigger.

A check looks only at the fields that a config gives. So a rule hangs on a field without which it cannot trigger;
where there is none (a default may trigger it), on every field that it reads. The first thing a function looks at is the
kind of its value, because for one kind most rules are settled beforehand.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, final

from pytest_llem_invariants.checker import runtime
from pytest_llem_invariants.corpus_names import field_resolver
from pytest_llem_invariants.expressions import Expression, is_each, opened_in, owner_of, parse
from pytest_llem_invariants.model import Clause, Rule, TypedValue
from pytest_llem_invariants.predicates import BOOL_IS_NUMBER, compile_match, names_none, plain_value, reference_of

_KINDS: Final = ("int", "float", "str", "bool", "None")
_ANY: Final = "any"
_SAMPLES: Final[Mapping[str, Any]] = {"int": 1, "float": 1.0, "str": "", "bool": True, "None": None}
_BINARY: Final[Mapping[type[ast.operator], str]] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.FloorDiv: "floor",
    ast.Mod: "modulo",
}
_ORDER: Final = frozenset({"<", "<=", ">", ">="})
_FREE: Final[Mapping[str, str]] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
"""What a number must be so that the comparison does not hold."""


@final
@dataclass(frozen=True, slots=True)
class ClassTests:
    """The generated source of a class: one function a field, and one for what an empty config may trigger."""

    fields: Mapping[str, str]
    always: str | None
    reads: frozenset[str]
    """The fields that some rule reads."""


def literal(value: Any) -> str:
    """Python source of a value as a corpus holds it."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NAN" if math.isnan(value) else "INF" if value > 0 else "-INF"
    if isinstance(value, TypedValue):
        return f"typed({value.type!r}, {literal(dict(value.kwargs))})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(literal, value)) + "]"
    return repr(value)


@final
class RuleSource:
    """One rule of a class, ready to be written as a condition."""

    def __init__(
        self,
        number: int,
        rule: Rule,
        namespace: str | None,
        context: Collection[str],
        unassumed: Collection[str] = (),
    ) -> None:
        self.number = number
        self.rule = rule
        self.subjects = [(parse(subject), clauses) for subject, clauses in rule.match.fields.items()]
        self.context = context
        self._unassumed = unassumed
        self._resolve = field_resolver(rule, namespace)
        self.names = tuple(dict.fromkeys(self._names()))
        self.roots = tuple(
            dict.fromkeys(self.path(name).partition(".")[0] for name in self.names if name not in context)
        )

    def path(self, name: str) -> str:
        return self._resolve(name)

    def _names(self) -> Iterator[str]:
        for expression, clauses in self.subjects:
            yield from expression.fields
            for clause in clauses:
                reference = reference_of(clause.rhs)
                if reference is not None:
                    yield from parse(reference).fields

    def anchors(self) -> tuple[str, ...]:
        """The fields that the rule hangs on: one that must be given, else all."""
        necessary = [root for root in self.roots if self._needs(root)]
        return (necessary[-1],) if necessary else self.roots

    def _needs(self, root: str) -> bool:
        """Whether the rule cannot trigger where this field is not given."""
        if any(self.path(name).partition(".")[0] == root and name in self.rule.match.defaults for name in self.names):
            return False
        return any(
            self._dies_unset(expression, clause, root) for expression, clauses in self.subjects for clause in clauses
        )

    def _dies_unset(self, expression: Expression, clause: Clause, root: str) -> bool:
        reference = reference_of(clause.rhs)
        if reference is not None:
            other = parse(reference)
            if other.is_field and self._root(other.text) == root:
                return True
        if clause.op == BOOL_IS_NUMBER or not expression.is_field or self._root(expression.text) != root:
            return False
        if reference is not None:
            return clause.op not in ("==", "in", "falsy", "absent", "present")
        return not runtime.OPERATORS[clause.op](None, plain_value(clause.rhs))

    def _root(self, name: str) -> str | None:
        return None if name in self.context else self.path(name).partition(".")[0]

    def may_hold_unset(self) -> bool:
        """Whether the rule may trigger where none of its fields is given."""
        if any(self._needs(root) for root in self.roots):
            return False
        if any(name in self.context for name in self.names):
            return True
        return compile_match(self.rule.match, resolve=self._resolve)({}, {})

    # Source

    def condition(self, anchor: str | None, kind: str) -> str | None:
        """The rule as an expression, where the anchor's value is `v` and of this kind; None if it cannot hold."""
        first: list[str] = []
        later: list[str] = []
        for expression, clauses in self.subjects:
            is_anchor = expression.is_field and anchor is not None and self._is_anchor(expression.text, anchor)
            counts_bools = any(clause.op == BOOL_IS_NUMBER for clause in clauses)
            for clause in clauses:
                if clause.op == BOOL_IS_NUMBER:
                    continue
                if is_anchor and kind != _ANY and reference_of(clause.rhs) is None:
                    piece = _settled(clause, kind, counts_bools)
                    if piece is None:
                        return None
                    if piece:
                        first.append(piece)
            rest = [
                clause
                for clause in clauses
                if clause.op != BOOL_IS_NUMBER and not (is_anchor and kind != _ANY and reference_of(clause.rhs) is None)
            ]
            if is_anchor and any(_is_nan_test(clause, expression.text) for clause in rest) and kind != _ANY:
                if kind != "float":
                    return None
                first.append("v != v")
                rest = [clause for clause in rest if not _is_nan_test(clause, expression.text)]
            later.extend(self._generic(expression, rest, anchor, kind, counts_bools))
        return " and ".join([*first, *later]) or "True"

    def _is_anchor(self, name: str, anchor: str) -> bool:
        return name not in self.context and self.path(name) == anchor

    def _generic(
        self, expression: Expression, clauses: list[Clause], anchor: str | None, kind: str, counts_bools: bool
    ) -> Iterator[str]:
        if expression.has_each:
            node = ast.parse(expression.text, mode="eval").body
            asked = [self._clause("e", clause, anchor, _ANY, counts_bools) for clause in clauses]
            given = self._given(node, anchor)
            asked = [
                f"({given} is None or {test})" if given and names_none(clause) else test
                for clause, test in zip(clauses, asked, strict=True)
            ]
            tests, elements = " and ".join(asked) or "True", self._elements(node, anchor)
            value = "e in" if is_each(node) else f"d in {elements} for e in"
            source = elements if is_each(node) else f"({self._node(node, anchor)},)"
            yield self._perhaps(f"any({tests} for {value} {source})", expression, clauses)
            return
        value = self._expression(expression.text, anchor)
        for clause in clauses:
            test = self._clause(value, clause, anchor, kind, counts_bools)
            if expression.is_field and names_none(clause):
                test = f"({self._read(expression.text, anchor, 'ABSENT')} is None or {test})"
            yield self._perhaps(test, expression, [clause])

    def _perhaps(self, test: str, expression: Expression, clauses: Iterable[Clause]) -> str:
        """The test, met as well where a fact that it asks for is not given: it may be met then."""
        if not self._unassumed:
            return test
        references = [reference for clause in clauses if (reference := reference_of(clause.rhs)) is not None]
        names = dict.fromkeys((*expression.fields, *(name for text in references for name in parse(text).fields)))
        unknown = "".join(f"{name!r} not in x or " for name in names if name in self._unassumed)
        return f"({unknown}{test})" if unknown else test

    def _clause(self, value: str, clause: Clause, anchor: str | None, kind: str, counts_bools: bool) -> str:
        reference = reference_of(clause.rhs)
        if reference is None:
            return _inline(value, clause.op, plain_value(clause.rhs), counts_bools)
        other = self._expression(reference, anchor)
        if other != "v" or kind == _ANY:
            return f"(r := {other}) is not None and {_against(value, clause.op, 'r', kind, counts_bools)}"
        return _against(value, clause.op, "v", kind, counts_bools)

    def _expression(self, text: str, anchor: str | None) -> str:
        if parse(text).is_field:
            return self._read(text, anchor)
        return self._node(ast.parse(text, mode="eval").body, anchor)

    def _node(self, node: ast.expr, anchor: str | None, absent: str = "None") -> str:
        match node:
            case ast.Constant(value=value):
                return literal(value)
            case ast.Call() if is_each(node):
                return "d"
            case ast.Name() | ast.Attribute():
                opened, field = owner_of(node)
                names = ", ".join(map(repr, field.split(".")))
                return self._read(field, anchor) if opened is None else f"path({absent}, d, {names})"
            case ast.UnaryOp(operand=operand):
                return f"negative({self._node(operand, anchor)})"
            case ast.BinOp(left=left, op=op, right=right):
                return f"{_BINARY[type(op)]}({self._node(left, anchor)}, {self._node(right, anchor)})"
            case ast.Call(func=ast.Name(id=name), args=args):
                return f"call({name!r}, {', '.join(self._node(argument, anchor) for argument in args)})"
        raise AssertionError(ast.dump(node))  # pragma: no cover - the parser admits nothing else

    def _elements(self, node: ast.expr, anchor: str | None) -> str:
        """What gives the elements that stand for what an expression opens."""
        opened = opened_in(node)
        assert opened is not None
        (collection,) = opened.args
        if opened_in(collection) is None:
            return f"each({self._node(collection, anchor)})"
        elements = self._elements(collection, anchor)
        if not is_each(collection):
            elements = f"({self._node(collection, anchor)} for d in {elements})"
        return f"nested({elements})"

    def _given(self, node: ast.expr, anchor: str | None) -> str | None:
        """What is None where somebody gave a None; nothing that is computed is."""
        if is_each(node):
            return "e"
        return self._node(node, anchor, "ABSENT") if isinstance(node, ast.Attribute) else None

    def _read(self, name: str, anchor: str | None, absent: str = "") -> str:
        defaults = self.rule.match.defaults
        default = literal(defaults[name]) if name in defaults else absent
        if name in self.context:
            return f"x.get({name!r}{', ' + default if default else ''})"
        path = self.path(name)
        if path == anchor:
            return "v"
        if "." not in path:
            return f"c.get({path!r}{', ' + default if default else ''})"
        parts = ", ".join(map(repr, path.split(".")))
        return f"path({default or None}, c, {parts})"


def _is_nan_test(clause: Clause, subject: str) -> bool:
    return clause.op == "!=" and reference_of(clause.rhs) == subject


def _bound(value: str) -> tuple[str, str]:
    """A name for a value, and the expression that gives it the name where it is first read."""
    return (value, value) if value.isidentifier() else ("w", f"(w := {value})")


def _inline(value: str, op: str, rhs: Any, counts_bools: bool) -> str:
    """A clause on a value of unknown kind: the usual kinds without a call, the rest through the operator."""
    name, first = _bound(value)
    function = runtime.OPERATORS[op].__name__
    asked = f"as_number({name})" if counts_bools else name
    if op in _ORDER and type(rhs) in runtime.NUMBERS:
        call = f"{function}({asked}, {literal(rhs)})"
        return f"{first} is not None and ({name} {op} {literal(rhs)} if type({name}) in NUMBERS else {call})"
    if op in ("present", "absent"):
        return f"{first} is {'not ' if (op == 'present') is rhs else ''}None"
    members = rhs if op in ("in", "not_in") else [rhs]
    if op in ("in", "==") and members and all(member is None or isinstance(member, bool) for member in members):
        equal = " or ".join(f"{name} is {member}" for member in members).replace(name, first, 1)
        if counts_bools:
            return f"{function}({asked.replace(name, first, 1)}, {literal(rhs)})"
        return f"({equal} or (type({name}) not in PLAIN and {function}({name}, {literal(rhs)})))"
    if op in ("truthy", "falsy"):
        negation = "not " if op == "falsy" else ""
        return f"({negation}{name} if type({first}) in PLAIN else {function}({name}, True))"
    return f"{function}({asked.replace(name, first, 1)}, {literal(rhs)})"


def _against(value: str, op: str, other: str, kind: str, counts_bools: bool) -> str:
    """A clause against another field's value, which is not None; `v` is a number where its kind says so."""
    function = runtime.OPERATORS[op].__name__
    if kind in ("int", "float") and op in _ORDER and "v" in (value, other):
        name, first = _bound(value)
        unknown = name if other == "v" else other
        call = f"{function}({f'as_number({name})' if counts_bools else name}, {other})"
        test = f"({name} {op} {other} if type({unknown}) in NUMBERS else {call})"
        return test if name == first else f"{first} is not None and {test}"
    return f"{function}({f'as_number({value})' if counts_bools else value}, {other})"


def _settled(clause: Clause, kind: str, counts_bools: bool) -> str | None:
    """A clause on `v` of a known kind: source, '' where it always holds, None where it never does."""
    value = "v"
    if kind == "bool" and counts_bools:
        kind, value = "int", "int(v)"
    op, rhs = clause.op, plain_value(clause.rhs)
    test = runtime.OPERATORS[op]
    if kind == "None" and names_none(clause):
        return ""
    if kind == "None" or op in ("present", "absent", "type_is", "type_is_not"):
        return "" if test(_SAMPLES[kind], rhs) else None
    number = kind in ("int", "float")
    if op in _ORDER:
        fits = type(rhs) in runtime.NUMBERS if number else kind == "str" and type(rhs) is str
        return f"{value} {op} {literal(rhs)}" if fits else None
    if op in ("==", "!="):
        return _equality(op, rhs, kind, value)
    if op in ("in", "not_in"):
        return _membership(op, rhs, kind, value)
    if op in ("divisible_by", "not_divisible_by"):
        if kind == "int" and type(rhs) is int:
            return f"{value} % {rhs} {'==' if op == 'divisible_by' else '!='} 0"
        return f"{test.__name__}({value}, {literal(rhs)})" if number else None
    if op in ("min_len", "max_len"):
        return f"len(v) {'>=' if op == 'min_len' else '<='} {rhs}" if kind == "str" else None
    if op in ("truthy", "falsy"):
        return value if op == "truthy" else f"not {value}"
    return f"{test.__name__}(v, {rhs!r})" if kind == "str" else None


def _could_equal(rhs: Any, kind: str) -> bool:
    if kind in ("int", "float"):
        return type(rhs) in runtime.NUMBERS
    return type(rhs).__name__ == kind


def _equality(op: str, rhs: Any, kind: str, value: str) -> str | None:
    if _could_equal(rhs, kind):
        return f"{value} {op} {literal(rhs)}"
    return None if op == "==" else ""


def _membership(op: str, rhs: Any, kind: str, value: str) -> str | None:
    members = [member for member in rhs if _could_equal(member, kind)]
    if not members:
        return None if op == "in" else ""
    return f"{value} {'in' if op == 'in' else 'not in'} ({', '.join(map(literal, members))},)"


def generate(
    rules: Iterable[tuple[int, Rule]],
    namespace: str | None = None,
    context: Collection[str] = (),
    unassumed: Collection[str] = (),
) -> ClassTests:
    """The functions of one class. A function gets the field's value, the config and the context.

    Of the facts in `unassumed` any may be missing in the context: a rule that may trigger then is among the answers.
    """
    by_field: dict[str, list[RuleSource]] = {}
    always: list[RuleSource] = []
    reads: set[str] = set()
    for number, rule in rules:
        source = RuleSource(number, rule, namespace, context, unassumed)
        reads.update(source.roots)
        if source.may_hold_unset():
            always.append(source)
        for root in source.anchors():
            by_field.setdefault(root, []).append(source)
    fields = {field: _field_function(field, by_field[field]) for field in sorted(by_field)}
    return ClassTests(fields, _always_function(always) if always else None, frozenset(reads))


def _field_function(field: str, rules: list[RuleSource]) -> str:
    groups: dict[tuple[str, ...], list[str]] = {}
    for kind in _KINDS:
        groups.setdefault(tuple(_body(field, rules, kind)), []).append(kind)
    lines = ["def test(v, c, x):", " t = type(v)", " h = None"]
    for body, kinds in groups.items():
        lines.append(f" if {' or '.join(map(_is_kind, kinds))}:")
        lines.extend(f"  {line}" for line in body)
        lines.append("  return h")
    lines.extend(f" {line}" for line in _body(field, rules, _ANY))
    lines.append(" return h")
    return "\n".join(lines)


def _is_kind(kind: str) -> str:
    return "v is None" if kind == "None" else f"t is {kind}"


def _body(field: str, rules: list[RuleSource], kind: str) -> list[str]:
    bounded: list[tuple[str, str, int]] = []
    lines = []
    for source in rules:
        condition = source.condition(field, kind)
        if condition is None:
            continue
        bound = condition.split(" ") if kind in ("int", "float") else []
        if len(bound) == 3 and bound[0] == "v" and bound[1] in _ORDER:
            bounded.append((bound[1], bound[2], source.number))
        else:
            lines.append(f"if {condition}: h = hit(h, {source.number})")
    tests = [f"if v {op} {limit}: h = hit(h, {number})" for op, limit, number in bounded]
    if len(tests) > 1:
        free = " and ".join(dict.fromkeys(f"v {_FREE[op]} {limit}" for op, limit, _ in bounded))
        tests = [f"if not ({free}):", *(f" {test}" for test in tests)]
    return tests + lines


def _always_function(rules: list[RuleSource]) -> str:
    lines = ["def test(c, x):", " h = None"]
    for source in rules:
        given = " or ".join(f"{root!r} in c" for root in source.roots)
        guard = f"not ({given}) and " if given else ""
        lines.append(f" if {guard}{source.condition(None, _ANY)}: h = hit(h, {source.number})")
    lines.append(" return h")
    return "\n".join(lines)
