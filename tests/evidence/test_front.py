"""A class that only collects what others validate is proven in parts by all workers, behind those that it builds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from miners.build.mined import Mined
from miners.build.named_class import adapter_for
from miners.build.pipeline import Crew, build
from miners.process.progress import Progress
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.native_types import Step

CODE = """
from dataclasses import dataclass

@dataclass
class Inner:
    size: int = 1
    mode: str = "fast"

    def __post_init__(self):
        if self.size < 1:
            raise ValueError(f"size must be positive, not {self.size}")
        if self.mode not in ("fast", "safe"):
            raise ValueError(f"unknown mode: {self.mode!r}")

@dataclass
class Front:
    inner_size: int = 1
    mode: str = "fast"
    streams: int = 2

    def create(self):
        if self.streams > 4 and self.mode == "safe":
            raise ValueError("safe mode serves at most 4 streams")
        return Inner(size=self.inner_size, mode=self.mode)
"""


@pytest.fixture
def adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineAdapter]:
    (tmp_path / "frontlib.py").write_text(CODE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    inner, front = (adapter_for(f"frontlib:{name}", steps=()) for name in ("Inner", "Front"))
    (entry,) = front.ssot.native_types.values()
    both = {**inner.ssot.native_types, entry.name: replace(entry, build=(Step("create", {}, returns=True),))}
    yield type(front)(replace(front.ssot, native_types=both))
    sys.modules.pop("frontlib", None)


def told(mined: Mined) -> list[tuple[str, str, object]]:
    return [(rule.native_type, rule.invariant_under_test, rule.kwargs_positive) for rule in mined.corpus.rules]


def test_a_front_is_proven_in_parts_with_what_holds_behind_it(adapter: EngineAdapter) -> None:
    found = [build(adapter, Crew(Progress(quiet=True), workers=number)) for number in (1, 2)]
    assert told(found[0]) == told(found[1])
    rules = [rule for rule in found[0].corpus.rules if rule.native_type == "frontlib.Front"]
    assert {frozenset(rule.match.fields) for rule in rules} >= {
        frozenset({"inner_size"}),
        frozenset({"mode"}),
        frozenset({"streams", "mode"}),
    }
