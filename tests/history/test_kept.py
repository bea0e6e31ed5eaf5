"""What is known of the version before: the rules of the nearest one whose corpus is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from miners.build.earlier import rules_before
from pytest_llem_invariants.corpus.files import dump, render_proposed
from pytest_llem_invariants.model import Clause, Corpus, Rule
from tests.evidence.test_soundness import rule


def keep(root: Path, version: str, bound: int) -> Rule:
    about = rule({"n": (Clause("<", bound),)}, {"n": bound - 1}, {"n": bound})
    kept = replace(about, invariant_under_test=f"rejects n below {bound}")
    corpus = Corpus("1.1.0", kept.engine, version, "2026-01-01T00:00:00Z", (kept,))
    folder = root / "corpora" / "lib" / "history" / version
    folder.mkdir(parents=True)
    dump(folder / "invariants.proposed.yaml", render_proposed(corpus))
    return kept


def examples(rules: tuple[Rule, ...]) -> list[object]:
    return [one.kwargs_positive for one in rules]


def test_the_nearest_version_before_is_taken_and_none_after(tmp_path: Path) -> None:
    keep(tmp_path, "0.9.0", 1)
    keep(tmp_path, "0.10.0", 2)
    keep(tmp_path, "0.33.0", 3)
    notes = tmp_path / "corpora" / "lib" / "history" / "notes"
    notes.mkdir()
    (notes / "invariants.proposed.yaml").write_text("no version's", encoding="utf-8")
    assert examples(rules_before(tmp_path, "lib", "0.32.0")) == [{"n": 1}]
    assert examples(rules_before(tmp_path, "lib", "0.10.0")) == [{"n": 0}]
    assert examples(rules_before(tmp_path, "lib", "0.40.0")) == [{"n": 2}]


def test_before_the_first_version_nothing_is_known(tmp_path: Path) -> None:
    assert rules_before(tmp_path, "lib", "1.0") == ()
    keep(tmp_path, "2.0", 1)
    assert rules_before(tmp_path, "lib", "1.0") == ()
