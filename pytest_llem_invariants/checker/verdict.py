"""What a check answers. Plain slotted classes: a dataclass costs more at import than a whole check."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from pytest_llem_invariants.checker.changes import Edit

CERTIFICATIONS = ("none", "partial", "host", "reused", "simulated", "full")
"""How much stands behind a verdict, weakest first."""


VERSION = "engine.version"
"""What decides where another version would say something else."""
UNTOLD = "config."
"""What begins the name of a field of the config among what would decide: its value is not told. `config.*` stands for
fields that may be given beside those that are written."""


def weakest(certifications: Iterable[str]) -> str:
    """The weakest of several certifications; `none` of no evidence at all."""
    found = set(certifications)
    if len(found) == 1:
        return found.pop()
    return min(found, key=CERTIFICATIONS.index, default="none")


class Violation:
    """One rule that a config breaks, or one field that its class does not know."""

    __slots__ = ("_rule", "_values", "fields", "native_type", "path", "written")

    def __init__(
        self,
        rule: Mapping[str, Any],
        native_type: str,
        fields: tuple[str, ...],
        values: Mapping[str, Any],
        path: tuple[str | int, ...] = (),
        written: Mapping[str, str] | None = None,
    ) -> None:
        self._rule = rule
        self.native_type = native_type
        self.fields = fields
        self._values = values
        self.path = path
        """Where the first field stands in the document that was checked; empty where no document was."""
        self.written = dict(zip(fields, fields, strict=True)) if written is None else written
        """Of the fields those that the config gives, in the words of the class → in those of the document."""

    @property
    def rule_id(self) -> str:
        return str(self._rule["id"])

    @property
    def severity(self) -> str:
        """`error`: the library raises. `warn`, `dormant`: it announces, ignores or changes a value."""
        return str(self._rule["severity"])

    @property
    def summary(self) -> str:
        """The rule in one sentence."""
        return str(self._rule["summary"])

    @property
    def guard(self) -> str | None:
        """`path:line` in the library, where the rule stands."""
        guard: str | None = self._rule["guard"]
        return guard

    @property
    def suggestion(self) -> str:
        """What to change of this config; a fact that is known is told with its value."""
        text = str(self._rule["suggestion"])
        if self.guard is not None:
            from pytest_llem_invariants.checker.advice import advice

            ways = self._rule.get("ways") or ((text, (), True, None, False, None),)
            text = advice(ways, self.written, self._values)
        for name, value in self.facts.items():
            if name in text and "." in name:
                text = text.replace(name, f"{name} ({value!r})")
        return text

    @property
    def edits(self) -> list[Edit]:
        """The changes that may free the config of it, the smallest first; whether one does is for a check to say."""
        from pytest_llem_invariants.checker.advice import edits
        from pytest_llem_invariants.checker.changes import LEFT_OUT, Edit

        known: Edit | None = self._rule.get("edit")
        found = [] if known is None else [known]
        found += edits(self._rule.get("ways", ()), self.written, self._values)
        if any(one.kind == LEFT_OUT and one.inner is None for one in found):
            return found
        switches = {name for field, name in self.written.items() if isinstance(self._values.get(field), bool)}
        names = dict.fromkeys(self.written.values())
        return [*found, *(Edit(LEFT_OUT, field=one, takes=one not in switches, is_certain=False) for one in names)]

    @property
    def certain(self) -> Edit | None:
        """The change that says what was meant, and nothing else; None where there is no such."""

        # A name that is not refused has no effect; with another name it would get one.
        return next(
            (one for one in self.edits if one.is_certain and (one.kind == "out" or self.severity == "error")), None
        )

    @property
    def facts(self) -> dict[str, Any]:
        """The facts outside the config that the rule asks for, as far as they are known."""
        return {name: self._values[name] for name in self._rule.get("context", ()) if name in self._values}

    @property
    def certification(self) -> str:
        return str(self._rule["certification"])

    @property
    def values(self) -> dict[str, Any]:
        """The value of each field, as far as it was given or has a known default."""
        return dict(self._values)

    @property
    def message(self) -> str:
        """The library's own words with the values filled in; the rule in words where the library is silent."""
        words = self._rule.get("words")
        return self.summary if words is None else render(words, self._values)

    @property
    def is_silent(self) -> bool:
        """Whether it is a rule of the library, and one that the library has no words for."""
        return self._rule.get("words") is None and self.guard is not None

    @property
    def when(self) -> str:
        """What the rule asks, in words."""
        return str(self._rule.get("when", ""))

    def condition(self, facts: Iterable[str]) -> str:
        """What the rule asks of facts, with the values of the config: `model.arch.num_attention_heads % 3 != 0`."""
        wanted = frozenset(facts)
        clauses = [pieces for asked, pieces in self._rule.get("open", ()) if not wanted.isdisjoint(asked)]
        return " and ".join("".join(map(self._filled, pieces)) for pieces in clauses)

    def _filled(self, piece: Any) -> str:
        if isinstance(piece, str):
            return piece
        return repr(self._values[piece[1]]) if piece[1] in self._values else str(piece[1])

    def on_command_line(self, remark: Mapping[str, Any]) -> Violation:
        """The same violation, for which a remark stands in where it is about an option of a command line."""
        rule = {**self._rule, "as_option": remark}
        return Violation(rule, self.native_type, self.fields, self._values, self.path, self.written)

    def moved(self, path: tuple[str | int, ...], fields: tuple[str, ...]) -> Violation:
        """The same violation, told in the words of the document it was found in."""
        before = self._values
        values = {name: before[field] for name, field in zip(fields, self.fields, strict=True) if field in before}
        values.update(before)
        now = dict(zip(self.fields, fields, strict=True))
        written = {field: now.get(name, name) for field, name in self.written.items()}
        rule = self._rule
        if "as_option" in rule and any("-" in str(name) for name in fields):
            rule = rule["as_option"]
        return Violation(rule, self.native_type, fields, values, path, written)

    def inside(self, field: str) -> Violation:
        """What the class of a field says, told from outside."""
        return self.moved((field, *self.path), tuple(f"{field}.{name}" for name in self.fields))

    def as_dict(self) -> dict[str, Any]:
        beside = {name: plain(value) for name, value in self.facts.items()}
        return {
            "rule_id": self.rule_id,
            "severity": self.severity,
            "native_type": self.native_type,
            "fields": list(self.fields),
            "values": {name: plain(self._values[name]) for name in self.fields if name in self._values},
            "message": self.message,
            "guard": self.guard,
            "suggestion": self.suggestion,
            "certification": self.certification,
            **({"beside": beside} if beside else {}),
        }

    def __repr__(self) -> str:
        return f"Violation({self.rule_id!r}, {self.severity!r}, {self.message!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Violation) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash((self.rule_id, self.fields))


