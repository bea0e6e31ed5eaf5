"""Which words of a command line start an engine: behind wrappers, in a container, or in a shell within the shell.

CUDA_VISIBLE_DEVICES=0,1 nohup vllm serve … > log 2>&1 &
docker run --gpus all -e A=1 vllm/vllm-openai:v0.19.1 --model …
bash -c "cd /app && exec python3 -u -m vllm.entrypoints.openai.api_server …"
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from pytest_llem_invariants.readers.declared import Engine, is_module, tag_of, version_of
from pytest_llem_invariants.readers.found import COMMAND, Beside, Found, Word
from pytest_llem_invariants.readers.shell import Command, commands
from pytest_llem_invariants.readers.source import Source
from pytest_llem_invariants.text.between import BETWEEN
from pytest_llem_invariants.text.untold import is_untold

_CONTAINERS: Final = frozenset({"docker", "podman", "nerdctl", "docker-compose", "podman-compose"})
_SHELLS: Final = frozenset({"sh", "bash", "ash", "dash", "zsh"})
_SPEAKS: Final = frozenset(
    {
        *("echo", "printf", "print", "log", "info", "warn", "error", "die", "man", "help", "history", "cat", "sed"),
        *("awk", "grep", "egrep", "rg", "pgrep", "pkill", "kill", "killall", "which", "type", "alias", "hash", "test"),
        *("trap", "pip", "pip3"),
    }
)
"""Programs that only name a command that is among their words."""
_RUNS: Final = frozenset({"run", "exec", "create"})
"""What a container's program is told so that it starts something."""
_HANDS_ON: Final = frozenset({"ssh", "tmux", "screen", "sbatch", "ray", "su", "runuser", "parallel", "pdsh", "clush"})
"""Programs of which a word may be a text that a shell runs elsewhere."""
_PODS: Final = frozenset({"kubectl", "oc", "k3s", "microk8s"})
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
    if may_start(command.words, known):
        yield from of_words(command.words, known, with_env(beside, command.env), depth)


def in_line(words: Sequence[str], known: Sequence[Engine]) -> Iterator[Found]:
    """The engine commands of a line that somebody typed, in the words that a shell made of it."""
    exported: dict[str, Word] = {}
    begin = 0
    for end in [*(number for number, word in enumerate(words) if word in BETWEEN), len(words)]:
        simple = [Word(word) for word in words[begin:end]]
        begin = end + 1
        if simple[:1] == ["export"] or all(map(_variable, simple)):
            exported |= _assigned(simple)
        else:
            yield from of_words(simple, known, with_env(Beside(), exported))


def of_words(words: Sequence[Word], known: Sequence[Engine], beside: Beside, depth: int = 0) -> Iterator[Found]:
    """What a list of words starts, as a program gets it: no shell looks at it first."""
    if depth > _MOST_DEEP or not may_start(words, known):
        return
    at = next((at for at, word in enumerate(words) if word not in ("env", "exec") and not _variable(word)), len(words))
    program = _name(words[at]) if at < len(words) else ""
    if program in _SPEAKS:
        return
    if program == "eval" and at + 1 < len(words):
        beside = with_env(beside, _assigned(words[:at]))
        yield from in_script(source_of(_one(words[at + 1 :])), known, beside, depth=depth + 1)
        return
    yield from _first_started(words, known, beside, depth)


