from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llem_invariants.engines.tiny_model import cache_folder
from pytest_llem_invariants.replay.normalise import LONGEST, normalise_text


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("<Thing object at 0x7f4789d82c40>", "<Thing object at <address>>"),
        (f"cannot open {tempfile.gettempdir()}/pytest-1/x.json", "cannot open <tmp>"),
        (f"model='{cache_folder()}/tiny-llama'", "model='<tmp>'"),
        ('File "/usr/lib/python3/dist-packages/lib/x.py", line 3', 'File "<packages>/lib/x.py", line 3'),
        (f"{tempfile.gettempdir()}/env/lib/python3.11/site-packages/lib", "<packages>/lib"),
        ("a/site-packages/lib", "a/site-packages/lib"),
        ("killed pid 4711", "killed pid <pid>"),
        ("pid=4711", "pid=<pid>"),
        (
            "see https://errors.pydantic.dev/2.12/v/value_error",
            "see https://errors.pydantic.dev/<version>/v/value_error",
        ),
        ("https://docs.x.ai/v1.2.3/page", "https://docs.x.ai/<version>/page"),
        ("a\x1b[31mred\x00", "a\\x1b[31mred\\x00"),
        ("lone \ud800", "lone \\ud800"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("temperature 0.001 is less than 0x10", "temperature 0.001 is less than 0x10"),
        ("ratio 1.5/2.5", "ratio 1.5/2.5"),
    ],
)
def test_what_varies_becomes_a_token(said: str, kept: str) -> None:
    assert normalise_text(said) == kept


@pytest.mark.parametrize("folder", ["a/checkout", "elsewhere"])
def test_the_folder_a_run_was_started_in_has_one_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    here = tmp_path / folder
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    assert normalise_text(f"PosixPath('{here}/x'), '{here}'") == "PosixPath('<cwd>/x'), '<cwd>'"
    assert normalise_text(f"{here}-2/x") == "<tmp>"


@pytest.mark.parametrize("folder", ["/", "/tmp"])
def test_a_folder_that_holds_the_temporary_ones_names_nothing(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    monkeypatch.chdir(folder)
    assert normalise_text("cannot open /tmp/x.json of /usr/lib") == "cannot open <tmp> of /usr/lib"


def test_a_megabyte_is_cut_and_its_length_is_told() -> None:
    cut = normalise_text("x" * 1_000_000)
    assert cut == "x" * LONGEST + "… <1000000 characters>"


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_any_text_can_be_written_and_is_stable(text: str) -> None:
    once = normalise_text(text)
    assert once.encode("utf-8").decode("utf-8") == once
    assert normalise_text(once) == once
