"""Commands in comments: read strictly, allowed to those who may write to the repository, answered in one sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, final

from miners.refresh.comment import BOT
from pytest_llem_invariants.text.likeness import near_names

APPROVE: Final = "/approve-reuse"
_RIGHTS: Final = frozenset({"admin", "maintain", "write"})
_LONGEST: Final = 80


@final
@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote the comment, and where."""

    name: str
    permission: str
    """As the forge has it: `admin`, `maintain`, `write`, `triage`, `read` or `none`."""
    from_fork: bool
    """Whether the pull request's branch is in another repository."""


@final
@dataclass(frozen=True, slots=True)
class Known:
    """What a command may name."""

    engines: Collection[str]
    producers: Collection[str]


@final
@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and the answer."""

    answer: str
    approve: tuple[str, str] | None = None
    """Engine and producer."""


def decide(comment: str, author: Author, known: Known) -> tuple[Decision, ...]:
    """One decision for each line that speaks to the bot; none where no line does."""
    return tuple(_decided(words, author, known) for words in _spoken(comment))


def _spoken(comment: str) -> Iterator[list[str]]:
    """The words of the lines that begin with the bot's name; what is quoted or in a block of code speaks to nobody."""
    in_code = False
    for line in comment.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            in_code = not in_code
        elif not in_code and line.split(" ", 1)[0].rstrip() == BOT:
            yield line.split()[1:]


def _decided(words: list[str], author: Author, known: Known) -> Decision:
    usage = f"`{BOT} {APPROVE} <engine> <producer>`"
    said = f"`{' '.join(words)[:_LONGEST].replace('`', '')}`"
    if not words or words[0] != APPROVE:
        return Decision(f"Unknown command {said}: nothing was done. I know one: {usage}.")
    if len(words) != 3:
        return Decision(f"{said} needs an engine and a producer and nothing else: nothing was done. Write {usage}.")
    _, engine, producer = words
    for name, what, names in ((engine, "engine", known.engines), (producer, "producer", known.producers)):
        if name not in names:
            near = near_names(name, sorted(names))
            guess = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(sorted(names))}."
            return Decision(f"Unknown {what} in {said}: nothing was done; {guess}")
    if author.from_fork:
        return Decision("This pull request comes from a fork, to which I never write: nothing was done.")
    if author.permission not in _RIGHTS:
        return Decision(
            f"@{author.name} has the permission {author.permission!r} here, and a reuse is approved by those who may "
            "write: nothing was done."
        )
    return Decision(f"Approved the reuse of `{producer}` for {engine} on behalf of @{author.name}.", (engine, producer))
