"""Expressions as symbolic values, conditions as formulas."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from miners.facts import ClassFacts, FieldFact
from miners.logic import FALSE, MIRROR, TRUE, And, Atom, Formula, Opaque, Or, all_of, any_of, atom, negate
from miners.static.context import ContextReads
from miners.static.reader import ClassSource, FunctionSource, ModuleName, SourceReader, Value
from miners.static.state import Effect, Frame, State
from miners.static.terms import (
    NONE,
    RUN_TIME,
    Bool,
    Built,
    CallableTerm,
    Choice,
    ClassTerm,
    Computed,
    Const,
    Count,
    Field,
    Given,
    Info,
    Instance,
    Items,
    ModuleTerm,
    Selected,
    Super,
    Table,
    Term,
    Text,
    TypeOf,
    Unknown,
    arithmetic,
    choose,
    compare,
    contains,
    elements_of,
    hole_text,
    instance_of,
    map_cases,
    operand_of,
    over_cases,
    plain,
    remainder,
    subject_of,
    template_of,
    truth,
)
from miners.static.texts import FirstLetter, FirstPiece, Pieces
from miners.values import class_of
from pytest_llem_invariants.expressions import MISSING
from pytest_llem_invariants.model import Clause
from pytest_llem_invariants.predicates import reference_of
from pytest_llem_invariants.values import resolve_class

MOST_UNROLLED: Final = 40
_MOST_MEMBERS: Final = 8
"""A method of an enumeration is read member by member: of so many at most."""
_MAKING: Final = frozenset({"__init__", "__post_init__", "model_post_init"})
_VALIDATING: Final = frozenset({"field_validator", "model_validator", "validator", "root_validator"})
_OPERATORS: Final[dict[type[ast.operator], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Div: "/",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitOr: "|",
    ast.BitAnd: "&",
}
_COMPARISONS: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "==",
    ast.IsNot: "!=",
}
_KNOWN_BUILTINS: Final[dict[str, Any]] = {
    kind.__name__: kind
    for kind in (bool, int, float, str, bytes, list, tuple, dict, set, frozenset, type, object, range, complex)
}


class Evaluator:
    """What expressions need: a reader for names, facts for fields, and a way to call."""

    def __init__(
        self,
        facts: ClassFacts,
        surface: Mapping[str, ClassFacts],
        reader: SourceReader,
        context: ContextReads,
    ) -> None:
        self.facts = facts
        self.surface = surface
        self.reader = reader
        self.context = context
        self.effects: list[Effect] = []
        self.frames: list[Frame] = []
        self.failures: list[Formula] = []
        """Conditions under which an expression on the way raises by itself (an unknown enum name)."""
        self._elements = 0
        self.text_elements: set[str] = set()
        """The stand-ins for elements that are declared to be texts."""
        self._assigned: dict[tuple[str, str], frozenset[str]] = {}

    def call(self, node: ast.Call, state: State) -> Term:
        raise NotImplementedError

    def invoke(self, target: CallableTerm, args: list[Term], keywords: dict[str, Term], state: State) -> Term:
        raise NotImplementedError

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    def place(self, node: ast.AST) -> str:
        return f"{self.frame.path}:{getattr(node, 'lineno', 0)}"

    def unknown(self, node: ast.expr, shape: str) -> Unknown:
        return Unknown(hole_text(ast.unparse(node)), self.place(node), shape)

    # --- conditions -------------------------------------------------------------------------------------------------

    def condition(self, node: ast.expr, state: State) -> Formula:
        """The truth of an expression."""
        match node:
            case ast.BoolOp(op=op, values=values):
                return self._junction(values, state, all_hold=isinstance(op, ast.And))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return negate(self.condition(operand, state))
            case ast.Compare():
                return self._comparison(node, state)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                when = self.condition(test, state)
                with self.under(state, when):
                    yes = self.condition(body, state)
                with self.under(state, negate(when)):
                    no = self.condition(orelse, state)
                return any_of((all_of((when, yes)), all_of((negate(when), no))))
            case _:
                return truth(self.term(node, state), _text(node), self.place(node))

    def _junction(self, values: list[ast.expr], state: State, *, all_hold: bool) -> Formula:
        """Operands from left to right, each evaluated where the ones before it let it be."""
        found: list[Formula] = []
        path = state.path
        try:
            for value in values:
                formula = self.condition(value, state)
                found.append(formula)
                state.path = (*state.path, formula if all_hold else negate(formula))
        finally:
            state.path = path
        return all_of(found) if all_hold else any_of(found)

    @contextmanager
    def under(self, state: State, condition: Formula) -> Iterator[None]:
        path = state.path
        state.path = (*path, condition)
        try:
            yield
        finally:
            state.path = path

    def _comparison(self, node: ast.Compare, state: State) -> Formula:
        left, found = node.left, []
        for op, right in zip(node.ops, node.comparators, strict=True):
            found.append(self._one_comparison(left, op, right, node, state))
            left = right
        return all_of(found)

    def _one_comparison(
        self, left: ast.expr, op: ast.cmpop, right: ast.expr, node: ast.Compare, state: State
    ) -> Formula:
        text, place = _text(node), self.place(node)
        if isinstance(op, (ast.In, ast.NotIn)):
            container, item = self.term(right, state), self.term(left, state)
            inside = self._in_text(container, item) or contains(container, item, text, place)
            return inside if isinstance(op, ast.In) else negate(inside)
        name = _COMPARISONS[type(op)]
        if name in ("==", "!=") and isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mod):
            zero = self.term(right, state)
            if isinstance(zero, Const) and zero.value == 0 and zero.value is not False:
                dividend, divisor = self.term(left.left, state), self.term(left.right, state)
                said = self._remainder(dividend, divisor, equal=name == "==")
                if said is not None:
                    return said
        first, second = self.term(left, state), self.term(right, state)
        if isinstance(op, (ast.Is, ast.IsNot)) and isinstance(first, TypeOf):
            same_type = instance_of(first.of, second, text, place)
            return same_type if isinstance(op, ast.Is) else negate(same_type)
        return compare(name, first, second, text, place)

    def _in_text(self, container: Term, item: Term) -> Formula | None:
        """`"x" in text`, where nothing but a text can be there: then it speaks of no element."""
        if not (isinstance(item, Const) and isinstance(item.value, str)):
            return None
        fact = self.fact(container.path) if isinstance(container, Field) and self.facts.kind.coerces else None
        lowered = isinstance(container, Computed) and container.text.startswith(("lower(", "strip("))
        if not lowered and (fact is None or not fact.types or not set(fact.types) <= {"str", "none"}):
            return None
        return atom(subject_of(container) or "", "matches", re.escape(item.value))

    def _remainder(self, dividend: Term, divisor: Term, *, equal: bool) -> Formula | None:
        cases = dividend.cases if isinstance(dividend, Choice) else ((TRUE, dividend),)
        divisors = divisor.cases if isinstance(divisor, Choice) else ((TRUE, divisor),)
        found: list[Formula] = []
        for guard, term in cases:
            for other_guard, other in divisors:
                said = remainder(term, other, equal)
                if said is None:
                    return None
                found.append(all_of((guard, other_guard, said)))
        return any_of(found)

    # --- values -----------------------------------------------------------------------------------------------------

    def term(self, node: ast.expr, state: State) -> Term:
        """The value of an expression."""
        match node:
            case ast.Constant(value=value):
                return Const(value)
            case ast.Name(id=name):
                return self.name(name, node, state)
            case ast.Attribute(value=owner, attr=attribute):
                return self._attribute(node, owner, attribute, state)
            case ast.Call():
                return self.call(node, state)
            case ast.BoolOp() if isinstance(node.op, (ast.Or, ast.And)):
                return self._selected_operand(node, state)
            case ast.UnaryOp(op=ast.Not()) | ast.Compare():
                return Bool(self.condition(node, state))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return map_cases(self.term(operand, state), lambda term: self._negative(term, node))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.term(operand, state)
            case ast.BinOp(left=left, op=ast.Mod(), right=right) if isinstance(left, (ast.Constant, ast.JoinedStr)):
                return self._percent(node, left, right, state)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return arithmetic(
                    _OPERATORS[type(op)], self.term(left, state), self.term(right, state), _text(node), self.place(node)
                )
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._either(test, body, orelse, state)
            case ast.JoinedStr(values=values):
                return self._joined(values, state)
            case ast.List(elts=elts) | ast.Tuple(elts=elts) | ast.Set(elts=elts):
                return self._display(node, elts, state)
            case ast.Dict(keys=keys, values=values):
                return self._mapping(keys, values, state)
            case ast.Subscript(value=owner, slice=index):
                return self._subscript(node, self.term(owner, state), index, state)
            case ast.NamedExpr(target=target, value=value):
                found = self.term(value, state)
                state.env[target.id] = found
                return found
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                return self.comprehension(node, state)
            case ast.DictComp(key=key, generators=generators):
                found = self.comprehension(ast.ListComp(elt=key, generators=generators), state)
                return self.unknown(node, "dict comprehension") if isinstance(found, Unknown) else found
            case ast.Starred(value=value):
                return self.term(value, state)
            case ast.Await(value=value):
                return self.term(value, state)
            case _:
                return self.unknown(node, f"expression {type(node).__name__.lower()}")

    def _negative(self, term: Term, node: ast.expr) -> Term:
        if isinstance(term, Const) and isinstance(term.value, (int, float)):
            return Const(-term.value)
        operand = operand_of(term)
        return self.unknown(node, "arithmetic") if operand is None else Computed(f"-{operand}")

    def name(self, name: str, node: ast.expr, state: State) -> Term:
        if name in state.env:
            return state.env[name]
        chained = self.context.read(name, self.place(node))
        if chained is not None:
            return chained
        bound = self.reader.lookup(self.frame.module, name)
        if bound is not None:
            return self.bound(bound)
        if name in _KNOWN_BUILTINS:
            return Const(_KNOWN_BUILTINS[name])
        if name in ("NotImplemented", "Ellipsis"):
            return Const(NotImplemented)
        return self.unknown(node, "unresolved name")

    def bound(self, found: FunctionSource | ClassSource | ModuleName | Value) -> Term:
        match found:
            case FunctionSource():
                return CallableTerm(found)
            case ClassSource():
                kind = self.reader.enum_of(found)
                return ClassTerm(found) if kind is None else Const(kind)
            case ModuleName():
                return ModuleTerm(found)
            case Value(value=value):
                return Const(value)

    def _attribute(self, node: ast.Attribute, owner: ast.expr, attribute: str, state: State) -> Term:
        chain = _chain(node)
        if chain is not None and chain.partition(".")[0] not in state.env:
            found = self.context.read(chain, self.place(node))
            if found is not None:
                return found
        return map_cases(self.term(owner, state), lambda term: self.attribute(term, attribute, node, state))

    def attribute(self, term: Term, name: str, node: ast.expr, state: State) -> Term:
        match term:
            case Instance(prefix=prefix, cls=cls):
                return self.member(term, prefix, cls, name, node, state)
            case Field(path=path):
                return self._of_field(term, path, name, node, state)
            case ModuleTerm(name=module):
                found = self.reader.member(module, name)
                return self.unknown(node, "unresolved name") if found is None else self.bound(found)
            case ClassTerm(cls=cls):
                found = self.reader.attribute(cls, name)
                if found is None:
                    return Const(cls.name) if name == "__name__" else self.unknown(node, "class attribute")
                term_ = self.bound(found)
                if isinstance(found, FunctionSource):
                    return CallableTerm(found, term if "classmethod" in found.decorators else None, cls)
                return term_
            case Super(instance=Instance(prefix=prefix, cls=cls) as instance, after=after):
                return self._inherited(instance, cls, after, name, node)
            case TypeOf(of=inner):
                if name in ("__name__", "__qualname__"):
                    return self.unknown(node, "type name")
                return self.attribute(inner, name, node, state)
            case Built(of=original):
                if original is not None:
                    return self.attribute(original, name, node, state)
                return self._of_built(term, name, node)
            case Const(value=value):
                return self._of_constant(value, name, node, state)
            case Info(field=field):
                known: dict[str, Term] = {"data": Given(""), "field_name": Const(field), "context": NONE}
                return known.get(name) or self.unknown(node, "validation info")
            case Unknown():
                return Unknown(hole_text(_text(node)), term.place, term.shape)
            case _:
                return self.unknown(node, f"attribute of {type(term).__name__.lower()}")

    def _of_built(self, built: Built, name: str, node: ast.expr) -> Term:
        """What an object holds that the code made: what it was given, unless the class sets that itself."""
        dotted = f"{built.cls.module}.{built.cls.qualname}"
        if any(map(self.context.is_of_run_time, (f"{dotted}.{name}", dotted))):
            return self.unknown(node, RUN_TIME)
        if name not in self._sets_itself(built.cls):
            for given, value in built.given:
                if given == name:
                    return value
            fact = self._facts_of(built.cls, name)
            if built.whole and fact is not None and fact.default is not MISSING:
                return Const(fact.default)
            if isinstance(built.spread, Field) and fact is not None:
                return Field(f"{built.spread.path}.{name}")
        return Unknown(hole_text(_text(node)), built.place, "constructed object")

    def _facts_of(self, cls: ClassSource, name: str) -> FieldFact | None:
        target = f"{cls.module}:{cls.qualname}"
        facts = next((facts for facts in self.surface.values() if facts.target == target), None)
        return None if facts is None else facts.fields.get(name)

    def _sets_itself(self, cls: ClassSource) -> frozenset[str]:
        """The attributes that a class assigns while it is made: in its constructor, its validators, what they call."""
        key = (cls.module, cls.qualname)
        if key not in self._assigned:
            methods = {method.name: method for _, method in self.reader.methods(cls)}
            open_ = [name for name, method in methods.items() if name in _MAKING or method.decorators & _VALIDATING]
            met: dict[str, None] = {}
            while open_:
                name = open_.pop()
                if name in methods and name not in met:
                    met[name] = None
                    open_.extend(one.attr for one in ast.walk(methods[name].node) if isinstance(one, ast.Attribute))
            self._assigned[key] = frozenset(
                one.attr
                for name in met
                for one in ast.walk(methods[name].node)
                if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store)
            )
        return self._assigned[key]

    def _of_constant(self, value: Any, name: str, node: ast.expr, state: State) -> Term:
        if isinstance(value, type) and issubclass(value, Enum):
            if name in value.__members__:
                return Const(value[name])
            if name == "__members__":
                return Const(list(value.__members__))
        if isinstance(value, Enum) and name in ("value", "name"):
            return Const(getattr(value, name))
        if isinstance(value, Enum):
            source = self.reader.class_at(f"{type(value).__module__}:{type(value).__qualname__}")
            found = None if source is None else self.reader.attribute(source, name)
            if isinstance(found, FunctionSource):
                method = CallableTerm(found, Const(value), source)
                is_property = bool(found.decorators & {"property", "cached_property"})
                return self.invoke(method, [], {}, state) if is_property else method
        if isinstance(value, type) and name == "__name__":
            return Const(value.__name__)
        if hasattr(type(value), "__dataclass_fields__") and name in vars(value):
            return Const(vars(value)[name])
        return self.unknown(node, "attribute of a live object")

    def member(self, instance: Term, prefix: str, cls: ClassSource, name: str, node: ast.expr, state: State) -> Term:
        """`self.name`."""
        path = prefix + name
        if self.context.is_of_run_time(f"{cls.module}.{cls.qualname}.{name}"):
            return self.unknown(node, RUN_TIME)
        if path in state.fields:
            return state.fields[path]
        found = self.reader.attribute(cls, name)
        if isinstance(found, FunctionSource):
            if found.decorators & {"property", "cached_property"}:
                return self.invoke(CallableTerm(found, instance, cls), [], {}, state)
            return CallableTerm(found, None if "staticmethod" in found.decorators else instance, cls)
        given = self.initial(path)
        if given is not None:
            return given
        if found is not None:
            return self.bound(found)
        if name == "__class__":
            return TypeOf(instance)
        return self.unknown(node, "attribute set elsewhere")

    def _inherited(self, instance: Instance, cls: ClassSource, after: ClassSource, name: str, node: ast.expr) -> Term:
        line = self.reader.mro(cls)
        index = next(
            (i for i, one in enumerate(line) if one.qualname == after.qualname and one.module == after.module), 0
        )
        for owner in line[index + 1 :]:
            found = self.reader.attribute(ClassSource(owner.module, owner.qualname, owner.node), name)
            if isinstance(found, FunctionSource):
                return CallableTerm(found, instance, owner)
        return self.unknown(node, "inherited from elsewhere")

    def initial(self, path: str) -> Term | None:
        """What the field holds before any code of the class has run."""
        fact = self.fact(path)
        if fact is None:
            return None
        if fact.init:
            return Field(path)
        return Const(fact.default) if fact.default is not MISSING else None

    def fact(self, path: str) -> FieldFact | None:
        facts: ClassFacts | None = self.facts
        *parents, last = path.split(".")
        for name in parents:
            fact = None if facts is None else facts.fields.get(name)
            facts = None if fact is None else class_of(fact, self.surface)
        return None if facts is None else facts.fields.get(last)

    def instance_at(self, path: str) -> Instance | None:
        """The object of a known class that a field holds; None where it may hold one of several."""
        fact = self.fact(path)
        several = fact is not None and sum(resolve_class(name, self.surface) is not None for name in fact.types) > 1
        inner = None if fact is None or several else class_of(fact, self.surface)
        source = None if inner is None else self.reader.class_at(inner.target)
        return None if source is None else Instance(f"{path}.", source)

    def _of_field(self, term: Field, path: str, name: str, node: ast.expr, state: State) -> Term:
        fact = self.fact(path)
        instance = self.instance_at(path) if fact is None or not fact.literals else None
        if instance is not None:
            return self.member(instance, instance.prefix, instance.cls, name, node, state)
        if fact is not None and fact.literals is not None and name == "value":
            return term
        kind = None if fact is None or not fact.literals else self._enum_of(path, fact)
        if kind is not None and len(kind) <= _MOST_MEMBERS:
            return choose(
                (atom(path, "==", plain(member)), self.attribute(Const(member), name, node, state)) for member in kind
            )
        return self.unknown(node, "attribute of a field's value")

    def _enum_of(self, path: str, fact: FieldFact) -> type[Enum] | None:
        """The enumeration whose members a field holds, by its name in the module of the class that has the field."""
        parent = path.rpartition(".")[0]
        owner = self.instance_at(parent) if parent else None
        target = owner.cls.module if owner is not None else self.facts.target.partition(":")[0]
        for name in fact.types:
            found = self.reader.lookup(target, name)
            if isinstance(found, ClassSource):
                return self.reader.enum_of(found)
            if isinstance(found, Value) and isinstance(found.value, type) and issubclass(found.value, Enum):
                return found.value
        return None

    def _selected_operand(self, node: ast.BoolOp, state: State) -> Term:
        """`a or b` as a value: the first true one, else the last."""
        if all(_is_condition(value) for value in node.values):
            return Bool(self.condition(node, state))
        is_or = isinstance(node.op, ast.Or)
        cases: list[tuple[Formula, Term]] = []
        open_: Formula = TRUE
        path = state.path
        try:
            for index, value in enumerate(node.values):
                term = self.term(value, state)
                if index == len(node.values) - 1:
                    cases.append((open_, term))
                    break
                holds = truth(term, _text(value), self.place(value))
                stops = holds if is_or else negate(holds)
                cases.append((all_of((open_, stops)), term))
                open_ = all_of((open_, negate(stops)))
                state.path = (*path, open_)
        finally:
            state.path = path
        if any(isinstance(term, Bool) for _, term in cases):
            return Bool(self.condition(node, state))
        return choose(cases, _text(node), self.place(node))

    def _either(self, test: ast.expr, body: ast.expr, orelse: ast.expr, state: State) -> Term:
        when = self.condition(test, state)
        if when == TRUE:
            return self.term(body, state)
        if when == FALSE:
            return self.term(orelse, state)
        with self.under(state, when):
            yes = self.term(body, state)
        with self.under(state, negate(when)):
            no = self.term(orelse, state)
        return choose(((when, yes), (negate(when), no)), _text(test), self.place(test))

    # --- texts ------------------------------------------------------------------------------------------------------

    def _joined(self, values: list[ast.expr], state: State) -> Term:
        pieces = []
        for value in values:
            if isinstance(value, ast.FormattedValue):
                text = hole_text(_text(value.value))
                term = self.term(value.value, state)
                as_is = value.conversion == -1 and value.format_spec is None
                quoted = isinstance(term, Const) and isinstance(term.value, str) and value.conversion == ord("r")
                if quoted and isinstance(term, Const):
                    pieces.append(template_of(Const(repr(term.value)), text))
                else:
                    pieces.append(template_of(term, text) if as_is else f"{{{text}}}")
            else:
                pieces.append(template_of(self.term(value, state), ""))
        return Text("".join(pieces))

    def _percent(self, node: ast.BinOp, left: ast.expr, right: ast.expr, state: State) -> Term:
        template = self.term(left, state)
        if isinstance(template, Const) and not isinstance(template.value, str):
            return arithmetic("%", template, self.term(right, state), _text(node), self.place(node))
        operands = right.elts if isinstance(right, ast.Tuple) else [right]
        return Text(self.interpolated(template, operands, state))

    def interpolated(self, template: Term, operands: list[ast.expr], state: State) -> str:
        """`%`-formatting, with a hole for what varies."""
        text = template_of(template, "message")
        rest = iter(operands)

        def fill(match: re.Match[str]) -> str:
            if match.group() == "%%":
                return "%"
            operand = next(rest, None)
            if operand is None:
                return "{}"
            return template_of(self.term(operand, state), _text(operand))

        return re.sub(r"%(?:%|(?:\(\w+\))?[-+ #0]*\d*(?:\.\d+)?[sdifrgexX])", fill, text)

    # --- collections ------------------------------------------------------------------------------------------------

    def _display(self, node: ast.expr, elts: list[ast.expr], state: State) -> Term:
        items: list[Term] = []
        for element in elts:
            if isinstance(element, ast.Starred):
                inner = elements_of(self.term(element.value, state), MOST_UNROLLED)
                if inner is None:
                    return self.unknown(node, "display with a starred unknown")
                items.extend(inner)
            else:
                items.append(self.term(element, state))
        kinds: dict[type, type] = {ast.List: list, ast.Tuple: tuple, ast.Set: set}
        return Items(tuple(items), kinds[type(node)])

    def _mapping(self, keys: list[ast.expr | None], values: list[ast.expr], state: State) -> Term:
        table = Table()
        for key, value in zip(keys, values, strict=True):
            if key is None:
                return Unknown("{**…}", self.place(value), "dict display with an unknown part")
            table.entries.append((self.term(key, state), TRUE, self.term(value, state)))
        return table

    def _subscript(self, node: ast.Subscript, owner: Term, index: ast.expr, state: State) -> Term:
        if isinstance(index, ast.Slice):
            return self.unknown(node, "slice")
        key = self.term(index, state)
        if _chain(node.value) == "os.environ" and isinstance(key, Const):
            return self.context.environment(str(key.value), self.place(node))
        return map_cases(owner, lambda one: map_cases(key, lambda k: self.item(one, k, node)))

    def item(self, owner: Term, key: Term, node: ast.expr) -> Term:
        """`owner[key]`."""
        if isinstance(owner, Unknown):
            return Unknown(hole_text(_text(node)), owner.place, owner.shape)
        if isinstance(owner, Given) and isinstance(key, Const) and isinstance(key.value, str):
            return Field(owner.prefix + key.value)
        if isinstance(owner, Table) and isinstance(key, Const):
            found = [(guard, value) for known, guard, value in owner.entries if known == key]
            return choose(found) if found else self.unknown(node, "missing key")
        if isinstance(owner, Table) and subject_of(key) is not None and len(owner.entries) <= MOST_UNROLLED // 4:
            text, place = _text(node), self.place(node)
            return choose(
                (all_of((guard, compare("==", key, known, text, place))), value)
                for known, guard, value in owner.entries
            )
        if isinstance(owner, Pieces) and key == Const(0):
            return FirstPiece(owner)
        if isinstance(owner, Field) and owner.path in self.text_elements and key == Const(0):
            return FirstLetter(owner.path)
        if (
            isinstance(owner, Items)
            and isinstance(key, Const)
            and isinstance(key.value, int)
            and -len(owner.items) <= key.value < len(owner.items)
        ):
            return owner.items[key.value]
        if isinstance(owner, Const):
            return self._of_known(owner.value, key, node)
        if (
            isinstance(owner, Field)
            and isinstance(key, Const)
            and isinstance(key.value, str)
            and key.value.isidentifier()
        ):
            fact = self.fact(owner.path)
            if fact is None or not fact.types or "dict" in fact.types:
                return Field(f"{owner.path}.{key.value}")
        return self.unknown(node, "subscript")

    def _of_known(self, value: Any, key: Term, node: ast.expr) -> Term:
        if isinstance(key, Const):
            try:
                return Const(value[key.value])
            except Exception:
                return self.unknown(node, "missing key")
        subject = subject_of(key)
        if subject is None:
            return self.unknown(node, "subscript")
        names: Any = value.__members__ if isinstance(value, type) and issubclass(value, Enum) else value
        if not isinstance(names, Mapping) or not all(isinstance(name, (str, int)) for name in names):
            return self.unknown(node, "subscript")
        self.failures.append(negate(atom(subject, "in", list(names))))
        if len(names) > MOST_UNROLLED // 4:
            return Unknown(hole_text(_text(node)), self.place(node), "lookup in a large table")
        return choose((atom(subject, "==", name), Const(item)) for name, item in names.items())

    # --- elements ---------------------------------------------------------------------------------------------------

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, state: State) -> Term:
        """The elements that a comprehension keeps, one by one or as the condition that there is one."""
        if len(node.generators) != 1:
            return self.unknown(node, "nested comprehension")
        generator = node.generators[0]
        collection = self.term(generator.iter, state)
        inner = state.entered(dict(state.env))
        known = elements_of(collection, MOST_UNROLLED)
        if known is not None:
            return self._known_comprehension(node, generator, known, inner)
        return self.over_elements(
            collection,
            generator.target,
            inner,
            generator.iter,
            lambda s: all_of(self.condition(c, s) for c in generator.ifs),
        )

    def _known_comprehension(
        self,
        node: ast.ListComp | ast.SetComp | ast.GeneratorExp,
        generator: ast.comprehension,
        known: Any,
        inner: State,
    ) -> Term:
        items: list[tuple[Formula, Term]] = []
        for element in known:
            self.bind(generator.target, element, inner)
            keeps = all_of(self.condition(test, inner) for test in generator.ifs)
            if keeps != FALSE:
                items.append((keeps, self.term(node.elt, inner)))
        if all(keeps == TRUE for keeps, _ in items):
            return Items(tuple(term for _, term in items))
        table = Table()
        table.entries.extend((Const(index), keeps, term) for index, (keeps, term) in enumerate(items))
        return table

    def over_elements(
        self, collection: Term, target: ast.expr, inner: State, node: ast.expr, question: Any
    ) -> Selected | Unknown:
        """That some element of a field satisfies a question."""
        if isinstance(collection, Choice):
            answers = [
                (guard, self.over_elements(value, target, inner, node, question)) for guard, value in collection.cases
            ]
            exists = [
                all_of(
                    (
                        guard,
                        answer.exists
                        if isinstance(answer, Selected)
                        else Opaque(answer.text, answer.place, shape=answer.shape),
                    )
                )
                for guard, answer in answers
            ]
            return Selected(any_of(exists))
        if isinstance(collection, Selected):
            return self.unknown(node, "elements of a selection")
        known = elements_of(collection, MOST_UNROLLED)
        if known is not None:
            found = []
            for element in known:
                self.bind(target, element, inner)
                found.append(question(inner))
            return Selected(any_of(found))
        if isinstance(collection, Pieces) and isinstance(target, ast.Name):
            piece = self._stand_in(target.id, inner)
            said = collection.some(question(inner), piece)
            return self.unknown(node, "question about pieces") if said is None else Selected(said)
        opened = self.open_element(collection, target, inner)
        if opened is None:
            if isinstance(collection, Unknown):
                return Unknown(collection.text, collection.place, collection.shape)
            return self.unknown(node, f"elements of {type(collection).__name__.lower()}")
        formula = question(inner)
        return Selected(self.close_element(formula, opened) if formula != TRUE else _not_empty(opened))

    def open_element(self, collection: Term, target: ast.expr, state: State) -> dict[str, str] | None:
        """Bind a loop's target to a stand-in for an element; the stand-ins with what they stand for."""
        subject = subject_of(collection)
        if subject is not None:
            if not isinstance(target, ast.Name):
                return None
            stand_in = self._stand_in(target.id, state)
            fact = self.fact(collection.path) if isinstance(collection, Field) else None
            if fact is not None and fact.element_types == ("str",):
                self.text_elements.add(stand_in)
            return {stand_in: f"each({subject})"}
        if isinstance(collection, Items) and len(collection.items) == 2 and isinstance(target, ast.Tuple):
            # the pairs that `.items()`, `enumerate` and `zip` give, marked by their kind
            opened: dict[str, str] = {}
            for element, part in zip(target.elts, collection.items, strict=False):
                inner = subject_of(part)
                if isinstance(element, ast.Name) and inner is not None:
                    opened[self._stand_in(element.id, state)] = f"each({inner})"
                else:
                    self.bind(element, self.unknown(target, "loop variable"), state)
            return opened
        return None

    def _stand_in(self, name: str, state: State) -> str:
        self._elements += 1
        stand_in = f"_element{self._elements}"
        state.env[name] = Field(stand_in)
        return stand_in

    def close_element(self, formula: Formula, opened: Mapping[str, str]) -> Formula:
        """The formula with each stand-in told as `each(…)`."""
        return close_elements(formula, opened)

    def bind(self, target: ast.expr, value: Term, state: State) -> None:
        """Give a local, or several by unpacking, a value."""
        match target:
            case ast.Name(id=name):
                state.env[name] = value
            case ast.Tuple(elts=elts) | ast.List(elts=elts):
                parts = elements_of(value, MOST_UNROLLED) if not isinstance(value, Table) else None
                if parts is None and isinstance(value, Const) and isinstance(value.value, (tuple, list)):
                    parts = [Const(part) for part in value.value]
                if parts is not None and len(parts) == len(elts):
                    for element, part in zip(elts, parts, strict=True):
                        self.bind(element, part, state)
                else:
                    part = value if isinstance(value, Unknown) else self.unknown(target, "unpacking")
                    for element in elts:
                        self.bind(element, part, state)
            case ast.Starred(value=inner):
                self.bind(inner, self.unknown(target, "unpacking"), state)
            case _:
                pass


