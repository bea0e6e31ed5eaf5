"""The defaults on another machine: a second process with other processors, folders, users and hashes.

A default that differs there is no property of the library, so the schema marks it as computed.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from miners.discovery.defaults import sources_of, tell
from pytest_llem_invariants.errors import MinerError

if TYPE_CHECKING:
    from pytest_llem_invariants.engines.base import EngineAdapter

_MANY: Final = 8
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LLEM_FROZEN_AT", "SOURCE_DATE_EPOCH")
_KEPT_PREFIXES: Final = ("LD_", "DYLD_")
_PATIENCE_S: Final = 300
_LAST_WORDS: Final = 800

Defaults = Mapping[str, Mapping[str, Any]]


def tell_all(adapter: EngineAdapter) -> dict[str, dict[str, list[Any]]]:
    """Native type → field → its default, in the present process."""
    return {
        name: {field: _told(source) for field, source in sources_of(adapter.native_class(name)).items()}
        for name in adapter.native_types()
    }


def _told(source: Any) -> list[Any]:
    told = tell(source)
    return [told.kind, told.what]


class Elsewhere:
    """The second process. It starts before the library is imported here, so both import at the same time."""

    def __init__(self, engine: str, root: Path) -> None:
        self._engine = engine
        self._folder = tempfile.TemporaryDirectory(prefix="llem-elsewhere-")
        place = Path(self._folder.name)
        self._answer = place / "defaults.json"
        self._errors = place / "errors.txt"
        kept = {name: text for name, text in os.environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
        other = {
            "HOME": str(place),
            "TMPDIR": str(place),
            "USER": "elsewhere",
            "LOGNAME": "elsewhere",
            "TZ": "Pacific/Auckland",
            "PYTHONHASHSEED": _other_seed(),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path),
        }
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "miners.discovery.elsewhere", engine, str(root), str(self._answer)],
                cwd=place,
                env=kept | other,
                stdout=errors,
                stderr=errors,
            )

    def defaults(self) -> Defaults:
        """Wait for the other process, and return what it found."""
        try:
            status = self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired as error:
            raise MinerError(f"{self._engine}: the second look at the defaults took over {_PATIENCE_S} s") from error
        if status != 0:
            said = self._errors.read_text(encoding="utf-8", errors="replace")[-_LAST_WORDS:].strip()
            raise MinerError(f"{self._engine}: the second look at the defaults failed with status {status}: {said}")
        return cast("Defaults", json.loads(self._answer.read_text(encoding="utf-8")))

    def close(self) -> None:
        """End the process, whether it has finished or not."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()


def _other_seed() -> str:
    return "4242" if os.environ.get("PYTHONHASHSEED") != "4242" else "2424"


def _other_processors() -> None:
    """Let the usual questions about processors give other answers than here."""
    here = os.cpu_count() or 1
    count = 2 * here + 3 if here < _MANY else 1
    vars(os)["cpu_count"] = lambda: count
    vars(os)["sched_getaffinity"] = lambda _: set(range(count))
    vars(multiprocessing)["cpu_count"] = lambda: count


def main(arguments: list[str]) -> int:
    from pytest_llem_invariants.engines import get_adapter

    engine, root, answer = arguments
    _other_processors()
    adapter = get_adapter(engine, Path(root))
    adapter.import_library()
    Path(answer).write_text(json.dumps(tell_all(adapter)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
