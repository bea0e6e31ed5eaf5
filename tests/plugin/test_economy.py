"""What a run does only once, and what it leaves out: none of it shows in what it says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_llem_invariants.corpus.files import load_validated
from pytest_llem_invariants.plugin import messages
from tests.plugin.house import GOOD, NEGATIVE, TALL, House


def counting(house: House) -> Path:
    """Have the library note in a file what it is asked."""
    asked = house.path / "asked.txt"
    library = house.path / "site" / "fakelib.py"
    note = f"open({str(asked)!r}, 'a').write(repr((size, top, mode, old)) + chr(10)); self.size, self.top"
    library.write_text(library.read_text().replace("self.size, self.top", note, 1))
    return asked


def test_an_example_that_rules_share_is_observed_once(house: House) -> None:
    house.hold([replace(NEGATIVE, id=f"negative_{number}") for number in range(5)])
    asked = counting(house)
    result = house.run()
    result.assert_outcomes(passed=15)
    assert sorted(asked.read_text().splitlines()) == sorted(
        repr(values)
        for values in [
            (1, 1, "fast", None),  # once before all others, to import what is imported late
            (-1, 1, "fast", None),
            (0, 1, "fast", None),
        ]
    )
    assert all(case.confirmed for case in load_validated(house.validated).cases)


def test_rules_in_isolation_share_nothing(house: House) -> None:
    house.hold([replace(NEGATIVE, id=f"negative_{number}") for number in range(3)])
    asked = counting(house)
    assert house.run("--llem-isolate").ret == 0
    assert asked.read_text().splitlines().count(repr((-1, 1, "fast", None))) == 3


@pytest.mark.parametrize("data", [{"location": ("a", 1, "b"), "text": "\ud800", "start": 1.5}, {"odd": object()}])
def test_a_report_is_unpacked_as_it_was_packed(data: dict[str, object]) -> None:
    travelling = messages.packed(data) | {"item_index": 3}
    messages.unpack(travelling)
    assert travelling == data | {"item_index": 3}


def test_a_run_without_tests_does_not_import_hypothesis(house: House, workers: tuple[str, ...]) -> None:
    house.pytester.makeconftest(
        "import sys\ndef pytest_unconfigure(config):\n"
        "    if not hasattr(config, 'workerinput'): print('imported:', 'hypothesis' in sys.modules)"
    )
    assert "imported: False" in house.run(*workers, "-p", "hypothesispytest").stdout.str()


def test_beginnings_and_ends_reach_who_listens_for_them(house: House) -> None:
    house.pytester.makeconftest(
        """
        heard = []
        def pytest_runtest_logstart(nodeid): heard.append(nodeid)
        def pytest_runtest_logfinish(nodeid): heard.append(nodeid)
        def pytest_unconfigure(config):
            if not hasattr(config, "workerinput"): print("heard", len(heard), len(set(heard)))
        """
    )
    items = 3 * len(GOOD)
    assert f"heard {2 * items} {items}" in house.run("-n", "2").stdout.str()


def test_verbose_shows_each_item_begin(house: House) -> None:
    house.hold([TALL])
    lines = house.run("-n", "2", "-v").outlines
    for check in ("positive_raises", "message_template_match", "negative_does_not_raise"):
        assert sum(f"too_tall[{check}]" in line for line in lines) == 2


def test_reports_written_elsewhere_are_whole(house: House) -> None:
    house.pytester.makeconftest(
        """
        import json
        def pytest_runtest_logreport(report):
            if hasattr(report, "node"):
                with open("told.jsonl", "a") as told:
                    told.write(json.dumps([report.nodeid, report.location, report.outcome, report.worker_id]) + chr(10))
        """
    )
    assert house.run("-n", "2").ret == 0
    told = [json.loads(line) for line in (house.path / "told.jsonl").read_text().splitlines()]
    assert len({nodeid for nodeid, *_ in told}) == 3 * len(GOOD)
    assert {outcome for _, _, outcome, _ in told} == {"passed", "skipped"}
    assert {worker for *_, worker in told} <= {"gw0", "gw1"}
    assert all(location[0] == "corpora/fake/invariants.proposed.yaml" for _, location, _, _ in told)


def test_pytest_looks_at_imports_again_once_the_engine_is_there(house: House) -> None:
    house.pytester.makeconftest(
        """
        import sys
        def pytest_unconfigure(config):
            print("first:", type(sys.meta_path[0]).__name__)
        """
    )
    assert "first: AssertionRewritingHook" in house.run().stdout.str()


@pytest.mark.parametrize("sharing", [("-p", "no:xdist"), ("-n", "2")], ids=["alone", "-n 2"])
def test_who_listens_for_setup_hears_every_item(house: House, sharing: tuple[str, ...]) -> None:
    house.pytester.makeconftest(
        """
        def pytest_runtest_setup(item):
            with open("set_up.txt", "a") as file: file.write(item.nodeid + chr(10))
        """
    )
    assert house.run(*sharing).ret == 0
    assert len((house.path / "set_up.txt").read_text().splitlines()) == 3 * len(GOOD)


@pytest.mark.parametrize("sharing", [("-p", "no:xdist"), ("-n", "2")], ids=["alone", "-n 2"])
def test_a_mark_that_skips_an_item_is_heeded(house: House, sharing: tuple[str, ...]) -> None:
    house.pytester.makeconftest(
        """
        import pytest
        def pytest_collection_modifyitems(items):
            items[4].add_marker(pytest.mark.skip(reason="not today"))
        """
    )
    result = house.run(*sharing, "-rs")
    result.assert_outcomes(passed=3 * len(GOOD) - 2, skipped=2)
    assert "not today" in result.stdout.str()


def test_a_pytest_or_xdist_that_moved_its_private_names_costs_time_and_no_verdict(
    house: House, workers: tuple[str, ...]
) -> None:
    house.pytester.makeconftest(
        """
        from pytest_llem_invariants.plugin import private
        private._call_and_report = None
        private._OF_SCHEDULING = ("gone",)
        private.assertion_rewriters = list
        """
    )
    result = house.run(*workers)
    result.assert_outcomes(passed=3 * len(GOOD) - 1, skipped=1)
    assert all(case.confirmed for case in load_validated(house.validated).cases)
