"""All private names of pytest and xdist that we use, each with a fallback.

Tried with pytest 8.4 and 9.2, xdist 3.6 and 3.8. With a version that moved a name, a run takes longer but has the same
result.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final, Literal

import pytest

_call_and_report: Callable[..., pytest.TestReport] | None
try:
    from _pytest.runner import call_and_report as _call_and_report
except ImportError:  # no version does so yet
    _call_and_report = None

_OF_SCHEDULING: Final = ("_send_tests", "remove_node", "node2pending", "pending", "collection")


def runs_phases() -> bool:
    """Whether single phases of an item can run; else pytest runs all of them, which takes longer."""
    return _call_and_report is not None


def run_phase(item: pytest.Item, phase: Literal["setup", "call", "teardown"], **how: Any) -> pytest.TestReport:
    """Run one phase of an item, and report it."""
    assert _call_and_report is not None
    return _call_and_report(item, phase, **how)


def assertion_rewriters() -> list[Any]:
    """The import hooks that examine modules for asserts; without one, imports only take longer."""
    return [finder for finder in sys.meta_path if type(finder).__module__.startswith("_pytest.assertion")]


def schedules_as_known(scheduling: Any) -> bool:
    """Whether xdist's load scheduling has the parts that ours overrides; else the checks of a rule may part."""
    return all(hasattr(scheduling, name) for name in _OF_SCHEDULING)
