"""A grid of values without its invalid combinations, found without going through them.

A rule can speak as soon as the last of its fields has a value; from there on it cuts off whole subtrees, whose size
is a product and needs no visit. Counting also forgets a field once every rule that reads it has spoken, so that
combinations which differ only in forgotten fields are counted together.

A rule over a fact that is unknown cuts nothing off: what it would reject, some value of the fact may let pass. A grid
may give facts, too: then every combination of them is a world, in which the fields are combined.
"""

from __future__ import annotations

from itertools import product

from pytest_llem_invariants.checker.verdict import weakest
from pytest_llem_invariants.errors import LlemError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.classes import ClassChecker
    from pytest_llem_invariants.checker.codegen import Test
    from pytest_llem_invariants.checker.core import LoadedCorpus

    Choice = Mapping[str, Any]
    Axis = Sequence[Choice]
    """Assignments of one field, or of several that vary together."""
    Question = tuple[str, Mapping[type, Test | None], frozenset[int]]


class GridError(LlemError):
    """The grid is not a mapping of fields to values."""


class Pruned:
    """The valid combinations of a grid: iterate over them, or ask for the counts. Nothing is kept in memory."""

    def __init__(
        self,
        corpus: LoadedCorpus,
        native_type: str,
        axes: Sequence[Axis],
        context: Mapping[str, Any],
        worlds: Sequence[Choice] = ({},),
    ) -> None:
        self.native_type = native_type
        self._corpus = corpus
        self._axes = axes
        self._context = context
        self._worlds = worlds
        self._counts: tuple[int, dict[str, int]] | None = None

    @property
    def total(self) -> int:
        """How many combinations the grid has."""
        return len(self._worlds) * _size(self._axes)

    @property
    def valid(self) -> int:
        """How many of them the library is not known to reject."""
        return self._counted()[0]

    @property
    def by_rule(self) -> dict[str, int]:
        """Rule → how many combinations it cut off. One that several rules reject counts once."""
        return dict(self._counted()[1])

    @property
    def certification(self) -> str:
        """The weakest evidence of the classes that judged: the grid's own, and those of its nested configs."""
        own = self._corpus.class_checker(self.native_type)
        fields = set().union(*map(_fields_of, self._axes))
        inner = {native_type for field, native_type in own.sections.items() if field in fields}
        known = sorted(inner.intersection(self._corpus.native_types))
        return weakest([own.certification, *(self._corpus.class_checker(name).certification for name in known)])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The valid combinations in the order of the grid, the last field varying fastest."""
        for facts in self._worlds:
            plan = _Plan(self._corpus, self.native_type, self._axes, {**self._context, **facts})
            if plan.refused is None:
                yield from ({**facts, **chosen} for chosen in plan.walk(0, {}))

    def __len__(self) -> int:
        return self.valid

    def _counted(self) -> tuple[int, dict[str, int]]:
        if self._counts is None:
            axes = _neighbours_close(self._corpus, self.native_type, self._axes)
            valid, cut = 0, dict[str, int]()
            for facts in self._worlds:
                plan = _Plan(self._corpus, self.native_type, axes, {**self._context, **facts})
                in_world, cut_in_world = plan.count()
                valid += in_world
                for name, size in cut_in_world.items():
                    cut[name] = cut.get(name, 0) + size
            places = {
                rule["id"]: place for place, rule in enumerate(self._corpus.class_checker(self.native_type).rules)
            }
            by_place = sorted(cut, key=lambda name: (places.get(name, len(places)), name))
            self._counts = valid, {name: cut[name] for name in by_place}
        return self._counts


def prune(
    corpus: LoadedCorpus, grid: Mapping[str, Any], native_type: str | None, context: Mapping[str, Any] | None
) -> Pruned:
    """Take a grid: field → list of values, a plain value for a fixed field, `zip` for fields that vary together."""
    axes = read_grid(grid)
    of_facts = [axis for axis in axes if not _fields_of(axis).isdisjoint(corpus.declared_context)]
    for axis in of_facts:
        if not _fields_of(axis) <= corpus.declared_context.keys():
            raise GridError(f"{', '.join(sorted(_fields_of(axis)))} vary together: let facts vary by themselves")
    axes = [axis for axis in axes if axis not in of_facts]
    worlds = [{name: value for choice in chosen for name, value in choice.items()} for chosen in product(*of_facts)]
    for facts in worlds:
        corpus.known(facts)
    name = corpus.resolve(native_type) if native_type else _best_class(corpus, axes)
    return Pruned(corpus, name, axes, corpus.context if context is None else corpus.known(context), worlds)


def read_grid(grid: Any) -> list[Axis]:
    """The axes of a grid, in its order.

    Under a name that starts with `zip`, a list of mappings varies as a whole and a mapping of lists is zipped.
    A mapping under any other name is a nested config: the values of its fields are combined with each other.
    """
    if not isinstance(grid, dict) or not grid:
        raise GridError("a grid is a mapping of fields to lists of values")
    axes: list[Axis] = []
    for name, values in grid.items():
        if str(name).startswith("zip"):
            axes.append(_zipped(name, values))
        elif isinstance(values, dict):
            axes.append([{name: dict(zip(values, combined, strict=True))} for combined in _nested(name, values)])
        else:
            choices = values if isinstance(values, (list, tuple)) else [values]
            if not choices:
                raise GridError(f"{name!r} has no values")
            axes.append([{name: value} for value in choices])
    seen: set[str] = set()
    for axis in axes:
        fields = {field for choice in axis for field in choice}
        if fields & seen:
            raise GridError(f"{sorted(fields & seen)[0]!r} is in two groups")
        seen |= fields
    return axes


def _zipped(name: str, values: Any) -> Axis:
    if isinstance(values, list) and values and all(isinstance(choice, dict) for choice in values):
        return [dict(choice) for choice in values]
    if not isinstance(values, dict) or not all(isinstance(column, list) and column for column in values.values()):
        raise GridError(f"{name!r} must be a mapping of fields to lists, or a list of mappings")
    lengths = {field: len(column) for field, column in values.items()}
    if len(set(lengths.values())) != 1:
        told = ", ".join(f"{field} has {length}" for field, length in lengths.items())
        raise GridError(f"{name!r} cannot be zipped: {told}")
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


def _nested(name: str, values: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    columns = [column if isinstance(column, list) else [column] for column in values.values()]
    if not all(columns):
        raise GridError(f"a field of {name!r} has no values")
    return product(*columns)


def _best_class(corpus: LoadedCorpus, axes: Sequence[Axis]) -> str:
    """The class whose fields the grid names, preferring the engine's own forms."""
    from pytest_llem_invariants.checker.routes import RoutingError

    fields = {field for axis in axes for choice in axis for field in choice}
    fronts = [form["class"] for form in corpus.routes.get("forms", {}).values() if "class" in form]
    best: str | None = None
    most = 0
    for name in dict.fromkeys((*fronts, *corpus.native_types)):
        known = len(fields.intersection(corpus.class_checker(name).known_fields))
        if known > most:
            best, most = name, known
    if best is None:
        raise RoutingError(
            f"{corpus.engine}: no class has the fields {', '.join(sorted(fields))} — name it with --type"
        )
    return best


