"""Which words of a command line start an engine: behind wrappers, in a container, or in a shell within the shell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from pytest_llem_invariants.readers.declared import Engine, tag_of, version_of
from pytest_llem_invariants.readers.found import COMMAND, Beside, Found, Word
from pytest_llem_invariants.readers.shell import Command, commands
from pytest_llem_invariants.readers.source import Source

_CONTAINERS: Final = frozenset({"docker", "podman", "nerdctl"})
_SHELLS: Final = frozenset({"sh", "bash", "ash", "dash", "zsh"})
_SPEAKS: Final = frozenset(
    {
        "echo",
        "printf",
        "log",
        "info",
        "warn",
        "error",
        "die",
        "grep",
        "egrep",
        "rg",
        "pkill",
        "pgrep",
        "kill",
        "killall",
    }
    | {"which", "type", "alias", "pip", "pip3", "man", "help", "cat", "sed", "awk", "test", "trap", "print", "hash"}
)
"""Programs that only name a command that is among their words."""
_MOST_DEEP: Final = 4
_MOST_BEFORE: Final = 100
"""Within how many words the name of a program is looked for."""
_FEWEST_WORDS: Final = 2


def in_script(
    source: Source,
    known: Sequence[Engine],
    beside: Beside | None = None,
    arguments: Sequence[Word] = (),
    depth: int = 0,
    variables: Mapping[str, Sequence[Word]] | None = None,
) -> Iterator[Found]:
    """The engine commands of a shell script."""
    for command in commands(source, arguments, variables):
        if command.document is None:
            yield from of_command(command, known, beside or Beside(), depth)


def of_command(command: Command, known: Sequence[Engine], beside: Beside, depth: int = 0) -> Iterator[Found]:
    """What one simple command starts."""
    yield from of_words(command.words, known, with_env(beside, command.env), depth)


def of_words(words: Sequence[Word], known: Sequence[Engine], beside: Beside, depth: int = 0) -> Iterator[Found]:
    """What a list of words starts, as a program gets it: no shell looks at it first."""
    if depth > _MOST_DEEP or not words:
        return
    at = 0
    env: dict[str, Word] = {}
    while at < len(words) and (words[at] in ("env", "exec") or _variable(words[at])):
        name, equals, value = words[at].partition("=")
        if equals:
            env[name] = words[at].but(value)
        at += 1
    beside = with_env(beside, env)
    words = words[at:]
    if not _may_start(words, known):
        return
    program = _name(words[0]) if words else ""
    if program in _SPEAKS:
        return
    script = _script(words)
    if program == "eval" and len(words) > 1:
        script = _one(words[1:]), []
    if script is not None:
        text, rest = script
        yield from in_script(_source_of(text), known, beside, rest, depth + 1)
        return
    if program in _CONTAINERS:
        yield from _in_container(words, known, beside, depth)
        return
    yield from _first_started(words, known, beside, depth)


def _first_started(words: Sequence[Word], known: Sequence[Engine], beside: Beside, depth: int) -> Iterator[Found]:
    """The first engine that is started among words, behind whatever runs it; a shell's text in its place."""
    for start in range(len(words)):
        inner = _script(words[start:]) if start else None
        if inner is not None:
            yield from in_script(_source_of(inner[0]), known, beside, inner[1], depth + 1)
            return
        for engine in known:
            for head in engine.heads:
                if begins(words, start, head):
                    yield command_of(engine, [*_plain(head, words[start]), *words[start + len(head) :]], beside)
                    return


def _may_start(words: Sequence[Word], known: Sequence[Engine]) -> bool:
    """Whether a word is the name of a program that starts an engine, or that may hold one that does."""
    names = {_name(word) for word in words[:_MOST_BEFORE]}
    firsts = {head[0] for engine in known for head in engine.heads}
    return not names.isdisjoint(firsts | _SHELLS | _CONTAINERS | {"eval"})


def begins(words: Sequence[str], start: int, head: Sequence[str]) -> bool:
    """Whether a command's words stand at a place, by whatever path to the program."""
    part = words[start : start + len(head)]
    return len(part) == len(head) and all(
        _name(word) == wanted if number == 0 else word == wanted
        for number, (word, wanted) in enumerate(zip(part, head, strict=True))
    )


def command_of(engine: Engine, words: Sequence[Word], beside: Beside) -> Found:
    return Found(engine.name, COMMAND, words[0].place, words=tuple(words), beside=beside)


def says_something(found: Found) -> bool:
    """Whether a command line has more than the name of the command: a word that is known."""
    if found.form != COMMAND:
        return True
    return any(word.known and not word.several for word in found.words[_FEWEST_WORDS:])


