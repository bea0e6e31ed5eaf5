"""What transformers would hold of a model in memory: its class is built on the meta device, which holds no values."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final

TOKENS: Final = 8


def configured(config: Mapping[str, Any]) -> dict[str, Any]:
    """A config as the library reads and writes it, with every default."""
    written: dict[str, Any] = _read(config).to_dict()
    return written


def held(config: Mapping[str, Any], architecture: str) -> tuple[int, int]:
    """The numbers of a model's parameters, and those that its caches keep of each token of a short text."""
    torch = importlib.import_module("torch")
    library = importlib.import_module("transformers")
    read = _read(config)
    torch.set_default_dtype(torch.bfloat16)  # of a child alone: some operators take no other
    with torch.device("meta"), torch.no_grad():
        model = getattr(library, architecture)(read).eval()
        parameters = sum(one.numel() for one in model.parameters())
        found = model(input_ids=torch.zeros((1, TOKENS), dtype=torch.long), use_cache=True)
    caches = found.past_key_values
    kept = sum(layer.keys.numel() + layer.values.numel() for layer in caches.layers)
    return parameters, kept // TOKENS


def _read(config: Mapping[str, Any]) -> Any:
    library = importlib.import_module("transformers")
    return library.AutoConfig.for_model(**{key: value for key, value in config.items() if key != "architectures"})
