"""One pytest run: its items, the reports of its processes, and the files that the controller writes."""

from __future__ import annotations

import difflib
import gc
import re
from collections.abc import Generator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, final

import pytest

from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.plugin import messages, wording
from pytest_llem_invariants.plugin.bench import PIN_ROLE, Bench
from pytest_llem_invariants.plugin.evidence import Evidence
from pytest_llem_invariants.plugin.handover import Handover
from pytest_llem_invariants.plugin.hooks import are_plain, dismiss_hypothesis, hooks_of, plain_hooks_of
from pytest_llem_invariants.plugin.interrupts import held_interrupt
from pytest_llem_invariants.plugin.items import MARK, CheckItem, CorpusFile, checks_of
from pytest_llem_invariants.plugin.journal import FOLDER, Journal, turn
from pytest_llem_invariants.plugin.options import QUARANTINE_PREFIX, Settings, is_of_corpus
from pytest_llem_invariants.plugin.preflight import (
    check_readable,
    environment_kind,
    image_ref,
)
from pytest_llem_invariants.plugin.private import run_phase, runs_phases
from pytest_llem_invariants.plugin.recording import Clock, digest_of
from pytest_llem_invariants.plugin.shelf import Shelf, Volume
from pytest_llem_invariants.process.leaving import leave
from pytest_llem_invariants.runs.shelf import keep
from pytest_llem_invariants.text.terminal import printable

if TYPE_CHECKING:
    from pytest_llem_invariants.model import Validated
    from pytest_llem_invariants.plugin.answers import Answers, Keeper
    from pytest_llem_invariants.plugin.folding import Folded
    from pytest_llem_invariants.runs.digest import RunDigest

REFUSED: Final = 2
VALIDATED_NAME: Final = "invariants.validated.yaml"
EVIDENCE: Final = "llem_evidence"
HANDOVER: Final = "llem_handover"
HEARD: Final = "llem_heard"
ENGINE_TROUBLE: Final = "llem_engine_trouble"
_DIED: Final = "the process that imports {engine} dies without a message — import the library by hand to see why"
_ENVIRONMENT: Final = re.compile(r"^(validated_at|certification): .*\n|^environment:\n(?:  .*\n)+", re.MULTILINE)


