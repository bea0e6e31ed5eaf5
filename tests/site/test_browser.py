"""The site in a browser, and its Python in WebAssembly. Both need the npm packages of docs/how-to/explore.md."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import partial
from itertools import chain
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from pytest_llem_invariants.checker import checker
from pytest_llem_invariants.cli.asking import answer
from pytest_llem_invariants.site import bundle, pyodide
from pytest_llem_invariants.site.building import plans
from pytest_llem_invariants.site.library import Library, read_library
from pytest_llem_invariants.site.serving import Made, Server

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
MODULES = Path(os.environ.get("LLEM_NODE_MODULES", ROOT / "node_modules"))
CONFIGS = int(os.environ.get("LLEM_PAGE_CONFIGS", "100"))
"""How many recorded configs are compared."""
NODE, CHROMIUM = shutil.which("node"), shutil.which("chromium")
needs_node = pytest.mark.skipif(
    NODE is None or not (MODULES / "pyodide").is_dir(), reason="no node, or no npm package pyodide (LLEM_NODE_MODULES)"
)
needs_browser = pytest.mark.skipif(
    CHROMIUM is None or not (MODULES / "playwright-core").is_dir(),
    reason="no Chromium, or no npm package playwright-core (LLEM_NODE_MODULES)",
)
SLACK = 4
"""A machine that does something else meanwhile takes longer than the goals of the page say."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """transformers with its versions, and the newest vLLM that was mined: enough to see, and quicker than all."""
    root = tmp_path_factory.mktemp("root")
    (root / "engine_versions").symlink_to(ROOT / "engine_versions")
    (root / "corpora" / "vllm").mkdir(parents=True)
    (root / "corpora" / "transformers").symlink_to(ROOT / "corpora" / "transformers")
    for path in (ROOT / "corpora" / "vllm").iterdir():
        if path.is_file():
            (root / "corpora" / "vllm" / path.name).symlink_to(path)
    return read_library(str(root))


def questions(library: Library) -> list[str]:
    """The two configs of rules, as they are recorded, each in the version that has them."""
    found: dict[str, None] = {}
    for edition in library.editions:
        for proposed in edition.proposed.values():
            for key in ("kwargs_positive", "kwargs_negative"):
                asked = {"text": proposed[key], "kind": "yaml", "engine": edition.engine, "version": edition.version}
                found[json.dumps({**asked, "gpu": "H100:2"})] = None
    every = list(found)
    return every[:: max(len(every) // CONFIGS, 1)][:CONFIGS]


@needs_node
def test_recorded_configs_get_the_same_bytes_in_the_page_and_here(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, data in bundle.files(library):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    asked = questions(library)
    (tmp_path / "asked").write_text("".join(f"{one}\n" for one in asked))
    words = [str(NODE), str(HERE / "pyodide.mjs"), str(MODULES), str(tmp_path / "data")]
    words += [str(tmp_path / "asked"), str(tmp_path / "answers")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    print(done.stdout)
    monkeypatch.setattr(checker, "_kept", {})
    here = [answer(one, str(tmp_path / "here"), library.root) for one in asked]
    there = (tmp_path / "answers").read_text().splitlines()
    assert len(there) == len(asked)
    for question, one, other in zip(asked, here, there, strict=True):
        # Whoever gives the folder of the corpora hears that they are not those of the package; a page has no other.
        told = one.replace(json.dumps(json.dumps(library.root))[1:-1], "null")
        assert told == other, question
    assert any('"rejected"' in one for one in there)


@pytest.fixture(scope="module")
def seen(library: Library) -> Any:
    """What a browser saw of the site."""
    runtime = ((name, partial(bytes, data)) for name, data in pyodide.files(str(MODULES / "pyodide")))
    made = Made(chain(runtime, plans(library)))
    with Server(0, made.read, lambda asked: "{}") as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        axe = MODULES / "axe-core" / "axe.min.js"
        words = [str(NODE), "page.mjs", server.address, str(CHROMIUM), str(axe) if axe.is_file() else ""]
        link = MODULES.parent / "page.mjs"
        shutil.copyfile(HERE / "page.mjs", link)  # node looks for packages beside the script
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False, cwd=MODULES.parent)
        finally:
            link.unlink()
            server.shutdown()
            thread.join()
    assert done.returncode == 0, done.stderr[-2_000:]
    return json.loads(done.stdout)


@needs_node
@needs_browser
class TestPage:
    def test_a_config_is_typed_and_its_findings_read_at_their_place(self, seen: dict[str, Any]) -> None:
        assert "rejected" in seen["first"]["said"]
        assert "tensor_parallel_size: Input should be greater than or equal to 1" in seen["findings"]
        assert seen["marks"] == ["--tensor-parallel-size", "--gpu-memory-utilization"]

    def test_a_click_applies_a_fix(self, seen: dict[str, Any]) -> None:
        assert seen["applied"] == "vllm serve m --tensor-parallel-size 0 --gpu-memory-utilization 1"

    def test_a_link_shows_what_the_page_showed(self, seen: dict[str, Any]) -> None:
        assert seen["restored"]["text"] == "model: m\ntensor-parallel-size: 0\n"
        assert seen["restored"]["engine"] == "vllm"
        assert "rejected" in seen["restored"]["said"]

    def test_versions_stand_side_by_side_and_all_of_them_on_every_gpu(self, seen: dict[str, Any]) -> None:
        assert seen["several"]
        assert seen["several"][0].startswith("in 5.23.0, ")
        assert len(seen["grid"]) == 3 * 7  # versions of transformers, and GPUs
        assert set(seen["grid"]) == {"✗ rejected"}

    def test_no_script_of_a_user_runs(self, seen: dict[str, Any]) -> None:
        assert seen["evilMarkup"] == 0
        assert seen["problems"] == []

    def test_no_request_goes_to_another_host(self, seen: dict[str, Any]) -> None:
        assert len(seen["hosts"]) == 1

    def test_it_is_quick(self, seen: dict[str, Any]) -> None:
        assert min(seen["painted"]) < 1_000 * SLACK
        assert seen["first"]["took"] < 6_000 * SLACK
        assert seen["later"] < 50 * SLACK
        assert seen["keys"]["most"] < 50 * SLACK

    def test_the_search_finds_and_without_scripts_the_classes_are_there(self, seen: dict[str, Any]) -> None:
        assert seen["keys"]["found"] > 0
        assert seen["plain"] > 50

    def test_no_width_and_no_theme_breaks_a_page(self, seen: dict[str, Any]) -> None:
        assert seen["wide"] == []
        assert seen["axe"] == []

    def test_the_keyboard_reaches_everything_in_turn(self, seen: dict[str, Any]) -> None:
        order = seen["order"]
        assert order[0] == "Skip to the content"
        assert [
            name for name in order if name in ("kind", "engine", "gpu", "count", "shape", "example", "served", "text")
        ] == [
            "kind",
            "engine",
            "gpu",
            "count",
            "shape",
            "example",
            "served",
            "text",
        ]


def test_the_first_page_is_small() -> None:
    """What is read before anything is shown: the page, its style and its scripts."""
    sizes = {path.name: path.stat().st_size for path in (ROOT / "pytest_llem_invariants/site/assets").iterdir()}
    first = sum(sizes[name] for name in ("site.css", "check.js", "view.js", "state.js", "icon.svg"))
    assert first < 60_000
