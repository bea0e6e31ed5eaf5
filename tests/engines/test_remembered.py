"""What is read once must answer as if it were read each time."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from pytest_llem_invariants.engines.remembered import remember


@pytest.fixture
def reader() -> Any:
    class Reader:
        reads = 0

        @classmethod
        def read(cls, path: str, **options: Any) -> dict[str, Any]:
            cls.reads += 1
            if options.get("mode") == "bad":
                raise ValueError("no such mode")
            if options.get("mode") == "old":
                warnings.warn("an old mode", DeprecationWarning, stacklevel=2)
            return {"path": path, "options": options, "layers": [1, 2]}

    remember(Reader, "read", lambda: ("ours",))
    return Reader


def test_our_folder_is_read_once_for_the_same_arguments_and_nobody_shares_an_answer(reader: Any) -> None:
    first = reader.read("ours", revision=None)
    first["layers"].append(3)
    assert reader.read("ours", revision=None)["layers"] == [1, 2]
    assert reader.reads == 1
    assert reader.read("ours", revision=True)["options"]["revision"] is True
    assert reader.read("ours", revision=1)["options"]["revision"] is not True
    assert reader.reads == 3


def test_other_folders_and_foreign_objects_are_read_each_time(reader: Any) -> None:
    for _ in range(2):
        reader.read("theirs")
        reader.read("ours", hook=print)
    assert reader.reads == 4


def test_what_raises_or_warns_does_so_each_time(reader: Any) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="no such mode"):
            reader.read("ours", mode="bad")
        with pytest.warns(DeprecationWarning, match="an old mode"):
            reader.read("ours", mode="old")


def test_a_warning_that_nobody_listened_to_the_first_time_is_not_lost(reader: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader.read("ours", mode="old")
    with pytest.warns(DeprecationWarning, match="an old mode"):
        reader.read("ours", mode="old")
