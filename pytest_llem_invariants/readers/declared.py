"""What each engine declares of the files in which its configs are kept: `files` in its routes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

_VERSION = re.compile(r"v?([0-9]+\.[0-9]+(?:\.[0-9]+)?(?:\.post[0-9]+|rc[0-9]+)?)(?![0-9.])")


@final
@dataclass(frozen=True, slots=True)
class Image:
    """Images of containers in which the engine is: by a part of their name."""

    name: str
    runs: Sequence[str] = ()
    """The command to which a container's arguments are given, where it names none."""
    tagged: bool = True
    """Whether its tag is the engine's version."""


@final
@dataclass(frozen=True, slots=True)
class Engine:
    """One engine, as its routes declare it."""

    name: str
    traces: Sequence[str] = ()
    """A file without any of these words holds no config of the engine."""
    heads: Sequence[tuple[str, ...]] = ()
    """The words with which its commands begin, and others' that stand for one of them."""
    stands_for: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    """Words of others → the command whose options they take."""
    images: Sequence[Image] = ()
    calls: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Class of its package → the form of its keyword arguments, and the names of positional ones."""
    package: str = ""
    sections: Mapping[str, str] = field(default_factory=dict)
    """Key under which files of several products hold a mapping for the engine → the form of that."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Name of a file → the form of what it holds."""
    plugins: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What adds to the engine → its traces, and the fields of which it knows more values (`*`: more fields)."""
    starters: frozenset[str] = field(init=False, default=frozenset())
    """Programs and modules with which its commands begin: a word that is none of them starts nothing."""

    def __post_init__(self) -> None:
        firsts = {head[0] for head in self.heads} | {head[2] for head in self.heads if is_module(head)}
        object.__setattr__(self, "starters", frozenset(firsts))

    def image(self, name: str) -> Image | None:
        """What is known of an image, by its name without registry, tag and digest; some write `REGISTRY#NAME`."""
        bare = re.sub(r"(?::[^:/@]*)?(?:@.*)?\Z", "", name.replace("#", "/"))
        return next((image for image in self.images if image.name in bare), None)


def is_module(head: Sequence[str]) -> bool:
    """Whether it is `PROGRAM -m MODULE …`."""
    return len(head) > 2 and head[1] == "-m"


def engines(routes: Mapping[str, Mapping[str, Any]]) -> list[Engine]:
    """The engines with what they declare, from the routes of each."""
    return [engine_of(name, told) for name, told in routes.items() if told.get("files")]


def engine_of(name: str, routes: Mapping[str, Any]) -> Engine:
    """One engine, also one that says nothing of files."""
    files = routes.get("files") or {}
    others = {tuple(one["words"]): tuple(one["command"]) for one in files.get("stands_for", ())}
    return Engine(
        name,
        tuple(files.get("traces", ())),
        (*(tuple(command["words"]) for command in routes.get("commands", ())), *others),
        others,
        (
            *(
                Image(one["name"], tuple(one.get("runs", ())), one.get("tagged", True))
                for one in files.get("images", ())
            ),
            *(Image(image, tuple(words)) for image, words in routes.get("images", {}).items()),
        ),
        files.get("calls", {}),
        files.get("package", ""),
        files.get("sections", {}),
        files.get("names", {}),
        files.get("plugins", {}),
    )


def plugins(engine: Engine, text: str) -> tuple[str, ...]:
    """What adds to an engine, as far as a file shows a trace of it."""
    return tuple(name for name, told in engine.plugins.items() if any(trace in text for trace in told["traces"]))


def traces(known: Sequence[Engine]) -> Iterator[str]:
    for engine in known:
        yield from engine.traces


def version_of(tag: str) -> str | None:
    """The version that a tag such as `v0.19.1-cu129` names; None of `latest`, a digest, a commit."""
    found = _VERSION.match(tag)
    return None if found is None else found[1]


def tag_of(image: str) -> str:
    """What follows the colon of an image's name, before a digest; empty where nothing does."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]
