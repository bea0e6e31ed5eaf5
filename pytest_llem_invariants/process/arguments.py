"""How both command lines reject arguments."""

from __future__ import annotations

import argparse

from pytest_llem_invariants.text.terminal import printable, shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """A parser whose error is one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{printable(f'{self.prog}: {shortened(message)}')} — see {self.prog} --help\n")
