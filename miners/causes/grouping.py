"""The differences of two versions as few causes, each with the rules that it explains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple, final

from miners.causes.between import Between
from miners.causes.pairing import GRAVEST, Rule, RuleChange, Side, compare, message, place
from miners.causes.releases import UNKNOWN, Releases
from miners.causes.words import from_to
from miners.causes.writable import Fold, Writable
from miners.schema.change import ChangeKind, Difference
from pytest_llem_invariants.checker.checker import Checker


class CauseKind(StrEnum):
    """What changed in the library, in the order in which it is told."""

    FIELD_GONE = "fields gone"
    FIELD_RENAMED = "fields renamed"
    FIELD_MOVED = "fields moved to another class"
    CLASS_GONE = "classes gone"
    CLASS_NEW = "classes new"
    FIELD_NEW = "fields new"
    DECLARED = "declared types and bounds"
    CLASS = "how classes treat their fields"
    MOVED = "checks that stand elsewhere"
    REWORDED = "messages reworded"
    SEVERITY = "severities changed"
    CHECK = "checks"


@final
@dataclass(frozen=True, slots=True)
class Cause:
    """One change of the library, and the rules that changed with it."""

    kind: CauseKind
    subject: str
    detail: str
    rules: tuple[Rule, ...]

    @property
    def severity(self) -> str:
        """The gravest of its rules."""
        return min((str(rule["severity"]) for rule in self.rules), key=GRAVEST.index, default=GRAVEST[-1])

    def as_data(self) -> dict[str, Any]:
        return {
            "kind": self.kind.name.lower(),
            "subject": self.subject,
            "detail": self.detail,
            "severity": self.severity if self.rules else None,
            "rules": [{key: rule[key] for key in ("id", "type", "severity", "when", "guard")} for rule in self.rules],
        }


@final
@dataclass(frozen=True, slots=True)
class Differences:
    """What is told of two versions."""

    old: Checker
    new: Checker
    causes: tuple[Cause, ...]
    """What changed in the library, without what became stricter or looser."""
    stricter: tuple[Cause, ...]
    looser: tuple[Cause, ...]
    folded: Mapping[str, Counter[Fold]]
    """By kind of change, how many rules concern no config that somebody could write, and why."""
    defaults: tuple[Difference, ...]
    breaking: tuple[Difference, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.causes or self.stricter or self.looser or self.defaults or self.breaking)


def differences(before: Side, after: Side, between: Between, releases: Releases = UNKNOWN) -> Differences:
    old, new = before.checker, after.checker
    asked = {
        "stricter": Writable(after, between.new, before, between.old),
        "looser": Writable(before, between.old, after, between.new),
    }
    folded: dict[str, Counter[Fold]] = {kind: Counter() for kind in asked}
    kept: dict[str, list[RuleChange]] = {}
    for change in compare(before, after):
        fold = asked[change.kind].fold(change.rule) if change.kind in asked else None
        if fold is None:
            kept.setdefault(change.kind, []).append(change)
        else:
            folded[change.kind][fold] += 1
    schema = () if between.diff is None else between.diff.differences
    stricter, looser = (_grouped(_claims(kept.get(kind, ()), between)) for kind in asked)
    return Differences(
        old,
        new,
        _causes(old, new, between, releases, kept),
        stricter,
        looser,
        folded,
        tuple(one for one in schema if one.change is ChangeKind.DEFAULT_CHANGED),
        tuple(one for one in schema if one.breaking),
    )


class _Key(NamedTuple):
    kind: CauseKind
    subject: str
    detail: str = ""
    place: str = ""
    """Where a check stands: its rules have one cause, whatever each of them says."""

    @property
    def group(self) -> tuple[str, ...]:
        return (self.kind, self.place) if self.place else (self.kind, self.subject, self.detail)


_Claim = tuple[_Key, Rule | None]


def _grouped(claims: Iterable[_Claim]) -> tuple[Cause, ...]:
    """One cause for each key; those that explain most come first, the gravest before them."""
    found: dict[tuple[str, ...], tuple[_Key, list[Rule]]] = {}
    for key, rule in claims:
        found.setdefault(key.group, (key, []))[1].extend(() if rule is None else (rule,))
    causes = [Cause(key.kind, key.subject, key.detail, tuple(rules)) for key, rules in found.values()]
    kinds = list(CauseKind)
    return tuple(
        sorted(
            causes, key=lambda one: (kinds.index(one.kind), GRAVEST.index(one.severity), -len(one.rules), one.subject)
        )
    )


def _claims(changes: Iterable[RuleChange], between: Between) -> Iterator[_Claim]:
    """The cause of what became stricter or looser: a declaration that the rule restates, else a check."""
    for change in changes:
        rule = change.rule
        yield declared(rule, between, looser=change.kind == "looser") or _check(rule), rule


def declared(rule: Rule, between: Between, *, looser: bool = False) -> _Key | None:
    """The changed declaration that a rule of the declared types restates."""
    if not (str(rule.get("by", "")).endswith("_lift") or "validation error" in (rule.get("template") or "")):
        return None
    at = place(rule)[0]
    for path in rule["fields"]:
        found = between.declared(rule["type"], path, at, looser=looser)
        if found is not None:
            return _Key(CauseKind.DECLARED, short(found), told_change(found))
    found = between.of_class(rule["type"])
    return None if found is None else _Key(CauseKind.CLASS, short(found), told_change(found))


def _check(rule: Rule) -> _Key:
    file, method = place(rule)
    return _Key(CauseKind.CHECK, f"{file} ({method})", message(rule) or "", rule["guard"])


def _causes(
    old: Checker, new: Checker, between: Between, releases: Releases, kept: Mapping[str, Sequence[RuleChange]]
) -> tuple[Cause, ...]:
    fields = _of_fields(old, new, between, releases)
    return _grouped((*fields, *_of_declarations(new, between), *_as_told(kept, between)))


def _as_told(kept: Mapping[str, Sequence[RuleChange]], between: Between) -> Iterator[_Claim]:
    """What became of rules that both versions have."""
    for change in kept.get("moved", ()):
        was, now = (text.rpartition(" (") for text in (change.old or "", change.new or ""))
        subject, detail = (f"{where.rpartition(':')[0]} ({method}" for where, _, method in (was, now))
        yield _Key(CauseKind.MOVED, subject, detail), change.rule
    for change in kept.get("reworded", ()):
        if declared(change.rule, between) is None:  # else its words only follow the declaration
            said = (change.old or "(no message)", change.new or "(no message)")
            yield _Key(CauseKind.REWORDED, *said, change.rule["guard"]), change.rule
    for change in kept.get("changed", ()):
        yield _Key(CauseKind.SEVERITY, _check(change.rule).subject, f"{change.old} → {change.new}"), change.rule


def _of_fields(old: Checker, new: Checker, between: Between, releases: Releases) -> Iterator[_Claim]:
    """Fields and classes that one version alone has, with the rules that read them."""
    if between.diff is None:
        return
    readers_old, readers_new = _Readers(old, between.old.resolve), _Readers(new, between.new.resolve)
    for one in between.diff.differences:
        name = one.native_type.rpartition(".")[2]
        match one.change:
            case ChangeKind.CLASS_REMOVED:
                renamed = between.successors.get((None, one.native_type), "")
                key = _Key(CauseKind.CLASS_GONE, name, f"perhaps {renamed} now" if renamed else "")
                yield from readers_old.claims(key, one.native_type)
            case ChangeKind.CLASS_ADDED:
                yield from readers_new.claims(_Key(CauseKind.CLASS_NEW, name), one.native_type)
            case ChangeKind.FIELD_REMOVED:
                assert one.field is not None
                key = _gone(one.native_type, one.field, between, releases)
                yield from readers_old.claims(key, one.native_type, one.field)
            case ChangeKind.FIELD_ADDED | ChangeKind.FIELD_ADDED_REQUIRED:
                key = _Key(CauseKind.FIELD_NEW, f"{name}.{one.field}")
                yield from readers_new.claims(key, one.native_type, one.field)


def _gone(native_type: str, field: str, between: Between, releases: Releases) -> _Key:
    subject = f"{native_type.rpartition('.')[2]}.{field}"
    successor = between.successors.get((native_type, field))
    if successor is not None:
        return _Key(CauseKind.FIELD_RENAMED, subject, f"perhaps {successor}")
    moved = between.moved.get((native_type, field))
    if moved is not None:
        return _Key(CauseKind.FIELD_MOVED, subject, f"{moved.rpartition('.')[2]}.{field}")
    since, instead = releases.gone_since(subject), releases.instead(subject)
    told = [f"since {since}" if since else "", f"instead {instead}" if instead else ""]
    return _Key(CauseKind.FIELD_GONE, subject, ", ".join(filter(None, told)))


def _of_declarations(new: Checker, between: Between) -> Iterator[_Claim]:
    """Every declaration that changed, with the rules that read the field."""
    if between.diff is None:
        return
    readers = _Readers(new, between.new.resolve)
    told: set[tuple[str, str | None]] = set()
    for one in between.diff.differences:
        cls = one.native_type
        found = between.of_class(cls) if one.field is None else between.declared(cls, one.field)
        if found is one and (one.native_type, one.field) not in told:
            told.add((one.native_type, one.field))
            kind = CauseKind.CLASS if one.field is None else CauseKind.DECLARED
            yield from readers.claims(_Key(kind, short(one), told_change(one)), one.native_type, one.field)


@final
class _Readers:
    """The rules of one version by the class and the field that they read."""

    def __init__(self, checker: Checker, resolve: Any) -> None:
        self._by_class: dict[str, list[Rule]] = {}
        self._by_field: dict[tuple[str, str], list[Rule]] = {}
        for rule in checker.rules:
            self._by_class.setdefault(rule["type"], []).append(rule)
            for place_of in {resolve(rule["type"], path) for path in rule["fields"]}:
                self._by_field.setdefault(place_of, []).append(rule)

    def claims(self, key: _Key, native_type: str, field: str | None = None) -> Iterator[_Claim]:
        yield key, None  # told also where no rule reads it
        rules = self._by_class.get(native_type) if field is None else self._by_field.get((native_type, field))
        yield from ((key, rule) for rule in rules or ())


def short(one: Difference) -> str:
    """The bare class and the field."""
    name = one.native_type.rpartition(".")[2]
    return name if one.field is None else f"{name}.{one.field}"


_FROM_TO: Final = frozenset({ChangeKind.TYPE_NARROWED, ChangeKind.TYPE_WIDENED, ChangeKind.TYPE_CHANGED})


def told_change(one: Difference) -> str:
    """What changed, as short as it can be told."""
    if one.change in _FROM_TO or (one.change is ChangeKind.DEFAULT_CHANGED):
        return " → ".join(from_to(str(one.old), str(one.new)))
    value = one.new if one.old is None else one.old
    return one.change.words if value is None else f"{one.change.words}: {value}"
