"""A change of what is written, as data: from it the sentence is told and the edit of the file is made."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LEFT_OUT, RENAMED, SET, SWITCHED = "out", "rename", "set", "switch"
"""What is done: it goes with its value, has another name and the same value, has another value, or becomes a switch
that says by its name what its value said."""


class Edit:
    """One change: an option or a key goes, or has another name or value."""

    __slots__ = ("field", "inner", "is_certain", "kind", "new", "takes")

    def __init__(
        self,
        kind: str,
        new: Any = None,
        *,
        field: str | None = None,
        inner: str | None = None,
        takes: bool | None = None,
        is_certain: bool = True,
    ) -> None:
        self.kind = kind
        self.new = new
        """The name or the value that takes its place; None where nothing does."""
        self.field = field
        """What is changed, as it is written; None of what the finding is about."""
        self.inner = inner
        """The key within its value that is meant, if it is not the whole."""
        self.takes = takes
        """Whether it takes a value on a command line; None where nobody knows."""
        self.is_certain = is_certain
        """Whether it says what was meant, and nothing else: such is done without a question."""

    def told(self, name: str) -> str:
        """The change in words, of a field as it is written."""
        what = name if self.inner is None else f"{self.inner} of {name}"
        if self.kind == LEFT_OUT:
            return f"leave {what} out"
        if self.kind == RENAMED:
            return f"rename {what} to {self.new}"
        return f"write {self.new}" if self.kind == SWITCHED else f"set {what} to {self.new!r}"

    def done(self, name: str) -> str:
        """What was changed."""
        what = name if self.inner is None else f"{self.inner} of {name}"
        if self.kind == SWITCHED:
            return f"{what} with its value is {self.new}"
        return f"{what} is left out" if self.kind == LEFT_OUT else f"{what} is {self.new}"
