"""Which rules are asked: those that the options name, else those of the engine that is meant."""

from __future__ import annotations

from pytest_llem_invariants.checker.checker import Checker

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from typing import Any


def load(options: argparse.Namespace) -> Checker:
    """The checker that the options name."""
    if options.corpus:
        return Checker.load(options.engine, corpus=options.corpus, root=options.root)
    return Checker.load(options.engine, version=options.engine_version, root=options.root)


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
    return Checker.load(guessed.engine, version=options.engine_version, root=options.root)
