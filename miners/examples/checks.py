"""The checks of the library that were read in its code, by the lines that raise, in the field names of one class."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import final

from miners.candidates.candidate import Candidate
from miners.examples.conditions import in_full
from miners.logic.cases import has_case
from miners.logic.formulas import Conjunction, Formula, all_of, negate
from miners.static import SiteFinding
from miners.surface.facts import ClassFacts
from miners.surface.fields import Surface, class_of
from miners.symbolic.opacity import world_of
from pytest_llem_invariants.language.expressions import parse
from pytest_llem_invariants.language.predicates import reference_of, referenced_fields
from pytest_llem_invariants.model import Clause, Match, Severity

Read = Callable[[str], Sequence[SiteFinding]]
Restate = Callable[[Candidate], Candidate | None]


@final
class Checks:
    """The conditions under which lines of the library reject a config, in the field names of one class."""

    def __init__(
        self,
        facts: ClassFacts,
        surface: Surface,
        read: Read,
        restated: Restate | None = None,
        context: Collection[str] = (),
    ) -> None:
        self._facts = facts
        self._surface = surface
        self._read = read
        self._restated = restated
        """Restates a check of another class in the names of this one, which builds that class."""
        self._context = context
        """The facts: context fields, which have one name in every class."""
        self._by_class: dict[str, dict[str, tuple[Candidate, ...]]] = {}
        self._without_verdict: dict[str, tuple[Formula, ...]] = {}

    def at(self, place: str) -> Iterator[Candidate]:
        """The checks that raise at that line: the class's own, else those of the objects in its fields."""
        yield from self._of(self._facts.native_type).get(place, ())
        path = place.rpartition(":")[0]
        for name, facts in self._surface.items():
            if facts.path == path and name != self._facts.native_type:
                for check in self._of(name).get(place, ()):
                    yield from self._inside(check)

    def fields_at(self, place: str) -> tuple[str, ...]:
        """The fields and facts that decide about that line, as far as its code was read."""
        named = (referenced_fields(Match("", check.fields)) for check in self.at(place))
        return tuple(dict.fromkeys(name for names in named for name in names))

    def world_at(self, place: str) -> frozenset[str]:
        """What besides the config decides on some path to that line: a model, a running engine or the machine."""
        path = place.rpartition(":")[0]
        held = (name for name, facts in self._surface.items() if facts.path == path)
        names = dict.fromkeys((self._facts.native_type, *held))
        return frozenset().union(*(world_of(check.shapes) for name in names for check in self._of(name).get(place, ())))

    def note_without_verdict(self, place: str) -> None:
        """Remember that this check gives no answer on this machine: it needs a package or a model."""
        if place not in self._without_verdict:
            self._without_verdict[place] = in_full(tuple(self.at(place)))

    def leave_no_verdict(self, case: Conjunction) -> bool:
        """Whether each config of a case probably reaches a check without an answer on this machine, or an earlier
        check.

        This follows from the code alone, which nobody has proven; so one config of the case is tried instead of many.
        """
        return any(
            checks and not has_case(all_of((*case, *map(negate, checks)))) for checks in self._without_verdict.values()
        )

    def _of(self, name: str) -> Mapping[str, tuple[Candidate, ...]]:
        if name not in self._by_class:
            found: dict[str, tuple[Candidate, ...]] = {}
            for finding in self._read(name):
                checks = tuple(one for one in finding.candidates if one.severity is Severity.ERROR)
                if checks:
                    place = f"{finding.site.path}:{finding.site.line}"
                    found[place] = (*found.get(place, ()), *checks)
            self._by_class[name] = found
        return self._by_class[name]

    def _inside(self, check: Candidate) -> Iterator[Candidate]:
        if self._restated is not None:
            restated = self._restated(check)
            if restated is not None:
                yield restated
            return
        for name, fact in self._facts.fields.items():
            inner = class_of(fact, self._surface)
            if inner is not None and inner.native_type == check.native_type:
                yield Candidate(
                    native_type=self._facts.native_type,
                    severity=check.severity,
                    fields={
                        self._under(name, subject): self._clauses(name, of) for subject, of in check.fields.items()
                    },
                    expected=check.expected,
                    template=check.template,
                    source=check.source,
                    added_by=check.added_by,
                    defaults={f"{name}.{field}": value for field, value in check.defaults.items()},
                )

    def _under(self, parent: str, expression: str) -> str:
        """The expression, with each of its fields as a field of the object inside `parent`."""
        for name in parse(expression).fields:
            if name not in self._context:
                expression = re.sub(rf"(?<![\w.]){re.escape(name)}(?![\w(])", f"{parent}.{name}", expression)
        return expression

    def _clauses(self, parent: str, clauses: Iterable[Clause]) -> tuple[Clause, ...]:
        references = ((clause, reference_of(clause.rhs)) for clause in clauses)
        return tuple(
            clause if reference is None else Clause(clause.op, f"@{self._under(parent, reference)}")
            for clause, reference in references
        )
