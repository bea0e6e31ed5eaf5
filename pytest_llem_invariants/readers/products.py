"""Files of products that keep an engine's options in a shape of their own. Each shape is one function here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import yaml

from pytest_llem_invariants.readers.containers import environment, image_of, is_container
from pytest_llem_invariants.readers.declared import Engine
from pytest_llem_invariants.readers.found import Beside, Found, UnknownValue, Word
from pytest_llem_invariants.readers.launches import command_of, with_env, with_image
from pytest_llem_invariants.readers.shell import split
from pytest_llem_invariants.readers.yaml_tree import Node, Tree

HINTS: Final = ("engine:", "vllmConfig", "modelURL", "base_args", "model_id")
"""A text without any of these keys has none of the shapes here, but for the sections that engines declare."""
_KEYS: Final = frozenset({"engine", "modelURL", "vllmConfig", "model", "image", "model_id"})
"""A mapping without any of them has none of the shapes but sections."""
Entries = Mapping[str, tuple[Node, Node]]


def read(tree: Tree, node: Node, known: Sequence[Engine], beside: Beside) -> Iterator[Found]:
    """What a mapping says by any of the shapes."""
    entries = tree.entries(node)
    yield from _sections(tree, entries, known, beside)
    if _KEYS.isdisjoint(entries):
        return
    if "engine" in entries:
        yield from _engine_and_args(tree, node, entries, known, beside)
    is_entry = "modelURL" in entries and "repository" in entries
    if is_entry or "vllmConfig" in entries or tree.get(node, "model", "modelURL") is not None:
        yield from _chart(tree, node, entries, known, beside)
    if "model" in entries and "base_args" in tree.entries(entries["model"][1]):
        yield from _recipe(tree, entries, known, beside)
    if "image" in entries:
        yield from _values(tree, node, entries, known, beside)
    if "model_id" in entries and "gpu_type" in entries and "tp" in entries:
        yield from _bento(tree, node, entries, known, beside)


def _sections(tree: Tree, entries: Entries, known: Sequence[Engine], beside: Beside) -> Iterator[Found]:
    """A mapping under a key that an engine declares, or one for each of several roles below it."""
    for engine in known:
        if engine.sections.keys().isdisjoint(entries):
            continue
        for key, form in engine.sections.items():
            section = None if key not in entries else entries[key][1]
            if not isinstance(section, yaml.MappingNode) or not section.value:
                continue
            parts = [value for _, value in section.value]
            are_roles = all(isinstance(part, yaml.MappingNode) for part in parts)
            if not are_roles or not _ROLES.issuperset(tree.entries(section)):
                parts = [section]
            for part in parts:
                data = tree.plain(part)
                if data:
                    data = {**data, "**": UnknownValue("**")}  # whoever keeps it adds what the machines ask for
                    place_of = tree.place_in(part)
                    yield Found(engine.name, form, tree.place(part), data=data, place_of=place_of, beside=beside)


_ROLES: Final = frozenset({"prefill", "decode", "aggregated", "agg", "generation", "context"})


def _named(known: Sequence[Engine], name: str) -> Engine | None:
    return next((engine for engine in known if engine.name == name.lower() and engine.heads), None)


def _list(tree: Tree, node: Node | None) -> list[Word]:
    if not isinstance(node, yaml.SequenceNode):
        return []
    return [tree.word(item) for item in node.value if isinstance(item, yaml.ScalarNode)]


def _scalar(tree: Tree, node: Node | None) -> Word | None:
    return tree.word(node) if isinstance(node, yaml.ScalarNode) and node.value else None


def _begin(engine: Engine, model: Word | None, place: tuple[int, int]) -> list[Word]:
    """The engine's first command, with a model."""
    head = [Word(word, place) for word in engine.heads[0]]
    return head if model is None else [*head, model]


