"""The commands of an engine in a line that people have: behind variables, wrappers, containers and other shells.

CUDA_VISIBLE_DEVICES=0,1 nohup vllm serve … > log 2>&1 &
docker run --gpus all -e A=1 vllm/vllm-openai:v0.19.1 --model …
bash -c "cd /app && exec python3 -u -m vllm.entrypoints.openai.api_server …"
"""

from __future__ import annotations

from pytest_llem_invariants.text.shell import Word, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

_SEPARATORS = frozenset({"&&", "||", ";", ";;", "|", "&", "(", ")", "\n"})
_SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ash"})
_CONTAINERS = frozenset({"docker", "podman", "nerdctl"})
_TALKING = frozenset({"echo", "printf", "grep", "pgrep", "pkill", "which", "type", "man", "alias", "history"})
"""Whatever words follow these, nothing of them is run."""
_DEEPEST = 8
_BARE = frozenset(
    {
        *("--detach", "--disable-content-trust", "--env-host", "--help", "--http-proxy", "--init", "--interactive"),
        *("--no-healthcheck", "--no-hosts", "--oom-kill-disable", "--privileged", "--publish-all", "--quiet"),
        *("--read-only", "--replace", "--rm", "--rmi", "--sig-proxy", "--tls-verify", "--tty"),
    }
)
"""What takes no value among the options of `docker run` and `podman run`; so do these letters."""
_BARE_LETTERS = "ditPqh"


