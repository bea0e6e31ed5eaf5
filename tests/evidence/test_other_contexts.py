"""What is known and asked in another context than the default one, and of which facts a class is probed."""

from __future__ import annotations

from typing import Any

import pytest

from miners.build.sources import Sources
from miners.candidates.outcomes import Proven
from miners.gate.gate import Gate
from miners.gate.oracle import Oracle
from miners.gate.setting import Origin, Setting
from pytest_llem_invariants.model import AddedBy, ContextField, Observation
from pytest_llem_invariants.native_types import Step
from tests.evidence.test_challenge import Library
from tests.evidence.test_handwritten import rule
from tests.evidence.test_soundness import FACTS

DECLARED = {
    "platform": ContextField("cpu", ("cpu", "cuda"), assumed=False),
    "device.count": ContextField(8, (1, 8), assumed=False, type="int"),
    "model.arch.heads": ContextField(4, (4, 12), assumed=False, type="int"),
}
DEFAULT = {name: one.default for name, one in DECLARED.items()}


def test_a_rule_on_a_fact_rejects_where_the_world_has_it_and_any_other_everywhere() -> None:
    stands_in: Any = Library()
    setting = Setting(FACTS, Origin("lib", "lib", "2026-01-01"), context=DECLARED)
    gate = Gate(setting, Oracle(stands_in, "lib.Config"))
    many = {"n": {">": "@device.count"}, "platform": {"==": "cuda"}}
    told = [rule("many", AddedBy.STATIC_MINER, many, {"n": 9})]
    gate.adopt(Proven(one) for one in told)
    assert not gate.rejects({"n": 9})
    assert gate.rejects_in({"n": 9}, {**DEFAULT, "platform": "cuda"})
    assert not gate.rejects_in({"n": 8}, {**DEFAULT, "platform": "cuda"})
    assert gate.rejects_in({"n": 8}, {**DEFAULT, "platform": "cuda", "device.count": 1})
    told.append(rule("below", AddedBy.STATIC_MINER, {"n": {"<": 0}}, {"n": -1}))
    gate.adopt(Proven(one) for one in told)
    assert gate.rejects_in({"n": -1}, DEFAULT)
    assert gate.rejects_in({"n": -1}, {**DEFAULT, "platform": "cuda"})


def test_whether_a_config_is_accepted_is_asked_in_its_context() -> None:
    class Reads(Library):
        def raises(self, native_type: str, kwargs: Any, context: Any) -> Any:
            return super().raises(native_type, kwargs, context) if context.get("platform") == "cuda" else None

        def observe(self, native_type: str, kwargs: Any, context: Any) -> Observation:
            raise NotImplementedError

    stands_in: Any = Reads()
    oracle = Oracle(stands_in, "lib.Config", default=DEFAULT)
    assert oracle.accepts({"n": -1})
    assert oracle.accepts({"n": -1}, DEFAULT)
    assert not oracle.accepts({"n": -1}, {**DEFAULT, "platform": "cuda"})


@pytest.mark.parametrize(
    ("read", "declared", "steps", "named"),
    [
        ((), (), (), ()),
        (("platform",), (), (), ()),
        (("platform",), ("model.*",), (), ("platform", "model.arch.heads")),
        ((), ("device.count", "model.arch.*"), (), ("device.count", "model.arch.heads")),
        (("platform", "device.count"), (), (), ("platform", "device.count")),
        (("platform",), (), (Step("create", {}, returns=True),), tuple(DECLARED)),
    ],
)
def test_a_class_is_probed_beside_facts_where_a_typed_one_is_read_or_declared_and_a_front_beside_all(
    read: tuple[str, ...], declared: tuple[str, ...], steps: tuple[Step, ...], named: tuple[str, ...]
) -> None:
    class Entry:
        facts = declared
        build = steps

    class Ssot:
        context = DECLARED

        def native_type(self, name: str) -> Any:
            return Entry()

    class Adapter:
        ssot = Ssot()

    class Read(Sources):  # type: ignore[misc]
        def contexts_read(self, name: str) -> tuple[str, ...]:
            return read

    adapter, reader = (Adapter(), None)
    stands_in: Any = adapter
    assert Read(stands_in, {}, (), {}, (), reader).facts_of("lib.Config") == named  # type: ignore[arg-type]
