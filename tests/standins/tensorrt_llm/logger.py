"""The stand-in's logger."""

import logging

logger = logging.getLogger("TRT-LLM")
