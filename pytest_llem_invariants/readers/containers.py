"""A container as manifests and compose files describe it: image, command, arguments, environment, devices."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import yaml

from pytest_llem_invariants.readers.declared import Engine
from pytest_llem_invariants.readers.found import FILLED, Beside, Found, Word
from pytest_llem_invariants.readers.launches import of_words, runs_another, source_of, started_by, with_env, with_image
from pytest_llem_invariants.readers.shell import split
from pytest_llem_invariants.readers.yaml_tree import Node, Tree

_INNERMOST: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+?])([^{}]*))?\}|\$\(([A-Za-z_][A-Za-z0-9_]*)\)")
_BARE: Final = re.compile(r"\$[A-Za-z_{(]")
_MOST_DEEP: Final = 5
ENVIRONMENTS: Final = ("env", "environment", "environment_variables", "envs")
"""The keys under which variables are set."""
_DEVICE: Final = re.compile(r"[a-z0-9.-]+/gpu\Z")


def is_container(entries: Mapping[str, tuple[Node, Node]]) -> bool:
    """Whether a mapping says what a container runs."""
    return ("command" in entries or "args" in entries or "entrypoint" in entries) and (
        "image" in entries or "name" in entries or "build" in entries or "container_name" in entries
    )


def read(tree: Tree, node: Node, known: Sequence[Engine], beside: Beside) -> list[Found]:
    """What a container starts."""
    entries = tree.entries(node)
    image = image_of(tree, node)
    env = environment(tree, node)
    interpolates = "args" not in entries and "env" not in entries  # the names that compose does not have
    shown = None if image is None else _filled_in(image, {})
    beside = with_env(beside, env)
    if shown is not None:
        beside = with_image(beside, str(shown), known, is_known=shown.known and FILLED not in shown)
    elif "build" in entries:
        beside = replace(beside, is_built=True)
    beside = replace(beside, gpus=_gpus(tree, node))
    command = _words(tree, entries, "entrypoint", env) or _words(tree, entries, "command", env)
    arguments = _words(tree, entries, "args", env)
    if "entrypoint" in entries:
        arguments = _words(tree, entries, "command", env)
    if interpolates:
        command, arguments = [_unescaped(word) for word in command], [_unescaped(word) for word in arguments]
    starts = tree.get(node, "modelCommand")
    if not command and arguments and isinstance(starts, yaml.ScalarNode):  # of llm-d's charts: `vllmServe`
        head = next((engine.heads[0] for engine in known if starts.value == f"{engine.name}Serve"), ())
        command = [Word(word, tree.place(starts)) for word in head]
    if command:
        found = list(of_words([*command, *arguments], known, beside))
        is_text = isinstance(tree.get(node, "command"), yaml.ScalarNode)  # which no manifest may have
        if found or "entrypoint" in entries or "args" in entries or runs_another(command, known):
            return found
        if not (interpolates or is_text):
            return []
        arguments = command
    if image is None or not arguments:
        return []
    found = list(of_words(arguments, known, beside))
    if found or runs_another(arguments, known):
        return found
    return list(started_by(str(shown), arguments, known, beside, tree.place(node)))


def image_of(tree: Tree, node: Node) -> Word | None:
    """The image that a mapping names: a text, or its parts as charts have them."""
    told = tree.get(node, "image")
    if isinstance(told, yaml.ScalarNode):
        return tree.word(told) if told.value else None
    repository = tree.get(told, "repository")
    if not isinstance(repository, yaml.ScalarNode) or not repository.value:
        return None
    name = tree.word(repository)
    tag = tree.get(told, "tag")
    is_told = isinstance(tag, yaml.ScalarNode) and bool(tag.value)
    image = name.but(f"{name}:{tree.word(tag)}" if tag is not None and is_told else str(name))
    # Without a tag the chart's own version is taken.
    image.known = name.known and is_told and tag is not None and tree.word(tag).known
    return image


def environment(tree: Tree, node: Node) -> dict[str, Word]:
    """The variables of a container, as a mapping or a list; what is taken from elsewhere is not known."""
    env: dict[str, Word] = {}
    for key in ENVIRONMENTS:
        told = tree.get(node, key)
        if isinstance(told, yaml.MappingNode):
            for name, (written, value) in tree.entries(told).items():
                env[name] = _scalar(tree, value, env).but(place=tree.place(written))
        elif isinstance(told, yaml.SequenceNode):
            for item in told.value:
                named = tree.get(item, "name")
                if isinstance(named, yaml.ScalarNode):
                    env[named.value] = _scalar(tree, tree.get(item, "value"), env).but(place=tree.place(named))
                elif isinstance(item, yaml.ScalarNode):
                    name, equals, content = item.value.partition("=")
                    word = _filled_in(tree.word(item).but(content), {})
                    env[name.strip()] = word if equals else _nobody_knows(tree, item)
    return {name: value for name, value in env.items() if name.isidentifier()}


def _scalar(tree: Tree, node: Node | None, env: Mapping[str, Word]) -> Word:
    if not isinstance(node, yaml.ScalarNode):
        return Word("", known=False)
    return _filled_in(tree.word(node), env)


def _nobody_knows(tree: Tree, node: Node) -> Word:
    return Word("", tree.place(node), known=False)


def _words(tree: Tree, entries: Mapping[str, tuple[Node, Node]], key: str, env: Mapping[str, Word]) -> list[Word]:
    """The words of a list, or of a line of text."""
    if key not in entries:
        return []
    node = entries[key][1]
    if isinstance(node, yaml.ScalarNode):
        return split(tree.script(node)) if node.value else []
    if not isinstance(node, yaml.SequenceNode):
        return []
    depth = tree.depth(node)
    return [
        _filled_in(tree.word(item, max(depth, tree.depth(entries[key][0]))), env)
        for item in node.value
        if isinstance(item, yaml.ScalarNode)
    ]


def _filled_in(word: Word, env: Mapping[str, Word]) -> Word:
    """A word with `$(NAME)` and `${NAME:-text}` put in; it is not known where one of them is not."""
    text, known = str(word), word.known
    if "$" not in text or "\n" in text:
        return word

    def put(found: re.Match[str]) -> str:
        nonlocal known
        _name, how, text, other = found.groups()
        if other is not None and other in env:
            known = known and env[other].known
            return str(env[other])
        if how is not None and "-" in how and text:
            return str(text)
        known = False
        return "…"

    escaped = text.replace("$$", "\x00")
    for _ in range(_MOST_DEEP):
        text = _INNERMOST.sub(put, escaped)
        if text == escaped:
            break
        escaped = text
    else:
        known = False
    if _BARE.search(text):
        known = False
    if text.replace("\x00", "$$") == str(word) and known == word.known:
        return word
    is_all = str(word).startswith("$") and str(word).endswith(("}", ")"))
    return Word(text.replace("\x00", "$"), word.place, known=known, given=word.given, several=not known and is_all)


def _unescaped(word: Word) -> Word:
    """A text that compose gives to a shell: `$$` is a `$` there."""
    if "$$" in word:
        word.source = source_of(word).replaced("$$", "$")
    return word


def _gpus(tree: Tree, node: Node) -> int | None:
    """How many devices a container may use, where it says a number."""
    limits = tree.get(node, "resources", "limits")
    if limits is not None:
        counts = [
            value.value
            for name, (_, value) in tree.entries(limits).items()
            if _DEVICE.fullmatch(name.strip()) and isinstance(value, yaml.ScalarNode)
        ]
        if len(counts) == 1 and counts[0].isdecimal() and len(counts[0]) < 4:
            return int(counts[0])
    devices = tree.get(node, "deploy", "resources", "reservations", "devices")
    if isinstance(devices, yaml.SequenceNode) and len(devices.value) == 1:
        count = tree.get(devices.value[0], "count")
        if isinstance(count, yaml.ScalarNode) and count.value.isdecimal() and len(count.value) < 4:
            return int(count.value)
    return None


def commands_below(tree: Tree, entries: Mapping[str, tuple[Node, Node]]) -> Iterator[Node]:
    """The parts of a container that its reading takes in."""
    for key in ("command", "args", "entrypoint"):
        if key in entries:
            yield entries[key][1]
