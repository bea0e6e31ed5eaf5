"""Symbolic values, and the formulas that questions about them become."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from itertools import combinations
from types import NoneType
from typing import Any, Final, final

from miners.logic import FALSE, TRUE, Formula, Opaque, Truth, all_of, any_of, atom, negate, reshaped
from miners.static.reader import ClassSource, FunctionSource, ModuleName
from miners.static.texts import FirstLetter, FirstPiece, PieceCount, Pieces, TextLength

MOST_CASES: Final = 10
_MOST_COUNTED: Final = 8


@final
@dataclass(frozen=True, slots=True)
class Const:
    """A known value."""

    value: Any


@final
@dataclass(frozen=True, slots=True)
class Field:
    """The value that a keyword argument gives, or a fact of the context."""

    path: str


@final
@dataclass(frozen=True, slots=True)
class Computed:
    """An expression of the corpus's own language over fields."""

    text: str


@final
@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values; the guards exclude each other and one of them holds."""

    cases: tuple[tuple[Formula, Term], ...]


@final
@dataclass(frozen=True, slots=True)
class Items:
    """A list, tuple or set whose elements are known one by one."""

    items: tuple[Term, ...]
    kind: type = list


@final
@dataclass(slots=True, eq=False)
class Table:
    """A dict that the code fills itself: keys with the guard under which they are there."""

    entries: list[tuple[Term, Formula, Term]] = field(default_factory=list)


@final
@dataclass(frozen=True, slots=True)
class Text:
    """A string with holes."""

    template: str


@final
@dataclass(frozen=True, slots=True)
class Bool:
    """The truth of a formula."""

    formula: Formula


@final
@dataclass(frozen=True, slots=True)
class Count:
    """How many of some formulas hold."""

    of: tuple[Formula, ...]


@final
@dataclass(frozen=True, slots=True)
class Selected:
    """The elements of a collection that satisfy a condition; `exists` says that there is one."""

    exists: Formula


@final
@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class whose source is known, its fields under a path."""

    prefix: str
    cls: ClassSource


@final
@dataclass(frozen=True, slots=True)
class Built:
    """An object of a known class that the code makes itself, with the arguments that are known."""

    cls: ClassSource
    given: tuple[tuple[str, Term], ...]
    place: str
    whole: bool = True
    """Whether all of its arguments are known: then what is not given has its default."""
    spread: Term | None = None
    """The mapping that the other arguments come from (`**options`)."""
    of: Term | None = None
    """What it is a copy of: it holds the same, and what is done to it is done to nothing that was given."""


@final
@dataclass(frozen=True, slots=True)
class CallableTerm:
    """A function, bound to its first argument where it is a method."""

    function: FunctionSource
    bound: Term | None = None
    owner: ClassSource | None = None
    """The class of the method resolution that `super()` starts from."""


@final
@dataclass(frozen=True, slots=True)
class ClassTerm:
    """A class."""

    cls: ClassSource


@final
@dataclass(frozen=True, slots=True)
class ModuleTerm:
    """A module."""

    name: ModuleName


@final
@dataclass(frozen=True, slots=True)
class TypeOf:
    """`type(x)`."""

    of: Term


@final
@dataclass(frozen=True, slots=True)
class Given:
    """The keyword arguments as a mapping (`**kwargs`, the data of a validator); None where all of them are in it."""

    prefix: str
    taken: frozenset[str] = frozenset()


@final
@dataclass(frozen=True, slots=True)
class Super:
    """`super()`."""

    instance: Term
    after: ClassSource


@final
@dataclass(frozen=True, slots=True)
class Info:
    """What pydantic tells a validator besides the value."""

    field: str


@final
@dataclass(frozen=True, slots=True)
class Handler:
    """The rest of the validation, handed to a wrapping validator: gives the value back, if it accepts it."""


