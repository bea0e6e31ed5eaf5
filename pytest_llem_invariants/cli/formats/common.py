"""What the output formats share: the place of a finding, and the words for weak evidence and foreign rules."""

from __future__ import annotations

from pytest_llem_invariants.checker.checker import ENVIRONMENT
from pytest_llem_invariants.checker.describe import rules_from, worth_telling
from pytest_llem_invariants.text.terminal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_llem_invariants.checker.verdict import Violation
    from pytest_llem_invariants.cli.checked import Checked


WEAK = {
    "none": "no rule used for this answer was ever proven",
    "partial": "some rules were not replayed since the corpus changed, or were contradicted and left out",
    "host": "some rules were proven on a host only: nobody knows what else it has, so only tox and containers certify",
    "simulated": "some rules were proven on a simulated platform only",
    "reused": "some evidence was carried over from an earlier run",
}


def weakly_founded(checked: Sequence[Checked]) -> list[str]:
    """One sentence for each grade of weak evidence behind the answers."""
    grades = dict.fromkeys(document.verdict.certification for document in checked)
    return [f"{grade}: {WEAK[grade]}" for grade in grades if grade in WEAK]


def place(document: Checked, violation: Violation) -> tuple[int, int] | None:
    beside = getattr(document.source, "beside", None)
    if beside is not None and violation.native_type == ENVIRONMENT and violation.fields[0] in beside.places:
        line, column = beside.places[violation.fields[0]]
        return line, column
    return None if document.place_of is None else document.place_of(violation.path)


def in_repository(name: str) -> str:
    """The name of a file as a pull request and code scanning know it: from the current folder, with plain slashes."""
    import os

    if os.path.isabs(name):
        inside = os.path.relpath(name)
        return name if inside.startswith("..") else inside.replace(os.sep, "/")
    return os.path.normpath(name).replace(os.sep, "/")


def findings(document: Checked) -> list[Violation]:
    """What is worth telling of a document, each thing once."""
    return worth_telling(document.verdict.violations, document.checker.routes.get("announced", ()))


def where(document: Checked, violation: Violation) -> str:
    found = place(document, violation)
    return document.name if found is None else f"{document.name}:{found[0]}:{found[1]}"


def sentence(violation: Violation) -> str:
    told = f"{violation.message} ({violation.suggestion})" if violation.suggestion else violation.message
    return printable(told)


def foreign(checked: Sequence[Checked]) -> list[str]:
    """One sentence for each document that was checked with other rules than the packaged ones."""
    return [
        printable(f"{document.name}: checked with {rules_from(document.verdict.origin)}")
        for document in checked
        if document.verdict.origin is not None
    ]
