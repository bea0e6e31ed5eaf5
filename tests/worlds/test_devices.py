"""A GPU by name, by numbers, as its driver tells it, or none."""

from __future__ import annotations

import pytest

from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.worlds.devices import by_name, device_facts, from_driver, table

GIB = 1024**3


def test_a_name_and_a_count_give_capability_memory_and_platform() -> None:
    assert device_facts("H100:8") == {
        "device.platform": "cuda",
        "device.count": 8,
        "device.capability": 9.0,
        "device.memory": 80 * GIB,
        "device.sold_as": "H100",
    }


@pytest.mark.parametrize(
    ("spec", "name", "count"),
    [
        ("L4", "L4", 1),
        ("A100-40GB:1", "A100-40GB", 1),
        ("NVIDIA A100-SXM4-80GB:2", "A100", 2),
        ("rtx 4090:2", "RTX 4090", 2),
        ("NVIDIA GeForce RTX 4090", "RTX 4090", 1),
        ("mi300x:8", "MI300X", 8),
        ("Tesla T4:4", "T4", 4),
    ],
)
def test_a_name_is_found_however_people_and_drivers_spell_it(spec: str, name: str, count: int) -> None:
    facts = device_facts(spec)
    assert (facts["device.sold_as"], facts["device.count"]) == (name, count)
    assert not facts.is_known("device.name"), "a driver calls it otherwise"


def test_numbers_give_a_device_without_a_name() -> None:
    facts = device_facts("9.0:8:80")
    assert facts["device.capability"] == 9.0
    assert facts["device.count"] == 8
    assert facts["device.memory"] == 80 * GIB
    assert not facts.is_known("device.name")


def test_a_machine_without_a_gpu_has_no_capability_and_that_is_known() -> None:
    facts = device_facts("none")
    assert facts["device.platform"] == "cpu"
    assert facts.is_known("device.capability")
    assert not any(map(facts.is_known, ("device.count", "device.memory", "device.name"))), "the library asks processors"
    assert "device.capability" not in facts


@pytest.mark.parametrize("spec", ["", "H100:0", "9.0:0:80", "H100:8:80:x", "H100:-1", "H100:99999999"])
def test_what_is_no_device_is_one_clear_error(spec: str) -> None:
    with pytest.raises(LlemError):
        device_facts(spec)


def test_an_unknown_gpu_names_the_nearest() -> None:
    with pytest.raises(LlemError, match=r"unknown GPU 'H1000' — nearest are .*H100"):
        device_facts("H1000")


def test_the_driver_s_words_are_read() -> None:
    facts = from_driver("NVIDIA L4, 8.9, 23034\nNVIDIA L4, 8.9, 23034\n")
    assert facts == {
        "device.platform": "cuda",
        "device.count": 2,
        "device.capability": 8.9,
        "device.memory": 23034 * 1024**2,
        "device.name": "NVIDIA L4",
    }


def test_of_different_devices_only_what_they_share_is_told() -> None:
    facts = from_driver("NVIDIA L4, 8.9, 23034\nNVIDIA A10G, 8.6, 23028\n")
    assert facts == {"device.platform": "cuda", "device.count": 2}
    assert not facts.is_known("device.capability")


def test_a_driver_without_devices_is_a_machine_without_a_gpu() -> None:
    assert from_driver("") == device_facts("none")


def test_every_device_of_the_table_has_its_source_and_a_name_of_its_own() -> None:
    entries = table()
    assert all(entry["source"].startswith("https://") for entry in entries)
    assert all(entry["memory_gib"] > 0 for entry in entries)
    assert all("capability" in entry for entry in entries if entry["platform"] == "cuda")
    names = [name for entry in entries for name in (entry["name"], *entry.get("also", ()))]
    assert len(by_name()) <= len(names)
    assert {by_name()[plain]["name"] for plain in by_name()} == {entry["name"] for entry in entries}
