"""What an editor reads from a pytest run, as the plugin of VS Code's Python extension does, and notes in a file.

It asks an item for its path, its line, its name and its parent, makes an id of its own from the file's whole path and
the rest of the node id, and runs what was clicked by that id. Of several answers for one id the first counts.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

NOTES = "EDITOR_NOTES"


def _note(**said: Any) -> None:
    with open(os.environ[NOTES], "a", encoding="utf-8") as notes:
        notes.write(json.dumps(said) + "\n")


def _id(nodeid: str, path: Path) -> str:
    return "::".join((str(path), *nodeid.split("::")[1:]))


class Editor:
    def __init__(self) -> None:
        self.paths: dict[str, Path] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            assert item.parent is not None
            _note(
                id=_id(item.nodeid, item.path),
                name=item.name,
                line=item.location[1],
                under=str(item.parent.path),
                # Of what has these, an editor takes the name apart at its bracket and the id at ".py".
                is_parametrised=hasattr(item, "callspec"),
                is_in_class=isinstance(item.parent, pytest.Class),
            )

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        self.paths[item.nodeid] = item.path
        return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> Any:
        if report.when == "call" or (report.when == "setup" and report.skipped):
            _note(ran=_id(report.nodeid, self.paths[report.nodeid]), outcome=report.outcome, said=report.longreprtext)
        return (yield)

    def pytest_exception_interact(self, node: pytest.Item, call: pytest.CallInfo[None], report: Any) -> None:
        outcome = "failed" if call.excinfo is not None and call.excinfo.typename == "AssertionError" else "error"
        _note(ran=_id(node.nodeid, node.path), outcome=outcome, said=report.longreprtext)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Editor(), "editor")
