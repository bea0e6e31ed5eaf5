"""The digest of a run: what it ran on, how each check ended, and each error once. Equal runs differ in `times`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, final

from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.text.bounded import read_text

FORMAT: Final = 1
_FIX: Final = "delete it: each replay writes its own"


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """A check that did not hold, or gave no result."""

    rule: str
    check: str
    outcome: str
    """`broken`, `skipped` or `crashed`."""
    failed: str | None
    """What a divergence says went wrong."""
    expected: str
    error: str
    """The fingerprint of what was observed."""


@final
@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What is told of a rule with findings."""

    native_type: str
    fields: tuple[str, ...]
    given: tuple[str, ...]
    """The fields that its positive example gives."""
    guard: str
    method: str
    by: str
    severity: str
    template: str | None


@final
@dataclass(frozen=True, slots=True)
class Seen:
    """One error, however many checks met it."""

    sample: str
    type: str | None
    raised_at: str | None
    count: int


@final
@dataclass(frozen=True, slots=True)
class Times:
    """When and how long; seconds."""

    began: str
    whole: float
    before_first: float
    """Until the first check had run: the imports, mostly."""
    p50: float = 0.0
    p90: float = 0.0
    slowest: Mapping[str, float] = field(default_factory=dict)
    """Of a rule's checks together."""
    p95: float = 0.0
    classes: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Class → how many of its rules ran, their p50, p95 and max, and all their seconds."""
    processes: int = 0
    """That imported the engine; of older digests nothing from here on is known."""
    importing: float = 0.0
    building: float = 0.0
    """In the library's own code, of all processes."""
    observing: float = 0.0
    """Building, and capturing what it did."""
    checking: float = 0.0
    """Observing, comparing, and what pytest does around it."""
    captures: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Examples that were captured `whole`, and those of which only what is `read` was: how many, and the seconds."""


@final
@dataclass(frozen=True, slots=True)
class RunDigest:
    """One run of the checks of one corpus."""

    engine: str
    version: str
    """Of the installed library."""
    corpus_version: str
    """Of the library that the corpus was mined from."""
    corpus_sha256: str
    corpus: str
    """Where the corpus file is."""
    environment: Mapping[str, Any]
    worlds: Mapping[str, int]
    """How many rules ran in which world; the default one has no name."""
    rules: Mapping[str, Mapping[str, Mapping[str, str] | str]]
    """Class → rule → how its checks ended: a word where all ended alike, else check → word."""
    unrun: int
    findings: tuple[Finding, ...]
    facts: Mapping[str, RuleFacts]
    errors: Mapping[str, Seen]
    times: Times
    certification: str = "none"
    """Of the weakest rule in the files of this run; older digests do not tell."""

    @property
    def divergences(self) -> tuple[Finding, ...]:
        """The findings in which the library contradicts a rule."""
        return tuple(one for one in self.findings if one.outcome != "skipped")

    def to_text(self) -> str:
        """Canonical text, a line for each part."""
        data = {"format": FORMAT, **asdict(self)}
        parts = (f"{json.dumps(name)}: {json.dumps(data[name], sort_keys=True)}" for name in sorted(data))
        return "{\n" + ",\n".join(parts) + "\n}\n"


def read_digest(path: Path) -> RunDigest:
    """A digest from its file; CorpusError where it is none."""
    try:
        data = json.loads(read_text(path))
        if data.pop("format") != FORMAT:
            raise CorpusError(f"this digest does not have format {FORMAT}", path=path, fix=_FIX)
        data["findings"] = tuple(Finding(**one) for one in data["findings"])
        data["facts"] = {name: _facts(one) for name, one in data["facts"].items()}
        data["errors"] = {name: Seen(**one) for name, one in data["errors"].items()}
        data["times"] = Times(**data["times"])
        digest = RunDigest(**data)
        if not all(one.rule in digest.facts and one.error in digest.errors for one in digest.findings):
            raise ValueError("a finding names a rule or an error that is not in it")
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CorpusError(f"not the digest of a run: {error}", path=path, fix=_FIX) from error
    return digest


def _facts(data: Mapping[str, Any]) -> RuleFacts:
    facts = {**data, "fields": tuple(data["fields"]), "given": tuple(data["given"])}
    return RuleFacts(**facts)
