"""The checker: a compiled corpus, and for each native type the tests that its fields ask for."""

from __future__ import annotations

import os
from itertools import product

from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.classes import ClassChecker
from pytest_llem_invariants.checker.verdict import Dependence, Verdict, Violation, weakest
from pytest_llem_invariants.errors import CorpusError, LlemError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.routes import Routed
    from pytest_llem_invariants.checker.sweep import Pruned


ANOTHER = "another"
"""Stands for the values of a fact that no rule names."""


class UnknownTypeError(LlemError):
    """The corpus has no class of this name."""


class Checker:
    """Answers whether a config will be accepted. Immutable once loaded; may be shared between threads."""

    def __init__(self, compiled: store.Compiled, origin: str | None = None) -> None:
        """Take a compiled corpus; `Checker.load` is the usual way in."""
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

    @classmethod
    def load(
        cls,
        engine: str | None = None,
        *,
        version: str | None = None,
        corpus: str | os.PathLike[str] | None = None,
        root: str | os.PathLike[str] | None = None,
    ) -> Checker:
        """Load the corpus of an engine (its newest version, or `version`), or a proposed file at a path.

        It is the one that comes with this package, unless `root` names a folder with `engine_versions/` and
        `corpora/`. Nothing is ever taken from the current folder by itself.
        """
        if corpus is not None:
            return cls._of_file(os.fspath(corpus), engine, root)
        if engine is None:
            raise TypeError("Checker.load wants an engine, or corpus=path")
        return cls(store.load(engine, version, root), store.origin_of(root))

    @classmethod
    def _of_file(cls, name: str, engine: str | None, root: store.Root | None) -> Checker:
        from pathlib import Path

        from pytest_llem_invariants.checker.compiled import compile_file

        path = Path(name)
        if path.suffix == ".json":
            text = store.read_limited(name)
        else:
            text = compile_file(path, Path(store.data_root(root))).encode()
        compiled = store.parse(text, path)
        if compiled is None:
            raise CorpusError("another layout of a compiled corpus", path=path, mend="llem-invariants compile")
        known = compiled.head["engine"]
        if engine is not None and known != engine:
            raise CorpusError(f"a corpus of {known!r}, not of {engine!r}", path=path)
        return cls(compiled, name)

    # Asking

    def check(
        self, native_type: str, kwargs: Mapping[str, Any], *, context: Mapping[str, Any] | None = None
    ) -> Verdict:
        """Check keyword arguments of a class, by its full name or, where that is unique, its bare class name."""
        found = self._classes.get(native_type)
        if found is None:
            found = self._class(native_type)
        return found.check(kwargs, self.context if context is None else {**self.context, **context})

    def check_config(
        self, config: Mapping[str, Any], *, form: str | None = None, context: Mapping[str, Any] | None = None
    ) -> Verdict:
        """Check what people write: a serve config, a request body, a `generation_config.json`, nested configs.

        `form` names one of the engine's forms where the keys alone do not tell which is meant.
        """
        from pytest_llem_invariants.checker.routes import route

        return self.check_routed(route(self, config, form), context=context)

    def check_command(
        self,
        words: Sequence[str],
        *,
        context: Mapping[str, Any] | None = None,
        read: Callable[[str], Mapping[str, Any]] | None = None,
    ) -> Verdict:
        """Check a command line such as `["vllm", "serve", "--tensor-parallel-size", "0"]`.

        `read` gives the contents of a config file that the command line names; without it, that file is left aside.
        """
        from pytest_llem_invariants.checker.routes import route_command

        return self.check_routed(route_command(self, words, read), context=context)

    def check_routed(self, routed: Sequence[Routed], *, context: Mapping[str, Any] | None = None) -> Verdict:
        """One verdict over several classes, each violation with its place in the document."""
        violations: list[Violation] = []
        depends: list[Dependence] = []
        verdicts = []
        for part in routed:
            violations.extend(part.remarks)
            if part.native_type is None:
                continue
            verdict = self.check(part.native_type, part.kwargs, context=context)
            verdicts.append(verdict)
            violations.extend(part.place(violation) for violation in verdict.violations)
            depends.extend(Dependence(one.facts, part.place(one.violation)) for one in verdict.depends)
        types = tuple(dict.fromkeys(name for verdict in verdicts for name in verdict.native_types))
        certification = weakest([verdict.certification for verdict in verdicts])
        return Verdict(tuple(violations), certification, types, tuple(depends), self.origin)

    def prune(
        self,
        grid: Mapping[str, Any],
        *,
        native_type: str | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Pruned:
        """The valid combinations of a grid of values, found without going through the invalid ones."""
        from pytest_llem_invariants.checker.sweep import prune

        return prune(self, grid, native_type, context)

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
                raise LlemError(f"this corpus knows no context {name!r} — known are {known}")
            values = {str(value): value for value in self.declared_context[name]["values"]}
            if text not in values:
                raise LlemError(f"nothing is known of {name} {text!r} — known are {', '.join(values)}")
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
            raise UnknownTypeError(f"{self.engine}: {name!r} may be {' or '.join(known)} — write the full name")
        from pytest_llem_invariants.text.likeness import near_names

        bare = {full.rpartition(".")[2]: full for full in classes}
        close = near_names(name.rpartition(".")[2], bare)
        mend = f"did you mean {bare[close[0]]!r}?" if close else "`llem-invariants list` shows the known ones"
        raise UnknownTypeError(f"{self.engine} {self.version} has no class {name!r} — {mend}")

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

    def __repr__(self) -> str:
        return f"<Checker {self.engine} {self.version}: {len(self.native_types)} classes, {self.certification}>"
