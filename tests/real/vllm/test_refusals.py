"""What mining answers where the library is not what the SSOT knows, or not whole: one sentence and exit status 2."""

from __future__ import annotations

import subprocess
import sys

import pytest


def test_a_version_outside_its_pin_is_named_with_the_pin() -> None:
    """In a process of its own: an adapter remembers the version that it met."""
    code = (
        "import importlib.metadata as metadata, sys; real = metadata.version; "
        "metadata.version = lambda name: '0.99.1' if name == 'vllm' else real(name); "
        "from miners.cli import main; sys.exit(main(['build', 'vllm']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    told = [line for line in done.stderr.splitlines() if line.startswith("llem-mine:")]
    assert done.returncode == 2, done.stderr
    assert len(told) == 1
    assert "0.99.1" in told[0]
    assert "<0.34" in told[0]


@pytest.mark.parametrize("missing", ["msgspec", "vllm.platforms.cpu"])
def test_a_broken_installation_says_once_what_is_missing(missing: str) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None; from miners.cli import main; sys.exit(main(['build', 'vllm']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    told = [line for line in done.stderr.splitlines() if line.startswith("llem-mine:")]
    assert done.returncode == 2, done.stderr
    assert len(told) == 1
    assert missing in told[0]
    assert "rules in the proposed corpus" not in done.stdout