def remark_of(
    kind: str, severity: str, text: str, suggestion: str, certification: str, edit: Edit | None = None
) -> dict[str, Any]:
    """What a violation says behind which there is no rule of the library."""
    return {
        "id": kind,
        "severity": severity,
        "summary": text,
        "guard": None,
        "suggestion": suggestion,
        "certification": certification,
        "edit": edit,
    }


class Dependence:
    """One rule that the config breaks or not, as facts have it that were not given."""

    __slots__ = ("_given", "_make", "_violation", "facts", "severity")

    def __init__(
        self,
        facts: tuple[str, ...],
        violation: Violation | None,
        severity: str = "error",
        make: Callable[..., Violation] | None = None,
        given: tuple[Any, ...] = (),
    ) -> None:
        """Without a violation, one that is made of what is given once it is asked for: most of them nobody reads."""
        self.facts = facts
        """What would decide."""
        self.severity = severity if violation is None else violation.severity
        self._violation = violation
        self._make = make
        self._given = given

    @property
    def violation(self) -> Violation:
        """What would be said then."""
        if self._violation is None:
            assert self._make is not None
            self._violation = self._make(*self._given)
        return self._violation

    def told(self, place: Callable[[Violation], Violation]) -> Dependence:
        """The same, told in the words of the document it was found in."""
        return Dependence(self.facts, None, self.severity, _placed, (place, self))

    def inside(self, field: str) -> Dependence:
        """The same of the class of a field, told from outside."""
        return Dependence(self.facts, None, self.severity, _inside, (field, self))

    def __reduce__(self) -> tuple[Any, ...]:
        return Dependence, (self.facts, self.violation)

    @property
    def rule_id(self) -> str:
        return self.violation.rule_id

    @property
    def decides(self) -> str:
        """What has to hold of the facts so that it is said: `model.arch.num_attention_heads % 3 != 0`.

        Where a value of the config itself is not told, the whole of what the rule asks.
        """
        if any(fact.startswith(UNTOLD) for fact in self.facts):
            return self.violation.when
        return self.violation.condition(self.facts)

    def as_dict(self) -> dict[str, Any]:
        return {"facts": list(self.facts), "decides": self.decides, **self.violation.as_dict()}

    def __repr__(self) -> str:
        return f"Dependence({self.facts!r}, {self.violation!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dependence) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash((self.facts, self.violation))


