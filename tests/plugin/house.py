"""A small library with rules of every kind, as an engine of its own, in the folder of a test."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants.corpus.files import SCHEMA_VERSION, render_proposed
from pytest_llem_invariants.model import (
    AddedBy,
    Channel,
    Clause,
    Corpus,
    ExpectedOutcome,
    Match,
    MinerSource,
    Outcome,
    Rule,
    Severity,
)

ROOT = Path(__file__).parents[2]
"""A run in a process of its own is one of the code beside these tests, whatever else is installed."""

LIBRARY = """
import ctypes, logging, os, random, signal, sys, threading, time, warnings
logger = logging.getLogger("fakelib")

class Config:
    def __init__(self, size=1, top=1, mode="fast", act=None, old=None):
        self.size, self.top, self.mode, self.act, self.old = size, top, mode, act, old
        if act is not None:
            getattr(self, "do_" + act)()
        if size < 0:
            raise ValueError(f"size must not be negative, got {size}")
        if size > top * 100:
            raise ValueError(f"size must be at most a hundred times top={top}, got {size}")
        if mode not in ("fast", "exact"):
            raise ValueError(f"mode must be fast or exact, got {mode!r}")
        if mode == "exact" and size == 0:
            self.size = 1
        if old is not None:
            warnings.warn(f"old is deprecated, got {old}", FutureWarning)
        if top > 9:
            logger.warning("top=%s is slow", top)

    def do_segfault(self): ctypes.string_at(0)
    def do_kill(self): os.kill(os.getpid(), signal.SIGKILL)
    def do_hang(self): threading.Event().wait(60)
    def do_exit(self): os._exit(3)
    def do_sys_exit(self): sys.exit(7)
    def do_recurse(self): self.do_recurse()
    def do_eat(self):
        hoard = []
        while True: hoard.append(bytes(1 << 30))
    def do_flood(self):
        for _ in range(100): sys.stdout.write("x" * (1 << 20))
        for _ in range(100): os.write(1, b"y" * (1 << 20))
    def do_pollute(self):
        os.environ["FAKELIB_SEEN"] = "1"; os.environ.pop("HOME", None)
        sys.path.insert(0, "/nowhere"); os.chdir("/"); random.seed(1)
        warnings.simplefilter("ignore"); warnings.showwarning = lambda *a, **k: None
        logging.getLogger("fakelib").setLevel(logging.CRITICAL); sys.stdout = None
    def do_clean(self):
        assert "FAKELIB_SEEN" not in os.environ and "HOME" in os.environ, "environment"
        assert "/nowhere" not in sys.path and os.getcwd() != "/", "path"
        assert logger.level != logging.CRITICAL, "level"
    def do_thread(self): threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
    def do_shout(self): raise ValueError("size must not be negative, got \\x00\\x1b[31m\\ud800" + "z" * (1 << 20))
"""

SSOT = """
engine: fake
library: fakelib
version: "1.0"
image: example.invalid/fakelib:1.0
miner_pins: {static: ">=1,<2", dynamic: ">=1,<2", discovery: ">=1,<2", invariants: ">=1,<2", schemas: ">=1,<2"}
native_types:
  fakelib.Config:
    class: fakelib:Config
    namespace: fake
