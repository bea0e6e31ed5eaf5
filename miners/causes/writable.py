"""Which changed rules concern a config that somebody could have written for both versions."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final, final

from miners.causes.between import Version
from miners.causes.pairing import Rule, Side, examples_of


class Fold(StrEnum):
    """Why a changed rule is no change for a config."""

    NO_CLASS = "speak of a class that the other version does not have"
    NO_FIELD = "speak of a field that the other version does not have"
    NO_VALUE = "speak of a choice that the other version does not have"
    DECLARED_TYPE = "restate a type that both versions declare"


_NUMBER_OF: Final[Mapping[str, type]] = {"int": int, "float": float, "str": str, "bool": bool}
_MISSING: Final = object()


@final
class Writable:
    """Asks of a rule of one version what a config of the other could hold."""

    def __init__(self, here: Side, version: Version, other: Side, other_version: Version) -> None:
        self._here, self._version = here, version
        self._other, self._other_version = other, other_version

    def fold(self, rule: Rule) -> Fold | None:
        """Why the rule concerns no config of the other version; None where it may."""
        native_type = rule["type"]
        if native_type not in self._other.types:
            return Fold.NO_CLASS
        strange = [path for path in rule["fields"] if self._other_version.knows(native_type, path) is False]
        if strange and not self._speaks_without(rule, strange):
            return Fold.NO_FIELD
        if any(self._is_new_choice(rule, path) for path in rule["fields"]):
            return Fold.NO_VALUE
        if self._restates(rule):
            return Fold.DECLARED_TYPE
        return None

    def _speaks_without(self, rule: Rule, paths: list[str]) -> bool:
        """Whether the rule still speaks where the fields are left out, which the other version does not have."""
        examples = examples_of(rule)
        if examples is None:
            return False
        example = copy.deepcopy(examples[0])
        for path in paths:
            _take_out(example, path)
        return self._here.triggers(rule, example)

    def _is_new_choice(self, rule: Rule, path: str) -> bool:
        """Whether the rule's example gives a field a word that only this version declares for it."""
        examples = examples_of(rule)
        value = _MISSING if examples is None else _at(examples[0], path)
        of = rule["type"], path, value
        return value is not _MISSING and self._version.takes(*of) and not self._other_version.takes(*of)

    def _restates(self, rule: Rule) -> bool:
        """Whether it speaks only of values that no version's type has: nobody writes False for a count."""
        examples = examples_of(rule)
        if examples is None:
            return False
        example = examples[0]
        wrong = {path: kinds for path in rule["fields"] if (kinds := self._wrong_kinds(rule["type"], path, example))}
        if not wrong:
            return False
        meant = copy.deepcopy(example)
        for path, kinds in wrong.items():
            value = next(_meant(_at(meant, path), kinds), _MISSING)
            if value is _MISSING:
                return True
            _put(meant, path, value)
        return not self._here.triggers(rule, meant)

    def _wrong_kinds(self, native_type: str, path: str, example: Any) -> frozenset[str]:
        """The kinds that both versions declare for a field, where the example's value is of none of them."""
        value = _at(example, path)
        if value is _MISSING:
            return frozenset()
        kinds = self._version.kinds(native_type, path) | self._other_version.kinds(native_type, path)
        return frozenset() if "any" in kinds or _kinds_of(value) & kinds else kinds


def _kinds_of(value: Any) -> set[str]:
    if isinstance(value, bool):
        return {"bool"}
    if isinstance(value, int):
        return {"int", "float"}
    return {"none" if value is None else type(value).__name__}


def _meant(value: Any, kinds: frozenset[str]) -> Iterator[Any]:
    """The same value as the declared kinds have it."""
    for name, kind in _NUMBER_OF.items():
        if name in kinds and isinstance(value, (bool, int, float, str)):
            try:
                yield kind(value)
            except (ValueError, OverflowError):
                continue


def _at(example: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(example, Mapping) and "$type" in example:
            example = example.get("kwargs") or {}
        if not isinstance(example, Mapping) or name not in example:
            return _MISSING
        example = example[name]
    return example


def _inside(example: Any, path: str) -> tuple[Any, str]:
    """What holds the last name of a path."""
    *names, last = path.split(".")
    for name in names:
        example = example.get(name) if isinstance(example, dict) else None
        if isinstance(example, dict) and "$type" in example:
            example = example.get("kwargs")
    return example, last


def _take_out(example: Any, path: str) -> None:
    held, name = _inside(example, path)
    if isinstance(held, dict):
        held.pop(name, None)


def _put(example: Any, path: str, value: Any) -> None:
    held, name = _inside(example, path)
    if isinstance(held, dict):
        held[name] = value
