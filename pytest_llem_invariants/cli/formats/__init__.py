"""One file per output format: its `render` makes the text. To add a format, add a file and its name in `FORMATS`."""

from __future__ import annotations

FORMATS = ("text", "json", "sarif", "github", "markdown")
"""The names of the modules here that a user may ask for; the first is the default."""


class How:
    """How findings are shown: in colours, weak evidence or open facts as errors, every rule that facts decide."""

    __slots__ = ("colours", "uncertified", "undecided", "verbose")

    def __init__(
        self, *, colours: bool = False, uncertified: bool = False, undecided: bool = False, verbose: bool = False
    ) -> None:
        self.colours = colours
        self.uncertified = uncertified
        self.undecided = undecided
        self.verbose = verbose
