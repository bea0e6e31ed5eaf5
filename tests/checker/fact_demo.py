"""The demo engine with facts: rules over a model and a device, and the table of what is read from a model's files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_llem_invariants.corpus.files import render_proposed, render_validated
from pytest_llem_invariants.model import ContextField, Corpus, Reading
from tests.checker.demo import RULES, SERVE, SSOT, corpus_of, evidence, rule

HEADS = "model.arch.heads"
LENGTH = "model.arch.length"
FACTS = {
    "platform": ContextField("cpu", ("cpu", "cuda"), assumed=False),
    "device.capability": ContextField(9.0, (7.5, 9.0), assumed=False, type="float"),
    HEADS: ContextField(4, (4, 12), assumed=False, type="int", reading=Reading(keys=("num_attention_heads",))),
    LENGTH: ContextField(
        2048,
        (2048, 8192),
        assumed=False,
        type="int",
        reading=Reading(
            keys=("max_position_embeddings",),
            unless=("rope_scaling",),
            lowered_by=("model.tokenizer.model_max_length",),
        ),
    ),
    "env.DEMO_SAFE": ContextField(0, (0, 1)),
    "model.files.params": ContextField(
        False, (False, True), assumed=False, type="bool", reading=Reading(file="params.json")
    ),
}
MODELS: dict[str, Any] = {
    "schema_version": "1.0.0",
    "engine": "demo",
    "engine_version": "2.0",
    "facts": {HEADS: {"keys": ["num_attention_heads"]}},
    "model_types": {"llama": {HEADS: 32, LENGTH: 2048}, "gpt2": {HEADS: {"keys": ["n_head"], "default": 12}}},
}
OF_FACTS = (
    replace(rule("uneven", {f"{HEADS} % tensor_parallel_size": {"!=": 0}}, native_type=SERVE), world={HEADS: 32}),
    rule("old", {"swap": {"==": 5}, "device.capability": {"<": 8.0}}, native_type=SERVE),
    rule("unsafe", {"offload": {"==": 8}, "env.DEMO_SAFE": {"==": 1}}, native_type=SERVE),
    rule("too_long", {"max_len": {">": f"@{LENGTH}"}}, native_type=SERVE),
    rule("foreign", {"offload": {"==": 7}, "model.files.params": {"==": False}}, native_type=SERVE),
)


def facts_corpus() -> Corpus:
    return replace(corpus_of((*RULES, *OF_FACTS)), context=FACTS)


def install_facts(project: Path) -> Path:
    """Put them into the folder that holds the demo engine."""
    folder = project / "corpora" / "demo"
    corpus = facts_corpus()
    (folder / "invariants.proposed.yaml").write_text(render_proposed(corpus))
    (folder / "invariants.validated.yaml").write_text(render_validated(evidence(corpus)))
    (folder / "models.discovered.json").write_text(json.dumps(MODELS))
    changed = "changed_by: {model.: [revision], model.arch.: [overrides]}, unchanged_at: {revision: [main]}"
    changed += ", laid_over: overrides"
    own = f"  model: {{field: model, {changed}}}\n  forms:\n"
    (project / "engine_versions" / "demo.yaml").write_text(
        SSOT.replace("  forms:\n", own, 1).replace("default: cpu,", "default: cpu, assumed: false,")
    )
    return project


def model(folder: Path, **config: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", **config}))
    return folder
