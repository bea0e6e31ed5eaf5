"""Corpora in and out: the same rules come back, and nothing malformed gets in."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from pytest_llem_invariants.corpus.files import (
    dump,
    fingerprint,
    load_proposed,
    locate_field,
    parse_proposed,
    render_proposed,
    template_fragments,
)
from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.model import Clause, Corpus, Match, Rule
from tests.core.strategies import corpora

WHOLE = """\
schema_version: "1.1.0"
engine: fake
engine_version: "1.0"
mined_at: "2026-01-01T00:00:00Z"
invariants:
  - id: small_size
    engine: fake
    library: fakelib
    invariant_under_test: Config rejects a small size
    severity: error
    native_type: lib.Config
    miner_source: {path: lib/config.py, method: __init__, line_at_scan: 3}
    match:
      engine: fake
      fields:
        size: {"<": 1}
    kwargs_positive: {size: 0}
    kwargs_negative: {size: 1}
    expected_outcome: {outcome: error, emission_channel: runtime_exception}
    message_template: "size must be positive, got {size}"
    references: ["lib/config.py:3"]
    added_by: static_miner
    added_at: "2026-01-01"
"""


@given(corpora())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_what_is_written_is_read_again(corpus: Corpus) -> None:
    text = render_proposed(corpus)
    again = parse_proposed(text)
    assert again == corpus
    assert render_proposed(again) == text


def test_bytes_do_not_depend_on_the_hash_seed() -> None:
    code = (
        "import sys; from pytest_llem_invariants.corpus.files import parse_proposed, render_proposed;"
        "sys.stdout.write(render_proposed(parse_proposed(sys.stdin.read())))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            input=WHOLE,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(texts) == 1


def _only(text: str) -> Rule:
    (rule,) = parse_proposed(text).rules
    return rule


def test_other_producers_spellings_are_read() -> None:
    plain = _only(WHOLE)
    foreign = WHOLE.replace("invariants:", 'walker_pinned_range: ">=1"\nrules:').replace(
        "invariant_under_test:", "rule_under_test:"
    )
    assert _only(foreign) == plain


@pytest.mark.parametrize(
    ("written", "clause"),
    [
        ("3", Clause("==", 3)),
        ("{equals: 3}", Clause("==", 3)),
        ("{not_equal: 3}", Clause("!=", 3)),
        ("{multiple_of: 3}", Clause("divisible_by", 3)),
        ("null", Clause("==", None)),
        ("{in: [1, null]}", Clause("in", [1, None])),
        ("{'<': .inf}", Clause("<", float("inf"))),
    ],
)
def test_predicates_are_read_in_canonical_spelling(written: str, clause: Clause) -> None:
    assert _only(WHOLE.replace('size: {"<": 1}', f"size: {written}")).match.fields == {"size": (clause,)}


def test_lines_lead_to_the_rules() -> None:
    assert parse_proposed(WHOLE).lines == {"small_size": 6}


def _replace(old: str, new: str) -> Callable[[str], str]:
    def spoil(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return spoil


MALFORMED = [
    (_replace("severity: error", "severity: grave"), "grave", 10),
    (_replace("id: small_size", "id: Small Size"), "Small Size", 6),
    (_replace("    library: fakelib\n", ""), "library", 6),
    (_replace("severity: error", "severety: error"), "severety", 10),
    (_replace("line_at_scan: 3", "line_at_scan: three"), "line_at_scan", 12),
    (_replace("kwargs_positive: {size: 0}", "kwargs_positive: [0]"), "kwargs_positive", 17),
    (_replace('size: {"<": 1}', 'size: {"<": [1]}'), "<", 16),
    (_replace('size: {"<": 1}', "size: {divides: 1}"), "divides", 16),
    (_replace('size: {"<": 1}', 'size: {"<": "@weight"}'), "weight", 16),
    (_replace('size: {"<": 1}', '"size +": {"<": 1}'), "size +", 16),
    (_replace("        size: {", "        : {"), "", None),
    (_replace("outcome: error", "outcome: exploded"), "exploded", 19),
    (_replace("outcome: error", "outcome: warn"), "warn", 19),
    (_replace("emission_channel: runtime_exception", "emission_channel: smoke"), "smoke", 19),
    (_replace("added_by: static_miner", "added_by: somebody"), "somebody", 22),
    (_replace("message_template: ", "message_template: [1] #"), "message_template", 20),
    (_replace("engine: fake\nengine_version", "engine: 3\nengine_version"), "engine", 2),
    (_replace('schema_version: "1.1.0"', 'schema_version: "2.0.0"'), "2.0.0", 1),
    (_replace('schema_version: "1.1.0"', 'schema_version: "one"'), "one", 1),
    (_replace('schema_version: "1.1.0"\n', ""), "schema_version", None),
    (lambda text: text + text[text.index("  - id") :], "small_size", 24),
    (_replace("    severity: error\n", "    severity: error\n    severity: warn\n"), "severity", 11),
    (_replace("size: 0}", "size: !!python/object:os.system 0}"), "python/object", 17),
    (_replace("size: 0}", "size: {$type: 3}}"), "type", 17),
    (_replace("      engine: fake\n", "      engine: other\n"), "other", 14),
    (_replace("    engine: fake\n", "    engine: other\n"), "other", 7),
    (_replace('        size: {"<": 1}\n', "        {}\n"), "empty", 15),
    (_replace('size: {"<": 1}', "size: {}"), "operator", 16),
    (_replace('size: {"<": 1}', 'size: {"<": 1, lt: 2}'), "twice", 16),
    (_replace('size: {"<": 1}', "size: {3: 1}"), "size", 16),
    (_replace('size: {"<": 1}', 'size: {"<": "@b.c"}'), "b.c", 16),
    (_replace('size: {"<": 1}', 'size: {"<": "@len("}'), "len(", 16),
    (_replace('size: {"<": 1}', 'size: {matches: "("}'), "regular expression", 16),
    (_replace('size: {"<": 1}', "size: {in: {a: 1}}"), "a list", 16),
    (_replace("      fields:", "      defaults: 3\n      fields:"), "defaults", 15),
    (_replace("      fields:", "      fealds:"), "fealds", 15),
    (_replace("    kwargs_negative: {size: 1}\n", ""), "kwargs_negative", 6),
    (_replace("    message_template:", "    requires_gpu: maybe\n    message_template:"), "requires_gpu", 20),
    (_replace('references: ["', 'references: [3, "'), "references", 21),
    (_replace("added_at: ", "added_at: soon #"), "soon", 23),
    (_replace("    added_at", "    cross_validated_by: [static_minor]\n    added_at"), "static_miner", 23),
    (_replace("    added_at", "    rule_under_test: again\n    added_at"), "rule_under_test", 23),
    (_replace("line_at_scan: 3", "line_at_scan: -3"), "-3", 12),
    (_replace("path: lib/config.py, ", ""), "path", 12),
    (_replace("severity: error", "severity: dormant"), "dormant", 19),
    (_replace("{outcome: error, emission_channel: runtime_exception}", "nothing"), "expected_outcome", 19),
    (_replace("emission_channel: runtime_exception", "emission_channel: none"), "none", 19),
    (_replace("invariants:", "rules: []\ninvariants:"), "rules", 5),
    (_replace("invariants:", "invariant:"), "invariant", 5),
    (_replace("mined_at: ", "mined_at: never #"), "never", 4),
    (_replace("invariants:", "context: {platform: {default: tpu, values: [cpu]}}\ninvariants:"), "tpu", 5),
    (_replace("invariants:", "context: {a: {default: 1, type: whole}}\ninvariants:"), "whole", 5),
    (_replace("invariants:", "context: {a: {default: 1, values: [1, x], type: int}}\ninvariants:"), "'x' is no int", 5),
    (_replace("invariants:", "context: {a: {default: 1, keys: [a], of: part}}\ninvariants:"), "part", 5),
    (_replace("invariants:", "context: {a: {default: 1, found: [a.b]}}\ninvariants:"), "found", 5),
    (_replace("    added_at", "    world: {heads: 4}\n    added_at"), "heads", 23),
    (_replace("  - id:", "  - 3\n  - id:"), "mapping", 6),
    (_replace("id: small_size", "id: [small_size]"), "id", 6),
    (_replace("size: 0}", "size: {$type: a.B, kwarks: {}}}"), "kwarks", 17),
    (_replace("size: 0}", "3: 0}"), "3", 17),
    (lambda text: text[: len(text) // 2], "", None),
    (lambda text: "- a list\n", "", None),
    (lambda text: "", "", None),
]


@pytest.mark.parametrize(("spoil", "named", "line"), MALFORMED)
def test_malformed_is_one_sentence_with_its_place(
    tmp_path: Path, spoil: Callable[[str], str], named: str, line: int | None
) -> None:
    path = tmp_path / "invariants.proposed.yaml"
    path.write_text(spoil(WHOLE))
    with pytest.raises(CorpusError) as caught:
        load_proposed(path)
    said = str(caught.value)
    assert said.startswith(f"{path}:" if line is not None else f"{path}")
    assert named in said
    assert caught.value.fix
    assert "\n" not in said
    if line is not None:
        assert caught.value.line == line


def test_a_silent_change_must_name_what_changes() -> None:
    silent = WHOLE.replace("severity: error", "severity: dormant").replace(
        "{outcome: error, emission_channel: runtime_exception}", "{outcome: dormant_silent, emission_channel: none}"
    )
    with pytest.raises(CorpusError, match="normalised_fields"):
        parse_proposed(silent)
    told = silent.replace("emission_channel: none}", "emission_channel: none, normalised_fields: [size]}")
    assert _only(told).expected_outcome.normalised_fields == ("size",)


def test_a_sentence_names_the_rule_and_the_fix() -> None:
    with pytest.raises(CorpusError) as caught:
        parse_proposed(WHOLE.replace("severity: error", "severity: grave"))
    assert caught.value.rule_id == "small_size"
    assert caught.value.fix


def test_another_major_is_refused_before_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "invariants.proposed.yaml"
    path.write_text("# Ours.\n" + WHOLE.replace('"1.1.0"', '"2.0.0"') + "    {{ not what we call YAML")
    with pytest.raises(CorpusError, match=r"schema version 2\.0\.0 cannot be read") as caught:
        load_proposed(path)
    assert caught.value.line == 2


def test_a_newer_minor_is_read_and_its_unknown_keys_are_kept() -> None:
    newer = WHOLE.replace('"1.1.0"', '"1.9.0"') + "    blessed_by: somebody\n"
    rule = _only(newer)
    assert rule.extra == {"blessed_by": "somebody"}
    assert "blessed_by: somebody" in render_proposed(parse_proposed(newer))


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + level)}: &{chr(98 + level)} [{','.join(['*' + chr(97 + level)] * 9)}]\n" for level in range(9)
)


@pytest.mark.parametrize(
    "text",
    [BOMB, "[" * 5000, "!!python/object/apply:os.system ['true']", "a: " + "{b: " * 200 + "1" + "}" * 200],
    ids=["alias bomb", "brackets", "python object", "deep"],
)
def test_bombs_are_refused_at_once(text: str) -> None:
    started = time.process_time()
    with pytest.raises(CorpusError):
        parse_proposed(text)
    assert time.process_time() - started < 1


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "corpus.yaml"
    dump(path, "old")

    def refuse(*arguments: object) -> None:
        raise OSError("no")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="no"):
        dump(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["corpus.yaml"]


@pytest.mark.parametrize(
    ("template", "fragments"),
    [
        ("size must be {a}, got {b}", ("size must be", ", got")),
        ("{a}", ()),
        ("braces {{stay}} {x!r:>{width}} here", ("braces {stay}", "here")),
        ("", ()),
        ("open {never closed", ("open",)),
    ],
)
def test_template_fragments(template: str, fragments: tuple[str, ...]) -> None:
    assert template_fragments(template) == fragments


def test_fingerprint_sees_the_constraint_and_not_its_spelling() -> None:
    plain = _only(WHOLE)
    assert fingerprint(plain) == fingerprint(
        _only(WHOLE.replace('{"<": 1}', '{"<": 1.0}').replace("line_at_scan: 3", "line_at_scan: 9"))
    )
    assert fingerprint(plain) != fingerprint(_only(WHOLE.replace('{"<": 1}', '{"<": 2}')))
    assert fingerprint(plain) != fingerprint(_only(WHOLE.replace("native_type: lib.Config", "native_type: lib.Other")))
    assert fingerprint(_only(WHOLE.replace('{"<": 1}', "{equals: 1}"))) == fingerprint(
        _only(WHOLE.replace('{"<": 1}', "1"))
    )


def test_a_namespace_before_a_field_is_stripped() -> None:
    match = Match("fake", {})
    assert locate_field(match, "lib.deep.size", "lib.deep") == "size"
    assert locate_field(_only(WHOLE), "unknown.prefix.size") == "size"
    assert locate_field(_only(WHOLE), "size") == "size"
