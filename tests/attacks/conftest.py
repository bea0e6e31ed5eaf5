from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_llem_invariants.checker.checker import Checker
from tests.attacks.targets import Range
from tests.checker.demo import install
from tests.checker.fact_demo import install_facts

_KNOWN: dict[Any, Checker] = {}


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped corpora read once: what is attacked is what comes from outside."""
    load = Checker.load

    def once(engine: str | None = None, *, version: str | None = None, corpus: Any = None, root: Any = None) -> Checker:
        if corpus is not None or root is not None or engine not in ("vllm", "transformers", "tensorrt"):
            return load(engine, version=version, corpus=corpus, root=root)
        if (engine, version) not in _KNOWN:
            _KNOWN[engine, version] = load(engine, version=version)
        return _KNOWN[engine, version]

    monkeypatch.setattr(Checker, "load", once)
    for engine in ("vllm", "transformers", "tensorrt"):
        once(engine)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_facts(install(tmp_path_factory.mktemp("attacked")))


@pytest.fixture
def demo(folder: Path, loaded: None) -> Range:
    return Range(folder)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.yaml"
    path.write_text("max_new_tokens: 16\n")
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.yaml"
    path.write_text("max_new_tokens: 0\n")
    return path
