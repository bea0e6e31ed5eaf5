"""The heartbeat fails when nothing ran, and when an entry that excuses something is no longer needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from miners.refresh import heartbeat
from miners.refresh.heartbeat import findings
from pytest_llem_invariants.corpus.files import SCHEMA_VERSION, render_proposed
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.model import AddedBy, Corpus
from tests.evidence.test_handwritten import BY_HAND

TODAY = date(2026, 2, 1)


def said(root: Path, last: str | None = None) -> list[tuple[bool, str]]:
    return [(one.is_failure, one.sentence) for one in findings(root, TODAY, 35, last)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "engine_versions").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("last", "fails", "words"),
    [
        ("never", True, "never ran — is Renovate switched on?"),
        ("2025-12-27T23:00:00Z", True, "last ran 36 days ago, and releases come every 35 days"),
        ("2025-12-28T01:00:00Z", False, "last ran 35 days ago"),
    ],
)
def test_a_loop_that_stood_still_for_too_long_is_told(root: Path, last: str, fails: bool, words: str) -> None:
    ((is_failure, sentence),) = said(root, last)
    assert is_failure is fails
    assert words in sentence


def test_a_time_that_is_none_is_told(root: Path) -> None:
    with pytest.raises(LlemError, match="'soon' is not a timestamp"):
        said(root, "soon")


@pytest.mark.parametrize("found", [(), (AddedBy.STATIC_MINER,)])
def test_a_rule_by_hand_has_an_age_until_mining_finds_it(root: Path, found: tuple[AddedBy, ...]) -> None:
    rule = replace(BY_HAND, added_at="2026-01-02", cross_validated_by=found)
    (root / "engine_versions" / f"{rule.engine}.yaml").touch()
    folder = root / "corpora" / rule.engine
    folder.mkdir(parents=True)
    corpus = Corpus(SCHEMA_VERSION, rule.engine, "1.0", "2026-01-02T00:00:00Z", (rule,))
    (folder / "invariants.proposed.yaml").write_text(render_proposed(corpus), encoding="utf-8")
    ((is_failure, sentence),) = said(root)
    assert is_failure is bool(found)
    assert (
        "static_miner finds it now — delete the seed"
        if found
        else "1 rules are written by hand, the oldest for 30 days"
    ) in sentence


def test_a_corpus_that_need_not_be_excused_any_more_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("lib", "lib/history/0.9", "lib/history/1.0")
    listed = "".join(f'    "{name}",\n' for name in names)
    (root / "pyproject.toml").write_text(f"uncertified = [\n{listed}]\n")
    for name in (names[0], names[2]):
        (root / "corpora" / name).mkdir(parents=True)
        text = render_proposed(Corpus(SCHEMA_VERSION, "lib", "1.0", "2026-01-02T00:00:00Z", (BY_HAND,)))
        (root / "corpora" / name / "invariants.proposed.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(heartbeat, "lacking", lambda folder, version: [] if folder.name == version else ["no replay"])
    in_list = "is in `uncertified` of pyproject.toml"
    assert said(root) == [
        (False, f"lib {in_list}: no replay"),
        (True, f"lib/history/0.9 {in_list}, and there is no such corpus — take it out"),
        (True, f"lib/history/1.0 {in_list}, and it is certified now — take it out"),
    ]