def _engine_and_args(
    tree: Tree, node: Node, entries: Entries, known: Sequence[Engine], beside: Beside
) -> Iterator[Found]:
    """`engine: NAME` with `args`, and the model as an address."""
    engine = _named(known, str(entries["engine"][1].value))
    arguments = _list(tree, entries["args"][1] if "args" in entries else None)
    if engine is None or not arguments or not arguments[0].startswith("-"):
        return
    url = _scalar(tree, tree.get(node, "url"))
    model = None if url is None else url.but(url.rpartition("://")[2].partition("?")[0])
    words = [*_begin(engine, model, tree.place(node)), *arguments]
    yield command_of(engine, words, with_env(beside, environment(tree, node)))


_CHART: Final = {
    "maxModelLen": "--max-model-len",
    "dtype": "--dtype",
    "tensorParallelSize": "--tensor-parallel-size",
    "pipelineParallelSize": "--pipeline-parallel-size",
    "maxNumSeqs": "--max-num-seqs",
    "gpuMemoryUtilization": "--gpu-memory-utilization",
    "maxLoras": "--max-loras",
    "runner": "--runner",
    "convert": "--convert",
}
_CHART_SWITCHES: Final = {
    "enableChunkedPrefill": "enable-chunked-prefill",
    "enablePrefixCaching": "enable-prefix-caching",
}
"""Which option the chart of vLLM's production stack makes of which key."""


def _chart(tree: Tree, node: Node, entries: Entries, known: Sequence[Engine], beside: Beside) -> Iterator[Found]:
    """An entry of `modelSpec`, or a VLLMRuntime: the options are in the mapping, or in one below it."""
    engine = _named(known, "vllm")
    model = _scalar(tree, tree.get(node, "modelURL") or tree.get(node, "model", "modelURL"))
    if engine is None or (model is None and "vllmConfig" not in entries):
        return
    repository, tag = _scalar(tree, tree.get(node, "repository")), _scalar(tree, tree.get(node, "tag"))
    if repository is not None:
        image = f"{repository}:{tag}" if tag else str(repository)
        beside = with_image(beside, image, known, is_known=repository.known and (tag is None or tag.known))
    gpus = tree.get(node, "requestGPU")
    if isinstance(gpus, yaml.ScalarNode) and gpus.value.isdecimal() and "raySpec" not in entries:
        beside = replace(beside, gpus=int(gpus.value[:4]))
    words = _begin(engine, model, tree.place(node))
    for part in (node, tree.get(node, "model"), tree.get(node, "vllmConfig")):
        if isinstance(part, yaml.MappingNode):
            words += _chart_options(tree, part)
    yield command_of(engine, words, with_env(beside, environment(tree, node)))


def _chart_options(tree: Tree, node: Node) -> list[Word]:
    words: list[Word] = []
    for name, (key, value) in tree.entries(node).items():
        if not isinstance(value, yaml.ScalarNode):
            continue
        place = tree.place(key)
        if name in _CHART and value.value:
            words += [Word(_CHART[name], place), tree.word(value)]
        elif name in _CHART_SWITCHES and value.value in ("true", "false"):
            words.append(Word(f"--{'' if value.value == 'true' else 'no-'}{_CHART_SWITCHES[name]}", place))
    return words + _list(tree, tree.get(node, "extraArgs"))


_ADDED: Final = frozenset({"args", "extraargs", "engineargs", "serverargs", "servingargs", "additionalargs"})


def _values(tree: Tree, node: Node, entries: Entries, known: Sequence[Engine], beside: Beside) -> Iterator[Found]:
    """An image of an engine and arguments that a chart's template adds to its own: both are values of a chart."""
    image = image_of(tree, node)
    engine = None if image is None else next((one for one in known if _runs(one, image)), None)
    if image is None or engine is None or is_container(entries):
        return
    names = _ADDED | {engine.name + name for name in _ADDED}
    for key, (_, value) in entries.items():
        if key.lower().replace("_", "").replace("-", "") not in names:
            continue
        words = split(tree.script(value)) if isinstance(value, yaml.ScalarNode) else _list(tree, value)
        if words and words[0].startswith("-"):
            others = Word("$@", tree.place(value), known=False, several=True)
            beside = with_image(beside, str(image), known, is_known=image.known)
            beside = with_env(beside, environment(tree, node))
            yield command_of(engine, [*_begin(engine, None, tree.place(value)), others, *words], beside)


