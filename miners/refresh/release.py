"""A release: the fragments of what changed become a section of the changelog, which names the engines inside.

The version says what changed in our own code and formats (SemVer); a release of new corpora alone is a patch. Which
engine versions are inside is said by the section's second line, which is made of the corpora.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from packaging.version import InvalidVersion, Version

from pytest_llem_invariants.checker.store import engines, versions
from pytest_llem_invariants.errors import MinerError
from pytest_llem_invariants.ssot import FOLDER, read_ssot
from pytest_llem_invariants.text.bounded import read_text

FRAGMENTS: Final = "changes"
KINDS: Final = ("changed", "added", "fixed", "removed")
_PROJECT: Final = re.compile(r'^version = "([^"]+)"$', re.MULTILINE)
_UNRELEASED: Final = "## [Unreleased]"
_FRAGMENT: Final = re.compile(rf"[\w.-]+\.({'|'.join(KINDS)})\.md\Z")


@final
@dataclass(frozen=True, slots=True)
class Release:
    """What a release writes: each file's text by its path, and the fragments that are in the changelog now."""

    texts: Mapping[str, str]
    used: tuple[str, ...]


def release(root: Path, version: str, day: str) -> Release:
    """The files of a release, made of what is not released yet."""
    project, log = read_text(root / "pyproject.toml"), read_text(root / "CHANGELOG.md")
    _check_later(version, project)
    fragments = dict(read_fragments(root))
    head, mark, rest = log.partition(f"{_UNRELEASED}\n")
    if not mark:
        raise MinerError(f"CHANGELOG.md has no section {_UNRELEASED!r} — add it above the last release")
    body, below = _until_next(rest)
    told = _merged(body, fragments)
    if not told.strip():
        raise MinerError(f"nothing is unreleased: {FRAGMENTS}/ is empty, and so is {_UNRELEASED!r}")
    section = f"## [{version}] - {day}\n\n{inside(root)}\n\n{told.strip()}\n"
    return Release(
        {
            "pyproject.toml": _PROJECT.sub(f'version = "{version}"', project, count=1),
            "CHANGELOG.md": f"{head}{mark}\n{section}{below and chr(10)}{below}",
        },
        tuple(f"{FRAGMENTS}/{name}" for name in fragments),
    )


def problems(root: Path, tag: str) -> Iterator[str]:
    """Why a tag is not the release that this tree is."""
    version = _written(read_text(root / "pyproject.toml"))
    if tag != f"v{version}":
        yield f"the tag is {tag}, but pyproject.toml has {version} — tag v{version}, or run llem-mine release first"
    found = re.search(rf"^## \[{re.escape(version)}\].*\n\n(.*)$", read_text(root / "CHANGELOG.md"), re.MULTILINE)
    if found is None:
        yield f"CHANGELOG.md has no section of {version} — llem-mine release {version} writes it"
    elif found[1] != inside(root):
        yield f"CHANGELOG.md says {found[1]!r}, but inside are: {inside(root)}"
    yield from (f"{FRAGMENTS}/{name} is not in the changelog" for name, _ in read_fragments(root))


def inside(root: Path) -> str:
    """The engine versions of a release, in one line."""
    told = []
    for engine in engines(str(root)):
        version = read_ssot(root / FOLDER / f"{engine}.yaml").version
        earlier = ", ".join(one for one in versions(str(root), engine) if one != version)
        told.append(f"{engine} {version}" + (f" ({earlier})" if earlier else ""))
    return f"Engines: {'; '.join(told)}."


def read_fragments(root: Path) -> Iterator[tuple[str, str]]:
    folder = root / FRAGMENTS
    for path in sorted(folder.glob("*.md")) if folder.is_dir() else ():
        if path.name == "README.md":
            continue
        if not _FRAGMENT.match(path.name):
            raise MinerError(f"{FRAGMENTS}/{path.name}: name it WHAT.KIND.md, with KIND one of {', '.join(KINDS)}")
        yield path.name, read_text(path).strip()


def _check_later(version: str, project: str) -> None:
    before = _written(project)
    try:
        later = Version(version)
    except InvalidVersion:
        raise MinerError(f"{version!r} is no version — write X.Y.Z") from None
    if str(later) != version or later.local or len(later.release) != 3 or later < Version(before):
        raise MinerError(f"{version} cannot follow {before} — write X.Y.Z, not earlier than that")


def _written(project: str) -> str:
    found = _PROJECT.search(project)
    if found is None:
        raise MinerError("pyproject.toml has no line `version = …`")
    return found[1]


def _until_next(text: str) -> tuple[str, str]:
    """The section's own text, and what stands below it."""
    found = re.search(r"^## ", text, re.MULTILINE)
    return (text, "") if found is None else (text[: found.start()], text[found.start() :])


def _merged(body: str, fragments: Mapping[str, str]) -> str:
    """The unreleased section with each fragment at the end of its kind."""
    for kind in KINDS:
        own = "".join(f"- {text}\n" for name, text in fragments.items() if name.endswith(f".{kind}.md"))
        title = f"### {kind.capitalize()}\n"
        if own and title in body:
            above, _, below = body.partition(title)
            found = re.search(r"^### ", below, re.MULTILINE)
            end = len(below) if found is None else found.start()
            rest = below[end:] and "\n" + below[end:]
            body = f"{above}{title}{below[:end].rstrip()}\n{own}{rest}"
        elif own:
            body = f"{body.rstrip()}\n\n{title}\n{own}"
    return body
