"""What a registry asks in a new interpreter is asked in a copy of this process, and comes back as from there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import ModuleType
from typing import Any

import pytest

from pytest_llem_invariants.engines.inspection import inspect_in_copies, inspecting_here


@pytest.fixture
def registry() -> Any:
    def refuse(look: Callable[[], Any]) -> Any:
        raise AssertionError("a new interpreter was started")

    registry: Any = ModuleType("registry")
    registry._run_in_subprocess = refuse
    inspect_in_copies(registry, nullcontext)
    return registry


def test_the_answer_comes_from_another_process(registry: Any) -> None:
    assert registry._run_in_subprocess(os.getpid) != os.getpid()


def test_what_a_look_changes_or_says_stays_in_the_copy(registry: Any, capfd: pytest.CaptureFixture[str]) -> None:
    seen: list[int] = []

    def look() -> int:
        os.write(1, b"said\n")
        seen.append(1)
        return len(seen)

    assert [registry._run_in_subprocess(look), registry._run_in_subprocess(look)] == [1, 1]
    assert seen == []
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("ends", [lambda: 1 // 0, lambda: os._exit(3), lambda: lambda: None])
def test_what_raises_ends_or_cannot_be_sent_is_the_error_that_the_registry_expects(
    registry: Any, ends: Callable[[], Any]
) -> None:
    with pytest.raises(RuntimeError, match="Error raised in subprocess"):
        registry._run_in_subprocess(ends)


def test_a_look_finds_the_world_as_it_was_imported() -> None:
    world = {"platform": "elsewhere"}

    @contextmanager
    def as_imported() -> Iterator[None]:
        world["platform"] = "here"
        yield

    registry: Any = ModuleType("registry")
    registry._run_in_subprocess = print
    inspect_in_copies(registry, as_imported)
    assert registry._run_in_subprocess(lambda: world["platform"]) == "here"
    assert world == {"platform": "elsewhere"}


def test_a_registry_that_starts_no_interpreter_is_left_alone() -> None:
    registry = ModuleType("registry")
    inspect_in_copies(registry, nullcontext)
    assert not hasattr(registry, "_run_in_subprocess")


def test_for_a_block_it_is_asked_here(registry: Any) -> None:
    with inspecting_here(registry):
        assert registry._run_in_subprocess(os.getpid) == os.getpid()
    assert registry._run_in_subprocess(os.getpid) != os.getpid()
