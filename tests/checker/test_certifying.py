"""What stands behind a rule, a file and a release; it fails closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llem_invariants.checker.certifying import CERTIFIED, certifications, file_certification, lacking
from pytest_llem_invariants.checker.verdict import CERTIFICATIONS
from pytest_llem_invariants.corpus.files import fingerprint, render_proposed, render_validated, sha256_of
from pytest_llem_invariants.model import (
    Case,
    Certification,
    Channel,
    Corpus,
    Environment,
    EnvironmentKind,
    Outcome,
    Validated,
)
from tests.checker.demo import corpus_of, evidence

CORPUS = replace(corpus_of(), path=None)
KINDS = st.none() | st.sampled_from(EnvironmentKind)


def proven(**changes: object) -> Validated:
    validated = evidence(CORPUS)
    prints = {rule.id: fingerprint(rule) for rule in CORPUS.rules}
    cases = tuple(replace(case, fingerprint=prints[case.id]) for case in validated.cases)
    return replace(validated, cases=cases, corpus_sha256=sha256_of(render_proposed(CORPUS)), **changes)  # type: ignore[arg-type]


def first(**changes: object) -> Callable[[Validated], Validated]:
    def changed(validated: Validated) -> Validated:
        case, *others = validated.cases
        return replace(validated, cases=(replace(case, **changes), *others))  # type: ignore[arg-type]

    return changed


def where(kind: EnvironmentKind, image: str | None = None) -> Callable[[Validated], Validated]:
    return lambda validated: replace(validated, environment=replace(validated.environment, kind=kind, image_ref=image))


def put(folder: Path, validated: Validated | None, corpus: Corpus = CORPUS) -> Path:
    (folder / "invariants.proposed.yaml").write_text(render_proposed(corpus))
    if validated is not None:
        (folder / "invariants.validated.yaml").write_text(render_validated(validated))
    return folder


def test_a_whole_replay_in_a_named_container_or_in_tox_lacks_nothing(tmp_path: Path) -> None:
    assert lacking(put(tmp_path, proven()), "2.0") == []
    assert lacking(put(tmp_path, where(EnvironmentKind.TOX)(proven())), "2.0") == []
    assert file_certification(proven()) == "full"


@pytest.mark.parametrize(
    ("change", "word", "said"),
    [
        (where(EnvironmentKind.HOST), "host", "replayed on a host: only tox and containers certify"),
        (where(EnvironmentKind.SIMULATED), "simulated", "replayed on a simulated"),
        (where(EnvironmentKind.CONTAINER), "host", "in a container without a name"),
        (first(environment_kind=EnvironmentKind.HOST), "host", "replayed on a host: temperature_below_0"),
        (first(certification=Certification.REUSED), "reused", "reused: replay the whole corpus: temperature_below_0"),
        (first(certification=Certification.PARTIAL), "partial", "partial: replay"),
        (first(negative_confirmed=False), "partial", "contradicted: temperature_below_0"),
        (first(positive_confirmed=None, skipped_reason="no GPU"), "partial", "skipped: temperature_below_0"),
        (first(fingerprint="of another"), None, "never replayed as it is now: temperature_below_0"),
        (first(fingerprint=None), None, "never replayed as it is now: temperature_below_0"),
        (lambda one: replace(one, cases=one.cases[1:]), None, "never replayed as it is now: temperature_below_0"),
        (lambda one: replace(one, cases=(*one.cases, replace(one.cases[0], id="x"))), None, "no longer has: x"),
        (lambda one: replace(one, certification=Certification.PARTIAL), "partial", "says that it is partial"),
        (lambda one: replace(one, corpus_sha256="0"), None, "has changed since it was replayed"),
        (lambda one: replace(one, engine_version="1.9"), None, "the rules were replayed on 1.9"),
    ],
)
def test_what_is_missing_is_named(
    tmp_path: Path, change: Callable[[Validated], Validated], word: str | None, said: str
) -> None:
    changed = change(proven())
    told = lacking(put(tmp_path, changed), "2.0")
    assert said in "; ".join(told)
    assert word is None or file_certification(changed) == word


def test_a_rule_proven_on_a_simulated_device_is_no_reason_to_refuse_and_says_so(tmp_path: Path) -> None:
    changed = first(environment_kind=EnvironmentKind.SIMULATED)(proven())
    assert lacking(put(tmp_path, changed), "2.0") == []
    assert file_certification(changed) == "simulated"


def test_without_a_corpus_or_a_replay_nothing_is_certified(tmp_path: Path) -> None:
    assert lacking(tmp_path, "2.0") == ["there is no invariants.proposed.yaml: mine the version first"]
    assert lacking(put(tmp_path, None), "2.1") == [
        "the corpus was mined from 2.0",
        "there is no invariants.validated.yaml: no rule was replayed",
    ]


@given(
    kind=st.sampled_from(EnvironmentKind),
    image=st.none() | st.just("an/image:1"),
    of_case=KINDS,
    word=st.sampled_from(Certification),
    of_file=st.sampled_from(Certification),
    holds=st.booleans(),
)
def test_only_a_whole_replay_where_it_can_be_repeated_certifies(
    kind: EnvironmentKind,
    image: str | None,
    of_case: EnvironmentKind | None,
    word: Certification,
    of_file: Certification,
    holds: bool,
) -> None:
    case = Case(
        "a",
        Outcome.ERROR,
        Channel.RUNTIME_EXCEPTION,
        positive_confirmed=True,
        negative_confirmed=holds,
        certification=word,
        environment_kind=of_case,
    )
    base = evidence(CORPUS)
    validated = replace(
        base, environment=Environment(kind, image, "3.11", "linux", {}), cases=(case,), certification=of_file
    )
    told = certifications(validated)["a"]
    named = kind is not EnvironmentKind.CONTAINER or image is not None
    if told in CERTIFIED:
        assert named
        assert holds
        assert word is Certification.FULL
        assert EnvironmentKind.HOST not in (kind, of_case)
    assert CERTIFICATIONS.index(file_certification(validated)) <= CERTIFICATIONS.index(told)
