"""The causes of what a run found: many divergences, few changes of the library.

What the library said names most causes; the schemas of both versions, where they are kept, tell the rest, and what
became of a field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any, Final, NamedTuple, final

from miners.causes.between import Between
from miners.schema.change import Difference
from pytest_llem_invariants.runs.digest import Finding, RuleFacts, RunDigest, Seen
from pytest_llem_invariants.runs.fingerprint import skeleton


class Why(StrEnum):
    """What happened to the library, or to the machine; the surest first."""

    PACKAGE = "package missing"
    FIELD_RENAMED = "field renamed"
    FIELD_MOVED = "field moved"
    FIELD_GONE = "field gone"
    DECLARED = "declaration changed"
    CRASHED = "crash or no answer"
    REWORDED = "message reworded"
    CHANNEL = "another channel"
    OTHER_CHECK = "another check answers"
    CHECK_GONE = "no longer checked"


_SURE: Final = (Why.PACKAGE, Why.FIELD_RENAMED, Why.FIELD_MOVED, Why.FIELD_GONE, Why.DECLARED, Why.CRASHED)
"""What explains the other findings of a rule, too."""


class Key(NamedTuple):
    """What findings of one cause share."""

    why: Why
    subject: str
    detail: str = ""


@final
@dataclass(frozen=True, slots=True)
class RootCause:
    """One cause, with what it explains."""

    why: Why
    subject: str
    detail: str
    findings: tuple[Finding, ...]
    guards: tuple[str, ...]
    """Where the older version enforced the rules."""
    also: tuple[str, ...] = ()
    """Other subjects of which the same holds: a field that is gone from a class and from its front."""

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.rule for one in self.findings))

    def as_data(self) -> dict[str, Any]:
        return {
            "why": str(self.why),
            "subject": self.subject,
            "also": list(self.also),
            "detail": self.detail,
            "findings": len(self.findings),
            "rules": list(self.rules),
            "guards": list(self.guards),
        }


_UNEXPECTED: Final = re.compile(r"(?:(\w+)\.)?__init__\(\) got (?:an )?unexpected keyword arguments? '(\w+)'")
_OF_CLASS: Final = re.compile(r"validation errors? for (\w+)\n")
_REFUSED: Final = re.compile(
    r"^([\w.]+)\n\s+(?:Unexpected keyword argument|Extra inputs are not permitted)", re.MULTILINE
)
_UNKNOWN: Final = re.compile(r"contains unknown field `(\w+)`")
_INVALID: Final = re.compile(
    r"validation errors? for \w+\n(\w+)[^\n]*\n\s+(?!Value error|Assertion failed|Unexpected|Extra)[^\n]+\[type="
)
_MODULE: Final = re.compile(r"No module named '([\w.]+)'|requires? (?:the )?`?([\w-]+)`? (?:package|library)")
_ALIKE: Final = 0.6
_SILENT: Final = ("accepted in silence", "nothing was said")


def root_causes(digest: RunDigest, between: Between) -> tuple[RootCause, ...]:
    """The causes of all that a run found, those that explain most first."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in digest.divergences:
        by_rule.setdefault(finding.rule, []).append(finding)
    found: dict[Key, list[Finding]] = {}
    for rule, findings in by_rule.items():
        keys = [_key(one, digest.facts[rule], digest.errors[one.error], between) for one in findings]
        for one, key in zip(findings, _together(findings, keys), strict=True):
            found.setdefault(key, []).append(one)
    causes = _joined([_root_cause(key, findings, digest) for key, findings in found.items()])
    return tuple(sorted(causes, key=lambda one: (-len(one.findings), list(Why).index(one.why), one.subject)))


def _joined(causes: Sequence[RootCause]) -> Iterator[RootCause]:
    """One cause for a field that is gone from several classes: one of them hands it on to the other."""
    gone: dict[str, list[RootCause]] = {}
    for cause in causes:
        if cause.why is Why.FIELD_GONE:
            gone.setdefault(cause.subject.rpartition(".")[2], []).append(cause)
        else:
            yield cause
    for group in gone.values():
        first, *rest = sorted(group, key=lambda one: (-len(one.findings), one.subject))
        every = (first, *rest)
        yield replace(
            first,
            findings=tuple(finding for one in every for finding in one.findings),
            guards=tuple(dict.fromkeys(guard for one in every for guard in one.guards)),
            also=tuple(one.subject for one in rest),
        )


