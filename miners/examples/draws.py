"""Random configs of a class as people might write them, drawn from its types.

They are independent of the value pools on purpose: rules built from the pools must not be measured with them. Numbers
at which some rule changes may be mixed in, on any field: that makes the measurement harder, not easier.
"""

from __future__ import annotations

import math
import random
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from miners.surface.facts import ClassFacts, FieldFact
from miners.surface.types import ANY, Bounded, ChoiceType, Either, Group, InstanceType, Plain, TypeExpr, UnknownType
from pytest_llem_invariants.language.values import fits, resolve_class
from pytest_llem_invariants.model import TypedValue

_GROUPS: Final = frozenset({"list", "tuple", "set"})
_DEEPEST: Final = 2
_AT_BOUNDARY: Final = 1 / 8
_REAL_WORD: Final = 1 / 8
_WHOLE: Final = 2 / 3
_ANYTHING: Final = ("bool", "int", "float", "str", "none", "list", "dict")
_WRONG: Final = ("str", "float", "list", "dict", "bool", "int", "none")


@dataclass(frozen=True, slots=True)
class Drawer:
    """Draws configs for the classes of one surface. `words` are strings from its code, `numbers` its thresholds."""

    surface: Mapping[str, ClassFacts]
    words: tuple[str, ...] = ()
    numbers: tuple[int | float, ...] = ()
    most_fields: int = 4

    def config(self, source: random.Random, facts: ClassFacts, *, wrong_typed: bool) -> dict[str, Any]:
        """One to four settable fields with values of their types; with `wrong_typed`, at least one of another type."""
        fields = [fact for fact in facts.fields.values() if fact.settable]
        if not fields:
            return {}
        chosen = source.sample(fields, min(len(fields), source.randint(1, self.most_fields)))
        kwargs = {fact.keyword: self._value(source, fact) for fact in chosen}
        if wrong_typed:
            for position, fact in enumerate(chosen):
                if position == 0 or source.random() < 1 / 4:
                    kwargs[fact.keyword] = self._other_than(source, fact)
        return kwargs

    def _value(self, source: random.Random, fact: FieldFact) -> Any:
        """Usually any value of the type, sometimes one that the library itself names."""
        words = [word for word in fact.words if fits(word, fact)]
        if words and source.random() < _REAL_WORD:
            return source.choice(words)
        if fact.whole and source.random() < _WHOLE:
            value = source.choice(fact.whole)
            return value if source.random() < 1 / 2 else self.changed(source, value)
        return self._of(source, _type_of(fact), 0)

    def _other_than(self, source: random.Random, fact: FieldFact) -> Any:
        words = [word for word in fact.words if not fits(word, fact)]
        if words and source.random() < _REAL_WORD:
            return source.choice(words)
        right = {"int", "float"} if "float" in fact.types else set(fact.types)
        kinds = [kind for kind in _WRONG if kind not in right and not (kind == "none" and fact.nullable)]
        kind = source.choice(kinds or ["str"])
        if kind == "str" and right & {"int", "float"} and source.random() < 1 / 2:
            return self._numeric_text(source)
        return self._plain(source, kind, 0)

    def _numeric_text(self, source: random.Random) -> str:
        """A number as text, in one of the forms that people use: some libraries read it."""
        number = self._plain(source, source.choice(("int", "int", "float")), 0)
        shapes = ("{}", "{}", " {} ", "{:e}", "+{}", "0{}") if number >= 0 else ("{}", " {} ", "{:e}")
        return source.choice(shapes).format(number)

    def changed(self, source: random.Random, value: Any) -> Any:
        """The value with one of its parts left out, added, given twice, or replaced by one of any kind."""
        inside = isinstance(value, (dict, list)) and bool(value)
        if not inside or source.random() < 1 / 6:
            return self._plain(source, "any", 0)
        how = source.choice(("out", "in", "in", "in", "more"))
        if isinstance(value, dict):
            name = source.choice(list(value))
            if how == "out":
                return {key: item for key, item in value.items() if key != name}
            other = self._plain(source, "any", 1) if how == "more" else self.changed(source, value[name])
            return {**value, (word(source) if how == "more" else name): other}
        place = source.randrange(len(value))
        if how == "in":
            return [*value[:place], self.changed(source, value[place]), *value[place + 1 :]]
        return [*value[:place], *value[place + 1 :]] if how == "out" else [*value, value[place]]

    def _of(self, source: random.Random, type_: TypeExpr, depth: int) -> Any:
        match type_:
            case Either(members):
                return self._of(source, source.choice(members), depth)
            case ChoiceType(values):
                return source.choice(values)
            case Bounded(inner):
                return self._of(source, inner, depth)
            case Group(name, items, fixed):
                return self._collection(source, name, items, fixed, depth)
            case InstanceType(name):
                return self._instance(source, name, depth)
            case Plain(name):
                return self._plain(source, name, depth)
            case UnknownType():
                return self._plain(source, "any", depth)

    def _plain(self, source: random.Random, name: str, depth: int) -> Any:
        match name:
            case "none":
                return None
            case "bool":
                return source.random() < 1 / 2
            case "int":
                return self._near(source) if self._at_boundary(source) else integer(source)
            case "float":
                return self._just_beside(source) if self._at_boundary(source) else real(source)
            case "list":
                return [
                    self._plain(source, source.choice(("int", "str", "float")), depth) for _ in range(_size(source))
                ]
            case "dict":
                return {word(source): self._plain(source, "any", depth + 1) for _ in range(_size(source))}
            case "any":
                kinds = _ANYTHING if depth < _DEEPEST else _ANYTHING[:5]
                return self._plain(source, source.choice(kinds), depth + 1)
            case _:
                return source.choice(self.words) if self.words and source.random() < 1 / 3 else word(source)

    def _at_boundary(self, source: random.Random) -> bool:
        return bool(self.numbers) and source.random() < _AT_BOUNDARY

    def _near(self, source: random.Random) -> int:
        return int(source.choice(self.numbers)) + source.choice((-1, 0, 0, 1))

    def _just_beside(self, source: random.Random) -> float:
        number = float(source.choice(self.numbers))
        return math.nextafter(number, source.choice((-math.inf, number, number, math.inf)))

    def _collection(
        self, source: random.Random, name: str, items: tuple[TypeExpr, ...], fixed: bool, depth: int
    ) -> Any:
        if name.lower() in ("dict", "mapping", "ordereddict", "defaultdict"):
            key, value = items if len(items) == 2 else (Plain("str"), ANY)
            drawn = [
                (self._of(source, key, depth + 1), self._of(source, value, depth + 1)) for _ in range(_size(source))
            ]
            return {key: value for key, value in drawn if isinstance(key, (str, int))}
        if fixed:
            return [self._of(source, item, depth + 1) for item in items]
        item = items[0] if items else ANY
        return [self._of(source, item, depth + 1) for _ in range(_size(source))]

    def _instance(self, source: random.Random, name: str, depth: int) -> Any:
        full = resolve_class(name, self.surface)
        if full is None:
            return None
        inner = self.surface[full]
        fields = [fact for fact in inner.fields.values() if fact.settable]
        count = source.randint(0, 2) if depth < _DEEPEST else 0
        chosen = source.sample(fields, min(len(fields), count))
        return TypedValue(full, {fact.keyword: self._of(source, _type_of(fact), depth + 1) for fact in chosen})


