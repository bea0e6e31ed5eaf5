"""What the keys of a document mean to a form."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pytest_llem_invariants.checker.core import LoadedCorpus

NOTHING = frozenset({None})
_MOST_KEPT = 10_000


def field_of(form: Mapping[str, Any], key: str) -> tuple[str, bool]:
    """The field that a key means, and whether the key negates it."""
    if form.get("flags"):
        key = key.lstrip("-").replace("-", "_")
    key = form.get("fields", {}).get(key, key)
    if form.get("flags") and key.startswith("no_"):
        return key[3:], True
    return key, False


class Meanings(dict["str | int", "str | None"]):
    """Key of a document → the field that it means to a form, None where it means none; looked up once for each key."""

    def __init__(self, corpus: LoadedCorpus, form: Mapping[str, Any], name: str | None) -> None:
        super().__init__()
        self._form = form
        self._names = {*form.get("sections", ())}
        if name is not None:
            tests = corpus.class_checker(name)
            self._names.update(tests.fields or tests.known_fields, form.get("ignore", ()))

    def __missing__(self, key: Any) -> str | None:
        field = field_of(self._form, str(key).partition(".")[0])[0]
        meant = field if field in self._names else None
        if len(self) < _MOST_KEPT:
            self[key] = meant
        return meant
