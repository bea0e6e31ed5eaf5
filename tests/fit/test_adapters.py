"""Room for adapters: what the manager of them in vLLM holds, asked in `tests/real/vllm/test_fit.py`, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llem_invariants import Checker, World
from pytest_llem_invariants.fit.adapters import adapters
from pytest_llem_invariants.fit.answer import CLOSE, FITS, Device, Question, answer
from pytest_llem_invariants.fit.asked import questions
from pytest_llem_invariants.fit.estimate import GIB
from pytest_llem_invariants.fit.laws import UnknownSizeError
from pytest_llem_invariants.fit.models import Sizes
from pytest_llem_invariants.fit.settings import Settings, settings_of
from pytest_llem_invariants.fit.store import laws_of
from pytest_llem_invariants.fit.telling import as_dict, told

ROOT = Path(__file__).parents[2]
LAWS = str(ROOT / "corpora/vllm/memory.discovered.json")
DECLARED: dict[str, Any] = {
    "fields": {},
    "more": ["draft"],
    "free": {"draft.method": ["lookup"]},
    "adapters": {"given": "lora", "slots": "slots", "rank": "rank", "usual": [1, 16], "unlike": ["lora_dtype"]},
}


def model(name: str, **changes: Any) -> tuple[Any, dict[str, Any]]:
    config = {**json.loads((ROOT / f"tests/worlds/families/{name}.json").read_text(encoding="utf-8")), **changes}
    found = laws_of(LAWS, config)
    assert found is not None
    return found[1], config


@pytest.mark.parametrize(("name", "tensor", "held"), [("llama-3.1-8b", 1, 27_426_816), ("llama-3.1-8b", 2, 24_018_944)])
def test_two_slots_of_rank_16_in_two_layers_take_what_the_library_holds(name: str, tensor: int, held: int) -> None:
    sizes = Sizes(*model(name, num_hidden_layers=2))
    assert adapters(sizes, Settings(tensor=tensor, adapters=(2, 16))) == held


@pytest.mark.parametrize(("name", "held"), [("gemma-2-27b", 19_857_408), ("phi-4", 24_641_536)])
def test_a_library_that_gives_some_layers_none_holds_less(name: str, held: int) -> None:
    """Gemma's vocabulary has none, and of Phi's layers those that are one in the checkpoint, too, have one."""
    assert held <= adapters(Sizes(*model(name, num_hidden_layers=2)), Settings(adapters=(2, 16))) <= 2 * held


@given(st.integers(1, 64), st.sampled_from([8, 16, 64, 256]))
def test_so_many_slots_take_so_many_times_the_room(slots: int, rank: int) -> None:
    sizes = Sizes(*model("llama-3.2-1b"))
    assert adapters(sizes, Settings(adapters=(slots, rank))) == slots * adapters(sizes, Settings(adapters=(1, rank)))


def asked(name: str, settings: Settings) -> Any:
    entry, config = model(name)
    return answer(Question(entry, config, settings, Device(80 * GIB, 8), 0.9, 4096), smallest=False)


def test_room_for_adapters_is_told_and_leaves_less_for_caches() -> None:
    without, found = asked("llama-3.1-8b", Settings()), asked("llama-3.1-8b", Settings(adapters=(4, 64)))
    assert found.verdict == FITS
    assert without.left.least - found.left.least == found.adapters == as_dict(found)["adapters"]["most"]
    assert found.left.most == without.left.most
    assert any(line.startswith("  room for adapters") for line in told(found, "H100"))


def test_adapters_of_experts_are_not_counted_and_said_so() -> None:
    found = asked("mixtral-8x22b", Settings(tensor=8, adapters=(1, 16)))
    assert found.verdict == CLOSE or found.open
    assert found.open == ("adapters of experts",)


def test_drafts_that_are_looked_up_take_nothing_and_others_are_not_counted() -> None:
    assert settings_of({"draft": {"method": "lookup"}}, DECLARED).more == ()
    assert settings_of({"draft": {"method": "model"}}, DECLARED).more == ("draft",)


def test_adapters_are_read_with_what_is_usual() -> None:
    assert settings_of({}, DECLARED).adapters is None
    assert settings_of({"lora": True, "rank": 64}, DECLARED).adapters == (1, 64)
    assert settings_of({"lora": True, "lora_dtype": "float32"}, DECLARED).more == ("lora_dtype",)
    with pytest.raises(UnknownSizeError):
        settings_of({"lora": True, "slots": "many"}, DECLARED)


def test_the_fields_of_adapters_decide_in_a_sweep() -> None:
    checker, world = (
        Checker.load("vllm"),
        World(model=str(ROOT / "tests/worlds/families/llama-3.1-8b.json"), gpu="L4:1"),
    )
    grid = {"max_model_len": [8192], "enable_lora": [True], "max_lora_rank": [8, 320], "max_loras": [8]}
    found = questions(checker, "vllm.EngineArgs", checker.world_of({}, world))
    assert found is not None
    assert {"enable_lora", "max_lora_rank", "max_loras"} <= found[0]
    rooms = [answer(found[1]({name: values[at % len(values)] for name, values in grid.items()})) for at in (0, 1)]
    assert rooms[0].adapters * 40 == rooms[1].adapters
