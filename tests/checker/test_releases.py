"""What the checker says of names that a version does not have, each judged from the sources of the releases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from pytest_llem_invariants import Checker, World
from pytest_llem_invariants.checker.releases import Releases, Said, load_releases
from pytest_llem_invariants.ssot import load_ssot

CORPORA = Path(__file__).parents[2] / "corpora"
TARGETS = ("0.33.0", "0.19.1", "0.11.0")
HERE, OLDER = "0.8.0", "0.8.0 or earlier"

# name, first and last release before it went, and what the newest version, and others where it differs, are told.
OPTIONS: list[tuple[str, str, str, dict[str, str]]] = [
    ("--swap-space", HERE, "0.18.0", {"0.33.0": "leave it out: nothing", "0.19.1": "nothing changes"}),
    ("--disable-frontend-multiprocessing", HERE, "0.19.0", {"0.33.0": "leave it out: nothing changes"}),
    ("--task", HERE, "0.13.0", {"0.33.0": "use --runner", "0.19.1": "use --runner"}),
    ("--num-scheduler-steps", HERE, "0.10.1", {"0.33.0": "nothing takes its place", "0.11.0": "nothing takes"}),
    ("--multi-step-stream-outputs", HERE, "0.10.1", {"0.11.0": "leave it out"}),
    ("--use-v2-block-manager", HERE, "0.10.0", {"0.33.0": "leave it out: nothing changes"}),
    ("--device", HERE, "0.10.0", {"0.11.0": "leave it out: the device is that of the platform"}),
    ("--enable-reasoning", HERE, "0.10.0", {"0.33.0": "use --reasoning-parser", "0.11.0": "use --reasoning-parser"}),
    ("--expand-tools-even-if-tool-choice-none", "0.9.2", "0.10.0", {"0.11.0": "--exclude-tools-when-tool-choice-none"}),
    ("--long-lora-scaling-factors", HERE, "0.10.0", {"0.11.0": "nothing takes its place"}),
    ("--enable-prompt-adapter", HERE, "0.10.2", {"0.11.0": "prompt adapters are not served"}),
    ("--max-prompt-adapters", HERE, "0.10.0", {"0.33.0": "prompt adapters are not served"}),
    ("--prompt-adapters", HERE, "0.10.0", {"0.33.0": "prompt adapters are not served"}),
    ("--qlora-adapter-name-or-path", HERE, "0.10.0", {"0.33.0": "leave it out: nothing changes"}),
    ("--tokenizer-pool-size", HERE, "0.10.0", {"0.11.0": "leave it out: nothing changes"}),
    ("--override-neuron-config", HERE, "0.10.2", {"0.33.0": "leave it out: it is of that plug-in's settings"}),
    ("--disable-async-output-proc", HERE, "0.11.0", {"0.33.0": "nothing changes", "0.11.0": "nothing changes"}),
    ("--max-seq-len-to-capture", HERE, "0.11.0", {"0.33.0": "--max-cudagraph-capture-size", "0.11.0": "leave it out"}),
    ("--preemption-mode", HERE, "0.11.0", {"0.11.0": "swapping them is lost"}),
    ("--scheduler-delay-factor", HERE, "0.11.0", {"0.33.0": "nothing takes its place"}),
    ("--enable-lora-bias", HERE, "0.11.1", {"0.33.0": "those with one no longer"}),
    ("--rope-scaling", HERE, "0.11.1", {"0.33.0": "--hf-overrides", "0.19.1": "--hf-overrides"}),
    ("--rope-theta", HERE, "0.11.1", {"0.33.0": "--hf-overrides"}),
    ("--eplb-window-size", "0.9.2", "0.12.0", {"0.33.0": "use --eplb-config.window_size"}),
    ("--eplb-step-interval", "0.9.2", "0.12.0", {"0.19.1": "use --eplb-config.step_interval"}),
    ("--eplb-log-balancedness", "0.9.2", "0.12.0", {"0.33.0": "use --eplb-config.log_balancedness"}),
    ("--num-redundant-experts", "0.9.2", "0.12.0", {"0.33.0": "use --eplb-config.num_redundant_experts"}),
    ("--guided-decoding-backend", HERE, "0.12.0", {"0.33.0": "use --structured-outputs-config.backend"}),
    ("--guided-decoding-disable-fallback", "0.9.0", "0.12.0", {"0.33.0": "leave it out: nothing changes"}),
    ("--guided-decoding-disable-any-whitespace", "0.9.0", "0.12.0", {"0.33.0": "disable_any_whitespace"}),
    ("--lora-extra-vocab-size", HERE, "0.12.0", {"0.33.0": "nothing takes its place"}),
    ("--num-lookahead-slots", HERE, "0.12.0", {"0.33.0": "leave it out: nothing changes"}),
    ("--override-pooler-config", HERE, "0.12.0", {"0.33.0": "use --pooler-config", "0.19.1": "use --pooler-config"}),
    ("--cuda-graph-sizes", "0.9.0", "0.13.0", {"0.33.0": "use --cudagraph-capture-sizes"}),
    ("--disable-mm-preprocessor-cache", HERE, "0.13.0", {"0.33.0": "use --mm-processor-cache-gb 0"}),
    ("--enable-multimodal-encoder-data-parallel", "0.9.1", "0.13.0", {"0.33.0": "use --mm-encoder-tp-mode data"}),
    ("--logits-processor-pattern", HERE, "0.17.0", {"0.33.0": "use --logits-processors"}),
    ("--use-gpu-for-pooling-score", "0.17.0", "0.18.0", {"0.33.0": "scores are computed on the GPU"}),
    ("--max-num-partial-prefills", HERE, "0.27.0", {"0.33.0": "leave it out: nothing changes"}),
    ("--max-long-partial-prefills", HERE, "0.27.0", {"0.33.0": "leave it out: nothing changes"}),
    ("--calculate-kv-scales", HERE, "0.28.0", {"0.33.0": "1.0 where it has none"}),
    ("--override-attention-dtype", "0.9.2", "0.28.0", {"0.33.0": "nothing takes its place"}),
    ("--enable-bf16x3-router-gemm", "0.26.0", "0.30.0", {"0.33.0": "it cannot be turned off"}),
    ("--enable-mamba-fine-grained-prefix-cache", "0.30.0", "0.31.0", {"0.33.0": "mamba-shared-prefix-checkpoint"}),
    ("--speculative-model", HERE, "0.8.3", {"0.33.0": "use --speculative-config.model", "0.11.0": "config.model"}),
    ("--num-speculative-tokens", HERE, "0.8.3", {"0.11.0": "use --speculative-config.num_speculative_tokens"}),
    ("--ngram-prompt-lookup-max", HERE, "0.8.3", {"0.11.0": "use --speculative-config.prompt_lookup_max"}),
    ("--speculative-disable-by-batch-size", HERE, "0.8.3", {
        "0.33.0": "num_speculative_tokens_per_batch_size", "0.11.0": "use --speculative-config.disable_by_batch_size",
        "0.19.1": "leave it out: tokens are speculated whatever",
    }),
    ("--spec-decoding-acceptance-method", HERE, "0.8.3", {"0.33.0": "rejection_sample_method"}),
    ("--typical-acceptance-sampler-posterior-alpha", HERE, "0.8.3", {"0.11.0": "nothing takes its place"}),
]  # fmt: skip
VARIABLES: list[tuple[str, str, str, dict[str, str]]] = [
    ("VLLM_USE_V1", HERE, "0.11.1", {"0.33.0": "the V0 engine cannot be had"}),
    ("VLLM_ATTENTION_BACKEND", HERE, "0.15.0", {"0.33.0": "use --attention-backend"}),
    ("VLLM_FLASH_ATTN_VERSION", HERE, "0.15.0", {"0.33.0": "use --attention-config.flash_attn_version"}),
    ("VLLM_USE_TRTLLM_ATTENTION", "0.10.1", "0.15.0", {"0.19.1": "use --attention-config.use_trtllm_attention"}),
    ("VLLM_USE_TRTLLM_DECODE_ATTENTION", "0.10.0", "0.10.1", {"0.11.0": "use VLLM_USE_TRTLLM_ATTENTION"}),
    ("VLLM_V1_USE_PREFILL_DECODE_ATTENTION", "0.9.1", "0.15.0", {"0.33.0": "ROCM_ATTN", "0.19.1": "prefill_decode"}),
    ("VLLM_ALL2ALL_BACKEND", "0.9.0", "0.16.0", {"0.33.0": "use --all2all-backend"}),
    ("VLLM_TORCH_PROFILER_DIR", HERE, "0.16.0", {"0.33.0": "use --profiler-config.torch_profiler_dir"}),
    ("VLLM_MM_INPUT_CACHE_GIB", HERE, "0.13.0", {"0.33.0": "use --mm-processor-cache-gb"}),
    ("VLLM_SKIP_DEEP_GEMM_WARMUP", "0.10.1", "0.11.1", {"0.33.0": "use VLLM_DEEP_GEMM_WARMUP=skip"}),
    ("VLLM_USE_RAY_SPMD_WORKER", HERE, "0.11.1", {"0.33.0": "leave it out: nothing changes"}),
    ("VLLM_RPC_TIMEOUT", HERE, "0.23.0", {"0.33.0": "leave it out: nothing changes"}),
    ("VLLM_NIXL_ABORT_REQUEST_TIMEOUT", "0.10.0", "0.22.0", {"0.33.0": "kv_lease_duration"}),
    ("VLLM_NVFP4_GEMM_BACKEND", "0.11.1", "0.24.0", {"0.33.0": "use --linear-backend"}),
    ("VLLM_USE_TRTLLM_FP4_GEMM", "0.10.1", "0.11.1", {"0.19.1": "use VLLM_NVFP4_GEMM_BACKEND"}),
    ("VLLM_USE_FLASHINFER_MOE_FP4", "0.10.0", "0.24.0", {"0.33.0": "use --moe-backend"}),
    ("VLLM_SLEEP_WHEN_IDLE", "0.9.1", "0.18.0", {"0.33.0": "leave it out: nothing changes"}),
    ("VLLM_SKIP_WARMUP", HERE, "0.10.0", {"0.33.0": "the plug-in may"}),
]  # fmt: skip
REQUESTS: list[tuple[str, str, str, dict[str, str]]] = [
    ("guided_json", HERE, "0.12.0", {"0.33.0": 'use structured_outputs {"json": SCHEMA}', "0.19.1": "not constrained"}),
    ("guided_regex", HERE, "0.12.0", {"0.33.0": "use structured_outputs"}),
    ("guided_choice", HERE, "0.12.0", {"0.33.0": "use structured_outputs"}),
    ("guided_grammar", HERE, "0.12.0", {"0.19.1": "use structured_outputs"}),
    (
        "guided_decoding_backend",
        HERE,
        "0.12.0",
        {"0.33.0": "use --structured-outputs-config.backend"},
    ),
    ("best_of", HERE, "0.12.0", {"0.33.0": "use n"}),
    ("logits_processors", HERE, "0.17.0", {"0.33.0": "use --logits-processors"}),
]
NEWER: list[tuple[str, str, str, str]] = [
    ("--enable-log-requests", "0.10.1", "0.9.2", "requests are logged unless --disable-log-requests is given"),
    ("--structured-outputs-config", "0.11.0", "0.10.2", "--guided-decoding-backend"),
    ("--eplb-config", "0.10.2", "0.10.1", "--eplb-window-size"),
    ("--attention-backend", "0.13.0", "0.11.0", "use VLLM_ATTENTION_BACKEND instead"),
    ("--runner", "0.10.1", "0.9.2", "use --task instead"),
    ("--moe-backend", "0.17.0", "0.11.0", "use VLLM_FLASHINFER_MOE_BACKEND or VLLM_MXFP4_USE_MARLIN"),
    ("--cudagraph-capture-sizes", "0.11.1", "0.11.0", "use --cuda-graph-sizes instead"),
    ("--pooler-config", "0.11.0", "0.10.2", "use --override-pooler-config instead"),
    ("--all2all-backend", "0.11.1", "0.11.0", "use VLLM_ALL2ALL_BACKEND instead"),
    ("--device-ids", "0.24.0", "0.19.1", "name the devices in CUDA_VISIBLE_DEVICES"),
]  # fmt: skip


def releases(version: str, engine: str = "vllm") -> Releases:
    found = load_releases(str(CORPORA / engine), version)
    assert found is not None
    return found


TABLES = {version: releases(version) for version in TARGETS}


def asked(table: Releases, name: str) -> Said | None:
    if name.startswith("--"):
        return table.of_option(name)
    return table.of_variable(name) if name.isupper() else table.of_request(name)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("name", "came", "gone", "told"),
    [*OPTIONS, *VARIABLES, *REQUESTS],
    ids=lambda one: one if str(one)[:1] != "{" else "",
)
def test_a_name_that_went_is_told_with_its_releases_and_what_takes_its_place(
    target: str, name: str, came: str, gone: str, told: dict[str, str]
) -> None:
    said = asked(TABLES[target], name)
    if Version(came) <= Version(target) < Version(gone):
        assert said is None, "it is there"
    elif Version(target) < Version(came):
        assert said is not None
        assert f"came with vllm {came}" in said.text
    else:
        assert said is not None
        assert f"gone since vllm {gone}: it came with {OLDER if came == HERE else came}" in said.text
        assert told.get(target, "") in said.fix


@pytest.mark.parametrize(("name", "came", "target", "told"), NEWER)
def test_a_name_that_came_later_is_told_with_its_release_and_what_serves_before(
    name: str, came: str, target: str, told: str
) -> None:
    said = asked(releases(target), name)
    assert said is not None
    assert said.text.endswith(f"came with vllm {came}: vllm {target} does not have it")
    assert told in said.fix


@pytest.mark.parametrize("version", ["0.10.1", "0.11.0", "0.16.0"])
def test_an_option_that_is_there_is_not_flagged(version: str) -> None:
    assert releases(version).of_option("--disable-log-requests") is None


def test_the_option_that_stops_the_logging_of_requests_is_left_out_and_not_taken_for_another() -> None:
    said = TABLES["0.19.1"].of_option("disable_log_requests")
    assert said is not None
    assert said.fix == (
        "leave it out: nothing changes; requests are not logged by default since 0.10.1"
        " (--enable-log-requests turns that on)"
    )
    assert "stats" not in said.fix
    # The release that pairs `--enable-` with `--disable-` takes it again.
    assert TABLES["0.33.0"].of_option("disable_log_requests") is None
    assert TABLES["0.33.0"].has_option("disable_log_requests")


def every_release(engine: str) -> Iterator[tuple[Releases, dict[str, Any]]]:
    data = json.loads((CORPORA / engine / "releases.discovered.json").read_text(encoding="utf-8"))
    for version in [*data["releases"][::7], data["releases"][-1]]:
        yield Releases(data, version), data


@pytest.mark.parametrize("engine", ["vllm", "transformers"])
def test_no_release_calls_gone_what_it_has_and_each_successor_is_there(engine: str) -> None:
    for table, data in every_release(engine):
        for kind, found in data["names"].items():
            options = data["reads"]["options"]
            for name in found:
                owner, _, field = name.rpartition(".")
                if kind in options:
                    said = table.of_option(name)
                    assert not (table.has(kind, name) and said), (table.version, name)
                elif kind == "env":
                    said = table.of_variable(name)
                    assert not (table.has(kind, name) and said), (table.version, name)
                else:
                    said = table.of_field(owner, field)
                    assert not (table.has(kind, name) and said), (table.version, name)
                if said is not None and said.fix.startswith("use "):
                    first = said.fix.split()[1].strip("',;")
                    if first.startswith("--"):
                        assert table.has_option(first.partition(".")[0]), (table.version, name, said.fix)
                        assert not table.of_option(first.partition(".")[0]), (table.version, name, said.fix)


@pytest.mark.parametrize("engine", ["vllm", "transformers"])
def test_of_each_name_that_went_somebody_tells_what_became_of_it(engine: str) -> None:
    from miners.releases.successors import read_successors, uncovered
    from miners.releases.table import FILE, loaded

    folder = CORPORA / engine
    missing = uncovered(read_successors(folder / "successors.yaml"), loaded(folder / FILE, engine))
    # Whisper's models still bring these, and generation takes any name.
    assert missing in ([], ["GenerationConfig.forced_decoder_ids", "GenerationConfig.generation_kwargs"])


# In the checker


@pytest.fixture(scope="module")
def vllm() -> Checker:
    return Checker.load("vllm", version="0.19.1")


def test_the_command_line_is_told_in_its_own_words_and_python_in_its(vllm: Checker) -> None:
    (on_line,) = vllm.check_command(["vllm", "serve", "m", "--guided-decoding-backend", "auto"]).errors
    assert on_line.fields == ("--guided-decoding-backend",)
    assert on_line.message.startswith("--guided-decoding-backend is gone since vllm 0.12.0")
    assert on_line.suggestion.startswith("use --structured-outputs-config.backend")
    (in_python,) = vllm.check("vllm.EngineArgs", {"model": "m", "guided_decoding_backend": "auto"}).errors
    assert in_python.message.startswith("guided_decoding_backend is gone since vllm 0.12.0")
    assert in_python.suggestion.startswith("use structured_outputs_config.backend")


def test_an_option_that_went_and_that_others_begin_like_is_told_with_its_fate() -> None:
    newest = Checker.load("vllm", version="0.33.0")
    said = newest.check_command(["vllm", "serve", "m", "--device", "cuda"]).errors[0]
    assert said.message.startswith("ambiguous option: --device could match")
    assert said.suggestion.startswith("--device is gone since vllm 0.10.0")


def test_a_slip_on_the_command_line_is_told_as_the_option(vllm: Checker) -> None:
    (said,) = vllm.check_command(["vllm", "serve", "m", "--max-modle-len", "5"]).errors
    assert said.suggestion == "did you mean --max-model-len?"


def test_a_request_field_that_is_ignored_is_told(vllm: Checker) -> None:
    (said,) = vllm.check_config({"messages": [], "guided_json": {}}).violations
    assert (said.severity, said.fields) == ("warn", ("guided_json",))
    assert "It is ignored" in said.message


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("VLLM_ATTENTION_BACKEND", "use --attention-backend"),
        ("VLLM_LOGING_LEVEL", "did you mean VLLM_LOGGING_LEVEL?"),
        ("VLLM_NO_SUCH_THING", "leave it out"),
    ],
)
def test_a_variable_that_nobody_reads_is_told(vllm: Checker, name: str, fix: str) -> None:
    (said,) = vllm.check_command(["vllm", "serve", "m"], world=World(env={name: "1"})).violations
    assert (said.severity, said.fields, said.values) == ("warn", (name,), {name: "1"})
    assert said.suggestion.startswith(fix)


@pytest.mark.parametrize("name", ["VLLM_LOGGING_LEVEL", "HF_TOKEN", "NCCL_DEBUG", "CUDA_VISIBLE_DEVICES", "VLLM_PORT"])
def test_a_variable_that_is_read_or_another_programs_is_not_told(vllm: Checker, name: str) -> None:
    assert vllm.check_command(["vllm", "serve", "m"], world=World(env={name: "1"})).violations == ()


@pytest.mark.parametrize("version", load_ssot("vllm").history)
def test_the_options_that_are_read_from_source_are_those_of_the_live_parser(version: str) -> None:
    folder = CORPORA / "vllm" / ("" if version == Checker.load("vllm").version else f"history/{version}")
    live = json.loads((folder / "command.discovered.json").read_text(encoding="utf-8"))["commands"]["serve"]["options"]
    strings = {string for option in live for string in option.get("strings", ()) if string.startswith("--")} - {
        "--help"
    }
    table = releases(version)
    data = json.loads((CORPORA / "vllm" / "releases.discovered.json").read_text(encoding="utf-8"))
    assert {option for option in strings if not table.has_option(option)} == set()
    assert {option for option in data["names"]["serve"] if table.has("serve", option)} <= strings | {"--grpc"}


def test_an_option_that_is_added_beside_the_parser_is_no_stranger(vllm: Checker) -> None:
    assert vllm.check_command(["vllm", "serve", "m", "--grpc"]).errors == ()


@pytest.mark.parametrize(
    ("option", "new", "takes"),
    [
        ("swap_space", None, True),
        ("use_v2_block_manager", None, False),
        ("override_pooler_config", "--pooler-config", True),
        ("eplb_log_balancedness", "--eplb-config.log_balancedness", False),
    ],
)
def test_what_changes_nothing_is_an_edit(option: str, new: str | None, takes: bool) -> None:
    said = TABLES["0.33.0"].of_option(option)
    assert said is not None
    assert said.edit is not None
    assert (said.edit.new, said.edit.takes) == (new, takes)


@pytest.mark.parametrize("option", ["task", "num_scheduler_steps", "cuda_graph_sizes", "speculative_model"])
def test_what_may_change_something_is_no_edit(option: str) -> None:
    said = TABLES["0.33.0"].of_option(option)
    assert said is not None
    assert said.edit is None
