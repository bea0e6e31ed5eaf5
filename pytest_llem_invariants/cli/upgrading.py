"""`llem-invariants upgrade`: what another version of an engine makes of the configs in these files."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from miners.schema.change import ChangeKind, Difference
from miners.schema.diff import diff_schemas
from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.describe import distinct
from pytest_llem_invariants.checker.layout import SCHEMA
from pytest_llem_invariants.checker.verdict import Violation
from pytest_llem_invariants.cli import INVALID
from pytest_llem_invariants.cli.checked import Checked
from pytest_llem_invariants.cli.files import Files, in_paths
from pytest_llem_invariants.cli.formats.common import where
from pytest_llem_invariants.cli.surroundings import Surroundings
from pytest_llem_invariants.corpus.schema_layout import read_schema
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.text.terminal import printable, say


@final
@dataclass(frozen=True, slots=True)
class Change:
    """What the new version says of a config that the old one did not say."""

    kind: str
    """`breaks` or `warns`."""
    place: str
    violation: Violation

    def as_data(self) -> dict[str, Any]:
        return {"kind": self.kind, "place": self.place, **self.violation.as_dict()}


def run(options: argparse.Namespace) -> int:
    engine = options.engine or _engine(options)
    for version in (options.old, options.new):
        Checker.load(engine, version=version, root=options.root)
    if options.fix or options.diff:
        from pytest_llem_invariants.cli.fixing import fix

        number = fix(_asked(options, engine, options.new))
        if options.diff:
            return INVALID if number else 0
    before, after = (_checked(options, engine, version) for version in (options.old, options.new))
    changes = list(
        dict.fromkeys(change for old, new in zip(before, after, strict=True) for change in _changes(old, new))
    )
    defaults = list(_defaults(options, engine, after))
    options.answer.status = INVALID if any(change.kind == "breaks" for change in changes) else 0
    options.rejected = sum(one.verdict.status == "rejected" for one in before)
    _PRINT[options.format](options, engine, after, changes, defaults)
    status: int = options.answer.status
    return status


def _engine(options: argparse.Namespace) -> str:
    """The one engine of which there are both versions."""
    root = store.data_root(options.root)
    kept = {name: [*store.versions(root, name), Checker.load(name, root=root).version] for name in store.engines(root)}
    found = [name for name, versions in kept.items() if {options.old, options.new} <= set(versions)]
    if len(found) == 1:
        return found[0]
    known = "; ".join(f"{name} {', '.join(dict.fromkeys(versions))}" for name, versions in kept.items())
    raise LlemError(f"no engine has rules of both {options.old} and {options.new} — known are {known}")


def _checked(options: argparse.Namespace, engine: str, version: str) -> list[Checked]:
    """Every config of the engine in the files, by the rules of one version."""
    asked = _asked(options, engine, version)
    return in_paths(Files(asked, Surroundings(asked, asked.gpu)), asked)


def _asked(options: argparse.Namespace, engine: str, version: str) -> argparse.Namespace:
    asked = argparse.Namespace(**{**vars(options), "engine": engine, "engine_version": version})
    asked.explain_skipped = asked.skip_others = False
    return asked


def _changes(old: Checked, new: Checked) -> Iterator[Change]:
    rejected = {field for one in old.verdict.errors for field in one.fields}
    told = rejected | {field for one in old.verdict.warnings for field in one.fields}
    for one in distinct(new.verdict.violations):
        is_error = one.severity == "error"
        if not (rejected if is_error else told).issuperset(one.fields):
            yield Change("breaks" if is_error else "warns", where(new, one), one)


def _defaults(
    options: argparse.Namespace, engine: str, checked: Sequence[Checked]
) -> Iterator[tuple[Difference, int, int]]:
    """Each default that changed, how many configs leave the field to it, and how many there are of that class."""
    root = store.data_root(options.root)
    paths = [Path(store.folder_of(root, engine, version)) / SCHEMA for version in (options.old, options.new)]
    if not all(path.exists() for path in paths):
        return
    old, new = map(read_schema, paths)
    for one in diff_schemas(old, new).differences:
        if one.change is ChangeKind.DEFAULT_CHANGED and one.field is not None:
            written = [
                fields
                for config in checked
                for name, fields in config.written.items()
                if name.rpartition(".")[2] == one.native_type.rpartition(".")[2]
            ]
            left = sum(one.field not in fields for fields in written)
            if left:
                yield one, left, len(written)


def _json(
    options: argparse.Namespace,
    engine: str,
    checked: Sequence[Checked],
    changes: Sequence[Change],
    defaults: Sequence[tuple[Difference, int, int]],
) -> None:
    told = {
        "engine": engine,
        "from": options.old,
        "to": options.new,
        "configs": len(checked),
        "rejected_before": options.rejected,
        "changes": [change.as_data() for change in changes],
        "defaults": [{**one.as_data(), "left_to_it": left, "configs": of} for one, left, of in defaults],
    }
    print(json.dumps(told, indent=2))


def _text(
    options: argparse.Namespace,
    engine: str,
    checked: Sequence[Checked],
    changes: Sequence[Change],
    defaults: Sequence[tuple[Difference, int, int]],
) -> None:
    for (kind, message, fix), (first, *others) in _causes(changes).items():
        say(f"{first}: {kind}: {message}")
        if others:
            say(f"  also  {_places(others)}")
        if fix:
            say(f"  fix  {fix}")
    for one, left, of in defaults:
        say(f"default of {one.field}: {one.old} → {one.new} (not set in {left} of {of} configs)")
    say(_summary(options, engine, checked, changes))


def _markdown(
    options: argparse.Namespace,
    engine: str,
    checked: Sequence[Checked],
    changes: Sequence[Change],
    defaults: Sequence[tuple[Difference, int, int]],
) -> None:
    say(f"**{_summary(options, engine, checked, changes)}**\n")
    if changes:
        say("| where | what | why | fix |\n| --- | --- | --- | --- |")
    for (kind, message, fix), places in _causes(changes).items():
        cells = (_places([f"`{place}`" for place in places]), kind, message, fix)
        say("| " + " | ".join(printable(cell).replace("|", "\\|") for cell in cells) + " |")
    if defaults:
        say("\n| default of | was | is | not set in |\n| --- | --- | --- | --- |")
    for one, left, of in defaults:
        say(f"| `{one.field}` | `{one.old}` | `{one.new}` | {left} of {of} |")


def _causes(changes: Sequence[Change]) -> Mapping[tuple[str, str, str], Sequence[str]]:
    """What is said in the same words is said once, with its places; what breaks first."""
    causes: dict[tuple[str, str, str], list[str]] = {}
    for change in sorted(changes, key=lambda change: change.kind):
        said = (change.kind, change.violation.message, change.violation.suggestion)
        causes.setdefault(said, []).append(change.place)
    return causes


def _places(places: Sequence[str]) -> str:
    left = len(places) - _MOST_PLACES
    return ", ".join(places[:_MOST_PLACES]) + (f" and {left:,} more" if left > 0 else "")


_MOST_PLACES = 5
"""How many places of the same cause are listed; JSON has all."""


def _summary(options: argparse.Namespace, engine: str, checked: Sequence[Checked], changes: Sequence[Change]) -> str:
    counts = Counter(change.kind for change in changes)
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "nothing breaks"
    before = f"; {options.rejected} of them {options.old} rejects, too" if options.rejected else ""
    return f"{engine} {options.old} → {options.new}: {told} in {len(checked)} configs{before}"


_PRINT: Mapping[str, Any] = {"text": _text, "json": _json, "markdown": _markdown}
