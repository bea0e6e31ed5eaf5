from __future__ import annotations

import pytest

from pytest_llem_invariants.language.values import resolve_class

ALLOWLIST = ("lib.Cache", "lib.config.Model", "lib.other.Model", "Alone")


@pytest.mark.parametrize("typed", [ALLOWLIST, dict.fromkeys(ALLOWLIST), list(ALLOWLIST)], ids=["tuple", "dict", "list"])
@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("lib.Cache", "lib.Cache"),
        ("Cache", "lib.Cache"),
        ("elsewhere.Cache", "lib.Cache"),
        ("lib.other.Model", "lib.other.Model"),
        ("Model", None),
        ("lib.Alone", "Alone"),
        ("int", None),
    ],
)
def test_a_class_is_found_by_its_full_name_or_by_a_last_name_that_no_other_has(
    typed: tuple[str, ...], name: str, full: str | None
) -> None:
    assert [resolve_class(name, typed), resolve_class(name, typed)] == [full, full]


def test_every_allowlist_answers_for_itself_whoever_was_asked_before() -> None:
    for number in range(100):
        assert resolve_class("Config", {f"lib{number}.Config": number}) == f"lib{number}.Config"
        assert resolve_class("Config", {}) is None
        assert resolve_class("Config", ALLOWLIST) is None
