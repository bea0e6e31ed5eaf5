"""The stand-in's logger."""

import logging

logger = logging.getLogger("tensorrt_llm")
