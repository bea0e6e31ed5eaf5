"""Run llem-mine as one would in a shell: it may pretend what this process must not."""

from __future__ import annotations

import subprocess
import sys


def mine(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; from miners.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False, timeout=300
    )
