"""What would make replays faster is judged by what they took; where evidence is missing, nothing is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miners.cli import main
from miners.runs.gates import GO, INCONCLUSIVE, LEVERS, NO, gates, reuse_rate, saving, shares, told
from pytest_llem_invariants.runs.digest import RunDigest, Times
from pytest_llem_invariants.runs.shelf import keep
from tests.causes.test_clusters import digest_of
from tests.checker.demo import install

TIMES = Times(
    began="",
    whole=60.0,
    before_first=20.0,
    slowest={"r0": 0.5},
    processes=2,
    importing=30.0,
    building=20.0,
    observing=24.0,
    checking=40.0,
)


def run_of(**changes: float) -> RunDigest:
    return replace(digest_of(), times=replace(TIMES, **changes))  # type: ignore[arg-type]


def verdicts(*runs: RunDigest) -> dict[str, str]:
    return {gate.lever: gate.verdict for gate in gates(runs)}


def test_each_lever_is_judged_by_its_share() -> None:
    twice = run_of(), run_of()
    assert verdicts(*twice) == {"reuse": GO, "isolation": NO, "workers": GO, "capture": NO}
    assert verdicts(run_of(), run_of(observing=40.0))["capture"] == GO
    small = run_of(importing=2.0, building=1.0, observing=1.5, checking=4.0)
    assert verdicts(small, small) == {"reuse": NO, "isolation": NO, "workers": NO, "capture": NO}


def test_the_saving_of_capturing_what_is_read_alone_is_told() -> None:
    assert saving(TIMES) is None
    times = replace(TIMES, captures={"whole": [100, 0.5], "read": [200, 0.4]})
    assert saving(times) == pytest.approx((0.6, 0.002, 0.005))
    line = "  capturing what is read alone saved 0.6 s: 2 ms an example, 5 ms for all of it"
    assert line in list(told([replace(digest_of(), times=times)]))


def test_a_slow_rule_counts_as_much_as_the_median() -> None:
    """No further worker makes a run shorter than its slowest rule."""
    slow = replace(run_of(), times=replace(TIMES, slowest={"r0": 30.0}))
    assert verdicts(slow, slow)["workers"] == NO


def test_without_evidence_nothing_is_said() -> None:
    assert set(verdicts(run_of(processes=0)).values()) == {INCONCLUSIVE}
    one = verdicts(run_of())
    assert (one["reuse"], one["isolation"]) == (INCONCLUSIVE, INCONCLUSIVE)
    assert verdicts(run_of(), replace(run_of(), version="9"))["reuse"] == INCONCLUSIVE
    assert reuse_rate([run_of(), run_of(), run_of()]) == 1.0


@given(st.tuples(*[st.floats(0, 1e4)] * 5), st.integers(0, 9))
def test_shares_are_parts_of_a_whole_and_no_figures_break_a_gate(seconds: tuple[float, ...], processes: int) -> None:
    whole, *parts = seconds
    names = ("importing", "building", "observing", "checking")
    one = run_of(whole=whole, processes=processes, **dict(zip(names, parts, strict=True)))
    assert all(share >= 0 for share in shares(one.times).values())
    assert set(verdicts(one, one)) == set(LEVERS)


def test_the_command_reads_the_digests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(install(tmp_path))
    assert main(["gates", "demo"]) == 2
    assert "no digest of a run" in capsys.readouterr().err
    for _ in range(2):
        keep(replace(run_of(), engine="demo"), tmp_path / "corpora/demo", 3)
    assert main(["gates", "demo"]) == 0
    told = capsys.readouterr().out
    assert "reuse: GO — 100% of the rules were tried before in the same place, 45% of the time would go\n" in told
    assert main(["gates", "demo", "--json"]) == 0
