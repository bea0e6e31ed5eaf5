"""What the checker gets to see of what was found."""

from __future__ import annotations

import pytest

from pytest_llem_invariants.readers.told import data_of, words_of
from tests.readers.conftest import Look


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("vllm serve m --a 1", "vllm serve m --a 1"),
        ("vllm serve m --a $X --b", "vllm serve m --a $_ --b"),
        ("vllm serve m --a=$X", "vllm serve m --a=$_"),
        ("vllm serve m $X --a", "vllm serve m $@ --a"),
        ('vllm serve m "$@"', "vllm serve m $@"),
        ("if x; then A=(--a 1 --b); fi\nvllm serve m ${A[@]}", "vllm serve m --a=$_ $@"),
        ("if x; then A=1; else A=2; fi\nvllm serve m --a $A", "vllm serve m --a $_"),
        ("vllm serve m --a <number> --b=<name>", "vllm serve m --a $_ --b=$_"),
    ],
)
def test_words(look: Look, script: str, told: str) -> None:
    (found,) = look("run.sh", script)
    assert " ".join(words_of(found)) == told


def test_a_value_to_be_filled_in_is_not_known(look: Look) -> None:
    (found,) = look("a.py", "from vllm import LLM\nLLM('<model>', seed=1, tp=n, **more)\n")
    assert data_of(found) == {"$@": "$_", "model": "$_", "seed": 1, "tp": "$_"}
