"""Which rules are asked: those that the options name, else those of the engine that is meant."""

from __future__ import annotations

import sys

from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.text.terminal import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from typing import Any


def load(options: argparse.Namespace) -> Checker:
    """The checker that the options name."""
    if options.corpus:
        return Checker.load(options.engine, corpus=options.corpus, root=options.root)
    return _of_version(options.engine, options)


def folder_of(checker: Checker, root: str | None) -> str:
    """The folder of the corpus that a checker was made of."""
    data, newest = store.data_root(root), checker.version not in store.versions(store.data_root(root), checker.engine)
    return store.folder_of(data, checker.engine, None if newest else checker.version)


def _of_version(engine: str, options: argparse.Namespace) -> Checker:
    """The rules of a version, or of the nearest that there are, which is then told."""
    version = options.engine_version
    if version is None:
        return Checker.load(engine, root=options.root)
    from pytest_llem_invariants.cli.versions import Versions

    around = Versions(options.root).around(engine, version)
    if around.note is not None:
        told = f"there are no rules of {engine} {version}: those of the nearest, {around.checker.version}, are taken"
        say(f"llem-invariants: {told}", file=sys.stderr)
    return around.checker


def choose(options: argparse.Namespace, config: Mapping[str, Any], checkers: dict[str, Checker]) -> Checker:
    """The checker that the options name, else the one of the engine that knows most of the keys."""
    if options.engine or options.corpus:
        key = options.engine or options.corpus
        if key not in checkers:
            checkers[key] = load(options)
        return checkers[key]
    from pytest_llem_invariants.checker import guessing

    return in_version(guessing.by_keys(config, checkers, options.root), options)


def in_version(guessed: Checker, options: argparse.Namespace) -> Checker:
    """The guessed engine in the version that was asked for."""
    if options.engine_version is None:
        return guessed
    return _of_version(guessed.engine, options)
