"""A cell says what the checker says of the two."""

from __future__ import annotations

import pytest

from pytest_llem_invariants.site.library import Edition, read_library
from pytest_llem_invariants.site.matrix import Feature, devices, features, front, on_devices, pairs


@pytest.fixture(scope="module")
def edition() -> Edition:
    return next(engine for engine in read_library().engines if engine.name == "vllm").newest


def test_every_cell_is_what_the_checker_says_of_the_pair(edition: Edition) -> None:
    owner = front(edition.checker)
    assert owner == "vllm.EngineArgs"
    known = features(edition, owner)
    found = pairs(edition, owner, known)
    assert any(cell.state == "error" for cell in found.values())
    for (one, other), cell in found.items():
        verdict = edition.checker.check(owner, {**one.kwargs, **other.kwargs})
        said = {violation.rule_id for violation in (*verdict.violations, *(x.violation for x in verdict.depends))}
        assert cell.rule in said
        assert cell.state != "error" or not verdict.ok


def test_hardware_that_a_feature_needs_is_told(edition: Edition) -> None:
    owner = str(front(edition.checker))
    known = features(edition, owner)
    names = [name for name in devices() if name in ("T4", "H100")]
    found = on_devices(edition, owner, known, names)
    assert found
    assert all(cell.rule for cell in found.values())


def test_a_feature_is_named_as_it_is_written() -> None:
    assert [Feature("a", value).name for value in ("true", "false", '"x"', "2")] == ["a", "no a", "a=x", "a=2"]
