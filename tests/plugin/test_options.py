"""Each option, its ini twin, and what is refused."""

from __future__ import annotations

import os
import sys
from xml.etree import ElementTree

import pytest

from pytest_llem_invariants.corpus.files import load_validated
from tests.plugin.house import GOOD, NEGATIVE, WRONG, House, acting


def test_without_an_engine_nothing_of_the_plugin_shows(house: House) -> None:
    house.pytester.makepyfile("def test_other(): pass")
    result = house.pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1)
    told = result.stdout.str().replace(str(house.path), "")  # which may be of a user whose name holds it
    assert "llem" not in told.replace("llem-invariants-", "")
    assert not house.validated.exists()


def test_a_run_that_is_none_of_its_business_pays_for_nothing(house: House) -> None:
    house.pytester.makepyfile("""
        import sys
        def test_imports():
            ours = {name for name in sys.modules if name.startswith("pytest_llem_invariants.")}
            assert ours == {
                "pytest_llem_invariants.plugin",
                "pytest_llem_invariants.plugin.checking",  # its fixture is there for everybody
                "pytest_llem_invariants.plugin.knobs",
                "pytest_llem_invariants.plugin.options",
            }
            assert "yaml" not in sys.modules
    """)
    house.pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_what_was_collected_is_left_alone_by_the_collector_of_garbage(house: House) -> None:
    """It would walk a large corpus again and again, and once more while the process waits to leave."""
    house.pytester.makeconftest("""
        import gc
        def pytest_runtest_setup(item):
            assert gc.get_freeze_count() > 10_000
    """)
    assert house.run().ret == 0


def test_a_named_corpus_is_collected_without_an_engine_and_writes_nothing(house: House) -> None:
    result = house.pytester.runpytest_subprocess("corpora/fake/invariants.proposed.yaml")
    result.assert_outcomes(passed=3 * len(GOOD) - 1, skipped=1)
    assert not house.validated.exists()


