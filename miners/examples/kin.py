"""Fields that belong together by name: `spec_method` and `spec_tokens`, `data_parallel_size` and `data_parallel_rank`.

A check of one field often asks for another of its family. If nobody has read that check, each other field of the family
is set in turn, to values with which the library may accept what it rejects without them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, final

from miners.surface.facts import ClassFacts
from pytest_llem_invariants.language.values import distinct, fits, holdable
from pytest_llem_invariants.model import Kwargs
from pytest_llem_invariants.replay.soundness import few_of

_LARGEST_FAMILY: Final = 16
"""If more fields share a word, it is a verb (`enable_…`) and not a topic."""
_MOST_VALUES: Final = 8


@final
class Families:
    """The fields of a class by the first word of their names, and the values to try."""

    def __init__(self, facts: ClassFacts, texts: Collection[str] = ()) -> None:
        """`texts` are the values with which classes of the engine are built: a model's folder, the name of a method."""
        self._members: dict[str, list[str]] = {}
        for name, fact in facts.fields.items():
            if fact.settable:
                self._members.setdefault(_family(name), []).append(name)
        few = few_of(facts.fields, _MOST_VALUES)
        self._values = {
            name: distinct(value for value in (*few[name], *texts) if fits(value, fact) and holdable(value))
            for name, fact in facts.fields.items()
            if len(self._members.get(_family(name), ())) in range(2, _LARGEST_FAMILY + 1)
        }

    def beside(self, names: Iterable[str], kwargs: Kwargs) -> Iterator[Kwargs]:
        """The config with one more field from the family of one of the names."""
        families = dict.fromkeys(_family(name.partition(".")[0]) for name in names)
        for family in families:
            for name in self._members.get(family, ()):
                if name not in kwargs:
                    yield from ({**kwargs, name: value} for value in self._values.get(name, ()))


def texts_in(surface: Mapping[str, ClassFacts]) -> tuple[str, ...]:
    """The texts with which the classes of a surface are built."""
    given = (value for facts in surface.values() for value in facts.base_kwargs.values())
    return tuple(dict.fromkeys(value for value in given if isinstance(value, str) and value))


def _family(name: str) -> str:
    return name.lstrip("_").partition("_")[0]
