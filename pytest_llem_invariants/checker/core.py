"""The checker: a compiled corpus, and for each native type the tests that its fields ask for."""

from __future__ import annotations

from pytest_llem_invariants.checker import runtime, store
from pytest_llem_invariants.checker.verdict import Verdict, Violation, weakest
from pytest_llem_invariants.errors import CorpusError, LlemError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.routes import Routed
    from pytest_llem_invariants.checker.sweep import Pruned

    Test = Callable[[Any, dict[str, Any], Mapping[str, Any]], list[int] | None]

UNKNOWN_FIELD = "unknown_field"
REMOVED_FIELD = "removed_field"
DEPRECATED_FIELD = "deprecated_field"


class UnknownTypeError(LlemError):
    """The corpus has no class of this name."""


class Checker:
    """Answers whether a config will be accepted. Immutable once loaded; may be shared between threads."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Take a compiled corpus as data; `Checker.load` is the usual way in."""
        self._data = data
        self.engine: str = data["engine"]
        self.version: str = data["engine_version"]
        """The version of the library that the rules speak of."""
        self.rules: Sequence[Mapping[str, Any]] = data["rules"]
        self.context: dict[str, Any] = {name: entry["default"] for name, entry in data["context"].items()}
        self._classes: dict[str, ClassChecker] = {}
        self._names: dict[str, str] = {}

    @classmethod
    def load(
        cls, engine: str | None = None, *, version: str | None = None, corpus: str | os.PathLike[str] | None = None
    ) -> Checker:
        """Load the shipped corpus of an engine (its newest version, or `version`), or a proposed file at a path."""
        if corpus is not None:
            from pathlib import Path

            from pytest_llem_invariants.checker.compiled import compile_file

            path = Path(corpus)
            text = path.read_text(encoding="utf-8") if path.suffix == ".json" else compile_file(path)
            data = store.parse(text, str(path))
            if data is None:
                raise CorpusError("another layout of a compiled corpus", path=path, mend="llem-invariants compile")
            if engine is not None and data["engine"] != engine:
                raise CorpusError(f"a corpus of {data['engine']!r}, not of {engine!r}", path=path)
            return cls(data)
        if engine is None:
            raise TypeError("Checker.load wants an engine, or corpus=path")
        return cls(store.load(engine, version))

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

    def check_command(self, words: Sequence[str], *, context: Mapping[str, Any] | None = None) -> Verdict:
        """Check a command line such as `["vllm", "serve", "--tensor-parallel-size", "0"]`."""
        from pytest_llem_invariants.checker.routes import route_command

        return self.check_routed(route_command(self, words), context=context)

    def check_routed(self, routed: Sequence[Routed], *, context: Mapping[str, Any] | None = None) -> Verdict:
        """One verdict over several classes, each violation with its place in the document."""
        violations: list[Violation] = []
        verdicts = []
        for part in routed:
            verdict = self.check(part.native_type, part.kwargs, context=context)
            verdicts.append(verdict)
            violations.extend(part.place(violation) for violation in verdict.violations)
        types = tuple(dict.fromkeys(name for verdict in verdicts for name in verdict.native_types))
        return Verdict(tuple(violations), weakest([verdict.certification for verdict in verdicts]), types)

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
        return tuple(self._data["classes"])

    @property
    def routes(self) -> Mapping[str, Any]:
        """How documents reach the classes, as the engine's file says."""
        routes: Mapping[str, Any] = self._data["routes"]
        return routes

    @property
    def environment(self) -> str | None:
        """The kind of environment in which the rules were proven; None if they never were."""
        kind: str | None = self._data["environment"]
        return kind

    @property
    def certification(self) -> str:
        """The weakest evidence behind any of the rules."""
        return weakest(rule["certification"] for rule in self.rules)

    @property
    def declared_context(self) -> Mapping[str, Any]:
        """The context fields with their default and possible values."""
        declared: Mapping[str, Any] = self._data["context"]
        return declared

    def resolve(self, name: str) -> str:
        """The full name of a class; UnknownTypeError where it is unknown or the bare name is not unique."""
        classes = self._data["classes"]
        if name in classes:
            return name
        known = [full for full in classes if full.rpartition(".")[2] == name]
        if len(known) == 1:
            (full,) = known
            return str(full)
        if known:
            raise UnknownTypeError(f"{self.engine}: {name!r} may be {' or '.join(known)} — write the full name")
        from difflib import get_close_matches

        bare = {full.rpartition(".")[2]: full for full in classes}
        close = get_close_matches(name.rpartition(".")[2], bare, n=1)
        mend = f"did you mean {bare[close[0]]!r}?" if close else "`llem-invariants list` shows the known ones"
        raise UnknownTypeError(f"{self.engine} {self.version} has no class {name!r} — {mend}")

    def class_checker(self, name: str) -> ClassChecker:
        """The tests of one class."""
        return self._classes.get(name) or self._class(name)

    def _class(self, name: str) -> ClassChecker:
        full = self.resolve(name)
        found = self._classes.get(full)
        if found is None:
            found = self._classes.setdefault(full, ClassChecker(self, full, self._data["classes"][full]))
        self._classes[name] = found
        return found

    def __repr__(self) -> str:
        return f"<Checker {self.engine} {self.version}: {len(self.rules)} rules, certification {self.certification}>"


