"""Constants that have nothing but a name, and texts that name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from miners.symbolic.constants import home_of, is_sayable, plain
from tests.static import shades
from tests.static.harness import effects_of, findings


class Precision:
    """Known by its name alone, as a torch dtype is."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"{__name__}.{self._name}"


HALF = Precision("HALF")
SHORT = HALF
FULL = Precision("FULL")
LOST = Precision("NOWHERE")


@dataclass
class Layer:
    """Somebody makes the constant of the text before it is compared."""

    precision: Precision | Literal["auto", "HALF", "SHORT", "FULL"] = "auto"

    def validate(self) -> None:
        if self.precision == HALF:
            raise ValueError("half")
        if self.precision != HALF:
            raise ValueError("not half")
        if self.precision in (FULL, HALF):
            raise ValueError("known")


@dataclass
class Untold:
    precision: str = "FULL"

    def validate(self) -> None:
        if self.precision == HALF:
            raise ValueError("half")


@dataclass
class Painted:
    shade: str = "BLACK"
    other: str = "WHITE"

    def validate(self) -> None:
        if not isinstance(getattr(shades, self.shade), shades.Dark):
            raise ValueError("not dark")
        try:
            getattr(shades, self.other)
        except AttributeError:
            return


def test_a_text_that_code_looks_up_in_a_module_names_one_of_its_constants() -> None:
    assert said(Painted) == [
        "error: shade not_in ['BLACK', 'NIGHT', 'WHITE'] -> module 'tests.static.shades' has no attribute '{shade}'",
        "error: shade not_in ['BLACK', 'NIGHT'] or shade absent -> not dark",
    ]


@dataclass
class Drawn:
    colour: str = "red"
    size: str = "SMALL"
    other: str = "SMALL"

    def validate(self) -> None:
        if self.colour != "auto":
            shades.Colour[self.colour.upper()]
        shades.Size[self.size]
        try:
            shades.Size[self.other]
        except KeyError:
            return


def test_an_enumeration_that_lacks_a_name_raises_where_its_own_code_does() -> None:
    found = {(one.site.method, one.exception): one.handled for one in effects_of(Drawn)}
    assert found == {("Strict.__getitem__", "ValueError"): False, ("Drawn.validate", "KeyError"): True}
    assert "error: size not_in ['SMALL']" in said(Drawn)
    assert any("upper(colour) not_in ['RED']" in one for one in said(Drawn))
    assert not any("other" in one for one in said(Drawn))


def said(cls: type) -> list[str]:
    return sorted(one for found in findings(effects_of(cls)).values() for one in found)


def test_a_choice_means_the_constant_that_it_names() -> None:
    """'auto' names none: what becomes of it the class knows alone."""
    assert said(Layer) == [
        "error: precision == 'FULL' -> not half",
        "error: precision in ['HALF', 'SHORT', 'FULL'] -> known",
        "error: precision in ['HALF', 'SHORT'] -> half",
    ]


def test_without_choices_the_name_is_what_a_config_gives() -> None:
    assert said(Untold) == ["error: precision == 'HALF' -> half"]


def test_only_what_its_module_holds_under_its_name_is_said_by_it() -> None:
    assert plain([FULL, 1, "x", None]) == ["FULL", 1, "x", None]
    assert home_of(FULL) is not None
    assert home_of(LOST) is None
    assert plain(LOST) is LOST
    assert not is_sayable(LOST)
    assert plain(int) is int


class Foreign:
    """Compiled by a package other than `re`."""

    pattern = "[a-z]"
    flags = 0x2000

    def fullmatch(self, text: str) -> bool:
        return len(text) == 1 and text.islower()


NAME = Foreign()


@dataclass
class Named:
    name: str = "a"

    def validate(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError("no name")


def test_a_pattern_is_read_whichever_package_compiled_it() -> None:
    (found,) = said(Named)
    assert found.startswith(r"error: name not_matches '\\A(?:[a-z])\\Z'")
