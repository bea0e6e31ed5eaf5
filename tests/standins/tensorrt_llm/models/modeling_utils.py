"""Stand-in: quantisation by name."""

# ruff: noqa: UP042, UP045 - the shapes of the real ones

from enum import Enum
from typing import Optional

from pydantic import BaseModel, model_validator


class QuantAlgo(str, Enum):
    FP8 = "FP8"
    INT8 = "INT8"
    NVFP4 = "NVFP4"


class QuantConfig(BaseModel):
    quant_algo: Optional[QuantAlgo] = None
    group_size: int = 128

    @model_validator(mode="after")
    def check_group(self):
        if self.group_size % 16 != 0:
            raise ValueError(f"group_size {self.group_size} is no multiple of 16")
        return self


class PretrainedConfig:
    """What a checkpoint is; a plain class, whatever else it is given it keeps."""

    def __init__(
        self,
        *,
        architecture: str,
        num_attention_heads: int,
        position_embedding_type: str = "alibi",
        head_size: Optional[int] = None,
        **kwargs,
    ):
        if position_embedding_type not in ("alibi", "rope"):
            raise ValueError(f"no such embedding: {position_embedding_type}")
        if head_size is None and num_attention_heads == 0:
            raise ValueError("no heads")
        self.architecture, self.num_attention_heads, self.head_size = architecture, num_attention_heads, head_size
        self.position_embedding_type = position_embedding_type
        for key, value in kwargs.items():
            setattr(self, key, value)
