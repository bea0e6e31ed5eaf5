"""One config with its verdict, by the rules of the version that was asked for or of those around it."""

from __future__ import annotations

from pytest_llem_invariants.cli.checked import Checked
from pytest_llem_invariants.cli.memory import with_memory
from pytest_llem_invariants.cli.surroundings import Surroundings, groups
from pytest_llem_invariants.cli.versions import softened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from pytest_llem_invariants.checker.checker import Checker
    from pytest_llem_invariants.checker.routed import Routed
    from pytest_llem_invariants.cli.versions import Around


def answered(
    name: str,
    around: Around,
    routed: Callable[[Checker], list[Routed]],
    beside: Surroundings,
    place_of: Any,
    added: Sequence[Mapping[str, Any]] = (),
) -> Checked:
    """The verdict on a config, which each version reads in its own way; `added` is what more the engine has."""
    checker = around.checker
    parts, how = routed(checker), beside.how(checker)
    world = checker.world_beside(parts, how["world"])
    verdict = checker.check_routed(parts, context=how["context"], world=world)
    verdict = with_memory(verdict, checker, parts, world)
    verdict = softened(verdict, around, lambda other: other.check_routed(routed(other), **beside.how(other)), added)
    checked = Checked(name, checker, verdict, place_of, groups((*world.facts, *how["context"])))
    checked.written = {part.native_type: frozenset(part.kwargs) for part in parts if part.native_type is not None}
    checked.notes = () if around.note is None else (around.note,)
    return checked
