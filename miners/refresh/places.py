"""Where a version is repeated: `renovate.json` says it, for Renovate and for `llem-mine refresh` alike."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, final

from pytest_llem_invariants.errors import MinerError

FILE: Final = "renovate.json"
_VALUE: Final = "currentValue"


@final
@dataclass(frozen=True)
class Place:
    """Files of which a part is a version of one library."""

    library: str
    files: tuple[str, ...]
    matches: tuple[str, ...]

    def takes(self, path: str) -> bool:
        return any(_takes(pattern, path) for pattern in self.files)

    @cached_property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(one.replace("(?<", "(?P<"), re.MULTILINE) for one in self.matches)

    def found(self, text: str) -> Iterator[re.Match[str]]:
        """Each version in a text, wherever it stands."""
        for pattern in self.patterns:
            yield from pattern.finditer(text)

    def moved(self, text: str, old: str, new: str) -> str:
        """The text with the new version at each place of the old one."""
        spans = sorted({one.span(_VALUE) for one in self.found(text) if one[_VALUE] == old}, reverse=True)
        for start, end in spans:
            text = text[:start] + new + text[end:]
        return text


def places(root: Path, library: str) -> tuple[Place, ...]:
    """The places of one library; none without the file."""
    path = root / FILE
    if not path.exists():
        return ()
    try:
        managers: Sequence[Mapping[str, Any]] = json.loads(path.read_text(encoding="utf-8")).get("customManagers", ())
        found = tuple(
            Place(one["depNameTemplate"], tuple(one["managerFilePatterns"]), tuple(one["matchStrings"]))
            for one in managers
            if "depNameTemplate" in one
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MinerError(f"{path}: no settings of Renovate with custom managers ({error!r})") from error
    return tuple(one for one in found if one.library == library)


def moved(root: Path, library: str, old: str, new: str) -> dict[str, str]:
    """What each file becomes that repeats a version, by its path from the root."""
    changed: dict[str, str] = {}
    for place in places(root, library):
        for path in sorted(root.rglob("*")):
            relative = path.relative_to(root).as_posix()
            if path.is_file() and place.takes(relative):
                text = changed.get(relative) or path.read_text(encoding="utf-8")
                after = place.moved(text, old, new)
                if after != text:
                    changed[relative] = after
    return changed


def _takes(pattern: str, path: str) -> bool:
    if pattern.startswith("/") and pattern.endswith("/"):
        return re.search(pattern[1:-1], path) is not None
    return fnmatch.fnmatchcase(path, pattern)
