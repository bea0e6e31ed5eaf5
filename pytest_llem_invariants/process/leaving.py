"""Exit at once from a process that has loaded a large library."""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress
from typing import NoReturn


def leave(status: int = 0) -> NoReturn:
    """End this process without cleaning up its memory; exit functions and waiting processes are served."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(status)