landmarks: ["fakelib:Config"]
loggers: [fakelib]
"""


def rule(
    name: str,
    fields: dict[str, dict[str, Any]],
    positive: dict[str, Any],
    negative: dict[str, Any],
    template: str | None,
    *,
    severity: Severity = Severity.ERROR,
    outcome: Outcome = Outcome.ERROR,
    channel: Channel = Channel.RUNTIME_EXCEPTION,
    normalised: Sequence[str] = (),
) -> Rule:
    return Rule(
        id=name,
        engine="fake",
        library="fakelib",
        invariant_under_test=f"Config and its {name}",
        severity=severity,
        native_type="fakelib.Config",
        miner_source=MinerSource("fakelib.py", "__init__", 10),
        match=Match(
            "fake",
            {subject: tuple(Clause(op, rhs) for op, rhs in clauses.items()) for subject, clauses in fields.items()},
        ),
        kwargs_positive=positive,
        kwargs_negative=negative,
        expected_outcome=ExpectedOutcome(outcome, channel, tuple(normalised)),
        message_template=template,
        references=("fakelib.py:10",),
        added_by=AddedBy.MANUAL_SEED,
        added_at="2026-01-01",
        walker_notes="Made for a test.",
    )


NEGATIVE = rule("negative_size", {"size": {"<": 0}}, {"size": -1}, {"size": 0}, "size must not be negative, got {size}")
TALL = rule(
    "too_tall",
    {"size": {">": "@top * 100"}},
    {"size": 201, "top": 2},
    {"size": 200, "top": 2},
    "size must be at most a hundred times top={top}, got {size}",
)
MODE = rule(
    "unknown_mode",
    {"mode": {"not_in": ["fast", "exact"]}},
    {"mode": "slow"},
    {"mode": "fast"},
    "mode must be fast or exact, got {mode}",
)
OLD = rule(
    "old_is_deprecated",
    {"old": {"present": True}},
    {"old": 1},
    {},
    "old is deprecated, got {old}",
    severity=Severity.WARN,
    outcome=Outcome.WARN,
    channel=Channel.WARNINGS_WARN,
)
SLOW = rule(
    "top_is_slow",
    {"top": {">": 9}},
    {"top": 10},
    {"top": 9},
    "top={top} is slow",
    severity=Severity.WARN,
    outcome=Outcome.WARN,
    channel=Channel.LOGGER_WARNING,
)
LIFTED = rule(
    "zero_is_lifted",
    {"size": {"==": 0}, "mode": {"==": "exact"}},
    {"size": 0, "mode": "exact"},
    {"size": 0, "mode": "fast"},
    None,
    severity=Severity.DORMANT,
    outcome=Outcome.DORMANT_SILENT,
    channel=Channel.NONE,
    normalised=["size"],
)
GOOD = (NEGATIVE, TALL, MODE, OLD, SLOW, LIFTED)
WRONG = rule("zero_size", {"size": {"==": 0}}, {"size": 0}, {"size": 1}, "size must not be zero at all")


def acting(what: str) -> Rule:
    """A rule whose examples do something to the process before they are judged."""
    return rule(
        f"acts_{what}",
        {"size": {"<": 0}, "act": {"==": what}},
        {"size": -1, "act": what},
        {"size": 0, "act": what},
        "size must not be negative, got {size}",
    )


class House:
    """A project with an engine and a corpus, and pytest runs in it."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pytester = pytester
        self.path = pytester.path
        library = self.path / "site"
        info = library / "fakelib-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fakelib\nVersion: 1.0\n")
        (library / "fakelib.py").write_text(LIBRARY)
        (self.path / "engine_versions").mkdir()
        (self.path / "engine_versions" / "fake.yaml").write_text(SSOT)
        self.corpus = self.path / "corpora" / "fake" / "invariants.proposed.yaml"
        self.corpus.parent.mkdir(parents=True)
        (self.path / "pytest.ini").write_text("[pytest]\n")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(library), str(ROOT))))
        monkeypatch.setenv("LLEM_FROZEN_AT", "2026-01-02T03:04:05Z")
        monkeypatch.setenv("LLEM_ENVIRONMENT_KIND", "host")
        monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
        self.hold(GOOD)

    @property
    def validated(self) -> Path:
        return self.corpus.parent / "invariants.validated.yaml"

    @property
    def quarantine(self) -> Path:
        return self.corpus.parent / "_staging" / "_failed_validation_fake.yaml"

    @property
    def journal(self) -> Path:
        return self.corpus.parent / "_staging" / "_journal_fake.jsonl"

    def hold(self, rules: Iterable[Rule]) -> None:
        corpus = Corpus(SCHEMA_VERSION, "fake", "1.0", "2026-01-01T00:00:00Z", tuple(rules))
        self.corpus.write_text(render_proposed(corpus), encoding="utf-8")

    def run(self, *arguments: str, timeout: float = 60) -> pytest.RunResult:
        return self.pytester.runpytest_subprocess("--llem-engine=fake", *arguments, timeout=timeout)
