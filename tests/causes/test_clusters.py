from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from miners.causes.between import Between
from miners.causes.clusters import RootCause, Why, explained, root_causes
from miners.causes.releases import UNKNOWN
from miners.causes.telling import sentence
from pytest_llem_invariants.corpus.schema_layout import read_schema
from pytest_llem_invariants.runs.digest import Finding, RuleFacts, RunDigest, Seen, Times, read_digest
from pytest_llem_invariants.runs.fingerprint import fingerprint

DATA = Path(__file__).parent / "data"
CORPORA = Path(__file__).parents[2] / "corpora"
LABELS = yaml.safe_load((DATA / "labels.yaml").read_text(encoding="utf-8"))
NOTHING = Between(None, None)


@cache
def causes_of(name: str) -> tuple[RunDigest, tuple[RootCause, ...]]:
    digest = read_digest(DATA / f"{name}.json")
    kept = CORPORA / digest.engine / "history"
    now = kept / digest.version if (kept / digest.version).exists() else CORPORA / digest.engine
    folders = kept / digest.corpus_version, now
    schemas = (read_schema(folder / "schema.discovered.json") for folder in folders)
    return digest, root_causes(digest, Between(*schemas))


@pytest.mark.parametrize("name", LABELS)
def test_each_divergence_that_was_read_has_the_cause_that_the_reader_saw(name: str) -> None:
    _, causes = causes_of(name)
    cause_of = {(one.rule, one.check): cause for one, cause in explained(causes).items()}
    wrong = []
    for label in LABELS[name]:
        cause = cause_of[label["rule"], label["check"]]
        if str(cause.why) != label["why"] or label["subject"] not in (cause.subject, *cause.also):
            wrong.append((label, str(cause.why), cause.subject))
    assert not wrong


@pytest.mark.parametrize("name", LABELS)
def test_nine_in_ten_divergences_have_a_cause_that_a_reader_confirmed(name: str) -> None:
    digest, causes = causes_of(name)
    read = {(label["rule"], label["check"]) for label in LABELS[name]}
    confirmed = [cause for cause in causes if any((one.rule, one.check) in read for one in cause.findings)]
    assert sum(len(cause.findings) for cause in confirmed) >= 0.9 * len(digest.divergences)


@pytest.mark.parametrize(("name", "most"), [("vllm-0.19.1-on-0.32.0", 130), ("transformers-4.57.6-on-5.23.0", 25)])
def test_hundreds_of_divergences_have_few_causes_and_each_has_one(name: str, most: int) -> None:
    digest, causes = causes_of(name)
    assert sum(len(cause.findings) for cause in causes) == len(digest.divergences)
    assert len(causes) <= most
    told = [cause for cause in causes if cause.why not in (Why.OTHER_CHECK, Why.CHECK_GONE)]
    assert sum(len(cause.findings) for cause in told) >= 0.75 * len(digest.divergences)


def digest_of(*samples: str, check: str = "negative_does_not_raise", **facts: Any) -> RunDigest:
    """A run in which one rule was answered with these samples."""
    known: dict[str, Any] = {
        "native_type": "demo.Cache",
        "fields": ("size",),
        "given": ("size",),
        "guard": "demo/cache.py:7",
        "method": "Cache.check",
        "by": "static_miner",
        "severity": "error",
        "template": "size must be positive, got {size}",
    }
    findings = tuple(
        Finding(f"r{number}", check, "broken", check, "silence", fingerprint(sample))
        for number, sample in enumerate(samples)
    )
    return RunDigest(
        engine="demo",
        version="2.0",
        corpus_version="1.0",
        corpus_sha256="0",
        corpus="corpora/demo/invariants.proposed.yaml",
        environment={},
        worlds={},
        rules={},
        unrun=0,
        findings=findings,
        facts={one.rule: RuleFacts(**{**known, **facts}) for one in findings},
        errors={fingerprint(sample): Seen(sample, None, None, 1) for sample in samples},
        times=Times("2026-01-01T00:00:00Z", 1.0, 0.5),
    )


@pytest.mark.parametrize(
    ("sample", "why", "subject"),
    [
        ("TypeError: Cache.__init__() got an unexpected keyword argument 'swap'", Why.FIELD_GONE, "Cache.swap"),
        (
            "ValidationError: 1 validation error for Pool\nkind\n  Extra inputs are not permitted",
            Why.FIELD_GONE,
            "Pool.kind",
        ),
        ("ValidationError: Object contains unknown field `depth`", Why.FIELD_GONE, "Cache.depth"),
        (
            "ValidationError: 1 validation error for Cache\nsize\n  Input too small [type=gt, x]",
            Why.DECLARED,
            "Cache.size",
        ),
        ("ModuleNotFoundError: No module named 'triton'", Why.PACKAGE, "triton"),
        ("ValueError: blocks must fit", Why.OTHER_CHECK, "blocks must fit"),
        ("accepted in silence", Why.CHECK_GONE, "demo/cache.py (Cache.check)"),
    ],
)
def test_what_a_library_says_names_the_cause(sample: str, why: Why, subject: str) -> None:
    (cause,) = root_causes(digest_of(sample), NOTHING)
    assert (cause.why, cause.subject) == (why, subject)


def test_a_field_that_is_gone_from_a_class_and_its_front_is_one_cause() -> None:
    says = "{}.__init__() got an unexpected keyword argument 'swap'"
    digest = digest_of(says.format("Args"), says.format("Cache"), says.format("Cache").replace("swap", "other"))
    joined, other = root_causes(digest, NOTHING)
    assert (joined.subject, joined.also, len(joined.findings)) == ("Args.swap", ("Cache.swap",), 2)
    assert other.subject == "Cache.other"
    assert sentence(joined, digest, UNKNOWN) == "Args and Cache have no field swap in 2.0"


def test_the_same_check_in_other_words_is_reworded() -> None:
    said = "size must be at least 1 and positive, got 0"
    (cause,) = root_causes(digest_of(said, check="message_template_match"), NOTHING)
    assert (cause.why, cause.subject, cause.detail) == (Why.REWORDED, "size must be positive, got {size}", said)


def test_errors_that_differ_in_values_alone_have_one_cause() -> None:
    (cause,) = root_causes(digest_of("ValueError: 3 is 'odd'", "ValueError: 5 is 'even'"), NOTHING)
    assert len(cause.rules) == 2


def test_what_is_sure_explains_the_rest_of_its_rule() -> None:
    digest = digest_of("Cache.__init__() got an unexpected keyword argument 'size'", "accepted in silence")
    of_one = tuple(replace(one, rule="r0") for one in digest.findings)
    (cause,) = root_causes(replace(digest, findings=of_one), NOTHING)
    assert (cause.why, len(cause.findings)) == (Why.FIELD_GONE, 2)


def test_what_was_skipped_is_no_divergence() -> None:
    digest = digest_of("no GPU here")
    skipped = tuple(replace(one, outcome="skipped") for one in digest.findings)
    assert root_causes(replace(digest, findings=skipped), NOTHING) == ()