def _type_of(fact: FieldFact) -> TypeExpr:
    if not isinstance(fact.type, UnknownType):
        return fact.type
    if fact.literals is not None:
        return ChoiceType(fact.literals)
    if fact.types:
        named = tuple(Group(name, tuple(map(Plain, fact.element_types))) for name in fact.types if name in _GROUPS)
        return Either((*named, *(Plain(name) for name in fact.types if name not in _GROUPS)))
    if fact.default is None or not isinstance(fact.default, (bool, int, float, str)):
        return fact.type
    return Plain(type(fact.default).__name__)


def integer(source: random.Random) -> int:
    """Usually a small number or a power of two, sometimes a large one of either sign."""
    kind = source.random()
    if kind < 0.5:
        return source.randint(-2, 12)
    if kind < 0.8:
        return int(2 ** source.randint(3, 20)) + source.choice((0, 0, 0, 1, -1))
    return int(10 ** source.uniform(0, 10)) * source.choice((1, 1, -1))


def real(source: random.Random) -> float:
    """Usually a number around one, then any order of magnitude."""
    kind = source.random()
    if kind < 0.6:
        return round(source.uniform(-3, 3), source.randint(0, 4))
    if kind < 0.8:
        return round(source.uniform(0, 1), source.randint(1, 3))
    return float(10 ** source.uniform(-8, 8) * source.choice((1, 1, -1)))


def word(source: random.Random) -> str:
    """A short random word, sometimes empty, sometimes digits.

    Never the name of a folder that every machine has: a library may search through the whole folder.
    """
    kind = source.random()
    if kind < 0.06:
        return ""
    letters = string.digits if kind < 0.12 else string.ascii_letters + "_-/. "
    drawn = "".join(source.choice(letters) for _ in range(source.randint(1, 10)))
    return drawn if drawn.strip("./ ") else "_" * len(drawn)


def _size(source: random.Random) -> int:
    return source.choice((0, 1, 1, 2, 3))


def words_of(surface: Mapping[str, ClassFacts], more: Iterable[str] = ()) -> tuple[str, ...]:
    """The strings that the declarations of a surface name, and those of its code."""
    found: dict[str, None] = {}
    for facts in surface.values():
        for fact in facts.fields.values():
            for value in (*(fact.literals or ()), fact.default):
                if isinstance(value, str):
                    found.setdefault(value)
    found.update(dict.fromkeys(more))
    return tuple(sorted(found))
