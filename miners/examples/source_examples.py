"""Find examples for candidates read from source alone: the types of a class answer, and the other checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import starmap
from typing import TYPE_CHECKING, Any, Final, final

from miners.candidates.candidate import Candidate
from miners.candidates.rules import Examples
from miners.examples.space import SearchSpace
from miners.examples.witness import Shown, find_examples
from miners.surface.facts import ClassFacts
from miners.surface.fields import Surface, field_at
from miners.surface.nested import is_portable
from miners.surface.types import Either, Group, InstanceType, Plain
from pytest_llem_invariants.corpus.files import template_fragments
from pytest_llem_invariants.language.predicates import compile_match, referenced_fields
from pytest_llem_invariants.language.values import fits, resolve_class
from pytest_llem_invariants.model import AddedBy, Kwargs, Match, Severity, TypedValue

if TYPE_CHECKING:
    from miners.surface.source_classes import Skeletons
    from pytest_llem_invariants.ssot import Ssot

Claim = Callable[[Kwargs], bool]
_MOST_POSITIVES: Final = 40
"""More than with a library: there is no other path past earlier checks, and a skeleton answers at once."""


@final
class SourceExamples:
    """Finds the examples of one class.

    The skeleton has all the types and answers for them. Nobody can answer for the code, so an example avoids all
    conditions that were read of it.
    """

    def __init__(
        self,
        ssot: Ssot,
        facts: ClassFacts,
        skeletons: Skeletons,
        surface: Surface,
        candidates: Sequence[Candidate],
    ) -> None:
        self._ssot = ssot
        self._facts = facts
        self._skeletons = skeletons
        self._skeleton = skeletons.class_at(facts.target) if facts.kind.coerces else None
        self._surface = surface
        self._space = SearchSpace(facts, surface, ssot.context)
        self._candidates = candidates
        self._claims = {id(one): self._claim(one) for one in candidates}

    def find(self, candidate: Candidate) -> tuple[Candidate, Examples] | None:
        """The candidate with its examples, and without a message that they do not show; None without examples."""
        found = self._found(candidate)
        if found is None and candidate.template is not None and candidate.added_by is not AddedBy.STATIC_MINER:
            candidate = replace(candidate, template=None)
            found = self._found(candidate)
        return None if found is None else (candidate, self._complete(candidate, found))

    def _found(self, candidate: Candidate) -> Examples | None:
        vague = [self._claims[id(one)] for one in self._candidates if one.severity is Severity.ERROR and one.opaque]
        if candidate.added_by is not AddedBy.STATIC_MINER:
            return self._search(candidate, lambda kwargs: self._refuses(kwargs, candidate.template), vague)
        earlier = tuple(self._met_first(candidate))
        for avoided in (
            (*earlier, *vague, self._may_become_another, _holds_nothing),
            (*earlier, _holds_nothing),
            earlier,
        ):
            found = self._search(candidate, self._clear_of(avoided), vague)
            if found is not None:
                return found
        return None

    def _clear_of(self, avoided: Sequence[Claim]) -> Claim:
        return lambda kwargs: self._is_taken(kwargs) and not any(claim(kwargs) for claim in avoided)

    def _search(self, candidate: Candidate, proves: Claim, vague: Sequence[Claim]) -> Examples | None:
        refused = tuple(self._claims[id(one)] for one in self._candidates if _refuses(one) and one is not candidate)
        alike = tuple(self._claims[id(one)] for one in self._candidates if _shows_the_same(one, candidate))

        def clears(_: Kwargs, negative: Kwargs) -> bool:
            return self._is_taken(negative) and not any(
                claim(negative) for claim in (*refused, *alike, self._may_become_another)
            )

        return find_examples(
            candidate,
            self._space,
            others=vague,
            proves=lambda kwargs: Shown.EFFECT if proves(kwargs) else Shown.NOTHING,
            clears=clears,
            most=_MOST_POSITIVES,
        )

    def _met_first(self, candidate: Candidate) -> Iterator[Claim]:
        """The checks before the effect that a config meets; for an effect other than a rejection, all checks."""
        for one in self._candidates:
            if one is candidate and candidate.severity is Severity.ERROR:
                return
            if one.added_by is AddedBy.STATIC_MINER and _refuses(one) and one.source != candidate.source:
                yield self._claims[id(one)]

    def _complete(self, candidate: Candidate, found: Examples) -> Examples:
        """The examples with the fields that the predicate reads and the arguments from the SSOT."""
        read = referenced_fields(Match(self._ssot.engine, candidate.fields))
        given = {name: value for name, value in self._facts.base_kwargs.items() if name in read and is_portable(value)}
        return Examples({**given, **found.positive}, {**given, **found.negative}, found.context)

    def _claim(self, candidate: Candidate) -> Claim:
        match = compile_match(
            Match(self._ssot.engine, candidate.fields, candidate.defaults),
            context_fields=frozenset(self._ssot.context),
        )
        usual = {name: field.default for name, field in self._ssot.context.items()}
        return lambda kwargs: match({**self._facts.base_kwargs, **kwargs}, usual)

    def _refuses(self, kwargs: Kwargs, template: str | None) -> bool:
        """Whether the types reject it with the words of the template."""
        text = self._refusal(kwargs)
        return text is not None and all(part in text for part in template_fragments(template or ""))

    def _is_taken(self, kwargs: Kwargs) -> bool:
        """Whether the types accept the values, without guessing about a class that is not available."""
        return all(starmap(self._is_certain, kwargs.items())) and self._refusal(kwargs) is None

    def _is_certain(self, name: str, value: Any) -> bool:
        """Whether more than the name of the value's type is known."""
        fact = field_at(name, self._facts, self._surface)
        if value is None or isinstance(value, TypedValue):
            return value is not None or fact.nullable
        members = fact.type.members if isinstance(fact.type, Either) else (fact.type,)
        if Plain("any") not in members or not self._skeletons.lacks_type(self._facts.target, name):
            return fits(value, fact)
        known = tuple(
            one.name for one in members if isinstance(one, (Plain, Group, InstanceType)) and one.name != "any"
        )
        return fits(value, replace(fact, types=known)) if set(known) - {"none"} else False

    def _may_become_another(self, kwargs: Kwargs) -> bool:
        """Whether it holds a mapping that may become an object of one of several classes."""
        for name, value in kwargs.items():
            types = field_at(name, self._facts, self._surface).types
            if isinstance(value, Mapping) and sum(resolve_class(one, self._surface) is not None for one in types) > 1:
                return True
        return False

    def _refusal(self, kwargs: Kwargs) -> str | None:
        if self._skeleton is None:
            return None
        try:
            self._skeleton(**{**self._facts.base_kwargs, **kwargs})
        except (TypeError, ValueError) as error:
            return str(error)
        return None


def _refuses(candidate: Candidate) -> bool:
    return candidate.severity is Severity.ERROR and not candidate.opaque


def _shows_the_same(one: Candidate, candidate: Candidate) -> bool:
    """Whether another case of the same warning or change would show as well."""
    if one is candidate or candidate.severity is Severity.ERROR or one.severity is not candidate.severity:
        return False
    changed = candidate.expected.normalised_fields
    return one.source == candidate.source or bool(changed and one.expected.normalised_fields == changed)


def _holds_nothing(kwargs: Kwargs) -> bool:
    """Whether it holds an empty collection: code that iterates over it may fail without a `raise` statement."""
    return any(isinstance(value, (list, tuple, dict, set)) and not value for value in kwargs.values())