def started_by(
    image: str, arguments: Sequence[Word], known: Sequence[Engine], beside: Beside, place: tuple[int, int]
) -> Iterator[Found]:
    """What the arguments of a container start that leaves the command to its image."""
    for engine in known:
        declared = engine.image(image)
        if declared is not None and declared.runs and arguments:
            head = _plain(declared.runs, arguments[0].but(place=place))
            yield command_of(engine, [*head, *arguments], beside)
            return


def with_env(beside: Beside, env: Mapping[str, Word]) -> Beside:
    if not env:
        return beside
    told = {name: str(value) for name, value in env.items() if value.known and value.given}
    return replace(
        beside,
        env={**beside.env, **told},
        unknown_env=(beside.unknown_env | frozenset(env)) - frozenset(told),
    )


def with_image(beside: Beside, image: str | None, known: Sequence[Engine], *, is_known: bool = True) -> Beside:
    """The facts with those that the image's name tells."""
    if image is None:
        return beside
    if not is_known:
        return replace(beside, version=None, is_built=True)
    for engine in known:
        declared = engine.image(image)
        if declared is not None:
            tag = tag_of(image)
            version = version_of(tag) if declared.tagged else None
            is_newest = declared.tagged and tag in ("", "latest") and "@" not in image
            is_built = version is None and not is_newest
            return replace(beside, image=image, version=version, is_built=is_built)
    return replace(beside, image=image, version=None, is_built=True)


def _plain(head: Sequence[str], word: Word) -> list[Word]:
    return [Word(text, word.place) for text in head]


def _name(word: str) -> str:
    return word.rpartition("/")[2]


def _variable(word: str) -> bool:
    name, equals, _ = word.partition("=")
    return bool(equals) and name.isidentifier()


def _script(words: Sequence[Word]) -> tuple[Word, list[Word]] | None:
    """The text of `sh -c TEXT`, and what follows the name behind it."""
    if not words or _name(words[0]) not in _SHELLS:
        return None
    for number, word in enumerate(words[1:], 1):
        if not word.startswith("-"):
            return None
        if word[1:2] != "-" and "c" in word and number + 1 < len(words):
            rest = words[number + 1 :]
            rest = rest[1:] if rest[:1] == ["--"] and len(rest) > 1 else rest
            return rest[0], list(rest[2:])
    return None


def _one(words: Sequence[Word]) -> Word:
    """The words that `eval` gets as the one text that it runs."""
    starts: list[tuple[int, int, int]] = []
    length = 0
    for word in words:
        starts.extend((length + at, line, column) for at, line, column in _source_of(word).starts)
        length += len(word) + 1
    text = " ".join(words)
    return Word(text, words[0].place, source=Source(text, starts))


def _source_of(word: Word) -> Source:
    """The text of a word as a script: where it spans lines, its words are found at the first."""
    return word.source or Source(str(word), [(0, *word.place)])


def _in_container(words: Sequence[Word], known: Sequence[Engine], beside: Beside, depth: int) -> Iterator[Found]:
    """`docker run … IMAGE …`, and what is started in a container that runs."""
    env: dict[str, Word] = {}
    entrypoint: list[Word] | None = None
    for number, word in enumerate(words):
        name, equals, value = word.partition("=")
        told = word.but(value) if equals else words[number + 1] if number + 1 < len(words) else None
        if name in ("-e", "--env") and told is not None and _variable(told):
            variable, _, content = told.partition("=")
            env[variable] = told.but(content)
        elif name == "--entrypoint" and told is not None:
            entrypoint = [told] if told else []
        elif name == "--gpus" and told is not None and told.isdecimal():
            beside = replace(beside, gpus=int(told))
        elif number > 1 and any(engine.image(word) for engine in known) and not word.startswith("-"):
            if words[number - 1] in _NAMED or "=" in word:
                continue
            beside = with_env(with_image(beside, str(word), known, is_known=word.known), env)
            rest = list(words[number + 1 :])
            if entrypoint is None:
                found = list(of_words(rest, known, beside, depth + 1))
                is_command = bool(rest) and not rest[0].startswith("-")
                yield from found or started_by(
                    word, [] if is_command and runs_another(rest) else rest, known, beside, word.place
                )
            else:
                yield from of_words([*entrypoint, *rest], known, beside, depth + 1)
            return
    yield from _first_started(words, known, with_env(beside, env), depth)


_PROGRAMS: Final = frozenset({"python", "python3", "sleep", "tail", "vllm", "ray", "nvidia-smi", "cat", "ls", "tini"})
_NAMED: Final = frozenset(
    {"--name", "-v", "--volume", "-w", "--workdir", "--hostname", "-h", "--network", "-l", "--label"}
)


def runs_another(words: Sequence[Word]) -> bool:
    """Whether the words behind an image's name are another program than the image's own."""
    return (
        _name(words[0]) in _SHELLS or words[0] in _PROGRAMS or "/bin/" in words[0] or words[0].endswith((".sh", ".py"))
    )
