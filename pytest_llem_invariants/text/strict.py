"""Strict reading of one mapping of a file: every error has the file, the line, the rule and the fix."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NoReturn, TypeVar, final

from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.model import TypedValue, Vocabulary
from pytest_llem_invariants.text.likeness import near_names
from pytest_llem_invariants.text.yaml_reader import Document, KeyPath

V = TypeVar("V", bound=Vocabulary)
_ABSENT: Final = object()
_MOST_KEYS: Final = 1_000
TYPE_KEY: Final = "$type"


@final
@dataclass(frozen=True, slots=True)
class Version:
    """A schema version: another major version is another format, a newer minor version has more keys."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Version:
        parts = text.split(".")
        if not 1 <= len(parts) <= 3 or not all(part.isascii() and part.isdigit() for part in parts):
            raise ValueError(text)
        major, minor, patch = (*map(int, parts), *(0 for _ in range(3 - len(parts))))
        return cls(major, minor, patch)


@final
class Section:
    """A mapping inside a document, read key by key."""

    __slots__ = ("at", "data", "document", "rule_id", "tolerant")

    def __init__(
        self,
        document: Document,
        at: KeyPath,
        data: Any,
        *,
        rule_id: str | None = None,
        tolerant: bool = False,
        what: str | None = None,
    ) -> None:
        self.document = document
        self.at = at
        self.rule_id = rule_id
        self.tolerant = tolerant
        """Whether unknown keys are allowed: the file has a newer minor version."""
        self.data: Mapping[str, Any] = data
        if type(data) is not dict:
            self.fail(f"{what or self._name()} must be a mapping, not {kind_of(data)}", fix="write `key: value` lines")
        for key in data:
            if type(key) is not str:
                self.fail(f"the key {key!r} is not a string", key, fix="quote it")

    def _name(self) -> str:
        return f"{self.at[-1]!r}" if self.at else "the file"

    def fail(self, message: str, *below: str | int, fix: str | None = None) -> NoReturn:
        document = self.document
        line = document.line_of((*self.at, *below))
        raise CorpusError(message, path=document.path, line=line, rule_id=self.rule_id, fix=fix)

    def __contains__(self, key: str) -> bool:
        return self.data.get(key) is not None

    def only(self, known: Collection[str]) -> dict[str, Any]:
        """The unknown keys: kept from a newer minor version, an error otherwise."""
        unknown = [key for key in self.data if key not in known]
        if unknown and not self.tolerant:
            close = near_names(unknown[0], known)
            where = f" in {self.at[-1]!r}" if self.at and isinstance(self.at[-1], str) else ""
            fix = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(known))}"
            self.fail(f"unknown key {unknown[0]!r}{where}", unknown[0], fix=fix)
        return {key: self.data[key] for key in unknown}

    def _get(self, key: str, kind: type | tuple[type, ...], wanted: str, default: Any = _ABSENT) -> Any:
        value = self.data.get(key)
        if value is None:
            if default is not _ABSENT:
                return default
            self.missing(key)
        if not isinstance(value, kind) or (type(value) is bool and kind is not bool):
            self.fail(f"{key!r} must be {wanted}, not {kind_of(value)}", key, fix=f"write {wanted}")
        return value

    def missing(self, key: str) -> NoReturn:
        close = near_names(key, list(self.data)[:_MOST_KEYS])
        given = "is empty" if key in self.data else "is missing"
        fix = f"is {close[0]!r} a misspelling of it?" if close and key not in self.data else "add it"
        self.fail(f"{key!r} {given}", *((key,) if key in self.data else ()), fix=fix)

    def text(self, key: str) -> str:
        value: str = self._get(key, str, "a string")
        if not value:
            self.missing(key)
        return value

    def optional_text(self, key: str) -> str | None:
        value: str | None = self._get(key, str, "a string", None)
        return value

    def integer(self, key: str, *, least: int = 0) -> int:
        value: int = self._get(key, int, "a whole number")
        if value < least:
            self.fail(f"{key!r} is {value}", key, fix=f"write a number of at least {least}")
        return value

    def flag(self, key: str) -> bool:
        value: bool = self._get(key, bool, "true or false", False)
        return value

    def optional_flag(self, key: str) -> bool | None:
        value: bool | None = self._get(key, bool, "true, false or null", None)
        return value

    def choice(self, key: str, words: type[V]) -> V:
        return self._word(self.text(key), words, key)

    def optional_choice(self, key: str, words: type[V]) -> V | None:
        return self.choice(key, words) if key in self else None

    def choices(self, key: str, words: type[V]) -> tuple[V, ...]:
        return tuple(self._word(text, words, key, index) for index, text in enumerate(self.texts(key)))

    def _word(self, text: str, words: type[V], *below: str | int) -> V:
        try:
            return words(text)
        except ValueError:
            known = [str(word) for word in words]
            close = near_names(text, known)
            fix = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
            self.fail(f"{below[0]!r} is {text!r}, which is unknown", *below, fix=fix)

    def items(self, key: str) -> list[Any]:
        value: list[Any] = self._get(key, list, "a list", [])
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.items(key)
        for index, value in enumerate(values):
            if not isinstance(value, str):
                self.fail(f"{key!r} must hold strings, not {kind_of(value)}", key, index, fix="quote the entry")
        return tuple(values)

    def moment(self, key: str) -> str:
        value = self.text(key)
        try:
            datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{key!r} is {value!r}, which is not a date", key, fix="write it as ISO 8601, 2026-01-31")
        return value

    def section(self, key: str) -> Section:
        if self.data.get(key) is None:
            self.missing(key)
        return self.part(key, self.data[key])

    def optional_section(self, key: str) -> Section | None:
        return self.section(key) if key in self else None

    def part(self, *below: Any) -> Section:
        """The mapping below: the last argument is its data, the others are the path to it."""
        *way, data = below
        return Section(self.document, (*self.at, *way), data, rule_id=self.rule_id, tolerant=self.tolerant)

    def parts(self, key: str) -> Iterator[Section]:
        """A list of mappings."""
        for index, entry in enumerate(self.items(key)):
            yield self.part(key, index, entry)

    def values(self, key: str) -> dict[str, Any]:
        """A mapping of names to values of any kind, including typed values."""
        if self.data.get(key) is None:
            return {}
        below = self.section(key)
        return {name: below.value(value, name) for name, value in below.data.items()}

    def value(self, data: Any, *below: Any) -> Any:
        """Plain data, with `{$type: …, kwargs: {…}}` converted to a typed value."""
        if type(data) is list:
            return [self.value(item, *below, index) for index, item in enumerate(data)]
        if type(data) is not dict:
            return data
        if TYPE_KEY not in data:
            return {key: self.value(item, *below, key) for key, item in data.items()}
        typed = self.part(*below, data)
        typed.only((TYPE_KEY, "kwargs"))
        return TypedValue(typed.text(TYPE_KEY), typed.values("kwargs"))