def _first_started(words: Sequence[Word], known: Sequence[Engine], beside: Beside, depth: int) -> Iterator[Found]:
    """The first engine that is started among words, behind whatever runs it; a shell's text in its place."""
    for start, word in enumerate(words):
        if start and words[start - 1].endswith(":"):
            return  # what a program says that it starts, not how it is started: quotes are gone from it
        name = _name(word)
        inner = _script(words[start:]) if name in _SHELLS else None
        if inner is not None:
            beside = with_env(_in_image(words[:start], known, beside), _assigned(words[:start]))
            yield from in_script(source_of(inner[0]), known, beside, inner[1], depth + 1)
            return
        texts = _texts(words[start + 1 :]) if name in _HANDS_ON else []
        started = [found for text in texts for found in in_script(source_of(text), known, beside, (), depth + 1)]
        if started:
            yield from started
            return
        if name in _PODS and words[start + 1 : start + 2] == ["run"] and "--" in words:
            yield from _in_pod(words[start:], known, with_env(beside, _assigned(words[:start])), depth)
            return
        if name in _CONTAINERS and not _RUNS.isdisjoint(_told(words[start:])):
            beside = with_env(beside, _assigned(words[:start]))
            yield from _in_container(words[start:], known, beside, depth)
            return
        for engine in known:
            begun = _head_at(words, start, engine)
            if begun is not None:
                head, length = begun
                # A module is found at its `-m`: the program that runs it is the word before.
                program = words[max(start - (length < len(head)), 0)]
                beside = with_env(_in_image(words[:start], known, beside), _assigned(words[:start]))
                told = _plain(engine.stands_for.get(tuple(head), head), program)
                yield command_of(engine, [*told, *words[start + length :]], beside)
                return


_IMAGE_FILES: Final = (".sif", ".sqsh", ".simg", ".img")
_NAMES_IMAGE: Final = re.compile(r"--[\w-]*image(?:=|\Z)")


def _in_image(words: Sequence[Word], known: Sequence[Engine], beside: Beside) -> Beside:
    """The facts with those of an image in which a wrapper runs what follows, as those of Slurm and HPC do."""
    for number, word in enumerate(words):
        is_value = number > 0 and _NAMES_IMAGE.fullmatch(words[number - 1]) is not None
        option, equals, value = word.partition("=")
        names_one = bool(equals) and _NAMES_IMAGE.fullmatch(f"{option}=") is not None
        image = value if names_one else str(word)
        if image.endswith(_IMAGE_FILES):
            return replace(beside, version=None, is_built=True)
        if is_value or names_one or any(engine.image(image) for engine in known if "/" in image):
            return with_image(beside, image, known, is_known=word.known and word.given)
    return beside


def _assigned(words: Sequence[Word]) -> dict[str, Word]:
    """The variables that words set, as in `A=1`; what follows a long option is its value."""
    told = [word for before, word in zip(["", *words], words, strict=False) if before[:2] != "--" and _variable(word)]
    return {word.partition("=")[0]: word.but(word.partition("=")[2]) for word in told}


def _texts(words: Sequence[Word]) -> list[Word]:
    """The words that have several in them, as the value of an option or by themselves."""
    values = [word.but(word.partition("=")[2]) if word[:2] == "--" and "=" in word else word for word in words]
    return [word for word in values if " " in word]


_HOLD: Final = _SHELLS | _CONTAINERS | _HANDS_ON | _PODS | {"eval"}
"""Programs that may be told to start another."""


def may_start(words: Sequence[str], known: Sequence[Engine]) -> bool:
    """Whether a word is the name of a program that starts an engine, or that may hold one that does."""
    names = {word.rpartition("/")[2] for word in words[:_MOST_BEFORE]}
    return not _HOLD.isdisjoint(names) or any(not engine.starters.isdisjoint(names) for engine in known)


def _head_at(words: Sequence[str], start: int, engine: Engine) -> tuple[Sequence[str], int] | None:
    """The head of an engine's command that stands at a place, and how many words that is.

    A module may be run by any program, with options before its `-m`.
    """
    is_option = words[start] == "-m"
    if not is_option and _name(words[start]) not in engine.starters:
        return None
    for head in engine.heads:
        if begins(words, start, head):
            return head, len(head)
        if is_option and is_module(head) and words[start + 1 : start + len(head) - 1] == list(head[2:]):
            return head, len(head) - 1
    return None


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
        if declared is not None and declared.runs:
            head = _plain(declared.runs, Word("", place))
            yield command_of(engine, [*head, *arguments], beside)
            return


