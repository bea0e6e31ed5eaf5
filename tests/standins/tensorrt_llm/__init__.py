"""A stand-in for tests: classes of TensorRT-LLM's shapes under its import paths. None of it is TensorRT-LLM's."""

from .builder import BuildConfig as BuildConfig
from .sampling_params import SamplingParams as SamplingParams
from .version import __version__ as __version__
