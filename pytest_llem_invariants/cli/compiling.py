"""`llem-invariants compile`: the compiled form of every corpus folder."""

from __future__ import annotations

import argparse
from pathlib import Path

from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.compiled import compile_folder
from pytest_llem_invariants.cli import INVALID
from pytest_llem_invariants.files import write_atomically
from pytest_llem_invariants.ssot import load_ssot


def run(options: argparse.Namespace) -> int:
    root = Path(store.data_root())
    status = 0
    for engine in options.engines or store.engines(str(root)):
        ssot = load_ssot(engine, root)
        folder = root / "corpora" / engine
        for place in (folder, *sorted((folder / "history").glob("*"))):
            if not (place / store.SOURCES[0]).exists():
                continue
            text = compile_folder(place, ssot)
            target = place / store.COMPILED
            shown = target.relative_to(root)
            if target.exists() and target.read_text(encoding="utf-8") == text:
                print(f"{shown}: fresh")
            elif options.check:
                print(f"{shown}: stale — run llem-invariants compile {engine}")
                status = INVALID
            else:
                write_atomically(target, text)
                print(f"{shown}: written, {len(text):,} bytes")
    return status
