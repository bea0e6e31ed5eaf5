"""Whether the loop still turns, and which debts grow old: said once a week, so that silence is no good news."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final, final

from miners.refresh.shipping import named
from pytest_llem_invariants.checker.certifying import lacking
from pytest_llem_invariants.checker.layout import PROPOSED, VALIDATED
from pytest_llem_invariants.corpus.files import load_proposed, load_validated
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.model import AddedBy
from pytest_llem_invariants.ssot import known_engines

NEVER: Final = "never"


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """One line; a failure asks for somebody."""

    is_failure: bool
    sentence: str


def findings(root: Path, today: date, days: int, last: str | None = None) -> Iterator[Finding]:
    """What is overdue, and what is owed."""
    if last is not None:
        yield _last(last, today, days)
    for engine in known_engines(root):
        folder = root / "corpora" / engine
        if (folder / PROPOSED).exists():
            yield from _debts(engine, folder, today)
    project = root / "pyproject.toml"
    if project.exists():
        yield from _excused(root / "corpora", named(project.read_text(encoding="utf-8")))


def _last(last: str, today: date, days: int) -> Finding:
    if last == NEVER:
        return Finding(True, "the refresh workflow never ran — is Renovate switched on?")
    age = _age(last, today)
    said = f"the refresh workflow last ran {age} days ago"
    if age <= days:
        return Finding(False, said)
    return Finding(True, f"{said}, and releases come every {days} days or sooner — is Renovate switched on?")


def _debts(engine: str, folder: Path, today: date) -> Iterator[Finding]:
    """Rules by hand and rules that are contradicted, with their age; a rule by hand that mining finds is no debt."""
    corpus = load_proposed(folder / PROPOSED)
    seeds = [rule for rule in corpus.rules if rule.added_by.is_by_hand]
    for rule in seeds:
        if rule.cross_validated_by:
            by = ", ".join(rule.cross_validated_by)
            what = "take its claim out" if rule.added_by is AddedBy.ENGINE_FILE else "delete the seed"
            yield Finding(True, f"{engine}: {rule.id} is written by hand, and {by} finds it now — {what}")
    owed = [rule for rule in seeds if not rule.cross_validated_by]
    if owed:
        oldest = min(owed, key=lambda rule: rule.added_at)
        age = _age(oldest.added_at, today)
        yield Finding(False, f"{engine}: {len(owed)} rules are written by hand, the oldest for {age} days: {oldest.id}")
    if (folder / VALIDATED).exists():
        validated = load_validated(folder / VALIDATED)
        held = [case.id for case in validated.cases if not case.confirmed and case.skipped_reason is None]
        if held:
            age = _age(validated.validated_at, today)
            yield Finding(False, f"{engine}: {len(held)} rules are in quarantine for {age} days, such as {held[0]}")


def _excused(corpora: Path, names: Iterable[str]) -> Iterator[Finding]:
    """What ships without being certified, as long as there is such a corpus, and it is not certified by now."""
    for name in names:
        folder, listed = corpora / name, f"{name} is in `uncertified` of pyproject.toml"
        if not (folder / PROPOSED).exists():
            yield Finding(True, f"{listed}, and there is no such corpus — take it out")
        elif not (missing := lacking(folder, load_proposed(folder / PROPOSED).engine_version)):
            yield Finding(True, f"{listed}, and it is certified now — take it out")
        else:
            yield Finding(False, f"{listed}: {missing[0]}")


def _age(moment: str, today: date) -> int:
    try:
        return (today - datetime.fromisoformat(moment).date()).days
    except ValueError:
        raise LlemError(f"{moment!r} is not a timestamp — write 2026-01-31T10:00:00Z, or never") from None
