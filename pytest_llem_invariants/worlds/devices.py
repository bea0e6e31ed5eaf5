"""The facts of a device: a name of the table with a count, or its capability, count and memory in numbers."""

from __future__ import annotations

import json
import os
import re

from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.worlds.facts import Facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_SPEC = re.compile(r"(?P<name>[^:]{1,60})(?::(?P<count>[0-9]{1,5}))?")
_NUMBERS = re.compile(r"(?P<major>[0-9]{1,2})\.(?P<minor>[0-9]):(?P<count>[0-9]{1,5}):(?P<memory>[0-9]{1,5})")
_GIB = 1024**3


def device_facts(spec: str) -> Facts:
    """The facts behind `H100:8`, `9.0:8:80` (capability, count, GiB), `none` or `this`."""
    asked = spec.strip()
    if asked == "none":
        return _NO_DEVICE
    if asked == "this":
        return this_machine()
    numbers = _NUMBERS.fullmatch(asked)
    if numbers is not None:
        capability = float(f"{numbers['major']}.{numbers['minor']}")
        return _facts("cuda", capability, _count(numbers["count"], spec), int(numbers["memory"]) * _GIB, None)
    named = _SPEC.fullmatch(asked)
    if named is None:
        raise LlemError(f"{spec!r} is not a GPU — write NAME, NAME:COUNT, CAPABILITY:COUNT:GIB, none or this")
    entry = _entry(named["name"])
    count = 1 if named["count"] is None else _count(named["count"], spec)
    return _of(entry, count)


def facts_in(name: str | None, count: int | None) -> dict[str, Any]:
    """What a file tells of the devices: their kind where the table has it, their count, or nothing."""
    facts: dict[str, Any] = {}
    entry = None if name is None else by_name().get(_plain(name))
    if entry is not None:
        facts = dict(_of(entry, 1))
        del facts["device.count"]
    if count is not None and count > 0:
        facts["device.count"] = count
    return facts


def _count(text: str, spec: str) -> int:
    count = int(text)
    if count < 1:
        raise LlemError(f"{spec!r} asks for no device — write a count of 1 or more, or `none`")
    return count


def _of(entry: Mapping[str, Any], count: int) -> Facts:
    """What the table says. Under which name a driver knows the device it does not say: a rule over that stays open."""
    memory = entry.get("memory_gib")
    bytes_ = None if memory is None else int(memory * _GIB)
    known = _facts(entry["platform"], entry.get("capability"), count, bytes_, None)
    return known.with_more(Facts({"device.sold_as": entry["name"]}))


_NO_DEVICE = Facts({"device.platform": "cpu"}, ("device.capability",))
"""A processor has no capability; of how many it counts as, and what of the memory is its own, a machine decides."""


def _facts(platform: str, capability: float | None, count: int, memory: int | None, name: str | None) -> Facts:
    """What is given of one device or several alike."""
    given: dict[str, Any] = {"device.platform": platform, "device.count": count}
    for fact, value in (("capability", capability), ("memory", memory), ("name", name)):
        if value is not None:
            given[f"device.{fact}"] = value
    return Facts(given)


def _entry(name: str) -> Mapping[str, Any]:
    found = by_name().get(_plain(name))
    if found is None:
        raise LlemError(f"unknown GPU {name!r}{_guess(name)}")
    return found


def _guess(name: str) -> str:
    from difflib import get_close_matches

    names = {_plain(entry["name"]): entry["name"] for entry in table()}
    close = get_close_matches(_plain(name), names, n=3, cutoff=0.5)
    if close:
        return f" — nearest are {', '.join(names[one] for one in close)}; or write CAPABILITY:COUNT:GIB"
    return " — write CAPABILITY:COUNT:GIB, such as 9.0:8:80"


def _plain(name: str) -> str:
    """A name without what people and drivers spell differently."""
    return re.sub(r"[^a-z0-9]|nvidia|geforce|amd|instinct|tesla|graphics|intel", "", name.lower())


def by_name() -> Mapping[str, Mapping[str, Any]]:
    """Plain name, or one of the other names of a device → its entry."""
    return {_plain(name): entry for entry in table() for name in (entry["name"], *entry.get("also", ()))}


def table() -> list[dict[str, Any]]:
    """The table of devices, each with the source of its figures."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "devices.json"), encoding="utf-8") as file:
        devices: list[dict[str, Any]] = json.load(file)["devices"]
    return devices


# This machine

_ASK = ("nvidia-smi", "--query-gpu=name,compute_cap,memory.total", "--format=csv,noheader,nounits")


def this_machine() -> Facts:
    """The facts of the devices of this machine, as its driver tells them; none where there is no driver to ask."""
    import subprocess  # costs a check its start, and few ask for this machine

    try:
        asked = subprocess.run(_ASK, capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        return _NO_DEVICE
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LlemError(f"the GPUs of this machine cannot be listed: {error} — give --gpu NAME:COUNT") from error
    return from_driver(asked.stdout) if asked.returncode == 0 else _NO_DEVICE


def from_driver(said: str) -> Facts:
    """What `nvidia-smi` said, a line a device. Different devices have no common fact but the platform and the count."""
    rows = [[part.strip() for part in line.split(",")] for line in said.splitlines() if line.strip()]
    if not rows:
        return _NO_DEVICE
    first = rows[0]
    if len(first) != 3 or any(row != first for row in rows):
        return _facts("cuda", None, len(rows), None, None)
    name, capability, memory = first
    return _facts("cuda", _number(capability), len(rows), _mebibytes(memory), name)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _mebibytes(text: str) -> int | None:
    return int(text) * 1024**2 if text.isdecimal() else None