class _Tests(dict[str, "Test | None"]):
    """Field → its test, compiled when the field is first met; None where no rule hangs on the field."""

    def __init__(self, sources: Mapping[str, str], known: Mapping[str, Any] | None) -> None:
        super().__init__()
        self._sources = sources
        if known is not None:
            self.update((field, None) for field in known if field not in sources)
        self._open = known is None

    def __missing__(self, field: str) -> Test | None:
        source = self._sources.get(field)
        if source is None:
            return None if self._open else _not_a_field
        test: Test = compiled(source)
        self[field] = test
        return test


def compiled(source: str) -> Any:
    """The function that a generated source defines."""
    scope: dict[str, Any] = {}
    exec(compile(source, "<rules>", "exec"), _SCOPE, scope)
    return scope["test"]


_SCOPE = dict(vars(runtime))
_STRANGER = -1
_NOTICE = -2


def _not_a_field(value: Any, kwargs: dict[str, Any], context: Mapping[str, Any]) -> list[int]:
    return [_STRANGER]


class ClassChecker:
    """The rules of one class."""

    __slots__ = ("_always", "_checker", "_data", "_ok", "_sections", "_tests", "name")

    def __init__(self, checker: Checker, name: str, data: Mapping[str, Any]) -> None:
        self.name = name
        self._checker = checker
        self._data = data
        self._ok = Verdict((), data["certification"], (name,))
        self._tests = _Tests(data["tests"], data.get("fields"))
        always = data["always"]
        self._always = None if always is None else compiled(always)
        self._sections: Mapping[str, str] = data.get("sections") or {}
        for field in (*data.get("deprecated", ()), *data.get("gone", ())):
            self._tests[field] = self._with_notice(field)

    def check(self, kwargs: Mapping[str, Any], context: Mapping[str, Any]) -> Verdict:
        """The verdict on keyword arguments: the same object for every config that breaks nothing."""
        given: dict[str, Any] = kwargs if type(kwargs) is dict else dict(kwargs)
        tests = self._tests
        hits: list[int] | None = None
        for name, value in given.items():
            test = tests[name]
            if test is not None:
                found = test(value, given, context)
                if found is not None:
                    hits = found if hits is None else hits + found
        if self._always is not None:
            found = self._always(given, context)
            if found is not None:
                hits = found if hits is None else hits + found
        if self._sections and not self._sections.keys().isdisjoint(given):
            return self._with_sections(hits, given, context)
        return self._ok if hits is None else self._verdict(hits, given, context)

    @property
    def certification(self) -> str:
        return self._ok.certification

    @property
    def fields(self) -> Mapping[str, Sequence[str]] | None:
        """Field → the kinds of value it takes; None where no schema was discovered."""
        fields: Mapping[str, Sequence[str]] | None = self._data.get("fields")
        return fields

    @property
    def accepts_extra(self) -> bool:
        """Whether the class takes keyword arguments that it does not know."""
        return bool(self._data.get("accepts_extra", True))

    @property
    def sections(self) -> Mapping[str, str]:
        """The fields that hold another class."""
        return self._sections

    @property
    def rules(self) -> Sequence[int]:
        """The numbers of its rules."""
        rules: Sequence[int] = self._data["rules"]
        return rules

    @property
    def known_fields(self) -> Collection[str]:
        """Every field that a schema or a rule names."""
        return {*(self.fields or ()), *self._data["tests"]}

    def test_empty(self, context: Mapping[str, Any]) -> Sequence[int]:
        """The numbers of the rules that a config triggers by giving nothing."""
        found: list[int] | None = None if self._always is None else self._always({}, context)
        return found or ()

    def test_of(self, field: str) -> Any:
        """The compiled test of a field, or None."""
        return self._tests[field] if field in self._data["tests"] else None

    def _verdict(self, hits: list[int], kwargs: dict[str, Any], context: Mapping[str, Any]) -> Verdict:
        violations = self._violations(hits, kwargs, context)
        return Verdict(tuple(violations), self._ok.certification, (self.name,)) if violations else self._ok

    def _violations(self, hits: list[int], kwargs: dict[str, Any], context: Mapping[str, Any]) -> list[Violation]:
        rules = self._checker.rules
        found = [self._violation(rules[hit], kwargs, context) for hit in sorted(set(hits)) if hit >= 0]
        if _STRANGER in hits:
            found.extend(self._stranger(name) for name in kwargs if self._tests[name] is _not_a_field)
        notices = self._data.get("gone", {}).keys() | self._data.get("deprecated", {}).keys()
        found.extend(self._notice(name) for name in kwargs if name in notices and kwargs[name] is not None)
        return found

    def _violation(self, rule: Mapping[str, Any], kwargs: dict[str, Any], context: Mapping[str, Any]) -> Violation:
        defaults = rule.get("defaults", {})
        fields = tuple(rule["fields"])
        missing = object()
        values: dict[str, Any] = {}
        for field in fields:
            value = runtime.path(missing, kwargs, *field.split("."))
            if value is not missing:
                values[field] = value
            elif field in defaults:
                values[field] = defaults[field]
        for name, path in rule["names"].items():
            if path in values:
                values[name] = values[path]
        for name in rule.get("context", ()):
            values[name] = context.get(name)
        return Violation(
            rule["id"],
            rule["severity"],
            self.name,
            tuple(field for field in fields if field in values) or fields,
            values,
            rule["template"],
            rule["summary"],
            rule["guard"],
            rule["suggestion"],
            rule["certification"],
        )

    # Fields that the class does not know, no longer knows, or would rather not see

    def _with_notice(self, field: str) -> Any:
        source = self._data["tests"].get(field)
        test = None if source is None else compiled(source)

        def noticed(value: Any, kwargs: dict[str, Any], context: Mapping[str, Any]) -> list[int] | None:
            found: list[int] = (test(value, kwargs, context) if test else None) or []
            return (found or None) if value is None else [*found, _NOTICE]

        return noticed

    def _notice(self, name: str) -> Violation:
        short = self.name.rpartition(".")[2]
        version = f"{self._checker.engine} {self._checker.version}"
        if name in self._data["gone"]:
            last = self._data["gone"][name]
            text = f"{short}.{name} was removed: {version} has no such field, {last} was the last that had it"
            return self._about(REMOVED_FIELD, name, text, self._guess(name, "leave it out"), self._refusal())
        note = self._data["deprecated"][name]
        text = f"{short}.{name} is deprecated in {version}" + (f": {note['note']}" if note.get("note") else "")
        mend = f"use {note['by']} instead" if note.get("by") else "leave it out"
        return self._about(DEPRECATED_FIELD, name, text, mend, "warn")

    def _stranger(self, name: str) -> Violation:
        short = self.name.rpartition(".")[2]
        text = f"{short} of {self._checker.engine} {self._checker.version} has no field {name!r}"
        return self._about(UNKNOWN_FIELD, name, text, self._guess(name, "leave it out"), self._refusal())

    def _refusal(self) -> str:
        return "warn" if self._data["accepts_extra"] else "error"

    def _guess(self, name: str, otherwise: str) -> str:
        from difflib import get_close_matches

        close = get_close_matches(name, self._data["fields"], n=1, cutoff=0.7)
        return f"did you mean {close[0]}?" if close else otherwise

    def _about(self, kind: str, field: str, text: str, suggestion: str, severity: str) -> Violation:
        return Violation(kind, severity, self.name, (field,), {}, None, text, None, suggestion, self._ok.certification)

    def _with_sections(self, hits: list[int] | None, kwargs: dict[str, Any], context: Mapping[str, Any]) -> Verdict:
        violations = [] if hits is None else self._violations(hits, kwargs, context)
        certifications = [self._ok.certification]
        types = [self.name]
        for field, native_type in self._sections.items():
            value = kwargs.get(field)
            if type(value) is not dict:
                continue
            verdict = self._checker.class_checker(native_type).check(value, context)
            certifications.append(verdict.certification)
            types.extend(verdict.native_types)
            violations.extend(
                violation.moved((field, *violation.path), tuple(f"{field}.{name}" for name in violation.fields))
                for violation in verdict.violations
            )
        if len(types) == 1 and not violations:
            return self._ok
        return Verdict(tuple(violations), weakest(certifications), tuple(dict.fromkeys(types)))
