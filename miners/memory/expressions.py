"""Find a length as a sum of products of what a config counts, from the same length in several configs."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, final

from pytest_llem_invariants.fit.laws import UnknownSizeError, atom

Vector = tuple[int, ...]
"""A value in each of the configs that were seen."""
Term = tuple[int, ...] | tuple[Any, ...]

_COEFFICIENTS: Final = (1, 2, 3, 4, 6, 8)
_CONSTANTS: Final = (1, 2, 3, 4, 8, 16, 64)
_PADDED: Final = ("vocab", "position")
_SQUARED: Final = ("factor", "merge", "patch", "shuffle", "downsample")
_WHOLE: Final = re.compile(r"(?:head_dim|head_size|rank|kernel\w*|conv)\Z")
"""What no rank has a share of."""
_MOST_ATOMS: Final = 110
_FEW: Final = 16
_SHARE: Final = "/tp"
_HEADS: Final = re.compile(r"(?:head|group)\w*/tp\Z")


@final
class Search:
    """The terms over the atoms of some configs, by a sum that is linear in what they are in each."""

    def __init__(self, numbers: Sequence[Mapping[str, Any]], ranks: Sequence[int]) -> None:
        source = random.Random(0)
        self._weights = [source.getrandbits(61) for _ in numbers]
        self._numbers = numbers
        self._ranks = ranks
        self._atoms = dict(self._vectors())
        self._terms: dict[int, Term] = {}
        self._fill(self._atoms.items(), self._terms, _COEFFICIENTS)
        self._known: dict[Vector, Any] = {}
        self._used: dict[str, Vector] = {}
        self._pairs: dict[int, tuple[Term, Term]] = {}
        self._pairs_of = -1

    def law(self, vector: Vector) -> Any:
        """The plainest law of a length, or None where none was found."""
        if self._known.get(vector) is None:
            found = self._of_two(vector)
            self._known[vector] = self._of_three(self._sum(vector)) if found is None else found
        return self._known[vector]

    def look(self, vector: Vector) -> None:
        """Find a plain law, if there is one: a sum of three is looked for among the atoms of plain laws."""
        if vector not in self._known:
            self._known[vector] = found = self._of_two(vector)
            for term in found if isinstance(found, list) else ():
                for name in term[1:]:
                    if name != _SHARE:
                        self._used.setdefault(name, self._atoms[name])

    def _of_two(self, vector: Vector) -> Any:
        if len(set(vector)) == 1:
            return vector[0]
        wanted = self._sum(vector)
        if wanted in self._terms:
            return [list(self._terms[wanted])]
        for value, term in self._terms.items():
            other = self._terms.get(wanted - value)
            if other is not None:
                return [list(term), list(other)]
            other = self._terms.get(value - wanted)
            if other is not None:
                return [list(term), [-other[0], *other[1:]]]
        return None

    def _of_three(self, wanted: int) -> Any:
        """A sum of three over the atoms that other lengths of this type are made of."""
        few: dict[int, Term] = {}
        self._fill(list(self._used.items())[:_FEW], few, (1, 2, 4))
        if self._pairs_of != len(few):
            self._pairs_of = len(few)
            self._pairs = {one + other: (few[one], few[other]) for one in few for other in few}
        for value, term in few.items():
            if wanted - value in self._pairs:
                return [list(term), *map(list, self._pairs[wanted - value])]
        return None

    def _sum(self, vector: Iterable[int]) -> int:
        return sum(weight * value for weight, value in zip(self._weights, vector, strict=True))

    def _vectors(self) -> Iterator[tuple[str, Vector]]:
        """Atom → its values, those first that no rank shares; of the same values the first."""
        seen: set[Vector] = set()
        names = [name for name in self._numbers[0] if self._is_count(name)]
        heads = [name for name in names if "head" in name.rpartition(".")[2]]
        quotients = [
            f"{one}//{other}"
            for one in names
            for other in (*heads, *(name for name in names if "patch" in name))
            if one != other
            and one.rpartition(".")[0] == other.rpartition(".")[0]
            and all(of[other] and of[one] % of[other] == 0 for of in self._numbers)
        ]
        padded = [f"{name}^64" for name in names if any(word in name for word in _PADDED)]
        shared = sorted((one for one in (*names, *padded) if not _WHOLE.search(one)), key=lambda one: one not in heads)
        for name in (*names, *padded, *(f"{one}/tp" for one in shared), *quotients):
            try:
                vector = tuple(atom(name, of, rank) for of, rank in zip(self._numbers, self._ranks, strict=True))
            except UnknownSizeError:
                continue
            if vector not in seen and len(set(vector)) > 1 and len(seen) < _MOST_ATOMS:
                seen.add(vector)
                yield name, vector

    def _is_count(self, name: str) -> bool:
        values = [of.get(name) for of in self._numbers]
        return all(type(value) is int and value > 0 for value in values)

    def _add_product(self, terms: dict[int, Term], term: Term, vectors: tuple[Vector, Vector], shared: str) -> None:
        """A product, whole or the share of a rank."""
        product = tuple(one * two for one, two in zip(*vectors, strict=True))
        if shared:
            if any(str(name).endswith(_SHARE) for name in term[1:]) or any(
                one % rank for one, rank in zip(product, self._ranks, strict=True)
            ):
                return
            product = tuple(one // rank for one, rank in zip(product, self._ranks, strict=True))
            term = (*term, _SHARE)
        terms.setdefault(term[0] * self._sum(product), term)

    def _fill(self, atoms: Iterable[tuple[str, Vector]], terms: dict[int, Term], coefficients: Sequence[int]) -> None:
        atoms = list(atoms)
        for constant in _CONSTANTS:
            terms.setdefault(self._sum([constant] * len(self._weights)), (constant,))
        for coefficient in coefficients:
            for name, vector in atoms:
                terms.setdefault(coefficient * self._sum(vector), (coefficient, name))
        factors = [one for one in atoms if not one[0].endswith(_SHARE) or _HEADS.search(one[0])]
        for shared in ("", _SHARE):
            for coefficient in coefficients:
                for at, (name, vector) in enumerate(factors):
                    for other, beside in factors[at:]:
                        self._add_product(terms, (coefficient, name, other), (vector, beside), shared)
        for square, values in [one for one in atoms if any(word in one[0] for word in _SQUARED)]:
            for name, vector in atoms:
                product = self._sum(one * one * two for one, two in zip(values, vector, strict=True))
                terms.setdefault(product, (1, square, square, name))
