"""Stand-in: arguments of an engine in pydantic, in every shape that the real ones take."""

# ruff: noqa: UP006, UP007, UP035, UP045, SIM102 - the shapes of the real ones

from enum import Enum, StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Dict, List, Literal, Optional, TypeAlias, Union

from pydantic import AliasChoices, BaseModel, NonNegativeInt, PositiveInt, PrivateAttr, field_validator, model_validator
from pydantic import Field as PydanticField

from ..builder import BuildConfig
from ..logger import logger
from ..models.modeling_utils import QuantConfig

MOST_STREAMS = 4


def Field(default: Any = ..., *, status: Optional[Literal["beta", "prototype"]] = None, **kwargs: Any) -> Any:  # noqa: N802
    """A field with a status."""
    if status is not None:
        kwargs["json_schema_extra"] = {"status": status}
    return PydanticField(default, **kwargs)


class StrictBaseModel(BaseModel):
    class Config:
        extra = "forbid"


class CapacityPolicy(StrEnum):
    MOST = "MOST"
    SAFE = "SAFE"


class CudaGraphConfig(StrictBaseModel):
    """CUDA graphs."""

    batch_sizes: Optional[List[int]] = Field(default=None, description="Sizes to capture.")
    max_batch_size: int = Field(default=0, description="The largest of them.")

    @field_validator("max_batch_size")
    @classmethod
    def check_max_batch_size(cls, v):
        if v < 0:
            raise ValueError("cuda graphs: max_batch_size below zero")
        return v


class KvCacheConfig(StrictBaseModel):
    """The KV cache."""

    enable_block_reuse: bool = True
    max_tokens: Optional[int] = None
    max_attention_window: Optional[List[int]] = Field(default=None, min_length=1)
    free_gpu_memory_fraction: Optional[float] = 0.9
    dtype: str = Field(default="auto", pattern=r"^[a-z0-9]+$")
    host_cache_size: NonNegativeInt = 0
    tokens_per_block: Annotated[int, PydanticField(ge=1, multiple_of=2)] = 32
    event_buffer: Dict[str, int] = Field(default_factory=dict)
    _runtime: Optional[int] = PrivateAttr(default=None)

    @field_validator("free_gpu_memory_fraction")
    @classmethod
    def check_fraction(cls, v: float):
        if not 0 <= v <= 1:
            raise ValueError("kv cache: free_gpu_memory_fraction is a share of one")
        return v

    @field_validator("max_attention_window")
    @classmethod
    def check_window(cls, v):
        if v is None:
            return v
        for size in v:
            if size <= 0:
                raise ValueError("kv cache: every attention window must be positive")
        return v


class SchedulerConfig(StrictBaseModel):
    """The scheduler."""

    policy: CapacityPolicy = CapacityPolicy.SAFE
    mode: Literal["static", "inflight"] = "inflight"


class DecodingBaseConfig(StrictBaseModel):
    kind: ClassVar[str] = "base"
    max_draft_len: Optional[NonNegativeInt] = None
    model_dir: Optional[Union[str, Path]] = Field(
        default=None, validation_alias=AliasChoices("model_dir", "draft_model_dir")
    )

    @field_validator("max_draft_len", mode="before")
    @classmethod
    def no_text(cls, v, info):
        if isinstance(v, str):
            raise ValueError("draft: max_draft_len is a number, not text")
        return v


class NGramDecodingConfig(DecodingBaseConfig):
    decoding_type: Literal["NGram"] = "NGram"
    max_matching_ngram_size: PositiveInt = 2

    @model_validator(mode="after")
    def check_draft(self):
        if self.max_draft_len is None or self.max_draft_len <= 0:
            raise ValueError("draft: NGram takes a max_draft_len above 0")
        return self


class LookaheadDecodingConfig(DecodingBaseConfig):
    decoding_type: Literal["Lookahead"] = "Lookahead"
    max_window_size: int = 4

    @field_validator("max_window_size")
    @classmethod
    def check_positive(cls, v):
        if v <= 0:
            raise ValueError(f"draft: {v} is no window")
        return v


class EagleDecodingConfig(DecodingBaseConfig):
    """One after the other, and a method that nobody calls."""

    speculative_model: Optional[Union[str, Path]] = None
    num_layers: Optional[int] = None
    choices: Optional[List[List[int]]] = None

    @model_validator(mode="after")
    def check_length(self):
        if self.max_draft_len is None:
            raise ValueError("draft: Eagle takes a max_draft_len")
        self.num_layers = self.max_draft_len
        return self

    @model_validator(mode="after")
    def check_choices(self):
        if self.choices is not None:
            if self.num_layers is None:
                raise ValueError("draft: choices without layers")
            self.choices = sorted(self.choices, key=len)
        return self

    def validate_model(self):
        if self.speculative_model is None:
            raise ValueError("draft: no model")