def _size(axes: Sequence[Axis]) -> int:
    size = 1
    for axis in axes:
        size *= len(axis)
    return size


def _fields_of(axis: Axis) -> set[str]:
    return {field for choice in axis for field in choice}


def _neighbours_close(corpus: LoadedCorpus, native_type: str, axes: Sequence[Axis]) -> list[Axis]:
    """The axes in an order in which rules complete early: always next the one that finishes most rules."""
    rules = [_rule_fields(rule) for rule in corpus.class_checker(native_type).rules]
    fields = [_fields_of(axis) for axis in axes]
    every = set().union(*fields)
    relevant = [rule & every for rule in rules if rule & every]
    left = list(range(len(axes)))
    assigned: set[str] = set()
    order: list[Axis] = []
    while left:

        def gain(index: int, assigned: set[str] = assigned) -> tuple[int, int, int]:
            after = assigned | fields[index]
            done = sum(rule <= after and not rule <= assigned for rule in relevant)
            touched = sum(bool(rule & assigned) and bool(rule & fields[index]) for rule in relevant)
            return (-done, -touched, index)

        best = min(left, key=gain)
        left.remove(best)
        assigned |= fields[best]
        order.append(axes[best])
    return order


def _rule_fields(rule: Mapping[str, Any]) -> set[str]:
    return {field.partition(".")[0] for field in rule["fields"]}


