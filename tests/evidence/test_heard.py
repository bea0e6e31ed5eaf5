"""A rule that changes a value in silence tells what the library says of that alone, not what it says anyway."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from miners.build.named_class import adapter_for
from miners.build.pipeline import Crew, build
from miners.process.progress import Progress

CODE = """
import logging

log = logging.getLogger("heardlib")


class Loud:
    def __init__(self, width: int = 1, depth: int = 1):
        log.warning("whatever is given")
        if width > 8 and depth < 99:
            log.warning("too wide")
            width = 8
        self.width, self.depth = width, depth
"""


def test_what_is_said_of_the_other_example_too_is_no_message_of_the_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "heardlib.py").write_text(CODE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    mined = build(adapter_for("heardlib:Loud", steps=()), Crew(Progress(quiet=True), workers=1))
    sys.modules.pop("heardlib", None)
    told = {(rule.message_template, *rule.observed_messages) for rule in mined.corpus.rules}
    assert any("too wide" in texts for texts in told)
    assert not any("whatever is given" in texts for texts in told)