def _together(findings: Sequence[Finding], keys: Sequence[Key]) -> Iterator[Key]:
    """The findings of one rule have one cause where one of them is sure; silence says no more than its first check."""
    surest = min(keys, key=lambda key: list(Why).index(key.why))
    first = next((key for one, key in zip(findings, keys, strict=True) if one.check == "positive_raises"), None)
    for one, key in zip(findings, keys, strict=True):
        if surest.why in _SURE:
            yield surest
        elif first is not None and key.why is Why.CHECK_GONE and one.check == "message_template_match":
            yield first
        else:
            yield key


def _root_cause(key: Key, findings: Sequence[Finding], digest: RunDigest) -> RootCause:
    guards = tuple(dict.fromkeys(digest.facts[one.rule].guard for one in findings))
    facts, error = digest.facts[findings[0].rule], digest.errors[findings[0].error]
    subject, detail = key.subject, key.detail
    if key.why is Why.REWORDED:
        subject, detail = _told(facts.template or ""), _told(_nearest(facts, error))
    elif key.why in (Why.OTHER_CHECK, Why.CRASHED) or (key.why is Why.DECLARED and not detail):
        detail = _told(_first(error.sample))
    return RootCause(key.why, subject, detail, tuple(findings), guards)


def _key(finding: Finding, facts: RuleFacts, error: Seen, between: Between) -> Key:
    for claim in (_machine, _refused, _gone, _declared):
        found = claim(finding, facts, error, between)
        if found is not None:
            return found
    return _by_words(finding, facts, error)


def _machine(finding: Finding, facts: RuleFacts, error: Seen, between: Between) -> Key | None:
    """What is no verdict of the library."""
    missing = _MODULE.search(error.sample)
    if missing is not None:
        return Key(Why.PACKAGE, str(missing[1] or missing[2]))
    return Key(Why.CRASHED, skeleton(error.sample)) if finding.outcome == "crashed" else None


def _refused(finding: Finding, facts: RuleFacts, error: Seen, between: Between) -> Key | None:
    """A keyword that the library does not know."""
    python = _UNEXPECTED.search(error.sample)
    if python is not None:
        return _of_field(python[1] or _bare(facts.native_type), python[2], between)
    of_class = _OF_CLASS.search(error.sample)
    refused = _REFUSED.search(error.sample)
    if of_class is not None and refused is not None:
        return _of_field(of_class[1], refused[1].rpartition(".")[2], between)
    unknown = _UNKNOWN.search(error.sample)
    return None if unknown is None else _of_field(_bare(facts.native_type), unknown[1], between)


def _gone(finding: Finding, facts: RuleFacts, error: Seen, between: Between) -> Key | None:
    """A field of the rule that the schema no longer has, also where the library takes any keyword."""
    given = [path for path in facts.fields if path.partition(".")[0] in facts.given]
    for path in (*given, *(path for path in facts.fields if path not in given)):
        for cls, name in _places(facts, path, between):
            if between.new.knows(cls, name) is False and between.old.knows(cls, name):
                return _of_field(_bare(cls), name, between)
    return None


def _places(facts: RuleFacts, path: str, between: Between) -> Iterator[tuple[str, str]]:
    """The class and field that a path means, and the same field of the class that enforces the rule."""
    yield between.old.resolve(facts.native_type, path)
    enforcing = facts.method.partition(".")[0]
    leaf = path.rpartition(".")[2]
    for cls, fields in between.old.parameters.items():
        if _bare(cls) == enforcing and leaf in fields:
            yield cls, leaf


def _of_field(cls: str, name: str, between: Between) -> Key:
    subject = f"{cls}.{name}"
    for (native_type, field), other in between.successors.items():
        if native_type is not None and (_bare(native_type), field) == (cls, name):
            return Key(Why.FIELD_RENAMED, subject, other)
    for (native_type, field), owner in between.moved.items():
        if (_bare(native_type), field) == (cls, name):
            return Key(Why.FIELD_MOVED, subject, f"{_bare(owner)}.{name}")
    return Key(Why.FIELD_GONE, subject)


