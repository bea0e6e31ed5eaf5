"""What a probe found, as facts: which producers may trust a library, and what keeps the others from doing so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, final

from miners.process.roles import Library, Terms, check_classes, problems_of, why_without
from pytest_llem_invariants.errors import LlemError, MinerLandmarkMissingError, MinerVersionMismatchError
from pytest_llem_invariants.text.terminal import printable

FORMAT: Final = 1
CLASSES: Final = "classes"
"""Beside the producers: the classes that are declared or were there before."""


@final
@dataclass(frozen=True, slots=True)
class Problem:
    """One reason not to trust the library."""

    kind: str
    """`pin`, `landmark`, `classes`, or `version` of another release than declared."""
    subject: str
    """The specifier, the landmark, or nothing."""
    nearest: tuple[str, ...]
    sentence: str


@final
@dataclass(frozen=True, slots=True)
class Producer:
    """One producer, or the classes."""

    name: str
    pin: str | None = None
    landmarks: int = 0
    problems: tuple[Problem, ...] = ()
    absent: str | None = None
    """Why the engine has no such producer."""

    @property
    def is_blocked(self) -> bool:
        return bool(self.problems)


@final
@dataclass(frozen=True, slots=True)
class Probe:
    """One library, asked for all producers or some."""

    engine: str
    library: str
    version: str
    native_types: int
    producers: tuple[Producer, ...]
    notes: tuple[str, ...] = ()

    @property
    def blocked(self) -> tuple[Producer, ...]:
        return tuple(one for one in self.producers if one.is_blocked)

    @property
    def headline(self) -> str:
        names = " and ".join(one.name for one in self.blocked)
        return f"{self.engine}: {self.library} {self.version} blocks {names or 'nothing'}"

    def as_data(self) -> dict[str, Any]:
        return {"format": FORMAT, **asdict(self)}


def from_data(data: Mapping[str, Any]) -> Probe:
    """A probe from its JSON."""
    if data.get("format") != FORMAT:
        raise ValueError(f"a probe of format {data.get('format')!r}, not {FORMAT}")
    producers = tuple(
        Producer(
            **{
                **one,
                "problems": tuple(
                    Problem(**{**problem, "nearest": tuple(problem["nearest"])}) for problem in one["problems"]
                ),
            }
        )
        for one in data["producers"]
    )
    rest = {key: data[key] for key in ("engine", "library", "version", "native_types")}
    return Probe(**rest, producers=producers, notes=tuple(data["notes"]))


def probe(library: Library, roles: Sequence[str], before: Sequence[str], terms: Terms) -> Probe:
    """Ask a library on behalf of some producers, and for its classes."""
    found = tuple(_producer(library, role, terms) for role in roles)
    classes, notes = _classes(library, before, terms)
    ssot = library.ssot
    types = len(library.native_types())
    return Probe(ssot.engine, ssot.library, library.version, types, (*found, *classes), notes)


def _producer(library: Library, role: str, terms: Terms) -> Producer:
    reason = why_without(library.ssot, role)
    if reason is not None:
        return Producer(role, absent=reason)
    pin = library.ssot.miner_pins.get(role)
    problems = tuple(map(_problem, problems_of(library, (role,), terms)))
    return Producer(role, None if pin is None else str(pin), len(library.ssot.landmarks_of(role)), problems)


def _problem(error: LlemError) -> Problem:
    match error:
        case MinerLandmarkMissingError():
            return Problem("landmark", error.landmark, error.names, str(error))
        case MinerVersionMismatchError():
            return Problem("pin", error.specifier, (), str(error))
        case _:
            return Problem("version", "", (), str(error))


def _classes(library: Library, before: Sequence[str], terms: Terms) -> tuple[tuple[Producer, ...], tuple[str, ...]]:
    try:
        return (), check_classes(library, before, terms)
    except LlemError as error:
        return (Producer(CLASSES, problems=(Problem(CLASSES, "", (), str(error)),)),), ()


def lines(found: Probe) -> Iterator[str]:
    """The text for a terminal."""
    yield f"{found.engine}: {found.library} {found.version}, {found.native_types} native types"
    for one in found.producers:
        if one.absent is not None:
            yield f"  {one.name:10}  not for this engine: {one.absent}"
            continue
        state = "BLOCKED" if one.is_blocked else "ready"
        said = "" if one.name == CLASSES else f": pin {one.pin or 'none'}, {one.landmarks} landmarks"
        yield f"  {one.name:10}  {state}{said}"
        yield from (f"    {problem.sentence}" for problem in one.problems)
    yield from (f"  note: {note}" for note in found.notes)


def workflow_commands(found: Probe, path: str, lines_of: Mapping[str, int]) -> Iterator[str]:
    """Workflow commands that GitHub shows at a line of the engine's file; `lines_of`: producer → line of its pin."""
    for one in found.blocked:
        where = f"file={_property(path)},line={lines_of.get(one.name, 1)}"
        for problem in one.problems:
            yield f"::error {where},title={_property(f'{one.name} is blocked')}::{_escaped(problem.sentence)}"
    for note in found.notes:
        yield f"::notice file={_property(path)}::{_escaped(note)}"


def _escaped(text: str) -> str:
    return "%0A".join(printable(line).replace("%", "%25") for line in text.splitlines())


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
