"""A compiled corpus at work: for each native type the tests that its fields ask for."""

from __future__ import annotations

from itertools import product

from pytest_llem_invariants.checker.classes import ClassChecker
from pytest_llem_invariants.errors import LlemError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.layout import Compiled
    from pytest_llem_invariants.checker.verdict import Verdict


ANOTHER = "another"
"""Stands for the values of a fact that no rule names."""


class UnknownTypeError(LlemError):
    """The corpus has no class of this name."""


class LoadedCorpus:
    """The rules of one engine version, asked class by class. Immutable once loaded; may be shared between threads."""

    def __init__(self, compiled: Compiled, origin: str | None = None) -> None:
        self._compiled = compiled
        self.origin = origin
        """The folder or file of the corpus, as it was named; None of the one that comes with this package."""
        self._head = head = compiled.head
        self.engine: str = head["engine"]
        self.version: str = head["engine_version"]
        """The version of the library that the rules speak of."""
        self.context: dict[str, Any] = {
            name: entry["default"] for name, entry in head["context"].items() if "default" in entry
        }
        """What is taken for known where nothing is said of it; any other fact is unknown then."""
        self._classes: dict[str, ClassChecker] = {}

    # Asking

    def check(
        self, native_type: str, kwargs: Mapping[str, Any], *, context: Mapping[str, Any] | None = None
    ) -> Verdict:
        """Check keyword arguments of a class, by its full name or, where that is unique, its bare class name."""
        found = self._classes.get(native_type)
        if found is None:
            found = self._class(native_type)
        return found.check(kwargs, self.context if context is None else {**self.context, **context})

    # Looking

    @property
    def native_types(self) -> tuple[str, ...]:
        """The classes that the corpus knows, sorted."""
        return tuple(self._head["classes"])

    @property
    def rules(self) -> Sequence[Mapping[str, Any]]:
        """Every rule, class by class, as what is told of it."""
        return [rule for name in self._head["classes"] for rule in self.class_checker(name).rules]

    @property
    def routes(self) -> Mapping[str, Any]:
        """How documents reach the classes, as the engine's file says."""
        routes: Mapping[str, Any] = self._head["routes"]
        return routes

    @property
    def environment(self) -> str | None:
        """The kind of environment in which the rules were proven; None if they never were."""
        kind: str | None = self._head["environment"]
        return kind

    @property
    def certification(self) -> str:
        """The weakest evidence behind any of the rules."""
        certification: str = self._head["certification"]
        return certification

    @property
    def declared_context(self) -> Mapping[str, Any]:
        """The context fields with their default and possible values."""
        declared: Mapping[str, Any] = self._head["context"]
        return declared

    def worlds(self, facts: Iterable[str], context: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The context with every value that those of the facts may have which it does not give.

        Of a fact without a default the declared values are those that rules were proven under; it may be another one,
        which some rule names or which none does.
        """
        unknown = [fact for fact in sorted(set(facts)) if fact not in context]
        declared = (self.declared_context[fact] for fact in unknown)
        values = ((*entry["values"], *entry.get("named", ()), ANOTHER) for entry in declared)
        return [{**context, **dict(zip(unknown, chosen, strict=True))} for chosen in product(*values)]

    def context_from(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Facts outside the config, read from text; LlemError where the corpus knows no such fact or value."""
        context: dict[str, Any] = {}
        for name, text in given.items():
            if name not in self.declared_context:
                known = ", ".join(self.declared_context) or "none"
                raise LlemError(f"unknown context {name!r} — known are {known}")
            values = {str(value): value for value in self.declared_context[name]["values"]}
            if text not in values:
                raise LlemError(f"unknown {name} {text!r} — known are {', '.join(values)}")
            context[name] = values[text]
        return context

    def resolve(self, name: str) -> str:
        """The full name of a class; UnknownTypeError where it is unknown or the bare name is not unique."""
        classes = self._head["classes"]
        if name in classes:
            return name
        known = [full for full in classes if full.rpartition(".")[2] == name]
        if len(known) == 1:
            (full,) = known
            return str(full)
        if known:
            raise UnknownTypeError(f"{self.engine}: {name!r} is ambiguous: {' or '.join(known)} — write the full name")
        from pytest_llem_invariants.text.likeness import near_names

        bare = {full.rpartition(".")[2]: full for full in classes}
        close = near_names(name.rpartition(".")[2], bare)
        fix = f"did you mean {bare[close[0]]!r}?" if close else "`llem-invariants list` shows the known ones"
        raise UnknownTypeError(f"{self.engine} {self.version} has no class {name!r} — {fix}")

    def class_checker(self, name: str) -> ClassChecker:
        """The tests of one class."""
        return self._classes.get(name) or self._class(name)

    def _class(self, name: str) -> ClassChecker:
        full = self.resolve(name)
        found = self._classes.get(full)
        if found is None:
            found = self._classes.setdefault(full, ClassChecker(self, full, self._compiled))
        self._classes[name] = found
        return found
