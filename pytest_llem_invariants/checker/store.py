"""Where compiled corpora lie and whether they are fresh. Strings and `os` only: this stands before every check."""

from __future__ import annotations

import os

from pytest_llem_invariants.errors import CorpusError, EngineUnavailableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

FORMAT = 2
COMPILED = "compiled.json"
SOURCES = ("invariants.proposed.yaml", "invariants.validated.yaml", "schema.discovered.json")
HEAD = f'{{"format":{FORMAT},"head":'
BODY = ',"body":['
"""What surrounds the head in the first line of a compiled corpus; the classes stand in the lines below it."""


class Compiled:
    """A compiled corpus: its head, and for each class its tests and its rules, read only when they are asked for."""

    __slots__ = ("_body", "_text", "head")

    def __init__(self, head: dict[str, Any], text: bytes, body: int) -> None:
        self.head = head
        self._text = text
        self._body = body

    def tests(self, name: str) -> dict[str, Any]:
        """What a check of the class asks."""
        tests: dict[str, Any] = self._part(self.head["classes"][name][:2])
        return tests

    def rules(self, name: str) -> list[dict[str, Any]]:
        """What is told of the rules of the class."""
        rules: list[dict[str, Any]] = self._part(self.head["classes"][name][2:])
        for rule in rules:
            rule["type"] = name
        return rules

    def _part(self, place: Sequence[int]) -> Any:
        import json

        start = self._body + place[0]
        try:
            return json.loads(self._text[start : start + place[1]])
        except ValueError as error:
            raise CorpusError("a damaged compiled corpus", mend="llem-invariants compile") from error


def parse(text: bytes, path: str | Path) -> Compiled | None:
    """A compiled corpus; None where an earlier layout wrote it."""
    import json

    end = text.find(b"\n")
    try:
        if text.startswith(HEAD.encode()):
            return Compiled(json.loads(text[len(HEAD) : end - len(BODY)]), text, end + 1)
        version = json.loads(text)["format"]
        if version <= FORMAT:
            return None
    except (ValueError, KeyError, TypeError) as error:
        raise CorpusError("not a compiled corpus", path=path, mend="llem-invariants compile") from error
    raise CorpusError(
        f"the corpus has layout {version}, and this package knows up to {FORMAT}",
        path=path,
        mend="pip install -U pytest-llem-invariants",
    )


def data_root() -> str:
    """The folder that holds `engine_versions/` and `corpora/`: at or above the current one, or the package's."""
    here = os.getcwd()
    while True:
        if os.path.isdir(os.path.join(here, "engine_versions")) and os.path.isdir(os.path.join(here, "corpora")):
            return here
        parent = os.path.dirname(here)
        if parent == here:
            break
        here = parent
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for folder in (os.path.join(package, "_data"), os.path.dirname(package)):
        if os.path.isdir(os.path.join(folder, "corpora")):
            return folder
    raise EngineUnavailableError("no corpora/ folder here, and none in the installed package — reinstall the package")


def engines(root: str) -> list[str]:
    """The engines that have a corpus."""
    folder = os.path.join(root, "corpora")
    return sorted(name for name in os.listdir(folder) if _has_corpus(os.path.join(folder, name)))


def versions(root: str, engine: str) -> list[str]:
    """The earlier versions of an engine whose corpora are kept, oldest first; a schema alone is no corpus."""
    folder = os.path.join(root, "corpora", engine, "history")
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted(
        (name for name in names if name[:1].isdigit() and _has_corpus(os.path.join(folder, name))), key=_numbers
    )


def _has_corpus(folder: str) -> bool:
    return any(os.path.exists(os.path.join(folder, file)) for file in (COMPILED, SOURCES[0]))


def _numbers(version: str) -> list[tuple[int, str]]:
    return [(int("".join(filter(str.isdigit, part)) or 0), part) for part in version.split(".")]


def load(engine: str, version: str | None = None) -> Compiled:
    """The compiled corpus of an engine: the shipped one, or that of a version in its history."""
    root = data_root()
    known = engines(root)
    if engine not in known:
        raise EngineUnavailableError(f"unknown engine {engine!r}{_mend(engine, known)}")
    folder = os.path.join(root, "corpora", engine)
    ssot = os.path.join(root, "engine_versions", f"{engine}.yaml")
    if version is None:
        return _load(folder, ssot)
    if version in versions(root, engine):
        return _load(os.path.join(folder, "history", version), ssot)
    newest = _load(folder, ssot)
    if newest.head["engine_version"] != version:
        kept = [*versions(root, engine), newest.head["engine_version"]]
        raise EngineUnavailableError(f"{engine}: no corpus of version {version!r}{_mend(version, kept)}")
    return newest


def _mend(name: str, known: list[str]) -> str:
    from pytest_llem_invariants.checker.likeness import nearest

    close = nearest(name, known)
    guess = f"did you mean {close!r}? " if close else ""
    return f" — {guess}known are {', '.join(dict.fromkeys(known)) or 'none'}"


def _load(folder: str, ssot: str) -> Compiled:
    path = os.path.join(folder, COMPILED)
    if os.path.exists(path):
        with open(path, "rb") as file:
            compiled = parse(file.read(), path)
        in_wheel = f"{os.sep}_data{os.sep}" in path
        if compiled is not None and (in_wheel or compiled.head["digests"] == source_digests(folder, ssot)):
            return compiled
    return _compile(folder, ssot)


def _compile(folder: str, ssot: str) -> Compiled:
    from pathlib import Path

    from pytest_llem_invariants.checker.compiled import compile_folder
    from pytest_llem_invariants.ssot import read_ssot

    text = compile_folder(Path(folder), read_ssot(Path(ssot)) if os.path.exists(ssot) else None)
    compiled = parse(text.encode(), folder)
    assert compiled is not None
    return compiled


def source_digests(folder: str | Path, ssot: str | Path | None = None) -> dict[str, str]:
    """A checksum of every file that a compiled corpus is made of; of an engine's file, of the parts that go into it.

    It tells an edited file from an unedited one, before every check in a checkout: no more is asked of it.
    """
    from zlib import crc32

    paths = {name: os.path.join(folder, name) for name in SOURCES}
    if ssot is not None:
        paths["engine_versions"] = os.fspath(ssot)
    digests = {}
    for name, path in paths.items():
        if os.path.exists(path):
            with open(path, "rb") as file:
                text = file.read()
            part = text if name in SOURCES else _compiled_parts(text)
            digests[name] = f"{crc32(part):08x}-{len(part)}"
    return digests


_PARTS = (b"library:", b"native_types:", b"context:", b"routes:")


def _compiled_parts(text: bytes) -> bytes:
    """The top-level entries of an engine's file that a compiled corpus is made of."""
    kept = []
    is_part = False
    for line in text.splitlines():
        if line[:1].strip() and not line.startswith(b"#"):
            is_part = line.startswith(_PARTS)
        if is_part and line[:1] != b"#":
            kept.append(line)
    return b"\n".join(kept).rstrip()
