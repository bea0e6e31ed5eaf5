"""Which engine is meant, where nobody named one: the one that knows the keys, or the command."""

from __future__ import annotations

from pytest_llem_invariants.checker import store
from pytest_llem_invariants.checker.checker import Checker
from pytest_llem_invariants.checker.routes import RoutingError, begins, is_config, understood
from pytest_llem_invariants.checker.verdict import CERTIFICATIONS
from pytest_llem_invariants.text.between import BETWEEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.readers.found import Beside


class Line:
    """A command of an engine: its words from the head on, and the facts that the line tells beside it."""

    __slots__ = ("beside", "engine", "words")

    def __init__(self, engine: str, words: Sequence[str], beside: Beside | None = None) -> None:
        self.engine = engine
        self.words = words
        self.beside = beside


def by_keys(
    config: Mapping[str, Any], checkers: dict[str, Checker], root: str | None = None, *, is_sure: bool = False
) -> Checker:
    """The checker of the engine that understands most of the keys; those loaded on the way stay in `checkers`.

    A mapping of which no engine knows most of the keys is no config; with `is_sure`, nor is one of a key or two.
    """
    best: Checker | None = None
    most = (0, 0)
    for engine in store.engines(store.data_root(root)):
        if engine not in checkers:
            checkers[engine] = Checker.load(engine, root=root)
        # Where two understand as much, the one whose rules are better founded.
        rank = understood(checkers[engine], config), CERTIFICATIONS.index(checkers[engine].certification)
        if rank > most and rank[0]:
            best, most = checkers[engine], rank
    if best is not None and not is_config(best, config, is_sure=is_sure):
        told = f"{best.engine} knows {most[0] % 10} of its {len(config)} keys"
        raise RoutingError(f"this is no engine config: {told} — choose the engine with --engine")
    if best is None:
        raise RoutingError(f"no engine has any of these keys — choose one with --engine: {', '.join(sorted(checkers))}")
    return best


def by_command(words: Sequence[str], root: str | None = None) -> tuple[Checker, list[Line]]:
    """The checker of the engine whose commands stand in a command line, and these."""
    checkers: list[Checker] = []
    every = store.engines(store.data_root(root))
    for engine in sorted(every, key=lambda name: name not in words):  # likely the one, and each takes time to load
        checkers.append(Checker.load(engine, root=root))
        if _is_typed_plainly(checkers[-1], words):
            return checkers[-1], [Line(engine, words)]
    for checker in checkers:
        lines = commands_in(checker, words)
        if lines:
            return checker, lines
    known = [" ".join(command["words"]) for checker in checkers for command in checker.routes.get("commands", ())]
    raise RoutingError(f"no engine has a command {' '.join(words[:2])!r} — known are {', '.join(known) or 'none'}")


def commands_in(checker: Checker, words: Sequence[str]) -> list[Line]:
    """The commands of an engine in a command line."""
    if _is_typed_plainly(checker, words):
        return [Line(checker.engine, words)]
    from pytest_llem_invariants.readers.declared import engine_of
    from pytest_llem_invariants.readers.launches import in_line
    from pytest_llem_invariants.readers.told import words_of

    found = in_line(words, [engine_of(checker.engine, checker.routes)])
    return [Line(checker.engine, words_of(one), one.beside) for one in found]


def _is_typed_plainly(checker: Checker, words: Sequence[str]) -> bool:
    """Whether the words are one command and nothing else; what reads the rest takes as long to import as a check."""
    return BETWEEN.isdisjoint(words) and any(begins(command, words) for command in checker.routes.get("commands", ()))
