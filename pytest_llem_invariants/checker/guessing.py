"""Which engine is meant, where nobody named one: the one that knows the keys, or the command."""

from __future__ import annotations

from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.routes import RoutingError, begins, understood
from pytest_llem_invariants.checker.verdict import CERTIFICATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


def by_keys(config: Mapping[str, Any], checkers: dict[str, Checker], root: str | None = None) -> Checker:
    """The checker of the engine that understands most of the keys; those loaded on the way stay in `checkers`."""
    best: Checker | None = None
    most = (0, 0)
    for engine in store.engines(store.data_root(root)):
        if engine not in checkers:
            checkers[engine] = Checker.load(engine, root=root)
        # Where two understand as much, the one whose rules are better founded.
        rank = understood(checkers[engine], config), CERTIFICATIONS.index(checkers[engine].certification)
        if rank > most and rank[0]:
            best, most = checkers[engine], rank
    if best is None:
        raise RoutingError(f"no engine has any of these keys — choose one with --engine: {', '.join(sorted(checkers))}")
    return best


def by_command(words: Sequence[str], root: str | None = None) -> Checker:
    """The checker of the engine that has the command with which a command line begins."""
    known: list[str] = []
    for engine in store.engines(store.data_root(root)):
        checker = Checker.load(engine, root=root)
        for command in checker.routes.get("commands", ()):
            known.append(" ".join(command["words"]))
            if begins(command, words):
                return checker
    raise RoutingError(f"no engine has a command {' '.join(words[:2])!r} — known are {', '.join(known) or 'none'}")
