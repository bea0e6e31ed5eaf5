"""What is said and done about a name that is another one but for some letters."""

from __future__ import annotations

from pytest_llem_invariants.checker.changes import RENAMED, Edit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def fix_of(guess: str | None) -> str:
    """What to do about an unknown name that may be meant for another."""
    return "leave it out" if guess is None else f"did you mean {guess}?"


def slip(name: str, guess: str | None, known: Iterable[str]) -> Edit | None:
    """The change of a name to the one that was guessed; certain where it can only be meant for that."""
    from pytest_llem_invariants.text.likeness import is_sure_slip

    return None if guess is None else Edit(RENAMED, guess, is_certain=is_sure_slip(name, guess, known))
