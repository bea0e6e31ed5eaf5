"""A class that nobody prepared is mined by its name, also by the name it had before it moved."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from miners.build.earlier import Earlier
from miners.build.named_class import adapter_for
from miners.build.one_class import examine
from miners.build.pipeline import Crew, build
from miners.cli import main
from miners.process.commands import REFUSED
from miners.process.progress import Progress
from pytest_llem_invariants.errors import EngineUnavailableError
from pytest_llem_invariants.language.predicates import compile_match
from pytest_llem_invariants.model import AddedBy

_LIBRARY = """
class Server:
    def __init__(self, port=80, workers=1, mode="fast"):
        if not 0 < port < 65536:
            raise ValueError(f"port must lie between 1 and 65535, got {port}")
        if mode not in ("fast", "safe"):
            raise ValueError(f"mode must be fast or safe, got {mode!r}")
        if mode == "safe" and workers > 4:
            raise ValueError("at most four workers are safe")
        self.port, self.workers, self.mode = port, workers, mode
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = tmp_path / "mined_once"
    folder.mkdir()
    (folder / "__init__.py").write_text("from mined_once import settings\n")
    (folder / "settings.py").write_text(_LIBRARY)
    (folder / "old.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == folder.name]:
        monkeypatch.delitem(sys.modules, name)
    return folder.name


@pytest.mark.parametrize("target", ["{}.settings.Server", "{}.settings:Server", "{}.old.Server"])
def test_the_rules_are_those_of_its_code(package: str, target: str) -> None:
    rules = examine(target.format(package)).corpus.rules
    assert AddedBy.STATIC_MINER in {rule.added_by for rule in rules}

    def rejected(**kwargs: object) -> bool:
        return any(compile_match(rule.match)(kwargs, {}) for rule in rules)

    assert rejected(port=0)
    assert rejected(port=65536)
    assert rejected(mode="slow")
    assert rejected(mode="safe", workers=5)
    assert not rejected(mode="safe", workers=4)
    assert not rejected(mode="fast", workers=5, port=65535)


def test_what_may_ask_for_all_the_memory_is_never_built_in_this_process(package: str, tmp_path: Path) -> None:
    built = tmp_path / "built"
    (tmp_path / package / "settings.py").write_text(
        "import os\n\n\nclass Table:\n"
        "    def __init__(self, size=1):\n"
        "        if size < 0:\n"
        "            raise ValueError(f'size must not be negative, got {size}')\n"
        f"        with open({str(built)!r}, 'a') as told:\n"
        "            told.write(f'{os.getpid()} {size}\\n')\n"
    )
    examine(f"{package}.settings.Table")
    processes = {line.split()[0] for line in built.read_text().splitlines() if line.split()[1] != "1"}
    assert processes
    assert str(os.getpid()) not in processes


def test_of_a_part_of_the_classes_only_those_are_mined(package: str) -> None:
    adapter = adapter_for(f"{package}.settings.Server")
    whole = build(adapter, Crew(Progress(), workers=1)).corpus
    other = replace(whole.rules[0], id="another", native_type="another.Class")
    kept = build(adapter, Crew(Progress(), workers=1), Earlier(replace(whole, rules=(other,))), classes=()).corpus
    assert kept.rules == (other,)
    names = adapter.native_types()
    again = build(adapter, Crew(Progress(), workers=1), Earlier(replace(whole, rules=(other,))), classes=names).corpus
    assert {rule.id for rule in again.rules} == {"another", *(rule.id for rule in whole.rules)}


def test_a_part_is_not_written_over_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "transformers", "--class", "transformers.GenerationConfig"]) == REFUSED
    assert "--out" in capsys.readouterr().err


def test_a_name_that_nothing_bears_is_refused_in_a_sentence(package: str) -> None:
    with pytest.raises(EngineUnavailableError, match="has no class 'Nobody'"):
        examine(f"{package}.settings.Nobody")
