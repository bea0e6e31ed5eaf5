"""A run over less than everything changes only what it ran through all its checks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_llem_invariants.corpus.files import load_validated
from pytest_llem_invariants.model import Certification, EnvironmentKind
from tests.plugin.house import GOOD, NEGATIVE, WRONG, House, acting

PARTIAL = [
    ("-k", "too_tall"),
    ("corpora/fake/invariants.proposed.yaml::too_tall",),
    ("--deselect", "corpora/fake/invariants.proposed.yaml::negative_size"),
]


ONE_CHECK = "corpora/fake/invariants.proposed.yaml::too_tall::too_tall[positive_raises]"


def files(house: House) -> dict[str, bytes]:
    """What a repository would see: not the journal, nor its lock."""
    return {str(path): path.read_bytes() for path in house.path.rglob("*.yaml")}


@pytest.mark.parametrize("selection", [*PARTIAL, (ONE_CHECK,)])
def test_a_partial_run_that_finds_nothing_new_changes_no_file(
    house: House, selection: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    house.run()
    before = files(house)
    monkeypatch.setenv("LLEM_FROZEN_AT", "2027-05-06T07:08:09Z")
    monkeypatch.delenv("LLEM_ENVIRONMENT_KIND")
    monkeypatch.setenv("LLEM_IMAGE_REF", "an/image:1")
    result = house.run(*selection)
    assert result.ret == 0
    assert files(house) == before
    assert "wrote" not in result.stdout.str()
    assert house.run(*selection, "--llem-check").ret == 0


@pytest.mark.parametrize("selection", PARTIAL)
def test_what_was_not_run_is_kept_as_reused_where_something_changed(house: House, selection: tuple[str, ...]) -> None:
    house.run()
    before = load_validated(house.validated)
    stale = house.validated.read_text().replace("got 201", "got 202")
    house.validated.write_text(stale)
    house.run(*selection)
    after = load_validated(house.validated)
    assert after.certification is Certification.REUSED
    assert [replace(case, certification=Certification.FULL) for case in after.cases] == list(before.cases)
    assert {case.certification for case in after.cases} == {Certification.FULL, Certification.REUSED}


def test_what_is_kept_from_a_host_stays_from_a_host(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.run()
    house.validated.write_text(house.validated.read_text().replace("got 201", "got 202"))
    monkeypatch.delenv("LLEM_ENVIRONMENT_KIND")
    monkeypatch.setenv("LLEM_IMAGE_REF", "an/image:1")
    result = house.run(*PARTIAL[0])
    after = load_validated(house.validated)
    assert after.environment.kind is EnvironmentKind.CONTAINER
    kept = {case.environment_kind for case in after.cases if case.certification is Certification.REUSED}
    assert kept == {EnvironmentKind.HOST}
    assert "(certification host)" in result.stdout.str()


def test_a_whole_run_that_says_the_same_where_it_certifies_less_changes_no_file(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LLEM_ENVIRONMENT_KIND")
    with monkeypatch.context() as in_a_container:
        in_a_container.setenv("LLEM_IMAGE_REF", "an/image:1")
        house.run()
    before = files(house)
    monkeypatch.setenv("LLEM_FROZEN_AT", "2027-05-06T07:08:09Z")
    result = house.run()
    assert files(house) == before
    result.stdout.fnmatch_lines(["*(certification host)*", "*it stays as it is*", "next: nothing; *"])
    house.validated.write_text(house.validated.read_text().replace("got 201", "got 202"))
    assert "wrote" in house.run().stdout.str()
    assert load_validated(house.validated).environment.kind is EnvironmentKind.HOST
    monkeypatch.setenv("LLEM_IMAGE_REF", "an/image:1")
    house.run()
    assert load_validated(house.validated).environment.kind is EnvironmentKind.CONTAINER


def test_one_check_writes_nothing_where_nothing_was(house: House) -> None:
    before = files(house)
    result = house.run(ONE_CHECK)
    assert result.ret == 0
    assert files(house) == before
    assert "no rule ran through all its checks" in result.stdout.str()


def test_a_partial_run_speaks_only_of_what_it_ran(house: House) -> None:
    house.hold((*GOOD, WRONG))
    assert house.run().ret == 1
    result = house.run(ONE_CHECK)
    assert result.ret == 0
    assert WRONG.id not in result.stdout.str()
    result = house.run("-k", "too_tall")
    assert result.ret == 0
    assert WRONG.id not in result.stdout.str()


def test_a_file_that_lacks_a_rule_is_partial(house: House) -> None:
    house.run("-k", "too_tall")
    assert load_validated(house.validated).certification is Certification.PARTIAL


def test_what_could_not_be_tried_again_keeps_what_was_known(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.hold((*GOOD, acting("wait")))
    library = house.path / "site" / "fakelib.py"
    waiting = "threading.Event().wait(float(os.environ.get('WAIT', '0')))"
    library.write_text(library.read_text() + f"    def do_wait(self): {waiting}\n")
    house.run("--llem-isolate")
    before = load_validated(house.validated)
    assert before.certification is Certification.FULL
    monkeypatch.setenv("WAIT", "30")
    result = house.pytester.runpytest_subprocess("--llem-engine=fake", "--llem-isolate", "--llem-timeout=2")
    after = load_validated(house.validated)
    assert "1 skipped" in result.stdout.str()
    assert after.certification is Certification.REUSED
    (kept,) = (case for case in after.cases if case.certification is Certification.REUSED)
    assert kept.id == "acts_wait"
    assert kept.confirmed
    assert [replace(case, certification=Certification.FULL) for case in after.cases] == list(before.cases)


def test_an_aborted_run_keeps_what_it_did_not_reach(house: House) -> None:
    house.hold((*GOOD, WRONG))
    house.run()
    before = load_validated(house.validated)
    house.hold((WRONG, *GOOD))
    house.run("-x")
    after = load_validated(house.validated)
    assert {case.id for case in after.cases} == {case.id for case in before.cases}
    assert all(case.confirmed for case in after.cases if case.id != WRONG.id)


def test_evidence_of_a_rule_that_changed_is_dropped(house: House) -> None:
    house.run()
    match = replace(NEGATIVE.match, fields={"size": (NEGATIVE.match.fields["size"][0], *WRONG.match.fields["size"])})
    house.hold([replace(NEGATIVE, match=match), *GOOD[1:]])
    house.run("-k", "too_tall and positive_raises")
    assert NEGATIVE.id in {case.id for case in load_validated(house.validated).cases}, "no rule ran"
    house.run("-k", "too_tall")
    assert NEGATIVE.id not in {case.id for case in load_validated(house.validated).cases}


def test_a_rule_that_left_the_corpus_leaves_the_validated_file(house: House) -> None:
    house.run()
    house.hold(GOOD[1:])
    house.run("-k", "too_tall")
    assert NEGATIVE.id not in {case.id for case in load_validated(house.validated).cases}


def test_last_failed_runs_only_the_broken_and_keeps_the_rest(house: House) -> None:
    house.hold((*GOOD, WRONG))
    house.run()
    result = house.run("--lf")
    result.assert_outcomes(failed=2)
    assert sum(case.confirmed for case in load_validated(house.validated).cases) == len(GOOD)
