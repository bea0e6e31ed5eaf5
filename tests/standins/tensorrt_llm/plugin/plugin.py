"""Stand-in: which kernels an engine is built with."""

from typing import Any, Literal

from pydantic import BaseModel, field_validator


class PluginConfig(BaseModel):
    """Kernels with a precision, and features; `on` and `off` are read for both, before any type."""

    dtype: str = "float16"
    gemm_plugin: Literal["auto", "float16", "fp8", None] | None = None
    paged_state: bool = True

    @field_validator("dtype")
    @classmethod
    def name_a_precision(cls, value: str) -> str:
        if value == "auto":
            raise ValueError("dtype is what auto stands for")
        return value

    @field_validator("*", mode="before")
    @classmethod
    def read_switches(cls, value: Any) -> Any:
        return {"on": True, "off": None}.get(value, value) if isinstance(value, str) else value