def close_elements(formula: Formula, opened: Mapping[str, str]) -> Formula:
    """Replace stand-ins for elements; where an element stands inside an expression the language ends."""
    return _closed(formula, tuple(opened.items()))


@lru_cache(maxsize=65536)
def _closed(formula: Formula, opened: tuple[tuple[str, str], ...]) -> Formula:
    """A condition is a tree whose branches share most of their twigs: each is rewritten once."""
    match formula:
        case And(parts=parts):
            return all_of(_closed(part, opened) for part in parts)
        case Or(parts=parts):
            return any_of(_closed(part, opened) for part in parts)
        case Atom():
            return _closed_atom(formula, opened)
        case Opaque(dual=dual) if dual is not None:
            return Opaque(formula.text, formula.place, formula.negated, formula.shape, _closed(dual, opened))
        case _:
            return formula


def _closed_atom(found: Atom, opened: Sequence[tuple[str, str]]) -> Formula:
    reference = reference_of(found.clause.rhs)
    subject, op = found.subject, found.clause.op
    for stand_in, element in opened:
        word = re.compile(rf"\b{stand_in}\b")
        if reference is not None and word.search(reference):
            if subject == reference:
                return FALSE if subject == stand_in else _inside(found, element, stand_in)
            if reference == stand_in and op in MIRROR and not word.search(subject):
                subject, reference, op = element, subject, MIRROR[op]
                continue
            return _inside(found, element, stand_in)
        if word.search(subject):
            if subject == stand_in:
                subject = element
            elif subject.startswith("each(") and subject.replace("each(", "").rstrip(")") == stand_in:
                subject = subject.replace(stand_in, element)
            else:
                return _inside(found, element, stand_in)
    rhs = found.clause.rhs if reference is None else f"@{reference}"
    return Atom(subject, Clause(op, rhs))


def _inside(found: Atom, element: str, stand_in: str) -> Opaque:
    text = f"{found.subject} {found.clause.op} {found.clause.rhs!r}".replace(stand_in, element)
    return Opaque(text, "", shape="expression over an element")


def _not_empty(opened: Mapping[str, str]) -> Formula:
    first = next(iter(opened.values()))
    return atom(f"len({first[5:-1]})", ">", 0)


def _text(node: ast.AST) -> str:
    return ast.unparse(node)


def _chain(node: ast.expr) -> str | None:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def _is_condition(node: ast.expr) -> bool:
    return isinstance(node, (ast.Compare, ast.BoolOp)) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    )


__all__ = ["NONE", "Count", "Evaluator", "over_cases"]
