"""A model folder of our own: enough for an engine to read a model's config from, offline."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pytest_llem_invariants.text.atomic import write_atomically

FOLDER: Final = "pytest-llem-invariants"
_WORDS: Final = ("<unk>", "<s>", "</s>", *(f"w{number}" for number in range(125)))

_FILES: Final[dict[str, Any]] = {
    "config.json": {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "bos_token_id": 1,
        "eos_token_id": 2,
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
_BROAD_PARAMS: Final[dict[str, Any]] = {
    "dim": 128 * 128,
    "head_dim": 128,
    "hidden_dim": 53248,
    "max_seq_len": 2**20,
    "n_heads": 128,
    "n_kv_heads": 16,
    "n_layers": 120,
    "norm_eps": 1e-05,
    "rope_theta": 1e6,
    "vocab_size": 128256,
}


def cache_folder() -> Path:
    """Where this project keeps what can be made again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / FOLDER


def tiny_model() -> Path:
    """The folder of a two-layer llama without weights; made where it is not there yet, the same bytes every time."""
    return _made("tiny-llama", _FILES)


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
    return _made("broad-mistral", {**_FILES, "config.json": config, "params.json": _BROAD_PARAMS})


def model_folders() -> Mapping[str, Path]:
    """The name of each model, as an engine's file writes it, and its folder."""
    return {
        "tiny_model": tiny_model(),
        "tall_model": tall_model(),
        "hearing_model": hearing_model(),
        "broad_model": broad_model(),
    }


def _made(folder_name: str, files: Mapping[str, Any]) -> Path:
    folder = cache_folder() / folder_name
    for name, content in files.items():
        text = json.dumps(content, indent=2, sort_keys=True) + "\n"
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text)
    return folder
