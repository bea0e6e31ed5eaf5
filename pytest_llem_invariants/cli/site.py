"""`llem-invariants site`: the explorer as static pages."""

from __future__ import annotations

import argparse
from pathlib import Path

from pytest_llem_invariants.site.building import files
from pytest_llem_invariants.site.library import read_library
from pytest_llem_invariants.site.publish import publish
from pytest_llem_invariants.text.terminal import say


def run(options: argparse.Namespace) -> int:
    out = Path(options.out)
    count, size = publish(files(read_library(options.root)), out)
    say(f"{out}: {count:,} files, {size / 1e6:.0f} MB")
    return 0
