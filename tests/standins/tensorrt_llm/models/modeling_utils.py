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
