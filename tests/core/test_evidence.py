"""What the library did, in files: the same comes back, nothing malformed gets in, and it lies over the corpus."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from pytest_llem_invariants.corpus.files import (
    effective,
    load_quarantine,
    load_validated,
    parse_proposed,
    parse_validated,
    render_quarantine,
    render_validated,
    sha256_of,
)
from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.model import Quarantine, Validated
from tests.core.strategies import quarantines, validated_files
from tests.core.test_corpus import WHOLE

VALIDATED = """\
schema_version: "1.1.0"
engine: fake
engine_version: "1.0"
validated_at: "2026-01-01T00:00:00Z"
corpus_sha256: "00"
environment: {kind: tox, image_ref: null, python: "3.11.7", platform: linux-x86_64, versions: {fakelib: "1.0"}}
certification: full
summary: {}
cases:
  - id: small_size
    outcome: error
    emission_channel: runtime_exception
    observed_messages: ["size must be positive, got 0"]
    observed_exception: {type: ValueError, message: "size must be positive, got 0"}
    positive_confirmed: true
    message_confirmed: true
    negative_confirmed: true
    soundness: {probes: 9, agreed: 9}
    certification: full
divergences:
  - invariant_id: small_size
    check_failed: predicate_underbroad
    field: size
    expected: a rejection
    observed: none
"""
QUARANTINE = (
    """\
schema_version: "1.1.0"
engine: fake
engine_version: "1.0"
generated_at: "2026-01-01T00:00:00Z"
quarantined_rules:
  - rule:
"""
    + "".join(f"      {line[4:]}\n" for line in WHOLE[WHOLE.index("  - id:") :].splitlines())
    + """\
    divergences:
      - invariant_id: small_size
        check_failed: positive_raises
        field: size
        expected: ValueError
        observed: nothing
"""
)


@given(validated_files())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_validated_file_comes_back(validated: Validated) -> None:
    text = render_validated(validated)
    again = parse_validated(text)
    assert again == validated
    assert render_validated(again) == text


def quarantine_of(text: str) -> Quarantine:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "quarantine.yaml")
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        return load_quarantine(path)


@given(quarantines())
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_quarantine_comes_back(quarantine: Quarantine) -> None:
    text = render_quarantine(quarantine)
    again = quarantine_of(text)
    assert again == quarantine
    assert render_quarantine(again) == text


def test_a_quarantine_holds_the_rule_whole() -> None:
    ((rule, divergences),) = quarantine_of(QUARANTINE).rules
    assert (rule,) == parse_proposed(WHOLE).rules
    assert divergences[0].observed == "nothing"


def _case(old: str, new: str) -> bool:
    (shown,) = effective(parse_proposed(WHOLE), parse_validated(VALIDATED.replace(old, new, 1)))
    return shown.ships


def test_a_confirmed_rule_ships() -> None:
    assert _case("", "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("positive_confirmed: true", "positive_confirmed: false"),
        ("positive_confirmed: true", "positive_confirmed: null"),
        ("negative_confirmed: true", "negative_confirmed: false"),
        ("negative_confirmed: true", "negative_confirmed: null"),
        ("message_confirmed: true", "message_confirmed: false"),
        ("    certification: full", "    skipped_reason: no GPU\n    certification: full"),
        ("agreed: 9}", "agreed: 8, overbroad: [{size: 7}]}"),
        ("id: small_size", "id: another_rule"),
    ],
)
def test_a_rule_ships_only_on_its_own_whole_evidence(old: str, new: str) -> None:
    assert not _case(old, new)


def test_a_rule_without_a_template_ships_without_a_message() -> None:
    assert _case("message_confirmed: true", "message_confirmed: null")


def test_nothing_ships_unproven() -> None:
    assert [shown.ships for shown in effective(parse_proposed(WHOLE), None)] == [False]


def _replace(old: str, new: str) -> Callable[[str], str]:
    def spoil(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return spoil


MALFORMED_VALIDATED = [
    (_replace("outcome: error", "outcome: odd"), "odd", 11),
    (_replace("certification: full", "certification: no"), "no", 7),
    (_replace("kind: tox", "kind: moon"), "moon", 6),
    (_replace('python: "3.11.7", ', ""), "python", 6),
    (_replace("corpus_sha256:", "corpus_sha:"), "corpus_sha", 5),
    (_replace("positive_confirmed: true", "positive_confirmed: maybe"), "positive_confirmed", 15),
    (_replace("positive_confirmed: true", "positive_confirmed: 1"), "positive_confirmed", 15),
    (_replace("agreed: 9", "agreed: 10"), "10 of 9", 18),
    (_replace("probes: 9", "probes: -1"), "probes", 18),
    (_replace("{type: ValueError, ", "{"), "type", 14),
    (_replace('observed_messages: ["size must be positive, got 0"]', "observed_messages: none"), "a list", 13),
    (_replace("divergences:\n  - invariant_id: small_size\n", "divergences:\n  -\n"), "invariant_id", 22),
    (_replace("check_failed: predicate_underbroad", "check_failed: too_bad"), "too_bad", 22),
    (
        lambda text: text.replace(
            "divergences:", text[text.index("  - id") : text.index("divergences:")] + "divergences:"
        ),
        "duplicate",
        20,
    ),
    (_replace('"1.1.0"', '"3.0.0"'), "3.0.0", 1),
    (lambda text: text[:300], "", None),
]


@pytest.mark.parametrize(("spoil", "named", "line"), MALFORMED_VALIDATED)
def test_a_malformed_validated_file_is_refused(
    tmp_path: Path, spoil: Callable[[str], str], named: str, line: int | None
) -> None:
    _refused(load_validated, tmp_path / "invariants.validated.yaml", spoil(VALIDATED), named, line)


MALFORMED_QUARANTINE = [
    (_replace("  - rule:\n", "  - rule: nothing\n    r:\n"), "rule", None),
    (_replace("severity: error", "severity: grave"), "grave", 11),
    (_replace("    divergences:", "    divergencies:"), "divergences", 25),
    (_replace("quarantined_rules:", "rules:"), "rules", 5),
    (lambda text: text + text[text.index("  - rule") :], "duplicate", 32),
    (_replace('"1.1.0"', '"0.9"'), "0.9", 1),
]


@pytest.mark.parametrize(("spoil", "named", "line"), MALFORMED_QUARANTINE)
def test_a_malformed_quarantine_is_refused(
    tmp_path: Path, spoil: Callable[[str], str], named: str, line: int | None
) -> None:
    _refused(load_quarantine, tmp_path / "_failed_validation_fake.yaml", spoil(QUARANTINE), named, line)


def _refused(load: Callable[[Path], object], path: Path, text: str, named: str, line: int | None) -> None:
    path.write_text(text)
    with pytest.raises(CorpusError) as caught:
        load(path)
    said = str(caught.value)
    assert named in said
    assert said.startswith(str(path))
    assert caught.value.fix
    assert "\n" not in said
    if line is not None:
        assert caught.value.line == line


def test_what_a_newer_minor_adds_is_kept() -> None:
    newer = (
        VALIDATED.replace('"1.1.0"', '"1.99.0"')
        .replace("summary: {}", "summary: {}\nsigned_by: somebody")
        .replace("    certification: full\n", "    certification: full\n    weight: 3\n")
    )
    validated = parse_validated(newer)
    assert validated.extra == {"signed_by": "somebody"}
    assert validated.cases[0].extra == {"weight": 3}
    assert parse_validated(render_validated(validated)) == validated


def test_the_digest_is_of_the_text() -> None:
    assert sha256_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert sha256_of("a") != sha256_of("b")
