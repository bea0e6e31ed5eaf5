"""A compiled corpus at work: for each native type the tests that its fields ask for."""

from __future__ import annotations

import os

from pytest_llem_invariants.checker.classes import ClassChecker
from pytest_llem_invariants.checker.runtime import UNKNOWN
from pytest_llem_invariants.errors import LlemError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Protocol

    from pytest_llem_invariants.checker.argv import CommandParser
    from pytest_llem_invariants.checker.layout import Compiled
    from pytest_llem_invariants.checker.releases import Releases
    from pytest_llem_invariants.checker.verdict import Verdict

    class World(Protocol):
        """The facts beside a config, as `pytest_llem_invariants.World` has them."""

        own_model: bool
        model: str | None

        @property
        def facts(self) -> Mapping[str, Any]: ...

        def beside(self, named: object) -> Any: ...

        def context(
            self, declared: Mapping[str, Any], models: Callable[[], Mapping[str, Any]], unsaid: tuple[str, ...]
        ) -> dict[str, Any]: ...

        def context_under(
            self,
            more: Mapping[str, Any],
            declared: Mapping[str, Any],
            models: Callable[[], Mapping[str, Any]],
            unsaid: tuple[str, ...],
        ) -> dict[str, Any]: ...


_KINDS: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
    "str": (str,),
    "list": (list, tuple),
}
"""What a fact of a type may be; each may be None besides, where there is no such thing."""

_IN_WORDS = {"int": "an integer", "float": "a number", "bool": "true or false", "str": "a text", "list": "a list"}
_LONGEST_NUMBER = 100
_NOT_READ = object()


