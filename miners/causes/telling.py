"""The sentences about the causes of a run: what happened, how much it explains, and what to do."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from miners.causes.clusters import RootCause, Why
from miners.causes.releases import Releases
from miners.causes.words import from_to, one_line
from pytest_llem_invariants.runs.digest import RunDigest

_LONGEST: Final = 160
_MOST: Final = 8


def headline(causes: Sequence[RootCause], digest: RunDigest) -> str:
    count = len(digest.divergences)
    named = "1 cause" if len(causes) == 1 else f"{len(causes)} causes"
    on = "" if digest.version == digest.corpus_version else f" on {digest.version}"
    replayed = f"{digest.engine} {digest.corpus_version}{on}"
    return f"{count} divergences of {replayed} have {named}"


def told(
    causes: Sequence[RootCause],
    digest: RunDigest,
    releases: Releases,
    kept: Path | None = None,
    *,
    most: int | None = _MOST,
) -> Iterator[str]:
    """The causes that explain most, each with an example, what to do and a command that shows it."""
    shown = causes if most is None or len(causes) <= most + 1 else causes[:most]
    for cause in shown:
        share = f"{len(cause.findings)} of {len(digest.divergences)}"
        yield f"  {share}: {sentence(cause, digest, releases)}{_where(cause)}"
        yield f"      {fix(cause, releases)}"
        yield f"      {command(cause, digest)}"
    if len(shown) < len(causes):
        rest = sum(len(cause.findings) for cause in causes[len(shown) :])
        how = "" if kept is None else f": llem-mine signals {_beside(str(kept))} --all"
        yield f"  … and {len(causes) - len(shown)} causes of the other {rest}{how}"


def sentence(cause: RootCause, digest: RunDigest, releases: Releases) -> str:
    """What changed, in the words of the library's own names."""
    cls, _, name = cause.subject.rpartition(".")
    subject, detail = one_line(cause.subject, _LONGEST), one_line(cause.detail, _LONGEST)
    match cause.why:
        case Why.FIELD_GONE | Why.FIELD_RENAMED | Why.FIELD_MOVED:
            since = releases.gone_since(cause.subject)
            when = f"since {since}" if since else f"in {digest.version}"
            become = {Why.FIELD_RENAMED: f"; perhaps {detail} now", Why.FIELD_MOVED: f"; {detail} is new"}
            classes = " and ".join([cls, *(other.rpartition(".")[0] for other in cause.also)])
            verb = "have" if cause.also else "has"
            return f"{classes} {verb} no field {name} {when}{become.get(cause.why, '')}"
        case Why.DECLARED:
            return f"{subject} is declared anew: {detail}"
        case Why.PACKAGE:
            return f"the package {subject} is missing here"
        case Why.CRASHED:
            return f"the library gave no answer: {detail}"
        case Why.REWORDED:
            said, says = from_to(cause.subject, cause.detail)
            return f"“{said}” now reads “{says}”"
        case Why.CHANNEL:
            return f"{subject} says the same on another channel"
        case Why.OTHER_CHECK:
            return f"another check answers: “{detail}”"
        case Why.CHECK_GONE:
            return f"{subject} does not object ({detail})"


def fix(cause: RootCause, releases: Releases) -> str:
    """What a maintainer does about it."""
    match cause.why:
        case Why.PACKAGE:
            return f"install {cause.subject}: without it nothing is proven"
        case Why.CRASHED:
            return "replay with --llem-isolate: a crash or a hang then costs one rule"
        case Why.FIELD_GONE | Why.FIELD_RENAMED | Why.FIELD_MOVED:
            instead = releases.instead(cause.subject)
            return "its rules go when the version is mined" + (f"; users write {instead}" if instead else "")
        case Why.DECLARED:
            return "mining the version restates the declaration; rules that leaned on the old one get new examples"
        case Why.REWORDED | Why.CHANNEL:
            return "mining the version takes the new words and channel; the predicate holds"
        case Why.OTHER_CHECK:
            return (
                "read whether the new check is wanted: mining the version finds it, and other examples for these rules"
            )
        case Why.CHECK_GONE:
            return "read the place in the new version: is the check gone, or has it a new condition?"


def command(cause: RootCause, digest: RunDigest) -> str:
    """Shows one of the divergences, with what was given and what was seen."""
    one = cause.findings[0]
    check = f"::{one.rule}[{one.check}]" if one.check else ""
    return f"see one: pytest '{_beside(digest.corpus)}::{one.rule}{check}'"


def _beside(path: str) -> str:
    """A path as one writes it here."""
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative


def _where(cause: RootCause) -> str:
    rules = "1 rule" if len(cause.rules) == 1 else f"{len(cause.rules)} rules"
    count = len(cause.guards) - 1
    more = "" if not count else " and 1 more place" if count == 1 else f" and {count} more places"
    return f" — {rules}, {cause.guards[0]}{more}"
