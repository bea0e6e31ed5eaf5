"""What is mined does not tell on which machine, nor beside which model."""

from __future__ import annotations

import pytest

from pytest_llem_invariants.engines.base import MACHINE, EngineAdapter
from pytest_llem_invariants.replay.observe import Observer
from tests.real.mining import mine

CLASSES = ("vllm.config.SchedulerConfig", "vllm.config.ParallelConfig")


@pytest.mark.parametrize(("machine", "alike"), [("other", "bytes"), ("another", "rules")])
def test_other_packages_and_devices_and_another_model_give_the_same(machine: str, alike: str) -> None:
    classes = [word for name in CLASSES for word in ("--class", name)]
    run = mine("build", "vllm", "--machine", machine, *classes)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.endswith(f"rules, the same {alike}\n")


def test_what_a_command_gives_beside_the_config_is_given_on_one_of_the_machines(adapter: EngineAdapter) -> None:
    observer = Observer(adapter)
    config = {"data_parallel_start_rank": 1, "data_parallel_size_local": 1, "data_parallel_size": 2}
    said = {
        number: [
            log.message
            for log in observer.observe("vllm.EngineArgs", config, context={MACHINE: number}).logs
            if "autoswitch" in log.message
        ]
        for number in range(len(adapter.machines()))
    }
    assert [bool(messages) for messages in said.values()] == [True, False, True]


def test_what_asks_for_a_package_is_taken_where_it_is_there(adapter: EngineAdapter) -> None:
    observer = Observer(adapter)
    config = {"otlp_traces_endpoint": "http://localhost:4317"}
    missing = observer.raises("vllm.EngineArgs", config)
    assert missing is not None
    assert "OpenTelemetry is not available" in missing.message
    assert observer.no_verdict(missing) is None
    assert observer.raises("vllm.EngineArgs", config, {"packages.opentelemetry_sdk": "1.39.0"}) is None