@final
@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that cannot be followed."""

    text: str
    place: str
    shape: str


Term = (
    Const
    | Field
    | Computed
    | Choice
    | Items
    | Table
    | Text
    | Bool
    | Count
    | Selected
    | Instance
    | Built
    | CallableTerm
    | ClassTerm
    | ModuleTerm
    | TypeOf
    | Given
    | Super
    | Info
    | Handler
    | Pieces
    | PieceCount
    | FirstPiece
    | TextLength
    | FirstLetter
    | Unknown
)
NONE: Final = Const(None)
MACHINE: Final = "asks the machine"
"""The shape of what no keyword argument has a part in: an installed package, a device, a file."""
RUN_TIME: Final = "known at run time"
"""The shape of what a model, a tokenizer or a running engine says, whatever the config: declared, engine by engine."""
OUTSIDE: Final = frozenset(
    {
        RUN_TIME,
        MACHINE,
        "platform",
        "environment",
        "import that may fail",
        "import at run time",
        "argument from elsewhere",
    }
)
"""Shapes of what the machine or a running engine answers, whatever the config."""


def subject_of(term: Term) -> str | None:
    """The term as the subject of a clause."""
    match term:
        case Field(path=path):
            return path
        case Computed(text=text):
            return text
        case _:
            return None


def operand_of(term: Term) -> str | None:
    """The term inside a larger expression: numbers too, sums in parentheses."""
    match term:
        case Const(value=bool()):
            return None
        case Const(value=int() | float() as number) if math.isfinite(number):
            return repr(number)
        case Field(path=path):
            return path
        case Computed(text=text) if not text.startswith("each("):
            return f"({text})" if _is_operation(text) else text
        case _:
            return None


@lru_cache(maxsize=4096)
def _is_operation(text: str) -> bool:
    return isinstance(ast.parse(text, mode="eval").body, (ast.BinOp, ast.UnaryOp))


def depends_on_config(term: Term) -> bool:
    """Whether keyword arguments have a part in a value, as far as is known."""
    match term:
        case Const() | ClassTerm() | ModuleTerm():
            return False
        case Unknown(shape=shape):
            return shape != MACHINE
        case Text(template=template):
            return "{" in template
        case Choice(cases=cases):
            return any(depends_on_config(value) for _, value in cases)
        case Items(items=items):
            return any(depends_on_config(item) for item in items)
        case CallableTerm(bound=bound):
            return bound is not None and depends_on_config(bound)
        case _:
            return True


def of_machine(term: Term) -> Term:
    """What a call gives that no keyword argument has a part in: whatever is unknown of it, the machine decides."""
    match term:
        case Unknown(text=text, place=place):
            return Unknown(text, place, MACHINE)
        case Bool(formula=formula):
            return Bool(reshaped(formula, MACHINE))
        case Choice(cases=cases):
            return Choice(tuple((reshaped(guard, MACHINE), of_machine(value)) for guard, value in cases))
        case Items(items=items, kind=kind):
            return Items(tuple(of_machine(item) for item in items), kind)
        case _:
            return term


def opaque(term: Term, text: str, place: str, shape: str = "") -> Opaque:
    """A question that has no answer, with the shape of what stood in the way."""
    for part in (term, *(value for _, value in term.cases)) if isinstance(term, Choice) else (term,):
        if isinstance(part, Unknown):
            return Opaque(text, part.place or place, shape=part.shape)
    return Opaque(text, place, shape=shape or f"question about {type(term).__name__.lower()}")


def choose(cases: Iterable[tuple[Formula, Term]], text: str = "", place: str = "") -> Term:
    """One of several values: impossible and equal cases are joined."""
    flat: list[tuple[Formula, Term]] = []
    for guard, term in cases:
        inner = term.cases if isinstance(term, Choice) else ((TRUE, term),)
        for condition, value in inner:
            both = all_of((guard, condition))
            if both == FALSE:
                continue
            known = next((index for index, (_, other) in enumerate(flat) if alike(other, value)), None)
            if known is None:
                flat.append((both, value))
            else:
                flat[known] = (any_of((flat[known][0], both)), value)
    if len(flat) == 1:
        return flat[0][1]
    if not flat or len(flat) > MOST_CASES:
        return Unknown(text or "one of many values", place, "too many cases")
    return Choice(tuple(flat))


def alike(left: Term, right: Term) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, Const) and isinstance(right, Const):
        try:
            return type(left.value) is type(right.value) and bool(left.value == right.value)
        except Exception:  # a foreign object's __eq__ may raise anything
            return left.value is right.value
    return left == right


def over_cases(term: Term, question: Callable[[Term], Formula]) -> Formula:
    """A question asked of every case."""
    if isinstance(term, Choice):
        return any_of(all_of((guard, question(value))) for guard, value in term.cases)
    return question(term)


def map_cases(term: Term, change: Callable[[Term], Term]) -> Term:
    if isinstance(term, Choice):
        return choose((guard, change(value)) for guard, value in term.cases)
    return change(term)


def truth(term: Term, text: str, place: str) -> Formula:
    """`bool(term)`."""
    match term:
        case Choice():
            return over_cases(term, lambda value: truth(value, text, place))
        case Const(value=value):
            try:
                return Truth(bool(value))
            except Exception:  # an array's truth is ambiguous
                return opaque(term, text, place)
        case Field() | Computed():
            return atom(subject_of(term) or "", "truthy")
        case Bool(formula=formula) | Selected(exists=formula):
            return formula
        case Count(of=formulas):
            return any_of(formulas)
        case Items(items=items):
            return Truth(bool(items))
        case Table(entries=entries):
            return any_of(guard for _, guard, _ in entries)
        case Text(template=template):
            return TRUE if template else FALSE
        case Instance() | Built() | CallableTerm() | ClassTerm() | ModuleTerm() | TypeOf() | Pieces() | PieceCount():
            return TRUE
        case _:
            return opaque(term, text, place)


def plain(value: Any) -> Any:
    """A constant as a corpus holds it: enum members by value, sets in a fixed order."""
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=lambda item: (type(item).__name__, repr(item)))
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def is_sayable(value: Any) -> bool:
    """Whether a corpus can hold the constant."""
    value = plain(value)
    if isinstance(value, (list, tuple)):
        return all(is_sayable(item) for item in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_sayable(item) for key, item in value.items())
    return value is None or isinstance(value, (bool, int, float, str))


def _escaped(value: Any) -> Any:
    value = plain(value)
    return f"@{value}" if isinstance(value, str) and value.startswith("@") else value


_COMPARISONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED: Final = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def compare(op: str, left: Term, right: Term, text: str, place: str) -> Formula:
    """One comparison; `is` and `is not` come as `==` and `!=`."""
    if isinstance(left, Choice):
        return over_cases(left, lambda value: compare(op, value, right, text, place))
    if isinstance(right, Choice):
        return over_cases(right, lambda value: compare(op, left, value, text, place))
    if op == "!=":
        return negate(compare("==", left, right, text, place))
    left, right = _as_constant(left), _as_constant(right)
    if isinstance(left, Const) and isinstance(right, Const):
        try:
            return Truth(bool(_COMPARISONS[op](left.value, right.value)))
        except Exception:  # what cannot be compared raises here and there alike
            return FALSE
    if isinstance(left, Const) or (isinstance(right, (Field, Computed)) and subject_of(left) is None):
        left, right, op = right, left, _MIRRORED[op]
    if isinstance(left, (Bool, Selected)) and op == "==" and isinstance(right, Const):
        if isinstance(right.value, bool):
            holds = truth(left, text, place)
            return holds if right.value else negate(holds)
        return FALSE if isinstance(left, Bool) or right.value is None else opaque(left, text, place)
    if isinstance(left, Bool) and isinstance(right, Bool) and op == "==":
        same_truth = (left.formula, right.formula)
        return any_of((all_of(same_truth), all_of(negate(one) for one in same_truth)))
    if isinstance(left, Bool) and isinstance(right, Field) and op == "==":
        left, right = right, left
    if isinstance(left, Field) and isinstance(right, Bool) and op == "==":
        yes = all_of((atom(left.path, "==", True), right.formula))
        return any_of((yes, all_of((atom(left.path, "==", False), negate(right.formula)))))
    if isinstance(left, (PieceCount, TextLength)) and isinstance(right, Const) and isinstance(right.value, int):
        return left.compared(op, right.value)
    if isinstance(left, (FirstPiece, FirstLetter)) and isinstance(right, Const) and op == "==":
        return left.equals(right.value)
    if isinstance(left, Count) and isinstance(right, Const):
        return _counted(left, op, right.value, text, place)
    if isinstance(left, TypeOf) and op == "==":
        return instance_of(left.of, right, text, place)
    if isinstance(left, _NEVER_NONE) and _is(right, None):
        return FALSE
    if isinstance(left, Items) and isinstance(right, Items) and op == "==" and len(left.items) == len(right.items):
        return all_of(compare("==", a, b, text, place) for a, b in zip(left.items, right.items, strict=True))
    subject = subject_of(left)
    if subject is None:
        return opaque(left, text, place)
    if isinstance(right, Const):
        if not is_sayable(right.value) or (
            op not in ("==", "!=") and not isinstance(plain(right.value), (int, float, str))
        ):
            return opaque(right, text, place, "constant that no file can hold")
        return atom(subject, op, _escaped(right.value))
    other = subject_of(right)
    if other is None:
        return opaque(right, text, place)
    if other.startswith("each("):
        if subject.startswith("each("):
            return opaque(right, text, place, "two elements compared")
        subject, other, op = other, subject, _MIRRORED[op]
    return atom(subject, op, f"@{other}")


_NEVER_NONE: Final = (
    *(Items, Text, Instance, Built, Table, Given, CallableTerm, ClassTerm, ModuleTerm, Pieces, PieceCount),
)


def _is(term: Term, value: Any) -> bool:
    return isinstance(term, Const) and term.value is value


def _as_constant(term: Term) -> Term:
    if isinstance(term, Items) and all(isinstance(item, Const) for item in term.items):
        values = [item.value for item in term.items if isinstance(item, Const)]
        try:
            return Const(term.kind(values))
        except TypeError:
            return Const(values)
    if isinstance(term, Text) and "{" not in term.template:
        return Const(term.template)
    if isinstance(term, Bool) and isinstance(term.formula, Truth):
        return Const(term.formula.value)
    return term


def remainder(left: Term, right: Term, equal: bool) -> Formula | None:
    """`left % right == 0`, or its negation, where both can be said."""
    subject, divisor = subject_of(left), subject_of(right)
    op = "divisible_by" if equal else "not_divisible_by"
    if subject is None:
        return None
    if isinstance(right, Const) and isinstance(right.value, (int, float)) and right.value:
        return atom(subject, op, right.value)
    return None if divisor is None else atom(subject, op, f"@{divisor}")


def _counted(count: Count, op: str, limit: Any, text: str, place: str) -> Formula:
    """Comparisons of a small count: at least k of n as a disjunction of k-tuples."""
    if not isinstance(limit, int) or len(count.of) > _MOST_COUNTED:
        return opaque(count, text, place, "count of many conditions")

    def at_least(k: int) -> Formula:
        return any_of(all_of(chosen) for chosen in combinations(count.of, max(k, 0)))

    match op:
        case ">":
            return at_least(limit + 1)
        case ">=":
            return at_least(limit)
        case "<":
            return negate(at_least(limit))
        case "<=":
            return negate(at_least(limit + 1))
        case _:
            return all_of((at_least(limit), negate(at_least(limit + 1))))


def contains(container: Term, item: Term, text: str, place: str) -> Formula:
    """`item in container`."""
    if isinstance(container, Choice):
        return over_cases(container, lambda value: contains(value, item, text, place))
    if isinstance(item, Choice):
        return over_cases(item, lambda value: contains(container, value, text, place))
    container, item = _as_constant(container), _as_constant(item)
    if isinstance(container, Given) and isinstance(item, Const) and isinstance(item.value, str):
        return atom(container.prefix + item.value, "present")
    if isinstance(container, Table) and isinstance(item, Const):
        return any_of(guard for key, guard, _ in container.entries if alike(key, item))
    if isinstance(container, Table) and all(isinstance(key, Const) for key, _, _ in container.entries):
        return any_of(all_of((guard, compare("==", item, key, text, place))) for key, guard, _ in container.entries)
    if isinstance(item, (FirstPiece, FirstLetter)) and isinstance(container, Const):
        values = container.value if isinstance(container.value, (list, tuple, set, frozenset)) else ()
        return any_of(item.equals(value) for value in sorted(values, key=repr))
    if isinstance(container, Items):
        return any_of(compare("==", item, member, text, place) for member in container.items)
    subject = subject_of(item)
    if isinstance(container, Const):
        values = container.value
        if isinstance(values, type) and issubclass(values, Enum):
            values = [*values, *(member.value for member in values)]
        if isinstance(item, Const):
            try:
                return Truth(item.value in values)
            except Exception:
                return FALSE
        if subject is not None and isinstance(values, (list, tuple, set, frozenset, Mapping)):
            members = plain(list(values) if isinstance(values, (Mapping, list, tuple)) else values)
            if all(is_sayable(member) for member in members):
                return atom(subject, "in", members)
        return opaque(item if subject is None else container, text, place, "membership of a foreign constant")
    where = subject_of(container)
    if where is None or where.startswith("each("):
        return opaque(container, text, place)
    if isinstance(item, Const) and is_sayable(item.value):
        element = atom(f"each({where})", "==", _escaped(item.value))
        if isinstance(item.value, str) and not where.endswith(")"):
            return any_of((element, atom(where, "matches", re.escape(item.value))))
        return element
    if subject is not None and not subject.startswith("each("):
        return atom(f"each({where})", "==", f"@{subject}")
    return opaque(item, text, place)


_TYPE_NAMES: Final = {NoneType: "none"}


def type_names_of(term: Term) -> list[str] | None:
    """The names of a type, or of a tuple or union of types."""
    match term:
        case Const(value=type() as kind):
            return [_TYPE_NAMES.get(kind, kind.__name__)]
        case Const(value=tuple() as kinds) if all(isinstance(kind, type) for kind in kinds):
            return [_TYPE_NAMES.get(kind, kind.__name__) for kind in kinds]
        case Const(value=None):
            return ["none"]
        case ClassTerm(cls=cls):
            return [cls.name]
        case TypeOf(of=Const(value=value)):
            return [_TYPE_NAMES.get(type(value), type(value).__name__)]
        case Items(items=items):
            names = [type_names_of(item) for item in items]
            return None if None in names else [name for found in names if found is not None for name in found]
        case _:
            return None


def instance_of(term: Term, kind: Term, text: str, place: str) -> Formula:
    """`isinstance(term, kind)`; a bool is an int for Python, and none for the corpus."""
    names = type_names_of(kind)
    if names is None:
        return opaque(kind, text, place, "isinstance of an unknown type")
    if isinstance(term, Built) and term.cls.name in names:
        return TRUE
    if isinstance(term, Choice):
        return over_cases(term, lambda value: instance_of(value, kind, text, place))
    known = _known_type(term)
    if known is not None:
        return Truth(not known.isdisjoint(names))
    subject = subject_of(term)
    if subject is None:
        return opaque(term, text, place)
    spelled = list(dict.fromkeys(_VIRTUAL.get(name, (name,)) for name in names))
    flat = list(dict.fromkeys(name for group in spelled for name in group))
    if "int" in flat and "bool" not in flat:
        flat.append("bool")
    absent = [atom(subject, "absent")] if "none" in flat else []
    others = [name for name in flat if name != "none"]
    if "object" in others:
        return TRUE
    said = [atom(subject, "type_is", others[0] if len(others) == 1 else others)] if others else []
    return any_of((*said, *absent))


_VIRTUAL: Final[dict[str, tuple[str, ...]]] = {
    "Sequence": ("list", "tuple", "str"),
    "Mapping": ("dict",),
    "Iterable": ("list", "tuple", "set", "dict", "str"),
    "Collection": ("list", "tuple", "set", "dict", "str"),
    "Number": ("int", "float"),
    "Real": ("int", "float"),
    "Integral": ("int",),
    "Callable": ("callable",),
}


def _known_type(term: Term) -> frozenset[str] | None:
    match term:
        case Const(value=value):
            return frozenset({*(_TYPE_NAMES.get(base, base.__name__) for base in type(value).__mro__)})
        case Items(kind=kind):
            return frozenset({kind.__name__, "Sequence", "Iterable", "Collection"})
        case Table() | Given():
            return frozenset({"dict", "Mapping", "Iterable", "Collection"})
        case Text():
            return frozenset({"str", "Sequence", "Iterable", "Collection"})
        case Bool():
            return frozenset({"bool", "int"})
        case Selected():
            return frozenset({"list", "Sequence", "Iterable"})
        case _:
            return None


_PYTHON: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "/": operator.truediv,
    "%": operator.mod,
    "**": operator.pow,
    "|": operator.or_,
    "&": operator.and_,
}
_SPOKEN: Final = frozenset({"+", "-", "*", "//", "/", "%"})


def arithmetic(op: str, left: Term, right: Term, text: str, place: str) -> Term:
    """A binary operation."""
    if isinstance(left, Choice):
        return map_cases(left, lambda value: arithmetic(op, value, right, text, place))
    if isinstance(right, Choice):
        return map_cases(right, lambda value: arithmetic(op, left, value, text, place))
    left, right = _as_constant(left), _as_constant(right)
    if op == "+" and (_is_text(left) or _is_text(right)):
        return Text(template_of(left, text) + template_of(right, text))
    if isinstance(left, Const) and isinstance(right, Const):
        if op == "**" and not (isinstance(right.value, int) and abs(right.value) < 1024):
            return Unknown(text, place, "large power")
        try:
            return Const(_PYTHON[op](left.value, right.value))
        except Exception:
            return Unknown(text, place, "constant arithmetic")
    if op == "+" and (isinstance(left, Items) or isinstance(right, Items)):
        parts = [_elements(part) for part in (left, right)]
        if None not in parts:
            return Items(tuple(item for part in parts if part is not None for item in part))
    first, second = operand_of(left), operand_of(right)
    if op in _SPOKEN and first is not None and second is not None:
        return Computed(f"{first} {op} {second}")
    for part in (left, right):
        if isinstance(part, Unknown):
            return part
    return Unknown(text, place, "arithmetic")


def _is_text(term: Term) -> bool:
    return isinstance(term, Text) or (isinstance(term, Const) and isinstance(term.value, str))


def _elements(term: Term) -> tuple[Term, ...] | None:
    if isinstance(term, Items):
        return term.items
    if isinstance(term, Const) and isinstance(term.value, (list, tuple)):
        return tuple(Const(value) for value in term.value)
    return None


def elements_of(term: Term, most: int) -> Sequence[Term] | None:
    """The elements that a loop goes through, where they are known one by one."""
    match term:
        case Items(items=items):
            return items if len(items) <= most else None
        case Const(value=type() as kind) if issubclass(kind, Enum):
            return [Const(member) for member in kind]
        case Const(value=list() | tuple() | dict() as values) if len(values) <= most:
            return [Const(value) for value in values]
        case Const(value=set() | frozenset() as values) if len(values) <= most:
            return [Const(value) for value in sorted(values, key=lambda item: (type(item).__name__, repr(item)))]
        case Const(value=range() as values) if len(values) <= most:
            return [Const(value) for value in values]
        case Table(entries=entries):
            return [key for key, _, _ in entries]
        case _:
            return None


def template_of(term: Term, text: str) -> str:
    """A term inside a message: its text where it is known, a hole where it varies."""
    match term:
        case Const(value=str() as value):
            return value.replace("{", "{{").replace("}", "}}")
        case Const(value=bool() | int() | float() | None as value):
            return str(value)
        case Text(template=template):
            return template
        case Field(path=path):
            return f"{{{path}}}"
        case _:
            return f"{{{hole_text(text)}}}"


def hole_text(text: str) -> str:
    """The expression in a hole, without what would end the hole or the line."""
    return re.sub(r"\s+", " ", text.replace("self.", "")).replace("{", "(").replace("}", ")")[:60]
