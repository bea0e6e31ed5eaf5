from __future__ import annotations

from pathlib import Path

import pytest

from pytest_llem_invariants.engines.tiny_model import tiny_model


def test_the_model_folder_is_made_mended_and_always_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def contents() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(tiny_model().iterdir())}

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "one"))
    first = contents()
    assert set(first) == {"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"}
    (tiny_model() / "config.json").write_text("{")
    assert contents() == first
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "two"))
    assert contents() == first
