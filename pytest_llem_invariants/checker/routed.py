"""What a document says to one class: keyword arguments, and where each is written."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.verdict import Violation

    Path = tuple[str | int, ...]


class Routed:
    """Keyword arguments for one class, where in the document each was written, and remarks on what was left out."""

    __slots__ = ("doubts", "kwargs", "native_type", "places", "remarks")

    def __init__(
        self,
        native_type: str | None,
        kwargs: dict[str, Any],
        places: Mapping[str, Path],
        remarks: Sequence[Violation] = (),
    ) -> None:
        self.native_type = native_type
        """None where there is nothing but remarks."""
        self.kwargs = kwargs
        self.places = places
        self.remarks = remarks
        self.doubts: Sequence[tuple[str, Violation]] = ()
        """What is said only if what decides is as it seems: the words are all of the command, the version is this."""

    def below(self, above: Path) -> Routed:
        """The same, in a mapping of a document."""
        if not above:
            return self
        places = {field: (*above, *place) for field, place in self.places.items()}
        remarks = [one.moved((*above, *one.path), tuple(map(str, one.fields))) for one in self.remarks]
        return Routed(self.native_type, self.kwargs, places, remarks)

    def place(self, violation: Violation) -> Violation:
        """The violation with the path of its first given field, and the fields named as they were written."""
        paths = {field: path for field in violation.fields if (path := self._path(field)) is not None}
        if not paths:
            return violation
        names = tuple(".".join(map(str, paths[field])) if field in paths else field for field in violation.fields)
        return violation.moved(next(iter(paths.values())), names)

    def _path(self, field: str) -> Path | None:
        """Where a field was written: at the longest part of its name that has a place."""
        place = self.places.get(field)
        if place is not None or "." not in field:
            return place
        names = field.split(".")
        for length in range(len(names) - 1, 0, -1):
            place = self.places.get(".".join(names[:length]))
            if place is not None:
                return (*place, *names[length:])
        return None


def give(options: dict[Any, Any], key: Any, value: Any) -> None:
    """Put an option behind those that are written before it: what comes later counts."""
    options.pop(key, None)
    options[key] = value
