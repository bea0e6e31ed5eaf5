from __future__ import annotations

import re
from typing import Any

import pytest

from pytest_llem_invariants.errors import CorpusError, EngineUnavailableError, MinerLandmarkMissingError
from pytest_llem_invariants.model import ObservedException
from pytest_llem_invariants.replay.exceptions import describe, is_environmental, why_no_verdict


class SeveralError(ValueError):
    """Has the shape of pydantic's error."""

    def __init__(self, *entries: dict[str, Any]) -> None:
        super().__init__("several")
        self.entries = entries

    def error_count(self) -> int:
        return len(self.entries)

    def errors(self, *, include_url: bool) -> list[dict[str, Any]]:
        assert not include_url
        return list(self.entries)


class UnshowableError(SeveralError):
    def errors(self, *, include_url: bool) -> list[dict[str, Any]]:
        raise RuntimeError("an input that cannot be shown")


class ParameterError(ValueError):
    parameter = "top_p"


class SpeechlessError(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "locations"),
    [
        (ValueError("plain"), ()),
        (SeveralError({"loc": ("a", "b")}, {"loc": ("c", 0)}, {"loc": ("a", "b")}), ("a.b", "c.0")),
        (SeveralError({"loc": ()}), ()),
        (SeveralError({"loc": (), "ctx": {"error": ParameterError("x")}}), ("top_p",)),
        (UnshowableError(), ()),
        (ParameterError("x"), ("top_p",)),
        (ValueError("Expected `int`, got `str` - at `$.a.b`"), ("a.b",)),
        (ValueError("Expected `int`, got `str` - at `$.a[0].b[...]`"), ("a.b",)),
        (ValueError("Expected `str` - at `key in $.a`"), ("a",)),
        (ValueError("costs $.50 at `home`"), ()),
    ],
)
def test_the_fields_that_an_error_names_are_found(error: Exception, locations: tuple[str, ...]) -> None:
    assert describe(error, "lib").locations == locations


def test_an_error_without_a_text_is_still_told() -> None:
    assert describe(SpeechlessError(), "lib").message == "<SpeechlessError without a text>"


def test_bases_are_told_nearest_first() -> None:
    assert describe(KeyError("x"), "lib").bases == ("LookupError", "Exception", "BaseException")


def raise_inside(package: str) -> Exception:
    """Raise through three frames, of which the middle one is the package's."""
    names = {"__name__": f"{package}.part"}

    def innermost() -> None:
        raise ValueError("x")

    exec(compile("\n\ndef middle(call): call()", f"/site/{package}/part.py", "exec"), names)
    try:
        names["middle"](innermost)  # type: ignore[operator]
    except ValueError as error:
        return error
    raise AssertionError


def test_the_place_is_the_innermost_line_of_the_library() -> None:
    assert describe(raise_inside("lib"), "lib").raised_at == "lib/part.py:3"
    assert describe(raise_inside("library"), "lib").raised_at is None


def test_the_place_is_looked_for_inside_an_error_that_hides_another() -> None:
    hidden = raise_inside("lib")
    assert describe(SeveralError({"loc": (), "ctx": {"error": hidden}}), "lib").raised_at == "lib/part.py:3"


@pytest.mark.parametrize(
    ("error", "environmental"),
    [
        (ImportError(), True),
        (ModuleNotFoundError(), True),
        (NameError(), True),
        (UnboundLocalError(), False),
        (ValueError(), False),
        (OSError(), False),
    ],
)
def test_a_missing_package_speaks_of_the_machine(error: Exception, environmental: bool) -> None:
    assert is_environmental(describe(error, "lib")) is environmental


def test_an_error_with_the_engine_s_own_words_for_a_missing_package_speaks_of_the_machine() -> None:
    asks = ObservedException("ValueError", "flash-attn needs to be installed", bases=("Exception",))
    assert is_environmental(asks, re.compile("to be installed"))
    assert not is_environmental(asks)


def test_a_reason_is_one_short_line() -> None:
    long = ObservedException("ImportError", "x" * 1000 + "\nmore", bases=("Exception",))
    assert why_no_verdict(long) == "environment: ImportError: " + "x" * 200


@pytest.mark.parametrize(
    "error", [EngineUnavailableError("no"), CorpusError("no"), MinerLandmarkMissingError("e", "m:C")]
)
def test_what_this_project_raises_itself_is_no_verdict_of_the_library(error: Exception) -> None:
    reason = why_no_verdict(describe(error, "lib"))
    assert reason is not None
    assert reason.startswith(f"not asked: {type(error).__name__}: ")
