"""The whole history of a rule, an effect or a candidate, from the corpus, the ledger and the staging files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final, final

from miners.candidates.staging_files import FOLDER, Fate, read_fates
from miners.ledger.entries import Entry
from miners.ledger.files import LEDGER, load_ledger
from miners.static.effects import EffectKind
from pytest_llem_invariants.corpus.files import load_proposed
from pytest_llem_invariants.corpus.rules import match_to_data
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.language.wording import say_value
from pytest_llem_invariants.model import Kwargs, Rule
from pytest_llem_invariants.text.likeness import near_names
from pytest_llem_invariants.text.yaml_writer import dump_yaml

CORPUS: Final = "invariants.proposed.yaml"
_MOST_CANDIDATES: Final = 12
"""The most candidates of one place to show; the staging file has the others."""
_NEAREST: Final = 3
_Row = tuple[str, str]


@final
class EngineFiles:
    """The files of one engine, each read on first use."""

    def __init__(self, engine: str, folder: Path, apart: bool = False) -> None:
        self.engine = engine
        self.folder = folder
        self.apart = apart
        """Whether `build --out` wrote them: then pytest needs the whole path."""

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        path = self.folder / CORPUS
        return {rule.id: rule for rule in load_proposed(path).rules} if path.exists() else {}

    @cached_property
    def entries(self) -> Sequence[Entry]:
        path = self.folder / LEDGER
        return load_ledger(path).entries if path.exists() else ()

    @cached_property
    def fates(self) -> Sequence[Fate]:
        return tuple(read_fates(self.folder, self.engine))

    def build_again(self, native_type: str) -> str:
        return f"llem-mine build {self.engine} --class {native_type} --out FOLDER"

    def prove_again(self, rule_id: str) -> str:
        path = self.folder / CORPUS if self.apart else Path("corpora") / self.engine / CORPUS
        return f"pytest '{path}::{rule_id}' --llem-engine={self.engine}"


def why(target: str, shelves: Sequence[EngineFiles]) -> str:
    """The history of the target, in the first engine that has it; an unknown name is an error with similar names."""
    if _is_place(target):
        told = next((text for shelf in shelves if (text := _of_place(target, shelf)) is not None), None)
    else:
        likely = [shelf for shelf in shelves if target.startswith(f"{shelf.engine}_")] or shelves
        told = next((_of_rule(shelf.rules[target], shelf) for shelf in likely if target in shelf.rules), None)
    if told is None:
        raise LlemError(_unknown(target, shelves))
    return told


def _is_place(target: str) -> bool:
    return target.rpartition(":")[2].isdigit() and ":" in target


def _is_staged(path: str) -> bool:
    return path.endswith(".yaml")


def _unknown(target: str, shelves: Sequence[EngineFiles]) -> str:
    if _is_staged(target.rpartition(":")[0]):
        return _unknown_candidate(target, shelves)
    if _is_place(target):
        known = _nearest_places(target, shelves)
        hint = "`llem-mine ledger ENGINE --all` lists the places"
    else:
        known = near_names(target, [name for shelf in shelves for name in shelf.rules], most=_NEAREST)
        hint = "give a rule's id, or path:line of an effect or of a candidate in a staging file"
    nearest = f"nearest are {', '.join(known)}" if known else hint
    return f"no {'effect at' if _is_place(target) else 'rule'} {target!r}: {nearest}"


def _unknown_candidate(target: str, shelves: Sequence[EngineFiles]) -> str:
    files = dict.fromkeys(str(fate.path) for shelf in shelves for fate in shelf.fates)
    if files:
        return f"no candidate at {target!r}: the staging files are {', '.join(files)}"
    return f"no candidate at {target!r}: there are no staging files; {_without_staging(shelves[0])}"


def _nearest_places(target: str, shelves: Iterable[EngineFiles]) -> list[str]:
    """The effects of the same file nearest to the line; for an unknown file, similar places."""
    path, _, line = target.rpartition(":")
    entries = [entry for shelf in shelves for entry in shelf.entries]
    same = [entry for entry in entries if _is_at(entry.path, path)]
    if same:
        return [one.place for one in sorted(same, key=lambda one: (abs(one.line - int(line)), one.line))[:_NEAREST]]
    return near_names(target, [entry.place for entry in entries], most=_NEAREST)


def _is_at(known: str, asked: str) -> bool:
    return known == asked or known.endswith(f"/{asked}")


def _of_place(target: str, shelf: EngineFiles) -> str | None:
    path, _, line = target.rpartition(":")
    if _is_staged(path):
        fate = _fate_on_line(Path(path).name, int(line), shelf.fates)
        return None if fate is None else _block(f"{fate.path}:{fate.line}", _of_fate(fate, shelf))
    found = [entry for entry in shelf.entries if _is_at(entry.path, path) and entry.line == int(line)]
    return "\n\n".join(_of_effect(entry, shelf) for entry in found) if found else None


def _fate_on_line(name: str, line: int, fates: Iterable[Fate]) -> Fate | None:
    """The candidate that contains a line of a staging file: the last that begins at or before it."""
    before = [fate for fate in fates if fate.path.name == name and fate.line <= line]
    return max(before, key=lambda fate: fate.line, default=None)


# --- what is printed --------------------------------------------------------------------------------------------------


def _of_effect(entry: Entry, shelf: EngineFiles) -> str:
    rows: list[_Row] = [
        ("found by", f"static_miner, {_detector_of(entry)}"),
        ("in", f"{entry.method}, reached by configs of {', '.join(entry.native_types)}"),
    ]
    if entry.covered:
        rows.append(("became", ", ".join(entry.rules)))
    else:
        rows.append(("no rule", f"{entry.reason}: {entry.detail}" if entry.detail else str(entry.reason)))
        rows.append(("not said", ", ".join(entry.shapes)))
        rows.append(("again", shelf.build_again(entry.native_types[0])))
    parts = [_block(entry.place, rows)]
    parts.extend(_of_rule(shelf.rules[name], shelf) for name in entry.rules if name in shelf.rules)
    fates = [fate for fate in shelf.fates if fate.guard == entry.place and fate.confirmed is not True]
    parts.extend(_block(f"{fate.path}:{fate.line}", _of_fate(fate, shelf)) for fate in fates[:_MOST_CANDIDATES])
    if len(fates) > _MOST_CANDIDATES:
        parts.append(f"and {len(fates) - _MOST_CANDIDATES} more candidates in {shelf.folder / FOLDER}")
    if not shelf.fates:
        parts.append(_without_staging(shelf))
    return "\n\n".join(parts)


def _detector_of(entry: Entry) -> str:
    """The detector's name; the ledger of another version may have a kind that this one lacks."""
    known = {str(kind): kind.detector for kind in EffectKind}
    return known[entry.kind].name if entry.kind in known else entry.kind


