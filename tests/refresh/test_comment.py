"""What a comment asks of its reader, and which sites of the ledger it names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from miners.candidates.outcomes import Reason
from miners.causes.releases import UNKNOWN, Releases
from miners.ledger.entries import Entry, Ledger
from miners.process.probes import Probe, Problem, Producer, from_data, workflow_commands
from miners.refresh.comment import newly_uncovered, of_probe, read_probe
from pytest_llem_invariants.errors import MinerError

OPEN = Entry("lib/a.py", 10, "Config.check", "raise", ("lib.Config",), reason=Reason.OPAQUE)
CLASSES = Problem("classes", "", (), "lib: lib 2.0 lacks lib.Old (it is not there) — accept it: --accept-lost NAME")


def ledger(*entries: Entry) -> Ledger:
    return Ledger("lib", "1.0", entries)


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ([OPEN], [replace(OPEN, line=99)], []),
        ([], [OPEN], [10]),
        ([OPEN], [OPEN, replace(OPEN, line=20)], [20]),
        ([replace(OPEN, rules=("r",), reason=None)], [OPEN], [10]),
        ([], [replace(OPEN, rules=("r",), reason=None)], []),
        ([], [replace(OPEN, method="Other.check")], [10]),
    ],
)
def test_a_site_is_newly_uncovered_however_its_line_moved(
    before: list[Entry], after: list[Entry], named: list[int]
) -> None:
    assert [one.line for one in newly_uncovered(ledger(*before), ledger(*after))] == named


def test_of_a_field_whose_end_is_told_nobody_is_asked() -> None:
    assert Releases({"gone": [{"names": ["Config.old"]}]}).is_told("Config.old")
    assert not UNKNOWN.is_told("Config.old")


def test_a_class_that_is_gone_is_not_approved_by_a_pin() -> None:
    comment = of_probe(Probe("lib", "lib", "2.0", 3, (Producer("classes", problems=(CLASSES,)),)))
    assert "- `classes`: lib: lib 2.0 lacks lib.Old (it is not there)" in comment
    assert "`native_types` in `engine_versions/lib.yaml`, or `--accept-lost NAME`" in comment
    assert "not possible here" in comment
    assert "/approve-reuse" not in comment


def test_a_probe_that_blocks_nothing_says_so() -> None:
    found = Probe("lib", "lib", "2.0", 3, (Producer("static", ">=1", 2),))
    assert of_probe(found) == "### lib: every producer may trust lib 2.0\n"
    assert from_data(found.as_data()) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "No such file or directory — llem-mine probe ENGINE --format json writes one"),
        ("{", "not the JSON of a probe"),
        ('{"format": 2}', "a probe of format 2, not 1"),
        ('{"format": 1}', "not the JSON of a probe"),
    ],
)
def test_what_is_no_probe_is_told(tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "probe.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(MinerError, match=said):
        read_probe(path)


def test_nothing_of_a_library_ends_an_annotation_early() -> None:
    problem = Problem("landmark", "a", (), "100 % of\n::set-env name=X::y\x1b[31m")
    found = Probe("lib", "lib", "2.0", 3, (Producer("static", problems=(problem,)),))
    (line,) = workflow_commands(found, "engine_versions/lib.yaml", {"static": 7})
    assert line.startswith("::error file=engine_versions/lib.yaml,line=7,title=static is blocked::100 %25 of%0A")
    assert "\n" not in line
    assert "\x1b" not in line
