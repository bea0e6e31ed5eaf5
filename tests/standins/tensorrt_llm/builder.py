"""Stand-in: how an engine is built."""

from pydantic import BaseModel, ConfigDict, Field

from .plugin import PluginConfig


class BuildConfig(BaseModel):
    """Limits of a built engine."""

    model_config = ConfigDict(extra="forbid")

    max_batch_size: int = Field(default=2048, ge=1)
    max_beam_width: int = Field(default=1, ge=1, lt=1024)
    max_seq_len: int | None = Field(default=None, gt=0, multiple_of=8)
    plugin_config: PluginConfig = Field(default_factory=PluginConfig)
