"""The pytest plugin: a corpus of invariants runs as items against a live engine."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_llem_invariants.plugin import checking, knobs, options


def pytest_addoption(parser: pytest.Parser) -> None:
    knobs.declare(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "llem: a check of a rule of an engine's corpus")
    config.pluginmanager.register(checking, checking.NAME)
    if options.concern(config):
        from pytest_llem_invariants.plugin.taking_part import register

        register(config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep a rule's checks together, however xdist distributes the load."""
    if config.pluginmanager.has_plugin("llem-run") and config.getoption("dist", "no") == "load":
        from pytest_llem_invariants.plugin.private import schedules_as_known
        from pytest_llem_invariants.plugin.scheduling import RuleScheduling

        scheduling = RuleScheduling(config, log)
        return scheduling if schedules_as_known(scheduling) else None
    return None
