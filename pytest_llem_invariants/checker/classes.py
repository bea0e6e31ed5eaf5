"""The rules of one class: its generated tests, its fields, and the classes of its nested fields."""

from __future__ import annotations

from pytest_llem_invariants.checker import plain, runtime
from pytest_llem_invariants.checker.changes import RENAMED, Edit
from pytest_llem_invariants.checker.codegen import KindTests, always, unsure_test
from pytest_llem_invariants.checker.runtime import OPEN_KINDS, UNKNOWN, unsure
from pytest_llem_invariants.checker.slips import fix_of, slip
from pytest_llem_invariants.checker.unknowns import Asked, untold
from pytest_llem_invariants.checker.verdict import Dependence, Verdict, Violation, remark_of, weakest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any, Protocol

    from pytest_llem_invariants.checker.codegen import Test
    from pytest_llem_invariants.checker.layout import Compiled, Rules
    from pytest_llem_invariants.checker.releases import Releases, Said

    class Owner(Protocol):
        """What a class asks of the corpus that it belongs to: its name, and the other classes."""

        engine: str
        version: str
        origin: str | None
        context: dict[str, Any]

        @property
        def native_types(self) -> Collection[str]: ...

        @property
        def releases(self) -> Releases | None: ...

        def class_checker(self, name: str) -> ClassChecker: ...


UNKNOWN_FIELD = "unknown_field"
REMOVED_FIELD = "removed_field"
DEPRECATED_FIELD = "deprecated_field"


class _Tests(dict[str, "Mapping[type, Test | None] | None"]):
    """Field → its tests by kind of value, made when the field is first met; None where no rule hangs on the field."""

    def __init__(self, texts: Mapping[str, str], known: Mapping[str, Any] | None) -> None:
        super().__init__()
        self._texts = texts
        if known is not None:
            self.update((field, None) for field in known if field not in texts)
        self._open = known is None

    def __missing__(self, field: str) -> Mapping[type, Test | None] | None:
        text = self._texts.get(field)
        if text is None:
            # A name that the library keeps to itself is nobody's slip, and a constructor may take it.
            return None if self._open or str(field).startswith("_") else _NO_FIELD
        tests = self[field] = KindTests(field, text)
        return tests


class _Same(dict[type, "Test | None"]):
    """One test for every kind of value."""

    def __init__(self, test: Test | None) -> None:
        super().__init__()
        self._test = test

    def __missing__(self, kind: type) -> Test | None:
        return self._test


_STRANGER = -1
_NOTICE = -2


def _not_a_field(value: Any, kwargs: Mapping[str, Any], context: Mapping[str, Any]) -> list[int]:
    return [_STRANGER]


_NO_FIELD = _Same(_not_a_field)
_NO_TEST = _Same(None)


