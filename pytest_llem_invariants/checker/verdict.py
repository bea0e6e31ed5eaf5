"""What a check answers. Plain slotted classes: a dataclass costs more at import than a whole check."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

CERTIFICATIONS = ("none", "partial", "simulated", "reused", "full")
"""How much stands behind a verdict, weakest first."""


def weakest(certifications: Iterable[str]) -> str:
    """The weakest of several certifications; `none` of no evidence at all."""
    return min(certifications, key=CERTIFICATIONS.index, default="none")


class Violation:
    """One rule that a config breaks, or one field that its class does not know."""

    __slots__ = (
        "_template",
        "_values",
        "certification",
        "fields",
        "guard",
        "native_type",
        "path",
        "rule_id",
        "severity",
        "suggestion",
        "summary",
    )

    def __init__(
        self,
        rule_id: str,
        severity: str,
        native_type: str,
        fields: tuple[str, ...],
        values: Mapping[str, Any],
        template: str | None,
        summary: str,
        guard: str | None,
        suggestion: str,
        certification: str,
        path: tuple[str | int, ...] = (),
    ) -> None:
        self.rule_id = rule_id
        self.severity = severity
        """`error`: the library raises. `warn`, `dormant`: it announces, ignores or changes a value."""
        self.native_type = native_type
        self.fields = fields
        self._values = values
        self._template = template
        self.summary = summary
        """The rule in one sentence."""
        self.guard = guard
        """`path:line` in the library, where the rule stands."""
        self.suggestion = suggestion
        self.certification = certification
        self.path = path
        """Where the first field stands in the document that was checked; empty where no document was."""

    @property
    def values(self) -> dict[str, Any]:
        """The value of each field, as far as it was given or has a known default."""
        return dict(self._values)

    @property
    def message(self) -> str:
        """The library's own words with the values filled in; the rule in words where the library is silent."""
        if self._template is None:
            return self.summary
        return render(self._template, self._values, len(self.fields) == 1)

    def moved(self, path: tuple[str | int, ...], fields: tuple[str, ...]) -> Violation:
        """The same violation, told in the words of the document it was found in."""
        return Violation(
            self.rule_id,
            self.severity,
            self.native_type,
            fields,
            dict(zip(fields, [self._values.get(name) for name in self.fields], strict=True)) | dict(self._values),
            self._template,
            self.summary,
            self.guard,
            self.suggestion,
            self.certification,
            path,
        )

    def as_dict(self) -> dict[str, Any]:
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
        }

    def __repr__(self) -> str:
        return f"Violation({self.rule_id!r}, {self.severity!r}, {self.message!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Violation) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash((self.rule_id, self.fields))


class Verdict:
    """The answer to one check. `ok` says that the library is not known to reject the config."""

    __slots__ = ("certification", "native_types", "ok", "violations")

    def __init__(
        self, violations: tuple[Violation, ...], certification: str, native_types: tuple[str, ...] = ()
    ) -> None:
        self.violations = violations
        self.certification = certification
        """`full`, `reused`, `simulated`, `partial` or `none`: the weakest evidence that the answer stands on."""
        self.native_types = native_types
        self.ok = not any(violation.severity == "error" for violation in violations)

    @property
    def errors(self) -> tuple[Violation, ...]:
        return tuple(violation for violation in self.violations if violation.severity == "error")

    @property
    def warnings(self) -> tuple[Violation, ...]:
        """What the library announces, ignores or changes without rejecting the config."""
        return tuple(violation for violation in self.violations if violation.severity != "error")

    @property
    def certified(self) -> bool:
        """Whether every rule behind the answer was proven against the live library in the last full run."""
        return self.certification == "full"

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "certification": self.certification,
            "native_types": list(self.native_types),
            "violations": [violation.as_dict() for violation in self.violations],
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


def render(template: str, values: Mapping[str, Any], is_about_one_field: bool) -> str:
    """A message template, its holes filled where they name a field, or can only mean the one there is."""
    pieces = _pieces(template)
    anonymous = [index for index in range(1, len(pieces), 2) if pieces[index] == _ANONYMOUS]
    if is_about_one_field and values and anonymous:
        name, value = next(iter(values.items()))
        is_named = any(known in piece for known in values for piece in pieces[::2])
        told = [value] if is_named else [name, value]
        if len(anonymous) == 1 and not is_named:
            told = [value] if pieces[0] else [name]
        if len(anonymous) == len(told):
            for index, filling in zip(anonymous, told, strict=True):
                pieces[index - 1] += str(filling)
                pieces[index] = ""
    return "".join(_filled(piece, values) if index % 2 else piece for index, piece in enumerate(pieces))


_ANONYMOUS = "{…}"


def _filled(hole: str, values: Mapping[str, Any]) -> str:
    name = hole[1:-1].removeprefix("self.").partition("!")[0].partition(":")[0]
    if name not in values or not hole:
        return hole
    return repr(values[name]) if "!r" in hole else str(values[name])


def _pieces(template: str) -> list[str]:
    """Text and holes in turn; `{{` and `}}` stand for braces."""
    pieces: list[str] = [""]
    index = 0
    while index < len(template):
        if template[index : index + 2] in ("{{", "}}"):
            pieces[-1] += template[index]
            index += 2
            continue
        end = template.find("}", index) if template[index] == "{" else -1
        if end < 0:
            pieces[-1] += template[index]
            index += 1
            continue
        pieces.extend((template[index : end + 1], ""))
        index = end + 1
    return pieces
