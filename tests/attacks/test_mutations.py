"""Whatever is written, every command answers: 0, 1 or 2, no traceback, within two seconds and 500 MB.

`LLEM_ATTACKS=100000 pytest tests/attacks/test_mutations.py` attacks longer than CI does; `LLEM_ATTACKS_FROM=N` begins
with attack N, which is the number that a failure names.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.attacks.targets import MOST_MEMORY, Range, peak_memory

ATTACKS = int(os.environ.get("LLEM_ATTACKS", "10000"))
FIRST = int(os.environ.get("LLEM_ATTACKS_FROM", "0"))
_PARTS = 10


@pytest.mark.parametrize("part", range(_PARTS))
def test_no_damage_brings_a_command_down(demo: Range, part: int) -> None:
    size = -(-ATTACKS // _PARTS)
    wrong = []
    for number in range(FIRST + part * size, FIRST + min((part + 1) * size, ATTACKS)):
        what, outcome = demo.attack(number)
        complaint = outcome.wrong()
        if complaint is not None:
            wrong.append(f"attack {number}: {complaint}\n  {what}")
    assert not wrong, f"{len(wrong)} attacks:\n" + "\n".join(wrong[:5])


def test_the_same_number_is_the_same_attack(demo: Range) -> None:
    for number in range(40):
        assert demo.attack(number)[0] == demo.attack(number)[0]


@pytest.mark.parametrize("number", range(5, 75, 10))
def test_a_process_of_its_own_ends_as_well(demo: Range, number: int) -> None:
    """A sample, each in a fresh process that is told of its memory."""
    words = demo.command_of(number)
    script = (
        "import resource, sys\n"
        "from pytest_llem_invariants.cli import main\n"
        "try:\n    status = main(sys.argv[1:])\n"
        "except SystemExit as leaving:\n    status = leaving.code\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
        "sys.exit(status)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode in (0, 1, 2)
    *said, peak = ended.stderr.splitlines()
    assert "Traceback" not in ended.stderr
    assert len(said) <= 1
    assert int(peak) * 1024 < MOST_MEMORY


def test_all_that_took_no_more_memory_than_allowed(demo: Range) -> None:
    """Of this process, which has met all of the attacks above."""
    started = peak_memory()
    for number in range(200):
        demo.attack(number)
    assert peak_memory() - started < MOST_MEMORY
