"""llem-mine refresh, cell, writeback, comment, approve-reuse and slash: what the workflows call, and anybody can."""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from miners.process.commands import DIFFERS, OK, REFUSED, add_engine, add_workers
from miners.process.tasks import add_on
from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.ssot import FOLDER, ROLES, data_root, known_engines, load_ssot
from pytest_llem_invariants.text.atomic import SOURCE_DATE_EPOCH
from pytest_llem_invariants.text.terminal import say

if TYPE_CHECKING:
    from miners.refresh.steps import Refresh

_CELLS: Final = ("invariants", "schemas")
_PERMISSIONS: Final = ("admin", "maintain", "write", "triage", "read", "none")


def register(commands: Any) -> None:
    """Add the commands to a parser's subcommands."""
    refresh = commands.add_parser(
        "refresh", help="from a new version to a commit-ready tree and the comment on it; goes on after a kill"
    )
    _add_run(refresh)
    refresh.add_argument("--to", metavar="VERSION", help="the new version (default: the one in engine_versions/)")
    refresh.add_argument("--again", action="store_true", help="begin anew, whatever was done before")
    refresh.add_argument(
        "--memory", action="store_true", help="also study anew of what lengths models need memory; takes far longer"
    )
    refresh.add_argument(
        "--promote", action="store_true", help="take the corpus that the history has of this version; asks no library"
    )
    add_on(refresh)
    refresh.set_defaults(run=_refresh)

    cell = commands.add_parser("cell", help="one producer's part of a refresh, into a folder for llem-mine writeback")
    _add_run(cell)
    cell.add_argument("producer", choices=_CELLS)
    cell.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where its files go")
    cell.add_argument("--base", metavar="COMMIT", help="the commit that it is made from (default: what git says)")
    cell.add_argument("--moment", help=argparse.SUPPRESS)
    cell.set_defaults(run=_cell, memory=False, promote=False)

    back = commands.add_parser("writeback", help="merge the cells of an engine in one commit, or refuse")
    add_engine(back)
    back.add_argument("cells", nargs="+", type=Path, metavar="FOLDER", help="what llem-mine cell wrote")
    back.add_argument("--labels", metavar="FILE", help="a label a line: does nothing unless every cell has set its own")
    back.add_argument("--push", nargs=2, metavar=("REMOTE", "BRANCH"), help="push the commit, never by force")
    back.add_argument("--comment", type=Path, metavar="FILE", help="write the comment there, too")
    back.add_argument("--work", type=Path, metavar="DIR", help=argparse.SUPPRESS)
    back.set_defaults(run=_writeback)

    comment = commands.add_parser("comment", help="what a reviewer reads: of a blocked probe, or of a new version")
    add_engine(comment)
    comment.add_argument("--probe", type=Path, metavar="FILE", help="of this probe: llem-mine probe --format json")
    comment.add_argument("--old", metavar="VERSION", help="the version before (default: the newest in the history)")
    comment.set_defaults(run=_comment)

    approve = commands.add_parser("approve-reuse", help="widen a producer's pin to take the new version in")
    add_engine(approve)
    approve.add_argument("producer", choices=ROLES)
    approve.add_argument("--version", metavar="VERSION", help="(default: the one in engine_versions/)")
    approve.add_argument("--check", action="store_true", help="write nothing; exit 1 if the pin leaves the version out")
    approve.set_defaults(run=_approve)

    heartbeat = commands.add_parser("heartbeat", help="what is overdue and what is owed; exit 1 if somebody is needed")
    heartbeat.add_argument("--last", metavar="TIME", help="when the refresh workflow last ran, or never")
    heartbeat.add_argument("--days", type=int, default=35, metavar="N", help="how old that may be (default 35)")
    heartbeat.set_defaults(run=_heartbeat)

    slash = commands.add_parser("slash", help="decide on a comment that speaks to the bot, and do what it may ask")
    slash.add_argument("comment", type=Path, help="a file with the comment")
    slash.add_argument("--author", required=True, help="who wrote it")
    slash.add_argument("--permission", required=True, choices=_PERMISSIONS, help="the author's, in this repository")
    slash.add_argument("--fork", action="store_true", help="the pull request comes from another repository")
    slash.set_defaults(run=_slash)


