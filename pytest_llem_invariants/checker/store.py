"""Find corpora and load their compiled form. Uses strings and `os` only, because it runs before every check."""

from __future__ import annotations

import os

from pytest_llem_invariants.checker.layout import COMPILED, PROPOSED, Compiled, parse_file
from pytest_llem_invariants.errors import CorpusError, EngineUnavailableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_llem_invariants.checker.layout import Root

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_SHIPPED = os.path.join(_PACKAGE, "_data")
_BROUGHT: dict[str, Callable[[], Compiled]] = {}
"""Corpora that are no files here, by the folder that stands for them: a page brings them from where it lies."""


def packaged_root() -> str:
    """The folder of the corpora that come with this package: inside it, or the checkout that it is imported from."""
    for folder in (_SHIPPED, os.path.dirname(_PACKAGE)):
        if _is_root(folder):
            return folder
    raise EngineUnavailableError("the installed package has no corpora — reinstall it")


def data_root(root: Root | None = None) -> str:
    """The folder that holds `engine_versions/` and `corpora/`: the packaged one, unless another is named.

    Never one in which somebody merely stands: what lies there may be anybody's.
    """
    if root is None:
        return packaged_root()
    folder = os.fspath(root)
    if not _is_root(folder):
        raise EngineUnavailableError(
            f"{folder!r} is not a folder of corpora — name one that holds engine_versions/ and corpora/"
        )
    return folder


def _is_root(folder: str) -> bool:
    return all(os.path.isdir(os.path.join(folder, name)) for name in ("engine_versions", "corpora"))


def origin_of(root: Root | None) -> str | None:
    """The folder as it was named; None for the packaged one."""
    if root is None or os.path.realpath(root) == os.path.realpath(packaged_root()):
        return None
    return os.fspath(root)


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
    return os.path.exists(os.path.join(folder, PROPOSED))


def _numbers(version: str) -> list[tuple[int, str]]:
    return [(int("".join(filter(str.isdigit, part)) or 0), part) for part in version.split(".")]


def folders(root: str, engine: str) -> list[str]:
    """The folders of an engine's corpora: the newest, then the history, oldest first."""
    folder = os.path.join(root, "corpora", engine)
    return [folder, *(os.path.join(folder, "history", version) for version in versions(root, engine))]


def ssot_path(root: str, engine: str) -> str:
    return os.path.join(root, "engine_versions", f"{engine}.yaml")


def known_engine(root: str, engine: str) -> str:
    """An engine that has a corpus; EngineUnavailableError names the nearest where it has none."""
    known = engines(root)
    if engine not in known:
        raise EngineUnavailableError(f"unknown engine {engine!r}{_fix(engine, known)}")
    return engine


def load(engine: str, version: str | None = None, root: Root | None = None) -> Compiled:
    """The compiled corpus of an engine: the newest, or that of a version in its history."""
    folder = data_root(root)
    ssot = ssot_path(folder, known_engine(folder, engine))
    return _load(folder_of(folder, engine, version), ssot)


def folder_of(root: str, engine: str, version: str | None = None) -> str:
    """The folder of an engine's newest corpus, or of that of a version."""
    newest = os.path.join(root, "corpora", known_engine(root, engine))
    if version is None:
        return newest
    if version in versions(root, engine):
        return os.path.join(newest, "history", version)
    present: str = _load(newest, ssot_path(root, engine)).head["engine_version"]
    if present != version:
        kept = [*versions(root, engine), present]
        raise EngineUnavailableError(f"{engine}: no corpus of version {version!r}{_fix(version, kept)}")
    return newest


def _fix(name: str, known: Sequence[str]) -> str:
    from pytest_llem_invariants.text.likeness import nearest

    close = nearest(name, known)
    guess = f"did you mean {close!r}? " if close else ""
    return f" — {guess}known are {', '.join(dict.fromkeys(known)) or 'none'}"


def shipped(folder: str, ssot: str) -> Compiled | None:
    """What the wheel brings ready made; None in a checkout, and where it is damaged."""
    if not folder.startswith(_SHIPPED + os.sep):
        return None
    path = os.path.join(folder, COMPILED)

    def read_at(at: int, length: int | None) -> bytes:
        try:
            with open(path, "rb") as file:
                file.seek(at)
                return file.read(length)
        except OSError:
            return b""

    try:
        return parse_file(path, read_at, lambda: _made(folder, ssot))
    except CorpusError:
        return None


def bring(folder: str, load: Callable[[], Compiled]) -> None:
    """Take the corpus of a folder of the packaged corpora from a function."""
    _BROUGHT[os.path.join(_SHIPPED, folder)] = load


def _load(folder: str, ssot: str) -> Compiled:
    if folder in _BROUGHT:
        return _BROUGHT[folder]()
    return shipped(folder, ssot) or _made(folder, ssot)


def _made(folder: str, ssot: str) -> Compiled:
    from pytest_llem_invariants.checker.cache import compiled

    return compiled(folder, ssot)