def test_items_of_an_engine_that_is_not_there_are_skipped_with_the_reason(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH")
    result = house.pytester.runpytest_subprocess("corpora/fake/invariants.proposed.yaml", "-rs")
    result.assert_outcomes(skipped=3 * len(GOOD))
    assert "fakelib" in result.stdout.str()


def test_engine_comes_from_the_ini_file_too(house: House) -> None:
    (house.path / "pytest.ini").write_text("[pytest]\nllem_engine = fake\n")
    result = house.pytester.runpytest_subprocess()
    result.assert_outcomes(passed=3 * len(GOOD) - 1, skipped=1)
    assert house.validated.exists()


def test_a_variable_counts_before_the_ini_file_and_the_command_line_before_both(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    (house.path / "pytest.ini").write_text("[pytest]\nllem_engine = nowhere\nllem_out = lasting\n")
    for name, value in {"ENGINE": "fake", "CHECK": "no", "REPEAT": "1", "OUT": "here"}.items():
        monkeypatch.setenv(f"LLEM_{name}", value)
    assert house.pytester.runpytest_subprocess().ret == 0
    assert (house.path / "here" / house.validated.name).exists()
    assert house.pytester.runpytest_subprocess("--llem-out=there").ret == 0
    assert (house.path / "there" / house.validated.name).exists()
    assert not (house.path / "lasting").exists()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("LLEM_CHECK", "perhaps", "LLEM_CHECK is 'perhaps' — use one of 1, true, yes, on, 0, false, no, off"),
        ("LLEM_REPEAT", "0", "LLEM_REPEAT is a number of observations, not 0"),
        ("LLEM_DIGESTS", "-1", "LLEM_DIGESTS is 0 or a number of digests, not -1"),
        ("LLEM_TIMEOUT", "soon", "LLEM_TIMEOUT is a number of seconds, not 'soon'"),
    ],
)
def test_a_variable_with_a_wrong_value_is_named(
    house: House, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    result = house.run()
    assert result.ret == 4
    assert said in result.stderr.str()


def test_an_engine_that_is_not_installed_is_exit_2(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH")
    result = house.run()
    assert result.ret == 2
    assert "fakelib" in result.stderr.str() + result.stdout.str()
    assert not house.validated.exists()


def test_a_version_outside_its_pin_is_exit_2_with_both_versions(house: House, workers: tuple[str, ...]) -> None:
    metadata = house.path / "site" / "fakelib-1.0.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text().replace("Version: 1.0", "Version: 2.5"))
    result = house.run(*workers)
    assert result.ret == 2
    said = result.stderr.str() + result.stdout.str()
    assert "2.5" in said
    assert "<2,>=1" in said


def test_a_broken_installation_is_exit_2_and_says_what_is_missing(house: House, workers: tuple[str, ...]) -> None:
    library = house.path / "site" / "fakelib.py"
    library.write_text("import a_compiled_part_of_it\n" + library.read_text())
    house.validated.write_text("what was there")
    result = house.run(*workers)
    assert result.ret == 2
    assert "a_compiled_part_of_it" in result.stdout.str()
    assert result.parseoutcomes()["errors"] <= 2, "every worker says it once"
    assert house.validated.read_text() == "what was there"


def test_a_malformed_corpus_is_exit_2_with_its_line(house: House, workers: tuple[str, ...]) -> None:
    house.corpus.write_text(house.corpus.read_text().replace("severity: error", "severity: terrible", 1))
    result = house.run(*workers)
    assert result.ret == 2
    said = result.stderr.str() + result.stdout.str()
    assert "invariants.proposed.yaml:" in said
    assert "terrible" in said


def test_a_native_type_outside_the_allowlist_is_exit_2_and_imports_nothing(house: House) -> None:
    house.corpus.write_text(
        house.corpus.read_text().replace("native_type: fakelib.Config", "native_type: os.system", 1)
    )
    result = house.run()
    assert result.ret == 2
    assert "os.system" in result.stderr.str() + result.stdout.str()


def test_a_corpus_of_another_engine_is_exit_2(house: House) -> None:
    house.corpus.write_text(house.corpus.read_text().replace("engine: fake", "engine: other"))
    result = house.run()
    assert result.ret == 2
    assert "a corpus of 'other'" in result.stderr.str() + result.stdout.str()


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({}, "host"),
        ({"LLEM_IMAGE_REF": "example.invalid/fakelib@sha256:1"}, "container"),
        ({"TOX_ENV_NAME": "fake", "TOX_ENV_DIR": sys.prefix}, "tox"),
        ({"TOX_ENV_NAME": "fake", "TOX_ENV_DIR": os.path.dirname(sys.prefix)}, "tox"),
        ({"TOX_ENV_NAME": "fake", "TOX_ENV_DIR": os.path.join(sys.prefix, "lib")}, "host"),
        ({"TOX_ENV_NAME": "fake"}, "host"),
        ({"LLEM_ENVIRONMENT_KIND": "simulated"}, "simulated"),
        ({"LLEM_ENVIRONMENT_KIND": "container", "LLEM_IMAGE_REF": "an/image:1"}, "container"),
    ],
)
def test_where_it_ran_is_said_as_far_as_it_is_known(
    house: House, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], kind: str
) -> None:
    for name in ("LLEM_ENVIRONMENT_KIND", "TOX_ENV_NAME", "TOX_ENV_DIR", "LLEM_IMAGE_REF"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    house.run("-k", "too_tall")
    assert load_validated(house.validated).environment.kind == kind


def test_an_item_that_passes_is_one_report(house: House, workers: tuple[str, ...]) -> None:
    house.pytester.makeconftest("""
        def pytest_runtest_logreport(report):
            with open("reports.txt", "a") as file:
                print(report.nodeid, report.when, report.outcome, file=file)
    """)
    house.hold((NEGATIVE, WRONG))
    result = house.run(*workers, "--junitxml=report.xml")
    result.assert_outcomes(passed=4, failed=2)
    lines = {tuple(line.split()) for line in (house.path / "reports.txt").read_text().splitlines()}
    assert {when for _, when, _ in lines} == {"call"}
    assert len(lines) == 6
    cases = ElementTree.parse(house.path / "report.xml").getroot().findall(".//testcase")
    assert len(cases) == 6
    assert sum(case.find("failure") is not None for case in cases) == 2


def test_a_broken_rule_is_reported_as_a_failed_assertion_before_the_exception_is_shown(house: House) -> None:
    """Editors take the first word for the outcome, and only an AssertionError for a failure."""
    house.hold([WRONG])
    house.pytester.makeconftest("""
        def pytest_runtest_logreport(report):
            print("LOGGED", report.nodeid, report.outcome)
        def pytest_exception_interact(node, call):
            print("SHOWN", node.nodeid, call.excinfo.typename)
    """)
    said = [line for line in house.run("-s", "-k", "positive_raises").outlines if " corpora/" in line]
    node = "corpora/fake/invariants.proposed.yaml::zero_size::zero_size[positive_raises]"
    assert [line[line.index(word) :] for line in said for word in ("LOGGED", "SHOWN") if word in line] == [
        f"LOGGED {node} failed",
        f"SHOWN {node} AssertionError",
    ]


def test_out_is_where_the_files_go(house: House) -> None:
    result = house.run("--llem-out=elsewhere")
    assert result.ret == 0
    assert not house.validated.exists()
    assert (house.path / "elsewhere" / "invariants.validated.yaml").exists()


def test_corpus_may_be_named_by_file_or_folder(house: House) -> None:
    moved = house.path / "other" / "invariants.proposed.yaml"
    moved.parent.mkdir()
    house.corpus.rename(moved)
    for given in ("other", "other/invariants.proposed.yaml"):
        assert house.run(f"--llem-corpus={given}").ret == 0
        assert (moved.parent / "invariants.validated.yaml").exists()


def test_check_writes_nothing_and_passes_on_what_was_committed(house: House, workers: tuple[str, ...]) -> None:
    house.run()
    before = house.validated.read_bytes(), house.validated.stat().st_mtime_ns
    result = house.run("--llem-check", *workers)
    assert result.ret == 0
    assert (house.validated.read_bytes(), house.validated.stat().st_mtime_ns) == before


def test_check_fails_with_a_diff_where_the_committed_file_is_stale(house: House, workers: tuple[str, ...]) -> None:
    house.run()
    committed = house.validated.read_text().replace("negative_confirmed: true", "negative_confirmed: false", 1)
    house.validated.write_text(committed)
    result = house.run("--llem-check", *workers)
    assert result.ret == 1
    assert "-    negative_confirmed: false" in result.stdout.str()
    assert "+    negative_confirmed: true" in result.stdout.str()
    assert house.validated.read_text() == committed


def test_check_fails_where_nothing_was_committed(house: House) -> None:
    result = house.run("--llem-check")
    assert result.ret == 1
    assert not house.validated.exists()


@pytest.mark.parametrize("option", ["--llem-check", "--llem-out=x", "--llem-corpus=x"])
def test_options_that_need_an_engine_say_so(house: House, option: str) -> None:
    result = house.pytester.runpytest_subprocess(option)
    assert result.ret == 4
    assert "needs --llem-engine" in result.stderr.str()


@pytest.mark.parametrize("seconds", ["0", "-1", "inf"])
def test_a_timeout_is_a_positive_number(house: House, seconds: str) -> None:
    assert house.run(f"--llem-timeout={seconds}").ret == 4


def test_soundness_adds_a_fourth_check(house: House) -> None:
    house.hold(GOOD)
    result = house.run("--llem-soundness")
    assert result.ret == 0, result.stdout.str()
    assert len(
        [line for line in house.run("--llem-soundness", "--collect-only", "-q").outlines if "predicate_agrees" in line]
    ) == len(GOOD)
    assert all(case.soundness is not None and case.soundness.probes for case in load_validated(house.validated).cases)


def test_soundness_contradicts_a_predicate_that_claims_too_much(house: House) -> None:
    from dataclasses import replace

    from pytest_llem_invariants.model import Clause
    from tests.plugin.house import NEGATIVE

    wide = replace(
        NEGATIVE, match=replace(NEGATIVE.match, fields={"size": (Clause("<=", 0),)}), kwargs_negative={"size": 1}
    )
    house.hold([wide])
    assert house.run().ret == 0
    result = house.run("--llem-soundness")
    assert result.ret == 1
    (case,) = load_validated(house.validated).cases
    assert case.soundness is not None
    assert {"size": 0} in [dict(example) for example in case.soundness.overbroad]
    assert not case.confirmed


def test_a_run_without_soundness_keeps_what_an_earlier_one_found(house: House) -> None:
    house.run("--llem-soundness")
    before = load_validated(house.validated).cases
    house.run()
    assert load_validated(house.validated).cases == before


def test_isolation_makes_an_example_that_leaves_the_process_a_skip(house: House, workers: tuple[str, ...]) -> None:
    house.hold((acting("exit"), *GOOD))
    result = house.run("--llem-isolate", *workers)
    assert result.ret == 0
    cases = {case.id: case for case in load_validated(house.validated).cases}
    assert cases["acts_exit"].skipped_reason == "crashed: the process left with status 3"
    assert sum(case.confirmed for case in cases.values()) == len(GOOD)


def test_unknown_engine_names_the_known_ones(house: House) -> None:
    result = house.pytester.runpytest_subprocess("--llem-engine=nobody")
    assert result.ret == 2
    assert "fake" in result.stderr.str() + result.stdout.str()


def test_wrong_rule_alone(house: House) -> None:
    house.hold([WRONG])
    assert house.run().ret == 1


_COUNTING = """
    import logging, pytest
    from _pytest import logging as captures
    entered = 0
    enter = captures.catching_logs.__enter__
    def counted(self):
        global entered
        entered += 1
        return enter(self)
    captures.catching_logs.__enter__ = counted
    def pytest_runtest_logfinish():
        with open("entered", "w") as file: file.write(str(entered))
"""


@pytest.mark.parametrize(("options", "captured"), [((), False), (("--log-level=INFO",), True)])
def test_log_records_of_items_are_captured_only_for_who_asks(
    house: House, options: tuple[str, ...], captured: bool
) -> None:
    house.pytester.makeconftest(_COUNTING)
    assert house.run("-p", "no:xdist", *options).ret == 0
    entered = int((house.path / "entered").read_text())
    assert (entered > 3 * len(GOOD)) is captured


def test_soundness_asks_for_the_words_that_the_library_itself_uses(house: House) -> None:
    from dataclasses import replace

    from pytest_llem_invariants.model import Clause
    from tests.plugin.house import MODE

    of_any_text = {"mode": (Clause("type_is", "str"),)}
    handed_in = replace(MODE, match=replace(MODE.match, fields=of_any_text), kwargs_negative={"size": 1})
    house.hold([handed_in])
    assert house.run().ret == 0
    assert house.run("--llem-soundness").ret == 1
    (case,) = load_validated(house.validated).cases
    assert case.soundness is not None
    assert {"mode": "exact"} in [dict(example) for example in case.soundness.overbroad]