def _add_run(parser: argparse.ArgumentParser) -> None:
    add_engine(parser)
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--python", type=Path, metavar="PATH", help="an interpreter that has the library (default: one is made)"
    )
    where.add_argument(
        "--here", dest="python", action="store_const", const=Path(sys.executable), help="this one, as in a container"
    )
    add_workers(parser)
    parser.add_argument("--accept-lost", action="append", default=[], metavar="NAME", help="this class is gone")
    parser.add_argument("--work", type=Path, metavar="DIR", help="folder for the environment and unfinished work")


def _refresh(options: argparse.Namespace) -> int:
    from miners.refresh.steps import PRODUCERS

    if options.on is not None and (options.memory or options.promote):
        raise MinerError("--on is for what is mined and proven — leave out --memory and --promote, or --on")
    with _prepared(options, options.to, tuple(PRODUCERS)) as one:
        changed = _changed(one, options)
        text = (one.work / "comment.md").read_text(encoding="utf-8")
        for name, seconds in one.journal.seconds():
            say(f"{name:12} {seconds:7.1f} s")
        say()
        say(text)
        say(f"{len(changed)} files changed; the comment is {one.work / 'comment.md'}")
        if not options.promote and options.on is None and one.journal.result("replay")["contradicted"]:
            say("the library contradicts rules: they are in the quarantine and do not ship")
    return OK


def _changed(one: Refresh, options: argparse.Namespace) -> Sequence[str]:
    """Bring the tree to the new version, here or by tasks; the paths that changed."""
    if options.on is not None:
        from miners.refresh.elsewhere import refresh_elsewhere

        return refresh_elsewhere(one, options)
    _run(one, again=options.again)
    return one.write()


def _cell(options: argparse.Namespace) -> int:
    from miners.refresh.cells import pack
    from miners.refresh.repository import Repository

    with _prepared(options, None, (options.producer,)) as one:
        _run(one)
        cell = pack(one, options.base or Repository(one.space.root).head, options.out)
    say(f"{options.out} holds {', '.join(cell.files)} of {cell.engine} {cell.version}")
    return OK


def _writeback(options: argparse.Namespace) -> int:
    from miners.refresh.cells import waiting_for
    from miners.refresh.repository import Repository
    from miners.refresh.steps import PRODUCERS
    from miners.refresh.writeback import write_back

    if options.labels is not None:
        waiting = waiting_for(options.engine, Path(options.labels).read_text(encoding="utf-8").splitlines())
        if waiting:
            say(f"{options.engine}: not the last cell; {' and '.join(waiting)} will write back")
            return OK
    options.python, options.workers, options.accept_lost = Path(sys.executable), 1, []
    options.memory = options.promote = False
    with _prepared(options, None, tuple(PRODUCERS)) as one:
        repository = Repository(one.space.root)
        written = write_back(one, options.cells, repository)
        if options.comment is not None:
            options.comment.write_text(written.comment, encoding="utf-8")
        if options.push is not None:
            repository.push(*options.push)
    say(f"{len(written.paths)} files in commit {written.commit}" if written.paths else "nothing new: it is committed")
    return OK


def _comment(options: argparse.Namespace) -> int:
    from packaging.version import Version

    from miners.refresh.comment import of_diff, of_probe, read_probe

    if options.probe is not None:
        say(of_probe(read_probe(options.probe)).rstrip("\n"))
        return OK
    root, ssot = data_root(), load_ssot(options.engine)
    kept = root / "corpora" / options.engine / "history"
    versions = sorted((path.name for path in kept.iterdir()), key=Version) if kept.is_dir() else []
    before = [name for name in versions if Version(name) < Version(ssot.version)]
    old = options.old or (before[-1] if before else ssot.version)
    say(of_diff(root, options.engine, old, ssot.version).rstrip("\n"))
    return OK


def _approve(options: argparse.Namespace) -> int:
    return approve_reuse(options.engine, options.producer, options.version, only_check=options.check)


