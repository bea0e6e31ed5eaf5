"""The wheel is built with certified corpora, and with others if told; `llem-mine certify` names what is missing."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from miners.cli import main
from tests.checker.demo import install

HOOK = Path(__file__).parents[2] / "hatch_build.py"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("LLEM_UNCERTIFIED", raising=False)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(install(tmp_path))
    return Path.cwd()


def build(root: Path, **config: Any) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location("hatch_build", HOOK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    hook = module.CompiledCorpora(str(root), config, SimpleNamespace(), SimpleNamespace(), str(root), "wheel")
    data: dict[str, Any] = {"force_include": {}}
    hook.initialize("standard", data)
    hook.finalize("standard", data, "")
    return data


def test_an_uncertified_corpus_ships_only_if_it_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(build(project)["force_include"]) == 2
    validated = project / "corpora/demo/invariants.validated.yaml"
    validated.write_text(validated.read_text().replace("kind: container", "kind: host"))
    with pytest.raises(SystemExit, match=r"^not certified: corpora/demo — `llem-mine certify ENGINE`"):
        build(project, uncertified=["demo/history/1.0"])
    assert len(build(project, uncertified=["demo"])["force_include"]) == 2
    monkeypatch.setenv("LLEM_UNCERTIFIED", "1")
    assert len(build(project)["force_include"]) == 2


def test_a_release_that_is_not_certified_is_refused_with_what_is_missing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "corpora/demo/history/1.0/invariants.validated.yaml").unlink()
    assert main(["certify", "demo", "1.0"]) == 1
    assert capsys.readouterr().out == (
        "demo 1.0: not certified\n  there is no invariants.validated.yaml: no rule was replayed\n"
    )
    assert main(["certify", "demo", "3.0"]) == 2
    assert "demo has no corpus of 3.0 — it has 2.0, 1.0" in capsys.readouterr().err
