"""The commit that a library was built from, if its installation records it."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import re
from typing import Final

_COMMIT: Final = re.compile(r"g?([0-9a-f]{7,40})\Z")
_MODULES: Final = ("_version", "version")
_NAMES: Final = ("__commit_id__", "commit_id", "__git_version__", "git_version", "__commit__")


def commit_of(distribution: str, package: str) -> str | None:
    """The commit from a VCS install record, a version module, or the local part of the version."""
    return _of_installation(distribution) or _of_modules(package) or _of_version(distribution)


def _of_installation(distribution: str) -> str | None:
    try:
        text = importlib.metadata.distribution(distribution).read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        return None
    information = json.loads(text).get("vcs_info", {}) if text else {}
    return _commit(information.get("commit_id"))


def _of_modules(package: str) -> str | None:
    for name in _MODULES:
        try:
            module = importlib.import_module(f"{package}.{name}")
        except ImportError:
            continue
        for attribute in _NAMES:
            commit = _commit(getattr(module, attribute, None))
            if commit is not None:
                return commit
    return None


def _of_version(distribution: str) -> str | None:
    try:
        local = importlib.metadata.version(distribution).partition("+")[2]
    except importlib.metadata.PackageNotFoundError:
        return None
    commits = (_commit(part) for part in local.split(".") if part.startswith("g"))
    return next((commit for commit in commits if commit is not None), None)


def _commit(text: object) -> str | None:
    found = _COMMIT.match(text) if isinstance(text, str) else None
    return None if found is None else found[1]