def _placed(place: Callable[[Violation], Violation], one: Dependence) -> Violation:
    return place(one.violation)


def _inside(field: str, one: Dependence) -> Violation:
    return one.violation.inside(field)


class Verdict:
    """The answer to one check. `ok` says that the library is not known to reject the config."""

    __slots__ = ("certification", "depends", "native_types", "ok", "origin", "violations")

    def __init__(
        self,
        violations: tuple[Violation, ...],
        certification: str,
        native_types: tuple[str, ...] = (),
        depends: tuple[Dependence, ...] = (),
        origin: str | None = None,
    ) -> None:
        self.violations = violations
        self.certification = certification
        """`full`, `reused`, `simulated`, `partial` or `none`: the weakest evidence that the answer stands on."""
        self.native_types = native_types
        self.depends = depends
        """The rules that facts decide which were not given: no violations as long as nobody knows."""
        self.origin = origin
        """Where the rules come from, where it is not the corpus that comes with this package."""
        self.ok = not violations or not any(violation.severity == "error" for violation in violations)

    def with_more(self, violation: Violation) -> Verdict:
        """The same verdict with another violation."""
        return Verdict((*self.violations, violation), self.certification, self.native_types, self.depends, self.origin)

    @property
    def errors(self) -> tuple[Violation, ...]:
        return tuple(violation for violation in self.violations if violation.severity == "error")

    @property
    def warnings(self) -> tuple[Violation, ...]:
        """What the library announces, ignores or changes without rejecting the config."""
        return tuple(violation for violation in self.violations if violation.severity != "error")

    @property
    def status(self) -> str:
        """`rejected` whatever the facts are that were not given, `accepted` by all of them, or it `depends`."""
        if not self.ok:
            return "rejected"
        return "depends" if any(one.severity == "error" for one in self.depends) else "accepted"

    @property
    def certified(self) -> bool:
        """Whether every rule behind the answer was proven against the live library in the last full run."""
        return self.certification == "full"

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "status": self.status,
            "certification": self.certification,
            "native_types": list(self.native_types),
            "origin": self.origin,
            "violations": [violation.as_dict() for violation in self.violations],
            "depends": [dependence.as_dict() for dependence in self.depends],
        }

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        return f"Verdict(ok={self.ok}, violations={list(self.violations)!r}, certification={self.certification!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Verdict) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash((self.ok, self.certification))


def plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else repr(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return repr(value)


OPEN = "…"
"""What stands in a message where a value is not known."""


def render(words: Iterable[Any], values: Mapping[str, Any]) -> str:
    """A message: its fixed text, and in its holes the values of the fields."""
    pieces = (piece if isinstance(piece, str) else _shown(piece[0], _valued(piece[1], values)) for piece in words)
    return "".join(pieces)


def _valued(name: str, values: Mapping[str, Any]) -> Any:
    """The value of a field, or of what a rule computes of several."""
    if name in values or name.replace("_", "").replace(".", "").isalnum():
        return values.get(name, OPEN)
    from pytest_llem_invariants.language.expressions import MISSING, parse

    value = parse(name).evaluate(lambda field: values.get(field, MISSING))
    return OPEN if value is MISSING else value


def spelled(words: Iterable[Any]) -> str:
    """A message of no config in particular: each hole names the field whose value it takes."""
    return "".join(piece if isinstance(piece, str) else f"{{{piece[1]}}}" for piece in words)


def _shown(how: str, value: Any) -> str:
    if value is OPEN:
        return str(OPEN)
    if how == "type":
        return str(type(value).__name__)
    if how == "len":
        return str(len(value)) if hasattr(value, "__len__") else OPEN
    return repr(value) if how == "repr" else str(value)
