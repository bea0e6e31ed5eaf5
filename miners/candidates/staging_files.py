"""The candidates of each producer and their outcomes: `_staging/<engine>_<producer>.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from miners.candidates.candidate import Candidate
from miners.candidates.outcomes import Lost, Proven
from miners.candidates.rules import to_candidate
from pytest_llem_invariants.corpus.files import dump
from pytest_llem_invariants.corpus.rules import match_to_data
from pytest_llem_invariants.language.values import as_held, holdable
from pytest_llem_invariants.model import AddedBy, Clause, Severity
from pytest_llem_invariants.text.strict import Section, value_to_data
from pytest_llem_invariants.text.yaml_reader import read_document
from pytest_llem_invariants.text.yaml_writer import dump_yaml

FOLDER: Final = "_staging"


def write_guesses(folder: Path, engine: str, version: str, candidates: Iterable[Candidate]) -> tuple[Path, ...]:
    """Write one file per producer, with candidates that the gate has not seen."""
    return _write(folder, engine, version, ((candidate, {}) for candidate in candidates))


def write_fates(
    folder: Path, engine: str, version: str, proven: Iterable[Proven], lost: Iterable[Lost]
) -> tuple[Path, ...]:
    """Write one file per producer: each confirmed candidate with its steps, each lost one with the cause."""
    fates: list[tuple[Candidate, dict[str, Any]]] = []
    for entry in proven:
        steps: dict[str, Any] = {"refined": list(entry.history)} if entry.history else {}
        paid = {} if entry.rung is None else {"example_by": entry.rung.name, "asked": entry.asked}
        fates.append((to_candidate(entry.rule), {"confirmed": True, **steps, **paid}))
    for one in lost:
        spent = {"asked": one.asked} if one.asked else {}
        why = {"lost": one.why.sentence, "cause": one.why.cause.name}
        fates.append((one.candidate, {"confirmed": False, **why, **spent}))
    return _write(folder, engine, version, fates)


@final
@dataclass(frozen=True, slots=True)
class Fate:
    """A candidate in a staging file, with its outcome."""

    path: Path
    line: int
    producer: AddedBy
    native_type: str
    severity: Severity
    guard: str
    method: str
    fields: Mapping[str, Any]
    """The predicate, as written in the file."""
    template: str | None
    opaque: tuple[str, ...]
    confirmed: bool | None
    """None if the gate has not seen it."""
    refined: tuple[str, ...]
    lost: str | None
    cause: str | None
    """The name of the cause; files of older builds tell only the sentence."""
    rung: str | None = None
    """The name of what gave its example."""
    asked: int = 0
    """The questions that were asked for its example."""


def read_fates(folder: Path, engine: str) -> Iterator[Fate]:
    """The candidates of an engine in the staging files beside a corpus, file by file; none where there are no files."""
    for producer in AddedBy:
        path = folder / FOLDER / f"{engine}_{producer}.yaml"
        if not path.exists():
            continue
        document = read_document(path)
        for entry in Section(document, (), document.data).parts("candidates"):
            yield Fate(
                path=path,
                line=document.line_of(entry.at),
                producer=producer,
                native_type=entry.text("native_type"),
                severity=entry.choice("severity", Severity),
                guard=entry.text("guard"),
                method=entry.optional_text("method") or "",
                fields=entry.section("fields").data,
                template=entry.optional_text("message_template"),
                opaque=entry.texts("opaque"),
                confirmed=entry.optional_flag("confirmed"),
                refined=entry.texts("refined"),
                lost=entry.optional_text("lost"),
                cause=entry.optional_text("cause"),
                rung=entry.optional_text("example_by"),
                asked=entry.integer("asked") if "asked" in entry else 0,
            )


def _write(
    folder: Path, engine: str, version: str, fates: Iterable[tuple[Candidate, Mapping[str, Any]]]
) -> tuple[Path, ...]:
    by_producer: dict[AddedBy, list[dict[str, Any]]] = {}
    for candidate, fate in fates:
        by_producer.setdefault(candidate.added_by, []).append({**_to_data(candidate), **fate})
    written = []
    for producer, found in sorted(by_producer.items()):
        path = folder / FOLDER / f"{engine}_{producer}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        envelope = {"engine": engine, "engine_version": version, "producer": str(producer), "candidates": found}
        dump(path, dump_yaml(envelope))
        written.append(path)
    return tuple(written)


def _to_data(candidate: Candidate) -> dict[str, Any]:
    data: dict[str, Any] = {
        "native_type": candidate.native_type,
        "severity": str(candidate.severity),
        "guard": candidate.source.guard,
        "method": candidate.source.method,
        "fields": match_to_data(
            {
                subject: tuple(Clause(clause.op, _held(clause.rhs)) for clause in clauses)
                for subject, clauses in candidate.fields.items()
            }
        ),
    }
    if candidate.defaults:
        data["defaults"] = {name: value_to_data(_held(value)) for name, value in candidate.defaults.items()}
    if candidate.template is not None:
        data["message_template"] = candidate.template
    if candidate.opaque:
        data["opaque"] = [guard.wording for guard in candidate.opaque]
    return data


def _held(value: Any) -> Any:
    """A value as a file can store it, else its repr."""
    plain = as_held(value)
    return plain if holdable(plain) else repr(value)
