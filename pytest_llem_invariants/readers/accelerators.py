"""Which device a node of a cluster has, by its labels: from a table with sources."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any


@cache
def _table() -> dict[str, Any]:
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "accelerators.json"), encoding="utf-8") as file:
        table: dict[str, Any] = json.load(file)
    return table


def kind_of_node(labels: Mapping[str, str]) -> str | None:
    """The kind of device, as the table of devices names it; None where no label of the table tells one."""
    table = _table()
    for label, told in table["labels"].items():
        if label in labels:
            kind = told["values"].get(labels[label])
            if kind is None and "." in labels[label]:
                family = labels[label].rpartition(".")[0]
                kind = told.get("families", {}).get(family)
            if kind is not None:
                return str(kind)
    return None
