"""Stand-in."""

from .llm_args import KvCacheConfig as KvCacheConfig
from .llm_args import TorchLlmArgs as TorchLlmArgs
from .llm_args import TrtLlmArgs as TrtLlmArgs