class MTPDecodingConfig(DecodingBaseConfig):
    num_nextn_predict_layers: int = 1

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        if "num_nextn_predict_layers" in kwargs:
            self.max_draft_len = kwargs["num_nextn_predict_layers"]


class GemmConfig(StrictBaseModel):
    allowed_backends: List[str] = ["plain"]

    @model_validator(mode="after")
    def check_backends(self):
        foreign = set(self.allowed_backends) - {"plain", "fast"}
        if foreign:
            raise ValueError(f"gemm: {foreign} are no backends")
        if not self.allowed_backends:
            raise ValueError("gemm: no backend at all")
        return self


SpeculativeConfig: TypeAlias = Annotated[
    Union[NGramDecodingConfig, LookaheadDecodingConfig], PydanticField(discriminator="decoding_type")
]


class LoadFormat(Enum):
    AUTO = 0
    DUMMY = 1


class BaseLlmArgs(StrictBaseModel):
    """What both backends take."""

    model_config = {"arbitrary_types_allowed": True, "extra": "forbid"}

    model: Union[str, Path] = Field(description="A folder.")
    skip_tokenizer_init: bool = Field(default=False)
    tensor_parallel_size: int = Field(default=1, ge=1)
    pipeline_parallel_size: int = Field(default=1, ge=1)
    dtype: str = "auto"
    kv_cache_config: KvCacheConfig = Field(default_factory=KvCacheConfig)
    scheduler_config: SchedulerConfig = Field(default_factory=SchedulerConfig, status="prototype")
    speculative_config: Optional[SpeculativeConfig] = Field(default=None)
    guided_decoding_backend: Optional[Literal["xgrammar", "llguidance"]] = None
    max_batch_size: Optional[int] = Field(default=None)
    max_num_tokens: Optional[int] = Field(default=8192)
    backend: Optional[str] = None
    mpi_session: Optional[object] = Field(default=None, alias="_mpi_session")

    @model_validator(mode="after")
    def check_sizes(self):
        if self.max_batch_size is not None and self.max_num_tokens is not None:
            if self.max_batch_size > self.max_num_tokens:
                logger.warning(f"max_batch_size {self.max_batch_size} is above max_num_tokens {self.max_num_tokens}")
        return self


class TrtLlmArgs(BaseLlmArgs):
    """The TensorRT backend."""

    build_config: Optional[BuildConfig] = None
    quant_config: Optional[QuantConfig] = None

    @model_validator(mode="after")
    def check_dtype(self):
        assert self.kv_cache_config.dtype == "auto", "trt: the kv cache has no dtype of its own"
        return self


class TorchLlmArgs(BaseLlmArgs):
    """The PyTorch backend."""

    cuda_graph_config: Optional[CudaGraphConfig] = Field(default_factory=CudaGraphConfig)
    load_format: Union[str, LoadFormat] = LoadFormat.AUTO
    stream_interval: int = 1
    max_streams: int = MOST_STREAMS
    batch_wait_ratio: float = Field(default=0, status="beta")
    orchestrator_type: Optional[Literal["rpc", "ray"]] = None
    worker_cls: Optional[str] = None

    @field_validator("load_format", mode="before")
    @classmethod
    def convert_load_format(cls, v):
        if isinstance(v, LoadFormat):
            return v
        if v not in ("AUTO", "DUMMY"):
            raise ValueError(f"torch: no load format {v}")
        return LoadFormat[v]

    @model_validator(mode="after")
    def check_stream_interval(self):
        if self.stream_interval <= 0:
            raise ValueError(f"torch: stream_interval {self.stream_interval} is not positive")
        if self.max_streams > MOST_STREAMS:
            raise ValueError("torch: too many streams")
        return self

    @model_validator(mode="after")
    def check_ratio(self):
        if self.batch_wait_ratio < 0 or self.batch_wait_ratio > 1:
            raise ValueError(f"torch: batch_wait_ratio {self.batch_wait_ratio} lies outside [0, 1]")
        return self

    @model_validator(mode="after")
    def check_worker(self):
        if self.worker_cls is not None and self.orchestrator_type != "ray":
            raise ValueError("torch: worker_cls is for orchestrator_type='ray' alone")
        return self
