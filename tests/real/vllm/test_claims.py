"""What is claimed of many types of models, or of many values, is asked of the library for each: the gate tries few."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_llem_invariants.corpus.files import load_proposed
from pytest_llem_invariants.engines.base import EngineAdapter
from pytest_llem_invariants.engines.tiny_model import model_like
from pytest_llem_invariants.replay.contexts import context_of
from pytest_llem_invariants.replay.observe import Observer
from pytest_llem_invariants.ssot import data_root

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
SERVE = "vllm.EngineArgs"
TYPE = "model.arch.type"


def config_of(model_type: str) -> dict[str, Any]:
    """What transformers makes of a type by itself, for the class that generates text."""
    auto = pytest.importorskip("transformers.models.auto")
    named = auto.modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES[model_type]
    architecture = named if isinstance(named, str) else named[0]
    return {**auto.AutoConfig.for_model(model_type).to_dict(), "architectures": [architecture]}


def test_what_is_claimed_of_types_of_models_is_refused_beside_each_and_taken_without_it(adapter: EngineAdapter) -> None:
    observer, asked, wrong = Observer(adapter), 0, []
    for claim in adapter.ssot.native_types[SERVE].claims:
        types = claim.section("match").data.get(TYPE, {}).get("in", ())
        for model_type in types:
            model = {"model": str(model_like(config_of(model_type)))}
            refused = [observer.raises(SERVE, {**model, **kwargs}) for kwargs in claim.items("examples")]
            asked += 1
            if None in refused or observer.raises(SERVE, model) is not None:
                wrong.append(model_type)
    assert asked >= 20
    assert wrong == []


def test_each_value_of_a_handwritten_list_is_refused(adapter: EngineAdapter) -> None:
    observer, asked, taken = Observer(adapter), 0, []
    rules = load_proposed(data_root() / "corpora" / "vllm" / "invariants.proposed.yaml").rules
    for rule in (one for one in rules if one.native_type == SERVE and one.added_by.is_by_hand):
        context = context_of(rule, adapter.ssot.context)
        lists = {name: one.rhs for name, clauses in rule.match.fields.items() for one in clauses if one.op == "in"}
        for name, value in ((name, value) for name, values in lists.items() if "." not in name for value in values):
            asked += 1
            if observer.raises(SERVE, {**rule.kwargs_positive, name: value}, context) is None:
                taken.append((rule.id, value))
    assert asked >= 40
    assert taken == []