def _of_rule(rule: Rule, shelf: EngineFiles) -> str:
    data = match_to_data(rule.match.fields)
    same = (fate for fate in shelf.fates if fate.confirmed and fate.native_type == rule.native_type)
    fate = next((one for one in same if one.severity is rule.severity and one.fields == data), None)
    rows: list[_Row] = [
        ("found by", ", ".join((rule.added_by, *rule.cross_validated_by))),
        ("in", ", ".join(part for part in (rule.miner_source.guard, rule.miner_source.method) if part)),
        ("read as", f"{rule.native_type}, {rule.severity}, where"),
        *_conditions(data),
        ("tried with", f"{_config(rule.kwargs_positive)}, which causes the effect"),
        ("", f"{_config(rule.kwargs_negative)}, which does not"),
        *(("refined", step) for step in (fate.refined if fate is not None else ())),
        ("became", "a rule: the library confirmed it"),
        ("note", rule.walker_notes or ""),
        ("again", shelf.prove_again(rule.id)),
    ]
    block = _block(rule.id, rows)
    return block if shelf.fates else f"{block}\n\n{_without_staging(shelf)}"


def _of_fate(fate: Fate, shelf: EngineFiles) -> list[_Row]:
    lost = fate.lost or ""
    fates = {True: "a rule: the library confirmed it", False: "", None: "nothing yet: no gate has seen it"}
    return [
        ("found by", str(fate.producer)),
        ("in", ", ".join(part for part in (fate.guard, fate.method) if part)),
        ("read as", f"{fate.native_type}, {fate.severity}, where"),
        *_conditions(fate.fields),
        *(("not said", text) for text in fate.opaque),
        ("message", fate.template or ""),
        *(("refined", step) for step in fate.refined),
        (
            "tried with",
            "" if fate.confirmed is None else "configs made of these clauses; the file names only what decided",
        ),
        ("became", fates[fate.confirmed]),
        ("lost for", lost),
        ("again", shelf.build_again(fate.native_type)),
    ]


def _config(kwargs: Kwargs) -> str:
    return ", ".join(f"{name}={say_value(value)}" for name, value in kwargs.items()) or "no argument"


def _conditions(fields: Mapping[str, Any]) -> Iterator[_Row]:
    for line in dump_yaml(dict(fields)).splitlines():
        yield "", line


def _without_staging(shelf: EngineFiles) -> str:
    command = f"llem-mine build {shelf.engine}"
    return (
        f"the steps between are in {FOLDER}/, which {command} writes (or {command} --out FOLDER, then --folder FOLDER)"
    )


def _block(title: str, rows: Iterable[_Row]) -> str:
    return "\n".join([title, *(f"  {label:<10}  {text}" for label, text in rows if text)])
