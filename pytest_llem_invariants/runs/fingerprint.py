"""One name for errors that differ only in the values that they tell."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Final

_INPUT: Final = re.compile(r", input_value=.*?, input_type=[^\]\n]*|, input_value=[^\n]*?(?=\])", re.DOTALL)
_LINK: Final = re.compile(r"\s*For further information visit \S+")
_QUOTED: Final = re.compile(r"'([^'\n]*)'|`([^`\n]*)`|\"([^\"\n]*)\"")
_NUMBER: Final = re.compile(r"(?<![\w.])[-+]?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|inf|nan)(?![\w.])", re.IGNORECASE)
_BLANKS: Final = re.compile(r"\s+")
_BEFORE_NAME: Final = ("attribute ", "argument ", "module named ")
"""What Python's own errors say before a name."""
_LONGEST: Final = 2000


def skeleton(text: str, names: Collection[str] = ()) -> str:
    """What an error says without the values: of what it quotes, only names stay."""
    return _skeleton(text[:_LONGEST], frozenset(names))


@lru_cache(maxsize=4096)
def _skeleton(text: str, names: frozenset[str]) -> str:
    text = _LINK.sub("", _INPUT.sub("", text))
    text = _QUOTED.sub(_keeping(names), text)
    return _BLANKS.sub(" ", _NUMBER.sub("#", text)).strip()


def _keeping(names: frozenset[str]) -> Callable[[re.Match[str]], str]:
    def kept(found: re.Match[str]) -> str:
        quoted = next(group for group in found.groups() if group is not None)
        is_name = quoted in names or found.string[: found.start()].endswith(_BEFORE_NAME)
        return f"'{quoted}'" if is_name else "'…'"

    return kept


def fingerprint(text: str, names: Collection[str] = ()) -> str:
    """The same for errors with the same skeleton."""
    return hashlib.sha256(skeleton(text, names).encode("utf-8", "surrogatepass")).hexdigest()[:12]
