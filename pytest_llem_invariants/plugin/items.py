"""The tree that pytest shows: corpus file, rules, checks of each rule."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, final

import pytest

from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.model import CONTRACTS, Check, Rule
from pytest_llem_invariants.plugin.evidence import CheckResult, Evidence
from pytest_llem_invariants.plugin.wording import broken_contract

if TYPE_CHECKING:
    import pluggy

    from pytest_llem_invariants.plugin.bench import Bench

MARK: Final = "llem"


@final
class CorpusFile(pytest.File):
    """A corpus."""

    bench: Bench
    hooks: pluggy.HookRelay
    """For its items."""
    rules: tuple[Rule, ...]
    lines: dict[str, int]
    checks: tuple[Check, ...]
    certified: bool
    unavailable: str | None
    shown: str | None = None
    """Its path as in reports."""

    def collect(self) -> Iterable[pytest.Collector]:
        for rule in self.rules:
            yield RuleNode.from_parent(self, name=rule.id, rule=rule)


@final
class RuleNode(pytest.Collector):
    """A rule, whose checks share its observations."""

    def __init__(self, *, rule: Rule, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rule = rule

    def collect(self) -> Iterable[pytest.Item]:
        file = self.parent
        assert isinstance(file, CorpusFile)
        line = file.lines.get(self.rule.id, 1) - 1
        for check in file.checks:
            name = f"{self.name}[{check.value}]"
            # As a whole, the id is parsed as the cache does it: `--lf` must find it again.
            nodeid = f"{self.nodeid}::{name}"
            yield CheckItem.from_parent(
                self, name=name, nodeid=nodeid, file=file, rule=self.rule, check=check, line=line
            )


@final
class CheckItem(pytest.Item):
    """One check of one rule."""

    def __init__(self, *, file: CorpusFile, rule: Rule, check: Check, line: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.file = file
        self.rule = rule
        self.check = check
        self._line = line
        self.evidence: Evidence | None = None

    @property
    def ihook(self) -> pluggy.HookRelay:
        return self.file.hooks

    def setup(self) -> None:
        if self.file.unavailable is not None:
            pytest.skip(self.file.unavailable)
        with self._stopping_the_run():
            self.file.bench.prepare()

    @contextmanager
    def _stopping_the_run(self) -> Iterator[None]:
        """A problem with the engine gives no result for any rule, and all checks would fail: report it once."""
        try:
            yield
        except LlemError:
            if self.file.certified:
                self.session.shouldstop = "the engine cannot be used"
            raise

    def runtest(self) -> None:
        with self._stopping_the_run():
            self.evidence = self.file.bench.examine(self.rule, self.check)
        if self.evidence.result is CheckResult.SKIPPED:
            pytest.skip(self.evidence.reason or "nothing could be said")
        if self.evidence.result is CheckResult.BROKEN:
            # Editors and CI distinguish a failure from an error by this name.
            raise AssertionError(broken_contract(self.rule, self.check, self.evidence))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        is_broken = self.evidence is not None and self.evidence.result is CheckResult.BROKEN
        if isinstance(excinfo.value, LlemError) or (is_broken and isinstance(excinfo.value, AssertionError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[os.PathLike[str], int, str]:
        return self.path, self._line, f"{self.rule.id}[{self.check.value}]"

    @cached_property
    def location(self) -> tuple[str, int | None, str]:
        """pytest's form of `reportinfo`; the shown path is computed once per file."""
        if self.file.shown is None:
            self.file.shown = super().location[0]
        return self.file.shown, self._line, f"{self.rule.id}[{self.check.value}]"


def checks_of(soundness: bool) -> tuple[Check, ...]:
    return (*CONTRACTS, Check.PREDICATE_AGREES) if soundness else CONTRACTS
