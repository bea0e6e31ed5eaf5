"""Requirement files follow what a release asks for; what the recipe names is a person's choice."""

from __future__ import annotations

from pathlib import Path

import pytest

from miners.refresh.requirements import asked_for, files_of, followed, held_otherwise, names_held
from pytest_llem_invariants.ssot import Ssot, load_ssot
from tests.refresh.house import build

ASKED = asked_for(
    [
        "torch==2.14.0",
        "Fast_API[standard]<0.140,>=0.133",
        "lark==1.2.2",
        'lark==9; platform_machine == "none"',
        'tool==3; extra == "more"',
        "free",
        "numpy>=2",
    ]
)


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("lark==1.2.1\n", "lark==1.2.2\n"),
        ("lark==1.2.2\n", "lark==1.2.2\n"),
        ("fast-api<0.137,>=0.133  # the server\n", "fast-api<0.140,>=0.133  # the server\n"),
        ("numpy==2.4.6\n", "numpy==2.4.6\n"),
        ("numpy==1.26\n", "numpy>=2\n"),
        ("torch==2.13.0\n", "torch==2.13.0\n"),
        ("tool==1\n", "tool==1\n"),
        ("free==1\n", "free==1\n"),
        ("lark\n", "lark\n"),
        ("# lark==1\n", "# lark==1\n"),
        ("-r other.txt\n", "-r other.txt\n"),
        ("lark==1.2.1", "lark==1.2.2"),
    ],
)
def test_a_line_moves_where_the_release_contradicts_it(line: str, after: str) -> None:
    assert followed(line, ASKED, ["torch"]) == after


@pytest.fixture
def ssot(tmp_path: Path) -> Ssot:
    return load_ssot("tiny", build(tmp_path).root)


def test_what_the_recipe_names_stays_and_is_told(ssot: Ssot) -> None:
    assert names_held(ssot, "1.1") == {"torch"}
    assert [path.name for path in files_of(ssot, "1.1")] == ["tiny-requirements.txt"]
    told = [str(one) for one in held_otherwise(ssot, "1.1", ASKED)]
    assert told == ["torch==2.0 where the release asks for ==2.14.0"]
