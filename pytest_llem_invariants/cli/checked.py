"""A checked document."""

from __future__ import annotations

from pytest_llem_invariants.checker.checker import Checker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pytest_llem_invariants.checker.documents import Config
    from pytest_llem_invariants.checker.verdict import Verdict
    from pytest_llem_invariants.readers.found import Found


class Checked:
    """One document with its verdict; `place_of` says where a violation stands in it.

    `given` are the groups of facts of which something was known; `at` is where it begins in a file that holds several,
    `notes` are what a reader has to know of the answer, and `written` are the fields that are set, by class.
    `source` is what was read, and `required` the file beside it that requires the version, with the version's name.
    """

    __slots__ = ("at", "checker", "given", "name", "notes", "place_of", "required", "source", "verdict", "written")

    def __init__(
        self,
        name: str,
        checker: Checker,
        verdict: Verdict,
        place_of: Callable[..., tuple[int, int]] | None,
        given: Collection[str] = (),
    ) -> None:
        self.name = name
        self.checker = checker
        self.verdict = verdict
        self.place_of = place_of
        self.given = given
        self.at: tuple[int, int] | None = None
        self.notes: tuple[str, ...] = ()
        self.required: tuple[str, str] | None = None
        self.written: dict[str, frozenset[str]] = {}
        self.source: Found | Config | None = None

    @property
    def remarks(self) -> tuple[str, ...]:
        """The notes, with where the version is from."""
        return self.notes if self.required is None else (" requires ".join(self.required), *self.notes)