def _is_plain(value: object) -> bool:
    """Whether nothing in it is left open: neither a value that nobody knows, nor what the library takes a null for."""
    if isinstance(value, dict):
        return all(type(key) is str and _is_plain(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return type(value) in (bool, int, float, str)


class FactError(LlemError):
    """A fact is not what it is declared to be."""

    def __init__(self, fact: str, told: str) -> None:
        super().__init__(f"the fact {fact} is {told}")
        self.fact = fact


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
        self._kinds = {name: _KINDS[entry["type"]] for name, entry in head["context"].items() if "type" in entry}
        self._least = {name: entry["least"] for name, entry in head["context"].items() if "least" in entry}
        self.routes = _quick(head["routes"])
        """How documents reach the classes, as the engine's file says."""
        self._own_model = self.routes.get("model")
        """Which field of a config names its model, and which have the library read another or change it."""
        self._last: tuple[World, dict[tuple[str, ...], dict[str, Any]]] | None = None
        """The world that was last asked about, and what the corpus knows in it."""
        self._classes: dict[str, ClassChecker] = {}
        self._parsers: dict[str, CommandParser] | None = None
        self._releases: Any = _NOT_READ
        self.meanings: dict[tuple[int, str | None], dict[Any, str | None]] = {}
        """What keys of documents mean, by form and class: what routes have looked up."""

    # Asking

    def check(
        self,
        native_type: str,
        kwargs: Mapping[str, Any],
        *,
        context: Mapping[str, Any] | None = None,
        world: World | None = None,
    ) -> Verdict:
        """Check keyword arguments of a class, by its full name or, where that is unique, its bare class name.

        `world` holds the facts that a verdict may depend on; `context` those, by the names that the corpus declares.
        """
        found = self._classes.get(native_type)
        if found is None:
            found = self._class(native_type)
        if world is not None:
            return found.check(kwargs, self.beside(kwargs, context, world))
        return found.check(kwargs, self.context if context is None else self.known(context))

    def beside(
        self, kwargs: Mapping[str, Any], context: Mapping[str, Any] | None, world: World | None
    ) -> dict[str, Any]:
        """What is known beside a config in a world; what the context says counts before it.

        Where the config has the library read other files, or change what they say, those of the model say nothing.
        """
        if world is None:
            return self.known(context or {})
        world = self.world_of(kwargs, world)
        unsaid: tuple[str, ...] = ()
        if self._own_model is not None and world.model is not None:
            unsaid = self.changed_of_model(kwargs)
            more = self.laid_over(kwargs)
            if more is not None:
                said = world.context_under(more, self.declared_context, self._compiled.models, unsaid)
                return self.known({**said, **(context or {})})
        last = self._last
        if last is None or last[0] is not world:
            last = self._last = (world, {})
        found = last[1].get(unsaid)
        if found is None:
            said = world.context(self.declared_context, self._compiled.models, unsaid)
            found = last[1][unsaid] = self.known(said)
        return {**found, **self._given(context)} if context else found

    def changed_of_model(self, kwargs: Mapping[str, Any]) -> tuple[str, ...]:
        """The beginnings of the facts about a model that a config has read from other files, or changes."""
        own = self._own_model or {}
        same = own.get("unchanged_at", {})
        changed = own.get("changed_by", {})
        if UNKNOWN in kwargs:
            return tuple(changed)
        given = {name for name, value in kwargs.items() if value is not None and value not in same.get(name, ())}
        if self.laid_over(kwargs) is not None:
            given.discard(own["laid_over"])
        return tuple(begin for begin, fields in changed.items() if not given.isdisjoint(fields))

    def laid_over(self, kwargs: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What a config lays over the config of its model, where that is known to the last key."""
        more = kwargs.get((self._own_model or {}).get("laid_over", ""))
        return more if type(more) is dict and _is_plain(more) else None

    def world_of(self, kwargs: Mapping[str, Any], world: World) -> World:
        """A world with the model that a config names, where it has none and may read that one."""
        if self._own_model is None or not world.own_model:
            return world
        other: World = world.beside(kwargs.get(self._own_model["field"]))
        return other

    def known(self, context: Mapping[str, Any]) -> dict[str, Any]:
        """What is known under a context: what it gives, and what is assumed besides. FactError of a wrong type."""
        return {**self.context, **self._given(context)}

    def _given(self, context: Mapping[str, Any]) -> Mapping[str, Any]:
        """Facts that are what they are declared to be."""
        kinds = self._kinds
        for name, value in context.items():
            if name in kinds and value is not None:
                if type(value) not in kinds[name]:
                    self._refuse(name, value)
                if name in self._least and value < self._least[name]:
                    raise FactError(name, f"{value}, which is less than {self._least[name]}")
        return context

    def _refuse(self, name: str, value: Any) -> None:
        kind = self.declared_context[name]["type"]
        if not isinstance(value, self._kinds[name]) or (isinstance(value, bool) and kind != "bool"):
            from pytest_llem_invariants.text.terminal import shortened

            raise FactError(name, f"{shortened(repr(value))}, not {_IN_WORDS[kind]}")

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
    def releases(self) -> Releases | None:
        """What every release of the engine has; read when it is first asked for. None where no table came with it."""
        if self._releases is _NOT_READ:
            from pytest_llem_invariants.checker.releases import load_releases
            from pytest_llem_invariants.checker.store import data_root

            try:
                folder = os.path.join(data_root(self.origin), "corpora", self.engine)
            except LlemError:  # a corpus by itself
                self._releases = None
            else:
                self._releases = load_releases(folder, self.version)
        found: Releases | None = self._releases
        return found

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

    def context_from(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Facts outside the config, read from text; LlemError where the corpus knows no such fact or value."""
        context: dict[str, Any] = {}
        for name, text in given.items():
            if name not in self.declared_context:
                from pytest_llem_invariants.text.likeness import said_names

                raise LlemError(f"unknown context {name!r} — {said_names(name, self.declared_context)}")
            context[name] = self._read_fact(name, text)
        return context

    def _read_fact(self, name: str, text: str) -> Any:
        """The value that text stands for: one of those that are declared, or any of the declared type."""
        entry = self.declared_context[name]
        values = {str(value): value for value in entry["values"]}
        if text in values:
            return values[text]
        kind = entry.get("type")
        if kind is None:
            raise LlemError(f"unknown {name} {text!r} — known are {', '.join(values)}")
        value: Any = text
        if kind != "str" and len(text) < _LONGEST_NUMBER:
            from pytest_llem_invariants.text.yaml_scalars import plain_scalar

            value = plain_scalar(text)
        self.known({name: value})
        return value

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

    def parser(self, name: str | None) -> CommandParser | None:
        """The discovered parser of a command; None where there is none."""
        if name is None:
            return None
        if self._parsers is None:
            self._parsers = {command: _parser_of(data) for command, data in self._compiled.commands().items()}
        return self._parsers.get(name)

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


def _quick(routes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The routes with what each form ignores in its order, and found at once: every key of a document is looked for."""
    forms = {
        name: {**form, "ignore": dict.fromkeys(form["ignore"])} if "ignore" in form else form
        for name, form in routes.get("forms", {}).items()
    }
    return {**routes, "forms": forms} if forms else routes


def _parser_of(data: Mapping[str, Any]) -> CommandParser:
    if data["habits"].get("library") == "click":
        from pytest_llem_invariants.checker.argv_click import ClickParser

        return ClickParser(data)
    from pytest_llem_invariants.checker.argv import CommandParser

    return CommandParser(data)
