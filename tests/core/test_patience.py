"""A call that takes too long is interrupted, whatever it does meanwhile; so is one that takes too much memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from pytest_llem_invariants.errors import EngineUnavailableError
from pytest_llem_invariants.process.forks import in_child
from pytest_llem_invariants.process.patience import OutOfTime, Patience, at_most

GIB = 1024**3


def for_ever() -> None:
    while True:
        pass


def test_what_does_not_end_is_given_up_in_a_sentence() -> None:
    with pytest.raises(EngineUnavailableError, match=r"the import of lib was stopped: no answer within 0.1 s"):
        given_up(0.1, 64 * GIB)


def test_what_takes_too_much_memory_is_given_up_in_a_sentence() -> None:
    with pytest.raises(EngineUnavailableError, match=r"it took more than 0.0009\d+ GiB of memory"):
        given_up(60, 1024**2)


def given_up(seconds: float, memory: float) -> None:
    with at_most(seconds, memory, "the import of lib"):
        for_ever()


def test_who_held_the_clock_before_holds_it_again() -> None:
    struck: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: struck.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with at_most(60, 64 * GIB, "nothing"):
            pass
        assert not struck
        time.sleep(0.3)
        assert struck == [signal.SIGALRM]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_call_that_catches_the_interruption_is_known_to_have_run_out() -> None:
    patience = Patience(0.1)
    with patience.kept():
        patience.begin()
        try:
            while True:
                pass
        except OutOfTime:
            patience.end()
        assert patience.ran_out
        patience.begin()
        patience.end()
        assert not patience.ran_out


def test_the_time_of_all_calls_is_limited_too() -> None:
    patience = Patience(in_all=time.process_time() + 0.1)
    with patience.kept():
        patience.begin()
        patience.end()
        assert not patience.is_used_up
        ends = time.monotonic() + 60
        while not patience.is_used_up and time.monotonic() < ends:
            pass
    assert patience.is_used_up


def test_a_child_has_no_descriptor_of_ours_under_a_number_that_a_config_may_have() -> None:
    def opened() -> bytes:
        found = {int(name) for name in os.listdir("/proc/self/fd")}
        return repr(sorted(number for number in found if number > 2)).encode()

    reader, writer = os.pipe()
    try:
        data, reason = in_child(opened, 20, GIB)
    finally:
        os.close(reader)
        os.close(writer)
    assert reason is None
    numbers = [number for number in eval(data) if number != 3]  # 3 is what lists the folder
    assert len(numbers) == 1
    assert numbers[0] > 1000


def test_to_look_at_the_clock_imports_nothing_since_an_import_may_be_what_is_timed() -> None:
    code = """if True:
        import signal, sys
        from pytest_llem_invariants.process.patience import Patience
        patience = Patience(60.0, memory=64 * 1024**3)
        patience.begin()
        before = set(sys.modules)
        patience._look(signal.SIGALRM, None)
        print(*sorted(set(sys.modules) - before))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
