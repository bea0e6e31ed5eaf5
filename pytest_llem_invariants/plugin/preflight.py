"""Errors that can be found before anything runs: an hour of replaying must not end with a bad variable."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from pytest_llem_invariants.errors import CorpusError, LlemError
from pytest_llem_invariants.model import EnvironmentKind


def check_variables() -> None:
    """Raise an error about a variable whose value goes into the files."""
    from pytest_llem_invariants.text.atomic import now

    now()
    environment_kind()
    image_ref()


def environment_kind() -> EnvironmentKind:
    """Where this runs. A container counts as one only if it has a name: nobody could find it again otherwise."""
    declared = os.environ.get("LLEM_ENVIRONMENT_KIND")
    if declared is not None:
        try:
            return EnvironmentKind(declared)
        except ValueError:
            kinds = ", ".join(kind.value for kind in EnvironmentKind)
            raise LlemError(f"LLEM_ENVIRONMENT_KIND is {declared!r} — use one of {kinds}") from None
    if "TOX_ENV_NAME" in os.environ:
        return EnvironmentKind.TOX
    return EnvironmentKind.CONTAINER if image_ref() else EnvironmentKind.HOST


def image_ref() -> str | None:
    """The image in which the run takes place."""
    told = os.environ.get("LLEM_IMAGE_REF") or None
    if told is not None and not (told.isascii() and told.isprintable() and " " not in told):
        raise LlemError(
            f"LLEM_IMAGE_REF is {told!r}, which is not an image reference — write registry/name:tag, or name@digest"
        )
    return told


def check_paths(paths: Iterable[Path]) -> None:
    """Raise an error for a path that cannot be part of a node id, a report or terminal output."""
    for path in paths:
        shown = str(path).encode("utf-8", "backslashreplace").decode("utf-8")
        if shown != str(path):
            raise CorpusError("the path is not UTF-8", path=shown, fix="rename the folder or file, or move the corpus")
        if "::" in shown:
            raise CorpusError(
                "the path contains '::', which pytest reads as the start of a test's name",
                path=shown,
                fix="rename that folder, or move the corpus",
            )


def check_readable(path: Path) -> None:
    """Raise an error about an existing file that is no text."""
    from pytest_llem_invariants.text.yaml_reader import read_text

    if os.path.lexists(path):
        read_text(path)
