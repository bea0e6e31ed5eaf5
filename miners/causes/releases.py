"""Since which release a field is gone, and what took over, where the table of releases tells it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, final

from miners.releases.table import FILE, FORMAT

_KIND: Final = "config"


@final
class Releases:
    """The table of an engine's releases; of one without a table nothing is known."""

    def __init__(self, table: Mapping[str, Any] | None) -> None:
        table = table or {}
        self._releases: list[str] = [str(one) for one in table.get("releases", ())]
        self._runs: Mapping[str, Any] = table.get("names", {}).get(_KIND, {})
        self._told = {name: entry for entry in table.get("gone", ()) for name in entry.get("names", ())}

    @classmethod
    def read(cls, folder: Path) -> Releases:
        """The table in the folder of an engine's corpus; a missing or foreign one tells nothing."""
        try:
            table = json.loads((folder / FILE).read_text(encoding="utf-8"))
            return cls(table if isinstance(table, dict) and table.get("format") == FORMAT else None)
        except (OSError, ValueError, AttributeError, TypeError):
            return cls(None)

    def gone_since(self, name: str) -> str | None:
        """The first release without a field that an earlier one had; `name` is `Class.field`."""
        runs = self._runs.get(name)
        if not runs or runs[-1][1] not in self._releases:
            return None
        after = self._releases[self._releases.index(runs[-1][1]) + 1 :]
        return after[0] if after else None

    def is_told(self, name: str) -> bool:
        """Whether the table tells what became of it, be it nothing."""
        return name in self._told

    def instead(self, name: str) -> str | None:
        """What to write now, as the table tells it."""
        use = self._told.get(name, {}).get("use") or ()
        return str(use[0]) if use else None


UNKNOWN: Final = Releases(None)
"""Nothing is known."""
