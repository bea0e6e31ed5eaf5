"""What is mined does not tell on which machine: other packages, other variables, another number of everything."""

from __future__ import annotations

from tests.real.mining import mine


def test_another_machine_gives_the_same_bytes() -> None:
    run = mine("build", "transformers", "--machine", "other")
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.endswith("rules, the same bytes\n")
