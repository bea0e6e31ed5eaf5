"""`llem-invariants compile`: the compiled form of every corpus folder, in the user's cache."""

from __future__ import annotations

import argparse
import os

from pytest_llem_invariants.checker import cache, store
from pytest_llem_invariants.cli import INVALID
from pytest_llem_invariants.errors import LlemError
from pytest_llem_invariants.text.terminal import say


def run(options: argparse.Namespace) -> int:
    root = store.data_root(options.root)
    status = 0
    for engine in options.engines or store.engines(root):
        ssot = store.ssot_path(root, store.known_engine(root, engine))
        for folder in store.folders(root, engine):
            shown = os.path.relpath(folder, root)
            if store.shipped(folder, ssot) is not None:
                say(f"{shown}: comes compiled with the package")
                continue
            entry = cache.Entry(folder, ssot)
            if entry.read() is not None:
                say(f"{shown}: fresh")
            elif options.check:
                say(f"{shown}: stale — run llem-invariants compile {engine}")
                status = INVALID
            else:
                entry.make()
                say(f"{shown}: written to {_written(entry)}")
    return status


def _written(entry: cache.Entry) -> str:
    path = entry.path()
    if path is None or entry.read() is None:
        raise LlemError(
            f"the cache folder {cache.folder()} cannot be used — make it a folder that belongs to you and that nobody "
            f"else may write to, or set {cache.VARIABLE} to another folder"
        )
    return path