def with_env(beside: Beside, env: Mapping[str, Word]) -> Beside:
    if not env:
        return beside
    told = {
        name: str(value) for name, value in env.items() if value.known and value.given and not is_untold(str(value))
    }
    return replace(
        beside,
        env={name: value for name, value in beside.env.items() if name not in env} | told,
        unknown_env=(beside.unknown_env | frozenset(env)) - frozenset(told),
        places={**beside.places, **{name: value.place for name, value in env.items()}},
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
    number = 1
    while number + 1 < len(words) and words[number].startswith("-"):
        word = words[number]
        if word[1:2] != "-" and "c" in word:
            rest = words[number + 1 :]
            rest = rest[1:] if rest[:1] == ["--"] and len(rest) > 1 else rest
            return rest[0], list(rest[2:])
        number += 2 if word.endswith("o") else 1  # as in `-euo pipefail`
    return None


def _one(words: Sequence[Word]) -> Word:
    """The words that `eval` gets as the one text that it runs."""
    starts: list[tuple[int, int, int]] = []
    length = 0
    for word in words:
        starts.extend((length + at, line, column) for at, line, column in source_of(word).starts)
        length += len(word) + 1
    text = " ".join(words)
    return Word(text, words[0].place, source=Source(text, starts))


def source_of(word: Word) -> Source:
    """The text of a word as a script: where it spans lines, its words are found at the first."""
    return word.source or Source(str(word), [(0, *word.place)])


def _in_container(words: Sequence[Word], known: Sequence[Engine], beside: Beside, depth: int) -> Iterator[Found]:
    """`docker run … IMAGE …`, and what is started in a container that runs."""
    env: dict[str, Word] = {}
    entrypoint: list[Word] | None = None
    for number, word in enumerate(words):
        name, equals, value = word.partition("=")
        told = word.but(value) if equals else words[number + 1] if number + 1 < len(words) else None
        if name in ("-e", "--env") and told is not None:
            variable, given, content = told.partition("=")
            if given or variable not in beside.env:  # without a value it is the one outside
                env[variable] = told.but(content if given else f"${{{variable}}}")
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
                if found or (is_command and runs_another(rest, known)):
                    yield from found
                else:
                    yield from started_by(word, rest, known, beside, word.place)
            else:
                yield from of_words([*entrypoint, *rest], known, beside, depth + 1)
            return
    if "exec" not in _told(words):  # an image that nobody knows has the engine in some version
        beside = replace(beside, version=None, is_built=True)
    yield from _first_started(words[1:], known, with_env(beside, env), depth)


def _in_pod(words: Sequence[Word], known: Sequence[Engine], beside: Beside, depth: int) -> Iterator[Found]:
    """`kubectl run NAME --image=IMAGE -- …`: arguments for the image's own program, or a command."""
    at = words.index(Word("--"))
    image = _option(words[:at], "--image")
    beside = with_image(beside, None if image is None else str(image), known)
    told = [_option(pair, "--env") for pair in itertools.pairwise(words[:at])]
    env = {pair.partition("=")[0]: pair.but(pair.partition("=")[2]) for pair in told if pair is not None}
    beside, rest = with_env(beside, env), list(words[at + 1 :])
    found = list(of_words(rest, known, beside, depth + 1))
    if found or "--command" in words[:at] or image is None or not rest or runs_another(rest, known):
        yield from found
    else:
        yield from started_by(str(image), rest, known, beside, image.place)


def _told(words: Sequence[Word]) -> Sequence[Word]:
    """Where a container's program is told what to do: one of compose may be told before in which files to look."""
    is_compose = _name(words[0]).endswith("-compose") or "compose" in words[1:3]
    return words[1:12] if is_compose else words[1:4]


def _option(words: Sequence[Word], name: str) -> Word | None:
    """The value of a long option, behind it or attached to it."""
    for word, after in zip(words, [*words[1:], None], strict=True):
        if word.startswith(f"{name}="):
            return word.but(word.partition("=")[2])
        if word == name:
            return after
    return None


_PROGRAMS: Final = frozenset({"python", "python3", "sleep", "tail", "ray", "nvidia-smi", "cat", "ls", "tini"})
_NAMED: Final = frozenset(
    {"--name", "-v", "--volume", "-w", "--workdir", "--hostname", "-h", "--network", "-l", "--label"}
)


def runs_another(words: Sequence[Word], known: Sequence[Engine]) -> bool:
    """Whether the words behind an image's name are another program than the image's own."""
    first = words[0]
    programs = _PROGRAMS | _SHELLS | {head[0] for engine in known for head in engine.heads}
    return _name(first) in programs or "/bin/" in first or first.endswith((".sh", ".py"))
