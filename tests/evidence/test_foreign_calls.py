"""What a class does to the process that mines it costs the config with which it does that, and no more."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from miners.build import one_class
from miners.build.mined import Mined
from miners.build.one_class import Examined, examine
from miners.build.report import closing_table
from miners.gate.oracle import Tally
from miners.process import asking, workers
from miners.process.workers import AnswerLimits
from miners.static.findings import StaticResult
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.language.predicates import compile_match, referenced_fields

Mine = Callable[..., Examined]

_GOOD = """
        if size < 1:
            raise ValueError(f"size must be positive, got {size}")
"""
_BAD = {
    "loops for ever": "while odd is True: pass",
    "loops for ever in compiled code": "odd is True and sum(itertools.repeat(1))",
    "loops for ever and says that the config is wrong": "odd is True and no_odd_thing()",
    "leaves": "odd is True and os._exit(0)",
    "crashes": "odd is True and os.kill(os.getpid(), signal.SIGSEGV)",
    "asks for all the memory": "held = []\n        while odd is True: held.append(bytearray(2**26))",
    "waits for somebody": "odd is True and threading.Event().wait()",
}
_HELPERS = """
import itertools, os, signal, sys, threading, time

def no_odd_thing():
    try:
        while True:
            time.time()
    except BaseException as error:
        raise ValueError("no odd thing") from error

"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mine:
    monkeypatch.setattr(one_class, "LIMITS", AnswerLimits(1.0, 40.0))
    monkeypatch.setattr(workers, "_GRACE", 2.0)
    monkeypatch.setattr(asking, "_GRACE", 0.5)
    monkeypatch.syspath_prepend(tmp_path)

    def mined(source: str, name: str = "Thing", base: str | None = None) -> Examined:
        module = f"mined_{abs(hash(source)):x}"
        (tmp_path / f"{module}.py").write_text(f"{_HELPERS}{source}\n")
        return examine(f"{module}:{name}", base=base)

    return mined


@pytest.mark.parametrize("act", _BAD.values(), ids=[name.replace(" ", "_") for name in _BAD])
def test_one_config_is_lost_and_the_rules_of_the_others_are_found(mine: Mine, act: str) -> None:
    found = mine(f"class Thing:\n    def __init__(self, size: int = 1, odd: bool = False):{_GOOD}        {act}\n")
    rules = found.corpus.rules
    assert any(compile_match(rule.match)({"size": 0}, {}) for rule in rules)
    assert not any(compile_match(rule.match)({"size": 1}, {}) for rule in rules)
    assert all("odd" not in referenced_fields(rule.match) for rule in rules)


def test_which_numbers_are_open_files_is_no_rule(mine: Mine) -> None:
    act = "if type(odd) is int: open(odd).read()"
    found = mine(f"class Thing:\n    def __init__(self, size: int = 1, odd: int = None):{_GOOD}        {act}\n")
    rejects = [compile_match(rule.match) for rule in found.corpus.rules]
    assert any(rule({"size": 0}, {}) for rule in rejects)
    assert not any(rule({"odd": number}, {}) for rule in rejects for number in range(64))


@pytest.mark.parametrize("act", ["while True: pass", "os._exit(0)", "os.kill(os.getpid(), signal.SIGSEGV)"])
def test_a_class_that_never_comes_back_is_refused_in_a_sentence(mine: Mine, act: str) -> None:
    began = time.monotonic()
    with pytest.raises(LlemError, match=r"it gives no answer without arguments \((timeout|crashed)"):
        mine(f"class Thing:\n    def __init__(self, size=1):\n        {act}\n")
    assert time.monotonic() - began < 30


def test_nobody_types_for_a_constructor_that_asks(mine: Mine) -> None:
    found = mine(f"class Thing:\n    def __init__(self, size: int = 1):\n        sys.stdin.read(){_GOOD}")
    assert found.corpus.rules


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("sum(itertools.repeat(1))", "timeout"),
        ("os._exit(3)", "status 3"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
        ("raise SystemExit('no')", "SystemExit: no"),
        ("raise OSError('no disk')", "cannot be imported: OSError: no disk"),
        ("import a_package_of_nobody.part", "needs the package 'a_package_of_nobody', which is not installed"),
    ],
)
def test_an_import_that_ends_badly_is_a_sentence(
    mine: Mine, monkeypatch: pytest.MonkeyPatch, act: str, reason: str
) -> None:
    monkeypatch.setattr(one_class, "IMPORT_SECONDS", 1.0)
    with pytest.raises(LlemError, match=reason):
        mine(f"{act}\nclass Thing:\n    pass\n")


def test_a_worker_has_no_descriptor_but_the_null_device() -> None:
    reader, writer = os.pipe()
    try:
        with workers.forked(1) as pool:
            (opened,) = pool.map(_descriptors, [None])
    finally:
        os.close(reader)
        os.close(writer)
    assert set(opened.values()) == {os.devnull}
    assert set(opened) == {0, 1, 2}


def _descriptors(nothing: None) -> dict[int, str]:
    found = {}
    for number in range(512):
        try:
            found[number] = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            continue
    return found


def test_a_worker_that_dies_twice_in_one_task_is_a_sentence() -> None:
    with workers.forked(1) as pool, pytest.raises(LlemError, match="status 5"):
        list(pool.map(os._exit, [5]))


def test_a_worker_that_died_is_replaced_and_its_task_done_again(tmp_path: Path) -> None:
    with workers.forked(2) as pool:
        assert list(pool.map(_dies_once, [tmp_path / "a", tmp_path / "b", tmp_path / "c"])) == ["a", "b", "c"]


def _dies_once(path: Path) -> str:
    if path.name == "b" and not path.exists():
        path.touch()
        os._exit(1)
    return path.name


def test_an_error_of_ours_in_a_worker_is_raised_here() -> None:
    with workers.forked(1) as pool, pytest.raises(RuntimeError, match=r"^ZeroDivisionError"):
        list(pool.map(divmod, [1], [0]))


def test_a_build_says_how_many_configs_had_no_answer(mine: Mine, capsys: pytest.CaptureFixture[str]) -> None:
    found = mine(
        "class Thing:\n    def __init__(self, size: int = 1, odd: bool = False):\n        odd is True and os._exit(7)\n"
    )
    assert any(
        "configs had no answer and decide nothing: crashed: the process left with status 7" in note
        for note in found.notes
    )
    table = closing_table(Mined(found.corpus, (), (), {}, StaticResult(()), tally=Tally(3, 2, {"crashed: x": 4})))
    assert "    4 configs had no answer: crashed: x" in table