def _runs(engine: Engine, image: str) -> bool:
    declared = engine.image(image)
    return declared is not None and bool(declared.runs)


def _recipe(tree: Tree, entries: Entries, known: Sequence[Engine], beside: Beside) -> Iterator[Found]:
    """A recipe of vLLM's collection: options that all share, and those of each feature, variant and kind of machine."""
    engine = _named(known, "vllm")
    if engine is None:
        return
    model = entries["model"][1]
    beside = _recipe_image(tree, _more_env(tree, beside, tree.get(model, "base_env")), model, engine)
    base = _spoken(tree, tree.get(model, "base_args"))
    named = _scalar(tree, tree.get(model, "model_id"))
    # Whoever deploys it adds what the strategy needs.
    begin = [*_begin(engine, named, tree.place(model)), Word("$@", tree.place(model), known=False, several=True)]
    yield command_of(engine, [*begin, *base], beside)
    for group in ("features", "variants", "hardware_overrides", "strategy_overrides"):
        for _, part in (tree.entries(entries[group][1]) if group in entries else {}).values():
            yield from _more(tree, part, engine, [*begin, *base], beside, depth=0)


def _more(tree: Tree, part: Node, engine: Engine, words: list[Word], beside: Beside, *, depth: int) -> Iterator[Found]:
    """The shared words with those of one part, and with those of the parts below it."""
    if not isinstance(part, yaml.MappingNode) or depth > 3:
        return
    more = _spoken(tree, tree.get(part, "args")) or _spoken(tree, tree.get(part, "extra_args"))
    beside = _recipe_image(tree, _more_env(tree, beside, tree.get(part, "extra_env")), part, engine)
    other = _scalar(tree, tree.get(part, "model_id"))
    head = len(engine.heads[0])
    if other is not None and len(words) > head:
        words = [*words[:head], other, *words[head + 1 :]]
    words = [*words, *more]
    if more:
        yield command_of(engine, words, beside)
    for _, below in tree.entries(part).values():
        if isinstance(below, yaml.MappingNode):
            for _, inner in tree.entries(below).values():
                yield from _more(tree, inner, engine, words, beside, depth=depth + 1)


def _spoken(tree: Tree, node: Node | None) -> list[Word]:
    """The words of a list whose parts are put into one line of a shell."""
    return [part for word in _list(tree, node) for part in (word.but(text) for text in _parts(word))]


def _recipe_image(tree: Tree, beside: Beside, part: Node, engine: Engine) -> Beside:
    """The facts with those of the image that a part of a recipe runs in, in the place of another part's."""
    image = _scalar(tree, tree.get(part, "docker_image"))
    return with_image(beside, None if image is None else str(image), [engine])


def _parts(word: Word) -> list[str]:
    return word.split(" ", 1) if word.startswith("--") else [str(word)]


def _more_env(tree: Tree, beside: Beside, node: Node | None) -> Beside:
    if not isinstance(node, yaml.MappingNode):
        return beside
    told = {name: tree.word(value) for name, (_, value) in tree.entries(node).items() if hasattr(value, "style")}
    return with_env(beside, told)


_BENTO: Final = {
    "tp": "--tensor-parallel-size",
    "tool_parser": "--tool-call-parser",
    "reasoning_parser": "--reasoning-parser",
    "max_model_len": "--max-model-len",
}
"""Which option the template of BentoVLLM makes of which key."""


def _bento(tree: Tree, node: Node, entries: Entries, known: Sequence[Engine], beside: Beside) -> Iterator[Found]:
    """The arguments of a Bento that serves a model with an engine: its command line in `cli_args`."""
    engine = _named(known, "vllm")
    if engine is None:
        return
    words = _begin(engine, _scalar(tree, tree.get(node, "model_id")), tree.place(node))
    for key, option in _BENTO.items():
        value = _scalar(tree, tree.get(node, key))
        if value is not None:
            words += [Word(option, value.place), value]
    words += _list(tree, tree.get(node, "cli_args"))
    yield command_of(engine, words, with_env(beside, environment(tree, node)))
