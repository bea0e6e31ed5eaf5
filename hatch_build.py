"""Put the compiled form of every corpus into the wheel: it is made of the corpora, so git does not hold it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TOLD = "LLEM_UNCERTIFIED"
"""The variable that has a corpus shipped whatever stands behind it, as `uncertified` in pyproject.toml does by name."""


class CompiledCorpora(BuildHookInterface):  # type: ignore[misc]
    """An editable install needs none: a checkout's are made into the user's cache when they are first asked for."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from pytest_llem_invariants.checker.certifying import CERTIFIED
        from pytest_llem_invariants.checker.compiled import compile_folder
        from pytest_llem_invariants.checker.layout import COMPILED, parse
        from pytest_llem_invariants.checker.store import engines, folders, ssot_path
        from pytest_llem_invariants.ssot import read_ssot

        told = None if os.environ.get(TOLD) else set(self.config.get("uncertified", ()))
        uncertified = []
        self._made = Path(tempfile.mkdtemp(prefix="llem-compiled-"))
        for engine in engines(self.root):
            ssot = read_ssot(Path(ssot_path(self.root, engine)))
            for folder in map(Path, folders(self.root, engine)):
                relative = folder.relative_to(self.root) / COMPILED
                made = self._made / relative
                made.parent.mkdir(parents=True)
                text = compile_folder(folder, ssot)
                made.write_text(text, encoding="utf-8")
                place = folder.relative_to(Path(self.root) / "corpora").as_posix()
                compiled = parse(text.encode(), made)
                if (
                    told is not None
                    and place not in told
                    and not (compiled and compiled.head["certification"] in CERTIFIED)
                ):
                    uncertified.append(place)
                build_data["force_include"][str(made)] = f"pytest_llem_invariants/_data/{relative.as_posix()}"

        if uncertified:
            shutil.rmtree(self._made)
            raise SystemExit(
                f"not certified: corpora/{', corpora/'.join(uncertified)} — `llem-mine certify ENGINE` says what is "
                f"missing; {TOLD}=1 builds all the same, for replaying in tox or a container"
            )

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            shutil.rmtree(self._made)
