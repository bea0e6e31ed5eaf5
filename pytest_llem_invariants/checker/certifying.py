"""How much stands behind a rule, a validated file and a release: one word each, and what a release lacks.

It fails closed: what is not told, or was seen where nobody knows what was installed, certifies nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pytest_llem_invariants.checker.layout import PROPOSED, VALIDATED
from pytest_llem_invariants.checker.verdict import CERTIFICATIONS, weakest
from pytest_llem_invariants.corpus.files import effective, fingerprint, load_proposed, load_validated, sha256_of
from pytest_llem_invariants.model import Case, Certification, Corpus, Environment, EnvironmentKind, Validated
from pytest_llem_invariants.text.bounded import read_text

CERTIFIED: Final = frozenset(("full", "simulated"))
"""What a release may have: a rule about a device is proven where the device is simulated, and says so."""
_SHOWN: Final = 3


def certifications(validated: Validated, *, is_stale: bool = False) -> dict[str, str]:
    """The word of each rule. `is_stale` where the corpus is another than the one that was replayed."""
    of_all = [str(Certification.PARTIAL)] if is_stale else list(_unexplained(validated))
    return {case.id: weakest((*of_all, *_of_case(validated, case))) for case in validated.cases}


def file_certification(validated: Validated) -> str:
    """The word of a whole validated file: that of its weakest rule."""
    return weakest((str(validated.certification), *certifications(validated).values()))


def _of_case(validated: Validated, case: Case) -> Iterator[str]:
    yield str(case.certification if case.confirmed else Certification.PARTIAL)
    yield from _kinds(validated.environment, case.environment_kind)


def _kinds(environment: Environment, of_case: EnvironmentKind | None) -> Iterator[str]:
    """What is said of where a case was observed. A container without a name is a host: nobody finds it again."""
    kinds = {environment.kind, of_case or environment.kind}
    unnamed = environment.kind is EnvironmentKind.CONTAINER and environment.image_ref is None
    if EnvironmentKind.HOST in kinds or unnamed:
        yield str(EnvironmentKind.HOST)
    if EnvironmentKind.SIMULATED in kinds:
        yield str(EnvironmentKind.SIMULATED)


def _unexplained(validated: Validated) -> Iterator[str]:
    """The file's word where its cases do not explain it; else it is about some rules, and those say so themselves."""
    word = str(validated.certification)
    if validated.certification is Certification.FULL:
        return
    cases = {str(case.certification) for case in validated.cases}
    if CERTIFICATIONS.index(weakest(cases)) > CERTIFICATIONS.index(word) or not cases:
        yield word


def lacking(folder: Path, version: str) -> list[str]:
    """What the corpus in a folder lacks to be a release of that version, a sentence each; none if it is certified."""
    proposed = folder / PROPOSED
    if not proposed.exists():
        return [f"there is no {PROPOSED}: mine the version first"]
    corpus = load_proposed(proposed)
    found = [] if corpus.engine_version == version else [f"the corpus was mined from {corpus.engine_version}"]
    path = folder / VALIDATED
    if not path.exists():
        return [*found, f"there is no {VALIDATED}: no rule was replayed"]
    validated = load_validated(path)
    if validated.engine_version != version:
        found.append(f"the rules were replayed on {validated.engine_version}")
    if validated.corpus_sha256 != sha256_of(read_text(proposed)):
        found.append("the corpus has changed since it was replayed")
    return [*found, *_of_environment(validated.environment), *_of_rules(corpus, validated)]


def _of_environment(environment: Environment) -> Iterator[str]:
    if environment.kind is EnvironmentKind.CONTAINER and environment.image_ref is None:
        yield "the rules were replayed in a container without a name: set LLEM_IMAGE_REF in it"
    elif not environment.kind.certifies:
        yield f"the rules were replayed on a {environment.kind}: only tox and containers certify"


def _of_rules(corpus: Corpus, validated: Validated) -> Iterator[str]:
    lost: dict[str, list[str]] = {}
    for entry in effective(corpus, validated):
        why = _lost(entry.case, fingerprint(entry.rule), validated.environment)
        if why is not None:
            lost.setdefault(why, []).append(entry.rule.id)
    known = {rule.id for rule in corpus.rules}
    lost["the corpus no longer has"] = [case.id for case in validated.cases if case.id not in known]
    for why, rules in lost.items():
        if rules:
            more = f", and {len(rules) - _SHOWN} more" if len(rules) > _SHOWN else ""
            yield f"{why}: {', '.join(rules[:_SHOWN])}{more}"
    if validated.certification is Certification.PARTIAL and not any(lost.values()):
        yield "the validated file says that it is partial, though every rule has its result"


def _lost(case: Case | None, print_of_rule: str, environment: Environment) -> str | None:
    """Why a rule is not certified."""
    if case is None or case.fingerprint != print_of_rule:
        return "never replayed as it is now"
    if case.skipped_reason is not None:
        return "skipped"
    if not case.confirmed:
        return "contradicted"
    if case.environment_kind is EnvironmentKind.HOST and environment.kind is not EnvironmentKind.HOST:
        return "replayed on a host"
    return None if case.certification is Certification.FULL else f"{case.certification}: replay the whole corpus"
