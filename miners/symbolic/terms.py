"""Symbolic values: what is known about an expression before there is a config."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any, Final, final

from miners.code.definitions import ClassSource, FunctionSource, ModuleName
from miners.logic.formulas import Formula, Opaque, reshaped
from miners.symbolic.neighbours import Neighbour, Pairs
from miners.symbolic.opacity import MACHINE
from miners.symbolic.texts import FirstLetter, FirstPiece, PieceCount, Pieces, TextLength
from pytest_llem_invariants.language.expressions import opens_elements


@final
@dataclass(frozen=True, slots=True)
class Const:
    """A known value."""

    value: Any


@final
@dataclass(frozen=True, slots=True)
class Field:
    """The value of a keyword argument, or a fact of the context."""

    path: str


@final
@dataclass(frozen=True, slots=True)
class Computed:
    """An expression of the corpus language over fields."""

    text: str


@final
@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values; the guards exclude each other, and one of them holds."""

    cases: tuple[tuple[Formula, Term], ...]


@final
@dataclass(frozen=True, slots=True)
class Items:
    """A list, tuple or set with known elements."""

    items: tuple[Term, ...]
    kind: type = list


@final
@dataclass(slots=True, eq=False)
class Table:
    """A dict that the code fills itself: each key with the guard under which it exists."""

    entries: list[tuple[Term, Formula, Term]] = field(default_factory=list)


@final
@dataclass(slots=True, eq=False)
class Worklist:
    """A work list: a loop takes its next item from it and adds items to it."""

    current: Term
    further: list[tuple[Formula, Term]] = field(default_factory=list)
    """The collections that were added, each with the conditions on the path."""


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
    """The number of formulas that hold."""

    of: tuple[Formula, ...]


@final
@dataclass(frozen=True, slots=True)
class Found:
    """A value of which only this is known: it is true, and not None."""


@final
@dataclass(frozen=True, slots=True)
class Selected:
    """The elements of a collection that satisfy a condition; `exists` says that there is one."""

    exists: Formula


@final
@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class with known source, its fields below a path."""

    prefix: str
    cls: ClassSource


@final
@dataclass(frozen=True, slots=True)
class Built:
    """An object of a known class that the code creates, with the known arguments."""

    cls: ClassSource
    given: tuple[tuple[str, Term], ...]
    place: str
    whole: bool = True
    """Whether all of its arguments are known: then the others have their defaults."""
    spread: Term | None = None
    """The mapping with the other arguments (`**options`)."""
    of: Term | None = None
    """The original of a copy: both have the same values, and changes to the copy do not change a given value."""


@final
@dataclass(frozen=True, slots=True)
class CallableTerm:
    """A function; for a method, with its first argument bound."""

    function: FunctionSource
    bound: Term | None = None
    owner: ClassSource | None = None
    """The class in the method resolution order from which `super()` starts."""


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
    """The keyword arguments as a mapping (`**kwargs`, the data of a validator)."""

    prefix: str
    is_bare: bool = False
    """Whether what is not given has no default yet."""


@final
@dataclass(frozen=True, slots=True)
class Super:
    """`super()`."""

    instance: Term
    after: ClassSource


@final
@dataclass(frozen=True, slots=True)
class Info:
    """The information object that pydantic passes to a validator."""

    field: str


@final
@dataclass(frozen=True, slots=True)
class Handler:
    """The rest of the validation, passed to a wrap validator: returns the value if it accepts it."""


@final
@dataclass(frozen=True, slots=True)
class Entry:
    """The entry of a table of constants for the key in the config."""

    key: str
    table: tuple[tuple[Any, Any], ...]


@final
@dataclass(frozen=True, slots=True)
class Told:
    """An object of a model or a running engine, of which some attributes are facts."""

    name: str
    """The dotted name of its holder, beginning with the class."""


@final
@dataclass(frozen=True, slots=True)
class Unknown:
    """An unknown value."""

    text: str
    place: str
    shape: str
    reordered: Term | None = None
    """A collection with the same elements in another order: enough for a loop, a length or a membership only."""


def in_any_order(term: Term) -> Term:
    """The collection for a question about elements, if their order does not matter."""
    return term.reordered if isinstance(term, Unknown) and term.reordered is not None else term


Term = (
    Const
    | Field
    | Computed
    | Choice
    | Items
    | Table
    | Worklist
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
    | Pairs
    | Neighbour
    | Entry
    | Found
    | Told
    | Unknown
)


NONE: Final = Const(None)


def stand_in(number: int) -> str:
    """A stand-in for an element, until it becomes `each(…)`."""
    return f"_element{number}"


def is_stand_in(path: str) -> bool:
    return path.startswith("_element") and path.removeprefix("_element").isdigit()


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
        case Computed(text=text) if not opens_elements(text):
            return f"({text})" if _is_operation(text) else text
        case _:
            return None


@lru_cache(maxsize=4096)
def _is_operation(text: str) -> bool:
    return isinstance(ast.parse(text, mode="eval").body, (ast.BinOp, ast.UnaryOp))


def depends_on_config(term: Term) -> bool:
    """Whether keyword arguments influence a value, as far as is known."""
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
    """The result of a call that no keyword argument influences: its unknown parts depend on the machine."""
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
    """An opaque answer, with the shape of the term that prevents a predicate."""
    for part in (term, *(value for _, value in term.cases)) if isinstance(term, Choice) else (term,):
        if isinstance(part, Unknown):
            return Opaque(text, part.place or place, shape=part.shape)
    return Opaque(text, place, shape=shape or f"question about {type(term).__name__.lower()}")


def elements_of(term: Term, most: int) -> Sequence[Term] | None:
    """The elements over which a loop runs, if they are known."""
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
