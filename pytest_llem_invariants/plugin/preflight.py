"""Errors that can be found before anything runs: an hour of replaying must not end with a bad variable."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

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
    shown = {EnvironmentKind.TOX: _is_of_tox(), EnvironmentKind.CONTAINER: image_ref() is not None}
    declared = os.environ.get("LLEM_ENVIRONMENT_KIND")
    if declared is None:
        return next((kind for kind, is_shown in shown.items() if is_shown), EnvironmentKind.HOST)
    try:
        kind = EnvironmentKind(declared)
    except ValueError:
        kinds = ", ".join(kind.value for kind in EnvironmentKind)
        raise LlemError(f"LLEM_ENVIRONMENT_KIND is {declared!r} — use one of {kinds}") from None
    if not shown.get(kind, True):
        raise LlemError(f"LLEM_ENVIRONMENT_KIND is {declared!r}, but {_UNSHOWN[kind]}")
    return kind


_UNSHOWN: Final = {
    EnvironmentKind.TOX: "this Python is not one of tox — run `tox -e ENGINE`, or leave the variable out",
    EnvironmentKind.CONTAINER: "nothing names the container — set LLEM_IMAGE_REF to its image",
}
"""What is said where a kind that certifies is declared and nothing shows it."""


def _is_of_tox() -> bool:
    """Whether this interpreter is that of a tox environment, or of one made inside its folder."""
    folder = os.environ.get("TOX_ENV_DIR")
    if not folder or "TOX_ENV_NAME" not in os.environ:
        return False
    return Path(sys.prefix).resolve().is_relative_to(Path(folder).resolve())


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
