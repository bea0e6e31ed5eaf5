"""Tests of a real engine are collected where that engine is importable, and nowhere else."""

from __future__ import annotations

import importlib.util
from pathlib import Path

collect_ignore = [
    folder.name
    for folder in Path(__file__).parent.iterdir()
    if (folder / "__init__.py").is_file() and importlib.util.find_spec(folder.name) is None
]