def _declared(finding: Finding, facts: RuleFacts, error: Seen, between: Between) -> Key | None:
    """A declared type or bound: the library says so itself, or the rule restates one that changed."""
    of_class, invalid = _OF_CLASS.search(error.sample), _INVALID.search(error.sample)
    if of_class is not None and invalid is not None:
        found = next(
            (
                one
                for cls in between.new.parameters
                if _bare(cls) == of_class[1]
                for one in (between.declared(cls, invalid[1]),)
                if one is not None
            ),
            None,
        )
        if found is not None:
            return _of_declaration(found)
        return Key(Why.DECLARED, f"{of_class[1]}.{invalid[1]}")
    if not facts.by.endswith("_lift"):
        return None
    place = facts.guard.rpartition(":")[0]
    for path in facts.fields:
        changed = between.declared(facts.native_type, path, place, looser=True)
        if changed is not None:
            return _of_declaration(changed)
    return None


def _of_declaration(found: Difference) -> Key:
    from miners.causes.grouping import short, told_change

    return Key(Why.DECLARED, short(found), told_change(found))


def _by_words(finding: Finding, facts: RuleFacts, error: Seen) -> Key:
    """What the library says instead: the same in other words, on another channel, something else, or nothing."""
    file = f"{facts.guard.rpartition(':')[0]} ({facts.method})"
    if error.sample.endswith(_SILENT):
        return Key(Why.CHECK_GONE, file, facts.guard)
    if finding.failed != "negative_does_not_raise" and facts.template:
        if _has_words(facts.template, error.sample):
            return Key(Why.CHANNEL, file, facts.guard)
        if _likeness(facts, error) >= _ALIKE:
            return Key(Why.REWORDED, _plain(facts.template))
    if finding.failed == "positive_raises" and facts.severity == "error" and error.type is None:
        return Key(Why.CHECK_GONE, file, facts.guard)
    return Key(Why.OTHER_CHECK, _plain(_first(error.sample)))


def _has_words(template: str, sample: str) -> bool:
    """Whether a message has all fixed text of a template, in order."""
    said, at = _folded(sample), 0
    for fragment in _HOLE.split(_WRAPPED.sub("", template)):
        wanted = _folded(fragment)
        at = said.find(wanted, at)
        if at < 0:
            return False
        at += len(wanted)
    return True


def _ratio(facts: RuleFacts, said: str) -> float:
    return SequenceMatcher(None, _plain(facts.template or ""), _plain(said), autojunk=False).ratio()


def _nearest(facts: RuleFacts, error: Seen) -> str:
    """The message that is most like the rule's template."""
    return max(error.sample.split(" | "), key=lambda said: _ratio(facts, said))


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _likeness(facts: RuleFacts, error: Seen) -> float:
    """How alike a template and the most similar message are; of one file, the words count, too."""
    likeness = [_ratio(facts, part) for part in error.sample.split(" | ")]
    if error.raised_at is not None and error.raised_at.rpartition(":")[0] == facts.guard.rpartition(":")[0]:
        words, others = (set(_WORD.findall(text.casefold())) for text in (facts.template or "", error.sample))
        likeness.append(len(words & others) / max(1, len(words)))
    return max(likeness)


_WORD: Final = re.compile(r"[^\W_]+")
_HOLE: Final = re.compile(r"\{[^{}]*\}")
_WRAPPED: Final = re.compile(
    r"^(?:\w+: )?\d+ validation errors? for \w+\n\s*|^(?:\w+Error): |(?:Value error|Assertion failed), "
)


def _plain(text: str) -> str:
    """Without what wraps a message, and without its values."""
    return skeleton(_HOLE.sub("…", _WRAPPED.sub("", text)).replace("'…'", "…"))


def _first(sample: str) -> str:
    """The first message, without what the check remarks of it."""
    return sample.partition(" | ")[0].partition(" — ")[0]


def _told(text: str) -> str:
    """A message on one line, without what wraps it."""
    return " ".join(_WRAPPED.sub("", text).partition(" [type=")[0].partition(" — ")[0].split())


def _bare(native_type: str) -> str:
    return native_type.rpartition(".")[2]


def explained(causes: Iterable[RootCause]) -> Mapping[Finding, RootCause]:
    """Each finding's cause."""
    return {finding: cause for cause in causes for finding in cause.findings}
