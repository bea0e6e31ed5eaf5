"""llem-mine releases: options, fields and variables of every released version, and what became of those that went."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from miners.process.commands import OK, add_engine, compare, publish
from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.ssot import Ssot, data_root, load_ssot
from pytest_llem_invariants.text.terminal import say

if TYPE_CHECKING:
    from miners.releases.table import Snapshot, Table


def register(commands: Any) -> None:
    """Add the command to a parser's subcommands."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "releases",
        help="write releases.discovered.json: the options, fields, variables and request fields of every released "
        "version, read from its wheel without a whole download, and what became of those that went",
    )
    add_engine(parser)
    parser.add_argument("versions", nargs="*", metavar="VERSION", help="only these (default: those not yet read)")
    parser.add_argument("--again", action="store_true", help="read every release again")
    parser.add_argument(
        "--source", type=Path, metavar="PATH", help="read the one VERSION from this folder or wheel; ask no registry"
    )
    parser.add_argument(
        "--packages",
        action="store_true",
        help="write packages.discovered.json instead: the types and families of models that each release of the "
        "packages has whose models the engine may serve",
    )
    parser.add_argument("--check", action="store_true", help="read nothing; exit 1 if the file is not what it would be")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from miners.releases.successors import FILE as SUCCESSORS
    from miners.releases.successors import check_successors, read_successors, uncovered
    from miners.releases.table import FILE, loaded, made, rendered, snapshot_of

    ssot = load_ssot(options.engine)
    if not ssot.releases:
        raise MinerError(f"{ssot.engine}: its file has no `releases`, which names what to read of them")
    folder = data_root() / "corpora" / ssot.engine
    if options.packages:
        from miners.releases.packages import read_names

        return read_names(ssot, folder, again=options.again, check=options.check)
    path = folder / FILE
    table = loaded(path, ssot.engine)
    known = {version: snapshot_of(table, version) for version in table["releases"]}
    if not options.check:
        known = _with_new(ssot, known, options)
    table = made(ssot.engine, known)
    entries = read_successors(folder / SUCCESSORS)
    check_successors(entries, table["names"], folder / SUCCESSORS)
    found = rendered({**table, "gone": entries, "reads": _reads(ssot)})
    if options.check:
        return compare(path, found)
    say(_summary(table, uncovered(entries, table)))
    publish(path, found)
    return OK


def _reads(ssot: Ssot) -> dict[str, Any]:
    """What a reader of the table has to know of its kinds and classes."""
    declared = ssot.releases
    return {
        "options": sorted(declared.get("options", ())),
        "arguments": declared.get("arguments", []),
        "requests": declared.get("requests", []),
        "pairs": declared.get("pairs", {}),
        "prefix": declared.get("environment", {}).get("prefix"),
    }


def _with_new(ssot: Ssot, known: Mapping[str, Snapshot], options: argparse.Namespace) -> dict[str, Snapshot]:
    from miners.releases.reading import snapshot
    from miners.releases.wheels import release_of, source_at, source_of, versions_since

    project = ssot.releases.get("project", ssot.library)
    if options.source is not None:
        if len(options.versions) != 1:
            raise MinerError(
                "--source is the source of one version — name it: llem-mine releases ENGINE VERSION --source"
            )
        source = source_at(options.source, ssot.library)
        return {**known, options.versions[0]: snapshot(source, ssot.releases)}
    wanted = options.versions or [
        version for version in versions_since(project, ssot.releases["since"]) if options.again or version not in known
    ]
    found = {} if options.again and not options.versions else dict(known)
    for version in wanted:
        found[version] = snapshot(source_of(release_of(project, version), ssot.library), ssot.releases)
        counts = ", ".join(f"{len(names)} {kind}" for kind, names in found[version].items())
        say(f"{project} {version}: {counts}", flush=True)
    return found


def _summary(table: Table, missing: list[str]) -> str:
    newest = table["releases"][-1]
    kinds = ", ".join(
        f"{sum(runs[-1][1] != newest for runs in names.values())} of {len(names)} {kind}"
        for kind, names in table["names"].items()
    )
    told = f"; nobody tells what became of {', '.join(missing)}" if missing else ""
    return f"{table['engine']}: {len(table['releases'])} releases; gone are {kinds}{told}"
