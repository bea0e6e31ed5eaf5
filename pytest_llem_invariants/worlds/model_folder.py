"""The facts of a model: what the files of its folder say, as they say it."""

from __future__ import annotations

import os

from pytest_llem_invariants.errors import CorpusError, LlemError
from pytest_llem_invariants.worlds.derived import ABSENT
from pytest_llem_invariants.worlds.facts import Facts, flattened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from typing import Any

CONFIG = "config.json"
FILES = "model.files"
_PARTS = {
    CONFIG: "model.config",
    "generation_config.json": "model.generation",
    "tokenizer_config.json": "model.tokenizer",
    "adapter_config.json": "model.adapter",
}
"""File of a model's folder → the group of facts that it holds."""
_NESTED = ("text_config", "llm_config", "language_config", "thinker_config")
"""Where models of several parts keep the config of the part that reads and writes text."""
_MOST_FILES = 10_000


def other_groups(asked: Iterable[str]) -> frozenset[str]:
    """The groups of facts outside of `config.json` to which some of the facts asked for belong."""
    names = tuple(asked)
    return frozenset(
        group for group in _PARTS.values() if group != _PARTS[CONFIG] and any(n.startswith(f"{group}.") for n in names)
    )


def model_facts(named: str, groups: Collection[str] = tuple(_PARTS.values()), *, download: bool = False) -> Facts:
    """The facts of a model: a folder, its `config.json`, or an id whose files lie in the local Hugging Face cache.

    Of the files beside `config.json` those are read that hold one of the `groups`. With `download`, those of an id
    that tell about it, and not its weights, are brought into the cache first.
    """
    if os.path.isdir(named):
        return _of_folder(named, groups, Facts({FILES: sorted(_files(named))}, (FILES,)))
    if os.path.exists(named) or named.endswith(".json"):
        return _of_config(_read(named), named)
    if download and is_id(named):
        from pytest_llem_invariants.worlds.download import downloaded

        fetched, listed = downloaded(named)
        return _of_folder(fetched, groups, Facts({FILES: listed}, (FILES,)))
    folder = cached_folder(named)
    if folder is None:
        raise LlemError(
            f"no model {named!r}: it is neither a folder nor a file, nor in the Hugging Face cache ({_cache()}) — "
            "give the folder that holds its config.json, or download it there first"
        )
    absent = sorted(_known_to_lack(folder))
    return _of_folder(folder, groups, Facts({FILES: sorted(_files(folder)), ABSENT: absent}))


def known_here(named: object, *, download: bool = False) -> bool:
    """Whether the model that a config names can be read on this machine, or be downloaded."""
    if not isinstance(named, str) or not named:
        return False
    is_here = os.path.isfile(os.path.join(named, CONFIG)) or cached_folder(named) is not None
    return is_here or (download and is_id(named) and not os.path.exists(named))


def _of_folder(folder: str, groups: Collection[str], files: Facts) -> Facts:
    """The facts of a folder of which those about its `files` are known; it may lack some that the model has."""
    path = os.path.join(folder, CONFIG)
    if not os.path.isfile(path):
        if "params.json" in files[FILES]:
            return files
        raise LlemError(f"{folder}: no {CONFIG} in this folder — give the folder of a model, or a {CONFIG}")
    others: dict[str, Any] = {}
    whole = []
    paths = {}
    for name, group in _PARTS.items():
        if name == CONFIG or group not in groups:
            continue
        if name in files[FILES]:
            paths[group] = os.path.join(folder, name)
            others.update(flattened(group, _read(paths[group])))
        if group in paths or name in files.get(ABSENT, (name,)):
            whole.append(f"{group}.")
    return _of_config(_read(path), path).with_more(files).with_more(Facts(others, whole, paths))


def _of_config(config: Mapping[str, Any], path: str) -> Facts:
    given = dict(flattened("model.config", dict(config)))
    given.update(flattened("model.text", dict(_text_part(config))))
    return Facts(given, ("model.config.", "model.text."), {"model.config": path, "model.text": path})


def laid_over(facts: Facts, more: Mapping[str, Any]) -> Facts:
    """The facts of a model whose config says `more`, key by key and part by part; what other files say stays."""
    whole = "model.config"
    groups = (whole, "model.text")
    others = {name: value for name, value in facts.items() if not name.startswith(groups)}
    changed = _of_config(_merged(facts.get(whole, {}), more), facts.path_of(whole) or CONFIG)
    return Facts(others, facts.whole, facts.paths).with_more(changed)


def _merged(config: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    both = {**config, **more}
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(config.get(key), dict):
            both[key] = _merged(config[key], value)
    return both


def _text_part(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of a config that speaks of text: the whole of it unless it has one of its own."""
    for name in _NESTED:
        part = config.get(name)
        if isinstance(part, dict) and part:
            return _text_part(part)
    return config


def _read(path: str) -> Mapping[str, Any]:
    from pytest_llem_invariants.checker.documents import read

    data: Mapping[str, Any] = read(path).data
    return data


def _files(folder: str) -> Iterator[str]:
    """The names of the files of a folder, those of its subfolders left aside."""
    with os.scandir(folder) as entries:
        for number, entry in enumerate(entries):
            if number >= _MOST_FILES:
                raise CorpusError(f"the folder holds more than {_MOST_FILES:,} files", path=folder, fix="name a model")
            if not entry.is_dir():
                yield entry.name


# The Hugging Face cache


def cached_folder(identity: str) -> str | None:
    """The newest snapshot of a model in the local cache; None where it is not there. Nothing is downloaded."""
    if not is_id(identity):
        return None
    folder = os.path.join(_cache(), f"models--{identity.replace('/', '--')}")
    try:
        with open(os.path.join(folder, "refs", "main"), encoding="ascii") as file:
            revision = file.read(200).strip()
    except (OSError, UnicodeDecodeError):
        return None
    if not revision or not set(revision) <= _ID_LETTERS or not revision.strip("."):
        return None
    snapshot = os.path.join(folder, "snapshots", revision)
    return snapshot if os.path.isfile(os.path.join(snapshot, CONFIG)) else None


def is_id(named: str) -> bool:
    """Whether a text can be the id of a model on the hub."""
    parts = named.split("/")
    return len(parts) <= 2 and all(part and set(part) <= _ID_LETTERS and part.strip(".") for part in parts)


def _known_to_lack(snapshot: str) -> Iterator[str]:
    """What somebody asked the hub for and was told that the model has no such file."""
    snapshots, revision = os.path.split(snapshot)
    marks = os.path.join(os.path.dirname(snapshots), ".no_exist", revision)
    if os.path.isdir(marks):
        yield from _files(marks)


_ID_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def _cache() -> str:
    own = os.environ.get("HF_HUB_CACHE")
    if own:
        return own
    home = os.environ.get("HF_HOME") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache"), "huggingface"
    )
    return os.path.join(home, "hub")
