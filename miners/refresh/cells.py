"""What one producer made, in a folder that goes from one machine to another, and what makes it trustworthy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, final

from miners.refresh.requirements import files_of
from miners.refresh.steps import FIXED, PRODUCERS, Refresh
from pytest_llem_invariants.checker.certifying import lacking
from pytest_llem_invariants.checker.layout import VALIDATED
from pytest_llem_invariants.errors import LlemError, MinerError
from pytest_llem_invariants.text.atomic import write_atomically

FILE: Final = "cell.json"
FORMAT: Final = 1
_LABEL: Final = "cell"


@final
@dataclass(frozen=True, slots=True)
class Cell:
    """One engine × producer."""

    engine: str
    producer: str
    version: str
    base: str
    """The commit that it was made from."""
    files: Mapping[str, str]
    """Name → digest of its bytes; written last, so that a cell that died has none."""
    beside: Mapping[str, str]
    """Path → text of what followed the release beside the corpus: requirement files."""
    held: Sequence[str]
    """What the environment has otherwise than the release asks for."""
    format: int = FORMAT


def pack(made: Refresh, base: str, folder: Path) -> Cell:
    """Copy what a producer made from a commit."""
    (producer,) = made.wish.producers
    files = {}
    for name in PRODUCERS[producer]:
        if (made.space.corpus / name).exists():
            text = (made.space.corpus / name).read_text(encoding="utf-8")
            write_atomically(folder / name, text)
            files[name] = _digest(text)
    names = {path.relative_to(made.space.tree).as_posix() for path in files_of(made.ssot, made.wish.version)}
    beside = {name: text for name, text in made.space.changes().items() if name in names and text is not None}
    held = made.journal.result("environment")["held"]
    cell = Cell(made.space.engine, producer, made.wish.version, base, files, beside, held)
    write_atomically(folder / FILE, json.dumps(asdict(cell), indent=1, sort_keys=True) + "\n")
    return cell


def label(engine: str, producer: str) -> str:
    """The label that says of a pull request that a cell is done."""
    return f"{_LABEL}/{engine}/{producer}"


def waiting_for(engine: str, labels: Iterable[str]) -> tuple[str, ...]:
    """The producers whose label is not there yet: who sees none is the last."""
    there = set(labels)
    return tuple(producer for producer in PRODUCERS if label(engine, producer) not in there)


@final
@dataclass(frozen=True, slots=True)
class Merged:
    """What all cells made."""

    files: Mapping[str, str]
    """By path from the root."""
    held: tuple[str, ...]


def read_cells(folders: Sequence[Path], engine: str, version: str, base: str, *, is_certified: bool = True) -> Merged:
    """What the cells made together; an error says which of them is not to be trusted, or is not certified."""
    found: dict[str, str] = {}
    seen: dict[str, Cell] = {}
    for folder in folders:
        cell = _read(folder)
        _check(cell, folder, engine, version, base)
        if is_certified and VALIDATED in cell.files:
            _check_certified(folder, version)
        if cell.producer in seen and seen[cell.producer] != cell:
            raise MinerError(f"{folder}: another {cell.producer} of {engine} is there already — give each once")
        seen[cell.producer] = cell
        made = {f"corpora/{engine}/{name}": _whole(folder / name, digest) for name, digest in cell.files.items()}
        for name, text in {**cell.beside, **made}.items():
            if found.setdefault(name, text) != text:
                raise MinerError(f"{folder}: {name} differs between the cells — run them again in one environment")
    missing = [producer for producer in PRODUCERS if producer not in seen]
    if missing:
        raise MinerError(
            f"{engine}: no cell of {' and '.join(missing)} — nothing is written until each of "
            f"{', '.join(PRODUCERS)} is there"
        )
    held = (said for cell in seen.values() for said in cell.held)
    return Merged(found, tuple(dict.fromkeys(held)))


def _read(folder: Path) -> Cell:
    path = folder / FILE
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        cell = Cell(**data)
        if cell.format != FORMAT or cell.producer not in PRODUCERS or not isinstance(cell.files, dict):
            raise ValueError("unknown format or producer")
    except OSError as error:
        raise MinerError(f"{folder}: no {FILE}: its cell died, or is still running — run that cell again") from error
    except (ValueError, TypeError, KeyError) as error:
        raise MinerError(f"{path}: not a cell of this version of llem-mine ({error}) — run that cell again") from error
    return cell


def _check(cell: Cell, folder: Path, engine: str, version: str, base: str) -> None:
    if cell.engine != engine:
        raise MinerError(f"{folder}: a cell of {cell.engine}, not of {engine} — give only the cells of {engine}")
    if cell.version != version:
        raise MinerError(
            f"{folder}: made for {engine} {cell.version}, but the branch has {version} — run that cell again"
        )
    if cell.base != base:
        raise MinerError(
            f"{folder}: made from commit {cell.base[:12]}, but the branch is at {base[:12]}: it moved meanwhile — "
            "its push has started a new run"
        )
    lacking = [name for name in PRODUCERS[cell.producer] if name in FIXED and name not in cell.files]
    if lacking:
        raise MinerError(f"{folder}: partial, without {', '.join(lacking)} — run that cell again")


def _check_certified(folder: Path, version: str) -> None:
    """The evidence is of this corpus and whole, and anybody can make it again."""
    try:
        missing = lacking(folder, version)
    except LlemError as error:
        raise MinerError(f"{folder}: partial: {error}") from error
    if missing:
        raise MinerError(f"{folder}: not certified: {'; '.join(missing)} — run that cell again, where it certifies")


def _whole(path: Path, digest: str) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise MinerError(f"{path}: {error.strerror}, though its cell lists it — run that cell again") from error
    if _digest(text) != digest:
        raise MinerError(f"{path}: not the bytes that its cell lists — run that cell again")
    return text


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
