"""The parser of YAML: libyaml where PyYAML was built with it, else PyYAML's own, which is slower and says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

__all__ = ["CParser", "PurePython"]


class PurePython(Reader, Scanner, Parser, Composer):
    """PyYAML's own parser in the form of libyaml's."""

    def __init__(self, stream: str) -> None:
        Reader.__init__(self, stream)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)


if TYPE_CHECKING:
    from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the stubs forget it
else:
    try:
        from yaml.cyaml import CParser
    except ImportError:
        CParser = PurePython