@final
class LlemRun:
    """Registered as a plugin if there is something to do: an engine was chosen, or a corpus was named."""

    def __init__(self, config: pytest.Config, settings: Settings, shelf: Shelf) -> None:
        self._config = config
        self._settings = settings
        self._shelf = shelf
        self._is_worker = hasattr(config, "workerinput")
        self._journal: Journal | None = None
        self._evidence: list[Evidence] = []
        self._crashed: dict[str, str] = {}
        self._trouble: str | None = None
        self._folded: Folded | None = None
        self._clock = Clock()
        self._digest: RunDigest | None = None
        self._kept: Path | None = None
        self._written: list[Path] = []
        self._stale: list[str] = []
        self._earlier: tuple[str, Validated | None] | None = None
        self._benches: dict[Path, Bench] = {}
        self._handover: Handover | None = None
        self._is_heard = not self._is_worker or config.workerinput.get(HEARD, True)  # type: ignore[attr-defined]
        self._only_ours = False
        self._is_collected = False
        self._answers: tuple[Answers | None, Keeper | None] = None, None
        self._plain: Bench | None = None
        """For runs in which all items are from one corpus and nobody needs their setup and teardown."""

    def remember(self, answers: Answers, keeper: Keeper | None) -> None:
        """Ask the library only for what is not among these answers; the keeper keeps the new ones."""
        self._answers = answers, keeper

    # What is collected.

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        volume = self._shelf.find(file_path)
        if volume is None:
            return None
        try:
            file: CorpusFile = CorpusFile.from_parent(parent, path=file_path)
            file.rules, file.lines = volume.corpus.rules, dict(volume.corpus.lines)
        except LlemError as error:
            pytest.exit(str(error), returncode=REFUSED)
        file.bench = self._bench(volume)
        file.hooks = hooks_of(file)
        file.checks = checks_of(self._settings.soundness)
        file.certified = volume is self._shelf.certified
        file.unavailable = None if file.certified else _unavailable(volume)
        file.add_marker(MARK)
        return file

    def _bench(self, volume: Volume) -> Bench:
        if volume.path not in self._benches:
            answers = self._answers[0] if volume is self._shelf.certified else None
            self._benches[volume.path] = Bench(volume, self._settings, answers)
        return self._benches[volume.path]

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """Workers import the engine first; meanwhile the controller reads the files."""
        certified = self._shelf.certified
        if certified is None:
            return
        if self._is_worker:
            self._prepare(certified)
            return
        try:
            certified.load()
        except LlemError as error:
            pytest.exit(str(error), returncode=REFUSED)
        if self._handover is not None:
            self._handover.leave(certified.corpus, certified.sha256)
        with suppress(LlemError, OSError):  # reported at the end, if it is still true
            self._previous(self._out(certified) / VALIDATED_NAME)

    def _prepare(self, certified: Volume) -> None:
        """Import the engine, whose output belongs to no item; the first item reports an error."""
        capture = self._config.pluginmanager.get_plugin("capturemanager")
        if capture is not None:
            capture.resume_global_capture()
        try:
            with suppress(LlemError):
                self._bench(certified).prepare()
        finally:
            if capture is not None:
                capture.suspend_global_capture()
                capture.read_global_capture()
        folder: str | None = self._config.workerinput.get(HANDOVER)  # type: ignore[attr-defined]
        if folder is not None:
            certified.take_over(Path(folder))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """The collected items stay until the end: the garbage collector need not scan them again and again."""
        self._only_ours = all(isinstance(item, CheckItem) for item in session.items)
        if self._only_ours:
            self._take_as_plain(session.items)
        gc.freeze()

    def _take_as_plain(self, items: list[pytest.Item]) -> None:
        """Leave out hooks that no plugin needs, if all items are from the certified corpus."""
        files = {item.file for item in items if isinstance(item, CheckItem)}
        if self._shelf.certified is None or len(files) != 1 or not are_plain(items, MARK):
            return
        (file,) = files
        hooks = plain_hooks_of(file)
        if file.certified and hooks is not None:
            file.hooks = hooks
            self._plain = file.bench

    # What a process observes for an item, and sends with its report.

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run as pytest does, but report only phases with a result: each report costs time in the controller."""
        if not isinstance(item, CheckItem) or not runs_phases():
            return None
        if self._is_heard:
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        if self._plain is not None and self._plain.is_ready and nextitem is not None:
            run_phase(item, "call")
        else:
            self._run_in_full(item, None if self._plain is not None else nextitem)
        if self._is_heard:
            item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _run_in_full(self, item: CheckItem, nextitem: pytest.Item | None) -> None:
        if _report_what_is_news(item, "setup").passed and not item.config.getoption("setuponly", False):
            # Logged before the exception is reported, as editors expect.
            run_phase(item, "call")
        ends = item.session.shouldfail or item.session.shouldstop
        _report_what_is_news(item, "teardown", nextitem=None if ends else nextitem)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if isinstance(item, CheckItem):
            report.keywords = {MARK: 1}  # else the names of a rule's parents would be part of each of its reports
            if item.evidence is not None and report.when == "call":
                setattr(report, EVIDENCE, item.evidence.to_line())
                item.evidence = None
            elif call.excinfo is not None and isinstance(call.excinfo.value, LlemError):
                setattr(report, ENGINE_TROUBLE, str(call.excinfo.value))
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_report_to_serializable(self) -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
        data = yield
        return messages.packed(data) if data and self._is_worker else data

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_report_from_serializable(self, data: dict[str, Any]) -> Generator[None, Any, Any]:
        messages.unpack(data)
        return (yield)

    # What the controller and its workers exchange besides reports.

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        if self._shelf.certified is not None:
            if self._handover is None:
                self._handover = Handover()
                self._config.add_cleanup(self._handover.close)
            node.workerinput[HANDOVER] = str(self._handover.folder)
        node.workerinput[HEARD] = messages.is_heard(self._config)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self._only_ours = all(map(is_of_corpus, ids))
        self._is_collected = True
        self._trouble = None  # its replacement has come further

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, error: object) -> None:
        if error and not self._is_collected and self._shelf.certified is not None:
            self._trouble = _DIED.format(engine=self._shelf.certified.engine)

    # What the controller writes.

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        certified = self._shelf.certified
        if certified is None or self._is_worker:
            return
        out = self._out(certified)
        try:
            _installed(certified)
            check_readable(certified.path)
            for folder in {out, certified.path.parent} if self._settings.check else {out}:
                check_readable(folder / VALIDATED_NAME)
            if self._settings.check:
                return
            self._journal = Journal(out, certified.engine)
        except LlemError as error:
            pytest.exit(str(error), returncode=REFUSED)
        except OSError as error:
            pytest.exit(
                f"{out}: this folder is not writable: {error.strerror} — name another folder with --llem-out", REFUSED
            )
        self._journal.begin({"corpus": certified.path.name, "sha256": certified.sha256, "engine": certified.engine})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self._is_worker or self._shelf.certified is None:
            return
        line: str | None = getattr(report, EVIDENCE, None)
        if line is not None:
            evidence = Evidence.from_line(line)
            if evidence.corpus == str(self._shelf.certified.path):
                self._evidence.append(evidence)
                self._clock.note(evidence, report.duration)
                if self._journal is not None:
                    self._journal.append(line)
                if self._answers[1] is not None:
                    self._answers[1].note(evidence, getattr(report, "worker_id", ""))
            return
        trouble: str | None = getattr(report, ENGINE_TROUBLE, None)
        if trouble is not None:
            self._trouble = trouble
        elif report.failed and report.when not in ("setup", "call", "teardown") and is_of_corpus(report.nodeid):
            rule = report.nodeid.split("::")[1]
            self._crashed[rule] = "crashed: the worker process died"

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """pytest handles Ctrl-C while tests run; at the end it would delete the files, and the exit status too."""
        if self._only_ours:
            dismiss_hypothesis(self._config)
        certified = self._shelf.certified
        if certified is None or self._is_worker:
            yield
            return
        with held_interrupt() as held:
            self._conclude(certified, session)
            yield
        if held.is_asked_for:
            session.exitstatus = pytest.ExitCode.INTERRUPTED

    def _conclude(self, certified: Volume, session: pytest.Session) -> None:
        if self._answers[1] is not None:
            self._answers[1].close()
        if self._trouble is not None:
            session.exitstatus = REFUSED
        elif self._evidence or self._crashed:
            self._finish(certified, session)
        if self._journal is not None:
            self._journal.close(is_needed=self._trouble is not None)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """A worker has reported everything. Cleaning up a large library would take longer than loading the next one."""
        for bench in self._benches.values():
            bench.close()
        certified = self._shelf.certified
        if certified is not None and self._is_worker and self._bench(certified).is_ready:
            leave()

    def _finish(self, certified: Volume, session: pytest.Session) -> None:
        from pytest_llem_invariants.corpus.files import dump, render_quarantine, render_validated

        out = self._out(certified)
        target = out / VALIDATED_NAME
        quarantine = out / FOLDER / f"{QUARANTINE_PREFIX}{certified.engine}.yaml"
        try:
            with ExitStack() as stack:
                if not self._settings.check:
                    stack.enter_context(turn(out))
                self._folded = folded = self._fold(certified, target)
                text = render_validated(folded.validated) if folded.is_news else None
                if self._settings.check:
                    self._compare(certified.path.parent / VALIDATED_NAME, text, session)
                    return
                if self._digest is not None:
                    self._kept = keep(self._digest, out, self._settings.digests)
                if text is not None:
                    dump(target, text)
                    dump(quarantine, render_quarantine(folded.quarantine))
                    self._written = [target, quarantine]
        except (OSError, LlemError) as error:
            self._trouble = f"the files of this run could not be written: {error}"
            session.exitstatus = REFUSED
            return
        is_refuted = any(rule.id in folded.fresh for rule, _ in folded.quarantine.rules)
        if is_refuted and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _fold(self, certified: Volume, target: Path) -> Folded:
        from pytest_llem_invariants.checker.certifying import file_certification
        from pytest_llem_invariants.engines import get_adapter
        from pytest_llem_invariants.plugin.folding import Run, collected, fold, this_environment
        from pytest_llem_invariants.text.atomic import now

        problems = [] if self._journal is None or self._journal.problem is None else [self._journal.problem]
        previous = None
        try:
            previous = self._previous(target)
        except LlemError as error:
            problems.append(f"the earlier validated file cannot be read and is ignored: {error}")
        adapter = get_adapter(certified.engine, certified.root)
        environment = this_environment(environment_kind(), image_ref(), adapter.versions())
        version = self._evidence[0].version if self._evidence else _installed(certified)
        run = Run(
            corpus=certified.corpus,
            corpus_sha256=certified.sha256,
            evidence=collected(self._evidence),
            crashed=self._crashed,
            version=version,
            environment=environment,
            moment=now(),
        )
        self._digest = digest_of(run, self._clock, certified.ssot.context, str(certified.path))
        folded = fold(run, previous, problems)
        self._digest = replace(self._digest, certification=file_certification(folded.validated))
        return folded

    def _previous(self, target: Path) -> Validated | None:
        """The present validated file; read before the first item, and again only if another run replaced it."""
        from pytest_llem_invariants.corpus.files import parse_validated
        from pytest_llem_invariants.text.yaml_reader import read_text

        text = read_text(target) if target.exists() else ""
        if self._earlier is None or self._earlier[0] != text:
            self._earlier = (text, parse_validated(text, target) if text else None)
        return self._earlier[1]

    def _compare(self, committed: Path, text: str | None, session: pytest.Session) -> None:
        """The difference to the committed file, except for time and place; empty without news."""
        if text is None:
            return
        before = committed.read_text(encoding="utf-8") if committed.exists() else ""
        old, new = (_ENVIRONMENT.sub("", one).splitlines() for one in (before, text))
        self._stale = list(difflib.unified_diff(old, new, str(committed), "what this run gives", lineterm=""))
        if self._stale:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @property
    def reused(self) -> int:
        """How many rules earlier runs answered."""
        return len({one.rule for one in self._evidence if one.reused})

    @property
    def folded(self) -> Folded | None:
        """What the run gave; None before its end, or where it gave nothing."""
        return self._folded

    def _out(self, certified: Volume) -> Path:
        return self._settings.out or certified.path.parent

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._folded is None and self._trouble is None:
            return
        terminalreporter.section("llem invariants")
        if self._trouble is not None:
            terminalreporter.write_line(printable(self._trouble), red=True)
        if self._folded is None:
            return
        is_verbose = self._config.get_verbosity() > 0
        for line in (*wording.summary(self._folded, self._causes(), verbose=is_verbose), *self._stale):
            terminalreporter.write_line(printable(line))
        if self._stale:
            terminalreporter.write_line("the committed validated file differs from this run's", red=True)
        for line in wording.written(self._written):
            terminalreporter.write_line(printable(line))
        terminalreporter.write_line(printable(wording.next_command(self._folded.validated.engine, self._folded)))

    def _causes(self) -> list[str]:
        """What is said of the causes of a red run."""
        if self._digest is None or not self._digest.divergences:
            return []
        from miners.causes.summary import summary

        return summary(self._digest, self._kept)


def _report_what_is_news(item: CheckItem, phase: Literal["setup", "teardown"], **how: Any) -> pytest.TestReport:
    report = run_phase(item, phase, log=False, **how)
    if not report.passed or report.sections:
        item.ihook.pytest_runtest_logreport(report=report)
    return report


def _installed(volume: Volume) -> str:
    """The version of the installed engine, if the corpus can be compared with it."""
    from pytest_llem_invariants.engines.registry import find_ssot
    from pytest_llem_invariants.ssot import check_installed_version

    return check_installed_version(find_ssot(volume.engine, volume.root), PIN_ROLE)


def _unavailable(volume: Volume) -> str | None:
    """Why the items of a corpus that was only named are skipped; None if its engine is installed."""
    try:
        _installed(volume)
    except LlemError as error:
        return str(error)
    return None
