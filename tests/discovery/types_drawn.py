"""Types and values that they accept, as hypothesis draws them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from miners.surface.types import (
    ANY,
    NONE,
    UNTYPED,
    Bounded,
    ChoiceType,
    Either,
    Group,
    InstanceType,
    Key,
    Plain,
    TypeExpr,
    UnknownType,
)

SCALARS = ("bool", "int", "float", "complex", "str", "bytes", "none")
SMALL = st.integers(-4, 4)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    SMALL,
    st.sampled_from([0.0, 1.0, 2.0, -1.5, 0.5, 1e300, float("inf"), float("-inf"), float("nan")]),
    st.sampled_from(["", "a", "b", "ab", "red", "long text"]),
    st.sampled_from([b"", b"a", 1j]),
)
ANY_VALUE = st.recursive(
    VALUES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.sampled_from(["a", "b", 1]), inner, max_size=2),
        st.frozensets(VALUES, max_size=2),
    ),
    max_leaves=6,
)
BOUNDS = st.fixed_dictionaries(
    {},
    optional={
        "gt": st.one_of(SMALL, st.just(0.5)),
        "ge": st.one_of(SMALL, st.just(0.5)),
        "lt": st.one_of(SMALL, st.just(1.5)),
        "le": SMALL,
        "multiple_of": st.integers(1, 6),
        "min_length": st.integers(0, 3),
        "max_length": st.integers(0, 3),
        "pattern": st.sampled_from(["^a", "b$"]),
    },
)


def _groups(inner: st.SearchStrategy[TypeExpr]) -> st.SearchStrategy[TypeExpr]:
    names = st.sampled_from(["list", "tuple", "set", "frozenset", "Sequence", "Set", "Iterable"])
    return st.one_of(
        st.builds(lambda name, item: Group(name, (item,)), names, inner),
        st.builds(Group, names),
        st.builds(lambda items: Group("tuple", tuple(items), True), st.lists(inner, max_size=3)),
        st.builds(
            lambda name, items: Group(name, items), st.sampled_from(["dict", "Mapping"]), st.tuples(inner, inner)
        ),
        st.builds(
            lambda keys: Group("dict", (Plain("str"), ANY), keys=tuple(keys)),
            st.lists(
                st.builds(Key, st.sampled_from(["a", "b"]), inner, st.booleans()),
                max_size=2,
                unique_by=lambda key: key.name,
            ),
        ),
    )


LEAVES: st.SearchStrategy[TypeExpr] = st.one_of(
    st.sampled_from([*map(Plain, SCALARS), ANY, NONE, UNTYPED, Plain("callable"), Plain("type")]),
    st.builds(lambda values: ChoiceType(tuple(values)), st.lists(VALUES.filter(lambda one: one == one), max_size=3)),
    st.sampled_from([InstanceType("Inner", "lib"), InstanceType("Other", "lib"), UnknownType("Elusive")]),
)
TYPES: st.SearchStrategy[TypeExpr] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        _groups(inner),
        st.builds(Bounded, inner, BOUNDS),
        st.builds(lambda members: Either(tuple(members)), st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=6,
)


def widenings(type_: TypeExpr) -> st.SearchStrategy[TypeExpr]:
    """Types that accept at least what a type does, by how they are made."""
    looser: list[st.SearchStrategy[TypeExpr]] = [
        st.just(type_),
        st.just(ANY),
        TYPES.map(lambda other: Either((type_, other))),
        TYPES.map(lambda other: Either((other, type_))),
    ]
    match type_:
        case Bounded(inner, bounds):
            looser.append(
                st.sets(st.sampled_from(sorted(bounds)) if bounds else st.nothing()).map(
                    lambda kept: Bounded(inner, {name: bounds[name] for name in sorted(kept)})
                )
                if bounds
                else st.just(inner)
            )
            looser.append(st.just(inner))
        case ChoiceType(values):
            looser.append(VALUES.filter(lambda one: one == one).map(lambda one: ChoiceType((*values, one))))
        case Group("tuple", items, True):
            looser.append(st.just(Group("tuple")))
            looser.append(st.just(Group("Sequence", (Either((*items, NONE, NONE)),)) if items else Group("Sequence")))
        case Plain("int"):
            looser.append(st.just(Plain("float")))
        case Plain("bool"):
            looser.append(st.just(ChoiceType((False, True, "auto"))))
        case Either(members):
            looser.append(st.just(Either(tuple(reversed(members)))))
        case _:
            pass
    return st.one_of(looser)


def values_of(type_: TypeExpr) -> st.SearchStrategy[Any]:
    """Values around a type: those made for it, most of which it accepts, and any others."""
    match type_:
        case ChoiceType(values) if values:
            made: st.SearchStrategy[Any] = st.sampled_from(values)
        case Either(members):
            made = st.one_of([values_of(member) for member in members])
        case Bounded(inner, bounds):
            edges = [bounds[name] + step for name in ("gt", "ge", "lt", "le") if name in bounds for step in (-1, 0, 1)]
            made = st.one_of(values_of(inner), *([st.sampled_from(edges)] if edges else []))
        case Group("dict" | "Mapping", items):
            keys, values = items if len(items) == 2 else (Plain("str"), ANY)
            made = st.lists(st.tuples(values_of(keys).filter(_hashable), values_of(values)), max_size=2).map(dict)
        case Group("tuple", items, True):
            made = st.tuples(*map(values_of, items))
        case Group(name, items):
            inner_values = values_of(items[0]) if items else VALUES
            kinds = {
                "list": [list],
                "tuple": [tuple],
                "Sequence": [list, tuple],
                "set": [set],
                "frozenset": [frozenset],
            }
            hashed = st.lists(inner_values.filter(_hashable), max_size=3)
            made = st.one_of([hashed.map(kind) for kind in kinds.get(name, [list, set, tuple])])
        case _:
            made = VALUES
    return st.one_of(made, ANY_VALUE)


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True