def value_to_data(value: Any) -> Any:
    """The reverse of `Section.value`."""
    if isinstance(value, TypedValue):
        data: dict[str, Any] = {TYPE_KEY: value.type}
        if value.kwargs:
            data["kwargs"] = {key: value_to_data(item) for key, item in value.kwargs.items()}
        return data
    if isinstance(value, Mapping):
        return {key: value_to_data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [value_to_data(item) for item in value]
    return value


def schema_version(document: Document, ours: str) -> tuple[str, bool]:
    """A file's schema version, and whether it is newer than ours; another major version is rejected."""
    if type(document.data) is not dict:
        message = f"the file must be a mapping, not {kind_of(document.data)}"
        raise CorpusError(message, path=document.path, line=1, fix="is this the right file?")
    text = document.data.get("schema_version")
    top = Section(document, (), document.data)
    if text is None:
        top.fail("'schema_version' is missing", "schema_version", fix=f"add schema_version: {ours}")
    own = Version.parse(ours)
    try:
        theirs = Version.parse(str(text))
    except ValueError:
        message = f"'schema_version' is {text!r}, which is not a version"
        top.fail(message, "schema_version", fix=f"write schema_version: {ours}")
    if theirs.major != own.major:
        top.fail(
            f"schema version {text} cannot be read: this program reads {own.major}.x",
            "schema_version",
            fix="use the program that wrote the file, or write the file again",
        )
    return str(text), (theirs.major, theirs.minor) > (own.major, own.minor)


_KINDS: Final[dict[type, str]] = {
    type(None): "nothing",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "a mapping",
}


def kind_of(value: Any) -> str:
    """The kind of a value, in the words of the messages."""
    return _KINDS.get(type(value), type(value).__name__)