class Front:
    """How an engine is called: the words that begin its commands, and what each of its images runs."""

    __slots__ = ("engine", "heads", "images")

    def __init__(
        self, engine: str, heads: Sequence[Sequence[str]], images: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self.engine = engine
        self.heads = [list(head) for head in heads]
        self.images = {} if images is None else images


class Line:
    """One command of an engine: its words from the head on, and what stands around it."""

    __slots__ = ("at", "engine", "environment", "gpus", "image", "words")

    def __init__(self, engine: str, words: list[str], at: list[int], around: _Around) -> None:
        self.engine = engine
        self.words = words
        """The head as the engine declares it, and the arguments; in each a part may be untold."""
        self.at = at
        """For each word the number of the given word in which it stands."""
        self.environment: dict[str, str] = around.environment
        self.image: str | None = around.image
        self.gpus: str | None = around.gpus
        """What `--gpus` or `--device` says."""

    @property
    def version(self) -> str | None:
        """The version that the tag of the image names."""
        return None if self.image is None else version_of(self.image)


class _Around:
    __slots__ = ("environment", "gpus", "image")

    def __init__(
        self, environment: Mapping[str, str] | None = None, image: str | None = None, gpus: str | None = None
    ) -> None:
        self.environment = dict(environment or {})
        self.image = image
        self.gpus = gpus


def commands_of(words: Sequence[str], fronts: Sequence[Front]) -> list[Line]:
    """The commands of engines among words: a list as a container has it, or what `shell.split` makes of a text."""
    return list(
        _commands([str(word) for word in words], list(range(len(words))), fronts, _Around(), 0, _operators(words))
    )


def _operators(words: Sequence[str]) -> set[int]:
    """The numbers of the words that stand between commands."""
    return {
        number
        for number, word in enumerate(words)
        if (word.is_operator if isinstance(word, Word) else word in _SEPARATORS)
    }


def _commands(
    words: list[str], at: list[int], fronts: Sequence[Front], around: _Around, depth: int, operators: set[int]
) -> Iterator[Line]:
    if depth > _DEEPEST:
        return
    exported = dict(around.environment)
    begin = 0
    for end in [*sorted(operators), len(words)]:
        simple, places = words[begin:end], at[begin:end]
        begin = end + 1
        if simple[:1] == ["export"] or (simple and all(_assigned(word) for word in simple)):
            exported.update(filter(None, map(_assigned, simple)))
            continue
        yield from _simple(simple, places, fronts, _Around(exported, around.image, around.gpus), depth)


def _assigned(word: str) -> tuple[str, str] | None:
    """What a word assigns, as in `A=1`."""
    name, equals, value = word.partition("=")
    return (name, value) if equals and name.isidentifier() else None


def _name(word: str) -> str:
    return word.rpartition("/")[2]


def _simple(words: list[str], at: list[int], fronts: Sequence[Front], around: _Around, depth: int) -> Iterator[Line]:
    """The command of an engine in one command, whatever runs it."""
    for number, word in enumerate(words):
        name = _name(word)
        if name in _TALKING and all(_assigned(before) for before in words[:number]):
            return
        if name in _CONTAINERS and "run" in words[number + 1 : number + 3]:
            run = words.index("run", number + 1)
            yield from _in_container(words[run + 1 :], at[run + 1 :], fronts, around, depth)
            return
        if name in _SHELLS:
            inner = _shell_text(words, number + 1)
            if inner is not None:
                text = split(words[inner])
                places = [at[inner]] * len(text)
                yield from _commands([str(one) for one in text], places, fronts, around, depth + 1, _operators(text))
                return
        for front in fronts:
            for head in front.heads:
                length = _begins(words, number, head)
                if length:
                    for before in filter(None, map(_assigned, words[:number])):
                        around.environment[before[0]] = before[1]
                    places = [at[number]] * len(head) + at[number + length :]
                    yield Line(front.engine, [*head, *words[number + length :]], places, around)
                    return


def _shell_text(words: Sequence[str], at: int) -> int | None:
    """The number of the word that a shell is to run: what follows an option with a `c`, as in `-c` and `-lc`."""
    while at < len(words) and words[at].startswith("-"):
        if not words[at].startswith("--") and "c" in words[at]:
            return at + 1 if at + 1 < len(words) else None
        at += 2 if words[at].endswith("o") else 1  # as in `-euo pipefail`
    return None


def _begins(words: Sequence[str], at: int, head: Sequence[str]) -> int:
    """How many words of a head begin here; a module may be run by any program, with options before `-m`."""
    if len(head) == 3 and head[1] == "-m":
        return 2 if words[at] == "-m" and words[at + 1 : at + 2] == [head[2]] else 0
    found = [_name(words[at]), *words[at + 1 : at + len(head)]] == list(head)
    return len(head) if found else 0


def _in_container(
    words: list[str], at: list[int], fronts: Sequence[Front], around: _Around, depth: int
) -> Iterator[Line]:
    number = 0
    entrypoint: str | None = None
    environment: dict[str, str] = {}
    gpus = around.gpus
    while number < len(words) and words[number].startswith("-") and len(words[number]) > 1:
        option, value, number = _option(words, number)
        if option in ("-e", "--env") and value is not None:
            name, equals, text = value.partition("=")
            environment[name] = text if equals else f"${{{name}}}"
        elif option in ("--gpus", "--device"):
            gpus = value
        elif option == "--entrypoint":
            entrypoint = value
    if number >= len(words):
        return
    image = words[number]
    inside = _Around(environment, image, gpus)
    rest, places = words[number + 1 :], at[number + 1 :]
    if entrypoint is not None:
        yield from _simple(
            [*filter(None, [entrypoint]), *rest], [at[number]] * bool(entrypoint) + places, fronts, inside, depth + 1
        )
        return
    for front in fronts:
        head = next((run for name, run in front.images.items() if is_image(image, name)), None)
        if head is not None:
            yield Line(front.engine, [*head, *rest], [at[number]] * len(head) + places, inside)
            return
    yield from _simple(rest, places, fronts, inside, depth + 1)


def _option(words: Sequence[str], number: int) -> tuple[str, str | None, int]:
    """An option of a container's command with its value, and the number of the word behind it."""
    word = words[number]
    following = words[number + 1] if number + 1 < len(words) else None
    if word.startswith("--"):
        option, equals, value = word.partition("=")
        if equals:
            return option, value, number + 1
        return (option, None, number + 1) if option in _BARE else (option, following, number + 2)
    for place, letter in enumerate(word[1:], 1):
        if letter not in _BARE_LETTERS:
            attached = word[place + 1 :].removeprefix("=")
            return f"-{letter}", attached or following, number + (1 if attached else 2)
    return word, None, number + 1


def is_image(image: str, name: str) -> bool:
    """Whether an image is the one of a name, or a kind of it, from whatever registry."""
    bare = image.partition("@")[0]
    before, _, last = bare.rpartition("/")
    path = f"/{before}/{last.partition(':')[0]}"
    return path.endswith(f"/{name}") or f"/{name}-" in path


def version_of(image: str) -> str | None:
    """The version in the tag of an image; None of a digest, of `latest` and of any other word."""
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    number = tag.removeprefix("v").partition("-")[0].partition("+")[0]
    parts = number.split(".")
    return number if len(parts) > 1 and all(part.isdecimal() for part in parts) else None


def fronts_of(engine: str, routes: Mapping[str, Any]) -> Front:
    """How an engine is called, as the routes in its file say."""
    return Front(engine, [command["words"] for command in routes.get("commands", ())], routes.get("images"))
