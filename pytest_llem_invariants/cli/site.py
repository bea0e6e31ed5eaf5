"""`llem-invariants site`: the explorer as static pages."""

from __future__ import annotations

import argparse
from itertools import chain
from pathlib import Path

from pytest_llem_invariants.site import pyodide
from pytest_llem_invariants.site.building import files
from pytest_llem_invariants.site.library import read_library
from pytest_llem_invariants.site.publish import publish
from pytest_llem_invariants.text.terminal import say


def run(options: argparse.Namespace) -> int:
    out = Path(options.out)
    library = read_library(options.root)
    count, size = publish(chain(pyodide.files(options.pyodide), files(library)), out)
    say(f"{out}: {count:,} files, {size / 1e6:.0f} MB")
    return 0
