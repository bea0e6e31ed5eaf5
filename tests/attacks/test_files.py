"""Files that are broken in any way, given to the command: it ends with 0, 1 or 2, soon, and never with a traceback.

LLEM_MUTATED=1000 tries as many of each kind; LLEM_MUTATED_FROM names a folder whose files are broken as well.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import resource
import time
from pathlib import Path
from typing import Final

import pytest

from pytest_llem_invariants.cli import main
from tests.attacks.test_readers import SEEDS, mutated, seeds_of

NUMBER: Final = int(os.environ.get("LLEM_MUTATED", "8"))
_KINDS: Final = (*SEEDS, "a.json")
_MAPPING: Final = '{"model": "m", "max_model_len": 4096, "quantization_config": {"load_in_4bit": true}}'
_SECONDS: Final = 2.0
_MEGABYTES: Final = 500
_WAYS: Final = (["--format", "json"], [], ["--fix", "--diff"], ["--gpu", "H100:2", "--format", "github"])
"""`--fix --diff` also writes what it would fix, and compares it."""


@pytest.mark.parametrize("kind", _KINDS)
def test_a_mutated_file_ends_with_a_status(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LLEM_TRACEBACK", "1")
    chance = random.Random(f"{kind} {NUMBER}")
    seeds = seeds_of(kind) if kind in SEEDS else [_MAPPING]
    Path(kind).write_text(seeds[0])
    _ended(["check", kind])  # loads the rules, which is not to be timed
    for number in range(NUMBER):
        text = mutated(chance.choice(seeds), chance)
        Path(kind).write_bytes(text.encode("utf-8", "surrogatepass"))
        begun = time.process_time()
        status = _ended(["check", *_WAYS[number % len(_WAYS)], kind])
        took = time.process_time() - begun
        assert status in (0, 1, 2), text
        assert took < _SECONDS, text
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < (_MEGABYTES + _BEFORE) * 1024


_BEFORE: Final = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
"""What the process of the tests had before."""


def _ended(words: list[str]) -> object:
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            return main(words)
    except SystemExit as end:
        return end.code
