from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

from miners.cli import main
from miners.discovery.render import load_schema, render_schema
from miners.schema.digests import PLACE, all_pages, engines_with_data

ROOT = Path(__file__).parents[2]
made = cache(lambda engine: all_pages(engine, ROOT))


@pytest.mark.parametrize("engine", engines_with_data(ROOT))
def test_the_committed_pages_are_made_of_the_committed_data(engine: str) -> None:
    stale = [
        str(path)
        for path, text in made(engine).items()
        if not (ROOT / path).exists() or (ROOT / path).read_text(encoding="utf-8") != text
    ]
    assert stale == [], f"run `llem-mine digest {engine}` and commit {PLACE}"


def test_no_page_is_left_of_data_that_is_gone() -> None:
    known = {path for engine in engines_with_data(ROOT) for path in made(engine)}
    kept = {path.relative_to(ROOT) for path in (ROOT / PLACE).glob("*.md")}
    assert kept - known == set()


@pytest.fixture
def project(toy_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The toy's project with two versions of its schema, and a corpus of one rule."""
    shutil.copytree(toy_project, tmp_path / "project")
    corpus = tmp_path / "project/corpora/toy"
    before = load_schema(corpus) | {"engine_version": "1.1.0"}
    del before["engine_params"]["toyengine.MachineConfig"]["plain"]
    (corpus / "history/1.1.0").mkdir(parents=True)
    (corpus / "history/1.1.0/schema.discovered.json").write_text(render_schema(before), encoding="utf-8")
    (corpus / "invariants.proposed.yaml").write_text(
        """\
schema_version: "1.1.0"
engine: toy
engine_version: "1.2.3"
mined_at: "2026-01-01T00:00:00Z"
invariants:
  - id: toy_ratio
    engine: toy
    library: toyengine
    invariant_under_test: ratio may not be above one
    severity: error
    native_type: toyengine.CheckedConfig
    miner_source: {path: toyengine/__init__.py, method: check, line_at_scan: 7}
    match: {engine: toy, fields: {ratio: {">": 1}, speed: {"<": "@ratio"}}}
    kwargs_positive: {ratio: 2, speed: 1}
    kwargs_negative: {ratio: 1, speed: 1}
    expected_outcome: {outcome: error, emission_channel: runtime_exception}
    message_template: "ratio | too {ratio}"
    references: []
    added_by: static_miner
    added_at: "2026-01-01"
""",
        encoding="utf-8",
    )
    (corpus / "invariants.validated.yaml").write_text(
        """\
schema_version: "1.1.0"
engine: toy
engine_version: "1.2.3"
validated_at: "2026-01-01T00:00:00Z"
corpus_sha256: "0"
environment: {kind: host, image_ref: null, python: "3.11", platform: linux, versions: {}}
certification: full
summary: {}
cases:
  - id: toy_ratio
    outcome: error
    emission_channel: runtime_exception
    positive_confirmed: true
    message_confirmed: true
    negative_confirmed: true
    certification: full
divergences: []
""",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def test_the_pages_are_written_once_and_checked_after(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["digest", "--check"]) == 1
    assert not (project / "docs").exists()
    assert main(["digest"]) == 0
    assert sorted(path.name for path in (project / PLACE).iterdir()) == [
        "curation-toy.md",
        "invariants-toy.md",
        "schema-diff-toy-1.1.0-1.2.3.md",
        "schema-toy.md",
    ]
    capsys.readouterr()
    assert main(["digest", "toy", "--check"]) == 0
    assert capsys.readouterr().out == ""
    (project / PLACE / "schema-toy.md").write_text("edited by hand")
    assert main(["digest", "--check"]) == 1
    assert "stale: docs/reference/engines/schema-toy.md" in capsys.readouterr().out


def test_a_page_of_versions_that_are_no_neighbours_any_more_goes(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["digest", "toy"]) == 0
    folder = project / PLACE
    gone, other = folder / "schema-diff-toy-0.9-1.2.3.md", folder / "schema-diff-toy-by-hand.md"
    gone.write_text((folder / "schema-diff-toy-1.1.0-1.2.3.md").read_text())
    other.write_text("# By hand\n")
    capsys.readouterr()
    assert main(["digest", "toy", "--check"]) == 1
    assert capsys.readouterr().out == f"stale: {PLACE / gone.name}\n"
    assert main(["digest", "toy"]) == 0
    assert capsys.readouterr().out == f"removed: {PLACE / gone.name}\n"
    assert not gone.exists()
    assert other.exists()


def page(project: Path, name: str) -> str:
    return all_pages("toy", project)[PLACE / f"{name}.md"]


def test_the_schema_page_tells_types_defaults_and_what_is_missing(project: Path) -> None:
    text = page(project, "schema-toy")
    assert "| `ratio` | `float` (ge 0, le 1) | `0.5` | How much of it. In two paragraphs. |" in text
    assert "**Deprecated, use `speed`.**" in text
    assert "| `needed` | `str` | required |" in text
    assert "| `workers` | `int` | computed: differs on another machine |" in text
    assert "| `version` | *str \\| Colour* | `None` | Which version. |" in text
    assert "| `toyengine.MachineConfig.derived` | not settable |" in text


def test_the_curation_page_counts_rules_by_parameter_and_names_those_without(project: Path) -> None:
    text = page(project, "curation-toy")
    assert "2 of " in text
    assert "| `ratio` | 1 |  |  |" in text
    assert "| `speed` | 1 |  |  |" in text
    assert "Without a rule: `mode`, `needed`, `strange`, `told`." in text


def test_the_page_of_invariants_tells_when_and_where(project: Path) -> None:
    text = page(project, "invariants-toy")
    assert "1 rules, 1 of them proven" in text
    assert "ratio \\| too {ratio}" in text
    assert "`toyengine/__init__.py:7`" in text


def test_the_change_page_names_what_came(project: Path) -> None:
    text = page(project, "schema-diff-toy-1.1.0-1.2.3")
    assert "| `toyengine.MachineConfig.plain` | field added |  | `int` |" in text


def test_every_row_of_every_page_has_as_many_cells_as_its_head(project: Path) -> None:
    for text in all_pages("toy", project).values():
        width = 0
        for line in text.splitlines():
            cells = line.replace("\\|", "").count("|")
            width = 0 if not line.startswith("|") else width or cells
            assert cells in (0, width), line
