"""Normalise the library's messages, so that two runs give the same bytes."""

from __future__ import annotations

import os
import re
import tempfile
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from pytest_llem_invariants.engines.tiny_model import cache_folder

LONGEST: Final = 4000
_HERE: Final = "<cwd>"

_ADDRESS: Final = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")
_PID: Final = re.compile(r"\b(pid|process id|process)([ =:]{1,3})\d+\b", re.IGNORECASE)
_LINK_VERSION: Final = re.compile(r"(https?://[^\s'\")\]]*?/)v?\d+(?:\.\d+)+(?=/)")
_PACKAGES: Final = re.compile(r"(?<![\w/.-])/[^\s'\"`,;:)\]}>]*?/(?:site|dist)-packages(?=/)")
"""Where packages are installed: a library that tells a traceback tells it."""
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def normalise_text(text: str) -> str:
    """The text with variable parts replaced by fixed tokens, unprintable characters escaped, and limited in length."""
    cut = _normalised(text[:LONGEST], os.getcwd() if "/" in text else "")
    return cut if len(text) <= LONGEST else f"{cut}… <{len(text)} characters>"


@lru_cache(maxsize=16384)
def _normalised(cut: str, cwd: str) -> str:
    if "0x" in cut:
        cut = _ADDRESS.sub("<address>", cut)
    if "://" in cut:
        cut = _LINK_VERSION.sub(lambda found: f"{found[1]}<version>", cut)
    if "/" in cut:
        if "-packages/" in cut:
            cut = _PACKAGES.sub("<packages>", cut)
        if cwd in cut:
            cut = _working_folder(cwd).sub(_HERE, cut)
        if any(root in cut for root in _temporary_roots()):
            cut = _temporary().sub("<tmp>", cut)
    if "pid" in (folded := cut.casefold()) or "process" in folded:
        cut = _PID.sub(r"\1\2<pid>", cut)
    if not cut.replace("\n", "").replace("\t", "").isprintable():
        cut = _UNPRINTABLE.sub(_escape, cut)
    return cut


def _escape(found: re.Match[str]) -> str:
    point = ord(found[0])
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}"


@cache
def _temporary_roots() -> frozenset[str]:
    return frozenset({tempfile.gettempdir(), "/tmp", "/var/tmp", str(cache_folder())})


@cache
def _temporary() -> re.Pattern[str]:
    roots = sorted(_temporary_roots(), key=len, reverse=True)
    return re.compile(r"(?<![\w/])(?:" + "|".join(map(re.escape, roots)) + r")/[^\s'\"`,;:)\]}>]+")


@cache
def _working_folder(cwd: str) -> re.Pattern[str]:
    """The library's form of a relative path; a folder with temporary files has no stable name."""
    holds_temporary = any(Path(root).is_relative_to(cwd) for root in _temporary_roots())
    return re.compile(r"(?!)" if holds_temporary else rf"(?<![\w/]){re.escape(cwd)}(?![\w.-])")
