"""A release's changelog is made of fragments, and says which engines are inside."""

from __future__ import annotations

from pathlib import Path

import pytest

from miners.cli import main
from tests.checker.demo import install

LOG = """\
# Changelog

## [Unreleased]

### Changed

- One thing.

### Fixed

- A fault.

## [0.1.0] - 2026-01-01

- All of it.
"""
AFTER = """\
# Changelog

## [Unreleased]

## [0.2.0] - 2026-02-03

Engines: demo 2.0 (1.0).

### Changed

- One thing.
- Another thing, which takes
  two lines.

### Fixed

- A fault.

### Added

- A new thing.

## [0.1.0] - 2026-01-01

- All of it.
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = install(tmp_path)
    monkeypatch.chdir(root)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1770076800")
    (root / "CHANGELOG.md").write_text(LOG)
    (root / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "0.1.0"\n')
    (root / "changes").mkdir()
    (root / "changes" / "README.md").write_text("How to write one.\n")
    (root / "changes" / "another.changed.md").write_text("Another thing, which takes\n  two lines.\n")
    (root / "changes" / "new.added.md").write_text("A new thing.\n")
    return root


def test_fragments_become_a_section_that_names_the_engines_inside(project: Path) -> None:
    assert main(["release", "0.2.0"]) == 0
    assert (project / "CHANGELOG.md").read_text() == AFTER
    assert 'version = "0.2.0"' in (project / "pyproject.toml").read_text()
    assert [path.name for path in (project / "changes").iterdir()] == ["README.md"]
    assert main(["release", "v0.2.0", "--check"]) == 0


def test_a_tag_that_is_not_of_this_tree_is_refused_with_why(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["release", "0.2.0"])
    log = project / "CHANGELOG.md"
    log.write_text(log.read_text().replace("demo 2.0", "demo 1.9"))
    (project / "changes" / "late.fixed.md").write_text("Too late.\n")
    capsys.readouterr()
    assert main(["release", "v0.3.0", "--check"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "the tag is v0.3.0, but pyproject.toml has 0.2.0 — tag v0.2.0, or run llem-mine release first",
        "CHANGELOG.md says 'Engines: demo 1.9 (1.0).', but inside are: Engines: demo 2.0 (1.0).",
        "changes/late.fixed.md is not in the changelog",
    ]


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("0.0.9", "0.0.9 cannot follow 0.1.0"),
        ("0.2", "0.2 cannot follow 0.1.0 — write X.Y.Z"),
        ("0.2.0+vllm.1", "cannot follow"),
        ("next", "'next' is no version"),
    ],
)
def test_a_version_that_cannot_follow_is_refused(
    project: Path, version: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["release", version]) == 2
    assert said in capsys.readouterr().err
    assert (project / "CHANGELOG.md").read_text() == LOG


def test_nothing_to_release_and_a_fragment_of_no_kind_are_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "changes" / "other.md").write_text("?\n")
    assert main(["release", "0.2.0"]) == 2
    assert "changes/other.md: name it WHAT.KIND.md, with KIND one of changed, added, fixed" in capsys.readouterr().err
    for path in (project / "changes").iterdir():
        path.unlink()
    (project / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n")
    assert main(["release", "0.2.0"]) == 2
    assert "nothing is unreleased" in capsys.readouterr().err
