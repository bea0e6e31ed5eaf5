"""What the dormant rules do to a config settles, and in whichever order it is done."""

from __future__ import annotations

from tests.real.settling import complaints_about_settling


def test_normalisations_settle_in_any_order() -> None:
    assert complaints_about_settling("vllm") == ()
