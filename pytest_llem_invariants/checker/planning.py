"""What each field of a class asks of its rules, as data: clauses over trees, from which `codegen` makes functions.

A check looks only at the fields that a config gives. So a rule hangs on a field without which it cannot trigger;
where there is none (a default may trigger it), on every field that it reads.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, final

from pytest_llem_invariants.checker.fast import PAIRS, TYPE
from pytest_llem_invariants.corpus.names import field_resolver
from pytest_llem_invariants.language.expressions import MISSING, Expression, is_each, opened_in, owner_of, parse
from pytest_llem_invariants.language.operators import BOOL_IS_NUMBER, OPERATORS
from pytest_llem_invariants.language.predicates import compile_match, plain_value, reference_of
from pytest_llem_invariants.model import EMPTY, Clause, Rule, TypedValue

Tree = list[Any]
_SYMBOLS: Final[Mapping[type[ast.operator], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}


@final
@dataclass(frozen=True, slots=True)
class ClassTests:
    """The rules of a class, field by field, each as JSON text that is read when the field is first met."""

    fields: Mapping[str, str]
    always: str | None
    """The rules that an empty config may trigger."""
    reads: frozenset[str]
    """The fields that some rule reads."""


def held(value: Any) -> Any:
    """A value of a corpus as JSON holds it; `fast.literal` reads it back."""
    if isinstance(value, TypedValue):
        return {TYPE: value.type, "kwargs": {name: held(item) for name, item in value.kwargs.items()}}
    if isinstance(value, Mapping):
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: held(item) for key, item in value.items()}
        return {PAIRS: [[held(key), held(item)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return [held(item) for item in value]
    return value


@final
class RulePlan:
    """One rule of a class: where it hangs, and what it asks."""

    def __init__(
        self,
        number: int,
        rule: Rule,
        namespace: str | None,
        context: Collection[str],
        unassumed: Mapping[str, str] = EMPTY,
    ) -> None:
        self.number = number
        self.rule = rule
        self.subjects = [(parse(subject), clauses) for subject, clauses in rule.match.fields.items()]
        self.context = context
        self._unassumed = unassumed
        self._resolve = field_resolver(rule, namespace, context)
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
            return not OPERATORS[clause.op].may_hold_unset
        return not OPERATORS[clause.op].test(MISSING, plain_value(clause.rhs))

    def _root(self, name: str) -> str | None:
        return None if name in self.context else self.path(name).partition(".")[0]

    def may_hold_unset(self) -> bool:
        """Whether the rule may trigger where none of its fields is given."""
        if any(self._needs(root) for root in self.roots):
            return False
        if any(name in self.context for name in self.names):
            return True
        return compile_match(self.rule.match, resolve=self._resolve)({}, {})

    # Data

    def data(self) -> list[Any]:
        """The rule's number, and for each subject its tree, whether bools count as numbers, and its clauses."""
        return [self.number, [self._subject(expression, clauses) for expression, clauses in self.subjects]]

    def _subject(self, expression: Expression, clauses: tuple[Clause, ...]) -> list[Any]:
        counts_bools = any(clause.op == BOOL_IS_NUMBER for clause in clauses)
        asked = [self._clause(clause) for clause in clauses if clause.op != BOOL_IS_NUMBER]
        return [self._expression(expression), counts_bools, asked]

    def _clause(self, clause: Clause) -> list[Any]:
        reference = reference_of(clause.rhs)
        if reference is None:
            return [clause.op, "value", held(plain_value(clause.rhs))]
        return [clause.op, "other", self._expression(parse(reference))]

    def _expression(self, expression: Expression) -> Tree:
        if expression.is_field:
            return self._field(expression.text)
        node = ast.parse(expression.text, mode="eval").body
        tree = self._tree(node)
        return ["each", self._opened(node), tree] if expression.has_each else tree

    def _opened(self, node: ast.expr) -> list[Tree]:
        """What is opened one inside another, the innermost first: each is a tree over the element of the one before."""
        opened = opened_in(node)
        if opened is None:
            return []
        (collection,) = opened.args
        return [*self._opened(collection), self._tree(collection)]

    def _tree(self, node: ast.expr) -> Tree:
        match node:
            case ast.Constant(value=value):
                return ["number", value]
            case ast.Call() if is_each(node):
                return ["element", []]
            case ast.Name() | ast.Attribute():
                opened, field = owner_of(node)
                return self._field(field) if opened is None else ["element", field.split(".")]
            case ast.UnaryOp(operand=operand):
                return ["negative", self._tree(operand)]
            case ast.BinOp(left=left, op=op, right=right):
                return [_SYMBOLS[type(op)], self._tree(left), self._tree(right)]
            case ast.Call(func=ast.Name(id=name), args=args):
                return ["call", name, [self._tree(argument) for argument in args]]
        raise AssertionError(ast.dump(node))  # pragma: no cover - the parser admits nothing else

    def _field(self, name: str) -> Tree:
        defaults = self.rule.match.defaults
        default = [held(defaults[name])] if name in defaults else []
        if name in self._unassumed:
            return [self._unassumed[name], name]
        if name in self.context:
            return ["context", name, *default]
        return ["field", self.path(name).split("."), *default]


def plan(
    rules: Iterable[tuple[int, Rule]],
    namespace: str | None = None,
    context: Collection[str] = (),
    unassumed: Mapping[str, str] = EMPTY,
) -> ClassTests:
    """The rules of one class, by the fields that they hang on.

    Of the facts in `unassumed` (name → what it may be) any may be missing in the context: a rule that may trigger then
    is among the answers.
    """
    by_field: dict[str, list[Any]] = {}
    always: list[Any] = []
    reads: set[str] = set()
    for number, rule in rules:
        one = RulePlan(number, rule, namespace, context, unassumed)
        data = one.data()
        reads.update(one.roots)
        if one.may_hold_unset():
            always.append([*data, list(one.roots)])
        for root in one.anchors():
            by_field.setdefault(root, []).append(data)
    fields = {field: _text(by_field[field]) for field in sorted(by_field)}
    return ClassTests(fields, _text(always) if always else None, frozenset(reads))


def _text(data: Any) -> str:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=True)