class ClassChecker:
    """The rules of one class."""

    __slots__ = (
        *("_always", "_asked", "_compiled", "_data", "_ok", "_owner", "_rules", "_sections", "_tests", "_unsure"),
        "name",
    )

    def __init__(self, owner: Owner, name: str, compiled: Compiled) -> None:
        self.name = name
        self._owner = owner
        self._compiled = compiled
        self._data = data = compiled.tests(name)
        self._rules: Rules | None = None
        self._asked: dict[int, Asked] = {}
        self._ok = Verdict((), data["certification"], (name,), (), owner.origin)
        self._tests = _Tests(data["tests"], data.get("fields"))
        self._unsure: dict[str, Test | None] = {}
        text = data["always"]
        self._always = None if text is None else always(text)
        self._sections: Mapping[str, str] = data.get("sections") or {}
        for field in (*data.get("deprecated", ()), *data.get("gone", ())):
            self._tests[field] = self._with_notice(field)

    def check(self, kwargs: Mapping[str, Any], context: Mapping[str, Any]) -> Verdict:
        """The verdict on keyword arguments; every config without violations gets the same object."""
        given: dict[str, Any] = kwargs if type(kwargs) is dict else dict(kwargs)
        hits = self._hits(given, context)
        if self._sections and not self._sections.keys().isdisjoint(given):
            return self._with_sections(hits, given, context)
        return self._ok if hits is None else self._verdict(hits, given, context)

    def _hits(self, given: dict[str, Any], context: Mapping[str, Any]) -> list[int] | None:
        """The rules that the config triggers, or may trigger where the context leaves a fact open."""
        tests = self._tests
        hits: list[int] | None = None
        for name, value in given.items():
            kind = type(value)
            if kind in OPEN_KINDS and unsure(value):
                return self._possible_hits(given, context)
            by_kind = tests[name]
            if by_kind is not None:
                test = by_kind[kind]
                if test is not None:
                    found = test(value, given, context)
                    if found is not None:
                        hits = found if hits is None else hits + found
        if self._always is not None:
            found = self._always(given, context)
            if found is not None:
                hits = found if hits is None else hits + found
        return hits

    def _possible_hits(self, given: dict[str, Any], context: Mapping[str, Any]) -> list[int] | None:
        """The rules that a config triggers or may trigger, of which some value is not told."""
        hits: list[int] = []
        noticed = self._noticed
        for name, value in given.items():
            if name is UNKNOWN:
                continue
            if self._tests[name] is _NO_FIELD:
                hits.append(_STRANGER)
                continue
            if name in noticed and value is not None:
                hits.append(_NOTICE)
            text = self._data["tests"].get(name)
            if text is not None:
                if name not in self._unsure:
                    self._unsure[name] = unsure_test(name, text)
                test = self._unsure[name]
                hits += (test(value, given, context) if test else None) or ()
        hits += (self._always(given, context) if self._always else None) or ()
        return hits or None

    @property
    def _noticed(self) -> Collection[str]:
        """Fields that the class no longer knows, or would rather not see."""
        return {*self._data.get("gone", ()), *self._data.get("deprecated", ())}

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
    def rules(self) -> Rules:
        """What is told of its rules; read when the first is asked for."""
        rules = self._rules
        if rules is None:
            rules = self._rules = self._compiled.rules(self.name, self._data["rules"])
        return rules

    @property
    def known_fields(self) -> Collection[str]:
        """Every field that a schema or a rule names."""
        return {*(self.fields or ()), *self._data["reads"]}

    def test_empty(self, context: Mapping[str, Any]) -> Sequence[int]:
        """The numbers of the rules that a config triggers by giving nothing, whatever the unknown facts are."""
        found: list[int] | None = None if self._always is None else self._always({}, context)
        return [hit for hit in found or () if self.is_decided(hit, context)]

    def test_of(self, field: str) -> Mapping[type, Test | None]:
        """The tests of a field by kind of value."""
        by_kind = self._tests[field]
        return _NO_TEST if by_kind is None else by_kind

    def refusal_of(self, field: str, value: Any, context: Mapping[str, Any]) -> str | None:
        """What rejects a field whatever the others hold: nobody knows it, it is gone, or its own class rejects it."""
        if not self.accepts_extra:
            if value is not None and field in self._data.get("gone", {}):
                return REMOVED_FIELD
            if self._tests[field] is _NO_FIELD:
                return UNKNOWN_FIELD
        inner = _section(value, self._sections[field]) if field in self._sections else None
        if inner is None or inner[0] not in self._owner.native_types:
            return None
        errors = self._owner.class_checker(inner[0]).check(inner[1], context).errors
        return errors[0].rule_id if errors else None

    def _verdict(self, hits: list[int], kwargs: dict[str, Any], context: Mapping[str, Any]) -> Verdict:
        violations, depends = self._told(hits, kwargs, context)
        if not violations and not depends:
            return self._ok
        return Verdict(tuple(violations), self._ok.certification, (self.name,), tuple(depends), self._ok.origin)

    def _told(
        self, hits: list[int], kwargs: dict[str, Any], context: Mapping[str, Any]
    ) -> tuple[list[Violation], list[Dependence]]:
        """What the config breaks whatever the unknown facts are, and what they decide."""
        certain: list[int] = []
        depends: list[Dependence] = []
        is_unsure = unsure(kwargs)
        now: tuple[dict[str, Any], Mapping[str, Any]] | None = None
        for hit in sorted({hit for hit in hits if hit >= 0}):
            asked = self._asked.get(hit) or self._asks(hit)
            unknown = asked.unknown(context)
            if is_unsure:
                unknown += untold(asked.rule["fields"], kwargs)
            if not unknown:
                certain.append(hit)
            elif asked.is_met(kwargs, context):
                now = now or (dict(kwargs), dict(context))  # whoever gave them may change them before it is read
                rule = asked.rule
                depends.append(Dependence(unknown, None, rule["severity"], self._violation, (rule, *now)))
        return self._violations(certain, hits, kwargs, context), depends

    def _asks(self, hit: int) -> Asked:
        asked = self._asked[hit] = Asked(self.rules[hit], self._owner.context)
        return asked

    def is_decided(self, hit: int, context: Mapping[str, Any]) -> bool:
        """Whether every fact that a rule asks for is known."""
        return not self._asks(hit).unknown(context)

    def _violations(
        self, triggered: list[int], hits: list[int], kwargs: dict[str, Any], context: Mapping[str, Any]
    ) -> list[Violation]:
        found = [self._violation(self.rules[hit], kwargs, context) for hit in triggered]
        if _STRANGER in hits:
            from pytest_llem_invariants.text.likeness import MOST_GUESSES

            unknown = [name for name in kwargs if name is not UNKNOWN and self._tests[name] is _NO_FIELD]
            strangers = (self._stranger(name, number < MOST_GUESSES) for number, name in enumerate(unknown))
            found.extend(stranger for stranger in strangers if stranger is not None)
        if _NOTICE in hits:
            notices = self._noticed
            found.extend(self._notice(name) for name in kwargs if name in notices and kwargs[name] is not None)
        return found

    def _violation(self, rule: Mapping[str, Any], kwargs: dict[str, Any], context: Mapping[str, Any]) -> Violation:
        defaults = rule.get("defaults", {})
        fields = tuple(rule["fields"])
        missing = object()
        values: dict[str, Any] = {}
        written: dict[str, str] = {}
        for field in fields:
            nested = "." in field
            value = runtime.path(missing, kwargs, *field.split(".")) if nested else kwargs.get(field, missing)
            if value is not missing:
                if not (type(value) in OPEN_KINDS and unsure(value)):
                    values[field] = value
                written[field] = field
            elif field in defaults and UNKNOWN not in kwargs:
                values[field] = defaults[field]
        for name, path in rule.get("names", {}).items():
            if path in values:
                values[name] = values[path]
        for name in rule.get("context", ()):
            if name in context:
                values[name] = context[name]
        given = tuple(field for field in fields if field in values or field in kwargs) or fields
        return Violation(rule, self.name, given, values, (), written)

    def remark(
        self, name: str, *, is_guessed: bool = True, is_told: bool = False, is_dropped: bool = True
    ) -> Violation | None:
        """What is worth a word of a key that the document's reader ignores: a field that is gone, or a slip; any key,
        where that reader is the class's own. Of one that is not `is_dropped` nobody knows whether it is refused.
        """
        releases = self._owner.releases
        if releases is not None:
            if not is_told and releases.has_request(name):
                return None
            said = None if is_told else releases.of_request(name)
            became = self._became(name, "warn", said, is_dropped=is_dropped)
            if became is not None:
                return became
        if name in self._data.get("gone", {}):
            return self._notice(name, "warn")
        guess = self._guess(name) if is_guessed else None
        is_left = guess is None and not is_told
        return None if is_left else self._unknown(name, guess, "warn", is_dropped=is_told and is_dropped)

    # Fields that the class does not know, no longer knows, or would rather not see

    def _with_notice(self, field: str) -> Mapping[type, Test | None]:
        text = self._data["tests"].get(field)
        by_kind = None if text is None else KindTests(field, text)

        def noticed(value: Any, kwargs: Mapping[str, Any], context: Mapping[str, Any]) -> list[int] | None:
            test = None if by_kind is None else by_kind[type(value)]
            found: list[int] = (test(value, kwargs, context) if test else None) or []
            return (found or None) if value is None else [*found, _NOTICE]

        return _Same(noticed)

    def _notice(self, name: str, severity: str | None = None) -> Violation:
        severity = severity or self._refusal()
        short = self.name.rpartition(".")[2]
        version = f"{self._owner.engine} {self._owner.version}"
        if name in self._data["gone"]:
            became = self._became(name, severity)
            if became is not None:
                return became
            last, by = self._data["gone"][name]
            if by is not None:
                text = f"{short}.{name} was renamed: {version} calls it {by}, {last} was the last to know {name}"
                return self._about(REMOVED_FIELD, name, text, f"use {by} instead", severity)
            text = f"{short}.{name} was removed: {version} has no such field, {last} was the last that had it"
            return self._about(REMOVED_FIELD, name, text, fix_of(self._guess(name)), severity)
        note = self._data["deprecated"][name]
        text = f"{short}.{name} is deprecated in {version}" + (f": {note['note']}" if note.get("note") else "")
        by = note.get("by") or self._other_named(name, note.get("note") or "")
        fix = f"use {by} instead" if by else "leave it out"
        return self._about(DEPRECATED_FIELD, name, text, fix, "warn")

    def _other_named(self, name: str, note: str) -> str | None:
        """The one other field that a note on a field names: a word with an underscore is no other word."""
        words = {word.strip("`'\".,:;()") for word in note.split() if "_" in word}
        found = sorted(words & set(self._data["fields"]) - {name})
        return found[0] if len(found) == 1 else None

    def _stranger(self, name: str, is_guessed: bool) -> Violation | None:
        """What is said of an unknown field; a class that takes such is only told of what looks like a slip."""
        became = self._became(name, self._refusal())
        if became is not None:
            return became
        guess = self._guess(name) if is_guessed else None
        return None if self.accepts_extra and guess is None else self._unknown(name, guess, self._refusal())

    def _unknown(self, name: str, guess: str | None, severity: str, *, is_dropped: bool = False) -> Violation:
        short = self.name.rpartition(".")[2]
        text = f"{short} of {self._owner.engine} {self._owner.version} has no field {name!r}"
        text += ": it is dropped without a word" if is_dropped else ""
        edit = slip(name, guess, self._data["fields"])
        unknown = self._about(UNKNOWN_FIELD, name, text, fix_of(guess), severity, edit)
        releases = self._owner.releases
        if guess is None or releases is None or not releases.is_of_options(short) or guess == name.replace("-", "_"):
            return unknown  # also where an option is named to a class, which knows it with underscores
        option = "--" + guess.replace("_", "-")
        edit = None if edit is None else Edit(RENAMED, option, is_certain=edit.is_certain)
        return unknown.on_command_line(
            remark_of(UNKNOWN_FIELD, severity, text, fix_of(option), unknown.certification, edit)
        )

    def _refusal(self) -> str:
        return "warn" if self._data["accepts_extra"] else "error"

    def _became(
        self, name: str, severity: str, said: Said | None = None, *, is_dropped: bool = True
    ) -> Violation | None:
        """What is said of a field that another release has: what is `said` of any request, else of the class's own."""
        if said is not None:
            return self._as_said(name, said, severity, is_ignored=is_dropped)
        releases = self._owner.releases
        said = None if releases is None else releases.of_field(self.name.rpartition(".")[2], str(name))
        if releases is None or said is None or (self.accepts_extra and not said.is_sure):
            return None
        is_ignored = self.accepts_extra and is_dropped
        return self._as_said(name, said, severity, releases.of_option(str(name)), is_ignored=is_ignored)

    def _as_said(
        self, name: str, said: Said, severity: str, option: Said | None = None, *, is_ignored: bool = False
    ) -> Violation:
        """A remark with what the releases tell; on a command line, that of the option."""
        kind = REMOVED_FIELD if said.is_gone else UNKNOWN_FIELD
        text = said.text + (", and ignores it" if is_ignored and not said.is_gone else "")
        text += ". It is ignored" if is_ignored and said.is_gone else ""
        certification = self._ok.certification
        violation = self._about(kind, name, text, said.fix, severity, said.edit)
        if option is None:
            return violation
        return violation.on_command_line(remark_of(kind, severity, option.text, option.fix, certification, option.edit))

    def _guess(self, name: str) -> str | None:
        """The known name of which an unknown one is a slip."""
        from pytest_llem_invariants.text.likeness import slip_of

        return slip_of(name, self._data["fields"])

    def _about(
        self, kind: str, field: str, text: str, suggestion: str, severity: str, edit: Edit | None = None
    ) -> Violation:
        remark = remark_of(kind, severity, text, suggestion, self._ok.certification, edit)
        return Violation(remark, self.name, (field,), {})

    def _with_sections(self, hits: list[int] | None, kwargs: dict[str, Any], context: Mapping[str, Any]) -> Verdict:
        violations, depends = ([], []) if hits is None else self._told(hits, kwargs, context)
        certifications = [self._ok.certification]
        types = [self.name]
        for field, native_type in self._sections.items():
            inner = _section(kwargs.get(field), native_type)
            if inner is None or inner[0] not in self._owner.native_types:
                continue
            verdict = self._owner.class_checker(inner[0]).check(inner[1], context)
            certifications.append(verdict.certification)
            types.extend(verdict.native_types)
            violations.extend(violation.inside(field) for violation in verdict.violations)
            depends.extend(one.inside(field) for one in verdict.depends)
        if len(types) == 1 and not violations and not depends:
            return self._ok
        every = tuple(dict.fromkeys(types))
        return Verdict(tuple(violations), weakest(certifications), every, tuple(depends), self._ok.origin)


def _section(value: Any, native_type: str) -> tuple[str, Mapping[str, Any]] | None:
    """The class and the keyword arguments that a nested config stands for; None where it is none."""
    if type(value) is dict:
        if "$type" in value:
            return value["$type"], value.get("kwargs") or {}
        return native_type, value
    if value is None or value is UNKNOWN or type(value) in plain.PLAIN:
        return None
    from pytest_llem_invariants.model import TypedValue

    return (value.type, value.kwargs) if isinstance(value, TypedValue) else None
