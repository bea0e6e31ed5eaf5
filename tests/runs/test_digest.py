from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llem_invariants.errors import CorpusError
from pytest_llem_invariants.runs.digest import read_digest
from pytest_llem_invariants.runs.fingerprint import fingerprint, skeleton
from pytest_llem_invariants.runs.shelf import digests_of, keep
from tests.causes.test_clusters import digest_of

DIGEST = digest_of("ValueError: no", "ValueError: 'x' is wrong")


def test_a_digest_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = keep(DIGEST, tmp_path, 1)
    assert path is not None
    assert read_digest(path) == DIGEST


def test_a_few_digests_are_kept_and_the_oldest_go(tmp_path: Path) -> None:
    written = [keep(replace(DIGEST, version=str(number)), tmp_path, 3) for number in range(5)]
    assert digests_of(tmp_path, "demo") == written[2:]
    keep(replace(DIGEST, engine="demo-two"), tmp_path, 3)
    assert digests_of(tmp_path, "demo") == written[2:]
    assert keep(DIGEST, tmp_path, 0) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 2}',
        DIGEST.to_text()[:-20],
        DIGEST.to_text().replace('"rule": "r0"', '"rule": "r9"'),
        DIGEST.to_text().replace('"unrun"', '"undone"'),
    ],
)
def test_what_is_no_digest_is_told(text: str, tmp_path: Path) -> None:
    path = tmp_path / "demo-000001.json"
    path.write_text(text)
    with pytest.raises(CorpusError, match="digest"):
        read_digest(path)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("size is 3", "size is -4.5e3", True),
        ("got 'a'", "got 'b'", True),
        ("got 'size'", "got 'top'", False),
        ("has no attribute 'a'", "has no attribute 'b'", False),
        ("unexpected keyword argument 'a'", "unexpected keyword argument 'b'", False),
        ("x [type=a, input_value={'k': 1}, input_type=dict]", "x [type=a, input_value=[2], input_type=list]", True),
        ("x [type=a, input_value=1, input_type=int]", "x [type=b, input_value=1, input_type=int]", False),
        ("a  b\n c", "a b c", True),
        ("model3 is bad", "model4 is bad", False),
    ],
)
def test_errors_have_one_fingerprint_where_they_differ_in_values_alone(one: str, other: str, alike: bool) -> None:
    names = {"size", "top"}
    assert (fingerprint(one, names) == fingerprint(other, names)) is alike


@given(st.text(max_size=200))
def test_a_skeleton_has_no_further_skeleton(text: str) -> None:
    assert skeleton(skeleton(text)) == skeleton(text)
    assert len(fingerprint(text)) == 12
