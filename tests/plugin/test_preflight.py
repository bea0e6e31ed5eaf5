"""What can be known to be wrong is told in one line before anything runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.plugin.house import House


def refused(house: House, *arguments: str) -> str:
    """The one line of a run that was refused before it began."""
    asked = house.path / "asked"
    library = house.path / "site" / "fakelib.py"
    library.write_text(f"open({str(asked)!r}, 'w').close()\n" + library.read_text())
    result = house.run(*arguments, timeout=30)
    assert result.ret == 2
    assert not asked.exists(), "the engine was imported"
    assert not house.journal.exists()
    (line,) = [line for line in (*result.outlines, *result.errlines) if line.startswith("Exit: ") or "!!! _" in line]
    return line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LLEM_FROZEN_AT", "yesterday"),
        ("LLEM_ENVIRONMENT_KIND", "moon"),
        ("LLEM_ENVIRONMENT_KIND", "container"),
        ("LLEM_ENVIRONMENT_KIND", "tox"),
        ("LLEM_IMAGE_REF", "two words"),
        ("LLEM_IMAGE_REF", "\udcff"),
        ("SOURCE_DATE_EPOCH", "9" * 40),
    ],
)
@pytest.mark.parametrize("sharing", [(), ("-n", "2")], ids=["alone", "-n 2"])
def test_a_variable_is_checked_before_the_run(
    house: House, monkeypatch: pytest.MonkeyPatch, name: str, value: str, sharing: tuple[str, ...]
) -> None:
    if name == "SOURCE_DATE_EPOCH":
        monkeypatch.delenv("LLEM_FROZEN_AT")
    for shown in ("TOX_ENV_NAME", "TOX_ENV_DIR", "LLEM_IMAGE_REF"):
        monkeypatch.delenv(shown, raising=False)
    monkeypatch.setenv(name, value)
    assert f"{name} is {value!r}" in refused(house, *sharing)


@pytest.mark.parametrize("check", [(), ("--llem-check",)], ids=["write", "check"])
def test_a_validated_file_that_is_no_text_is_refused_before_the_run(house: House, check: tuple[str, ...]) -> None:
    house.validated.write_bytes(b"schema_version: \xff")
    assert f"{house.validated}:1: the file is not UTF-8" in refused(house, *check)
    house.validated.unlink()
    os.mkfifo(house.validated)
    assert "it is not a regular file" in refused(house, *check)


def test_a_corpus_that_is_no_text_is_refused_before_the_run(house: House) -> None:
    house.corpus.write_bytes(house.corpus.read_bytes() + b"# \xff")
    assert "the file is not UTF-8" in refused(house)


@pytest.mark.parametrize(("name", "said"), [(b"a::b", "'::'"), (b"not-\xff-utf-8", "not-\\udcff-utf-8")])
def test_a_path_that_nothing_can_carry_is_refused(house: House, name: bytes, said: str) -> None:
    folder = Path(os.fsdecode(os.path.join(os.fsencode(house.path), name)))
    folder.mkdir()
    house.corpus.rename(folder / house.corpus.name)
    (house.path / "pytest.ini").write_bytes(b"[pytest]\n")
    os.symlink(folder, house.path / "link")
    assert said in refused(house, "--llem-corpus=link")
