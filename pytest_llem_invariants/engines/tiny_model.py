"""A model folder of our own: enough for an engine to read a model's config from, offline."""

from __future__ import annotations

import copy
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from pytest_llem_invariants.model import EMPTY
from pytest_llem_invariants.text.atomic import write_atomically

FOLDER: Final = "pytest-llem-invariants"
_TINY: Final = "tiny-llama"
_WORDS: Final = ("<unk>", "<s>", "</s>", *(f"w{number}" for number in range(125)))

_FILES: Final[dict[str, Any]] = {
    "config.json": {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "bos_token_id": 1,
        "eos_token_id": 2,
        "head_dim": 16,
        "hidden_act": "silu",
        "hidden_size": 64,
        "initializer_range": 0.02,
        "intermediate_size": 128,
        "max_position_embeddings": 2048,
        "num_attention_heads": 4,
        "num_hidden_layers": 2,
        "num_key_value_heads": 4,
        "rms_norm_eps": 1e-05,
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
        "use_cache": True,
        "vocab_size": len(_WORDS),
    },
    "generation_config.json": {"bos_token_id": 1, "eos_token_id": 2},
    "tokenizer.json": {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordLevel",
            "vocab": {word: index for index, word in enumerate(_WORDS)},
            "unk_token": "<unk>",
        },
    },
    "tokenizer_config.json": {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
    },
}
_TALL: Final[dict[str, Any]] = {
    "architectures": ["MixtralForCausalLM"],
    "model_type": "mixtral",
    "num_local_experts": 5040,
    "num_experts_per_tok": 2,
    "sliding_window": None,
    "head_dim": 64,
    "hidden_size": 5040 * 64,
    "intermediate_size": 5040 * 256,
    "max_position_embeddings": 2**40,
    "num_attention_heads": 5040,
    "num_hidden_layers": 5040,
    "num_key_value_heads": 5040,
    "torch_dtype": "float16",
}
_HEARING: Final[dict[str, Any]] = {
    "architectures": ["Qwen2AudioForConditionalGeneration"],
    "model_type": "qwen2_audio",
    "audio_token_index": 100,
    "audio_config": {"model_type": "qwen2_audio_encoder", "d_model": 1280, "encoder_layers": 4},
    "text_config": {
        "model_type": "qwen2",
        "hidden_size": 5120,
        "intermediate_size": 13696,
        "max_position_embeddings": 131072,
        "num_attention_heads": 40,
        "num_hidden_layers": 60,
        "num_key_value_heads": 8,
        "vocab_size": 151936,
    },
    "torch_dtype": "float16",
}
_BROAD: Final[dict[str, Any]] = {
    "architectures": ["MistralForCausalLM"],
    "model_type": "mistral",
    "head_dim": 128,
    "hidden_size": 128 * 128,
    "intermediate_size": 53248,
    "max_position_embeddings": 2**20,
    "num_attention_heads": 128,
    "num_hidden_layers": 120,
    "num_key_value_heads": 16,
    "sliding_window": None,
    "torch_dtype": "float32",
    "vocab_size": 128256,
}
_LATENT: Final[dict[str, Any]] = {
    "architectures": ["DeepseekV3ForCausalLM"],
    "model_type": "deepseek_v3",
    "first_k_dense_replace": 3,
    "hidden_size": 7168,
    "intermediate_size": 18432,
    "kv_lora_rank": 512,
    "max_position_embeddings": 262144,
    "moe_intermediate_size": 2048,
    "n_group": 1,
    "n_routed_experts": 384,
    "n_shared_experts": 1,
    "num_attention_heads": 64,
    "num_experts_per_tok": 8,
    "num_hidden_layers": 61,
    "num_key_value_heads": 64,
    "q_lora_rank": 1536,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "scoring_func": "sigmoid",
    "topk_group": 1,
    "topk_method": "noaux_tc",
    "torch_dtype": "bfloat16",
    "v_head_dim": 128,
    "vocab_size": 129280,
}
_ROUNDED: Final[dict[str, Any]] = {
    "quant_method": "auto-round",
    "bits": 4,
    "data_type": "int",
    "group_size": 128,
    "packing_format": "auto_round:auto_gptq",
    "sym": True,
}
_OF_PARAMS: Final = {
    "dim": "hidden_size",
    "head_dim": "head_dim",
    "hidden_dim": "intermediate_size",
    "max_seq_len": "max_position_embeddings",
    "n_heads": "num_attention_heads",
    "n_kv_heads": "num_key_value_heads",
    "n_layers": "num_hidden_layers",
    "norm_eps": "rms_norm_eps",
    "vocab_size": "vocab_size",
}
"""What the Mistral format calls it → what a config.json does."""
_OTHER_FILES: Final[Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]] = {
    "params.json": lambda config: {"rope_theta": 1e6, **{name: config[key] for name, key in _OF_PARAMS.items()}},
}
"""What a model's folder may hold beside what the placeholder has, as its config has it."""


