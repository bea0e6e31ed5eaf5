"""What mining answers where the library is not what the SSOT knows, or not whole: one sentence and exit status 2."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

from miners.cli import main


def test_a_version_outside_its_pin_is_named_with_the_pin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.99.1" if name == "vllm" else real(name))
    assert main(["build", "vllm"]) == 2
    said = capsys.readouterr().err
    assert "0.99.1" in said
    assert "<0.34" in said
    assert said.count("\n") == 1


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