def approve_reuse(engine: str, producer: str, version: str | None, *, only_check: bool = False) -> int:
    """Widen the pin, say how, and probe again where the library is installed."""
    from miners.build import probe_command
    from miners.refresh.approve import approve
    from pytest_llem_invariants.errors import EngineUnavailableError
    from pytest_llem_invariants.ssot import installed_version
    from pytest_llem_invariants.text.atomic import write_atomically

    ssot = load_ssot(engine)
    wanted = version or ssot.version
    approval = approve(ssot, producer, wanted)
    if not approval.diff:
        say(f"{engine}: the pin of {producer} allows {wanted} already; nothing was changed")
        return OK
    say(approval.diff.rstrip("\n"))
    if only_check:
        return DIFFERS
    write_atomically(ssot.path, approval.after)
    try:
        installed_version(ssot)
    except EngineUnavailableError:
        say(f"{ssot.library} is not installed here: the next run of its cells probes again")
        return OK
    return probe_command.probed(engine, producer)


def _heartbeat(options: argparse.Namespace) -> int:
    from datetime import date

    from miners.refresh.heartbeat import findings
    from pytest_llem_invariants.text.atomic import today

    found = [*findings(data_root(), date.fromisoformat(today()), options.days, options.last)]
    for one in sorted(found, key=lambda one: not one.is_failure):
        say(f"{'FAILURE' if one.is_failure else 'note'}: {one.sentence}")
    return DIFFERS if any(one.is_failure for one in found) else OK


def _slash(options: argparse.Namespace) -> int:
    from miners.refresh.slash import Author, Known, decide

    author = Author(options.author, options.permission, options.fork)
    decisions = decide(options.comment.read_text(encoding="utf-8"), author, Known(known_engines(), ROLES))
    if not decisions:
        return OK
    for decision in decisions:
        say(decision.answer)
        if decision.approve is not None:
            say("```diff")
            approve_reuse(*decision.approve, None)
            say("```")
    return OK if all(decision.approve for decision in decisions) else REFUSED


@contextmanager
def _prepared(options: argparse.Namespace, to: str | None, producers: tuple[str, ...]) -> Iterator[Refresh]:
    """A refresh of the tree around the current folder; one at a time in a work folder."""
    from miners.refresh.steps import Refresh, Wish
    from miners.refresh.workspace import Workspace
    from miners.releases.wheels import as_version
    from pytest_llem_invariants.engines.tiny_model import cache_folder

    root, ssot = data_root(), load_ssot(options.engine)
    source = Path(__file__).resolve().parents[2]
    if not (root / FOLDER / ssot.path.name).is_file() or "_data" in root.parts:
        raise MinerError("there is no project here — run it in a checkout with engine_versions/ and corpora/")
    version = str(as_version(to or ssot.version))
    python = None if options.python is None else options.python.absolute()
    lost = tuple(options.accept_lost)
    wish = Wish(version, producers, options.workers, python, lost, _behind(), options.memory, options.promote)
    work = (options.work or cache_folder() / "refresh") / "-".join([options.engine, version, *_one(producers)])
    work.mkdir(parents=True, exist_ok=True)
    with (work / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise MinerError(f"{work} is in use by another refresh — wait for it, or give another --work") from None
        space = Workspace(options.engine, root, work / "tree")
        moment = getattr(options, "moment", None) or _moment(root)
        yield Refresh(space, wish, work, source if (source / "pyproject.toml").is_file() else None, moment)


def _one(producers: tuple[str, ...]) -> tuple[str, ...]:
    return producers if len(producers) == 1 else ()


def _run(one: Refresh, *, again: bool = False) -> None:
    from miners.process.progress import Progress
    from miners.process.tasks import own_code

    one.run(Progress(), own_code(), again=again)


def _behind() -> tuple[str, ...]:
    """Folders of more code, as the caller's own PYTHONPATH has them."""
    return tuple(part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part)


def _moment(root: Path) -> str:
    from miners.refresh.repository import Repository

    repository = Repository(root)
    given = os.environ.get(SOURCE_DATE_EPOCH)
    if given:
        return given
    return repository.moment if repository.has() else str(int((root / FOLDER).stat().st_mtime))
