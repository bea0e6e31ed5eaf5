"""Node and Chromium, where a machine has them: what the site's tests in a browser share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
MODULES = Path(os.environ.get("LLEM_NODE_MODULES", ROOT / "node_modules"))
NODE, CHROMIUM = shutil.which("node"), shutil.which("chromium")
needs_node = pytest.mark.skipif(
    NODE is None or not (MODULES / "pyodide").is_dir(), reason="no node, or no npm package pyodide (LLEM_NODE_MODULES)"
)
needs_browser = pytest.mark.skipif(
    CHROMIUM is None or not (MODULES / "playwright-core").is_dir(),
    reason="no Chromium, or no npm package playwright-core (LLEM_NODE_MODULES)",
)


@contextmanager
def beside_modules(script: str) -> Iterator[str]:
    """A script of this folder where node finds the packages: it looks beside the script."""
    link = MODULES.parent / script
    shutil.copyfile(HERE / script, link)
    try:
        yield script
    finally:
        link.unlink()