def cache_folder() -> Path:
    """Where this project keeps what can be made again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / FOLDER


def tiny_model() -> Path:
    """The folder of a two-layer llama without weights; made where it is not there yet, the same bytes every time."""
    return _made(_TINY, _FILES)


def json_file() -> Path:
    """A file that exists and holds a JSON object with as little as a logging configuration needs."""
    return _made("example", {"example.json": {"version": 1}}) / "example.json"


def tall_model() -> Path:
    """Another, with experts, in sizes that hardly anything exceeds and that most numbers divide.

    What holds beside one of the two alone is a rule about the model, not about a config.
    """
    return _made("tall-mixtral", {**_FILES, "config.json": {**_FILES["config.json"], **_TALL}})


def hearing_model() -> Path:
    """One that takes more than text, with 40 heads."""
    return _made("hearing-qwen", {**_FILES, "config.json": _HEARING})


def broad_model() -> Path:
    """One with 128 heads, whose folder has the files of the Mistral format, too."""
    config = {**_FILES["config.json"], **_BROAD}
    return _made("broad-mistral", {**_FILES, "config.json": config, "params.json": _OTHER_FILES["params.json"](config)})


def latent_model() -> Path:
    """One whose attention keeps one latent vector for all heads: what suits the others does not suit it."""
    return _made("latent-deepseek", {**_FILES, "config.json": _LATENT})


def rounded_model(written: Mapping[str, Any] = EMPTY) -> Path:
    """The placeholder itself, quantised: with such a checkpoint the argument for the method is passed over."""
    return model_with({**written, **{f"quantization_config.{key}": value for key, value in _ROUNDED.items()}})


def model_with(written: Mapping[str, Any], files: Mapping[str, bool] = EMPTY) -> Path:
    """The placeholder with these keys of its config.json (dotted; None leaves one out), and files that it has or lacks.

    The heads of an attention make up the hidden size, whatever their number. Each such model has a folder of its own,
    in one named after what is in it: where a message echoes the end of the path, it ends like the placeholder's.
    """
    config = copy.deepcopy(_FILES["config.json"])
    for key, value in written.items():
        _write(config, key.split("."), value)
    if "hidden_size" not in written:
        config["hidden_size"] = config["num_attention_heads"] * config["head_dim"]
    held = {**_FILES, "config.json": config}
    for name, is_there in files.items():
        held.pop(name, None)
        if is_there:
            held[name] = _OTHER_FILES[name](config) if name in _OTHER_FILES else {}
    digest = hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()
    return _made(f"models/{digest[:20]}/{_TINY}", held)


def model_like(config: Mapping[str, Any]) -> Path:
    """A folder with a model's own config.json and the placeholder's other files, named after what is in it."""
    digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()
    return _made(f"published/{digest[:20]}", {**_FILES, "config.json": config})


def _write(config: dict[str, Any], keys: list[str], value: Any) -> None:
    *parents, last = keys
    for key in parents:
        if value is None and key not in config:
            return
        config = config.setdefault(key, {})
    if value is None:
        config.pop(last, None)
    else:
        config[last] = value


def model_folders(written: Mapping[str, Any] = EMPTY) -> Mapping[str, Path]:
    """The name of each model, as an engine's file writes it, and its folder; the placeholder has these keys."""
    return {
        "tiny_model": model_with(written) if written else tiny_model(),
        "tall_model": tall_model(),
        "hearing_model": hearing_model(),
        "broad_model": broad_model(),
        "latent_model": latent_model(),
        "rounded_model": rounded_model(written),
    }


def _made(folder_name: str, files: Mapping[str, Any]) -> Path:
    folder = cache_folder() / folder_name
    for name, content in files.items():
        text = json.dumps(content, indent=2, sort_keys=True) + "\n"
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text, durable=False)
    return folder
