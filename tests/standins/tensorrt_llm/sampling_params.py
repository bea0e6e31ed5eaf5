"""Stand-in: sampling parameters as a dataclass that checks itself when it is built."""

# ruff: noqa: UP006, UP007, UP035, UP045 - the shapes of the real ones

from dataclasses import dataclass, field
from typing import List, Literal, Optional, Union

from .logger import logger


@dataclass(slots=True, kw_only=True)
class GuidedDecodingParams:
    """At most one guide."""

    regex: Optional[str] = None
    grammar: Optional[str] = None

    def _validate(self):
        if self.regex is not None and self.grammar is not None:
            raise ValueError("one guide at a time: regex or grammar")


@dataclass(slots=True, kw_only=True)
class SamplingParams:
    """How tokens are chosen."""

    n: int = 1
    best_of: Optional[int] = None
    use_beam_search: bool = False
    temperature: Optional[float] = None
    top_p: Optional[float] = None
    max_tokens: int = 32
    stop: Optional[Union[str, List[str]]] = None
    logprobs_mode: Literal["raw", "processed"] = "raw"
    bad_token_ids: List[int] = field(default_factory=list)

    def __post_init__(self):
        if self.best_of is None:
            self.best_of = self.n
        self._validate()

    def _validate(self):
        if self.n < 1:
            raise ValueError(f"n counts answers from 1, not {self.n}")
        if self.best_of < self.n:
            raise ValueError(f"best_of={self.best_of} leaves fewer than n={self.n} answers")
        if self.max_tokens is not None and self.max_tokens <= 0:
            raise ValueError(f"max_tokens must leave room for a token, got {self.max_tokens}")
        if self.top_p is not None and not 0 <= self.top_p <= 1:
            raise ValueError(f"top_p is a share of one, not {self.top_p}")
        if self.use_beam_search and self.temperature == 0:
            logger.warning("beams at temperature 0 are all alike")