class _Plan:
    """Which rules to ask at which depth, for axes in a given order."""

    def __init__(
        self, corpus: LoadedCorpus, native_type: str, axes: Sequence[Axis], context: Mapping[str, Any]
    ) -> None:
        self._axes = axes
        self._context = context
        tests = corpus.class_checker(native_type)
        depth_of = {field: depth for depth, axis in enumerate(axes) for field in _fields_of(axis)}
        asked: list[dict[str, set[int]]] = [{} for _ in axes]
        last_read = [-1] * len(axes)
        for number, rule in enumerate(tests.rules):
            depths = [depth_of[field] for field in _rule_fields(rule) if field in depth_of]
            anchors = [anchor for anchor in rule["anchors"] if anchor in depth_of]
            if rule["severity"] != "error" or not anchors or not tests.is_decided(number, context):
                continue
            complete = max(depths)
            for depth in depths:
                last_read[depth] = max(last_read[depth], complete)
            for anchor in anchors:
                asked[complete].setdefault(anchor, set()).add(number)
        self._questions: list[list[Question]] = [
            [(anchor, tests.test_of(anchor), frozenset(numbers)) for anchor, numbers in by_anchor.items()]
            for by_anchor in asked
        ]
        self._live = [
            tuple(sorted(field for field, at in depth_of.items() if at < depth and last_read[at] >= depth))
            for depth in range(len(axes) + 1)
        ]
        """The fields assigned before a depth that a rule at or after it still reads."""
        self._below = [_size(axes[depth:]) for depth in range(len(axes) + 1)]
        self._doomed = [[_doom(tests, choice, context) for choice in axis] for axis in axes]
        """What rejects a choice whatever else is chosen, choice by choice."""
        speaking = [depth for depth in range(len(axes)) if self._questions[depth] or any(self._doomed[depth])]
        self._silent_from = max(speaking, default=-1) + 1
        self._names = [rule["id"] for rule in tests.rules]
        bare = [tests.rules[hit] for hit in tests.test_empty(context)]
        unasked = [rule for rule in bare if _rule_fields(rule).isdisjoint(depth_of)]
        self.refused: str | None = next((rule["id"] for rule in unasked if rule["severity"] == "error"), None)
        """The rule that every combination triggers, as the grid has none of its fields."""

    def _rejected_by(self, depth: int, chosen: Mapping[str, Any]) -> str | None:
        """The rule that rejects an assignment so far."""
        for field, by_kind, numbers in self._questions[depth]:
            test = by_kind[type(chosen[field])] if field in chosen else None
            if test is not None:
                for hit in test(chosen[field], chosen, self._context) or ():
                    if hit in numbers:
                        return self._names[hit]  # type: ignore[no-any-return]
        return None

    def walk(self, depth: int, chosen: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Valid completions of a partial assignment."""
        if depth >= self._silent_from:
            for rest in product(*self._axes[depth:]):
                combined = dict(chosen)
                for choice in rest:
                    combined.update(choice)
                yield combined
            return
        for choice, doom in zip(self._axes[depth], self._doomed[depth], strict=True):
            combined = {**chosen, **choice}
            if (doom or self._rejected_by(depth, combined)) is None:
                yield from self.walk(depth + 1, combined)

    def count(self) -> tuple[int, dict[str, int]]:
        """How many combinations are valid, and how many each rule cut off."""
        if self.refused is not None:
            return 0, {self.refused: self._below[0]}
        return self._count(0, {}, {})

    def _count(self, depth: int, chosen: dict[str, Any], known: dict[Any, Any]) -> tuple[int, dict[str, int]]:
        if depth >= self._silent_from:
            return self._below[depth], {}
        key = (depth, *(_identity(chosen.get(field, _ABSENT)) for field in self._live[depth]))
        if key in known:
            found: tuple[int, dict[str, int]] = known[key]
            return found
        valid = 0
        cut: dict[str, int] = {}
        for choice, doom in zip(self._axes[depth], self._doomed[depth], strict=True):
            combined = {**chosen, **choice}
            by = doom or self._rejected_by(depth, combined)
            if by is not None:
                cut[by] = cut.get(by, 0) + self._below[depth + 1]
                continue
            below, cut_below = self._count(depth + 1, combined, known)
            valid += below
            for name, size in cut_below.items():
                cut[name] = cut.get(name, 0) + size
        if len(known) < _MEMORY:
            known[key] = valid, cut
        return valid, cut


def _doom(tests: ClassChecker, choice: Choice, context: Mapping[str, Any]) -> str | None:
    refusals = (tests.refusal_of(field, value, context) for field, value in choice.items())
    return next((refusal for refusal in refusals if refusal is not None), None)


_MEMORY = 50_000
"""How many partial counts are kept at once: memory stays bounded, however large the grid."""
_ABSENT = object()


def _identity(value: Any) -> Any:
    """What tells values apart: 1 and True are two, and a list is known by its text."""
    return (type(value), value) if isinstance(value, (str, int, float)) or value is None else repr(value)
